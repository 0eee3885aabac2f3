//! Log lines of jobs.

use crate::database::Database;
use crate::keys::{self, Table, counters};
use crate::overlay::Overlay;
use crate::records::held;
use fuelcell_domain::{AttemptId, JobId, LogLine};
use fuelcell_store::{LogFilter, StoreError};
use std::ops::ControlFlow;

pub(crate) fn append(
    overlay: &mut Overlay<'_>,
    attempt: AttemptId,
    lines: &[LogLine],
) -> Result<(), StoreError> {
    held(overlay, attempt)?;
    if lines.is_empty() {
        return Ok(());
    }
    let number = overlay.next_number(&counters::logs(attempt.job))?;
    overlay.put(Table::Logs, &keys::of_job(attempt.job, number), &lines)
}

pub(crate) fn read(database: &Database, job: JobId, filter: LogFilter) -> Result<Vec<LogLine>, StoreError> {
    let (mut lines, mut skip) = (Vec::new(), filter.skip);
    if filter.limit == 0 {
        return Ok(lines);
    }
    database.visit(Table::Logs, job.0.as_bytes(), |_, part: Vec<LogLine>| {
        let room = filter.limit - lines.len();
        let mut matching = part.into_iter().filter(|line| filter.matches(line));
        while skip > 0 && matching.next().is_some() {
            skip -= 1;
        }
        lines.extend(matching.take(room));
        match lines.len() < filter.limit {
            true => ControlFlow::Continue(()),
            false => ControlFlow::Break(()),
        }
    })?;
    Ok(lines)
}

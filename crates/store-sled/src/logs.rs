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
    let mut lines = Vec::new();
    if filter.limit == 0 {
        return Ok(lines);
    }
    database.visit(Table::Logs, job.0.as_bytes(), |_, part: Vec<LogLine>| {
        let room = filter.limit - lines.len();
        lines.extend(part.into_iter().filter(|line| filter.matches(line)).take(room));
        match lines.len() < filter.limit {
            true => ControlFlow::Continue(()),
            false => ControlFlow::Break(()),
        }
    })?;
    Ok(lines)
}

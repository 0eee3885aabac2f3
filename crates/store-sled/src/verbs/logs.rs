//! Log lines of jobs.

use crate::codec::damaged;
use crate::database::Database;
use crate::keys::{self, Table, counters};
use crate::overlay::Overlay;
use crate::records::held;
use crate::stored;
use fuelcell_domain::{AttemptId, JobId, LogLine};
use fuelcell_store::pages::{LogPlace, Page, Pager, PlacedLine, Seek};
use fuelcell_store::{LogFilter, StoreError};
use std::ops::Bound::Included;
use std::ops::ControlFlow;

pub(crate) fn append(
    overlay: &mut Overlay<'_>,
    attempt: AttemptId,
    lines: &[LogLine],
) -> Result<(), StoreError> {
    let job = held(overlay, attempt)?;
    if lines.is_empty() {
        return Ok(());
    }
    stored::replace(overlay, job.project, stored::LOGS, 0, stored::of_lines(lines))?;
    let number = overlay.next_number(&counters::logs(attempt.job))?;
    overlay.put(Table::Logs, &keys::of_job(attempt.job, number), &lines)
}

pub(crate) fn page(
    database: &Database,
    job: JobId,
    filter: LogFilter,
    seek: &Seek<LogPlace>,
) -> Result<Page<PlacedLine>, StoreError> {
    let mut pager = Pager::new(seek.limit);
    let from = seek.after.map_or(0, |(batch, _)| batch);
    let range = (Included(keys::of_job(job, from)), Included(keys::of_job(job, u32::MAX)));
    let mut broken = None;
    database.visit_range(Table::Logs, range, |key, lines: Vec<LogLine>| {
        let Some(batch) = keys::number_of(key) else {
            broken = Some(damaged(Table::Logs));
            return ControlFlow::Break(());
        };
        let placed = (0..).zip(lines).map(|(number, line)| ((batch, number), line));
        let mut wanted = placed.filter(|(place, line)| Some(*place) > seek.after && filter.matches(line));
        wanted.try_for_each(|line| pager.push(line))
    })?;
    broken.map_or(Ok(pager.finish()), Err)
}

//! Log lines of jobs.

use crate::records::job::held;
use crate::records::{events, stored};
use crate::store::SledStore;
use crate::tables::codec::damaged;
use crate::tables::database::Database;
use crate::tables::keys::{self, Table, counters};
use crate::write::committer::{Durability, Space};
use crate::write::overlay::Overlay;
use async_trait::async_trait;
use fuelcell_domain::{AttemptId, Happening, JobEvent, JobId, LogLine};
use fuelcell_store::pages::{LogPlace, Pager, PlacedLine};
use fuelcell_store::verbs::Logs;
use fuelcell_store::{LogFilter, Page, Seek, StoreError};
use std::ops::Bound::Included;
use std::ops::ControlFlow;

#[async_trait]
impl Logs for SledStore {
    async fn append_logs(&self, attempt: AttemptId, lines: Vec<LogLine>) -> Result<(), StoreError> {
        self.call(Durability::Relaxed, Space::Takes, move |overlay| append(overlay, attempt, &lines)).await
    }

    async fn logs(
        &self,
        job: JobId,
        filter: LogFilter,
        seek: Seek<LogPlace>,
    ) -> Result<Page<PlacedLine>, StoreError> {
        self.read_many(move |shared| page(&shared.database, job, filter, &seek)).await
    }
}

pub(crate) fn append(
    overlay: &mut Overlay<'_>,
    attempt: AttemptId,
    lines: &[LogLine],
) -> Result<(), StoreError> {
    let job = held(overlay, attempt)?;
    let Some(first) = lines.first() else { return Ok(()) };
    stored::replace(overlay, job.project, stored::LOGS, 0, stored::of_lines(lines))?;
    let number = overlay.next_number(&counters::logs(attempt.job))?;
    overlay.put(Table::Logs, &keys::of_job(attempt.job, number), &lines)?;
    events::tell(overlay, job.project, JobEvent::new(&job, first.at, Happening::Logged(number)))
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

//! Log lines of jobs.

use crate::database::Session;
use crate::record;
use crate::records::{job, stored};
use crate::store::{PostgresStore, ask, change};
use crate::work::Work;
use async_trait::async_trait;
use fuelcell_domain::{AttemptId, Happening, JobEvent, JobId, LogLine};
use fuelcell_store::pages::{LogPlace, Pager, PlacedLine};
use fuelcell_store::verbs::Logs;
use fuelcell_store::{LogFilter, Page, Seek, StoreError};

/// Batches of lines that are read in one step.
const STEP: i64 = 64;

#[async_trait]
impl Logs for PostgresStore {
    async fn append_logs(&self, attempt: AttemptId, lines: Vec<LogLine>) -> Result<(), StoreError> {
        change!(self, work => append(work, attempt, lines))
    }

    async fn logs(
        &self,
        job: JobId,
        filter: LogFilter,
        seek: Seek<LogPlace>,
    ) -> Result<Page<PlacedLine>, StoreError> {
        ask!(self, session => page(&session, job, filter, seek))
    }
}

async fn append(work: &mut Work, attempt: AttemptId, lines: Vec<LogLine>) -> Result<(), StoreError> {
    work.hold_of(&[attempt.job]).await?;
    let job = job::held(work, attempt).await?;
    let Some(at) = lines.first().map(|line| line.at) else { return Ok(()) };
    let add = "INSERT INTO logs SELECT $1, coalesce(max(batch), 0) + 1, $2 FROM logs WHERE job = $1 RETURNING batch";
    let added = work.one(add, &[&job.id.0, &record::write(&lines)?]).await?;
    let batch = added.map_or(1, |row| row.get::<_, i32>(0).cast_unsigned());
    stored::replace(work, job.project, stored::LOGS, 0, stored::of_lines(&lines));
    work.tell(job.project, JobEvent::new(&job, at, Happening::Logged(batch)));
    Ok(())
}

async fn page(
    session: &Session,
    job: JobId,
    filter: LogFilter,
    seek: Seek<LogPlace>,
) -> Result<Page<PlacedLine>, StoreError> {
    let page = "SELECT batch, record FROM logs WHERE job = $1 AND batch >= $2 ORDER BY batch LIMIT $3";
    let mut from = seek.after.map_or(0, |(batch, _)| i32::try_from(batch).unwrap_or(i32::MAX));
    let mut pager = Pager::new(seek.limit);
    loop {
        let rows = session.query(page, &[&job.0, &from, &STEP]).await?;
        for row in &rows {
            let batch: i32 = row.get(0);
            let lines: Vec<LogLine> = record::read("logs", row.get(1))?;
            let placed = (0..).zip(lines).map(|(number, line)| ((batch.cast_unsigned(), number), line));
            let behind = placed.filter(|(place, _)| seek.after.is_none_or(|after| *place > after));
            for line in behind.filter(|(_, line)| filter.matches(line)) {
                if pager.push(line).is_break() {
                    return Ok(pager.finish());
                }
            }
            from = batch.saturating_add(1);
        }
        if rows.len() < STEP as usize {
            return Ok(pager.finish());
        }
    }
}

//! Log lines of jobs.

use super::MemoryStore;
use crate::StoreError;
use crate::jobs::LogFilter;
use crate::pages::{LogPlace, Page, PlacedLine, Seek, cut};
use crate::verbs::Logs;
use async_trait::async_trait;
use fuelcell_domain::{AttemptId, Happening, JobEvent, JobId, LogLine};

#[async_trait]
impl Logs for MemoryStore {
    async fn append_logs(&self, attempt: AttemptId, lines: Vec<LogLine>) -> Result<(), StoreError> {
        let mut records = self.records();
        let job = records.held(attempt)?.clone();
        let Some(at) = lines.first().map(|line| line.at) else { return Ok(()) };
        let log = records.logs.entry(attempt.job).or_default();
        let batch = log.last().map_or(1, |((last, _), _)| last + 1);
        log.extend((0..).zip(lines).map(|(number, line)| ((batch, number), line)));
        records.tell(job.project, JobEvent::new(&job, at, Happening::Logged(batch)));
        Ok(())
    }

    async fn logs(
        &self,
        job: JobId,
        filter: LogFilter,
        seek: Seek<LogPlace>,
    ) -> Result<Page<PlacedLine>, StoreError> {
        let mut lines = self.records().logs.get(&job).cloned().unwrap_or_default();
        lines.retain(|(_, line)| filter.matches(line));
        Ok(cut(lines, &seek))
    }
}

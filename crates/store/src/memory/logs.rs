//! Log lines of jobs.

use super::MemoryStore;
use crate::StoreError;
use crate::jobs::LogFilter;
use crate::pages::{LogPlace, Page, PlacedLine, Seek, cut};
use crate::verbs::Logs;
use async_trait::async_trait;
use fuelcell_domain::{AttemptId, JobId, LogLine};

#[async_trait]
impl Logs for MemoryStore {
    async fn append_logs(&self, attempt: AttemptId, lines: Vec<LogLine>) -> Result<(), StoreError> {
        let mut records = self.records();
        records.held(attempt)?;
        let log = records.logs.entry(attempt.job).or_default();
        let batch = log.last().map_or(1, |((last, _), _)| last + 1);
        log.extend((0..).zip(lines).map(|(number, line)| ((batch, number), line)));
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

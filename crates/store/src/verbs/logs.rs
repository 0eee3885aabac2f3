//! Log lines of jobs.

use crate::error::StoreError;
use crate::jobs::LogFilter;
use crate::pages::{LogPlace, Page, PlacedLine, Seek};
use async_trait::async_trait;
use fuelcell_domain::{AttemptId, JobId, LogLine};

/// Log lines of jobs.
#[async_trait]
pub trait Logs: Send + Sync {
    /// Appends lines to a job's log. May be lost in a crash; a stale attempt is refused.
    async fn append_logs(&self, attempt: AttemptId, lines: Vec<LogLine>) -> Result<(), StoreError>;
    /// Lines of a job's log, oldest first. Lines only come at the end.
    async fn logs(
        &self,
        job: JobId,
        filter: LogFilter,
        seek: Seek<LogPlace>,
    ) -> Result<Page<PlacedLine>, StoreError>;
}

//! Things that are done with many jobs.

use crate::error::StoreError;
use crate::pages::{Page, Seek};
use async_trait::async_trait;
use fuelcell_domain::{BulkId, BulkJob, BulkPart, BulkRun, ProjectRef, Timestamp};
use std::cmp::Reverse;

/// Things that are done with many jobs. What is done with a job is of other subjects: this one keeps which jobs these are,
/// and what became of each. Their jobs may be gone.
#[async_trait]
pub trait Bulks: Send + Sync {
    /// Keeps a new one with its jobs, and answers with it as it is kept: with what it has become when it is there already.
    /// `NotFound("project")`.
    async fn begin_bulk(&self, run: BulkRun, jobs: Vec<BulkJob>) -> Result<BulkRun, StoreError>;
    /// One of a project.
    async fn bulk(&self, project: ProjectRef, id: BulkId) -> Result<Option<BulkRun>, StoreError>;
    /// The jobs of a part of it; none behind the last part.
    async fn bulk_part(
        &self,
        project: ProjectRef,
        id: BulkId,
        part: u32,
    ) -> Result<Option<BulkPart>, StoreError>;
    /// A page of a project's, those that began last first.
    async fn bulks(
        &self,
        project: ProjectRef,
        seek: Seek<Reverse<BulkId>>,
    ) -> Result<Page<BulkRun>, StoreError>;
    /// All that run, of all projects.
    async fn running_bulks(&self) -> Result<Vec<BulkRun>, StoreError>;
    /// Puts one in the place of what it was `before`, and a part of its jobs with it; `Conflict` when it is another one by
    /// now, `NotFound("bulk action")`.
    async fn step_bulk(
        &self,
        before: BulkRun,
        after: BulkRun,
        part: Option<BulkPart>,
    ) -> Result<(), StoreError>;
    /// Forgets one that has ended, with its outcomes; `Conflict` while it runs, `NotFound("bulk action")`.
    async fn forget_bulk(&self, project: ProjectRef, id: BulkId) -> Result<(), StoreError>;
    /// Those that had ended by then, of all projects, at most `limit`.
    async fn ended_bulks(&self, until: Timestamp, limit: usize) -> Result<Vec<BulkRun>, StoreError>;
}

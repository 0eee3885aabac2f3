//! Looking at jobs, and forgetting those that have ended.

use crate::blob::BlobRef;
use crate::error::StoreError;
use crate::jobs::{JobFilter, JobPage, PageRequest, QueuePage, StateCounts};
use crate::order::JobOrder;
use crate::pages::{Page, QueueSpot, QueuedJob, Seek};
use async_trait::async_trait;
use fuelcell_domain::{Artifact, Job, JobId, Ordinal, ProjectRef, Receipt, Timestamp};
use std::cmp::Reverse;

/// Looking at jobs, and forgetting those that have ended.
#[async_trait]
pub trait Jobs: Send + Sync {
    /// One job, looked up with its project.
    async fn job(&self, project: ProjectRef, id: JobId) -> Result<Option<Job>, StoreError>;
    /// The job's checkpoint.
    async fn checkpoint(&self, job: JobId) -> Result<Option<BlobRef>, StoreError>;
    /// Published artifacts of a job, in the order in which they were finished.
    async fn artifacts(&self, job: JobId) -> Result<Vec<Artifact>, StoreError>;
    /// Receipts of a job's ended attempts, oldest first.
    async fn receipts(&self, job: JobId) -> Result<Vec<Receipt>, StoreError>;
    /// Jobs that match, newest first.
    async fn list(
        &self,
        project: ProjectRef,
        filter: &JobFilter,
        page: PageRequest,
    ) -> Result<JobPage, StoreError>;
    /// Jobs that match, in another order.
    async fn list_ordered(
        &self,
        project: ProjectRef,
        filter: &JobFilter,
        order: JobOrder,
        page: PageRequest,
    ) -> Result<JobPage, StoreError>;
    /// A page of the same list as [`Jobs::list`].
    async fn jobs_page(
        &self,
        project: ProjectRef,
        filter: &JobFilter,
        seek: Seek<Reverse<Ordinal>>,
    ) -> Result<Page<Job>, StoreError>;
    /// Jobs that match, oldest first: at most `limit` of those behind this ordinal. Fewer are the last.
    async fn oldest_jobs(
        &self,
        project: ProjectRef,
        filter: &JobFilter,
        after: Option<Ordinal>,
        limit: usize,
    ) -> Result<Vec<Job>, StoreError>;
    /// The job with this ordinal.
    async fn job_by_ordinal(&self, project: ProjectRef, ordinal: Ordinal) -> Result<Option<Job>, StoreError>;
    /// Jobs that match, by state; `states` and `standings` are ignored.
    async fn counts(&self, project: ProjectRef, filter: &JobFilter) -> Result<StateCounts, StoreError>;
    /// How many queued jobs that may start at `now` come before this one in the order of
    /// [`Backlog::ready`](super::Backlog::ready), whoever owns them and whether or not its own time has come; `None` when
    /// it is not queued like this.
    async fn queued_before(&self, job: &Job, now: Timestamp) -> Result<Option<u64>, StoreError>;
    /// A project's queued jobs: those that may start at `now` in the order of [`Backlog::ready`](super::Backlog::ready),
    /// then the others by the time that they wait for.
    async fn queued(
        &self,
        project: ProjectRef,
        now: Timestamp,
        page: PageRequest,
    ) -> Result<QueuePage, StoreError>;
    /// A page of the same list as [`Jobs::queued`], as it is seen at `now`: while that stays the same, a job whose time
    /// comes keeps its place.
    async fn queue_page(
        &self,
        project: ProjectRef,
        now: Timestamp,
        seek: Seek<QueueSpot>,
    ) -> Result<Page<QueuedJob>, StoreError>;
    /// Forgets an ended job: its record, artifacts, receipts, checkpoint and log. Its ordinal is not given out again,
    /// figures of the past keep counting it, and a client's key that named it stays used. `NotFound("job")`, or
    /// `Transition(NotEnded)`.
    async fn delete_ended(&self, project: ProjectRef, job: JobId) -> Result<(), StoreError>;
    /// The same for those of a project's jobs that are there and have ended, in one transaction; says how many they
    /// were.
    async fn delete_all_ended(&self, project: ProjectRef, jobs: &[JobId]) -> Result<u64, StoreError>;
}

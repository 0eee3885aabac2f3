//! The workers' side of the queue: jobs are claimed, run and ended.

use crate::blob::BlobRef;
use crate::error::StoreError;
use crate::jobs::{Claim, Finish};
use async_trait::async_trait;
use fuelcell_domain::job::Pulse;
use fuelcell_domain::{AttemptId, Holder, Incarnation, Job, JobError, JobId, Lease, NodeId, Timestamp};

/// The workers' side of the queue: jobs are claimed, run and ended.
///
/// A verb that names an attempt fails with [`StoreError::Stale`] when that attempt does not hold its job, or when there
/// is no such job.
#[async_trait]
pub trait Queue: Send + Sync {
    /// Starts an attempt of each of these jobs under `lease`, for `holder`. Jobs that are not queued any more are left
    /// out; those that this very claim started before, as after an answer that was lost, are in it again.
    async fn claim(
        &self,
        jobs: &[JobId],
        lease: Lease,
        holder: Holder,
        now: Timestamp,
    ) -> Result<Vec<Claim>, StoreError>;
    /// Extends the leases of these attempts; returns those that do not hold their job any more. The others are
    /// extended.
    async fn extend_leases(
        &self,
        attempts: &[AttemptId],
        until: Timestamp,
    ) -> Result<Vec<AttemptId>, StoreError>;
    /// Replaces the live figures. May be lost in a crash; a stale attempt is refused.
    async fn record_pulse(&self, attempt: AttemptId, pulse: Pulse, now: Timestamp) -> Result<(), StoreError>;
    /// Replaces the job's checkpoint.
    async fn set_checkpoint(&self, attempt: AttemptId, blob: BlobRef) -> Result<(), StoreError>;
    /// Ends an attempt, with everything that it brings, in one transaction. Returns the job as it stands then. The
    /// same end again, as after an answer that was lost, changes nothing and returns the job as it stands. A completed
    /// job whose only input is a dataset with the same bytes as then sets its row count to the records that it counted.
    async fn finish(&self, finish: Finish) -> Result<Job, StoreError>;
    /// Requeues (or fails, after too many losses) every running job whose lease expired at `now`.
    async fn expire_leases(&self, now: Timestamp) -> Result<Vec<JobId>, StoreError>;
    /// The same for every running job of a node's earlier lives, which are known to be gone, whatever its leases say.
    async fn release_node(
        &self,
        node: &NodeId,
        present: Incarnation,
        now: Timestamp,
    ) -> Result<Vec<JobId>, StoreError>;
    /// Fails a queued job: its module or dataset is gone.
    async fn fail_queued(&self, job: JobId, error: JobError, now: Timestamp) -> Result<(), StoreError>;
}

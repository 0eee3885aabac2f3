//! The clients' side of the queue: jobs go in, and cancels of them.

use crate::error::StoreError;
use crate::jobs::{IdempotencyKey, NewJob, Submitted};
use async_trait::async_trait;
use fuelcell_domain::state::CancelOutcome;
use fuelcell_domain::{CancelRequest, Job, JobId, ProjectRef, Timestamp};

/// The clients' side of the queue: jobs go in, and cancels of them.
#[async_trait]
pub trait Submissions: Send + Sync {
    /// Queues a job under the project's next ordinal, clamped to the project's caps; ordinals have no gaps. The same
    /// job again, as after an answer that was lost, is answered as the first time, with the job as it stands; another
    /// one with its id is a conflict, and a full queue of the project `Quota`. The entry for the audit log becomes
    /// durable with the job.
    async fn submit(&self, new: NewJob) -> Result<Submitted, StoreError>;
    /// Queues several jobs in their order, each as [`Submissions::submit`] does, in one transaction: those before one
    /// count against its quota, and its key may be that of one before it. What is refused to one is refused to it
    /// alone; when the medium fails or is full, nothing was queued.
    async fn submit_many(&self, new: Vec<NewJob>) -> Result<Vec<Result<Submitted, StoreError>>, StoreError>;
    /// What [`Submissions::submit`] of a job that is created at `now` would answer for a key of the project that was
    /// used before; `None` for one that is free. A key is used for [`crate::jobs::KEY_LIFE`].
    async fn used_key(
        &self,
        project: ProjectRef,
        key: &IdempotencyKey,
        now: Timestamp,
    ) -> Result<Option<Submitted>, StoreError>;
    /// Forgets at most `limit` keys whose life is over at `now`, and says how many.
    async fn forget_keys(&self, now: Timestamp, limit: usize) -> Result<u64, StoreError>;
    /// Records a wish to cancel, or cancels at once what is queued. `NotFound("job")`, or `Transition(Ended)`.
    async fn request_cancel(
        &self,
        project: ProjectRef,
        job: JobId,
        request: CancelRequest,
    ) -> Result<(CancelOutcome, Job), StoreError>;
}

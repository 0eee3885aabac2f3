//! Waiting for a job to move.

use crate::query::JobView;
use crate::{Principal, Service, ServiceError};
use fuelcell_domain::{JobId, ProjectRef};
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// Requests that may wait at the same time.
pub const MAX_WAITERS: usize = 1000;
/// How often a waiting request looks at its job again. Looking works on every node, also on one that does not run the job.
const LOOK: Duration = Duration::from_millis(200);

impl Service {
    /// The job as soon as its state is another one, or as it stands when `patience` is over. An ended job is answered at
    /// once.
    pub async fn job_when_it_moves(
        &self,
        principal: &Principal,
        project: ProjectRef,
        id: JobId,
        patience: Duration,
    ) -> Result<JobView, ServiceError> {
        let end = Instant::now() + patience;
        let first = self.job(principal, project, id).await?;
        if first.job.state.is_ended() {
            return Ok(first);
        }
        let _place = self.waiters.try_acquire().map_err(|_| ServiceError::TooMany {
            code: "TooManyWaiters",
            message: format!(
                "{MAX_WAITERS} requests are waiting already; ask without `wait`, or a little later"
            ),
            retry_after: 1,
        })?;
        loop {
            sleep_until(end.min(Instant::now() + LOOK)).await;
            let now = self.store.job(project, id).await?.ok_or(ServiceError::NotFound("job"))?;
            if now.state != first.job.state || Instant::now() >= end {
                return self.job(principal, project, id).await;
            }
        }
    }
}

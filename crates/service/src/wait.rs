//! Waiting for a job to move.

use crate::config::MAX_WAITERS;
use crate::query::JobView;
use crate::{Principal, Service, ServiceError};
use fuelcell_domain::{JobId, ProjectRef};
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// How often a waiting request looks at its job again. Looking works on every node, also on one that does not run the job.
const LOOK: Duration = Duration::from_millis(200);
/// How often a waiting request's token is looked up again: it may be revoked meanwhile.
const RECOGNISE: Duration = Duration::from_secs(2);

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
        let most = self.config.max_waiting_requests;
        let _permit = self.tenants_waiters.enter(project.tenant, most).ok_or_else(|| too_many(most))?;
        let _permit = self.waiters.try_acquire().map_err(|_| too_many(MAX_WAITERS))?;
        let mut recognised = Instant::now();
        loop {
            sleep_until(end.min(Instant::now() + LOOK)).await;
            if recognised.elapsed() >= RECOGNISE {
                self.recognise_again(principal).await?;
                recognised = Instant::now();
            }
            let now = self.store.job(project, id).await?.ok_or(ServiceError::NotFound("job"))?;
            if now.state != first.job.state || Instant::now() >= end {
                return self.job(principal, project, id).await;
            }
        }
    }
}

fn too_many(most: usize) -> ServiceError {
    ServiceError::TooMany {
        code: "TooManyWaiters",
        message: format!("{most} requests are waiting already; ask without `wait`, or a little later"),
        retry_after: 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stubs;
    use fuelcell_store::MemoryStore;
    use std::sync::Arc;

    #[tokio::test]
    async fn as_many_requests_wait_as_is_stated() {
        let (service, anna, job) = stubs::with_a_job(Arc::new(MemoryStore::new())).await;
        let (project, id) = (job.project, job.id);
        let wait = async || service.job_when_it_moves(&anna, project, id, Duration::ZERO).await;
        let others = service.waiters.try_acquire_many(MAX_WAITERS as u32 - 1).unwrap();
        assert!(wait().await.is_ok(), "the last permit");
        let last = service.waiters.try_acquire().unwrap();
        assert!(matches!(wait().await, Err(ServiceError::TooMany { code: "TooManyWaiters", .. })));
        drop((others, last));
    }
}

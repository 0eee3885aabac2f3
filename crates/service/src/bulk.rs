//! The same for many jobs that are named one by one. Which jobs these are is settled by whoever asks: what comes later is
//! not among them.

use crate::audit::AuditedCall;
use crate::cancel::{Cancel, MAX_REASON};
use crate::retry::{Changes, Retry};
use crate::{Principal, Service, ServiceError};
use fuelcell_domain::{Digest, JobId, ProjectRef, Role};
use futures::FutureExt;
use futures::stream::{self, StreamExt};
use std::collections::BTreeSet;

/// Most jobs of one request.
pub const MAX_BULK: usize = 500;
/// Jobs that are changed at a time. The store does them in turn with everything else, so that a submit waits for so many
/// at most.
const AT_A_TIME: usize = 32;

/// What is to be done with each of the jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BulkAction {
    /// Ask it to stop.
    Cancel,
    /// Queue a new one in its place.
    Retry,
    /// Forget it.
    Delete,
}

/// What became of a job: its id; the id of the job in its place, if there is one; or why not.
pub type BulkOutcome = (JobId, Result<Option<JobId>, ServiceError>);

impl Service {
    /// Does one thing with each of the jobs, as is done with one alone, and says what became of each, in the order in
    /// which they came. Each is durable by itself: what breaks off in between leaves whole jobs.
    pub async fn bulk(
        &self,
        principal: &Principal,
        project: ProjectRef,
        action: BulkAction,
        jobs: Vec<JobId>,
        reason: Option<String>,
        call: &AuditedCall,
    ) -> Result<Vec<BulkOutcome>, ServiceError> {
        let role = match action {
            BulkAction::Cancel | BulkAction::Retry => Role::Submitter,
            BulkAction::Delete => Role::Administrator,
        };
        self.require(principal, project, role).await?;
        check_jobs(&jobs)?;
        check_reason(reason.as_deref())?;
        let (outcomes, reason) = (stream::iter(jobs), &reason);
        let outcomes = outcomes.map(|job| {
            let one = async move {
                match action {
                    BulkAction::Cancel => {
                        let cancel =
                            Cancel { reason: reason.clone(), preserve_partial: true, ..Cancel::default() };
                        self.cancel(principal, project, job, cancel).await.map(|_| None)
                    }
                    BulkAction::Retry => {
                        let accepted = self.retry(principal, project, job, again(reason.clone()), call).await;
                        accepted.map(|accepted| Some(accepted.job.id))
                    }
                    BulkAction::Delete => self.delete_job_data(principal, project, job).await.map(|()| None),
                }
            };
            one.map(move |outcome| (job, outcome)).boxed()
        });
        Ok(outcomes.buffered(AT_A_TIME).collect().await)
    }
}

/// A retry that changes nothing.
fn again(reason: Option<String>) -> Retry {
    Retry {
        reason,
        changes: Changes::default(),
        priority: None,
        front: false,
        idempotency_key: None,
        // Only keys are told apart by it.
        body_digest: Digest::of(&[]),
    }
}

fn check_jobs(jobs: &[JobId]) -> Result<(), ServiceError> {
    let distinct: BTreeSet<_> = jobs.iter().collect();
    match (1..=MAX_BULK).contains(&jobs.len()) && distinct.len() == jobs.len() {
        true => Ok(()),
        false => Err(ServiceError::invalid(
            "InvalidJobIds",
            format!("jobIds must be 1 to {MAX_BULK} ids, each once; these are {}", jobs.len()),
        )),
    }
}

/// Each job would refuse it.
fn check_reason(reason: Option<&str>) -> Result<(), ServiceError> {
    match reason.is_some_and(|reason| reason.len() > MAX_REASON) {
        true => Err(ServiceError::invalid("InvalidReason", format!("reason is at most {MAX_REASON} bytes"))),
        false => Ok(()),
    }
}

//! The same for many jobs that are named one by one. Which jobs these are is settled by whoever asks: what comes later is
//! not among them.

use crate::audit::{self, AuditedCall};
use crate::cancel::{Cancel, check_reason};
use crate::retry::{Changes, Retry};
use crate::submit::idempotency;
use crate::{Principal, Service, ServiceError};
use fuelcell_domain::{AuditOutcome, BulkAction, Digest, JobId, ProjectRef, Scope};
use futures::FutureExt;
use futures::stream::{self, StreamExt};
use std::collections::BTreeSet;

/// Most jobs of one request.
pub const MAX_BULK: usize = 500;
/// Jobs that are changed at a time. The store does them in turn with everything else, so that a submit waits for so many
/// at most.
const AT_A_TIME: usize = 32;

/// What a client asks for.
#[derive(Clone, Debug)]
pub struct Bulk {
    /// What is to be done with each.
    pub action: BulkAction,
    /// The jobs, each once.
    pub jobs: Vec<JobId>,
    /// Why they are cancelled or retried.
    pub reason: Option<String>,
    /// The client's idempotency key; only retries heed it, the others make nothing.
    pub idempotency_key: Option<String>,
    /// SHA-256 of the request's body, for the idempotency key.
    pub body_digest: Digest,
}

/// What became of a job: its id; the id of the job in its place, if there is one; or why not.
pub type BulkOutcome = (JobId, Result<Option<JobId>, ServiceError>);

impl Service {
    /// Does one thing with each of the jobs, as is done with one alone, and says what became of each, in the order in
    /// which they came. Each is durable by itself and stands in the audit log by its address: what breaks off in between
    /// leaves whole jobs.
    pub async fn bulk(
        &self,
        principal: &Principal,
        project: ProjectRef,
        bulk: Bulk,
        call: &AuditedCall,
    ) -> Result<Vec<BulkOutcome>, ServiceError> {
        let Bulk { action, jobs, reason, idempotency_key, body_digest } = bulk;
        self.require(principal, project, action.role()).await?;
        check_jobs(&jobs)?;
        check_reason_of(action, reason.as_deref())?;
        let key = match idempotency_key {
            Some(key) => Some(idempotency(principal, project, &key, body_digest)?.key),
            None => None,
        };
        let (outcomes, reason, key) = (stream::iter(jobs), &reason, key.as_deref());
        let outcomes = outcomes.map(|job| {
            let one = async move {
                match action {
                    BulkAction::Cancel => {
                        let cancel =
                            Cancel { reason: reason.clone(), preserve_partial: true, ..Cancel::default() };
                        self.cancel(principal, project, job, cancel).await?;
                        self.record(of_job(call, project, job), AuditOutcome::Done).await;
                        Ok(None)
                    }
                    BulkAction::Retry => {
                        let key = key.map(|key| key_of_job(key, job));
                        let retry = again(reason.clone(), key, body_digest);
                        Ok(Some(self.retry(principal, project, job, retry, call).await?.job.id))
                    }
                    BulkAction::Delete => {
                        self.delete_job_data(principal, project, job).await?;
                        self.record(of_job(call, project, job), AuditOutcome::Done).await;
                        Ok(None)
                    }
                }
            };
            one.map(move |outcome| (job, outcome)).boxed()
        });
        Ok(outcomes.buffered(AT_A_TIME).collect().await)
    }
}

pub(crate) fn check_reason_of(action: BulkAction, reason: Option<&str>) -> Result<(), ServiceError> {
    check_reason("reason", reason)?;
    match (action, reason) {
        (BulkAction::Delete, Some(_)) => {
            Err(ServiceError::invalid("InvalidReason", "deleting takes no reason: nothing keeps it"))
        }
        _ => Ok(()),
    }
}

/// A retry that changes nothing.
pub(crate) fn again(reason: Option<String>, idempotency_key: Option<String>, body_digest: Digest) -> Retry {
    Retry { reason, changes: Changes::default(), priority: None, front: false, idempotency_key, body_digest }
}

/// A key of each job's own, which is never too long.
pub(crate) fn key_of_job(key: &str, job: JobId) -> String {
    Digest::of(&[key.as_bytes(), job.0.as_bytes()].concat()).to_string()
}

/// The call as far as it is about one of the jobs.
pub(crate) fn of_job(call: &AuditedCall, project: ProjectRef, job: JobId) -> AuditedCall {
    AuditedCall { target: audit::address(project, job), place: Scope::Project(project), ..call.clone() }
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

//! Cancelling a job.

use crate::{Principal, Service, ServiceError};
use fuelcell_domain::state::CancelOutcome;
use fuelcell_domain::{CancelRequest, Job, JobId, ProjectRef, Role};

/// Longest reason of a cancel or retry, in bytes.
pub(crate) const MAX_REASON: usize = 1024;

/// What a client says when it cancels.
#[derive(Clone, Debug, Default)]
pub struct Cancel {
    /// Why.
    pub reason: Option<String>,
    /// Stop at once, without grace.
    pub force: bool,
    /// Keep finished artifacts and the checkpoint.
    pub preserve_partial: bool,
}

/// Why somebody cancels or retries; `name` is what the request calls it.
pub(crate) fn check_reason(name: &str, reason: Option<&str>) -> Result<(), ServiceError> {
    match reason.is_some_and(|reason| reason.len() > MAX_REASON) {
        true => Err(ServiceError::invalid("InvalidReason", format!("{name} is at most {MAX_REASON} bytes"))),
        false => Ok(()),
    }
}

impl Service {
    /// Records the wish, durably: from then on only Cancelled is possible. Repeating it is fine.
    pub async fn cancel(
        &self,
        principal: &Principal,
        project: ProjectRef,
        job: JobId,
        cancel: Cancel,
    ) -> Result<Job, ServiceError> {
        self.require(principal, project, Role::Submitter).await?;
        check_reason("reason", cancel.reason.as_deref())?;
        let request = CancelRequest {
            at: self.clock.now(),
            by: principal.subject.clone(),
            reason: cancel.reason,
            force: cancel.force,
            preserve_partial: cancel.preserve_partial,
        };
        let (outcome, cancelled) = self.store.request_cancel(project, job, request).await?;
        match outcome {
            CancelOutcome::Cancelled => self.events.queue_changed(),
            CancelOutcome::Recorded | CancelOutcome::AlreadyRecorded => self.events.cancel_requested(job),
        }
        tracing::info!(%job, %project, by = %principal.subject, ?outcome, "a cancel was recorded");
        Ok(cancelled)
    }
}

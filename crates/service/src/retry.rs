//! Retrying a job that failed or was cancelled: a new job that points at the old one.
//!
//! It runs what the old one ran: the same module bytes and the same inputs, also when newer ones were uploaded since. Only
//! an input whose dataset parameter the retry changes is looked up anew.

use crate::audit::AuditedCall;
use crate::cancel::check_reason;
use crate::parameters::Extent;
use crate::submit::{Accepted, idempotency, parameter_values, stored_parameters};
use crate::{Principal, Service, ServiceError};
use fuelcell_domain::job::RetryOf;
use fuelcell_domain::named_input::FAILED_RECORDS;
use fuelcell_domain::{
    ArtifactRole, Digest, InputRef, Job, JobId, JobState, LimitRequest, Limits, ModuleVersion, Parameters,
    Priority, ProjectRef, Role,
};

/// What a client asks for.
#[derive(Clone, Debug)]
pub struct Retry {
    /// Why.
    pub reason: Option<String>,
    /// What changes; nothing when absent.
    pub changes: Changes,
    /// Its priority; absent = as before.
    pub priority: Option<Priority>,
    /// Go before others of its priority.
    pub front: bool,
    /// The client's idempotency key.
    pub idempotency_key: Option<String>,
    /// SHA-256 of the request's body, for the idempotency key.
    pub body_digest: Digest,
}

/// What is different from the job before.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// Seconds of one attempt, up to the cap.
    pub timeout_seconds: Option<u64>,
    /// Hand in the records that failed.
    pub retry_failed_records: bool,
    /// Double the memory, up to the cap.
    pub increase_memory_limit: bool,
    /// Merged into the parameters (RFC 7396).
    pub parameters: Parameters,
}

impl Service {
    /// Queues a new job that does what a failed or cancelled one should have done, durably.
    pub async fn retry(
        &self,
        principal: &Principal,
        project: ProjectRef,
        id: JobId,
        retry: Retry,
        call: &AuditedCall,
    ) -> Result<Accepted, ServiceError> {
        self.require(principal, project, Role::Submitter).await?;
        check_reason("retryReason", retry.reason.as_deref())?;
        let idempotency = match &retry.idempotency_key {
            // The job is in the address, not in the body.
            Some(key) => {
                let asked = Digest::of(&[id.0.as_bytes().as_slice(), &retry.body_digest.0].concat());
                Some(idempotency(principal, project, key, asked)?)
            }
            None => None,
        };
        if let Some(first) = self.repeated(project, idempotency.as_ref()).await? {
            return Ok(first);
        }
        let earlier = self.store.job(project, id).await?.ok_or(ServiceError::NotFound("job"))?;
        check_state(earlier.state)?;
        self.check_room_in_queue(1).await?;
        let job = self.renewed(principal, earlier, retry).await?;
        self.queue(job, idempotency, call).await
    }

    /// A new job like the earlier one, but for what the retry changes.
    async fn renewed(&self, principal: &Principal, earlier: Job, retry: Retry) -> Result<Job, ServiceError> {
        let Changes { parameters: patch, retry_failed_records, .. } = &retry.changes;
        let module = self.pinned_module(&earlier).await?;
        self.check_approved(earlier.project, &module).await?;
        let before = stored_parameters(earlier.id, &earlier.parameters)?;
        let parameters = before.patched(patch);
        let values = parameter_values(&parameters)?;
        self.check_parameters(earlier.project.tenant, &module, &values, Extent::Whole).await?;
        let before = parameter_values(&before)?;
        let (project, pinned) = (earlier.project, earlier.inputs);
        let mut inputs = self.renewed_inputs(project, pinned, &module, &before, &values).await?;
        if *retry_failed_records {
            let newest = self.failed_records(earlier.id).await?;
            hand_in(&mut inputs, newest);
        }
        let limits = Limits::resolve(requested_limits(earlier.limits, &retry.changes), self.config.caps);
        let by = principal.subject.clone();
        let now = self.clock.now();
        // One that was cancelled before its time still waits for it, unless it is to run at once.
        let not_before =
            earlier.not_before.filter(|time| earlier.attempt == 0 && !retry.front && *time > now);
        Ok(Job {
            name: earlier.name,
            description: earlier.description,
            priority: retry.priority.unwrap_or(earlier.priority),
            front: retry.front,
            pipeline: earlier.pipeline,
            inputs,
            parameters: parameters.into_text(),
            deterministic: earlier.deterministic,
            labels: earlier.labels,
            keep_partial_on_failure: earlier.keep_partial_on_failure,
            profile: earlier.profile,
            notifications: earlier.notifications,
            not_before,
            retry_of: Some(RetryOf {
                job: earlier.id,
                reason: retry.reason,
                generation: earlier.retry_of.as_ref().map_or(1, |before| before.generation) + 1,
            }),
            ..Job::new(earlier.project, earlier.job_type, earlier.module, limits, by, now)
        })
    }

    /// The very module that the job was pinned to.
    async fn pinned_module(&self, job: &Job) -> Result<ModuleVersion, ServiceError> {
        let pinned = &job.module;
        let uploaded = self.store.module_version(job.project, &pinned.name, Some(&pinned.version)).await?;
        let module = uploaded.or_else(|| self.built_in.get(&job.job_type).cloned());
        module.filter(|module| module.digest == pinned.digest).ok_or_else(|| {
            ServiceError::unprocessable(
                "ModuleGone",
                format!("module {} {} is not here any more; submit a new job", pinned.name, pinned.version),
            )
        })
    }

    /// What the earlier job rejected, as an input; nothing when it published no such list.
    async fn failed_records(&self, earlier: JobId) -> Result<Option<InputRef>, ServiceError> {
        let artifacts = self.store.artifacts(earlier).await?;
        let rejected =
            artifacts.into_iter().find(|artifact| artifact.description.role == ArtifactRole::FailedRecords);
        Ok(rejected.map(|artifact| InputRef {
            name: FAILED_RECORDS.into(),
            dataset: None,
            file_name: artifact.description.name,
            media_type: artifact.description.media_type,
            digest: artifact.digest,
            size: artifact.size,
        }))
    }
}

/// Puts the newest list of failed records among the inputs; without one the list that the earlier job was given stays, if
/// any: clients of the protocol ask for failed records whatever the job was.
fn hand_in(inputs: &mut Vec<InputRef>, newest: Option<InputRef>) {
    let Some(newest) = newest else { return };
    inputs.retain(|input| input.name != FAILED_RECORDS);
    inputs.push(newest);
}

fn check_state(state: JobState) -> Result<(), ServiceError> {
    match state {
        JobState::Failed | JobState::Cancelled => Ok(()),
        JobState::Queued | JobState::Running | JobState::Completed => Err(ServiceError::conflict(
            "NotRetryable",
            format!("only a Failed or Cancelled job can be retried; this one is {}", state.as_str()),
        )),
    }
}

/// The limits before, with what the retry changes; the caps come afterwards.
fn requested_limits(before: Limits, changes: &Changes) -> LimitRequest {
    let doubled = if changes.increase_memory_limit { 2 } else { 1 };
    LimitRequest {
        fuel: before.fuel,
        memory_bytes: Some(before.memory_bytes.saturating_mul(doubled)),
        disk_bytes: Some(before.disk_bytes),
        timeout_seconds: Some(changes.timeout_seconds.unwrap_or(before.timeout_seconds)),
    }
}

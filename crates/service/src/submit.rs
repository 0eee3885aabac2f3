//! Submitting a job: everything that it depends on is looked up and pinned here, so that what runs later is what was
//! accepted now.

use crate::admin::check_name;
use crate::audit::AuditedCall;
use crate::outlook::Outlook;
use crate::parameters::Extent;
use crate::{Principal, Service, ServiceError};
use fuelcell_domain::job::{Notifications, PipelineRef};
use fuelcell_domain::registry::ModuleChoice;
use fuelcell_domain::trace::{OpenSpan, SpanKind, TraceContext, keys};
use fuelcell_domain::{
    Digest, Job, JobType, LimitRequest, Limits, ModuleRef, ModuleVersion, Parameters, Pipeline, PipelineId,
    Priority, ProjectRef, Role, Timestamp,
};
use fuelcell_store::{IdempotencyKey, NewJob, StoreError, Submitted};
use serde_json::{Map, Value};
use std::fmt::Display;

/// Longest description, in bytes.
pub(crate) const MAX_DESCRIPTION: usize = 4096;
/// Most labels of a job, and their length in bytes.
pub(crate) const MAX_LABELS: usize = 32;
pub(crate) const MAX_LABEL: usize = 256;
/// Most recipients of a job's notifications, and the length of an address in bytes (RFC 5321).
pub(crate) const MAX_RECIPIENTS: usize = 50;
pub(crate) const MAX_ADDRESS: usize = 254;
/// Longest idempotency key, in bytes.
pub(crate) const MAX_KEY: usize = 255;

/// What a client asks for.
#[derive(Clone, Debug)]
pub struct Submission {
    /// The client's name for the job.
    pub name: String,
    /// The client's description.
    pub description: String,
    /// Its type.
    pub job_type: JobType,
    /// Its priority.
    pub priority: Priority,
    /// The pipeline that it names.
    pub pipeline: Option<PipelineId>,
    /// The module that it names.
    pub module: Option<ModuleChoice>,
    /// Its parameters; those of the pipeline stand in for absent ones.
    pub parameters: Parameters,
    /// It stays queued until then.
    pub not_before: Option<Timestamp>,
    /// Limits that it asks for.
    pub limits: LimitRequest,
    /// Fixed clocks and seeded randomness; absent = as the module says.
    pub deterministic: Option<bool>,
    /// Labels.
    pub labels: Vec<(String, String)>,
    /// Keep what was finished when it fails.
    pub keep_partial_on_failure: bool,
    /// Leave a profile of its fuel behind.
    pub profile: bool,
    /// Who is told.
    pub notifications: Notifications,
    /// The client's idempotency key.
    pub idempotency_key: Option<String>,
    /// SHA-256 of the request's body, for the idempotency key.
    pub body_digest: Digest,
}

/// What came of a submission.
#[derive(Clone, Debug)]
pub struct Accepted {
    /// The job.
    pub job: Job,
    /// When it will probably run.
    pub outlook: Outlook,
    /// Whether the call is in the audit log already, written with the job.
    pub audited: bool,
    /// Whether it is the job of an earlier call with the same key.
    pub replayed: bool,
}

impl Service {
    /// Queues a job, durably, and with it the entry of the call for the audit log.
    pub async fn submit(
        &self,
        principal: &Principal,
        project: ProjectRef,
        submission: Submission,
        call: &AuditedCall,
    ) -> Result<Accepted, ServiceError> {
        self.require(principal, project, Role::Submitter).await?;
        let idempotency = self.checked_key(principal, project, &submission)?;
        if let Some(first) = self.repeated(project, idempotency.as_ref()).await? {
            return Ok(first);
        }
        self.check_room_in_queue(1).await?;
        let job = self.pin(principal, project, submission).await?;
        self.queue(job, idempotency, call).await
    }

    /// Refuses so many further jobs where more would wait than may. Those that come at the same moment are not counted:
    /// what keeps the server well need not be exact.
    pub(crate) async fn check_room_in_queue(&self, further: usize) -> Result<(), ServiceError> {
        let most = self.config.max_queued_jobs;
        let figures = self.store.queue_figures(self.clock.now()).await?;
        let waiting = figures.scheduled + figures.ready.iter().map(|waiting| waiting.jobs).sum::<u64>();
        match waiting.saturating_add(further as u64) > most {
            true => Err(ServiceError::QueueFull(most)),
            false => Ok(()),
        }
    }

    /// The submission's key, once what can be seen of it alone is right.
    pub(crate) fn checked_key(
        &self,
        principal: &Principal,
        project: ProjectRef,
        submission: &Submission,
    ) -> Result<Option<IdempotencyKey>, ServiceError> {
        check_submission(submission)?;
        let key = submission.idempotency_key.as_ref();
        key.map(|key| idempotency(principal, project, key, submission.body_digest)).transpose()
    }

    /// The job that a key was used for before. It is looked up before anything that the submission names: what made the
    /// first job possible may be gone by now. Of two that come at once the store tells which is the first.
    pub(crate) async fn repeated(
        &self,
        project: ProjectRef,
        key: Option<&IdempotencyKey>,
    ) -> Result<Option<Accepted>, ServiceError> {
        let Some(key) = key else { return Ok(None) };
        match self.store.used_key(project, key, self.clock.now()).await? {
            Some(used) => self.accepted(used).await.map(Some),
            None => Ok(None),
        }
    }

    /// Puts a job into the queue, durably.
    pub(crate) async fn queue(
        &self,
        job: Job,
        idempotency: Option<IdempotencyKey>,
        call: &AuditedCall,
    ) -> Result<Accepted, ServiceError> {
        let job = Job { trace: call.trace, ..job };
        let audit = Some(call.queueing(&job));
        let mut commit = self.commit_span(call.trace);
        commit.text(keys::JOB, job.id);
        let new = NewJob { job, idempotency, audit };
        let submitted = self.store.submit(new).await;
        self.committed(commit, &submitted);
        let submitted = submitted?;
        if let Submitted::Queued(job) = &submitted {
            self.events.queue_changed();
            tracing::info!(job = %job.id, project = %job.project, module = %job.module.name, "a job was queued");
        }
        self.accepted(submitted).await
    }

    /// From when a change is offered to the store until it is durable.
    pub(crate) fn commit_span(&self, trace: Option<TraceContext>) -> OpenSpan {
        OpenSpan::begin("commit", SpanKind::Internal, trace, self.clock.now())
    }

    pub(crate) fn committed<T>(&self, mut span: OpenSpan, result: &Result<T, StoreError>) {
        if let Err(error) = result {
            span.fail("store", error);
        }
        span.end(self.clock.now());
    }

    pub(crate) async fn accepted(&self, submitted: Submitted) -> Result<Accepted, ServiceError> {
        let (job, replayed) = match submitted {
            Submitted::Queued(job) => (job, false),
            Submitted::Repeated(job) => (job, true),
            Submitted::Forgotten(job) => {
                return Err(ServiceError::Gone {
                    code: "JobDeleted",
                    message: format!("this Idempotency-Key made job {job}, which was deleted since"),
                });
            }
            Submitted::KeyConflict => {
                return Err(ServiceError::conflict(
                    "IdempotencyKeyReused",
                    "this Idempotency-Key was used before for another request",
                ));
            }
        };
        let outlook = self.outlook(&job).await?;
        Ok(Accepted { job, outlook, audited: !replayed, replayed })
    }

    /// The job that a submission makes, with module, inputs and limits pinned.
    pub(crate) async fn pin(
        &self,
        principal: &Principal,
        project: ProjectRef,
        submission: Submission,
    ) -> Result<Job, ServiceError> {
        let pipeline = self.named_pipeline(project, &submission).await?;
        let choice = submission.module.as_ref();
        let module = self.runnable_module(project, submission.job_type, choice, pipeline.as_ref()).await?;
        let deterministic = submission.deterministic.unwrap_or(module.manifest.deterministic);
        check_deterministic(&module, deterministic)?;
        let parameters = merged_parameters(pipeline.as_ref(), submission.parameters)?;
        let values = parameter_values(&parameters)?;
        self.check_parameters(project.tenant, &module, &values, Extent::Whole).await?;
        let inputs = self.pin_inputs(project, &module, pipeline.as_ref(), &values).await?;
        let found = self.check_notebook(project, submission.job_type, &module, &inputs).await?;
        let pipeline_limits = pipeline.as_ref().map(|pipeline| pipeline.limits).unwrap_or_default();
        let limits = submission.limits.or(pipeline_limits).or(module.manifest.limits.into());
        let now = self.clock.now();
        let engine = match self.engine_of_notebook(found).await? {
            Some(engine) => Some(engine),
            None => self.engine_of(&module).await?,
        };
        let pinned = ModuleRef { name: module.name, version: module.version, digest: module.digest, engine };
        let limits = Limits::resolve(limits, self.config.caps);
        let by = principal.subject.clone();
        Ok(Job {
            name: submission.name,
            description: submission.description,
            priority: submission.priority,
            pipeline: pipeline.map(|pipeline| PipelineRef {
                id: pipeline.id,
                ordinal: pipeline.ordinal,
                name: pipeline.name,
            }),
            inputs,
            parameters: parameters.into_text(),
            deterministic,
            labels: submission.labels,
            keep_partial_on_failure: submission.keep_partial_on_failure,
            profile: submission.profile,
            notifications: submission.notifications,
            not_before: submission.not_before.filter(|time| *time > now),
            ..Job::new(project, submission.job_type, pinned, limits, by, now)
        })
    }

    async fn named_pipeline(
        &self,
        project: ProjectRef,
        submission: &Submission,
    ) -> Result<Option<Pipeline>, ServiceError> {
        let Some(id) = submission.pipeline else {
            if submission.module.is_some() {
                return Ok(None);
            }
            self.check_job_type(project, submission.job_type).await?;
            return Err(ServiceError::invalid(
                "ResourceRequired",
                "name a pipeline in `resource`, or a module in `module`",
            ));
        };
        let pipeline = self.store.pipeline(project, id).await?.ok_or(ServiceError::NotFound("pipeline"))?;
        if pipeline.job_type == submission.job_type {
            return Ok(Some(pipeline));
        }
        self.check_job_type(project, submission.job_type).await?;
        Err(ServiceError::invalid(
            "JobTypeMismatch",
            format!(
                "pipeline \"{}\" is for {} jobs, not {}",
                pipeline.name, pipeline.job_type, submission.job_type
            ),
        ))
    }
}

/// What comes from the world is not the same every time.
fn check_deterministic(module: &ModuleVersion, deterministic: bool) -> Result<(), ServiceError> {
    match deterministic && !module.wanted().is_empty() {
        false => Ok(()),
        true => Err(ServiceError::unprocessable(
            "NotDeterministic",
            format!("module {} uses http, so that it cannot run deterministically", module.name),
        )),
    }
}

/// Top-level merge: a parameter of the submission replaces the pipeline's of the same name.
fn merged_parameters(
    pipeline: Option<&Pipeline>,
    submission: Parameters,
) -> Result<Parameters, ServiceError> {
    let Some(pipeline) = pipeline else { return Ok(submission) };
    Ok(submission.over(&stored_parameters(pipeline.id, &pipeline.parameters)?))
}

/// The parameters of a record, which were checked when they came.
pub(crate) fn stored_parameters(of: impl Display, text: &str) -> Result<Parameters, ServiceError> {
    Parameters::from_text(text).map_err(|error| {
        tracing::error!(%of, %error, "stored parameters are not a JSON object");
        ServiceError::Storage
    })
}

/// Parameters as the checks see them.
pub(crate) fn parameter_values(parameters: &Parameters) -> Result<Map<String, Value>, ServiceError> {
    parameters.values().map_err(|error| {
        ServiceError::invalid("InvalidParameter", format!("parameters cannot be checked: {error}"))
    })
}

/// A client's key, scoped to the project and the subject.
pub(crate) fn idempotency(
    principal: &Principal,
    project: ProjectRef,
    key: &str,
    body: Digest,
) -> Result<IdempotencyKey, ServiceError> {
    if key.is_empty() || key.len() > MAX_KEY {
        return Err(ServiceError::invalid(
            "InvalidIdempotencyKey",
            format!("Idempotency-Key is 1 to {MAX_KEY} bytes"),
        ));
    }
    Ok(IdempotencyKey { key: scoped(project, &principal.subject, key), body })
}

/// A subject may hold any character: its length says where it ends, so that no two pairs of subject and key are confused.
fn scoped(project: ProjectRef, subject: &str, key: &str) -> String {
    format!("{project}/{}/{subject}/{key}", subject.len())
}

fn check_submission(submission: &Submission) -> Result<(), ServiceError> {
    check_name("jobName", &submission.name)?;
    if submission.description.len() > MAX_DESCRIPTION {
        return Err(ServiceError::invalid(
            "InvalidDescription",
            format!("jobDescription is at most {MAX_DESCRIPTION} bytes"),
        ));
    }
    let long = |text: &String| text.len() > MAX_LABEL || text.chars().any(char::is_control);
    if submission.labels.len() > MAX_LABELS
        || submission.labels.iter().any(|(key, value)| long(key) || long(value))
    {
        return Err(ServiceError::invalid(
            "InvalidLabels",
            format!(
                "labels are at most {MAX_LABELS}, each key and value at most {MAX_LABEL} bytes without control characters"
            ),
        ));
    }
    check_recipients(&submission.notifications.email_recipients)
}

fn check_recipients(recipients: &[String]) -> Result<(), ServiceError> {
    if recipients.len() > MAX_RECIPIENTS {
        return Err(ServiceError::invalid(
            "InvalidRecipients",
            format!("emailRecipients are at most {MAX_RECIPIENTS}"),
        ));
    }
    let plain = |address: &String| {
        address.len() <= MAX_ADDRESS
            && address.split('@').count() == 2
            && !address.starts_with('@')
            && !address.ends_with('@')
            && !address
                .chars()
                .any(|c| c.is_control() || c.is_whitespace() || matches!(c, ',' | ';' | '<' | '>' | '"'))
    };
    match recipients.iter().find(|address| !plain(address)) {
        None => Ok(()),
        Some(bad) => Err(ServiceError::invalid(
            "InvalidRecipients",
            format!(
                "emailRecipients holds {bad:?}, which is not one plain address such as analyst@example.com"
            ),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::scoped;
    use fuelcell_domain::{ProjectId, ProjectRef, TenantId};

    #[test]
    fn keys_of_different_subjects_are_never_the_same() {
        let project = ProjectRef { tenant: TenantId::random(), project: ProjectId::random() };
        let all = [("a/b", "c"), ("a", "b/c"), ("a/3", "b/c"), ("", "a/b/c"), ("1/a", "b/c")];
        let keys: std::collections::BTreeSet<_> =
            all.iter().map(|(subject, key)| scoped(project, subject, key)).collect();
        assert_eq!(keys.len(), all.len(), "{keys:?}");
    }
}

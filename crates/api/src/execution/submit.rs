//! `POST /api/{tenantId}/{projectId}/execution/job`

use super::moment;
use super::quote::{self, QuoteAnswer};
use super::receipt::LimitsDto;
use crate::auth::Caller;
use crate::extract::{IDEMPOTENCY_KEY, Ids, JsonBody, Query};
use crate::gate::{Asked, Made};
use crate::moments::parse_moment;
use crate::object::object;
use crate::openapi::words::{JobStateWord, JobTypeWord, PriorityWord};
use crate::problem::Problem;
use crate::text;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{AppendHeaders, IntoResponse, Response};
use axum::{Extension, Json};
use fuelcell_domain::job::Notifications;
use fuelcell_domain::registry::ModuleChoice;
use fuelcell_domain::{
    Digest, FIXED, JobType, LimitRequest, Parameters, PipelineId, Priority, Scope, Timestamp,
};
use fuelcell_service::Service;
use fuelcell_service::audit::resource;
use fuelcell_service::submit::{Accepted, Submission};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use utoipa::ToSchema;

/// Longest `timeoutMinutes`: a week. The caps may be lower.
pub(crate) const MAX_TIMEOUT_MINUTES: i64 = 7 * 24 * 60;

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SubmitBody {
    #[schema(min_length = 1, max_length = 200)]
    job_name: String,
    #[serde(default)]
    #[schema(max_length = 4096)]
    job_description: Option<String>,
    #[schema(value_type = JobTypeWord)]
    job_type: JobType,
    #[serde(default)]
    #[schema(value_type = Option<PriorityWord>)]
    priority: Option<Priority>,
    #[serde(default, deserialize_with = "object")]
    resource: Option<ResourceBody>,
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    parameters: Option<Parameters>,
    #[serde(default, deserialize_with = "object")]
    scheduling: Option<SchedulingBody>,
    #[serde(default, deserialize_with = "object")]
    notifications: Option<NotificationsBody>,
    #[serde(default, deserialize_with = "object")]
    module: Option<ModuleBody>,
    #[serde(default, deserialize_with = "object")]
    limits: Option<LimitsBody>,
    #[serde(default)]
    deterministic: Option<bool>,
    #[serde(default)]
    labels: Option<BTreeMap<String, String>>,
    #[serde(default)]
    keep_partial_on_failure: Option<bool>,
    /// Looks where the fuel of the run goes, and keeps that as two more outputs, however the job ends: `profile.html`, a page
    /// with flame graphs, and `profile.folded`. Outputs and fuel are the same as without; the run takes longer, and estimates do
    /// not count it.
    #[serde(default)]
    profile: Option<bool>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ResourceBody {
    resource_type: ResourceType,
    #[schema(value_type = Uuid)]
    resource_id: PipelineId,
}

#[derive(Deserialize, ToSchema)]
enum ResourceType {
    Pipeline,
}

#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SchedulingBody {
    /// Changes nothing: a job without `scheduledTime` starts as soon as it can, one with it not before.
    #[serde(default)]
    #[expect(dead_code, reason = "part of the protocol; only its type is checked")]
    execute_immediately: Option<bool>,
    #[serde(default)]
    scheduled_time: Option<String>,
    #[serde(default)]
    #[schema(minimum = 1, maximum = 10080)]
    timeout_minutes: Option<i64>,
}

/// Who is told by e-mail how the job ended, if the server sends e-mail (`GET …/deliveries` says what came of it).
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct NotificationsBody {
    #[serde(default)]
    on_completion: Option<bool>,
    #[serde(default)]
    on_failure: Option<bool>,
    #[serde(default)]
    email_recipients: Option<Vec<String>>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ModuleBody {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) version: Option<String>,
}

impl From<ModuleBody> for ModuleChoice {
    fn from(body: ModuleBody) -> Self {
        Self { name: body.name, version: body.version }
    }
}

#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct LimitsBody {
    #[serde(default)]
    #[schema(minimum = 1)]
    fuel: Option<u64>,
    #[serde(default)]
    #[schema(minimum = 1)]
    memory_bytes: Option<u64>,
    #[serde(default)]
    #[schema(minimum = 1)]
    disk_bytes: Option<u64>,
    #[serde(default)]
    #[schema(minimum = 1)]
    timeout_seconds: Option<u64>,
}

impl LimitsBody {
    /// The request, unless a limit is zero or no signed 64-bit number.
    pub(crate) fn request(self) -> Result<LimitRequest, Problem> {
        let Self { fuel, memory_bytes, disk_bytes, timeout_seconds } = self;
        let named = [
            ("fuel", fuel),
            ("memoryBytes", memory_bytes),
            ("diskBytes", disk_bytes),
            ("timeoutSeconds", timeout_seconds),
        ];
        let wrong =
            |limit: Option<u64>| limit.is_some_and(|limit| limit == 0 || i64::try_from(limit).is_err());
        match named.iter().find(|(_, limit)| wrong(*limit)) {
            Some((name, _)) => Err(Problem::invalid(
                "InvalidLimits",
                format!("limits.{name} must be from 1 to {}", i64::MAX),
            )),

            None => Ok(LimitRequest { fuel, memory_bytes, disk_bytes, timeout_seconds }),
        }
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SubmitAnswer {
    job_id: String,
    #[schema(value_type = JobStateWord)]
    status: &'static str,
    /// Its place among all jobs that may start; `null` while its time has not come
    queue_position: Option<u64>,
    estimated_start_time: Option<String>,
    estimated_duration: Option<String>,
    estimated_duration_seconds: Option<[f64; 2]>,
    job_name: String,
    #[schema(value_type = PriorityWord)]
    priority: &'static str,
    date_submitted: String,
    submitted_by: String,
    /// The module version that it is pinned to
    module: SubmittedModule,
    /// What holds for each attempt: wishes, defaults and caps taken together.
    limits: LimitsDto,
    deterministic: bool,
}

#[derive(Serialize, ToSchema)]
struct SubmittedModule {
    name: String,
    version: String,
}

/// The job, or what it would take
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum SubmitOrQuote {
    Queued(Box<SubmitAnswer>),
    Quoted(Box<QuoteAnswer>),
}

/// Queues a job. 200 is sent only when it is durable. With `dryRun=quote` everything is checked as for a job, nothing is
/// stored, and the answer says what the job would probably take.
#[utoipa::path(
    post,
    operation_id = "submit_job",
    path = "/api/{tenant_id}/{project_id}/execution/job",
    extensions(("x-required-role" = json!("submitter"))),
    tag = "Jobs",
    params(("dryRun" = Option<String>, Query, pattern = "^[qQ][uU][oO][tT][eE]$", description = "`quote`: nothing is stored; the answer says what the job would take"), ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, pattern = "^[!-~]+$", description = "The same key with a body that means the same answers the first job again, with `Idempotent-Replayed: true`, for 30 days; when that job was deleted, 410")),
    request_body = SubmitBody,
    responses((status = 200, description = "The job is queued, durably; or, with `dryRun`, what it would take", body = SubmitOrQuote), (status = 409, description = "The Idempotency-Key was used for another request"), (status = 410, description = "The job that the Idempotency-Key made was deleted"), (status = 413, description = "The body is too large"), (status = 422, description = "No module runs such jobs here"), (status = 429, description = "Too many jobs; later it will do"), (status = 507, description = "The storage quota is used up")),
)]
pub(crate) async fn submit(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    Extension(asked): Extension<Asked>,
    ids: Ids,
    query: Query,
    headers: HeaderMap,
    JsonBody { value, digest }: JsonBody<SubmitBody>,
) -> Result<Response, Problem> {
    let project = ids.project()?;
    let is_quote = query.word("dryRun", &[quote::WORD])?.is_some();
    let submission = submission(value, idempotency_key(&headers)?, digest)?;
    if is_quote {
        let quoted = service.quote(&caller, project, submission).await;
        let answer = quoted.map(|quoted| Json(SubmitOrQuote::Quoted(Box::new(quote::answer(quoted)))));
        // Nothing was asked to change, whatever the service answers. A request that is refused before it is asked is in the
        // audit log like any other.
        let made = quote::made(Scope::Project(project));
        return Ok((Extension(made), answer.map_err(Problem::from)).into_response());
    }
    let accepted = service.submit(&caller, project, submission, asked.call()).await?;
    let (made, mark) = (made(&accepted), replay_mark(&accepted));
    let answer = SubmitOrQuote::Queued(Box::new(accepted_answer(accepted)));
    Ok((Extension(made), mark, Json(answer)).into_response())
}

/// The job, for the audit log.
pub(super) fn made(Accepted { job, audited, .. }: &Accepted) -> Made {
    Made { target: resource(job), place: Scope::Project(job.project), recorded: *audited }
}

/// The header that marks the answer of an earlier request with the same key.
pub(super) fn replay_mark(accepted: &Accepted) -> AppendHeaders<Option<(&'static str, &'static str)>> {
    AppendHeaders(accepted.replayed.then_some(("idempotent-replayed", "true")))
}

pub(super) fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    match headers.get(IDEMPOTENCY_KEY).map(|key| key.to_str()) {
        None => Ok(None),
        Some(Ok(key)) if key.bytes().all(|byte| byte.is_ascii_graphic()) => Ok(Some(key.to_owned())),
        Some(_) => Err(Problem::invalid("InvalidIdempotencyKey", "Idempotency-Key must be visible ASCII")),
    }
}

pub(super) fn submission(
    body: SubmitBody,
    idempotency_key: Option<String>,
    body_digest: Digest,
) -> Result<Submission, Problem> {
    let scheduling = body.scheduling.unwrap_or_default();
    let limits = body.limits.unwrap_or_default().request()?;
    let timeout = timeout_seconds("scheduling.timeoutMinutes", scheduling.timeout_minutes)?;
    let timeout_seconds = match (timeout, limits.timeout_seconds) {
        (Some(minutes), Some(seconds)) => Some(minutes.min(seconds)),
        (minutes, seconds) => minutes.or(seconds),
    };
    Ok(Submission {
        name: body.job_name,
        description: body.job_description.unwrap_or_default(),
        job_type: body.job_type,
        priority: body.priority.unwrap_or_default(),
        pipeline: body
            .resource
            .map(|ResourceBody { resource_type: ResourceType::Pipeline, resource_id }| resource_id),
        module: body.module.map(Into::into),
        parameters: body.parameters.unwrap_or_default(),
        not_before: scheduled_time(scheduling.scheduled_time.as_deref())?,
        limits: LimitRequest { timeout_seconds, ..limits },
        deterministic: body.deterministic,
        labels: body.labels.unwrap_or_default().into_iter().collect(),
        keep_partial_on_failure: body.keep_partial_on_failure.unwrap_or_default(),
        profile: body.profile.unwrap_or_default(),
        notifications: body.notifications.map(notifications).unwrap_or_default(),
        idempotency_key,
        body_digest,
    })
}

fn notifications(body: NotificationsBody) -> Notifications {
    Notifications {
        on_completion: body.on_completion.unwrap_or_default(),
        on_failure: body.on_failure.unwrap_or_default(),
        email_recipients: body.email_recipients.unwrap_or_default(),
    }
}

pub(super) fn timeout_seconds(field: &str, minutes: Option<i64>) -> Result<Option<u64>, Problem> {
    match minutes {
        None => Ok(None),
        Some(minutes @ 1..=MAX_TIMEOUT_MINUTES) => Ok(Some(minutes.unsigned_abs() * 60)),
        Some(_) => Err(Problem::invalid(
            "InvalidTimeout",
            format!("{field} must be from 1 to {MAX_TIMEOUT_MINUTES}"),
        )),
    }
}

fn scheduled_time(text: Option<&str>) -> Result<Option<Timestamp>, Problem> {
    let Some(text) = text else { return Ok(None) };
    parse_moment(text, false).map(Some).ok_or_else(|| {
        Problem::invalid(
            "InvalidScheduledTime",
            "scheduling.scheduledTime must be a date-time such as 2024-01-31T09:00:00Z, or null",
        )
    })
}

pub(super) fn accepted_answer(Accepted { job, outlook, .. }: Accepted) -> SubmitAnswer {
    SubmitAnswer {
        job_id: job.id.to_string(),
        status: job.state.as_str(),
        queue_position: outlook.queue_position,
        estimated_start_time: moment(outlook.start),
        estimated_duration: outlook.duration.map(|span| text::range(span.low, span.high)),
        estimated_duration_seconds: outlook
            .duration
            .map(|span| [span.low.as_secs_f64(), span.high.as_secs_f64()]),
        job_name: job.name,
        priority: job.priority.as_str(),
        date_submitted: job.created_at.to_rfc3339(),
        submitted_by: job.submitted_by,
        module: SubmittedModule { name: job.module.name, version: job.module.version },
        limits: LimitsDto::new(job.limits, FIXED),
        deterministic: job.deterministic,
    }
}

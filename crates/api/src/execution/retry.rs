//! `POST /api/{tenantId}/{projectId}/execution/job/{jobId}/retry`

use super::generation;
use super::submit::{SubmitAnswer, accepted_answer, idempotency_key, made, replay_mark, timeout_seconds};
use crate::auth::Caller;
use crate::extract::{Ids, OptionalJson};
use crate::gate::Asked;
use crate::openapi::words::PriorityWord;
use crate::problem::Problem;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::IntoResponse;
use axum::{Extension, Json};
use fuelcell_domain::{Parameters, Priority};
use fuelcell_service::Service;
use fuelcell_service::retry::{Changes, Retry};
use fuelcell_service::submit::Accepted;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RetryBody {
    #[serde(default)]
    #[schema(max_length = 1024)]
    retry_reason: Option<String>,
    /// Absent counts as true.
    #[serde(default)]
    modify_parameters: Option<bool>,
    #[serde(default)]
    updated_parameters: Option<UpdatedParameters>,
    #[serde(default)]
    #[schema(value_type = Option<PriorityWord>)]
    priority: Option<Priority>,
    #[serde(default)]
    immediate_execution: Option<bool>,
}

/// Reserved words, and beside them a JSON Merge Patch of the parameters.
#[derive(Default, Deserialize, ToSchema)]
#[serde(try_from = "Parameters")]
struct UpdatedParameters {
    #[serde(flatten)]
    words: ReservedWords,
    #[serde(flatten)]
    #[schema(value_type = Object)]
    patch: Parameters,
}

#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ReservedWords {
    #[serde(default)]
    #[schema(minimum = 1, maximum = 10080)]
    timeout_minutes: Option<i64>,
    #[serde(default)]
    retry_failed_records: Option<bool>,
    #[serde(default)]
    increase_memory_limit: Option<bool>,
}

impl TryFrom<Parameters> for UpdatedParameters {
    type Error = serde_json::Error;

    fn try_from(sent: Parameters) -> Result<Self, Self::Error> {
        let words = serde_json::from_str(sent.as_text())?;
        let patch = sent.without(&["timeoutMinutes", "retryFailedRecords", "increaseMemoryLimit"]);
        Ok(Self { words, patch })
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RetryAnswer {
    #[serde(flatten)]
    submitted: SubmitAnswer,
    retry_of: Option<String>,
    retry_reason: Option<String>,
    /// 2 for the first retry of a job, 3 for a retry of that one, and so on.
    attempt: u32,
}

/// Queues a new job that does what a failed or cancelled one should have done. 200 is sent only when it is durable.
#[utoipa::path(
    post,
    operation_id = "retry_job",
    path = "/api/{tenant_id}/{project_id}/execution/job/{job_id}/retry",
    extensions(("x-required-role" = json!("submitter"))),
    tag = "Jobs",
    params(("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, pattern = "^[!-~]+$", description = "The same key with a body that means the same answers the first job again, with `Idempotent-Replayed: true`, for 30 days; when that job was deleted, 410")),
    request_body = Option<RetryBody>,
    responses((status = 200, description = "A new job is queued, durably", body = RetryAnswer), (status = 409, description = "The job is neither Failed nor Cancelled, or the Idempotency-Key was used for another request"), (status = 410, description = "The job that the Idempotency-Key made was deleted"), (status = 413, description = "The body is too large"), (status = 422, description = "The module is not here any more"), (status = 429, description = "Too many jobs; later it will do"), (status = 507, description = "The storage quota is used up")),
)]
pub(crate) async fn retry(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    Extension(asked): Extension<Asked>,
    ids: Ids,
    headers: HeaderMap,
    OptionalJson { value, digest }: OptionalJson<RetryBody>,
) -> Result<impl IntoResponse, Problem> {
    let retry = Retry {
        reason: value.retry_reason,
        changes: match value.modify_parameters {
            Some(false) => Changes::default(),
            Some(true) | None => changes(value.updated_parameters.unwrap_or_default())?,
        },
        priority: value.priority,
        front: value.immediate_execution.unwrap_or_default(),
        idempotency_key: idempotency_key(&headers)?,
        body_digest: digest,
    };
    let (project, id) = (ids.project()?, ids.id("job_id")?);
    let accepted = service.retry(&caller, project, id, retry, asked.call()).await?;
    Ok((Extension(made(&accepted)), replay_mark(&accepted), Json(answer(accepted))))
}

fn changes(updated: UpdatedParameters) -> Result<Changes, Problem> {
    let UpdatedParameters { words, patch } = updated;
    Ok(Changes {
        timeout_seconds: timeout_seconds("updatedParameters.timeoutMinutes", words.timeout_minutes)?,
        retry_failed_records: words.retry_failed_records.unwrap_or_default(),
        increase_memory_limit: words.increase_memory_limit.unwrap_or_default(),
        parameters: patch,
    })
}

fn answer(accepted: Accepted) -> RetryAnswer {
    let earlier = accepted.job.retry_of.clone();
    RetryAnswer {
        submitted: accepted_answer(accepted),
        retry_of: earlier.as_ref().map(|earlier| earlier.job.to_string()),
        attempt: generation(earlier.as_ref()),
        retry_reason: earlier.and_then(|earlier| earlier.reason),
    }
}

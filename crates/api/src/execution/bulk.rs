//! `POST /api/{tenantId}/{projectId}/execution/jobs/bulk`

use super::submit::idempotency_key;
use crate::auth::Caller;
use crate::extract::{Ids, JsonBody};
use crate::gate::Asked;
use crate::problem::Problem;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::{Extension, Json};
use fuelcell_domain::{BulkAction, JobId};
use fuelcell_service::Service;
use fuelcell_service::bulk::{Bulk, BulkOutcome};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct BulkBody {
    action: BulkWord,
    /// The jobs, each once
    #[schema(value_type = Vec<Uuid>, min_items = 1, max_items = 500)]
    job_ids: Vec<JobId>,
    /// Why they are cancelled or retried; deleting takes none
    #[serde(default)]
    #[schema(max_length = 1024)]
    reason: Option<String>,
}

/// `cancel` asks queued and running jobs to stop and keeps what they have finished; `retry` queues a new job in the place of
/// each that failed or was cancelled; `delete` forgets ended ones, as an administrator may
#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) enum BulkWord {
    Cancel,
    Retry,
    Delete,
}

impl From<BulkWord> for BulkAction {
    fn from(word: BulkWord) -> Self {
        match word {
            BulkWord::Cancel => Self::Cancel,
            BulkWord::Retry => Self::Retry,
            BulkWord::Delete => Self::Delete,
        }
    }
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BulkAnswer {
    /// Jobs with which it was done
    done: usize,
    /// Jobs with which it was not
    refused: usize,
    /// What became of each, in the order in which they came
    jobs: Vec<BulkItem>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct BulkItem {
    job_id: String,
    /// The job that was queued in its place
    new_job_id: Option<String>,
    /// Why it was not done
    error: Option<BulkError>,
}

#[derive(Serialize, ToSchema)]
struct BulkError {
    code: String,
    message: String,
}

/// Cancels, retries or deletes jobs that are named one by one. What was done with a job is durable when this is answered, and
/// stands in the audit log by the job's address.
#[utoipa::path(
    post,
    operation_id = "change_jobs",
    path = "/api/{tenant_id}/{project_id}/execution/jobs/bulk",
    extensions(("x-required-role" = json!("submitter"))),
    tag = "Jobs",
    params(("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, pattern = "^[!-~]+$", description = "For `retry`: the same key with a body that means the same queues none of the jobs again, for 30 days; `newJobId` is the first one")),
    request_body = BulkBody,
    responses((status = 200, description = "What became of each job", body = BulkAnswer), (status = 413, description = "The body is too large")),
)]
pub(crate) async fn change(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    Extension(asked): Extension<Asked>,
    ids: Ids,
    headers: HeaderMap,
    JsonBody { value: body, digest }: JsonBody<BulkBody>,
) -> Result<Json<BulkAnswer>, Problem> {
    let bulk = Bulk {
        action: body.action.into(),
        jobs: body.job_ids,
        reason: body.reason,
        idempotency_key: idempotency_key(&headers)?,
        body_digest: digest,
    };
    let outcomes = service.bulk(&caller, ids.project()?, bulk, asked.call()).await?;
    let jobs: Vec<_> = outcomes.into_iter().map(item).collect();
    let refused = jobs.iter().filter(|job| job.error.is_some()).count();
    Ok(Json(BulkAnswer { done: jobs.len() - refused, refused, jobs }))
}

fn item((job, outcome): BulkOutcome) -> BulkItem {
    let (new, error) = match outcome {
        Ok(new) => (new, None),
        Err(error) => (None, Some(Problem::from(error))),
    };
    BulkItem {
        job_id: job.to_string(),
        new_job_id: new.map(|new| new.to_string()),
        error: error.map(|problem| BulkError {
            code: problem.code().to_owned(),
            message: problem.detail().to_owned(),
        }),
    }
}

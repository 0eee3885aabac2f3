//! `DELETE /api/{tenantId}/{projectId}/execution/job/{jobId}`

use crate::auth::Caller;
use crate::extract::{Ids, OptionalJson};
use crate::openapi::words::JobStateWord;
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use fuelcell_service::Service;
use fuelcell_service::cancel::Cancel;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct CancelBody {
    #[serde(default)]
    #[schema(max_length = 1024)]
    reason: Option<String>,
    #[serde(default)]
    force_termination: Option<bool>,
    #[serde(default)]
    preserve_partial_results: Option<bool>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CancelAnswer {
    job_id: String,
    #[schema(value_type = JobStateWord)]
    status: &'static str,
    cancel_requested: bool,
    reason: Option<String>,
    message: &'static str,
}

/// Records the wish to cancel. 200 is sent only when it is durable.
#[utoipa::path(
    delete,
    operation_id = "cancel_job",
    path = "/api/{tenant_id}/{project_id}/execution/job/{job_id}",
    extensions(("x-required-role" = json!("submitter"))),
    tag = "Jobs",
    request_body = Option<CancelBody>,
    responses((status = 200, description = "The wish is recorded, durably", body = CancelAnswer), (status = 409, description = "The job has ended"), (status = 413, description = "The body is too large")),
)]
pub(crate) async fn cancel(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    ids: Ids,
    OptionalJson { value: body, .. }: OptionalJson<CancelBody>,
) -> Result<Json<CancelAnswer>, Problem> {
    let cancel = Cancel {
        reason: body.reason,
        force: body.force_termination.unwrap_or_default(),
        preserve_partial: body.preserve_partial_results.unwrap_or_default(),
    };
    let job = service.cancel(&caller, ids.project()?, ids.id("job_id")?, cancel).await?;
    let message = match job.state.is_ended() {
        true => "the job is cancelled",
        false => "the cancel is recorded; the job is being stopped",
    };
    Ok(Json(CancelAnswer {
        job_id: job.id.to_string(),
        status: job.state.as_str(),
        cancel_requested: job.cancel.is_some(),
        reason: job.cancel.and_then(|cancel| cancel.reason),
        message,
    }))
}

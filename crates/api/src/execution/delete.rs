//! `DELETE /api/{tenantId}/{projectId}/execution/job/{jobId}/data`

use crate::auth::Caller;
use crate::extract::Ids;
use crate::problem::Problem;
use axum::extract::State;
use axum::http::StatusCode;
use fuelcell_service::Service;
use std::sync::Arc;

/// Deletes what is kept of an ended job: record, artifacts, log and receipts. 204 is sent only when it is durable.
#[utoipa::path(
    delete,
    operation_id = "delete_job_data",
    path = "/api/{tenant_id}/{project_id}/execution/job/{job_id}/data",
    extensions(("x-required-role" = json!("administrator"))),
    tag = "Jobs",
    responses((status = 204, description = "The job is forgotten"), (status = 409, description = "The job has not ended")),
)]
pub(crate) async fn delete_data(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    ids: Ids,
) -> Result<StatusCode, Problem> {
    service.delete_job_data(&caller, ids.project()?, ids.id("job_id")?).await?;
    Ok(StatusCode::NO_CONTENT)
}

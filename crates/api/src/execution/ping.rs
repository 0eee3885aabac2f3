//! `GET /api/{tenantId}/{projectId}/execution/ping`

use crate::auth::Caller;
use crate::extract::Ids;
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use fuelcell_domain::Timestamp;
use fuelcell_service::Service;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
pub(crate) struct PingAnswer {
    message: &'static str,
    timestamp: String,
    version: &'static str,
}

/// Whether this token reaches this project.
#[utoipa::path(
    get,
    path = "/api/{tenant_id}/{project_id}/execution/ping",
    extensions(("x-required-role" = json!("viewer"))),
    tag = "System",
    responses((status = 200, description = "It does", body = PingAnswer)),
)]
pub(crate) async fn ping(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    ids: Ids,
) -> Result<Json<PingAnswer>, Problem> {
    service.ping(&caller, ids.project()?).await?;
    let timestamp = Timestamp::from(chrono::Utc::now()).to_rfc3339();
    Ok(Json(PingAnswer { message: "pong", timestamp, version: env!("CARGO_PKG_VERSION") }))
}

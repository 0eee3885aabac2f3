//! `/api/admin/engines`: what runs scripts on this server, the same for all tenants.

use crate::auth::Caller;
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use fuelcell_service::Service;
use fuelcell_service::engines::EngineView;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EngineList {
    engines: Vec<EngineAnswer>,
}

/// An engine: scripts name it in their manifest, as `name@version`, or as `name` for the newest.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct EngineAnswer {
    name: String,
    version: String,
    digest: String,
    size_bytes: u64,
    /// Whether its jobs run at once; they wait for the compiler otherwise.
    compiled: bool,
    /// Why it cannot be compiled; `null` = nobody has found that it cannot.
    error: Option<String>,
    /// Bytes of its compiled file, mapped once for all its jobs and part of no job's memory; `null` = it is not compiled.
    machine_code_bytes: Option<u64>,
}

/// The engines of this server, by name, the newest version first.
#[utoipa::path(
    get,
    operation_id = "list_engines",
    path = "/api/admin/engines",
    extensions(("x-required-role" = json!("module-author"))),
    tag = "Administration",
    responses((status = 200, description = "All of them", body = EngineList)),
)]
pub(crate) async fn list(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
) -> Result<Json<EngineList>, Problem> {
    let engines = service.engines(&caller)?;
    Ok(Json(EngineList { engines: engines.into_iter().map(EngineAnswer::from).collect() }))
}

impl From<EngineView> for EngineAnswer {
    fn from(view: EngineView) -> Self {
        let EngineView { engine, size, compiled, error, code_bytes } = view;
        Self {
            name: engine.name,
            version: engine.version,
            digest: engine.digest.to_string(),
            size_bytes: size,
            compiled,
            error,
            machine_code_bytes: code_bytes,
        }
    }
}

//! `/api/{tenantId}/{projectId}/modules/{name}/versions/{version}`

use super::byte_source;
use crate::auth::Caller;
use crate::extract::Ids;
use crate::problem::Problem;
use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use fuelcell_domain::{Manifest, ModuleVersion};
use fuelcell_service::Service;
use serde::Serialize;
use std::sync::Arc;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ModuleAnswer {
    name: String,
    version: String,
    digest: String,
    size: u64,
    has_manifest: bool,
    manifest: Manifest,
    uploaded_by: String,
    date_created: String,
}

/// Stores the body as a module version. The same bytes again answer the same record, others conflict.
pub(crate) async fn put(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    ids: Ids,
    body: Body,
) -> Result<(StatusCode, Json<ModuleAnswer>), Problem> {
    let (name, version) = (ids.text("name").to_owned(), ids.text("version").to_owned());
    let module = service.put_module(&caller, ids.project()?, name, version, byte_source(body)).await?;
    Ok((StatusCode::CREATED, Json(module.into())))
}

/// One module version.
pub(crate) async fn get(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    ids: Ids,
) -> Result<Json<ModuleAnswer>, Problem> {
    let module = service.module(&caller, ids.project()?, ids.text("name"), ids.text("version")).await?;
    Ok(Json(module.into()))
}

impl From<ModuleVersion> for ModuleAnswer {
    fn from(module: ModuleVersion) -> Self {
        Self {
            name: module.name,
            version: module.version,
            digest: module.digest.to_string(),
            size: module.size,
            has_manifest: module.has_manifest,
            manifest: module.manifest,
            uploaded_by: module.uploaded_by,
            date_created: module.created_at.to_rfc3339(),
        }
    }
}

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
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ModuleAnswer {
    name: String,
    version: String,
    digest: String,
    size: u64,
    has_manifest: bool,
    #[schema(value_type = Object)]
    manifest: Manifest,
    uploaded_by: String,
    date_created: String,
}

/// Stores the body as a module version. The same bytes again answer the same record, others conflict.
#[utoipa::path(
    put,
    operation_id = "put_module",
    path = "/api/{tenant_id}/{project_id}/modules/{name}/versions/{version}",
    tag = "Modules",
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 201, description = "The version is stored, durably", body = ModuleAnswer), (status = 409, description = "The version exists with other bytes"), (status = 413, description = "The module is too large"), (status = 422, description = "This is no module that can run here"), (status = 429, description = "Too many uploads at once"), (status = 507, description = "The storage quota is used up")),
    extensions(("x-required-role" = json!("module-author"))),
)]
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
#[utoipa::path(
    get,
    operation_id = "get_module",
    path = "/api/{tenant_id}/{project_id}/modules/{name}/versions/{version}",
    tag = "Modules",
    responses((status = 200, description = "The module version", body = ModuleAnswer)),
    extensions(("x-required-role" = json!("viewer"))),
)]
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

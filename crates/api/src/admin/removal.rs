//! Renaming and deleting tenants and projects.

use crate::admin::{ProjectAnswer, TenantAnswer};
use crate::auth::Caller;
use crate::extract::{Ids, JsonBody, Query};
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use fuelcell_service::Service;
use fuelcell_service::removal::Contents;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RenameBody {
    #[schema(min_length = 1, max_length = 200)]
    name: String,
}

/// What goes with a tenant or project when it is deleted.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ContentsAnswer {
    /// Projects of the tenant; 0 for a project.
    projects: u64,
    jobs: ContainedJobs,
    artifacts: u64,
    datasets: u64,
    module_versions: u64,
    pipelines: u64,
    schedules: u64,
    /// Items that jobs of the pipelines marked as processed.
    processed_items: u64,
    webhooks: u64,
    secrets: u64,
    /// Tokens and application passwords.
    tokens: u64,
    /// Bytes of datasets, module versions and artifacts. What others have, too, is on the disk once.
    bytes: u64,
}

#[derive(Serialize, ToSchema)]
struct ContainedJobs {
    queued: u64,
    /// They are cancelled.
    running: u64,
    ended: u64,
}

/// What a deletion of the tenant removes.
#[utoipa::path(
    get,
    operation_id = "tenant_contents",
    path = "/api/admin/tenants/{tenant_id}/contents",
    extensions(("x-required-role" = json!("operator"))),
    tag = "Administration",
    responses((status = 200, description = "What is there", body = ContentsAnswer)),
)]
pub(crate) async fn tenant_contents(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    ids: Ids,
) -> Result<Json<ContentsAnswer>, Problem> {
    Ok(Json(service.tenant_contents(&caller, ids.tenant()?).await?.into()))
}

/// What a deletion of the project removes.
#[utoipa::path(
    get,
    operation_id = "project_contents",
    path = "/api/admin/tenants/{tenant_id}/projects/{project_id}/contents",
    extensions(("x-required-role" = json!("administrator"))),
    tag = "Administration",
    responses((status = 200, description = "What is there", body = ContentsAnswer)),
)]
pub(crate) async fn project_contents(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    ids: Ids,
) -> Result<Json<ContentsAnswer>, Problem> {
    Ok(Json(service.project_contents(&caller, ids.project()?).await?.into()))
}

/// Gives a tenant another name.
#[utoipa::path(
    patch,
    path = "/api/admin/tenants/{tenant_id}",
    extensions(("x-required-role" = json!("operator"))),
    tag = "Administration",
    request_body = RenameBody,
    responses((status = 200, description = "The tenant", body = TenantAnswer), (status = 409, description = "Another tenant has the name"), (status = 413, description = "The body is too large")),
)]
pub(crate) async fn rename_tenant(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    ids: Ids,
    JsonBody { value: body, .. }: JsonBody<RenameBody>,
) -> Result<Json<TenantAnswer>, Problem> {
    Ok(Json(service.rename_tenant(&caller, ids.tenant()?, body.name).await?.into()))
}

/// Gives a project another name.
#[utoipa::path(
    patch,
    path = "/api/admin/tenants/{tenant_id}/projects/{project_id}",
    extensions(("x-required-role" = json!("administrator"))),
    tag = "Administration",
    request_body = RenameBody,
    responses((status = 200, description = "The project", body = ProjectAnswer), (status = 409, description = "Another project of the tenant has the name"), (status = 413, description = "The body is too large")),
)]
pub(crate) async fn rename_project(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    ids: Ids,
    JsonBody { value: body, .. }: JsonBody<RenameBody>,
) -> Result<Json<ProjectAnswer>, Problem> {
    Ok(Json(service.rename_project(&caller, ids.project()?, body.name).await?.into()))
}

/// Deletes a tenant with all its projects. It is gone with the answer; what belonged to it is removed in the background.
#[utoipa::path(
    delete,
    path = "/api/admin/tenants/{tenant_id}",
    extensions(("x-required-role" = json!("operator"))),
    tag = "Administration",
    params(("confirm" = Option<String>, Query, description = "The tenant's name; without it nothing is deleted, and the refusal says what would be")),
    responses((status = 202, description = "It is gone; this goes with it", body = ContentsAnswer)),
)]
pub(crate) async fn delete_tenant(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    ids: Ids,
    query: Query,
) -> Result<(StatusCode, Json<ContentsAnswer>), Problem> {
    let contents = service.delete_tenant(&caller, ids.tenant()?, query.text("confirm")).await?;
    Ok((StatusCode::ACCEPTED, Json(contents.into())))
}

/// Deletes a project. It is gone with the answer; what belonged to it is removed in the background.
#[utoipa::path(
    delete,
    path = "/api/admin/tenants/{tenant_id}/projects/{project_id}",
    extensions(("x-required-role" = json!("administrator"))),
    tag = "Administration",
    params(("confirm" = Option<String>, Query, description = "The project's name; without it nothing is deleted, and the refusal says what would be")),
    responses((status = 202, description = "It is gone; this goes with it", body = ContentsAnswer)),
)]
pub(crate) async fn delete_project(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    ids: Ids,
    query: Query,
) -> Result<(StatusCode, Json<ContentsAnswer>), Problem> {
    let contents = service.delete_project(&caller, ids.project()?, query.text("confirm")).await?;
    Ok((StatusCode::ACCEPTED, Json(contents.into())))
}

impl From<Contents> for ContentsAnswer {
    fn from(contents: Contents) -> Self {
        let Contents { queued_jobs, running_jobs, ended_jobs, .. } = contents;
        Self {
            projects: contents.projects,
            jobs: ContainedJobs { queued: queued_jobs, running: running_jobs, ended: ended_jobs },
            artifacts: contents.artifacts,
            datasets: contents.datasets,
            module_versions: contents.module_versions,
            pipelines: contents.pipelines,
            schedules: contents.schedules,
            processed_items: contents.processed_items,
            webhooks: contents.webhooks,
            secrets: contents.secrets,
            tokens: contents.tokens,
            bytes: contents.bytes,
        }
    }
}

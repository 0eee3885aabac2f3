//! `/api/admin/…`: tenants, projects, tokens. DTOs and mapping only.

use crate::auth::Caller;
use crate::extract::{Ids, JsonBody};
use crate::problem::Problem;
use crate::openapi::words::{RoleWord};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use fuelcell_domain::{Project, ProjectId, ProjectRef, Role, Scope, Tenant, TenantId};
use fuelcell_service::Service;
use fuelcell_service::error::role_name;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TenantBody {
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    #[serde(default)]
    #[schema(value_type = Option<Uuid>)]
    id: Option<TenantId>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TenantAnswer {
    tenant_id: String,
    name: String,
    date_created: String,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct TenantList {
    tenants: Vec<TenantAnswer>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProjectBody {
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    #[serde(default)]
    #[schema(value_type = Option<Uuid>)]
    id: Option<ProjectId>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProjectAnswer {
    project_id: String,
    tenant_id: String,
    name: String,
    date_created: String,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ProjectList {
    projects: Vec<ProjectAnswer>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct TokenBody {
    #[schema(min_length = 1, max_length = 200)]
    subject: String,
    #[schema(value_type = RoleWord)]
    role: Role,
    #[serde(default)]
    #[schema(value_type = Option<Uuid>)]
    tenant_id: Option<TenantId>,
    #[serde(default)]
    #[schema(value_type = Option<Uuid>)]
    project_id: Option<ProjectId>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TokenAnswer {
    token_id: String,
    token: String,
    subject: String,
    #[schema(value_type = RoleWord)]
    role: &'static str,
    tenant_id: Option<String>,
    project_id: Option<String>,
    date_created: String,
}

/// Adds a tenant.
#[utoipa::path(
    post,
    path = "/api/admin/tenants",
    tag = "Administration",
    request_body = TenantBody,
    responses((status = 201, description = "The tenant is there", body = TenantAnswer), (status = 409, description = "The id is taken"), (status = 413, description = "The body is too large")),
    extensions(("x-required-role" = json!("operator"))),
)]
pub(crate) async fn create_tenant(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    JsonBody { value: body, .. }: JsonBody<TenantBody>,
) -> Result<(StatusCode, Json<TenantAnswer>), Problem> {
    let tenant = service.create_tenant(&caller, body.id, body.name).await?;
    Ok((StatusCode::CREATED, Json(tenant.into())))
}

/// All tenants, oldest first.
#[utoipa::path(
    get,
    path = "/api/admin/tenants",
    tag = "Administration",
    responses((status = 200, description = "All tenants", body = TenantList)),
    extensions(("x-required-role" = json!("operator"))),
)]
pub(crate) async fn tenants(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
) -> Result<Json<TenantList>, Problem> {
    let tenants = service.tenants(&caller).await?.into_iter().map(Into::into).collect();
    Ok(Json(TenantList { tenants }))
}

/// Adds a project.
#[utoipa::path(
    post,
    path = "/api/admin/tenants/{tenant_id}/projects",
    tag = "Administration",
    request_body = ProjectBody,
    responses((status = 201, description = "The project is there", body = ProjectAnswer), (status = 409, description = "The id is taken"), (status = 413, description = "The body is too large")),
    extensions(("x-required-role" = json!("administrator"))),
)]
pub(crate) async fn create_project(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    ids: Ids,
    JsonBody { value: body, .. }: JsonBody<ProjectBody>,
) -> Result<(StatusCode, Json<ProjectAnswer>), Problem> {
    let project = service.create_project(&caller, ids.tenant()?, body.id, body.name).await?;
    Ok((StatusCode::CREATED, Json(project.into())))
}

/// A tenant's projects, oldest first.
#[utoipa::path(
    get,
    path = "/api/admin/tenants/{tenant_id}/projects",
    tag = "Administration",
    responses((status = 200, description = "The projects", body = ProjectList)),
    extensions(("x-required-role" = json!("administrator"))),
)]
pub(crate) async fn projects(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    ids: Ids,
) -> Result<Json<ProjectList>, Problem> {
    let projects = service.projects(&caller, ids.tenant()?).await?.into_iter().map(Into::into).collect();
    Ok(Json(ProjectList { projects }))
}

/// Makes a token. Its secret is shown here and never again.
#[utoipa::path(
    post,
    path = "/api/admin/tokens",
    tag = "Administration",
    request_body = TokenBody,
    responses((status = 201, description = "The token, with its secret", body = TokenAnswer), (status = 413, description = "The body is too large")),
    extensions(("x-required-role" = json!("administrator"))),
)]
pub(crate) async fn create_token(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    JsonBody { value: body, .. }: JsonBody<TokenBody>,
) -> Result<(StatusCode, Json<TokenAnswer>), Problem> {
    let scope = match (body.tenant_id, body.project_id) {
        (None, None) => Scope::Server,
        (Some(tenant), None) => Scope::Tenant(tenant),
        (Some(tenant), Some(project)) => Scope::Project(ProjectRef { tenant, project }),
        (None, Some(_)) => return Err(Problem::invalid("InvalidScope", "projectId needs its tenantId beside it")),
    };
    let (token, secret) = service.create_token(&caller, body.subject, body.role, scope).await?;
    Ok((
        StatusCode::CREATED,
        Json(TokenAnswer {
            token_id: token.id.to_string(),
            token: secret,
            subject: token.subject,
            role: role_name(token.role),
            tenant_id: token.scope.tenant().map(|id| id.to_string()),
            project_id: token.scope.project().map(|id| id.to_string()),
            date_created: token.created_at.to_rfc3339(),
        }),
    ))
}

/// Revokes a token.
#[utoipa::path(
    delete,
    path = "/api/admin/tokens/{token_id}",
    tag = "Administration",
    responses((status = 204, description = "The token is revoked")),
    extensions(("x-required-role" = json!("administrator"))),
)]
pub(crate) async fn revoke_token(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    ids: Ids,
) -> Result<StatusCode, Problem> {
    service.revoke_token(&caller, ids.id("token_id")?).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl From<Tenant> for TenantAnswer {
    fn from(tenant: Tenant) -> Self {
        Self { tenant_id: tenant.id.to_string(), name: tenant.name, date_created: tenant.created_at.to_rfc3339() }
    }
}

impl From<Project> for ProjectAnswer {
    fn from(project: Project) -> Self {
        Self {
            project_id: project.id.project.to_string(),
            tenant_id: project.id.tenant.to_string(),
            name: project.name,
            date_created: project.created_at.to_rfc3339(),
        }
    }
}

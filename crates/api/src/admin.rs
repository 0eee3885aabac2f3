//! `/api/admin/…`: tenants, projects, tokens, limits, the audit log. DTOs and mapping only.

pub(crate) mod audit;
pub(crate) mod backups;
pub(crate) mod engines;
pub(crate) mod limits;
pub(crate) mod passwords;
pub(crate) mod removal;
pub(crate) mod system;

use crate::auth::Caller;
use crate::extract::{Ids, JsonBody, Query};
use crate::gate::Made;
use crate::moments::parse_moment;
use crate::openapi::words::RoleWord;
use crate::paging::{Reader, SeekParams};
use crate::problem::Problem;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use fuelcell_domain::{Project, ProjectId, ProjectRef, Role, Scope, Tenant, TenantId, Token};
use fuelcell_service::Service;
use fuelcell_service::error::role_name;
use fuelcell_service::tokens::Life;
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
#[serde(rename_all = "camelCase")]
pub(crate) struct TenantList {
    tenants: Vec<TenantAnswer>,
    /// `cursor` of the next page; `null` = there is none
    next_cursor: Option<String>,
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
#[serde(rename_all = "camelCase")]
pub(crate) struct ProjectList {
    projects: Vec<ProjectAnswer>,
    /// `cursor` of the next page; `null` = there is none
    next_cursor: Option<String>,
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
    /// When the token stops holding, later than now; absent = with the token that makes it, or never.
    #[serde(default)]
    #[schema(format = DateTime)]
    expires_at: Option<String>,
    /// The same as seconds from now; one of the two at most.
    #[serde(default)]
    #[schema(minimum = 1)]
    expires_in_seconds: Option<u64>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewTokenAnswer {
    /// The secret, shown this once.
    token: String,
    #[serde(flatten)]
    record: TokenAnswer,
}

/// A token without its secret, which nobody knows any more, and without its hash.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TokenAnswer {
    token_id: String,
    subject: String,
    #[schema(value_type = RoleWord)]
    role: &'static str,
    tenant_id: Option<String>,
    project_id: Option<String>,
    date_created: String,
    date_revoked: Option<String>,
    /// When it stops holding; `null` = it does not end.
    #[schema(format = DateTime)]
    expires_at: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TokenList {
    tokens: Vec<TokenAnswer>,
    /// `cursor` of the next page; `null` = there is none
    next_cursor: Option<String>,
}

/// The answer to a call that made something, with the new thing's address for the client and for the audit log.
pub(crate) struct Created<T> {
    pub(crate) address: String,
    pub(crate) place: Scope,
    pub(crate) body: T,
}

impl<T: Serialize> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        let made = Made { target: self.address.clone(), place: self.place, recorded: false };
        (StatusCode::CREATED, [(header::LOCATION, self.address)], Extension(made), Json(self.body))
            .into_response()
    }
}

/// Adds a tenant.
#[utoipa::path(
    post,
    path = "/api/admin/tenants",
    extensions(("x-required-role" = json!("operator"))),
    tag = "Administration",
    request_body = TenantBody,
    responses((status = 201, description = "The tenant is there", body = TenantAnswer), (status = 409, description = "The id is taken, or another tenant has the name"), (status = 413, description = "The body is too large")),
)]
pub(crate) async fn create_tenant(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    JsonBody { value: body, .. }: JsonBody<TenantBody>,
) -> Result<Created<TenantAnswer>, Problem> {
    let tenant = service.create_tenant(&caller, body.id, body.name).await?;
    let address = format!("/api/admin/tenants/{}", tenant.id);
    Ok(Created { address, place: Scope::Tenant(tenant.id), body: tenant.into() })
}

/// One tenant.
#[utoipa::path(
    get,
    operation_id = "get_tenant",
    path = "/api/admin/tenants/{tenant_id}",
    extensions(("x-required-role" = json!("administrator"))),
    tag = "Administration",
    responses((status = 200, description = "The tenant", body = TenantAnswer)),
)]
pub(crate) async fn tenant(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    ids: Ids,
) -> Result<Json<TenantAnswer>, Problem> {
    Ok(Json(service.tenant(&caller, ids.tenant()?).await?.into()))
}

/// Tenants, oldest first.
#[utoipa::path(
    get,
    path = "/api/admin/tenants",
    extensions(("x-required-role" = json!("operator"))),
    tag = "Administration",
    params(SeekParams),
    responses((status = 200, description = "A page of tenants", body = TenantList)),
)]
pub(crate) async fn tenants(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    query: Query,
) -> Result<Json<TenantList>, Problem> {
    let reader = Reader { service: &service, caller: &caller, query: &query };
    let page = service.tenants(&caller, reader.seek()?).await?;
    let next_cursor = reader.next(&page);
    Ok(Json(TenantList { tenants: page.rows.into_iter().map(Into::into).collect(), next_cursor }))
}

/// Adds a project.
#[utoipa::path(
    post,
    path = "/api/admin/tenants/{tenant_id}/projects",
    extensions(("x-required-role" = json!("administrator"))),
    tag = "Administration",
    request_body = ProjectBody,
    responses((status = 201, description = "The project is there", body = ProjectAnswer), (status = 409, description = "The id is taken, or another project of the tenant has the name"), (status = 413, description = "The body is too large")),
)]
pub(crate) async fn create_project(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    ids: Ids,
    JsonBody { value: body, .. }: JsonBody<ProjectBody>,
) -> Result<Created<ProjectAnswer>, Problem> {
    let project = service.create_project(&caller, ids.tenant()?, body.id, body.name).await?;
    let address = format!("/api/admin/tenants/{}/projects/{}", project.id.tenant, project.id.project);
    Ok(Created { address, place: Scope::Project(project.id), body: project.into() })
}

/// One project.
#[utoipa::path(
    get,
    operation_id = "get_project",
    path = "/api/admin/tenants/{tenant_id}/projects/{project_id}",
    extensions(("x-required-role" = json!("administrator"))),
    tag = "Administration",
    responses((status = 200, description = "The project", body = ProjectAnswer)),
)]
pub(crate) async fn project(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    ids: Ids,
) -> Result<Json<ProjectAnswer>, Problem> {
    Ok(Json(service.project(&caller, ids.project()?).await?.into()))
}

/// A tenant's projects, oldest first.
#[utoipa::path(
    get,
    path = "/api/admin/tenants/{tenant_id}/projects",
    extensions(("x-required-role" = json!("administrator"))),
    tag = "Administration",
    params(SeekParams),
    responses((status = 200, description = "A page of projects", body = ProjectList)),
)]
pub(crate) async fn projects(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    ids: Ids,
    query: Query,
) -> Result<Json<ProjectList>, Problem> {
    let reader = Reader { service: &service, caller: &caller, query: &query };
    let page = service.projects(&caller, ids.tenant()?, reader.seek()?).await?;
    let next_cursor = reader.next(&page);
    Ok(Json(ProjectList { projects: page.rows.into_iter().map(Into::into).collect(), next_cursor }))
}

/// Makes a token. Its secret is shown here and never again.
#[utoipa::path(
    post,
    path = "/api/admin/tokens",
    extensions(("x-required-role" = json!("administrator"))),
    tag = "Administration",
    request_body = TokenBody,
    responses((status = 201, description = "The token, with its secret", body = NewTokenAnswer), (status = 413, description = "The body is too large")),
)]
pub(crate) async fn create_token(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    JsonBody { value: body, .. }: JsonBody<TokenBody>,
) -> Result<Created<NewTokenAnswer>, Problem> {
    let life = life(body.expires_at.as_deref(), body.expires_in_seconds)?;
    let scope = match (body.tenant_id, body.project_id) {
        (None, None) => Scope::Server,
        (Some(tenant), None) => Scope::Tenant(tenant),
        (Some(tenant), Some(project)) => Scope::Project(ProjectRef { tenant, project }),
        (None, Some(_)) => {
            return Err(Problem::invalid("InvalidScope", "projectId needs its tenantId beside it"));
        }
    };
    let (token, secret) = service.create_token(&caller, body.subject, body.role, scope, life).await?;
    let address = format!("/api/admin/tokens/{}", token.id);
    Ok(Created { address, place: scope, body: NewTokenAnswer { token: secret, record: token.into() } })
}

/// Tokens of the caller's own scope, oldest first.
#[utoipa::path(
    get,
    operation_id = "list_tokens",
    path = "/api/admin/tokens",
    extensions(("x-required-role" = json!("administrator"))),
    tag = "Administration",
    params(SeekParams),
    responses((status = 200, description = "A page of tokens, without their secrets", body = TokenList)),
)]
pub(crate) async fn tokens(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    query: Query,
) -> Result<Json<TokenList>, Problem> {
    let reader = Reader { service: &service, caller: &caller, query: &query };
    let page = service.tokens(&caller, reader.seek()?).await?;
    let next_cursor = reader.next(&page);
    Ok(Json(TokenList { tokens: page.rows.into_iter().map(Into::into).collect(), next_cursor }))
}

/// Revokes a token.
#[utoipa::path(
    delete,
    path = "/api/admin/tokens/{token_id}",
    extensions(("x-required-role" = json!("administrator"))),
    tag = "Administration",
    responses((status = 204, description = "The token is revoked"), (status = 409, description = "It is the last operator token that holds")),
)]
pub(crate) async fn revoke_token(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    ids: Ids,
) -> Result<StatusCode, Problem> {
    service.revoke_token(&caller, ids.id("token_id")?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// How long something new holds, from the two ways to say it.
fn life(at: Option<&str>, seconds: Option<u64>) -> Result<Option<Life>, Problem> {
    let wrong = |message: &str| Problem::invalid("InvalidExpiry", message);
    match (at, seconds) {
        (None, None) => Ok(None),
        (None, Some(seconds)) => Ok(Some(Life::Seconds(seconds))),
        (Some(at), None) => parse_moment(at, false)
            .map(|at| Some(Life::Until(at)))
            .ok_or_else(|| wrong("expiresAt must be a date-time such as 2031-01-31T09:00:00Z")),
        (Some(_), Some(_)) => Err(wrong("give expiresAt or expiresInSeconds, not both")),
    }
}

impl From<Token> for TokenAnswer {
    fn from(token: Token) -> Self {
        Self {
            token_id: token.id.to_string(),
            subject: token.subject,
            role: role_name(token.role),
            tenant_id: token.scope.tenant().map(|id| id.to_string()),
            project_id: token.scope.project().map(|id| id.to_string()),
            date_created: token.created_at.to_rfc3339(),
            date_revoked: token.revoked_at.map(|at| at.to_rfc3339()),
            expires_at: token.expires_at.map(|at| at.to_rfc3339()),
        }
    }
}

impl From<Tenant> for TenantAnswer {
    fn from(tenant: Tenant) -> Self {
        Self {
            tenant_id: tenant.id.to_string(),
            name: tenant.name,
            date_created: tenant.created_at.to_rfc3339(),
        }
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

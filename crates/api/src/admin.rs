//! `/api/admin/…`: tenants, projects, tokens, limits, the audit log. DTOs and mapping only.

pub(crate) mod audit;
pub(crate) mod limits;

use crate::auth::Caller;
use crate::extract::{Ids, JsonBody};
use crate::gate::Made;
use crate::problem::Problem;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use fuelcell_domain::{Project, ProjectId, ProjectRef, Role, Scope, Tenant, TenantId, Token};
use fuelcell_service::Service;
use fuelcell_service::error::role_name;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TenantBody {
    name: String,
    #[serde(default)]
    id: Option<TenantId>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TenantAnswer {
    tenant_id: String,
    name: String,
    date_created: String,
}

#[derive(Serialize)]
pub(crate) struct TenantList {
    tenants: Vec<TenantAnswer>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProjectBody {
    name: String,
    #[serde(default)]
    id: Option<ProjectId>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProjectAnswer {
    project_id: String,
    tenant_id: String,
    name: String,
    date_created: String,
}

#[derive(Serialize)]
pub(crate) struct ProjectList {
    projects: Vec<ProjectAnswer>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct TokenBody {
    subject: String,
    role: Role,
    #[serde(default)]
    tenant_id: Option<TenantId>,
    #[serde(default)]
    project_id: Option<ProjectId>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewTokenAnswer {
    /// The secret, shown this once.
    token: String,
    #[serde(flatten)]
    record: TokenAnswer,
}

/// A token without its secret, which nobody knows any more, and without its hash.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TokenAnswer {
    token_id: String,
    subject: String,
    role: &'static str,
    tenant_id: Option<String>,
    project_id: Option<String>,
    date_created: String,
    date_revoked: Option<String>,
}

#[derive(Serialize)]
pub(crate) struct TokenList {
    tokens: Vec<TokenAnswer>,
}

/// The answer to a call that made something, with the new thing's address for the client and for the audit log.
pub(crate) struct Created<T> {
    address: String,
    place: Scope,
    body: T,
}

impl<T: Serialize> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        let made = Made { target: self.address.clone(), place: self.place };
        (StatusCode::CREATED, [(header::LOCATION, self.address)], Extension(made), Json(self.body))
            .into_response()
    }
}

pub(crate) async fn create_tenant(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    JsonBody { value: body, .. }: JsonBody<TenantBody>,
) -> Result<Created<TenantAnswer>, Problem> {
    let tenant = service.create_tenant(&caller, body.id, body.name).await?;
    let address = format!("/api/admin/tenants/{}", tenant.id);
    Ok(Created { address, place: Scope::Tenant(tenant.id), body: tenant.into() })
}

pub(crate) async fn tenant(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    ids: Ids,
) -> Result<Json<TenantAnswer>, Problem> {
    Ok(Json(service.tenant(&caller, ids.tenant()?).await?.into()))
}

pub(crate) async fn tenants(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
) -> Result<Json<TenantList>, Problem> {
    let tenants = service.tenants(&caller).await?.into_iter().map(Into::into).collect();
    Ok(Json(TenantList { tenants }))
}

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

pub(crate) async fn project(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    ids: Ids,
) -> Result<Json<ProjectAnswer>, Problem> {
    Ok(Json(service.project(&caller, ids.project()?).await?.into()))
}

pub(crate) async fn projects(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    ids: Ids,
) -> Result<Json<ProjectList>, Problem> {
    let projects = service.projects(&caller, ids.tenant()?).await?.into_iter().map(Into::into).collect();
    Ok(Json(ProjectList { projects }))
}

pub(crate) async fn create_token(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    JsonBody { value: body, .. }: JsonBody<TokenBody>,
) -> Result<Created<NewTokenAnswer>, Problem> {
    let scope = match (body.tenant_id, body.project_id) {
        (None, None) => Scope::Server,
        (Some(tenant), None) => Scope::Tenant(tenant),
        (Some(tenant), Some(project)) => Scope::Project(ProjectRef { tenant, project }),
        (None, Some(_)) => {
            return Err(Problem::invalid("InvalidScope", "projectId needs its tenantId beside it"));
        }
    };
    let (token, secret) = service.create_token(&caller, body.subject, body.role, scope).await?;
    let address = format!("/api/admin/tokens/{}", token.id);
    Ok(Created { address, place: scope, body: NewTokenAnswer { token: secret, record: token.into() } })
}

/// Tokens of the caller's own scope, oldest first.
pub(crate) async fn tokens(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
) -> Result<Json<TokenList>, Problem> {
    let tokens = service.tokens(&caller).await?.into_iter().map(Into::into).collect();
    Ok(Json(TokenList { tokens }))
}

pub(crate) async fn revoke_token(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    ids: Ids,
) -> Result<StatusCode, Problem> {
    service.revoke_token(&caller, ids.id("token_id")?).await?;
    Ok(StatusCode::NO_CONTENT)
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

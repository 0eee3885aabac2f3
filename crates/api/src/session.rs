//! `/api/session`: a person at a browser signs in with a token and gets a cookie that scripts of pages cannot read. Without
//! a token they sign in by an [identity provider](crate::provider).

use crate::auth::Caller;
use crate::cookie::{check_own_page, cookie, insert_cookie};
use crate::extract::Query;
use crate::openapi::words::RoleWord;
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use fuelcell_domain::{Project, Scope, Tenant};
use fuelcell_service::error::role_name;
use fuelcell_service::{Principal, Service};
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SessionAnswer {
    subject: String,
    #[schema(value_type = RoleWord)]
    role: &'static str,
    /// Where the role holds; `null` = on the whole server
    tenant_id: Option<String>,
    /// `null` = in all projects of the tenant
    project_id: Option<String>,
    /// Projects that may be seen, as many as are listed
    projects: Vec<SessionProject>,
    /// Whether there are more than are listed
    has_more_projects: bool,
    /// Who vouched for them, when they signed in without a token
    identity_provider: Option<SessionProvider>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SessionProvider {
    /// What people call it
    label: String,
    /// Where they sign out there, too; `null` = that is not offered
    sign_out_url: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SessionProject {
    tenant_id: String,
    tenant_name: String,
    project_id: String,
    project_name: String,
}

impl From<(Tenant, Project)> for SessionProject {
    fn from((tenant, project): (Tenant, Project)) -> Self {
        Self {
            tenant_id: tenant.id.to_string(),
            tenant_name: tenant.name,
            project_id: project.id.project.to_string(),
            project_name: project.name,
        }
    }
}

/// Signs in: a session of the token that is shown, as a cookie that is sent back by browsers only, and only to pages of
/// this server. It ends with the token, when it is idle, after a fixed time, or when somebody signs out.
#[utoipa::path(
    post,
    operation_id = "sign_in",
    path = "/api/session",
    extensions(("x-required-role" = json!("viewer"))),
    tag = "Session",
    responses((status = 200, description = "Who it is; `Set-Cookie` has the session", body = SessionAnswer)),
)]
pub(crate) async fn sign_in(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    check_own_page(&Method::POST, &headers, service.public_url())?;
    let opened = service.open_session(&caller).await?;
    let cookie = cookie(&service, &headers, Some((&opened.secret, opened.ends)));
    let mut response = answer(&service, &caller).await?;
    insert_cookie(&mut response, &cookie);
    Ok(response)
}

/// Who is asking, by session or token, and which projects they may see.
#[utoipa::path(
    get,
    operation_id = "get_session",
    path = "/api/session",
    extensions(("x-required-role" = json!("viewer"))),
    tag = "Session",
    responses((status = 200, description = "Who it is", body = SessionAnswer)),
)]
pub(crate) async fn get(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
) -> Result<Response, Problem> {
    answer(&service, &caller).await
}

/// Signs out: this session, or with `everywhere` all sessions of its token or person.
#[utoipa::path(
    delete,
    operation_id = "sign_out",
    path = "/api/session",
    extensions(("x-required-role" = json!("viewer"))),
    tag = "Session",
    params(("everywhere" = Option<bool>, Query, description = "Whether all sessions of the token or person end; false by default")),
    responses((status = 204, description = "What was to end has ended")),
)]
pub(crate) async fn sign_out(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    query: Query,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let everywhere = query.word("everywhere", &[("true", true), ("false", false)])?.unwrap_or(false);
    service.end_sessions(&caller, everywhere).await?;
    let mut response = StatusCode::NO_CONTENT.into_response();
    insert_cookie(&mut response, &cookie(&service, &headers, None));
    Ok(response)
}

async fn answer(service: &Service, caller: &Principal) -> Result<Response, Problem> {
    let (projects, has_more_projects) = service.projects_in_scope(caller).await?;
    let answer = SessionAnswer {
        subject: caller.subject.clone(),
        role: role_name(caller.role),
        tenant_id: caller.scope.tenant().map(|tenant| tenant.to_string()),
        project_id: match caller.scope {
            Scope::Project(own) => Some(own.project.to_string()),
            Scope::Server | Scope::Tenant(_) => None,
        },
        projects: projects.into_iter().map(Into::into).collect(),
        has_more_projects,
        identity_provider: service
            .vouched_by(caller)
            .map(|(label, sign_out_url)| SessionProvider { label, sign_out_url }),
    };
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(answer)).into_response())
}

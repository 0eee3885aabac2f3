//! `/api/admin/application-passwords…`

use super::{Created, life};
use crate::auth::Caller;
use crate::extract::{Ids, JsonBody, Query};
use crate::openapi::words::RoleWord;
use crate::paging::{Reader, SeekParams};
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use fuelcell_domain::{ProjectId, ProjectRef, Role, TenantId, Token};
use fuelcell_service::Service;
use fuelcell_service::error::role_name;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PasswordBody {
    #[schema(min_length = 1, max_length = 200, pattern = "^[^:]+$")]
    user_name: String,
    #[schema(value_type = Uuid)]
    tenant_id: TenantId,
    #[schema(value_type = Uuid)]
    project_id: ProjectId,
    /// Administrator when absent.
    #[serde(default)]
    #[schema(value_type = Option<RoleWord>)]
    role: Option<Role>,
    /// When the password stops holding, later than now; absent = with the token that makes it, or never.
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
pub(crate) struct NewPasswordAnswer {
    /// The password in groups of four, shown this once. White space in it does not count.
    password: String,
    #[serde(flatten)]
    record: PasswordAnswer,
}

/// An application password without the password itself, which nobody knows any more.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PasswordAnswer {
    password_id: String,
    user_name: String,
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
pub(crate) struct PasswordList {
    application_passwords: Vec<PasswordAnswer>,
    /// `cursor` of the next page; `null` = there is none
    next_cursor: Option<String>,
}

/// Makes an application password for a user of one project. It is shown here and never again.
#[utoipa::path(
    post,
    operation_id = "create_application_password",
    path = "/api/admin/application-passwords",
    extensions(("x-required-role" = json!("administrator"))),
    tag = "Administration",
    request_body = PasswordBody,
    responses((status = 201, description = "The password", body = NewPasswordAnswer), (status = 413, description = "The body is too large")),
)]
pub(crate) async fn create(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    JsonBody { value: body, .. }: JsonBody<PasswordBody>,
) -> Result<Created<NewPasswordAnswer>, Problem> {
    let project = ProjectRef { tenant: body.tenant_id, project: body.project_id };
    let role = body.role.unwrap_or(Role::Administrator);
    let life = life(body.expires_at.as_deref(), body.expires_in_seconds)?;
    let (token, password) =
        service.create_application_password(&caller, project, body.user_name, role, life).await?;
    let address = format!("/api/admin/application-passwords/{}", token.id);
    Ok(Created { address, place: token.scope, body: NewPasswordAnswer { password, record: token.into() } })
}

/// Application passwords of the caller's own scope, oldest first.
#[utoipa::path(
    get,
    operation_id = "list_application_passwords",
    path = "/api/admin/application-passwords",
    extensions(("x-required-role" = json!("administrator"))),
    tag = "Administration",
    params(SeekParams),
    responses((status = 200, description = "A page of application passwords, without the passwords themselves", body = PasswordList)),
)]
pub(crate) async fn list(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    query: Query,
) -> Result<Json<PasswordList>, Problem> {
    let reader = Reader { service: &service, caller: &caller, query: &query };
    let page = service.application_passwords(&caller, reader.seek()?).await?;
    let next_cursor = reader.next(&page);
    let application_passwords = page.rows.into_iter().map(Into::into).collect();
    Ok(Json(PasswordList { application_passwords, next_cursor }))
}

/// Revokes an application password.
#[utoipa::path(
    delete,
    operation_id = "revoke_application_password",
    path = "/api/admin/application-passwords/{password_id}",
    extensions(("x-required-role" = json!("administrator"))),
    tag = "Administration",
    responses((status = 204, description = "The password is revoked")),
)]
pub(crate) async fn revoke(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    ids: Ids,
) -> Result<StatusCode, Problem> {
    service.revoke_application_password(&caller, ids.id("password_id")?).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl From<Token> for PasswordAnswer {
    fn from(token: Token) -> Self {
        Self {
            password_id: token.id.to_string(),
            user_name: token.subject,
            role: role_name(token.role),
            tenant_id: token.scope.tenant().map(|id| id.to_string()),
            project_id: token.scope.project().map(|id| id.to_string()),
            date_created: token.created_at.to_rfc3339(),
            date_revoked: token.revoked_at.map(|at| at.to_rfc3339()),
            expires_at: token.expires_at.map(|at| at.to_rfc3339()),
        }
    }
}

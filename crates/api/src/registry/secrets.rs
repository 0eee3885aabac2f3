//! `/api/{tenantId}/{projectId}/secrets…`: values that headers of granted requests may carry. None is ever shown.

use crate::auth::Caller;
use crate::extract::{Ids, Query, body_problem, check_coding};
use crate::object::Object;
use crate::paging::{Reader, SeekParams};
use crate::problem::Problem;
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, StatusCode};
use fuelcell_domain::SealedSecret;
use fuelcell_service::Service;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SecretBody {
    /// Printable ASCII without line breaks.
    value: String,
    /// Names of the headers that may carry it; `["Authorization"]` when absent.
    #[serde(default)]
    #[schema(min_items = 1, max_items = 8)]
    headers: Option<Vec<String>>,
}

/// What is known of a secret, but for its value.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SecretAnswer {
    name: String,
    /// The headers that may carry it.
    headers: Vec<String>,
    /// Who set it last.
    set_by: String,
    date_created: String,
    date_modified: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SecretList {
    secrets: Vec<SecretAnswer>,
    /// `cursor` of the next page; `null` = there is none
    next_cursor: Option<String>,
}

/// Names and times of secrets, by name.
#[utoipa::path(
    get,
    operation_id = "list_secrets",
    path = "/api/{tenant_id}/{project_id}/secrets",
    extensions(("x-required-role" = json!("administrator"))),
    tag = "Secrets",
    params(SeekParams),
    responses((status = 200, description = "A page of secrets, without their values", body = SecretList)),
)]
pub(crate) async fn list(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    ids: Ids,
    query: Query,
) -> Result<Json<SecretList>, Problem> {
    let reader = Reader { service: &service, caller: &caller, query: &query };
    let page = service.secrets(&caller, ids.project()?, reader.seek()?).await?;
    let next_cursor = reader.next(&page);
    Ok(Json(SecretList { secrets: page.rows.into_iter().map(SecretAnswer::from).collect(), next_cursor }))
}

/// Sets a secret, in place of an earlier value.
#[utoipa::path(
    put,
    operation_id = "put_secret",
    path = "/api/{tenant_id}/{project_id}/secrets/{name}",
    extensions(("x-required-role" = json!("administrator"))),
    tag = "Secrets",
    request_body = SecretBody,
    responses((status = 200, description = "It holds from the next attempt on", body = SecretAnswer), (status = 400, description = "The name or the value cannot be one"), (status = 409, description = "The project has as many secrets as it may have"), (status = 413, description = "The body is too large")),
)]
pub(crate) async fn put(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    ids: Ids,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<SecretAnswer>, Problem> {
    check_coding(&headers)?;
    let body = read(&body.map_err(body_problem)?)?;
    let secret =
        service.put_secret(&caller, ids.project()?, ids.text("name"), &body.value, body.headers).await?;
    Ok(Json(secret.into()))
}

/// What is wrong with a body is not said: errors of JSON quote what they are about, and all problems are logged.
fn read(body: &[u8]) -> Result<SecretBody, Problem> {
    let read = serde_json::from_slice::<Object<SecretBody>>(body).ok().and_then(|object| object.0);
    read.ok_or_else(|| {
        Problem::invalid("InvalidBody", "the body is {\"value\": TEXT, \"headers\"?: [NAME, …]}")
    })
}

/// Removes a secret.
#[utoipa::path(
    delete,
    operation_id = "delete_secret",
    path = "/api/{tenant_id}/{project_id}/secrets/{name}",
    extensions(("x-required-role" = json!("administrator"))),
    tag = "Secrets",
    responses((status = 204, description = "It is removed; requests that name it are refused from the next attempt on")),
)]
pub(crate) async fn delete(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    ids: Ids,
) -> Result<StatusCode, Problem> {
    service.delete_secret(&caller, ids.project()?, ids.text("name")).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl From<SealedSecret> for SecretAnswer {
    fn from(secret: SealedSecret) -> Self {
        Self {
            name: secret.name,
            headers: secret.headers,
            set_by: secret.by,
            date_created: secret.created_at.to_rfc3339(),
            date_modified: secret.updated_at.to_rfc3339(),
        }
    }
}

//! `/api/{tenantId}/{projectId}/webhooks…`

use crate::admin::Created;
use crate::auth::Caller;
use crate::extract::{Ids, JsonBody, OptionalJson, Query};
use crate::openapi::words::EndingWord;
use crate::paging::{Reader, SeekParams};
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use fuelcell_domain::{JobEnding, ProjectRef, Scope, Webhook};
use fuelcell_service::Service;
use fuelcell_service::webhooks::WebhookSpec;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// Seconds for which the secret before signs too, when a body does not say.
const USUAL_OVERLAP: u64 = 24 * 3600;

/// An end of a job, as bodies name it.
#[derive(Clone, Copy, Deserialize, ToSchema)]
enum EndingBody {
    #[serde(rename = "job.completed")]
    Completed,
    #[serde(rename = "job.failed")]
    Failed,
    #[serde(rename = "job.cancelled")]
    Cancelled,
}

impl From<EndingBody> for JobEnding {
    fn from(body: EndingBody) -> Self {
        match body {
            EndingBody::Completed => Self::Completed,
            EndingBody::Failed => Self::Failed,
            EndingBody::Cancelled => Self::Cancelled,
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct WebhookBody {
    /// `https://…` or `http://…`, without user, password and fragment.
    #[schema(max_length = 2048)]
    url: String,
    /// All when absent.
    #[serde(default)]
    #[schema(min_items = 1)]
    events: Option<Vec<EndingBody>>,
    /// Yes when absent.
    #[serde(default)]
    enabled: Option<bool>,
}

/// What is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct WebhookChangeBody {
    #[serde(default)]
    #[schema(max_length = 2048)]
    url: Option<String>,
    #[serde(default)]
    #[schema(min_items = 1)]
    events: Option<Vec<EndingBody>>,
    #[serde(default)]
    enabled: Option<bool>,
}

#[derive(Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct RotationBody {
    /// Seconds for which the secret before signs too; 86400, a day, when absent.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 604800)]
    overlap_seconds: Option<u64>,
}

/// A webhook, but for its secret.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WebhookAnswer {
    webhook_id: String,
    url: String,
    #[schema(value_type = Vec<EndingWord>)]
    events: Vec<&'static str>,
    enabled: bool,
    /// Why the server switched it off; `null` = it did not
    stopped: Option<String>,
    /// Until when the secret before signs, or signed, too; `null` = there is none
    #[schema(format = DateTime)]
    previous_secret_until: Option<String>,
    set_by: String,
    date_created: String,
    date_modified: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WebhookSecretAnswer {
    /// `whsec_` and the key in base64, shown this once.
    secret: String,
    #[serde(flatten)]
    webhook: WebhookAnswer,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WebhookList {
    webhooks: Vec<WebhookAnswer>,
    /// `cursor` of the next page; `null` = there is none
    next_cursor: Option<String>,
}

/// Has an address told of the ends of jobs from now on. The secret that signs is shown here and never again.
#[utoipa::path(
    post,
    operation_id = "create_webhook",
    path = "/api/{tenant_id}/{project_id}/webhooks",
    extensions(("x-required-role" = json!("administrator"))),
    tag = "Notifications",
    request_body = WebhookBody,
    responses((status = 201, description = "The webhook, with its secret", body = WebhookSecretAnswer), (status = 409, description = "The project has as many webhooks as it may have"), (status = 413, description = "The body is too large")),
)]
pub(crate) async fn create(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    ids: Ids,
    JsonBody { value: body, .. }: JsonBody<WebhookBody>,
) -> Result<Created<WebhookSecretAnswer>, Problem> {
    let project = ids.project()?;
    let spec = spec(Some(body.url), body.events, body.enabled);
    let (webhook, secret) = service.create_webhook(&caller, project, spec).await?;
    let ProjectRef { tenant, project: own } = project;
    let address = format!("/api/{tenant}/{own}/webhooks/{}", webhook.id);
    let body = WebhookSecretAnswer { secret, webhook: webhook.into() };
    Ok(Created { address, place: Scope::Project(project), body })
}

/// Webhooks of the project, oldest first.
#[utoipa::path(
    get,
    operation_id = "list_webhooks",
    path = "/api/{tenant_id}/{project_id}/webhooks",
    extensions(("x-required-role" = json!("administrator"))),
    tag = "Notifications",
    params(SeekParams),
    responses((status = 200, description = "A page of webhooks, without their secrets", body = WebhookList)),
)]
pub(crate) async fn list(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    ids: Ids,
    query: Query,
) -> Result<Json<WebhookList>, Problem> {
    let reader = Reader { service: &service, caller: &caller, query: &query };
    let page = service.webhooks(&caller, ids.project()?, reader.seek()?).await?;
    let next_cursor = reader.next(&page);
    Ok(Json(WebhookList { webhooks: page.rows.into_iter().map(Into::into).collect(), next_cursor }))
}

/// One webhook.
#[utoipa::path(
    get,
    operation_id = "get_webhook",
    path = "/api/{tenant_id}/{project_id}/webhooks/{webhook_id}",
    extensions(("x-required-role" = json!("administrator"))),
    tag = "Notifications",
    responses((status = 200, description = "The webhook, without its secret", body = WebhookAnswer)),
)]
pub(crate) async fn get(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    ids: Ids,
) -> Result<Json<WebhookAnswer>, Problem> {
    Ok(Json(service.webhook(&caller, ids.project()?, ids.id("webhook_id")?).await?.into()))
}

/// Changes a webhook, or switches it off or on.
#[utoipa::path(
    patch,
    operation_id = "change_webhook",
    path = "/api/{tenant_id}/{project_id}/webhooks/{webhook_id}",
    extensions(("x-required-role" = json!("administrator"))),
    tag = "Notifications",
    request_body = WebhookChangeBody,
    responses((status = 200, description = "The webhook as it is now", body = WebhookAnswer), (status = 409, description = "Somebody else changed it at the same time"), (status = 413, description = "The body is too large")),
)]
pub(crate) async fn change(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    ids: Ids,
    JsonBody { value: body, .. }: JsonBody<WebhookChangeBody>,
) -> Result<Json<WebhookAnswer>, Problem> {
    let (project, id) = (ids.project()?, ids.id("webhook_id")?);
    let spec = spec(body.url, body.events, body.enabled);
    Ok(Json(service.change_webhook(&caller, project, id, spec).await?.into()))
}

/// Takes a webhook away. What it was not told yet is parked.
#[utoipa::path(
    delete,
    operation_id = "delete_webhook",
    path = "/api/{tenant_id}/{project_id}/webhooks/{webhook_id}",
    extensions(("x-required-role" = json!("administrator"))),
    tag = "Notifications",
    responses((status = 204, description = "It is told of nothing more")),
)]
pub(crate) async fn delete(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    ids: Ids,
) -> Result<StatusCode, Problem> {
    service.delete_webhook(&caller, ids.project()?, ids.id("webhook_id")?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Gives a webhook another secret, which is shown here and never again. The one before signs too for a while.
#[utoipa::path(
    post,
    operation_id = "rotate_webhook_secret",
    path = "/api/{tenant_id}/{project_id}/webhooks/{webhook_id}/secret",
    extensions(("x-required-role" = json!("administrator"))),
    tag = "Notifications",
    request_body = Option<RotationBody>,
    responses((status = 200, description = "The webhook, with its new secret", body = WebhookSecretAnswer), (status = 409, description = "Somebody else changed it at the same time"), (status = 413, description = "The body is too large")),
)]
pub(crate) async fn rotate(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    ids: Ids,
    OptionalJson { value: body, .. }: OptionalJson<RotationBody>,
) -> Result<Json<WebhookSecretAnswer>, Problem> {
    let (project, id) = (ids.project()?, ids.id("webhook_id")?);
    let overlap = body.overlap_seconds.unwrap_or(USUAL_OVERLAP);
    let (webhook, secret) = service.rotate_webhook_secret(&caller, project, id, overlap).await?;
    Ok(Json(WebhookSecretAnswer { secret, webhook: webhook.into() }))
}

fn spec(url: Option<String>, events: Option<Vec<EndingBody>>, enabled: Option<bool>) -> WebhookSpec {
    let events = events.map(|events| events.into_iter().map(JobEnding::from).collect());
    WebhookSpec { url, events, enabled }
}

impl From<Webhook> for WebhookAnswer {
    fn from(webhook: Webhook) -> Self {
        Self {
            webhook_id: webhook.id.to_string(),
            url: webhook.url,
            events: webhook.events.into_iter().map(JobEnding::event).collect(),
            enabled: webhook.enabled,
            stopped: webhook.stopped,
            previous_secret_until: webhook.previous.map(|(_, until)| until.to_rfc3339()),
            set_by: webhook.by,
            date_created: webhook.created_at.to_rfc3339(),
            date_modified: webhook.updated_at.to_rfc3339(),
        }
    }
}

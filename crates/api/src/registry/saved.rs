//! `/api/{tenantId}/{projectId}/saved/…`: what people keep by name. DTOs and mapping only.

use crate::auth::Caller;
use crate::extract::{Ids, JsonBody, Query};
use crate::paging::{Reader, SeekParams};
use crate::problem::Problem;
use crate::text::clipped;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use fuelcell_domain::{Parameters, SavedContent, SavedItem, SavedKind};
use fuelcell_service::Service;
use fuelcell_service::saved::SavedSpec;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

/// A view has a `query`, a set of parameters has `module` and `parameters`.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SavedBody {
    /// Filters of the list of jobs, as an address has them: `status=Failed&jobType=Analysis`.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 16384)]
    query: Option<String>,
    /// The module's name.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 200)]
    module: Option<String>,
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    parameters: Option<Parameters>,
    /// The revision that it takes the place of; absent = there is none of this name.
    #[serde(default)]
    #[schema(minimum = 1)]
    revision: Option<u64>,
}

/// Of a view, what a set of parameters has is `null`, and the other way round.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SavedAnswer {
    name: String,
    query: Option<String>,
    module: Option<String>,
    #[schema(value_type = Option<Object>)]
    parameters: Option<Parameters>,
    /// 1, and one more with each change.
    revision: u64,
    /// Who made or changed it last.
    set_by: String,
    date_created: String,
    date_modified: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SavedList {
    saved: Vec<SavedAnswer>,
    /// `cursor` of the next page; `null` = there is none
    next_cursor: Option<String>,
}

/// Views, or sets of parameters, by name.
#[utoipa::path(
    get,
    operation_id = "list_saved",
    path = "/api/{tenant_id}/{project_id}/saved/{kind}",
    extensions(("x-required-role" = json!("viewer"))),
    tag = "Saved",
    params(SeekParams),
    responses((status = 200, description = "A page of what is kept", body = SavedList)),
)]
pub(crate) async fn list(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    ids: Ids,
    query: Query,
) -> Result<Json<SavedList>, Problem> {
    let reader = Reader { service: &service, caller: &caller, query: &query };
    let page = service.saved_page(&caller, ids.project()?, kind(&ids)?, reader.seek()?).await?;
    let next_cursor = reader.next(&page);
    Ok(Json(SavedList { saved: page.rows.into_iter().map(SavedAnswer::from).collect(), next_cursor }))
}

/// One view, or set of parameters.
#[utoipa::path(
    get,
    operation_id = "get_saved",
    path = "/api/{tenant_id}/{project_id}/saved/{kind}/{name}",
    extensions(("x-required-role" = json!("viewer"))),
    tag = "Saved",
    responses((status = 200, description = "What is kept under the name", body = SavedAnswer)),
)]
pub(crate) async fn get(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    ids: Ids,
) -> Result<Json<SavedAnswer>, Problem> {
    let item = service.saved(&caller, ids.project()?, kind(&ids)?, ids.text("name")).await?;
    Ok(Json(item.into()))
}

/// Keeps a view, or a set of parameters, under a name. What is there already is replaced with its `revision` only, so that
/// nobody overwrites what they did not see; the same again changes nothing.
#[utoipa::path(
    put,
    operation_id = "put_saved",
    path = "/api/{tenant_id}/{project_id}/saved/{kind}/{name}",
    extensions(("x-required-role" = json!("submitter"))),
    tag = "Saved",
    request_body = SavedBody,
    responses((status = 200, description = "It is kept, durably", body = SavedAnswer), (status = 400, description = "It is none of its kind, or too large"), (status = 409, description = "Another one is there than was seen, or the project has as many as it may have"), (status = 413, description = "The body is too large")),
)]
pub(crate) async fn put(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    ids: Ids,
    JsonBody { value: body, .. }: JsonBody<SavedBody>,
) -> Result<Json<SavedAnswer>, Problem> {
    let seen = body.revision;
    let spec = spec(kind(&ids)?, body)?;
    let item = service.put_saved(&caller, ids.project()?, ids.text("name"), spec, seen).await?;
    Ok(Json(item.into()))
}

/// Forgets a view, or a set of parameters.
#[utoipa::path(
    delete,
    operation_id = "delete_saved",
    path = "/api/{tenant_id}/{project_id}/saved/{kind}/{name}",
    extensions(("x-required-role" = json!("submitter"))),
    tag = "Saved",
    responses((status = 204, description = "It is forgotten")),
)]
pub(crate) async fn delete(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    ids: Ids,
) -> Result<StatusCode, Problem> {
    service.delete_saved(&caller, ids.project()?, kind(&ids)?, ids.text("name")).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn kind(ids: &Ids) -> Result<SavedKind, Problem> {
    let text = ids.text("kind");
    SavedKind::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or_else(|| {
        let allowed = SavedKind::ALL.map(SavedKind::as_str).join(", ");
        Problem::invalid(
            "InvalidId",
            format!("kind in the address is {:?}; allowed: {allowed}", clipped(text, 64)),
        )
    })
}

fn spec(kind: SavedKind, body: SavedBody) -> Result<SavedSpec, Problem> {
    match (kind, body) {
        (SavedKind::View, SavedBody { query: Some(query), module: None, parameters: None, .. }) => {
            Ok(SavedSpec::View { query })
        }
        (
            SavedKind::Parameters,
            SavedBody { query: None, module: Some(module), parameters: Some(parameters), .. },
        ) => Ok(SavedSpec::Parameters { module, parameters }),
        (SavedKind::View, _) => {
            Err(Problem::invalid("InvalidBody", "a view has a `query`, and nothing else but `revision`"))
        }
        (SavedKind::Parameters, _) => Err(Problem::invalid(
            "InvalidBody",
            "a set of parameters has `module` and `parameters`, and nothing else but `revision`",
        )),
    }
}

impl From<SavedItem> for SavedAnswer {
    fn from(item: SavedItem) -> Self {
        let (query, module, parameters) = match item.content {
            SavedContent::View { query } => (Some(query), None, None),
            SavedContent::Parameters { module, parameters } => {
                // It was read before it was kept.
                (None, Some(module), Some(Parameters::from_text(&parameters).unwrap_or_default()))
            }
        };
        Self {
            name: item.name,
            query,
            module,
            parameters,
            revision: item.revision,
            set_by: item.by,
            date_created: item.created_at.to_rfc3339(),
            date_modified: item.updated_at.to_rfc3339(),
        }
    }
}

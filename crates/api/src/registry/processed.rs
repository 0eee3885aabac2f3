//! `/api/{tenantId}/{projectId}/pipelines/{pipelineId}/processed`

use super::{Page, Pagination};
use crate::auth::Caller;
use crate::extract::{Ids, Query};
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use fuelcell_service::{ProcessedItem, Service};
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProcessedList {
    processed_items: Vec<ItemAnswer>,
    pagination: Pagination,
}

/// An item that a completed job marked.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ItemAnswer {
    /// The module's own key for it.
    key: String,
    /// The job that marked it first.
    job_id: String,
    date_processed: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ClearedAnswer {
    items_cleared: u64,
}

/// Items that completed jobs of the pipeline marked as processed, in an order that says nothing but does not change.
#[utoipa::path(
    get,
    operation_id = "list_processed_items",
    path = "/api/{tenant_id}/{project_id}/pipelines/{pipeline_id}/processed",
    tag = "Pipelines",
    params(
        ("page" = Option<u64>, Query, minimum = 1, description = "1 when absent"),
        ("pageSize" = Option<u64>, Query, minimum = 1, maximum = 100, description = "20 when absent"),
    ),
    responses((status = 200, description = "A page of items", body = ProcessedList)),
)]
pub(crate) async fn list(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    ids: Ids,
    query: Query,
) -> Result<Json<ProcessedList>, Problem> {
    let page = Page::of(&query)?;
    let (project, pipeline) = (ids.project()?, ids.id("pipeline_id")?);
    let found = service.processed_items(&caller, project, pipeline, page.request()).await?;
    let pagination = page.of_total(usize::try_from(found.total).unwrap_or(usize::MAX));
    Ok(Json(ProcessedList { processed_items: found.items.into_iter().map(Into::into).collect(), pagination }))
}

/// Forgets the pipeline's processed items: its next job sees everything as new.
#[utoipa::path(
    delete,
    operation_id = "clear_processed_items",
    path = "/api/{tenant_id}/{project_id}/pipelines/{pipeline_id}/processed",
    tag = "Pipelines",
    responses((status = 200, description = "They are forgotten, durably", body = ClearedAnswer)),
)]
pub(crate) async fn clear(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    ids: Ids,
) -> Result<Json<ClearedAnswer>, Problem> {
    let items_cleared =
        service.clear_processed_items(&caller, ids.project()?, ids.id("pipeline_id")?).await?;
    Ok(Json(ClearedAnswer { items_cleared }))
}

impl From<ProcessedItem> for ItemAnswer {
    fn from(item: ProcessedItem) -> Self {
        Self { key: item.key, job_id: item.job.to_string(), date_processed: item.at.to_rfc3339() }
    }
}

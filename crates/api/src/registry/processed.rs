//! `/api/{tenantId}/{projectId}/pipelines/{pipelineId}/processed`

use crate::auth::Caller;
use crate::extract::{Ids, Query};
use crate::paging::{Pagination, Reader};
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use fuelcell_service::query::Part;
use fuelcell_service::{Page, ProcessedItem, Seek, Service};
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProcessedList {
    processed_items: Vec<ItemAnswer>,
    /// `null` in a page by cursor
    pagination: Option<Pagination>,
    /// `cursor` of the next page; `null` = there is none
    next_cursor: Option<String>,
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
    extensions(("x-required-role" = json!("viewer"))),
    tag = "Pipelines",
    params(
        ("page" = Option<u64>, Query, minimum = 1, description = "1 when absent"),
        ("pageSize" = Option<u64>, Query, minimum = 1, maximum = 100, description = "20 when absent"),
        ("cursor" = Option<String>, Query, description = "`nextCursor` of the page before, with the same filters: what comes behind it, each entry once, whatever comes and goes. Not together with `page`"),
    ),
    responses((status = 200, description = "A page of items", body = ProcessedList)),
)]
pub(crate) async fn list(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    ids: Ids,
    query: Query,
) -> Result<Json<ProcessedList>, Problem> {
    let reader = Reader { service: &service, caller: &caller, query: &query };
    let (part, numbers) = reader.part()?;
    let (project, pipeline) = (ids.project()?, ids.id("pipeline_id")?);
    let (page, pagination) = match part {
        Part::Numbered(page) => {
            let found = service.processed_items(&caller, project, pipeline, page).await?;
            let has_more = page.offset.saturating_add(found.items.len() as u64) < found.total.count;
            (Page { rows: found.items, has_more }, numbers.of_total(found.total.count))
        }
        Part::Behind(place, limit) => {
            let seek = Seek { after: Some(place), limit };
            (service.processed_page(&caller, project, pipeline, seek).await?, None)
        }
    };
    let next_cursor = reader.next(&page);
    let processed_items = page.rows.into_iter().map(Into::into).collect();
    Ok(Json(ProcessedList { processed_items, pagination, next_cursor }))
}

/// Forgets the pipeline's processed items: its next job sees everything as new.
#[utoipa::path(
    delete,
    operation_id = "clear_processed_items",
    path = "/api/{tenant_id}/{project_id}/pipelines/{pipeline_id}/processed",
    extensions(("x-required-role" = json!("administrator"))),
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

//! `/api/{tenantId}/{projectId}/pipelines…`

use super::schedules::{self, ScheduleAnswer, ScheduleBody};
use crate::auth::Caller;
use crate::execution::submit::{LimitsBody, ModuleBody};
use crate::extract::{Ids, JsonBody, Query};
use crate::limits::LimitsAnswer;
use crate::object::object;
use crate::openapi::words::JobTypeWord;
use crate::paging::{Pagination, PartParams, Reader, numbered};
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use fuelcell_domain::{DatasetId, JobType, Parameters, Pipeline};
use fuelcell_service::pipelines::PipelineSpec;
use fuelcell_service::query::Part;
use fuelcell_service::{Seek, Service};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PipelineBody {
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    #[schema(value_type = JobTypeWord)]
    job_type: JobType,
    #[serde(default, deserialize_with = "object")]
    module: Option<ModuleBody>,
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    parameters: Option<Parameters>,
    #[serde(default)]
    #[schema(value_type = Option<Uuid>)]
    dataset_id: Option<DatasetId>,
    #[serde(default, deserialize_with = "object")]
    limits: Option<LimitsBody>,
    #[serde(default, deserialize_with = "object")]
    schedule: Option<ScheduleBody>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PipelineAnswer {
    pipeline_id: String,
    pipeline_number: u64,
    name: String,
    #[schema(value_type = JobTypeWord)]
    job_type: JobType,
    module: Option<ModuleNames>,
    #[schema(value_type = Object)]
    parameters: Option<Parameters>,
    dataset_id: Option<String>,
    limits: LimitsAnswer,
    schedule: Option<ScheduleAnswer>,
    date_created: String,
    last_updated: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PipelineList {
    pipelines: Vec<PipelineAnswer>,
    /// `null` in a page by cursor
    pagination: Option<Pagination>,
    /// `cursor` of the next page; `null` = there is none
    next_cursor: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct ModuleNames {
    name: String,
    version: Option<String>,
}

/// Adds or replaces a pipeline.
#[utoipa::path(
    put,
    operation_id = "put_pipeline",
    path = "/api/{tenant_id}/{project_id}/pipelines/{pipeline_id}",
    extensions(("x-required-role" = json!("administrator"))),
    tag = "Pipelines",
    request_body = PipelineBody,
    responses((status = 200, description = "The pipeline is stored, durably", body = PipelineAnswer), (status = 413, description = "The body is too large")),
)]
pub(crate) async fn put(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    ids: Ids,
    JsonBody { value: body, .. }: JsonBody<PipelineBody>,
) -> Result<Json<PipelineAnswer>, Problem> {
    let spec = PipelineSpec {
        id: ids.id("pipeline_id")?,
        name: body.name,
        job_type: body.job_type,
        module: body.module.map(Into::into),
        parameters: body.parameters.unwrap_or_default(),
        dataset: body.dataset_id,
        limits: body.limits.unwrap_or_default().request()?,
        schedule: body.schedule.map(Into::into),
    };
    let put = service.put_pipeline(&caller, ids.project()?, spec).await?;
    Ok(Json(answer(&service, put)))
}

/// One pipeline.
#[utoipa::path(
    get,
    operation_id = "get_pipeline",
    path = "/api/{tenant_id}/{project_id}/pipelines/{pipeline_id}",
    extensions(("x-required-role" = json!("viewer"))),
    tag = "Pipelines",
    responses((status = 200, description = "The pipeline", body = PipelineAnswer)),
)]
pub(crate) async fn get(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    ids: Ids,
) -> Result<Json<PipelineAnswer>, Problem> {
    let pipeline = service.pipeline(&caller, ids.project()?, ids.id("pipeline_id")?).await?;
    Ok(Json(answer(&service, pipeline)))
}

/// Pipelines in the order in which they were first put.
#[utoipa::path(
    get,
    operation_id = "list_pipelines",
    path = "/api/{tenant_id}/{project_id}/pipelines",
    extensions(("x-required-role" = json!("viewer"))),
    tag = "Pipelines",
    params(PartParams),
    responses((status = 200, description = "A page of pipelines", body = PipelineList)),
)]
pub(crate) async fn list(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    ids: Ids,
    query: Query,
) -> Result<Json<PipelineList>, Problem> {
    let reader = Reader { service: &service, caller: &caller, query: &query };
    let (part, numbers) = reader.part()?;
    let (page, pagination) = match part {
        Part::Numbered(page) => numbered(service.pipelines(&caller, ids.project()?).await?, page, numbers),
        Part::Behind(place, limit) => {
            let seek = Seek { after: Some(place), limit };
            (service.pipelines_page(&caller, ids.project()?, seek).await?, None)
        }
    };
    let next_cursor = reader.next(&page);
    let pipelines = page.rows.into_iter().map(|pipeline| answer(&service, pipeline)).collect();
    Ok(Json(PipelineList { pipelines, pagination, next_cursor }))
}

/// Removes a pipeline; its jobs keep their name of it.
#[utoipa::path(
    delete,
    operation_id = "delete_pipeline",
    path = "/api/{tenant_id}/{project_id}/pipelines/{pipeline_id}",
    extensions(("x-required-role" = json!("administrator"))),
    tag = "Pipelines",
    responses((status = 204, description = "It is removed")),
)]
pub(crate) async fn delete(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    ids: Ids,
) -> Result<StatusCode, Problem> {
    service.delete_pipeline(&caller, ids.project()?, ids.id("pipeline_id")?).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn answer(service: &Service, pipeline: Pipeline) -> PipelineAnswer {
    PipelineAnswer {
        pipeline_id: pipeline.id.to_string(),
        pipeline_number: pipeline.ordinal,
        name: pipeline.name,
        job_type: pipeline.job_type,
        module: pipeline.module.map(|choice| ModuleNames { name: choice.name, version: choice.version }),
        parameters: Parameters::from_text(&pipeline.parameters).ok(),
        dataset_id: pipeline.dataset.map(|id| id.to_string()),
        limits: pipeline.limits.into(),
        schedule: pipeline.schedule.map(|schedule| schedules::answer(service, schedule)),
        date_created: pipeline.created_at.to_rfc3339(),
        last_updated: pipeline.updated_at.to_rfc3339(),
    }
}

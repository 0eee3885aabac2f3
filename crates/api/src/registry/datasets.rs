//! `/api/{tenantId}/{projectId}/datasets…`

use super::upload::{content_digest, upload};
use crate::auth::Caller;
use crate::downloads;
use crate::extract::{Ids, Query, check_coding};
use crate::paging::{Pagination, PartParams, Reader, numbered};
use crate::problem::Problem;
use axum::Json;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use fuelcell_domain::{Dataset, JobId};
use fuelcell_service::datasets::{DatasetOfJob, DatasetUpload};
use fuelcell_service::query::Part;
use fuelcell_service::{Seek, Service};
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DatasetAnswer {
    dataset_id: String,
    name: String,
    media_type: String,
    size: u64,
    digest: String,
    row_count: Option<u64>,
    uploaded_by: String,
    date_created: String,
    last_updated: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DatasetList {
    datasets: Vec<DatasetAnswer>,
    /// `null` in a page by cursor
    pagination: Option<Pagination>,
    /// `cursor` of the next page; `null` = there is none
    next_cursor: Option<String>,
}

/// Stores the body as a dataset, streamed; a new one replaces it for later jobs. With `fromJob` and `artifact` it has the bytes
/// of that output of a job instead, which do not leave the server; then the request has no body.
#[utoipa::path(
    put,
    operation_id = "put_dataset",
    path = "/api/{tenant_id}/{project_id}/datasets/{dataset_id}",
    extensions(("x-required-role" = json!("submitter"))),
    tag = "Datasets",
    params(("name" = Option<String>, Query, min_length = 1, max_length = 200, description = "The file's name; may be left out with `artifact`, whose name it is then"), ("fromJob" = Option<Uuid>, Query, description = "An ended job of the project, whose output the dataset is to be"), ("artifact" = Option<String>, Query, min_length = 1, max_length = 1024, description = "The name of that output"), ("Content-Digest" = Option<String>, Header, description = "SHA-256 of the bytes as RFC 9530 writes it: `sha-256=:BASE64:`; other bytes are refused")),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 200, description = "The dataset is stored, durably", body = DatasetAnswer), (status = 404, description = "There is no such job, or no such output of it"), (status = 409, description = "The job has not ended"), (status = 413, description = "The file is too large"), (status = 415, description = "The file came with a Content-Encoding"), (status = 429, description = "Too many uploads at once"), (status = 507, description = "The storage quota is used up")),
)]
pub(crate) async fn put(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    ids: Ids,
    query: Query,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<DatasetAnswer>, Problem> {
    let name = query.text("name");
    if let Some((job, artifact)) = output(&query)? {
        check_coding(&headers)?;
        let none = to_bytes(body, 0).await;
        none.map_err(|_| {
            Problem::invalid("InvalidBody", "a dataset that is an output of a job comes without a body")
        })?;
        let dataset = DatasetOfJob {
            id: ids.id("dataset_id")?,
            name: name.map(str::to_owned),
            job,
            artifact: artifact.to_owned(),
            digest: content_digest(&headers)?,
        };
        return Ok(Json(service.put_dataset_of_job(&caller, ids.project()?, dataset).await?.into()));
    }
    let Some(name) = name else {
        return Err(Problem::invalid("InvalidName", "give the file's name: ?name=FILE"));
    };
    let sent_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    // What curl and browsers send unasked says nothing about the file.
    let media_type = sent_type
        .filter(|kind| kind.len() <= 128 && !kind.starts_with("application/x-www-form-urlencoded"))
        .unwrap_or("application/octet-stream");
    let dataset = DatasetUpload {
        id: ids.id("dataset_id")?,
        name: name.to_owned(),
        media_type: media_type.to_owned(),
        upload: upload(&headers, body)?,
    };
    let dataset = service.put_dataset(&caller, ids.project()?, dataset).await?;
    Ok(Json(dataset.into()))
}

/// The output of a job that the query names, if it names one.
fn output(query: &Query) -> Result<Option<(JobId, &str)>, Problem> {
    let wrong = |message: &str| Err(Problem::invalid("InvalidQuery", message));
    match (query.given("fromJob"), query.given("artifact")) {
        (None, None) => Ok(None),
        (Some(job), Some(artifact)) => match job.parse() {
            Ok(job) => Ok(Some((job, artifact))),
            Err(_) => wrong("fromJob must be a job's id (a GUID)"),
        },
        (Some(_), None) => wrong("with fromJob, name the output: &artifact=NAME"),
        (None, Some(_)) => wrong("with artifact, name the job that made it: &fromJob=ID"),
    }
}

/// What is known of a dataset.
#[utoipa::path(
    get,
    operation_id = "get_dataset",
    path = "/api/{tenant_id}/{project_id}/datasets/{dataset_id}",
    extensions(("x-required-role" = json!("viewer"))),
    tag = "Datasets",
    responses((status = 200, description = "What is known of the dataset", body = DatasetAnswer)),
)]
pub(crate) async fn get(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    ids: Ids,
) -> Result<Json<DatasetAnswer>, Problem> {
    Ok(Json(service.dataset(&caller, ids.project()?, ids.id("dataset_id")?).await?.into()))
}

/// Datasets, oldest first.
#[utoipa::path(
    get,
    operation_id = "list_datasets",
    path = "/api/{tenant_id}/{project_id}/datasets",
    extensions(("x-required-role" = json!("viewer"))),
    tag = "Datasets",
    params(PartParams),
    responses((status = 200, description = "A page of datasets", body = DatasetList)),
)]
pub(crate) async fn list(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    ids: Ids,
    query: Query,
) -> Result<Json<DatasetList>, Problem> {
    let reader = Reader { service: &service, caller: &caller, query: &query };
    let (part, numbers) = reader.part()?;
    let (page, pagination) = match part {
        Part::Numbered(page) => numbered(service.datasets(&caller, ids.project()?).await?, page, numbers),
        Part::Behind(place, limit) => {
            let seek = Seek { after: Some(place), limit };
            (service.datasets_page(&caller, ids.project()?, seek).await?, None)
        }
    };
    let next_cursor = reader.next(&page);
    Ok(Json(DatasetList {
        datasets: page.rows.into_iter().map(Into::into).collect(),
        pagination,
        next_cursor,
    }))
}

/// The file itself, whole or in ranges.
#[utoipa::path(
    get,
    operation_id = "get_dataset_content",
    path = "/api/{tenant_id}/{project_id}/datasets/{dataset_id}/content",
    extensions(("x-required-role" = json!("viewer"))),
    tag = "Datasets",
    params(("Range" = Option<String>, Header, description = "One range of bytes"), ("If-None-Match" = Option<String>, Header, description = "What the client has already")),
    responses((status = 200, description = "The whole file", body = Vec<u8>, content_type = "*/*"), (status = 206, description = "The range asked for", body = Vec<u8>, content_type = "*/*"), (status = 304, description = "It is as `If-None-Match` has it"), (status = 416, description = "The range lies outside of the file")),
)]
pub(crate) async fn content(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    ids: Ids,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (dataset, bytes) = service.dataset_content(&caller, ids.project()?, ids.id("dataset_id")?).await?;
    Ok(downloads::serve_attachment(&dataset.name, dataset.digest, bytes, &headers))
}

/// Removes a dataset that nothing uses.
#[utoipa::path(
    delete,
    operation_id = "delete_dataset",
    path = "/api/{tenant_id}/{project_id}/datasets/{dataset_id}",
    extensions(("x-required-role" = json!("administrator"))),
    tag = "Datasets",
    responses((status = 204, description = "It is removed"), (status = 409, description = "It is in use; `detail` names its users")),
)]
pub(crate) async fn delete(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    ids: Ids,
) -> Result<StatusCode, Problem> {
    service.delete_dataset(&caller, ids.project()?, ids.id("dataset_id")?).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl From<Dataset> for DatasetAnswer {
    fn from(dataset: Dataset) -> Self {
        Self {
            dataset_id: dataset.id.to_string(),
            name: dataset.name,
            media_type: dataset.media_type,
            size: dataset.size,
            digest: dataset.digest.to_string(),
            row_count: dataset.row_count,
            uploaded_by: dataset.uploaded_by,
            date_created: dataset.created_at.to_rfc3339(),
            last_updated: dataset.updated_at.to_rfc3339(),
        }
    }
}

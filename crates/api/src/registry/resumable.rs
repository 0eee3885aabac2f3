//! `/api/{tenantId}/{projectId}/uploads…`: datasets that come in parts, and go on where they broke off.

use super::datasets::DatasetAnswer;
use super::upload::upload;
use crate::admin::Created;
use crate::auth::Caller;
use crate::extract::{Ids, JsonBody};
use crate::gate::Made;
use crate::problem::Problem;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use fuelcell_domain::digest::DigestFormatError;
use fuelcell_domain::{DatasetId, Digest, ProjectRef, Scope, UnfinishedUpload};
use fuelcell_service::resumable::{Appended, NewUpload};
use fuelcell_service::{Service, ServiceError};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

static UPLOAD_OFFSET: HeaderName = HeaderName::from_static("upload-offset");
static UPLOAD_LENGTH: HeaderName = HeaderName::from_static("upload-length");

/// Longest media type of a dataset.
const MAX_MEDIA_TYPE: usize = 128;

/// A file, before it comes.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct UploadBody {
    /// The dataset that it is to be; a new one when absent.
    #[serde(default)]
    #[schema(value_type = Option<Uuid>)]
    dataset_id: Option<DatasetId>,
    /// The file's name.
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// `application/octet-stream` when absent.
    #[serde(default)]
    #[schema(max_length = 128)]
    media_type: Option<String>,
    /// All its bytes. They count in what the project stores from now on.
    size: u64,
    /// SHA-256 of all its bytes, in 64 hexadecimal digits. A file with another one is refused at the end.
    #[serde(default)]
    #[schema(pattern = "^[0-9A-Fa-f]{64}$")]
    digest: Option<String>,
}

/// A file of which not everything has come.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UploadAnswer {
    upload_id: String,
    dataset_id: String,
    name: String,
    media_type: String,
    size: u64,
    /// Bytes that have come and are kept: where it goes on
    offset: u64,
    digest: Option<String>,
    begun_by: String,
    date_created: String,
    /// When it is given up, unless more comes before
    date_expires: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UploadList {
    uploads: Vec<UploadAnswer>,
}

/// Begins an upload in parts. What has come of it stays when the connection breaks or the server restarts.
#[utoipa::path(
    post,
    operation_id = "begin_upload",
    path = "/api/{tenant_id}/{project_id}/uploads",
    extensions(("x-required-role" = json!("submitter"))),
    tag = "Datasets",
    request_body = UploadBody,
    responses((status = 201, description = "The upload, of which nothing has come; `Location` is its address", body = UploadAnswer), (status = 409, description = "The project has as many unfinished uploads as it may have"), (status = 413, description = "The file, or this body, is too large"), (status = 507, description = "The storage quota is used up")),
)]
pub(crate) async fn begin(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    ids: Ids,
    JsonBody { value: body, .. }: JsonBody<UploadBody>,
) -> Result<Response, Problem> {
    let project = ids.project()?;
    let upload = service.begin_upload(&caller, project, new_upload(body)?).await?;
    let ProjectRef { tenant, project: own } = project;
    let address = format!("/api/{tenant}/{own}/uploads/{}", upload.id);
    let headers = headers_of(&upload);
    let created = Created { address, place: Scope::Project(project), body: UploadAnswer::from(upload) };
    Ok((headers, created).into_response())
}

fn new_upload(body: UploadBody) -> Result<NewUpload, Problem> {
    let UploadBody { dataset_id: dataset, name, media_type, size, digest } = body;
    let media_type = media_type.unwrap_or_else(|| "application/octet-stream".to_owned());
    if media_type.len() > MAX_MEDIA_TYPE || !media_type.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        let message = format!("mediaType must be at most {MAX_MEDIA_TYPE} characters such as text/csv");
        return Err(Problem::invalid("InvalidMediaType", message));
    }
    let wrong = |error: DigestFormatError| Problem::invalid("InvalidDigest", format!("digest: {error}"));
    let digest = digest.map(|digest| digest.parse::<Digest>().map_err(wrong)).transpose()?;
    Ok(NewUpload { dataset, name, media_type, size, digest })
}

/// Unfinished uploads of the project, oldest first.
#[utoipa::path(
    get,
    operation_id = "list_uploads",
    path = "/api/{tenant_id}/{project_id}/uploads",
    extensions(("x-required-role" = json!("viewer"))),
    tag = "Datasets",
    responses((status = 200, description = "All of them", body = UploadList)),
)]
pub(crate) async fn list(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    ids: Ids,
) -> Result<Json<UploadList>, Problem> {
    let uploads = service.unfinished_uploads(&caller, ids.project()?).await?;
    Ok(Json(UploadList { uploads: uploads.into_iter().map(Into::into).collect() }))
}

/// How far an upload has come. `HEAD` tells it in `Upload-Offset` alone.
#[utoipa::path(
    get,
    operation_id = "get_upload",
    path = "/api/{tenant_id}/{project_id}/uploads/{upload_id}",
    extensions(("x-required-role" = json!("viewer"))),
    tag = "Datasets",
    responses((status = 200, description = "The upload; `Upload-Offset` and `Upload-Length` say how far it has come, too", body = UploadAnswer), (status = 410, description = "Nothing was added for too long, and it was given up")),
)]
pub(crate) async fn get(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    ids: Ids,
) -> Result<Response, Problem> {
    let upload = service.unfinished_upload(&caller, ids.project()?, ids.id("upload_id")?).await?;
    let headers = headers_of(&upload);
    Ok((headers, Json(UploadAnswer::from(upload))).into_response())
}

/// Adds the body to an upload, streamed, behind what has come. With the last byte the dataset is there, as after a plain upload.
/// What came before a connection broke is kept.
#[utoipa::path(
    patch,
    operation_id = "append_upload",
    path = "/api/{tenant_id}/{project_id}/uploads/{upload_id}",
    extensions(("x-required-role" = json!("submitter"))),
    tag = "Datasets",
    params(("Upload-Offset" = u64, Header, description = "Where this part begins: the bytes that have come"), ("Content-Digest" = Option<String>, Header, description = "SHA-256 of this part as RFC 9530 writes it: `sha-256=:BASE64:`; other bytes are refused. What is kept of a part whose connection broke is not compared with it: the `digest` that an upload begins with is, at its end")),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 200, description = "It was the last part: the dataset is stored, durably", body = DatasetAnswer), (status = 204, description = "The part is stored, durably; `Upload-Offset` says where the next one begins"), (status = 409, description = "`WrongOffset`: the upload goes on elsewhere, where `Upload-Offset` of this answer says; `UploadBusy`: somebody else is adding to it"), (status = 410, description = "Nothing was added for too long, and it was given up"), (status = 413, description = "There are more bytes than were announced"), (status = 415, description = "The part came with a Content-Encoding"), (status = 429, description = "Too many uploads at once"), (status = 507, description = "The storage quota is used up")),
)]
pub(crate) async fn append(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    ids: Ids,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let (project, id) = (ids.project()?, ids.id("upload_id")?);
    let part = upload(&headers, body)?;
    match service.append_upload(&caller, project, (id, offset(&headers)?), part).await {
        Ok(Appended::Part(upload)) => Ok((StatusCode::NO_CONTENT, headers_of(&upload)).into_response()),
        Ok(Appended::Whole(dataset)) => {
            let ProjectRef { tenant, project: own } = project;
            let target = format!("/api/{tenant}/{own}/datasets/{}", dataset.id);
            let made = Made { target, place: Scope::Project(project), recorded: false };
            Ok((Extension(made), Json(DatasetAnswer::from(dataset))).into_response())
        }
        Err(error) => {
            let durable = match error {
                ServiceError::WrongOffset { durable, .. } => Some(durable),
                _ => None,
            };
            let mut refusal = Problem::from(error).into_response();
            if let Some(offset) = durable {
                refusal.headers_mut().insert(&UPLOAD_OFFSET, offset.into());
            }
            Ok(refusal)
        }
    }
}

/// Gives up an upload: what has come of it goes, and counts no more.
#[utoipa::path(
    delete,
    operation_id = "delete_upload",
    path = "/api/{tenant_id}/{project_id}/uploads/{upload_id}",
    extensions(("x-required-role" = json!("submitter"))),
    tag = "Datasets",
    responses((status = 204, description = "It is given up"), (status = 409, description = "`UploadBusy`: somebody is adding to it")),
)]
pub(crate) async fn delete(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    ids: Ids,
) -> Result<StatusCode, Problem> {
    service.abandon_upload(&caller, ids.project()?, ids.id("upload_id")?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Where a part begins, as its sender says.
fn offset(headers: &HeaderMap) -> Result<u64, Problem> {
    let mut values = headers.get_all(&UPLOAD_OFFSET).iter();
    let digits = |text: &&str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let offset = values.next().and_then(|value| value.to_str().ok()).filter(digits);
    match (offset.and_then(|offset| offset.parse().ok()), values.next()) {
        (Some(offset), None) => Ok(offset),
        _ => Err(Problem::invalid(
            "InvalidOffset",
            "Upload-Offset must be a number of bytes: where this part begins",
        )),
    }
}

/// How far an upload has come. No cache may answer that.
fn headers_of(upload: &UnfinishedUpload) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(&UPLOAD_OFFSET, upload.offset.into());
    headers.insert(&UPLOAD_LENGTH, upload.size.into());
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers
}

impl From<UnfinishedUpload> for UploadAnswer {
    fn from(upload: UnfinishedUpload) -> Self {
        Self {
            upload_id: upload.id.to_string(),
            dataset_id: upload.dataset.to_string(),
            name: upload.name,
            media_type: upload.media_type,
            size: upload.size,
            offset: upload.offset,
            digest: upload.digest.map(|digest| digest.to_string()),
            begun_by: upload.begun_by,
            date_created: upload.created_at.to_rfc3339(),
            date_expires: upload.expires_at.to_rfc3339(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_is_a_number_that_is_said_once() {
        let read = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(UPLOAD_OFFSET.clone(), value.parse().expect("a header value"));
            }
            offset(&headers).map_err(|problem| problem.code())
        };
        assert_eq!(read(&["0"]), Ok(0));
        assert_eq!(read(&["18446744073709551615"]), Ok(u64::MAX));
        for wrong in [&[][..], &[""], &["+1"], &["-1"], &["1.0"], &["18446744073709551616"], &["1", "1"]] {
            assert_eq!(read(wrong), Err("InvalidOffset"), "{wrong:?}");
        }
    }
}

//! `POST /api/{tenantId}/{projectId}/execution/jobs`: many submissions in one request.

use super::submit::{SubmitAnswer, SubmitBody, accepted_answer, idempotency_key, submission};
use crate::auth::Caller;
use crate::diagnosis::Received;
use crate::extract::{Ids, MAX_JSON_BYTES, check_coding, parse_json, parse_outline};
use crate::gate::{Asked, Made};
use crate::object::Object;
use crate::problem::{FaultAnswer, Problem};
use crate::protection::{MOST_HELD, Turn};
use axum::body::Bytes;
use axum::extract::{FromRequest, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::{Extension, Json};
use fuelcell_domain::Scope;
use fuelcell_domain::exact::meaning;
use fuelcell_service::Service;
use fuelcell_service::batch::MAX_BATCH;
use fuelcell_service::submit::{Accepted, Submission};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::sync::Arc;
use utoipa::ToSchema;

/// Largest body of a batch, in bytes.
pub(crate) const MAX_BATCH_BYTES: usize = MOST_HELD;

/// Refused jobs of which all faults are told; of those after them the first: to look through a document takes much longer
/// than to read it.
pub(crate) const MAX_LOOKED_THROUGH: usize = 50;

/// At most 1,000 jobs, 4 MiB.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BatchBody {
    /// Each as `POST execution/job` takes it, and beside that its own `idempotencyKey`
    #[schema(value_type = Vec<BatchJob>, min_items = 1, max_items = 1000)]
    jobs: Vec<Box<RawValue>>,
}

/// One job of a batch.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "only for the description")]
struct BatchJob {
    #[schema(min_length = 1, max_length = 255, pattern = "^[!-~]+$")]
    idempotency_key: Option<String>,
    #[serde(flatten)]
    job: SubmitBody,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BatchAnswer {
    /// Jobs that were queued now
    queued: usize,
    /// Jobs that earlier requests with the same keys had queued
    replayed: usize,
    /// Jobs that were refused
    refused: usize,
    /// What became of each, in the order in which they came
    jobs: Vec<BatchItem>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct BatchItem {
    /// Its place in the request, from 0
    index: usize,
    /// The status that it would have been answered alone
    http_status: u16,
    idempotency_key: Option<String>,
    /// Whether it is the job of an earlier request with the same key
    replayed: bool,
    /// The job, as `POST execution/job` answers it; estimates are left to the job's status
    #[serde(flatten)]
    job: Option<SubmitAnswer>,
    /// Why it was refused
    error: Option<ItemError>,
}

#[derive(Serialize, ToSchema)]
struct ItemError {
    code: String,
    message: String,
    errors: Vec<FaultAnswer>,
}

/// Queues many jobs at once: those that are valid together, durably, or none.
#[utoipa::path(
    post,
    operation_id = "submit_jobs",
    path = "/api/{tenant_id}/{project_id}/execution/jobs",
    extensions(("x-required-role" = json!("submitter"))),
    tag = "Jobs",
    params(("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 250, pattern = "^[!-~]+$", description = "Gives each job without an `idempotencyKey` one: this, a colon and its place")),
    request_body = BatchBody,
    responses((status = 200, description = "What became of each job; those that are queued are durable", body = BatchAnswer), (status = 413, description = "The body is too large")),
)]
pub(crate) async fn submit(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    Extension(asked): Extension<Asked>,
    Extension(whole): Extension<Received>,
    ids: Ids,
    headers: HeaderMap,
    request: Request,
) -> Result<(Extension<Made>, Json<BatchAnswer>), Problem> {
    let project = ids.project()?;
    let key = batch_key(&headers)?;
    let jobs = read(request).await?;
    let mut batch = service.batch(&caller, project).await?;
    // Of each job its key, what it was, and what is wrong with it before anything is looked up.
    let mut heads = Vec::with_capacity(jobs.len());
    for (index, document) in jobs.iter().enumerate() {
        let Item { key, received, submission } = item(document.get(), whole.part(), key.as_deref(), index);
        let problem = match submission {
            Ok(submission) => {
                batch.add(*submission, asked.call()).await?;
                None
            }
            Err(problem) => Some(problem),
        };
        heads.push((key, received, problem));
    }
    let mut answers = batch.queue().await?.into_iter();
    let mut items = Vec::with_capacity(heads.len());
    let mut refused = 0;
    for (index, (key, received, problem)) in heads.into_iter().enumerate() {
        let answer = match problem {
            Some(problem) => Err(problem),
            None => answers.next().map_or_else(|| Err(unanswered()), |answer| answer.map_err(Problem::from)),
        };
        refused += usize::from(answer.is_err());
        let looked_through = refused <= MAX_LOOKED_THROUGH;
        let told = |problem: Problem| if looked_through { problem.completed(&received) } else { problem };
        items.push(item_answer(index, key, answer.map_err(told)));
    }
    let answer = summary(items);
    // What was queued brought its own entries; what else became of the batch is one more.
    let recorded = answer.queued > 0 && answer.queued == answer.jobs.len();
    let made = Made { target: asked.call().target.clone(), place: Scope::Project(project), recorded };
    Ok((Extension(made), Json(answer)))
}

/// The key of the whole request, which leaves room for a colon and a place.
fn batch_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let key = idempotency_key(headers)?;
    match key.as_ref().is_some_and(|key| key.is_empty() || key.len() > 250) {
        true => {
            Err(Problem::invalid("InvalidIdempotencyKey", "Idempotency-Key of a batch is 1 to 250 bytes"))
        }
        false => Ok(key),
    }
}

async fn read(request: Request) -> Result<Vec<Box<RawValue>>, Problem> {
    check_coding(request.headers())?;
    let turn = request.extensions().get::<Turn>().cloned();
    let bytes = Bytes::from_request(request, &()).await.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "TooLarge",
            format!("a batch is at most {} MiB", MAX_BATCH_BYTES >> 20),
        ),
        _ => Problem::invalid("BrokenBody", "the request's body could not be read to its end"),
    })?;
    if let Some(turn) = turn {
        turn.begin()?;
    }
    let body = parse_outline::<Object<BatchBody>>(&bytes)?.0;
    let body =
        body.ok_or_else(|| Problem::invalid("MalformedJson", "the body is null; an object is expected"))?;
    match body.jobs.len() {
        1..=MAX_BATCH => Ok(body.jobs),
        count => Err(Problem::invalid(
            "InvalidBatch",
            format!("jobs holds {count} entries; 1 to {MAX_BATCH} are allowed"),
        )),
    }
}

/// A job of the batch before it is looked up.
struct Item {
    key: Option<String>,
    received: Received,
    submission: Result<Box<Submission>, Problem>,
}

fn item(document: &str, received: Received, batch_key: Option<&str>, index: usize) -> Item {
    let derived = batch_key.map(|key| format!("{key}:{index}"));
    let (own, document) = match without_key(document) {
        Ok(parts) => parts,
        Err(problem) => return Item { key: derived, received, submission: Err(problem) },
    };
    let key = own.or(derived);
    let document = Bytes::from(document);
    received.keep::<SubmitBody>(document.clone());
    let read = || {
        if document.len() > MAX_JSON_BYTES {
            return Err(Problem::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "TooLarge",
                format!("a job of a batch is at most {MAX_JSON_BYTES} bytes"),
            ));
        }
        let body = parse_json::<Object<SubmitBody>>(&document)?.0;
        let body =
            body.ok_or_else(|| Problem::invalid("MalformedJson", "the job is null; an object is expected"))?;
        submission(body, key.clone(), meaning(&document)).map(Box::new)
    };
    let submission = read();
    Item { key, received, submission }
}

/// A job's own key, and its document without it, which is what the same job sent alone would be.
fn without_key(document: &str) -> Result<(Option<String>, String), Problem> {
    let mut members = match parse_json::<BTreeMap<String, Box<RawValue>>>(document.as_bytes()) {
        Ok(members) => members,
        // Its own reader says what is wrong with it.
        Err(_) => return Ok((None, document.to_owned())),
    };
    let Some(key) = members.remove("idempotencyKey") else { return Ok((None, document.to_owned())) };
    let key = parse_json::<Option<String>>(key.get().as_bytes())
        .map_err(|_| Problem::invalid("InvalidIdempotencyKey", "idempotencyKey must be a text"))?;
    if key.as_ref().is_some_and(|key| !key.chars().all(|c| c.is_ascii_graphic())) {
        return Err(Problem::invalid("InvalidIdempotencyKey", "idempotencyKey must be visible ASCII"));
    }
    let document = serde_json::to_string(&members)
        .map_err(|error| Problem::invalid("MalformedJson", error.to_string()))?;
    Ok((key, document))
}

fn item_answer(index: usize, key: Option<String>, answer: Result<Accepted, Problem>) -> BatchItem {
    let (http_status, replayed, job, error) = match answer {
        Ok(accepted) => (StatusCode::OK, accepted.replayed, Some(accepted_answer(accepted)), None),
        Err(problem) => (problem.status(), false, None, Some(item_error(&problem))),
    };
    BatchItem { index, http_status: http_status.as_u16(), idempotency_key: key, replayed, job, error }
}

fn item_error(problem: &Problem) -> ItemError {
    ItemError {
        code: problem.code().to_owned(),
        message: problem.detail().to_owned(),
        errors: problem.fault_answers(),
    }
}

fn summary(jobs: Vec<BatchItem>) -> BatchAnswer {
    let count = |wanted: fn(&BatchItem) -> bool| jobs.iter().filter(|item| wanted(item)).count();
    let refused = count(|item| item.error.is_some());
    let replayed = count(|item| item.replayed);
    BatchAnswer { queued: jobs.len() - refused - replayed, replayed, refused, jobs }
}

fn unanswered() -> Problem {
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "StorageUnavailable", "the job was not answered")
}

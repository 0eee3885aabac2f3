//! `/api/{tenantId}/{projectId}/execution/bulk…`

use super::bulk::BulkWord;
use super::forms::OUTCOMES;
use super::list::{FilterParams, Summary, filter, search};
use super::moment;
use crate::auth::Caller;
use crate::extract::{Ids, JsonBody, Query};
use crate::gate::{Asked, Made};
use crate::openapi::words::{BulkActionWord, BulkOutcomeWord, BulkStateWord};
use crate::paging::{Reader, SeekParams};
use crate::problem::Problem;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::{Extension, Json};
use fuelcell_domain::{BulkId, BulkJob, BulkRun, JobId, JobOutcome};
use fuelcell_service::Service;
use fuelcell_service::bulk_runs::{place, resource};
use fuelcell_service::bulk_sets::{BulkPreview, Meant};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PreviewBody {
    action: BulkWord,
    /// The jobs, each once; absent = those that match the query
    #[serde(default)]
    #[schema(value_type = Option<Vec<Uuid>>, min_items = 1, max_items = 10000)]
    job_ids: Option<Vec<JobId>>,
}

/// What a bulk action would come to
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PreviewAnswer {
    #[schema(value_type = BulkActionWord)]
    action: &'static str,
    /// Jobs that are meant
    jobs: u64,
    /// Those of them with which it would be done as they stand
    will_change: u64,
    /// The jobs by their state
    summary: Summary,
    /// When the oldest of them was submitted
    #[schema(format = DateTime)]
    oldest_job: Option<String>,
    /// When the newest of them was submitted
    #[schema(format = DateTime)]
    newest_job: Option<String>,
    /// Those that would be left as they are, by why
    skips: Vec<SkipAnswer>,
    /// Ids that were named and are of no job of the project
    absent: u64,
    /// What stands for exactly these jobs, for an hour; `null` = there are none
    set: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct SkipAnswer {
    code: &'static str,
    message: &'static str,
    jobs: u64,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct BeginBody {
    /// `set` of a preview: what is done, and with exactly which jobs
    set: String,
    /// Why they are cancelled or retried; deleting takes none
    #[serde(default)]
    #[schema(max_length = 1024)]
    reason: Option<String>,
}

/// One thing that is done with many jobs
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BulkRunAnswer {
    bulk_id: String,
    #[schema(value_type = BulkActionWord)]
    action: &'static str,
    #[schema(value_type = BulkStateWord)]
    status: &'static str,
    reason: Option<String>,
    /// Its jobs
    jobs: u64,
    /// Jobs with which it was done
    done: u64,
    /// Jobs that were left as they are
    skipped: u64,
    /// Jobs with which it went wrong
    failed: u64,
    /// Jobs without an outcome
    left: u64,
    /// When the oldest of the jobs was submitted
    #[schema(format = DateTime)]
    oldest_job: String,
    /// When the newest of the jobs was submitted
    #[schema(format = DateTime)]
    newest_job: String,
    /// Who asked for it
    submitted_by: String,
    date_created: String,
    end_time: Option<String>,
    /// Why it ended before its time
    stop: Option<StopAnswer>,
    /// When it is forgotten; `null` while it runs
    #[schema(format = DateTime)]
    kept_until: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct StopAnswer {
    code: String,
    message: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BulkRunList {
    bulk_actions: Vec<BulkRunAnswer>,
    /// `cursor` of the next page; `null` = there is none
    next_cursor: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BulkJobList {
    jobs: Vec<BulkJobAnswer>,
    /// `cursor` of the next page; `null` = there is none
    next_cursor: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct BulkJobAnswer {
    job_id: String,
    job_number: u64,
    /// `Open` = its turn has not come
    #[schema(value_type = BulkOutcomeWord)]
    outcome: &'static str,
    /// The job that was queued in its place
    new_job_id: Option<String>,
    /// Why it was not done
    error: Option<StopAnswer>,
}

/// Says what a bulk action would come to: how many jobs, from when, in which states, and which would be left as they are. The
/// jobs are those in `jobIds`, or those that match the query, which is that of the list of jobs; no filter is refused.
/// Nothing is done; `set` stands for exactly these jobs, whatever comes later.
#[utoipa::path(
    post,
    operation_id = "preview_bulk_action",
    path = "/api/{tenant_id}/{project_id}/execution/bulk/preview",
    extensions(("x-required-role" = json!("submitter"))),
    tag = "Jobs",
    params(FilterParams),
    request_body = PreviewBody,
    responses((status = 200, description = "What it would come to", body = PreviewAnswer), (status = 413, description = "The body is too large")),
)]
pub(crate) async fn preview(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    ids: Ids,
    query: Query,
    JsonBody { value: body, .. }: JsonBody<PreviewBody>,
) -> Result<Json<PreviewAnswer>, Problem> {
    let meant = match body.job_ids {
        Some(_) if !query.is_empty() => {
            return Err(Problem::invalid("InvalidJobIds", "give jobIds or a filter in the query, not both"));
        }
        Some(jobs) => Meant::Named(jobs),
        None => Meant::Matching(Box::new(filter(&query)?), Box::new(search(&query)?)),
    };
    let preview = service.preview_bulk(&caller, ids.project()?, body.action.into(), meant).await?;
    Ok(Json(preview.into()))
}

/// Begins what a preview was of, with exactly its jobs. 202 is sent when they are frozen durably; the server does it with one
/// after the other, also after a restart, and asks before each step whether whoever began it still may. The same `set` again
/// begins nothing anew.
#[utoipa::path(
    post,
    operation_id = "begin_bulk_action",
    path = "/api/{tenant_id}/{project_id}/execution/bulk",
    extensions(("x-required-role" = json!("submitter"))),
    tag = "Jobs",
    request_body = BeginBody,
    responses((status = 202, description = "It is begun, durably", body = BulkRunAnswer), (status = 409, description = "None of the jobs is there any more"), (status = 410, description = "The preview is too old"), (status = 413, description = "The body is too large"), (status = 429, description = "Too many of the tenant run; later it will do")),
)]
pub(crate) async fn begin(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    Extension(asked): Extension<Asked>,
    ids: Ids,
    JsonBody { value: body, .. }: JsonBody<BeginBody>,
) -> Result<impl IntoResponse, Problem> {
    let BeginBody { set, reason } = body;
    let run = service.begin_bulk(&caller, ids.project()?, &set, reason, asked.call()).await?;
    let made = Made { target: resource(&run), place: place(&run), recorded: false };
    Ok((StatusCode::ACCEPTED, Extension(made), Json(BulkRunAnswer::from(run))))
}

/// Bulk actions, those that began last first. One that has ended is kept for 30 days.
#[utoipa::path(
    get,
    operation_id = "list_bulk_actions",
    path = "/api/{tenant_id}/{project_id}/execution/bulk",
    extensions(("x-required-role" = json!("viewer"))),
    tag = "Jobs",
    params(SeekParams),
    responses((status = 200, description = "A page of bulk actions", body = BulkRunList)),
)]
pub(crate) async fn list(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    ids: Ids,
    query: Query,
) -> Result<Json<BulkRunList>, Problem> {
    let reader = Reader { service: &service, caller: &caller, query: &query };
    let page = service.bulk_runs(&caller, ids.project()?, reader.seek()?).await?;
    let next_cursor = reader.next(&page);
    Ok(Json(BulkRunList { bulk_actions: page.rows.into_iter().map(Into::into).collect(), next_cursor }))
}

/// One bulk action, and how far it is.
#[utoipa::path(
    get,
    operation_id = "get_bulk_action",
    path = "/api/{tenant_id}/{project_id}/execution/bulk/{bulk_id}",
    extensions(("x-required-role" = json!("viewer"))),
    tag = "Jobs",
    responses((status = 200, description = "The bulk action", body = BulkRunAnswer)),
)]
pub(crate) async fn get(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    ids: Ids,
) -> Result<Json<BulkRunAnswer>, Problem> {
    Ok(Json(service.bulk_run(&caller, ids.project()?, id(&ids)?).await?.into()))
}

/// What became of each of its jobs, in the order in which their turn comes: the newest first.
#[utoipa::path(
    get,
    operation_id = "list_bulk_outcomes",
    path = "/api/{tenant_id}/{project_id}/execution/bulk/{bulk_id}/jobs",
    extensions(("x-required-role" = json!("viewer"))),
    tag = "Jobs",
    params(("outcome" = Option<BulkOutcomeWord>, Query, description = "Only jobs of which this became"), SeekParams),
    responses((status = 200, description = "A page of its jobs", body = BulkJobList)),
)]
pub(crate) async fn jobs(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    ids: Ids,
    query: Query,
) -> Result<Json<BulkJobList>, Problem> {
    let reader = Reader { service: &service, caller: &caller, query: &query };
    let (outcome, seek) = (query.word("outcome", &OUTCOMES)?, reader.seek()?);
    let (jobs, next) = service.bulk_jobs(&caller, ids.project()?, id(&ids)?, outcome, seek).await?;
    let next_cursor = next.map(|place| reader.cursor(&place));
    Ok(Json(BulkJobList { jobs: jobs.into_iter().map(Into::into).collect(), next_cursor }))
}

/// Ends a bulk action before its time: what was done stays done. One that has ended stays as it is.
#[utoipa::path(
    post,
    operation_id = "stop_bulk_action",
    path = "/api/{tenant_id}/{project_id}/execution/bulk/{bulk_id}/stop",
    extensions(("x-required-role" = json!("submitter"))),
    tag = "Jobs",
    responses((status = 200, description = "The bulk action as it is now", body = BulkRunAnswer)),
)]
pub(crate) async fn stop(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    ids: Ids,
) -> Result<Json<BulkRunAnswer>, Problem> {
    Ok(Json(service.stop_bulk(&caller, ids.project()?, id(&ids)?).await?.into()))
}

fn id(ids: &Ids) -> Result<BulkId, Problem> {
    ids.id("bulk_id")
}

/// Why a job would be left as it is.
fn told(code: &str) -> &'static str {
    match code {
        "JobEnded" => "it has ended already",
        "JobNotEnded" => "it has not ended yet",
        _ => "it has neither failed nor was it cancelled",
    }
}

impl From<BulkPreview> for PreviewAnswer {
    fn from(preview: BulkPreview) -> Self {
        let will_change = preview.willing();
        let skips = preview.skips.into_iter();
        Self {
            action: preview.action.as_str(),
            jobs: preview.counts.total(),
            will_change,
            summary: preview.counts.into(),
            oldest_job: moment(preview.span.map(|(oldest, _)| oldest)),
            newest_job: moment(preview.span.map(|(_, newest)| newest)),
            skips: skips.map(|(code, jobs)| SkipAnswer { code, message: told(code), jobs }).collect(),
            absent: preview.absent,
            set: preview.set,
        }
    }
}

impl From<BulkRun> for BulkRunAnswer {
    fn from(run: BulkRun) -> Self {
        Self {
            bulk_id: run.id.to_string(),
            action: run.action.as_str(),
            status: run.state().as_str(),
            jobs: run.jobs,
            done: run.done,
            skipped: run.skipped,
            failed: run.failed,
            left: run.left(),
            oldest_job: run.span.0.to_rfc3339(),
            newest_job: run.span.1.to_rfc3339(),
            date_created: run.created_at.to_rfc3339(),
            end_time: moment(run.ended_at),
            kept_until: moment(run.kept_until()),
            stop: run.stop.map(|stop| StopAnswer { code: stop.code, message: stop.message }),
            reason: run.reason,
            submitted_by: run.by,
        }
    }
}

impl From<BulkJob> for BulkJobAnswer {
    fn from(job: BulkJob) -> Self {
        let why = |code, message| Some(StopAnswer { code, message });
        let (outcome, new, error) = match job.outcome {
            None => ("Open", None, None),
            Some(JobOutcome::Done(new)) => ("Done", new, None),
            Some(JobOutcome::Skipped(code, message)) => ("Skipped", None, why(code, message)),
            Some(JobOutcome::Failed(code, message)) => ("Failed", None, why(code, message)),
        };
        Self {
            job_id: job.id.to_string(),
            job_number: job.ordinal,
            outcome,
            new_job_id: new.map(|new| new.to_string()),
            error,
        }
    }
}

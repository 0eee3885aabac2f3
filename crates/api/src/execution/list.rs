//! `GET /api/{tenantId}/{projectId}/execution/jobs`

use super::status::{completion, elapsed};
use super::times::PreciseTimes;
use super::{PRIORITIES, STATES, generation, moment};
use crate::auth::Caller;
use crate::extract::{Ids, Query};
use crate::openapi::words::{JobStateWord, JobTypeWord, PriorityWord};
use crate::paging::{PartParams, Reader};
use crate::problem::Problem;
use crate::text;
use axum::Json;
use axum::extract::State;
use fuelcell_domain::{Job, JobState, JobType, Ordinal, Timestamp};
use fuelcell_service::outlook::Outlook;
use fuelcell_service::query::Part;
use fuelcell_service::search::JobSearch;
use fuelcell_service::{JobFilter, Seek, Service, StateCounts};
use serde::Serialize;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ListAnswer {
    jobs: Vec<ListedJob>,
    summary: Summary,
    /// `null` in a page by cursor
    page: Option<u64>,
    page_size: u64,
    has_next_page: bool,
    /// `cursor` of the next page; `null` = there is none
    next_cursor: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ListedJob {
    job_id: String,
    job_number: u64,
    #[schema(value_type = JobTypeWord)]
    job_type: JobType,
    job_name: String,
    #[schema(value_type = JobStateWord)]
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    completion: Option<&'static str>,
    warning_count: u64,
    #[schema(value_type = PriorityWord)]
    priority: &'static str,
    progress: u8,
    start_time: Option<String>,
    end_time: Option<String>,
    duration: Option<String>,
    duration_seconds: Option<f64>,
    estimated_completion: Option<String>,
    submitted_by: String,
    resource_name: String,
    labels: BTreeMap<String, String>,
    retry_of: Option<String>,
    retry_reason: Option<String>,
    generation: u32,
    date_created: String,
    precise_times: PreciseTimes,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Summary {
    total_jobs: u64,
    running_jobs: u64,
    queued_jobs: u64,
    completed_jobs: u64,
    failed_jobs: u64,
    cancelled_jobs: u64,
}

/// What [`filter`] and [`search`] read, for the document.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
#[expect(dead_code, reason = "it describes parameters that are read by name")]
pub(super) struct FilterParams {
    /// Only jobs in this state
    status: Option<JobStateWord>,
    /// Only jobs of this type
    job_type: Option<JobTypeWord>,
    /// Only jobs of this priority
    priority: Option<PriorityWord>,
    /// Only jobs that this subject sent
    submitted_by: Option<String>,
    /// Only jobs of this pipeline
    pipeline_id: Option<uuid::Uuid>,
    /// No jobs in this state; not together with `status`
    not_status: Option<JobStateWord>,
    /// Only jobs with this in their name, or with an id that begins so; capitals do not matter
    #[param(max_length = 200)]
    text: Option<String>,
    /// Only jobs with this label: `key`, or `key=value`
    label: Option<String>,
    /// Only jobs of the module with this name
    module: Option<String>,
    /// No jobs of this type
    not_job_type: Option<JobTypeWord>,
    /// No jobs that this subject sent
    not_submitted_by: Option<String>,
    /// Only jobs created at or after this moment; without a zone it is UTC
    #[param(format = DateTime)]
    date_from: Option<String>,
    /// Only jobs created at or before this moment
    #[param(format = DateTime)]
    date_to: Option<String>,
}

/// Jobs that match, newest first. With `text`, `label`, `module`, `notJobType` or `notSubmittedBy` 5,000 jobs, or 16 MiB of
/// them with their parameters, are looked through for each page: it may hold fewer jobs than asked for while `hasNextPage` is true, and `summary` counts what
/// matches the other filters.
#[utoipa::path(
    get,
    operation_id = "list_jobs",
    path = "/api/{tenant_id}/{project_id}/execution/jobs",
    extensions(("x-required-role" = json!("viewer"))),
    tag = "Jobs",
    params(FilterParams, PartParams),
    responses((status = 200, description = "Jobs, newest first", body = ListAnswer)),
)]
pub(crate) async fn list(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    ids: Ids,
    query: Query,
) -> Result<Json<ListAnswer>, Problem> {
    let filter = filter(&query)?;
    let reader = Reader { service: &service, caller: &caller, query: &query };
    let (part, mut numbers) = reader.part()?;
    let (project, search) = (ids.project()?, search(&query)?);
    let list = match search.is_empty() {
        true => service.jobs(&caller, project, &filter, part).await?,
        false => {
            numbers.number = None;
            service.search_jobs(&caller, project, &filter, &search, seek(part)?).await?
        }
    };
    Ok(Json(ListAnswer {
        jobs: list.jobs.into_iter().map(|(job, outlook)| listed(job, &outlook)).collect(),
        summary: list.counts.into(),
        page: numbers.number,
        page_size: numbers.size,
        has_next_page: list.has_more,
        next_cursor: list.next.map(|place| reader.cursor(&place)),
    }))
}

impl From<StateCounts> for Summary {
    fn from(counts: StateCounts) -> Self {
        Self {
            total_jobs: counts.total(),
            running_jobs: counts.running,
            queued_jobs: counts.queued,
            completed_jobs: counts.completed,
            failed_jobs: counts.failed,
            cancelled_jobs: counts.cancelled,
        }
    }
}

pub(super) fn filter(query: &Query) -> Result<JobFilter, Problem> {
    Ok(JobFilter {
        states: states(query)?,
        job_type: query.job_type()?,
        priority: query.word("priority", &PRIORITIES)?,
        submitted_by: query.text("submittedBy").map(str::to_owned),
        pipeline: query.id("pipelineId")?,
        created_from: query.moment("dateFrom", false)?,
        created_to: query.moment("dateTo", true)?,
        ..JobFilter::default()
    })
}

/// What `status` and `notStatus` leave.
fn states(query: &Query) -> Result<Vec<JobState>, Problem> {
    let wanted = query.word("status", &STATES)?;
    let Some(not) = query.word("notStatus", &STATES)? else { return Ok(wanted.into_iter().collect()) };
    match wanted {
        Some(_) => Err(Problem::invalid("InvalidQuery", "give status or notStatus, not both")),
        None => Ok(STATES.map(|(_, state)| state).into_iter().filter(|state| *state != not).collect()),
    }
}

pub(super) fn search(query: &Query) -> Result<JobSearch, Problem> {
    let text = |name| query.text(name).map(str::to_owned);
    let label = query.text("label").map(|label| match label.split_once('=') {
        Some((key, value)) => (key.to_owned(), Some(value.to_owned())),
        None => (label.to_owned(), None),
    });
    Ok(JobSearch {
        text: text("text"),
        label,
        module: text("module"),
        not_type: query.job_type_of("notJobType")?,
        not_by: text("notSubmittedBy"),
    })
}

/// A search has no numbered pages but the first one.
fn seek(part: Part<Reverse<Ordinal>>) -> Result<Seek<Reverse<Ordinal>>, Problem> {
    match part {
        Part::Behind(place, limit) => Ok(Seek { after: Some(place), limit }),
        Part::Numbered(page) if page.offset == 0 => Ok(Seek { after: None, limit: page.limit }),
        Part::Numbered(_) => Err(Problem::invalid(
            "InvalidQuery",
            "with text, label, module, notJobType or notSubmittedBy further pages are asked for by cursor, not by page",
        )),
    }
}

fn listed(job: Job, outlook: &Outlook) -> ListedJob {
    let duration = job.ended_at.map(|end| elapsed(&job, end));
    let end: Option<Timestamp> = job.ended_at;
    let precise_times = PreciseTimes::of(&job);
    ListedJob {
        job_id: job.id.to_string(),
        job_number: job.ordinal,
        job_type: job.job_type,
        status: job.state.as_str(),
        completion: completion(&job).0,
        warning_count: job.pulse.report.warning_count(),
        priority: job.priority.as_str(),
        progress: job.pulse.progress.percentage,
        start_time: moment(job.started_at),
        end_time: moment(end),
        duration: duration.map(text::elapsed),
        duration_seconds: duration.map(|duration| duration.as_secs_f64()),
        estimated_completion: moment(end.or(outlook.completion)),
        resource_name: job.pipeline.map_or(job.module.name, |pipeline| pipeline.name),
        labels: job.labels.into_iter().collect(),
        generation: generation(job.retry_of.as_ref()),
        retry_of: job.retry_of.as_ref().map(|earlier| earlier.job.to_string()),
        retry_reason: job.retry_of.and_then(|earlier| earlier.reason),
        job_name: job.name,
        submitted_by: job.submitted_by,
        date_created: job.created_at.to_rfc3339(),
        precise_times,
    }
}

//! `GET /wp-json/datamachine/v1/jobs` and `…/jobs/{id}`

use super::parameters::Parameters;
use super::{errors, moment, project, status};
use crate::auth::Caller;
use crate::extract::{Ids, Query};
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use fuelcell_domain::{Job, JobState, Ordinal, Standing};
use fuelcell_service::{JobFilter, JobOrder, PageRequest, Service, ServiceError, SortKey};
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

pub(crate) const MAX_PER_PAGE: u32 = 100;
const DEFAULT_PER_PAGE: u32 = 50;

/// What `orderby` may name: every documented field of a job.
const FIELDS: [(&str, SortKey); 7] = [
    ("job_id", SortKey::Ordinal),
    ("flow_id", SortKey::Pipeline),
    ("pipeline_id", SortKey::Pipeline),
    ("status", SortKey::Standing(status::BY_WORD)),
    ("started_at", SortKey::StartedAt),
    ("completed_at", SortKey::EndedAt),
    ("error_message", SortKey::Error),
];

/// What `order` may name, and whether it is the falling one.
const DIRECTIONS: [(&str, bool); 2] = [("ASC", false), ("DESC", true)];

/// A page of jobs.
#[derive(Serialize, ToSchema)]
#[schema(as = DataMachineJobs)]
pub(crate) struct JobsAnswer {
    success: bool,
    data: Vec<JobRow>,
    /// All jobs that match.
    total: u64,
    per_page: u32,
    offset: u32,
}

/// One job.
#[derive(Serialize, ToSchema)]
#[schema(as = DataMachineJobAnswer)]
pub(crate) struct JobAnswer {
    success: bool,
    data: JobRow,
}

#[derive(Serialize, ToSchema)]
#[schema(as = DataMachineJob)]
struct JobRow {
    job_id: Ordinal,
    /// A flow is its pipeline; 0 = none.
    flow_id: Ordinal,
    /// 0 = none.
    pipeline_id: Ordinal,
    /// `base_status`, or `agent_skipped - REASON`.
    status: String,
    started_at: Option<String>,
    completed_at: Option<String>,
    error_message: Option<String>,
    created_at: String,
    pipeline_name: Option<String>,
    flow_name: Option<String>,
    base_status: &'static str,
    status_reason: Option<String>,
}

/// Jobs of the password's project. Jobs without a value in the field of `orderby` come last; those with the same value
/// are ordered by `job_id`, in the same direction. Messages and reasons are compared by their first 128 bytes.
#[utoipa::path(
    get,
    operation_id = "data_machine_jobs",
    path = "/wp-json/datamachine/v1/jobs",
    security(("basic" = [])),
    extensions(("x-required-role" = json!("administrator"))),
    tag = "Data Machine",
    params(
        ("orderby" = Option<String>, Query, pattern = "^(job_id|flow_id|pipeline_id|status|started_at|completed_at|error_message)?$", description = "`job_id` when absent"),
        ("order" = Option<String>, Query, pattern = "^(ASC|DESC)?$", description = "`DESC` when absent"),
        ("per_page" = Option<u32>, Query, minimum = 1, maximum = 100, description = "50 when absent"),
        ("offset" = Option<u32>, Query, minimum = 0, maximum = 4294967295_u32, description = "Matches to pass over"),
        ("pipeline_id" = Option<u32>, Query, minimum = 0, maximum = 4294967295_u32, description = "Only jobs of this pipeline; 0 = without one"),
        ("flow_id" = Option<u32>, Query, minimum = 0, maximum = 4294967295_u32, description = "The same: a flow is its pipeline"),
        ("status" = Option<String>, Query, pattern = "^(pending|processing|completed|completed_no_items|agent_skipped|failed|cancelled)?$", description = "Only jobs of this base status"),
    ),
    responses((status = 200, description = "A page of jobs", body = JobsAnswer)),
)]
pub(crate) async fn list(
    State(service): State<Arc<Service>>,
    caller: Caller,
    query: Query,
) -> Result<Json<JobsAnswer>, Problem> {
    let project = project(&caller)?;
    let wanted = Wanted::of(&query)?;
    let (offset, per_page) = (wanted.offset, wanted.per_page);
    let page = PageRequest { offset: offset.into(), limit: per_page as usize };
    let (jobs, total) = match wanted.filter() {
        Some(filter) => service.ordered_jobs(&caller.0, project, &filter, wanted.order, page).await?,
        None => (Vec::new(), 0),
    };
    Ok(Json(JobsAnswer { success: true, data: jobs.iter().map(row).collect(), total, per_page, offset }))
}

/// One job by its number.
#[utoipa::path(
    get,
    operation_id = "data_machine_job",
    path = "/wp-json/datamachine/v1/jobs/{id}",
    security(("basic" = [])),
    extensions(("x-required-role" = json!("administrator"))),
    tag = "Data Machine",
    responses((status = 200, description = "The job", body = JobAnswer)),
)]
pub(crate) async fn get(
    State(service): State<Arc<Service>>,
    caller: Caller,
    ids: Ids,
) -> Result<Json<JobAnswer>, Problem> {
    let id = ids.text("id");
    let absent = || errors::job_not_found(id);
    let ordinal = id.parse().map_err(|_| absent())?;
    let job = service.job_by_ordinal(&caller.0, project(&caller)?, ordinal).await;
    let job = job.map_err(|error| match error {
        ServiceError::NotFound(_) => absent(),
        other => other.into(),
    })?;
    Ok(Json(JobAnswer { success: true, data: row(&job) }))
}

/// What a list was asked for.
struct Wanted {
    order: JobOrder,
    per_page: u32,
    offset: u32,
    pipeline: Option<Ordinal>,
    flow: Option<Ordinal>,
    standing: Option<Standing>,
}

impl Wanted {
    fn of(query: &Query) -> Result<Self, Problem> {
        let mut parameters = Parameters::of(query);
        let key = parameters.word("orderby", &FIELDS.map(|(word, _)| word), |text| one_of(&FIELDS, text));
        let directions = DIRECTIONS.map(|(word, _)| word);
        let descending = parameters.word("order", &directions, |text| one_of(&DIRECTIONS, text));
        let statuses = status::BY_WORD.map(status::base);
        let wanted = Self {
            order: JobOrder { key: key.unwrap_or(SortKey::Ordinal), descending: descending.unwrap_or(true) },
            per_page: parameters.integer("per_page", 1..=MAX_PER_PAGE).unwrap_or(DEFAULT_PER_PAGE),
            offset: parameters.integer("offset", 0..=u32::MAX).unwrap_or(0),
            pipeline: parameters.integer("pipeline_id", 0..=u32::MAX).map(Ordinal::from),
            flow: parameters.integer("flow_id", 0..=u32::MAX).map(Ordinal::from),
            standing: parameters.word("status", &statuses, status::standing),
        };
        parameters.check()?;
        Ok(wanted)
    }

    /// Which jobs; `None` when there can be none, because a flow has no other number than its pipeline.
    fn filter(&self) -> Option<JobFilter> {
        let pipeline_number = match (self.pipeline, self.flow) {
            (Some(pipeline), Some(flow)) if pipeline != flow => return None,
            (pipeline, flow) => pipeline.or(flow),
        };
        let standings = self.standing.into_iter().collect();
        Some(JobFilter { standings, pipeline_number, ..JobFilter::default() })
    }
}

fn one_of<T: Copy>(allowed: &[(&str, T)], text: &str) -> Option<T> {
    allowed.iter().find(|(word, _)| word.eq_ignore_ascii_case(text)).map(|(_, value)| *value)
}

fn row(job: &Job) -> JobRow {
    let pipeline = job.pipeline.as_ref();
    let number = pipeline.map_or(0, |pipeline| pipeline.ordinal);
    let name = pipeline.map(|pipeline| pipeline.name.clone());
    JobRow {
        job_id: job.ordinal,
        flow_id: number,
        pipeline_id: number,
        status: status::status(job),
        // A job that waits for its next attempt has not started it.
        started_at: job.started_at.filter(|_| job.state != JobState::Queued).map(moment),
        completed_at: job.ended_at.map(moment),
        error_message: job.error().map(|error| error.message.clone()),
        created_at: moment(job.created_at),
        pipeline_name: name.clone(),
        flow_name: name,
        base_status: status::base(Standing::of(job)),
        status_reason: status::reason(job).map(str::to_owned),
    }
}

//! `GET /api/{tenantId}/{projectId}/execution/job/{jobId}`

use super::receipt::{LimitsDto, ReceiptDto};
use super::times::PreciseTimes;
use super::{generation, moment};
use crate::auth::Caller;
use crate::engine::EngineDto;
use crate::extract::{Ids, Query};
use crate::openapi::words::{JobStateWord, JobTypeWord, PriorityWord};
use crate::problem::Problem;
use crate::stop::Stop;
use crate::text;
use axum::extract::State;
use axum::{Extension, Json};
use fuelcell_domain::estimate::WaitReason;
use fuelcell_domain::job::{CancelRequest, JobEnd, PipelineRef};
use fuelcell_domain::{
    Completion, FIXED, InputRef, Job, JobError, JobState, JobType, ModuleRef, Receipt, Timestamp, Usage,
};
use fuelcell_service::Service;
use fuelcell_service::outlook::Outlook;
use fuelcell_service::query::JobView;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use utoipa::ToSchema;

/// Longest `wait`, in seconds.
pub(crate) const MAX_WAIT: u64 = 60;

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StatusAnswer {
    job_id: String,
    project_id: String,
    job_number: u64,
    #[schema(value_type = JobTypeWord)]
    job_type: JobType,
    job_name: String,
    job_description: String,
    #[schema(value_type = JobStateWord)]
    status: &'static str,
    #[schema(value_type = PriorityWord)]
    priority: &'static str,
    progress: ProgressDto,
    resource: ResourceDto,
    execution: ExecutionDto,
    metrics: MetricsDto,
    module: ModuleDto,
    limits: LimitsDto,
    deterministic: bool,
    labels: BTreeMap<String, String>,
    keep_partial_on_failure: bool,
    /// Whether it leaves a profile of its fuel behind
    profile: bool,
    scheduled_time: Option<String>,
    attempt: u32,
    /// Its place among all jobs that may start; `null` while its time has not come, and when it is not queued
    queue_position: Option<u64>,
    estimated_start_time: Option<String>,
    wait_reason: Option<WaitReasonDto>,
    cancel_requested: bool,
    cancel_reason: Option<String>,
    cancelled_by: Option<String>,
    cancel_requested_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    completion: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    completion_reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorDto>,
    /// What it reads
    inputs: Vec<InputDto>,
    /// The account of the latest ended attempt.
    receipt: Option<ReceiptDto>,
    /// The accounts of all ended attempts, oldest first.
    receipts: Vec<ReceiptDto>,
    retry_of: Option<String>,
    retry_reason: Option<String>,
    generation: u32,
    date_created: String,
    last_updated: String,
    precise_times: PreciseTimes,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ProgressDto {
    percentage: u8,
    current_stage: String,
    estimated_completion: Option<String>,
    elapsed_time: String,
    elapsed_seconds: f64,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ResourceDto {
    resource_type: &'static str,
    resource_id: Option<String>,
    resource_name: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ExecutionDto {
    start_time: Option<String>,
    end_time: Option<String>,
    submitted_by: String,
    execution_node: Option<String>,
    memory_usage: Option<String>,
    memory_bytes: Option<u64>,
    cpu_usage: Option<String>,
    cpu_percent: Option<f64>,
    disk_usage: Option<String>,
    disk_bytes: Option<u64>,
    /// Units of fuel that the latest attempt has burnt, as far as the engine has said so while it runs; `null` = nobody
    /// counted yet
    fuel: Option<u64>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct MetricsDto {
    records_processed: u64,
    total_records: Option<u64>,
    error_count: u64,
    warning_count: u64,
    average_processing_rate: Option<String>,
    records_per_second: Option<f64>,
}

#[derive(Serialize, ToSchema)]
struct ModuleDto {
    name: String,
    version: String,
    digest: String,
    /// The engine that runs it, when it is a script; the job is pinned to both
    engine: Option<EngineDto>,
}

/// Why a job waits.
#[derive(Serialize, ToSchema)]
pub(super) struct WaitReasonDto {
    code: &'static str,
    message: String,
}

/// Why a job failed, or was cancelled.
#[derive(Serialize, ToSchema)]
pub(crate) struct ErrorDto {
    code: String,
    message: String,
    details: Option<String>,
}

/// One job.
#[utoipa::path(
    get,
    operation_id = "job_status",
    path = "/api/{tenant_id}/{project_id}/execution/job/{job_id}",
    extensions(("x-required-role" = json!("viewer"))),
    tag = "Jobs",
    params(("wait" = Option<String>, Query, pattern = "^([0-9]|[1-5][0-9]|60)s?$", description = "Answer when the state changes, or after this time: 0s to 60s")),
    responses((status = 200, description = "The job as it stands", body = StatusAnswer), (status = 429, description = "Too many requests wait already")),
)]
pub(crate) async fn status(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    Extension(Stop(stop)): Extension<Stop>,
    ids: Ids,
    query: Query,
) -> Result<Json<StatusAnswer>, Problem> {
    let (project, job) = (ids.project()?, ids.id("job_id")?);
    let view = match query.seconds("wait", MAX_WAIT)? {
        None => service.job(&caller, project, job).await?,
        Some(patience) => tokio::select! {
            moved = service.job_when_it_moves(&caller, project, job, patience) => moved?,
            // A server that stops does not keep its clients waiting.
            () = stop.cancelled() => service.job(&caller, project, job).await?,
        },
    };
    Ok(Json(answer(view, Timestamp::from(chrono::Utc::now()))))
}

fn answer(JobView { job, outlook, receipts }: JobView, now: Timestamp) -> StatusAnswer {
    let elapsed = elapsed(&job, now);
    let (completion, completion_reason) = completion(&job);
    let error = job.error().map(Into::into);
    let precise_times = PreciseTimes::of(&job);
    StatusAnswer {
        job_id: job.id.to_string(),
        project_id: job.project.project.to_string(),
        job_number: job.ordinal,
        job_type: job.job_type,
        status: job.state.as_str(),
        priority: job.priority.as_str(),
        progress: progress(&job, &outlook, elapsed),
        resource: resource(&job),
        execution: execution(&job, receipts.last(), elapsed),
        metrics: metrics(&job, elapsed),
        module: ModuleDto {
            name: job.module.name.clone(),
            version: job.module.version.clone(),
            digest: job.module.digest.to_string(),
            engine: job.module.engine.as_ref().map(EngineDto::from),
        },
        limits: LimitsDto::new(job.limits, FIXED),
        deterministic: job.deterministic,
        labels: job.labels.into_iter().collect(),
        keep_partial_on_failure: job.keep_partial_on_failure,
        profile: job.profile,
        scheduled_time: moment(job.not_before),
        attempt: job.attempt,
        queue_position: outlook.queue_position,
        estimated_start_time: moment(outlook.start),
        wait_reason: outlook.wait_reason.map(|reason| wait_reason(reason, &job.module)),
        cancel_requested: job.cancel.is_some(),
        cancel_requested_at: moment(job.cancel.as_ref().map(|cancel| cancel.at)),
        cancelled_by: job.cancel.as_ref().map(|cancel| cancel.by.clone()),
        cancel_reason: job.cancel.and_then(|cancel| cancel.reason),
        completion,
        completion_reason,
        error,
        inputs: job.inputs.into_iter().map(Into::into).collect(),
        receipt: receipts.last().cloned().map(Into::into),
        receipts: receipts.into_iter().map(Into::into).collect(),
        generation: generation(job.retry_of.as_ref()),
        retry_of: job.retry_of.as_ref().map(|earlier| earlier.job.to_string()),
        retry_reason: job.retry_of.and_then(|earlier| earlier.reason),
        date_created: job.created_at.to_rfc3339(),
        last_updated: job.updated_at.to_rfc3339(),
        precise_times,
        job_name: job.name,
        job_description: job.description,
    }
}

/// A file that the job reads, as it was when the job was submitted
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct InputDto {
    /// Its name in the module's manifest
    name: String,
    /// `null` = it is an output of the job that this one retries
    dataset_id: Option<String>,
    file_name: String,
    size_bytes: u64,
    /// SHA-256
    digest: String,
}

impl From<InputRef> for InputDto {
    fn from(InputRef { name, dataset, file_name, digest, size, .. }: InputRef) -> Self {
        Self {
            name,
            dataset_id: dataset.map(|dataset| dataset.to_string()),
            file_name,
            size_bytes: size,
            digest: digest.to_string(),
        }
    }
}

/// From the latest start to the end, or to now.
pub(super) fn elapsed(job: &Job, now: Timestamp) -> Duration {
    match (job.state, job.started_at) {
        (JobState::Queued, _) | (_, None) => Duration::ZERO,
        (_, Some(start)) => job.ended_at.unwrap_or(now).since(start),
    }
}

fn progress(job: &Job, outlook: &Outlook, elapsed: Duration) -> ProgressDto {
    let told = &job.pulse.progress;
    let stage = match (job.state, told.stage.as_str()) {
        (JobState::Running, "") => "Starting",
        (JobState::Running, stage) => stage,
        (state, _) => state.as_str(),
    };
    let estimated_completion = match job.state.is_ended() {
        true => job.ended_at,
        false => outlook.completion,
    };
    ProgressDto {
        percentage: told.percentage,
        current_stage: stage.to_owned(),
        estimated_completion: moment(estimated_completion),
        elapsed_time: text::elapsed(elapsed),
        elapsed_seconds: elapsed.as_secs_f64(),
    }
}

fn resource(job: &Job) -> ResourceDto {
    match &job.pipeline {
        Some(PipelineRef { id, name, .. }) => ResourceDto {
            resource_type: "Pipeline",
            resource_id: Some(id.to_string()),
            resource_name: name.clone(),
        },
        None => {
            ResourceDto { resource_type: "Module", resource_id: None, resource_name: job.module.name.clone() }
        }
    }
}

fn execution(job: &Job, receipt: Option<&Receipt>, elapsed: Duration) -> ExecutionDto {
    let started = job.attempt > 0;
    let usage = job.pulse.usage;
    // While it runs, what it holds now; afterwards, the most it held.
    let memory = match job.state {
        JobState::Running => job.pulse.memory_bytes,
        _ => usage.peak_memory_bytes,
    };
    let cpu = started.then(|| cpu_percent(usage, elapsed)).flatten();
    let node = job.lease.as_ref().map(|lease| lease.node.to_string());
    ExecutionDto {
        start_time: moment(job.started_at),
        end_time: moment(job.ended_at),
        submitted_by: job.submitted_by.clone(),
        execution_node: node.or_else(|| receipt.map(|receipt| receipt.node.clone())),
        memory_usage: started.then(|| text::size(memory)),
        memory_bytes: started.then_some(memory),
        cpu_usage: cpu.map(|percent| format!("{percent:.0}%")),
        cpu_percent: cpu,
        disk_usage: started.then(|| text::size(usage.bytes_written)),
        disk_bytes: started.then_some(usage.bytes_written),
        fuel: usage.fuel.units().filter(|_| started),
    }
}

/// CPU time as a share of wall time, in percent of one core.
fn cpu_percent(usage: Usage, elapsed: Duration) -> Option<f64> {
    let wall = match usage.wall_micros {
        0 => elapsed.as_micros() as f64,
        wall => wall as f64,
    };
    (wall > 0.0).then(|| (usage.cpu_micros as f64 / wall * 1000.0).round() / 10.0)
}

fn metrics(job: &Job, elapsed: Duration) -> MetricsDto {
    let report = &job.pulse.report;
    let seconds = elapsed.as_secs_f64();
    let rate =
        (report.records_processed > 0 && seconds > 0.0).then(|| report.records_processed as f64 / seconds);
    MetricsDto {
        records_processed: report.records_processed,
        total_records: report.records_total,
        error_count: report.errors,
        warning_count: report.warning_count(),
        average_processing_rate: rate.map(|rate| format!("{rate:.0} records/second")),
        records_per_second: rate,
    }
}

/// How it ended well, and why it was skipped.
pub(super) fn completion(job: &Job) -> (Option<&'static str>, Option<String>) {
    match &job.end {
        Some(JobEnd::Completed(Completion::Done)) => (Some("Done"), None),
        Some(JobEnd::Completed(Completion::NoItems)) => (Some("NoItems"), None),
        Some(JobEnd::Completed(Completion::Skipped(reason))) => (Some("Skipped"), Some(reason.clone())),
        Some(JobEnd::Failed(_) | JobEnd::Cancelled) | None => (None, None),
    }
}

pub(super) fn wait_reason(reason: WaitReason, module: &ModuleRef) -> WaitReasonDto {
    let message = match reason {
        WaitReason::Scheduled(until) => format!("it is scheduled for {until}"),
        WaitReason::Backoff(until) => {
            format!("it failed for a passing reason and is tried again at {until}")
        }
        WaitReason::ModuleCompiling => match &module.engine {
            Some(engine) => format!("its engine {engine} is being compiled"),
            None => "its module is being compiled".into(),
        },
        WaitReason::ConcurrencyLimit => {
            "its project, pipeline or module has as many running jobs as it may have".into()
        }
        WaitReason::NoFreeSlot => "all slots are taken by running jobs".into(),
        WaitReason::FairShare => "it is the turn of other tenants, whose jobs have used less of late".into(),
        WaitReason::Memory => "the memory that it may use is not free".into(),
        WaitReason::Behind => "jobs before it go first".into(),
        WaitReason::Starting => "nothing holds it up; it starts at once".into(),
    };
    WaitReasonDto { code: reason.code(), message }
}

impl From<&CancelRequest> for ErrorDto {
    fn from(cancel: &CancelRequest) -> Self {
        let message = cancel.reason.clone().unwrap_or_else(|| format!("cancelled by {}", cancel.by));
        Self { code: JobState::Cancelled.as_str().to_owned(), message, details: None }
    }
}

impl From<&JobError> for ErrorDto {
    fn from(error: &JobError) -> Self {
        Self { code: error.code.to_string(), message: error.message.clone(), details: error.details.clone() }
    }
}

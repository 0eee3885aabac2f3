//! `GET /api/{tenantId}/{projectId}/execution/queue`

use super::moment;
use super::status::{WaitReasonDto, wait_reason};
use crate::auth::Caller;
use crate::extract::{Ids, Query};
use crate::openapi::words::{JobTypeWord, PriorityWord};
use crate::paging::Reader;
use crate::problem::Problem;
use crate::text;
use axum::Json;
use axum::extract::State;
use fuelcell_domain::Job;
use fuelcell_domain::JobType;
use fuelcell_service::Service;
use fuelcell_service::outlook::Outlook;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct QueueAnswer {
    jobs: Vec<QueuedJob>,
    /// All that may start
    total_queued_jobs: u64,
    /// All whose time has not come
    total_scheduled_jobs: u64,
    /// `null` in a page by cursor
    page: Option<u64>,
    page_size: u64,
    has_next_page: bool,
    /// `cursor` of the next page; `null` = there is none
    next_cursor: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct QueuedJob {
    job_id: String,
    job_number: u64,
    #[schema(value_type = JobTypeWord)]
    job_type: JobType,
    job_name: String,
    #[schema(value_type = PriorityWord)]
    priority: &'static str,
    /// Its place among all jobs that may start; `null` while its time has not come
    queue_position: Option<u64>,
    wait_reason: Option<WaitReasonDto>,
    scheduled_time: Option<String>,
    estimated_start_time: Option<String>,
    estimated_completion: Option<String>,
    estimated_duration: Option<String>,
    estimated_duration_seconds: Option<[f64; 2]>,
    submitted_by: String,
    resource_name: String,
    date_created: String,
}

/// The project's queued jobs: first those that may start, in the order in which they do, then those whose time has not come, by
/// that time.
#[utoipa::path(
    get,
    operation_id = "list_queue",
    path = "/api/{tenant_id}/{project_id}/execution/queue",
    extensions(("x-required-role" = json!("viewer"))),
    tag = "Jobs",
    params(("page" = Option<u32>, Query, minimum = 1, maximum = 2147483647, description = "Page, from 1"), ("pageSize" = Option<u32>, Query, minimum = 1, maximum = 100, description = "Entries of a page; 20 by default"), ("cursor" = Option<String>, Query, description = "`nextCursor` of the page before: what comes behind it, each job once, in the queue as it was seen for the first page. Not together with `page`")),
    responses((status = 200, description = "Queued jobs that may start, in the order in which they do; then the others by their time", body = QueueAnswer)),
)]
pub(crate) async fn queue(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    ids: Ids,
    query: Query,
) -> Result<Json<QueueAnswer>, Problem> {
    let reader = Reader { service: &service, caller: &caller, query: &query };
    let (part, numbers) = reader.part()?;
    let queue = service.queued_jobs(&caller, ids.project()?, part).await?;
    Ok(Json(QueueAnswer {
        has_next_page: queue.has_more,
        next_cursor: queue.next.map(|place| reader.cursor(&place)),
        jobs: queue.jobs.into_iter().map(|(job, outlook)| queued(job, outlook)).collect(),
        total_queued_jobs: queue.due,
        total_scheduled_jobs: queue.scheduled,
        page: numbers.number,
        page_size: numbers.size,
    }))
}

fn queued(job: Job, outlook: Outlook) -> QueuedJob {
    QueuedJob {
        job_id: job.id.to_string(),
        job_number: job.ordinal,
        job_type: job.job_type,
        priority: job.priority.as_str(),
        queue_position: outlook.queue_position,
        wait_reason: outlook.wait_reason.map(|reason| wait_reason(reason, &job.module)),
        scheduled_time: moment(job.not_before),
        estimated_start_time: moment(outlook.start),
        estimated_completion: moment(outlook.completion),
        estimated_duration: outlook.duration.map(|span| text::range(span.low, span.high)),
        estimated_duration_seconds: outlook
            .duration
            .map(|span| [span.low.as_secs_f64(), span.high.as_secs_f64()]),
        resource_name: job.pipeline.map_or(job.module.name, |pipeline| pipeline.name),
        job_name: job.name,
        submitted_by: job.submitted_by,
        date_created: job.created_at.to_rfc3339(),
    }
}

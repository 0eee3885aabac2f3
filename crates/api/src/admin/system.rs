//! `GET /api/admin/system`: the whole server, for those who operate it.

use crate::auth::Caller;
use crate::openapi::words::PriorityWord;
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use fuelcell_domain::seams::NodeLoad;
use fuelcell_domain::{Priority, Tenant, Timestamp};
use fuelcell_service::system::ServerStatus;
use fuelcell_service::{QueueEntry, Service, TenantFigures};
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ServerAnswer {
    timestamp: String,
    /// Whether the store can be written
    store_healthy: bool,
    /// Jobs that may start, the most urgent first
    queue: Vec<LaneDto>,
    /// Jobs whose time has not come
    scheduled_jobs: u64,
    nodes: Vec<ServerNodeDto>,
    /// Jobs at the heads of tenants' queues, 20 at most, the one that has waited longest first
    waiting: Vec<WaitingDto>,
    tenants: Vec<TenantFiguresDto>,
    /// Whether there are more tenants than are listed
    has_more_tenants: bool,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct LaneDto {
    #[schema(value_type = PriorityWord)]
    priority: &'static str,
    jobs: u64,
    /// Since when the one that has waited longest may start; `null` = none waits
    oldest_since: Option<String>,
    oldest_seconds: Option<f64>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ServerNodeDto {
    node_id: String,
    /// Whether it takes new jobs
    active: bool,
    active_jobs: u32,
    job_capacity: u32,
    /// Attempts since its start whose results were dropped, because they did not hold their job any more
    dropped_results: u64,
    /// Bytes that the memory limits of its running jobs may add up to, and do add up to
    job_memory_bytes: u64,
    job_memory_reserved_bytes: u64,
    cores: u32,
    cpu_percent: Option<f64>,
    memory_used_bytes: Option<u64>,
    memory_total_bytes: Option<u64>,
    disk_free_bytes: Option<u64>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct WaitingDto {
    job_id: String,
    job_number: u64,
    tenant_id: String,
    project_id: String,
    #[schema(value_type = PriorityWord)]
    priority: &'static str,
    module: String,
    since: String,
    waited_seconds: f64,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct TenantFiguresDto {
    tenant_id: String,
    name: String,
    queued_jobs: u64,
    scheduled_jobs: u64,
    running_jobs: u64,
    /// Of the UTC day so far
    completed_today: u64,
    failed_today: u64,
}

/// The whole server: queue, nodes, what has waited longest, and figures of all tenants.
#[utoipa::path(
    get,
    operation_id = "server_status",
    path = "/api/admin/system",
    extensions(("x-required-role" = json!("operator"))),
    tag = "Administration",
    responses((status = 200, description = "The state of the server", body = ServerAnswer)),
)]
pub(crate) async fn status(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
) -> Result<Json<ServerAnswer>, Problem> {
    let ServerStatus { at, store_healthy, nodes, queue, waiting, tenants, has_more_tenants } =
        service.server_status(&caller).await?;
    let lanes = Priority::ALL.into_iter().zip(queue.ready).rev();
    let lanes = lanes.map(|(priority, waiting)| LaneDto {
        priority: priority.as_str(),
        jobs: waiting.jobs,
        oldest_since: waiting.since.map(Timestamp::to_rfc3339),
        oldest_seconds: waiting.since.map(|since| at.since(since).as_secs_f64()),
    });
    Ok(Json(ServerAnswer {
        timestamp: at.to_rfc3339(),
        store_healthy,
        queue: lanes.collect(),
        scheduled_jobs: queue.scheduled,
        nodes: nodes.into_iter().map(node).collect(),
        waiting: waiting.into_iter().map(|entry| waits(&entry, at)).collect(),
        tenants: tenants.into_iter().map(figures).collect(),
        has_more_tenants,
    }))
}

fn node(load: NodeLoad) -> ServerNodeDto {
    ServerNodeDto {
        node_id: load.node.to_string(),
        active: load.active,
        active_jobs: load.active_jobs,
        job_capacity: load.job_capacity,
        dropped_results: load.dropped_results,
        job_memory_bytes: load.job_memory_bytes,
        job_memory_reserved_bytes: load.job_memory_reserved_bytes,
        cores: load.cores,
        cpu_percent: load.cpu_percent,
        memory_used_bytes: load.memory_used_bytes,
        memory_total_bytes: load.memory_total_bytes,
        disk_free_bytes: load.disk_free_bytes,
    }
}

fn waits(entry: &QueueEntry, at: Timestamp) -> WaitingDto {
    let since = entry.since();
    WaitingDto {
        job_id: entry.job.to_string(),
        job_number: entry.ordinal,
        tenant_id: entry.project.tenant.to_string(),
        project_id: entry.project.project.to_string(),
        priority: entry.priority.as_str(),
        module: entry.module.name.clone(),
        since: since.to_rfc3339(),
        waited_seconds: at.since(since).as_secs_f64(),
    }
}

fn figures((tenant, figures): (Tenant, TenantFigures)) -> TenantFiguresDto {
    TenantFiguresDto {
        tenant_id: tenant.id.to_string(),
        name: tenant.name,
        queued_jobs: figures.queued.iter().sum(),
        scheduled_jobs: figures.scheduled,
        running_jobs: figures.running,
        completed_today: figures.completed,
        failed_today: figures.failed,
    }
}

//! `GET /api/{tenantId}/execution/system/status`

use crate::auth::Caller;
use crate::extract::Ids;
use crate::problem::Problem;
use crate::text;
use axum::Json;
use axum::extract::State;
use fuelcell_domain::Timestamp;
use fuelcell_domain::seams::NodeLoad;
use fuelcell_service::Service;
use fuelcell_service::TenantFigures;
use fuelcell_service::system::SystemStatus;
use serde::Serialize;
use std::sync::Arc;
use std::time::Duration;
use utoipa::ToSchema;

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SystemAnswer {
    system_status: &'static str,
    timestamp: String,
    execution_nodes: Vec<NodeDto>,
    queue_statistics: QueueDto,
    performance_metrics: PerformanceDto,
    resource_utilization: UtilizationDto,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct NodeDto {
    node_id: String,
    status: &'static str,
    cpu_usage: Option<u64>,
    memory_usage: Option<u64>,
    active_jobs: Option<u32>,
    job_capacity: u32,
    /// Attempts since the node's start whose results were dropped, because they did not hold their job any more
    dropped_results: Option<u64>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct QueueDto {
    /// Jobs that may start; so are those by priority
    total_queued_jobs: u64,
    /// Jobs whose time has not come
    scheduled_jobs: u64,
    high_priority_jobs: u64,
    critical_priority_jobs: u64,
    normal_priority_jobs: u64,
    low_priority_jobs: u64,
    running_jobs: u64,
    average_wait_time: Option<String>,
    average_wait_seconds: Option<f64>,
    estimated_processing_time: Option<String>,
    estimated_processing_seconds: Option<f64>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct PerformanceDto {
    jobs_completed_today: u64,
    average_job_duration: Option<String>,
    average_job_duration_seconds: Option<f64>,
    success_rate: Option<f64>,
    throughput_per_hour: Option<f64>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct UtilizationDto {
    total_cpu_capacity: u64,
    used_cpu_capacity: Option<u64>,
    total_memory_capacity: Option<String>,
    total_memory_bytes: Option<u64>,
    used_memory_capacity: Option<String>,
    used_memory_bytes: Option<u64>,
    disk_space_available: Option<String>,
    disk_bytes_available: Option<u64>,
}

/// The server's state: capacity for everybody, figures of the caller's tenant, details of nodes for operators.
#[utoipa::path(
    get,
    operation_id = "system_status",
    path = "/api/{tenant_id}/execution/system/status",
    extensions(("x-required-role" = json!("viewer"))),
    tag = "System",
    responses((status = 200, description = "The state of the server", body = SystemAnswer)),
)]
pub(crate) async fn status(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    ids: Ids,
) -> Result<Json<SystemAnswer>, Problem> {
    let status = service.system_status(&caller, ids.tenant()?).await?;
    Ok(Json(answer(status)))
}

fn answer(status: SystemStatus) -> SystemAnswer {
    let healthy = status.store_healthy && status.nodes.iter().any(|node| node.active);
    SystemAnswer {
        system_status: if healthy { "Healthy" } else { "Degraded" },
        timestamp: status.at.to_rfc3339(),
        queue_statistics: queue(&status),
        performance_metrics: performance(status.figures, status.at),
        resource_utilization: utilization(&status.nodes),
        execution_nodes: status.nodes.into_iter().map(|load| node(load, status.node_details)).collect(),
    }
}

fn node(load: NodeLoad, details: bool) -> NodeDto {
    NodeDto {
        node_id: load.node.to_string(),
        status: if load.active { "Active" } else { "Draining" },
        cpu_usage: load.cpu_percent.filter(|_| details).map(|percent| percent.round() as u64),
        memory_usage: memory_percent(&load).filter(|_| details),
        active_jobs: details.then_some(load.active_jobs),
        job_capacity: load.job_capacity,
        dropped_results: details.then_some(load.dropped_results),
    }
}

fn memory_percent(load: &NodeLoad) -> Option<u64> {
    let total = load.memory_total_bytes.filter(|total| *total > 0)?;
    Some((load.memory_used_bytes? as f64 / total as f64 * 100.0).round() as u64)
}

fn queue(status: &SystemStatus) -> QueueDto {
    let TenantFigures { queued: [low, normal, high, critical], running, started, wait_micros, .. } =
        status.figures;
    let total = low + normal + high + critical;
    let wait = mean(wait_micros, started);
    let slots: u64 =
        status.nodes.iter().filter(|node| node.active).map(|node| u64::from(node.job_capacity)).sum();
    // The tenant's own jobs on all of the server's slots, at the pace of its jobs of today: how long the queues of others
    // are is theirs to know.
    let left = mean(status.figures.duration_micros, status.figures.completed)
        .filter(|_| slots > 0)
        .map(|each| each.mul_f64(total as f64 / slots as f64));
    let left = if total == 0 { Some(Duration::ZERO) } else { left };
    QueueDto {
        total_queued_jobs: total,
        scheduled_jobs: status.figures.scheduled,
        high_priority_jobs: high + critical,
        critical_priority_jobs: critical,
        normal_priority_jobs: normal,
        low_priority_jobs: low,
        running_jobs: running,
        average_wait_time: wait.map(text::decimal),
        average_wait_seconds: wait.map(|wait| wait.as_secs_f64()),
        estimated_processing_time: left.map(text::elapsed),
        estimated_processing_seconds: left.map(|left| left.as_secs_f64()),
    }
}

fn performance(figures: TenantFigures, now: Timestamp) -> PerformanceDto {
    let ended = figures.completed + figures.failed;
    let average = mean(figures.duration_micros, figures.completed);
    let hours = now.0.rem_euclid(86_400_000_000) as f64 / 3.6e9;
    PerformanceDto {
        jobs_completed_today: figures.completed,
        average_job_duration: average.map(text::decimal),
        average_job_duration_seconds: average.map(|average| average.as_secs_f64()),
        success_rate: (ended > 0).then(|| one_decimal(figures.completed as f64 / ended as f64 * 100.0)),
        throughput_per_hour: (hours > 0.0).then(|| one_decimal(figures.completed as f64 / hours.max(1.0))),
    }
}

fn utilization(nodes: &[NodeLoad]) -> UtilizationDto {
    let sum = |figure: fn(&NodeLoad) -> Option<u64>| nodes.iter().map(figure).sum::<Option<u64>>();
    let total_memory = sum(|node| node.memory_total_bytes);
    let used_memory = sum(|node| node.memory_used_bytes);
    let disk = sum(|node| node.disk_free_bytes);
    UtilizationDto {
        total_cpu_capacity: nodes.iter().map(|node| u64::from(node.cores) * 100).sum(),
        used_cpu_capacity: sum(|node| {
            node.cpu_percent.map(|percent| (percent * f64::from(node.cores)).round() as u64)
        }),
        total_memory_capacity: total_memory.map(text::size),
        total_memory_bytes: total_memory,
        used_memory_capacity: used_memory.map(text::size),
        used_memory_bytes: used_memory,
        disk_space_available: disk.map(text::size),
        disk_bytes_available: disk,
    }
}

fn mean(micros: u64, count: u64) -> Option<Duration> {
    micros.checked_div(count).map(Duration::from_micros)
}

fn one_decimal(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_follow_from_the_figures_of_the_day() {
        const SECOND: u64 = 1_000_000;
        let figures = TenantFigures {
            queued: [1, 3, 2, 1],
            scheduled: 5,
            running: 2,
            completed: 4,
            failed: 1,
            duration_micros: 100 * SECOND,
            started: 5,
            wait_micros: 60 * SECOND,
        };
        // 02:00 on 2026-01-01.
        let at = Timestamp((1_767_225_600 + 7_200) * 1_000_000);
        let rates = performance(figures, at);
        assert_eq!(rates.average_job_duration_seconds, Some(25.0), "100 s of 4 completed jobs");
        assert_eq!(rates.success_rate, Some(80.0), "4 of 5 that ended");
        assert_eq!(rates.throughput_per_hour, Some(2.0), "4 in 2 hours");
        let status = |slots, figures| SystemStatus {
            at,
            store_healthy: true,
            nodes: vec![node_of(slots)],
            node_details: false,
            figures,
        };
        let seen = queue(&status(2, figures));
        assert_eq!((seen.total_queued_jobs, seen.high_priority_jobs, seen.critical_priority_jobs), (7, 3, 1));
        assert_eq!(seen.scheduled_jobs, 5);
        assert_eq!(seen.average_wait_seconds, Some(12.0), "60 s of 5 that started");
        assert_eq!(seen.estimated_processing_seconds, Some(87.5), "7 jobs of 25 s on 2 slots");
        // Nothing is made up: without slots or runs nobody knows, and an empty queue needs no time.
        assert_eq!(queue(&status(0, figures)).estimated_processing_seconds, None);
        let fresh = TenantFigures { queued: [0, 1, 0, 0], ..TenantFigures::default() };
        let seen = queue(&status(2, fresh));
        assert_eq!((seen.average_wait_seconds, seen.estimated_processing_seconds), (None, None));
        let seen = queue(&status(0, TenantFigures::default()));
        assert_eq!(seen.estimated_processing_seconds, Some(0.0));
    }

    fn node_of(slots: u32) -> NodeLoad {
        NodeLoad {
            node: fuelcell_domain::NodeId("here".into()),
            active: true,
            active_jobs: 0,
            job_capacity: slots,
            dropped_results: 0,
            job_memory_bytes: 0,
            job_memory_reserved_bytes: 0,
            cores: 2,
            cpu_percent: None,
            memory_used_bytes: None,
            memory_total_bytes: None,
            disk_free_bytes: None,
        }
    }
}

//! `/api/{tenantId}/{projectId}/usage/hours`: how a project's jobs fared of late. DTOs and mapping only.

use crate::auth::Caller;
use crate::extract::{Ids, Query};
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use fuelcell_domain::Timestamp;
use fuelcell_service::usage::MAX_HOURS;
use fuelcell_service::{HourFigures, Service, Spread};
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use utoipa::ToSchema;

const MICROS_PER_HOUR: i64 = 3600 * 1_000_000;
/// A day.
const USUAL: u64 = 24;

#[derive(Serialize, ToSchema)]
pub(crate) struct HoursAnswer {
    /// One after the other; the last one is the present hour.
    hours: Vec<HourAnswer>,
}

/// What ended in an hour.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct HourAnswer {
    /// When it began.
    #[schema(format = DateTime)]
    start: String,
    /// Jobs that ended, and how.
    completed: u64,
    failed: u64,
    cancelled: u64,
    /// Failed jobs by the code of their error.
    failures: BTreeMap<String, u64>,
    /// Attempts that ended, however.
    attempts: u64,
    /// Units of fuel of these.
    fuel: u64,
    cpu_seconds: f64,
    /// From when the jobs might start to their latest start.
    wait_seconds: QuantilesAnswer,
    /// From their latest start to their end, of those that completed or failed.
    run_seconds: QuantilesAnswer,
}

/// So many percent took no longer, up to a quarter too much; `null` where nothing ended.
#[derive(Serialize, ToSchema)]
struct QuantilesAnswer {
    p50: Option<f64>,
    p95: Option<f64>,
}

/// How the project's jobs fared in each of the latest hours, also those that were deleted since. Hours are kept for a week;
/// for longer, and for what jobs used by module, subject and label, there are sums of days.
#[utoipa::path(
    get,
    operation_id = "get_project_hours",
    path = "/api/{tenant_id}/{project_id}/usage/hours",
    extensions(("x-required-role" = json!("viewer"))),
    tag = "Usage",
    params(("hours" = Option<u64>, Query, minimum = 1, maximum = 168, description = "How many, the present one included; 24 when absent")),
    responses((status = 200, description = "Hour by hour", body = HoursAnswer)),
)]
pub(crate) async fn of_project(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    ids: Ids,
    query: Query,
) -> Result<Json<HoursAnswer>, Problem> {
    let count = query.number("hours", USUAL, 1..=MAX_HOURS.unsigned_abs())?;
    let hours = service.latest_hours(&caller, ids.project()?, count).await?;
    Ok(Json(HoursAnswer { hours: hours.into_iter().map(HourAnswer::from).collect() }))
}

impl From<HourFigures> for HourAnswer {
    fn from(figures: HourFigures) -> Self {
        let HourFigures { hour, sums, waits, runs, failures } = figures;
        Self {
            start: Timestamp(hour.saturating_mul(MICROS_PER_HOUR)).to_rfc3339(),
            completed: sums.completed,
            failed: sums.failed,
            cancelled: sums.cancelled,
            failures: failures.into_iter().map(|(code, jobs)| (code.to_string(), jobs)).collect(),
            attempts: sums.attempts,
            fuel: sums.fuel,
            cpu_seconds: sums.cpu_micros as f64 / 1e6,
            wait_seconds: (&waits).into(),
            run_seconds: (&runs).into(),
        }
    }
}

impl From<&Spread> for QuantilesAnswer {
    fn from(spread: &Spread) -> Self {
        let seconds = |percent| spread.quantile(percent).map(|micros| micros as f64 / 1e6);
        Self { p50: seconds(50), p95: seconds(95) }
    }
}

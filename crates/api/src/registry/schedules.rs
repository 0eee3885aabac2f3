//! The schedule of a pipeline, as clients set and see it.

use crate::openapi::words::{OverlapWord, PriorityWord, SkipCodeWord};
use fuelcell_domain::schedule::DEFAULT_CATCH_UP_SECONDS;
use fuelcell_domain::{Overlap, Parameters, Priority, Schedule};
use fuelcell_service::Service;
use fuelcell_service::schedules::ScheduleSpec;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Moments that an answer tells of those to come.
const NEXT_RUNS: usize = 5;

/// When the pipeline's jobs are due by themselves.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ScheduleBody {
    /// Minute, hour, day of month, month, day of week; six fields begin with seconds
    #[schema(min_length = 1, max_length = 128, example = "0 6 * * MON-FRI")]
    cron: String,
    /// A name of the IANA time zone database
    #[serde(default = "utc")]
    #[schema(default = "UTC", example = "Europe/Berlin")]
    time_zone: String,
    /// What happens to a run while the job of the run before has not ended
    #[serde(default)]
    #[schema(value_type = OverlapWord, default = "Skip")]
    overlap: Overlap,
    /// Seconds after its moment within which a run that was held up is still made, of several the latest; less than 60
    /// counts as 60
    #[serde(default = "catch_up")]
    #[schema(default = 3600, maximum = 31_536_000)]
    catch_up_seconds: u32,
    /// Whether it makes runs
    #[serde(default = "yes")]
    #[schema(default = true)]
    enabled: bool,
    /// Parameters of its jobs, over the pipeline's
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    parameters: Option<Parameters>,
    /// The priority of its jobs
    #[serde(default)]
    #[schema(value_type = PriorityWord, default = "Normal")]
    priority: Priority,
}

/// A pipeline's schedule and where its runs stand.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ScheduleAnswer {
    cron: String,
    time_zone: String,
    #[schema(value_type = OverlapWord)]
    overlap: &'static str,
    catch_up_seconds: u32,
    enabled: bool,
    #[schema(value_type = Object)]
    parameters: Option<Parameters>,
    #[schema(value_type = PriorityWord)]
    priority: &'static str,
    set_by: String,
    date_set: String,
    next_runs: Vec<String>,
    last_run: Option<RunAnswer>,
    last_skipped: Option<SkippedAnswer>,
}

/// The latest run that was made.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct RunAnswer {
    due_at: String,
    job_id: String,
}

/// The latest run that was not made.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct SkippedAnswer {
    due_at: String,
    #[schema(value_type = SkipCodeWord)]
    code: &'static str,
    reason: String,
}

fn utc() -> String {
    "UTC".into()
}

fn catch_up() -> u32 {
    DEFAULT_CATCH_UP_SECONDS
}

fn yes() -> bool {
    true
}

impl From<ScheduleBody> for ScheduleSpec {
    fn from(body: ScheduleBody) -> Self {
        Self {
            cron: body.cron,
            time_zone: body.time_zone,
            overlap: body.overlap,
            catch_up_seconds: body.catch_up_seconds,
            enabled: body.enabled,
            parameters: body.parameters.unwrap_or_default(),
            priority: body.priority,
        }
    }
}

/// The schedule as it stands.
pub(super) fn answer(service: &Service, schedule: Schedule) -> ScheduleAnswer {
    ScheduleAnswer {
        next_runs: service.next_runs(&schedule, NEXT_RUNS).into_iter().map(|run| run.to_rfc3339()).collect(),
        overlap: schedule.overlap.as_str(),
        priority: schedule.priority.as_str(),
        parameters: Parameters::from_text(&schedule.parameters).ok(),
        catch_up_seconds: schedule.catch_up_seconds,
        enabled: schedule.enabled,
        set_by: schedule.set_by,
        date_set: schedule.set_at.to_rfc3339(),
        last_run: schedule
            .last_run
            .map(|run| RunAnswer { due_at: run.due_at.to_rfc3339(), job_id: run.job.to_string() }),
        last_skipped: schedule.last_skipped.map(|skipped| SkippedAnswer {
            due_at: skipped.due_at.to_rfc3339(),
            code: skipped.code.as_str(),
            reason: skipped.reason,
        }),
        cron: schedule.cron,
        time_zone: schedule.time_zone,
    }
}

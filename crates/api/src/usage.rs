//! `/api/{tenantId}/{projectId}/usage` and `/api/admin/usage`: what jobs used, summed. DTOs and mapping only.

use crate::auth::Caller;
use crate::extract::{Ids, Query};
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use chrono::{DateTime, NaiveDate};
use fuelcell_service::usage::{MAX_SHOWN, UsageView, UsageWish};
use fuelcell_service::{Dimension, Service, UsageGroup, UsageSums, VALUES_A_DAY};
use serde::Serialize;
use std::str::FromStr;
use std::sync::Arc;
use utoipa::ToSchema;

const SECONDS_PER_DAY: i64 = 24 * 3600;

/// What sums are told apart by.
#[derive(Clone, Copy, PartialEq)]
enum GroupBy {
    Day,
    Tenant,
    Project,
    Value(Dimension),
}

const OF_PROJECT: &[(&str, GroupBy)] = &[
    ("day", GroupBy::Day),
    ("module", GroupBy::Value(Dimension::Module)),
    ("subject", GroupBy::Value(Dimension::Subject)),
    ("label", GroupBy::Value(Dimension::Label)),
];

const OF_ALL: &[(&str, GroupBy)] = &[
    ("day", GroupBy::Day),
    ("tenant", GroupBy::Tenant),
    ("project", GroupBy::Project),
    ("module", GroupBy::Value(Dimension::Module)),
    ("subject", GroupBy::Value(Dimension::Subject)),
    ("label", GroupBy::Value(Dimension::Label)),
];

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UsageReportAnswer {
    /// The first UTC day and the last one. An attempt counts on the day on which it ended.
    #[schema(format = Date)]
    from: String,
    #[schema(format = Date)]
    to: String,
    group_by: Vec<&'static str>,
    /// Everything together, whatever is shown below.
    total: SumsDto,
    /// What burnt most comes first; where days are told apart, each day's groups.
    groups: Vec<GroupDto>,
    /// So many modules, subjects and labels of a project are told apart in a day; what came later is in a group `other`.
    values_per_day: u32,
    /// So many groups are shown; the rest is in a group `other`.
    max_groups: usize,
}

/// Sums of one group. Of what is not told apart the member is `null`.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct GroupDto {
    #[schema(format = Date)]
    day: Option<String>,
    tenant_id: Option<String>,
    project_id: Option<String>,
    module: Option<String>,
    subject: Option<String>,
    /// `key=value`. A job counts under each of its labels, and under none if it has none.
    label: Option<String>,
    /// Whether these are all that are not shown each for itself.
    other: bool,
    #[serde(flatten)]
    sums: SumsDto,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct SumsDto {
    /// Units of fuel of all ended attempts, as their receipts have it.
    fuel: u64,
    /// Whether it was at least so much: for some attempts a lower bound is known, or nothing.
    fuel_is_lower_bound: bool,
    /// For how many attempts a lower bound is known, and for how many nothing.
    fuel_lower_bounds: u64,
    fuel_unknown: u64,
    cpu_seconds: f64,
    wall_seconds: f64,
    /// The most memory of each attempt times the time that it took.
    memory_byte_seconds: f64,
    bytes_read: u64,
    bytes_written: u64,
    /// Attempts that ended, however, and those of them that were lost with their node.
    attempts: u64,
    lost_attempts: u64,
    /// Jobs that ended, and how.
    jobs: JobsDto,
}

#[derive(Serialize, ToSchema)]
struct JobsDto {
    completed: u64,
    failed: u64,
    cancelled: u64,
}

/// What the project's jobs used, also those that were deleted since: sums of their receipts.
#[utoipa::path(
    get,
    operation_id = "get_project_usage",
    path = "/api/{tenant_id}/{project_id}/usage",
    extensions(("x-required-role" = json!("viewer"))),
    tag = "Usage",
    params(
        ("from" = Option<String>, Query, format = Date, description = "The first UTC day; 29 days before `to` when absent"),
        ("to" = Option<String>, Query, format = Date, description = "The last UTC day; today when absent. At most 366 days are summed, 31 where each day stands apart with its values"),
        ("groupBy" = Option<String>, Query, description = "`day`, one of `module`, `subject`, `label`, or both with a comma"),
    ),
    responses((status = 200, description = "The sums", body = UsageReportAnswer)),
)]
pub(crate) async fn of_project(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    ids: Ids,
    query: Query,
) -> Result<Json<UsageReportAnswer>, Problem> {
    let (words, wish) = wish(&query, OF_PROJECT)?;
    let view = service.usage_of_project(&caller, ids.project()?, wish).await?;
    Ok(Json(answer(words, wish.dimension, view)))
}

/// The same of everything that the caller administers.
#[utoipa::path(
    get,
    operation_id = "get_usage",
    path = "/api/admin/usage",
    extensions(("x-required-role" = json!("administrator"))),
    tag = "Administration",
    params(
        ("tenantId" = Option<Uuid>, Query, description = "Only this tenant"),
        ("projectId" = Option<Uuid>, Query, description = "Only this project of it"),
        ("from" = Option<String>, Query, format = Date, description = "The first UTC day; 29 days before `to` when absent"),
        ("to" = Option<String>, Query, format = Date, description = "The last UTC day; today when absent. At most 366 days are summed, 31 where each day stands apart with its values"),
        ("groupBy" = Option<String>, Query, description = "Any of `day`, `tenant`, `project`, and one of `module`, `subject`, `label`, with commas"),
    ),
    responses((status = 200, description = "The sums", body = UsageReportAnswer)),
)]
pub(crate) async fn of_all(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    query: Query,
) -> Result<Json<UsageReportAnswer>, Problem> {
    let (words, wish) = wish(&query, OF_ALL)?;
    let wish = UsageWish { tenant: id(&query, "tenantId")?, project: id(&query, "projectId")?, ..wish };
    let view = service.usage_within(&caller, wish).await?;
    Ok(Json(answer(words, wish.dimension, view)))
}

fn id<T: FromStr>(query: &Query, name: &str) -> Result<Option<T>, Problem> {
    let read = |text: &str| {
        text.parse().map_err(|_| Problem::invalid("InvalidQuery", format!("{name} must be a GUID")))
    };
    query.given(name).map(read).transpose()
}

fn wish(
    query: &Query,
    allowed: &[(&'static str, GroupBy)],
) -> Result<(Vec<&'static str>, UsageWish), Problem> {
    let (words, groups) = groups(query, allowed)?;
    let mut values = groups.iter().filter_map(|group| match group {
        GroupBy::Value(dimension) => Some(*dimension),
        GroupBy::Day | GroupBy::Tenant | GroupBy::Project => None,
    });
    let dimension = values.next().unwrap_or(Dimension::Total);
    if values.next().is_some() {
        return Err(Problem::invalid(
            "InvalidQuery",
            "groupBy takes one of module, subject, label: they are summed each for itself",
        ));
    }
    let wish = UsageWish {
        tenant: None,
        project: None,
        from: day(query, "from")?,
        to: day(query, "to")?,
        dimension,
        by_day: groups.contains(&GroupBy::Day),
        by_tenant: groups.contains(&GroupBy::Tenant),
        by_project: groups.contains(&GroupBy::Project),
    };
    Ok((words, wish))
}

fn groups(
    query: &Query,
    allowed: &[(&'static str, GroupBy)],
) -> Result<(Vec<&'static str>, Vec<GroupBy>), Problem> {
    let Some(text) = query.text("groupBy") else { return Ok(Default::default()) };
    let mut found = (Vec::new(), Vec::new());
    for wanted in text.split(',').map(str::trim) {
        let Some((word, group)) = allowed.iter().find(|(word, _)| *word == wanted) else {
            let words: Vec<_> = allowed.iter().map(|(word, _)| *word).collect();
            let shown: String = wanted.chars().take(64).collect();
            let words = words.join(", ");
            return Err(Problem::invalid("InvalidQuery", format!("groupBy has {shown:?}; allowed: {words}")));
        };
        if found.0.contains(word) {
            return Err(Problem::invalid("InvalidQuery", format!("groupBy has {word} twice")));
        }
        found.0.push(*word);
        found.1.push(*group);
    }
    Ok(found)
}

/// Whole days since 1970. Four digits of a year keep the arithmetic of days far from its ends.
fn day(query: &Query, name: &str) -> Result<Option<i64>, Problem> {
    let Some(text) = query.given(name) else { return Ok(None) };
    let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().filter(|_| text.len() == 10);
    match date {
        Some(date) => {
            Ok(Some(date.and_time(Default::default()).and_utc().timestamp().div_euclid(SECONDS_PER_DAY)))
        }
        None => {
            Err(Problem::invalid("InvalidQuery", format!("{name} must be a UTC date such as 2026-01-31")))
        }
    }
}

fn date(day: i64) -> String {
    let at = day.checked_mul(SECONDS_PER_DAY).and_then(|seconds| DateTime::from_timestamp(seconds, 0));
    at.map(|at| at.format("%Y-%m-%d").to_string()).unwrap_or_default()
}

fn answer(group_by: Vec<&'static str>, dimension: Dimension, view: UsageView) -> UsageReportAnswer {
    UsageReportAnswer {
        from: date(view.from),
        to: date(view.to),
        group_by,
        total: view.total.into(),
        groups: view.groups.into_iter().map(|(group, sums)| group_answer(dimension, group, sums)).collect(),
        values_per_day: VALUES_A_DAY,
        max_groups: MAX_SHOWN,
    }
}

fn group_answer(dimension: Dimension, group: UsageGroup, sums: UsageSums) -> GroupDto {
    let UsageGroup { day, tenant, project, value } = group;
    let nothing = day.is_none() && tenant.is_none() && project.is_none();
    let other = value.is_none() && (dimension != Dimension::Total || nothing);
    let of = |wanted| value.clone().filter(|_| dimension == wanted);
    GroupDto {
        day: day.map(date),
        tenant_id: tenant.map(|tenant| tenant.to_string()),
        project_id: project.map(|project| project.to_string()),
        module: of(Dimension::Module),
        subject: of(Dimension::Subject),
        label: of(Dimension::Label),
        other,
        sums: sums.into(),
    }
}

impl From<UsageSums> for SumsDto {
    fn from(sums: UsageSums) -> Self {
        Self {
            fuel: sums.fuel,
            fuel_is_lower_bound: sums.fuel_at_least > 0 || sums.fuel_unknown > 0,
            fuel_lower_bounds: sums.fuel_at_least,
            fuel_unknown: sums.fuel_unknown,
            cpu_seconds: sums.cpu_micros as f64 / 1e6,
            wall_seconds: sums.wall_micros as f64 / 1e6,
            memory_byte_seconds: sums.memory_byte_micros as f64 / 1e6,
            bytes_read: sums.bytes_read,
            bytes_written: sums.bytes_written,
            attempts: sums.attempts,
            lost_attempts: sums.lost_attempts,
            jobs: JobsDto { completed: sums.completed, failed: sums.failed, cancelled: sums.cancelled },
        }
    }
}

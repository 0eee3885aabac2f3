//! `GET /api/{tenantId}/{projectId}/execution/job/{jobId}/logs`

use crate::auth::Caller;
use crate::extract::{Ids, Query};
use crate::openapi::words::{LogFormatWord, LogLevelWord};
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use fuelcell_domain::{LogLevel, LogLine};
use fuelcell_service::LogFilter;
use fuelcell_service::Service;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

pub(crate) const LEVELS: [(&str, LogLevel); 4] = [
    ("Debug", LogLevel::Debug),
    ("Info", LogLevel::Info),
    ("Warn", LogLevel::Warn),
    ("Error", LogLevel::Error),
];

pub(crate) const FORMATS: [(&str, Format); 2] = [("structured", Format::Structured), ("raw", Format::Raw)];

#[derive(Clone, Copy)]
pub(crate) enum Format {
    Structured,
    Raw,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct LogsAnswer {
    job_id: String,
    logs: Vec<LineDto>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct LineDto {
    timestamp: String,
    attempt: u32,
    level: &'static str,
    stage: String,
    message: String,
}

/// Lines of a job's log, oldest first.
#[utoipa::path(
    get,
    operation_id = "job_logs",
    path = "/api/{tenant_id}/{project_id}/execution/job/{job_id}/logs",
    tag = "Jobs",
    params(("level" = Option<LogLevelWord>, Query, description = "Only lines at least this grave"), ("fromTime" = Option<String>, Query, format = DateTime, description = "Only lines at or after this moment"), ("toTime" = Option<String>, Query, format = DateTime, description = "Only lines at or before this moment"), ("limit" = Option<u32>, Query, minimum = 1, maximum = 10000, description = "Most lines; 1000 by default"), ("format" = Option<LogFormatWord>, Query, description = "structured by default")),
    responses((status = 200, description = "Lines, oldest first", content((LogsAnswer = "application/json"), (String = "text/plain")))),
)]
pub(crate) async fn logs(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    ids: Ids,
    query: Query,
) -> Result<Response, Problem> {
    let format = query.word("format", &FORMATS)?;
    let filter = LogFilter {
        level: query.word("level", &LEVELS)?.unwrap_or(LogLevel::Debug),
        from: query.moment("fromTime", false)?,
        to: query.moment("toTime", true)?,
        limit: query.number("limit", 1000, 1..=10_000)? as usize,
    };
    let job = ids.id("job_id")?;
    let lines = service.logs(&caller, ids.project()?, job, filter).await?;
    Ok(match format.unwrap_or(Format::Structured) {
        Format::Raw => lines.iter().map(raw).collect::<String>().into_response(),
        Format::Structured => {
            Json(LogsAnswer { job_id: job.to_string(), logs: lines.into_iter().map(line).collect() })
                .into_response()
        }
    })
}

fn raw(line: &LogLine) -> String {
    let LogLine { at, level, stage, message, .. } = line;
    format!("{at} {} [{stage}] {message}\n", level_name(*level))
}

fn line(line: LogLine) -> LineDto {
    LineDto {
        timestamp: line.at.to_utc().to_rfc3339_opts(chrono::SecondsFormat::Millis, true),
        attempt: line.attempt,
        level: level_name(line.level),
        stage: line.stage,
        message: line.message,
    }
}

fn level_name(level: LogLevel) -> &'static str {
    match level {
        LogLevel::Debug => "Debug",
        LogLevel::Info => "Info",
        LogLevel::Warn => "Warn",
        LogLevel::Error => "Error",
    }
}

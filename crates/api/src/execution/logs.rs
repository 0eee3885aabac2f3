//! `GET /api/{tenantId}/{projectId}/execution/job/{jobId}/logs`

use super::forms::{LEVELS, LOGS as FORMATS, LogsForm as Format};
use crate::auth::Caller;
use crate::extract::{Ids, Query};
use crate::openapi::words::{LogFormatWord, LogLevelWord};
use crate::paging::Reader;
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use axum::http::HeaderName;
use axum::response::{IntoResponse, Response};
use fuelcell_domain::{LogLevel, LogLine};
use fuelcell_service::Service;
use fuelcell_service::log_search::LineSearch;
use fuelcell_service::search::Found;
use fuelcell_service::{LogFilter, LogPlace, Seek};
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// Longest page of lines.
pub(crate) const MAX_LINES: u64 = 10_000;

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct LogsAnswer {
    job_id: String,
    logs: Vec<LineDto>,
    /// Whether there are lines after these.
    has_more: bool,
    /// For the parameter `cursor`: what comes after these lines, also what is not written yet. The filters of the next
    /// request must be those of this one.
    next_cursor: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct LineDto {
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
    extensions(("x-required-role" = json!("viewer"))),
    tag = "Jobs",
    params(("level" = Option<LogLevelWord>, Query, description = "Only lines at least this grave. Standard error is Warn; how a failed attempt ended is Error"), ("fromTime" = Option<String>, Query, format = DateTime, description = "Only lines at or after this moment"), ("toTime" = Option<String>, Query, format = DateTime, description = "Only lines at or before this moment"), ("text" = Option<String>, Query, max_length = 200, description = "Only lines with this in their message; capitals do not matter. 100,000 lines, or 16 MiB of them, are looked through for each page: it may hold fewer than asked for while `hasMore` is true"), ("pattern" = Option<String>, Query, max_length = 200, description = "Only lines whose message fits this regular expression somewhere; capitals do not matter. Without look-around and back references; its program has at most 64 KiB, and the more states it has, the less is looked through for each page"), ("stage" = Option<String>, Query, description = "Only lines of this stage"), ("limit" = Option<u32>, Query, minimum = 1, maximum = 10000, description = "Most lines; 1000 by default. A page also ends at about 1 MiB"), ("cursor" = Option<String>, Query, description = "`nextCursor` of the answer before, with the same filters"), ("format" = Option<LogFormatWord>, Query, description = "structured by default")),
    responses((status = 200, description = "Lines, oldest first; in plain text `X-Has-More` and `X-Next-Cursor` say whether and where there are more", content((LogsAnswer = "application/json"), (String = "text/plain")))),
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
    };
    let job = ids.id("job_id")?;
    let reader = Reader { service: &service, caller: &caller, query: &query };
    // An empty log has an end, too, and lines may come behind it.
    let Seek { after, limit } = reader.seek_of::<Option<LogPlace>>(1000, MAX_LINES)?;
    let (before, seek) = (after.flatten(), Seek { after: after.flatten(), limit });
    let text = |name| query.text(name).map(str::to_owned);
    let search = LineSearch { text: text("text"), pattern: text("pattern"), stage: text("stage") };
    let project = ids.project()?;
    let (reached, rows, has_more) = if search == LineSearch::default() {
        let page = service.logs(&caller, project, job, filter, seek).await?;
        (page.rows.last().map(|(place, _)| *place), page.rows, page.has_more)
    } else {
        let Found { rows, reached, has_more } =
            service.search_log(&caller, project, job, filter, &search, seek).await?;
        (reached, rows, has_more)
    };
    let next_cursor = reader.cursor(&reached.or(before));
    let lines: Vec<_> = rows.into_iter().map(|(_, line)| line).collect();
    Ok(match format.unwrap_or(Format::Structured) {
        Format::Raw => {
            let text = lines.iter().map(raw).collect::<String>();
            let headers = [(HAS_MORE, has_more.to_string()), (NEXT_CURSOR, next_cursor)];
            (headers, text).into_response()
        }
        Format::Structured => {
            let logs = lines.into_iter().map(line).collect();
            Json(LogsAnswer { job_id: job.to_string(), logs, has_more, next_cursor }).into_response()
        }
    })
}

/// What an answer of plain text says beside its lines.
const HAS_MORE: HeaderName = HeaderName::from_static("x-has-more");
const NEXT_CURSOR: HeaderName = HeaderName::from_static("x-next-cursor");

fn raw(line: &LogLine) -> String {
    let LogLine { at, level, stage, message, .. } = line;
    format!("{at} {} [{stage}] {message}\n", level_name(*level))
}

pub(super) fn line(line: LogLine) -> LineDto {
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

//! `GET /api/{tenantId}/{projectId}/execution/job/{jobId}/events` and `GET /api/{tenantId}/{projectId}/execution/events`:
//! what befalls jobs, as Server-Sent Events.
//!
//! Nothing is made before the connection takes it, so that a slow listener holds no memory; one that takes nothing for long
//! is closed as any other client is.

use super::logs::{LineDto, line};
use crate::auth::Caller;
use crate::config::DEFAULT_HEARTBEAT_SECONDS;
use crate::extract::Ids;
use crate::metrics::OpenStream;
use crate::problem::Problem;
use crate::serve::Arrival;
use crate::stop::Stop;
use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use chrono::SecondsFormat;
use fuelcell_domain::{Happening, JobEvent};
use fuelcell_service::events::{Told, Watch};
use fuelcell_service::{EventPlace, Service, ServiceError};
use futures::stream::{self, Stream};
use serde::Serialize;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::OwnedSemaphorePermit;
use tokio_util::sync::CancellationToken;
use utoipa::ToSchema;

/// Where a listener says which event it heard last.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// Tells proxies that hold answers back to let this one through as it comes.
const UNBUFFERED: HeaderName = HeaderName::from_static("x-accel-buffering");
/// After so long a listener comes back whose stream broke.
const RETRY: Duration = Duration::from_secs(2);

/// An event as it is sent.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it describes what the stream is made of")]
pub(crate) struct StreamedEvent {
    /// For `Last-Event-ID`.
    id: String,
    /// `queued`, `started`, `progress`, `log`, `cancelRequested`, `requeued`, `completed`, `failed`, `cancelled`, or `reset`
    /// when some events are not kept any more.
    event: String,
    /// JSON: of an event of a job `jobId`, `attempt`, `timestamp`, and what belongs to the event (`percentage` and
    /// `currentStage`, `errorCode`, `lines`).
    data: String,
}

/// The data of an event of a job.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct JobEventDto {
    job_id: String,
    /// The number of the latest attempt; 0 before the first.
    attempt: u32,
    timestamp: String,
    /// How far the job is: of `progress` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    percentage: Option<u8>,
    /// What the job says that it is doing: of `progress` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    current_stage: Option<String>,
    /// Why it failed: of `failed` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<String>,
    /// Lines that came to the log: of `log` only.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    lines: Vec<LineDto>,
}

/// What befalls one job, from its beginning or from behind `Last-Event-ID`; the stream ends with the job.
#[utoipa::path(
    get,
    operation_id = "job_events",
    path = "/api/{tenant_id}/{project_id}/execution/job/{job_id}/events",
    extensions(("x-required-role" = json!("viewer"))),
    tag = "Jobs",
    params(("Last-Event-ID" = Option<String>, Header, description = "The `id` of the event that was heard last")),
    responses(
        (status = 200, description = "Events, the last of which is the end of the job", body = StreamedEvent, content_type = "text/event-stream"),
        (status = 204, description = "The job has ended, and its end was heard"),
    ),
)]
pub(crate) async fn of_job(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    Extension(Stop(stop)): Extension<Stop>,
    arrival: Option<Extension<Arrival>>,
    ids: Ids,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let after = last_heard(&headers)?;
    let line = Line::take(arrival)?;
    match service.watch_job(&caller, ids.project()?, ids.id("job_id")?, after).await? {
        Some(watch) => Ok(answer(watch, stop, line)),
        None => Ok(StatusCode::NO_CONTENT.into_response()),
    }
}

/// What befalls the jobs of a project, log lines apart, from now on or from behind `Last-Event-ID`.
#[utoipa::path(
    get,
    operation_id = "project_events",
    path = "/api/{tenant_id}/{project_id}/execution/events",
    extensions(("x-required-role" = json!("viewer"))),
    tag = "Jobs",
    params(("Last-Event-ID" = Option<String>, Header, description = "The `id` of the event that was heard last")),
    responses((status = 200, description = "Events as of one job, without `log`", body = StreamedEvent, content_type = "text/event-stream")),
)]
pub(crate) async fn of_project(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    Extension(Stop(stop)): Extension<Stop>,
    arrival: Option<Extension<Arrival>>,
    ids: Ids,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let after = last_heard(&headers)?;
    let line = Line::take(arrival)?;
    let watch = service.watch_project(&caller, ids.project()?, after).await?;
    Ok(answer(watch, stop, line))
}

fn last_heard(headers: &HeaderMap) -> Result<Option<EventPlace>, Problem> {
    let Some(heard) = headers.get(&LAST_EVENT_ID).filter(|heard| !heard.is_empty()) else { return Ok(None) };
    let place = heard.to_str().ok().and_then(|heard| heard.parse().ok());
    let invalid =
        || Problem::invalid("InvalidEventId", "Last-Event-ID is not the id of an event of this server");
    place.map(Some).ok_or_else(invalid)
}

/// What a stream has of its connection.
struct Line {
    /// A permit of those for streams; without a connection nobody counts.
    permit: Option<OwnedSemaphorePermit>,
    /// How long it may be silent.
    heartbeat: Duration,
}

impl Line {
    fn take(arrival: Option<Extension<Arrival>>) -> Result<Self, Problem> {
        let Some(Extension(Arrival { streams, heartbeat, .. })) = arrival else {
            let heartbeat = Duration::from_secs(DEFAULT_HEARTBEAT_SECONDS.get().into());
            return Ok(Self { permit: None, heartbeat });
        };
        let permit = streams.try_acquire_owned().map_err(|_| Problem::too_many_connections())?;
        Ok(Self { permit: Some(permit), heartbeat })
    }
}

/// A stream and what it holds until it is over.
struct Listening {
    watch: Watch,
    stop: CancellationToken,
    begun: bool,
    over: bool,
    _permit: Option<OwnedSemaphorePermit>,
    _open: OpenStream,
}

impl Listening {
    fn new(watch: Watch, stop: CancellationToken, permit: Option<OwnedSemaphorePermit>) -> Self {
        Self { watch, stop, begun: false, over: false, _permit: permit, _open: OpenStream::new() }
    }

    async fn next(&mut self) -> Option<Event> {
        if !self.begun {
            self.begun = true;
            return Some(Event::default().retry(RETRY));
        }
        if self.over {
            return None;
        }
        match self.stop.run_until_cancelled(self.watch.next()).await {
            Some(Ok(Some(told))) => Some(event(told)),
            Some(Ok(None)) => None,
            Some(Err(error)) => {
                let refused = matches!(error, ServiceError::Unauthenticated | ServiceError::NotFound(_));
                if !refused {
                    tracing::warn!(%error, "a stream of events is broken off");
                }
                None
            }
            None => {
                self.over = true;
                Some(Event::default().comment("the server stops"))
            }
        }
    }
}

fn answer(watch: Watch, stop: CancellationToken, Line { permit, heartbeat }: Line) -> Response {
    let headers = [(header::CACHE_CONTROL, "no-store"), (UNBUFFERED, "no")];
    let listening = Listening::new(watch, stop, permit);
    let sse = Sse::new(events(listening)).keep_alive(KeepAlive::new().interval(heartbeat));
    (headers, sse).into_response()
}

fn events(listening: Listening) -> impl Stream<Item = Result<Event, Infallible>> {
    stream::unfold(listening, async |mut listening| {
        let event = listening.next().await?;
        Some((Ok(event), listening))
    })
}

fn event(told: Told) -> Event {
    let (place, name, data) = match told {
        Told::Event { place, event, lines } => {
            let lines = lines.into_iter().map(line).collect();
            (place, name(&event.what), serde_json::to_string(&dto(event, lines)))
        }
        Told::Reset { place } => (place, "reset", Ok(RESET.to_owned())),
    };
    // Serialising a value that was built in memory from strings and numbers cannot fail.
    Event::default().id(place.to_string()).event(name).data(data.unwrap_or_default())
}

const RESET: &str = r#"{"reason":"some events are not kept any more; read how things stand"}"#;

fn name(what: &Happening) -> &'static str {
    match what {
        Happening::Queued => "queued",
        Happening::Started => "started",
        Happening::Progressed(_) => "progress",
        Happening::Logged(_) => "log",
        Happening::CancelRequested => "cancelRequested",
        Happening::Requeued => "requeued",
        Happening::Completed => "completed",
        Happening::Failed(_) => "failed",
        Happening::Cancelled => "cancelled",
    }
}

fn dto(event: JobEvent, lines: Vec<LineDto>) -> JobEventDto {
    let (mut percentage, mut current_stage, mut error_code) = (None, None, None);
    match event.what {
        Happening::Progressed(progress) => {
            percentage = Some(progress.percentage);
            current_stage = Some(progress.stage);
        }
        Happening::Failed(code) => error_code = Some(code.to_string()),
        _ => {}
    }
    JobEventDto {
        job_id: event.job.to_string(),
        attempt: event.attempt,
        timestamp: event.at.to_utc().to_rfc3339_opts(SecondsFormat::Millis, true),
        percentage,
        current_stage,
        error_code,
        lines,
    }
}

//! Figures for Prometheus: of requests, and the router that serves all of them on a listener of their own.

use axum::Router;
use axum::extract::MatchedPath;
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures::future::BoxFuture;
use prometheus::{HistogramVec, IntGauge, register_histogram_vec, register_int_gauge};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

/// Prometheus' text form.
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";
/// What requests for no address of ours, and by no method that we know, are called.
const OTHER: &str = "_OTHER";

/// Gathers the figures, in Prometheus' text form; none = they cannot be had.
pub type Gather = Arc<dyn Fn() -> BoxFuture<'static, Option<String>> + Send + Sync>;

/// OpenTelemetry's bounds, from a millisecond on and up to a day: the answer to an upload comes when all of it is there.
const BUCKETS: [f64; 19] = [
    0.001, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0, 60.0, 600.0,
    7_200.0, 86_400.0,
];

/// As OpenTelemetry names it.
static REQUESTS: LazyLock<HistogramVec> = LazyLock::new(|| {
    register_histogram_vec!(
        "http_server_request_duration_seconds",
        "Time from the head of a request to the head of its answer.",
        &["http_request_method", "http_route", "http_response_status_code"],
        BUCKETS.to_vec()
    )
    .expect("the name is used once")
});

static STREAMS: LazyLock<IntGauge> = LazyLock::new(|| {
    register_int_gauge!("fuelcell_streams_open", "Streams of events that are open.")
        .expect("the name is used once")
});

/// A stream of events, counted until it is dropped.
pub(crate) struct OpenStream(());

impl OpenStream {
    pub(crate) fn new() -> Self {
        STREAMS.inc();
        Self(())
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        STREAMS.dec();
    }
}

/// A request was answered.
pub(crate) fn answered(method: &Method, route: Option<&MatchedPath>, status: StatusCode, took: Duration) {
    let method = match *method {
        Method::GET | Method::HEAD | Method::POST | Method::PUT | Method::PATCH | Method::DELETE => {
            method.as_str()
        }
        _ => OTHER,
    };
    let route = route.map_or(OTHER, MatchedPath::as_str);
    REQUESTS.with_label_values(&[method, route, status.as_str()]).observe(took.as_secs_f64());
}

/// Serves `GET /metrics` and nothing else.
pub fn metrics_router(gather: Gather) -> Router {
    STREAMS.get();
    Router::new().route("/metrics", get(async move || page(gather().await)))
}

fn page(figures: Option<String>) -> Response {
    match figures {
        Some(text) => ([(header::CONTENT_TYPE, TEXT)], text).into_response(),
        None => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

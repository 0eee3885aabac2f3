//! Each request's place in a trace: its client's, or the first of a new one.

use crate::request_id::REQUEST_ID;
use crate::routes::HEALTH;
use axum::extract::{MatchedPath, Request};
use axum::http::HeaderMap;
use axum::middleware::Next;
use axum::response::Response;
use fuelcell_domain::Clock;
use fuelcell_domain::clock::SystemClock;
use fuelcell_domain::trace::{self, OpenSpan, SpanKind, TraceContext, keys};

const TRACEPARENT: &str = "traceparent";

/// Tells a request as a span, and lets whatever belongs to it find its place.
pub(crate) async fn follow(mut request: Request, next: Next) -> Response {
    let client = client_of(request.headers());
    if client.is_none() && !trace::is_on() {
        return next.run(request).await;
    }
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = route.as_ref().map(MatchedPath::as_str);
    if route.is_some_and(|route| HEALTH.contains(&route)) {
        return next.run(request).await;
    }
    let (context, mut span) = begun(client);
    describe(&mut span, &request, route);
    if let Some(context) = context {
        request.extensions_mut().insert(context);
    }
    let response = next.run(request).await;
    let status = response.status();
    span.count(keys::HTTP_RESPONSE_STATUS_CODE, status.as_u16().into());
    if status.is_server_error() {
        span.fail(status.as_u16(), "");
    }
    span.end(SystemClock.now());
    response
}

/// Of several, none is the client's.
fn client_of(headers: &HeaderMap) -> Option<TraceContext> {
    let mut all = headers.get_all(TRACEPARENT).iter();
    let (one, other) = (all.next()?, all.next());
    one.to_str().ok().filter(|_| other.is_none())?.parse().ok()
}

/// The place that what belongs to the request has, and the request's span.
fn begun(client: Option<TraceContext>) -> (Option<TraceContext>, OpenSpan) {
    let now = SystemClock.now();
    match client {
        Some(client) => {
            let span = OpenSpan::begin("request", SpanKind::Server, Some(client), now);
            (Some(span.context().unwrap_or(client)), span)
        }
        None => {
            let root = TraceContext::root();
            (root, OpenSpan::begin_trace("request", SpanKind::Server, root, now))
        }
    }
}

/// The path only: a query may hold a link's signature.
fn describe(span: &mut OpenSpan, request: &Request, route: Option<&str>) {
    if span.context().is_none() {
        return;
    }
    let method = request.method();
    span.rename(|| route.map_or_else(|| method.to_string(), |route| format!("{method} {route}")));
    span.text(keys::HTTP_REQUEST_METHOD, method).text(keys::URL_PATH, request.uri().path());
    if let Some(route) = route {
        span.text(keys::HTTP_ROUTE, route);
    }
    if let Some(id) = request.headers().get(&REQUEST_ID).and_then(|id| id.to_str().ok()) {
        span.text(keys::REQUEST, id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_says_one_place_or_none() {
        let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let of = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(TRACEPARENT, value.parse().unwrap());
            }
            client_of(&headers)
        };
        assert_eq!(of(&[parent]), parent.parse().ok());
        assert!(of(&[]).is_none() && of(&["odd"]).is_none() && of(&[parent, parent]).is_none());
    }
}

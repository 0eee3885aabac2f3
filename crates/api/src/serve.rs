//! Connections: taken, bounded in time, and ended in order.

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;
use tower_http::timeout::TimeoutBody;

/// How long the head of a request may take, from the end of the one before: this closes idle connections too.
const HEAD: Duration = Duration::from_secs(30);
/// How long a body may pause.
const BODY_PAUSE: Duration = Duration::from_secs(30);
/// How long running requests get after the server was told to stop.
const LAST_REQUESTS: Duration = Duration::from_secs(10);
/// After a failed accept: most likely descriptors ran out, and closing connections gives some back.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Answers on the listener until `stop`, then lets running requests end for a while.
pub async fn serve(listener: TcpListener, router: Router, stop: CancellationToken) {
    let connections = GracefulShutdown::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => break,
        };
        match accepted {
            Ok((stream, peer)) => take(stream, peer, router.clone(), &connections),
            Err(error) => {
                tracing::warn!(%error, "a connection could not be taken");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    if tokio::time::timeout(LAST_REQUESTS, connections.shutdown()).await.is_err() {
        tracing::warn!("requests that did not end in time are broken off");
    }
}

fn take(stream: TcpStream, peer: SocketAddr, router: Router, connections: &GracefulShutdown) {
    let answer = service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(|body| Body::new(TimeoutBody::new(BODY_PAUSE, body)));
        // Failures of authentication are counted by peer.
        request.extensions_mut().insert(ConnectInfo(peer));
        router.clone().oneshot(request)
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD);
    let connection = connections.watch(http.serve_connection(TokioIo::new(stream), answer));
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a connection broke");
        }
    });
}

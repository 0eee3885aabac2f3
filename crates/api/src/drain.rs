//! Letting a client finish its sentence where the handler did not hear it out: a body that nobody wants, the rest of a
//! refused upload. A short rest is read and dropped, so that the connection can be used again. For a longer one the client
//! is told that the connection closes; [it then lingers](crate::connections::linger) until all is sent.

use crate::serve::Arrival;
use axum::BoxError;
use axum::body::{Body, HttpBody};
use axum::extract::Request;
use axum::http::{HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use bytes::{Buf, Bytes};
use parking_lot::Mutex;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

/// Bytes of a short rest.
const MAX_BYTES: usize = 2 * 1024 * 1024;
/// How long a short rest may take: its client has sent it already, or never will.
const MAX_TIME: Duration = Duration::from_secs(1);

/// Reads and drops what the client is still sending, if it is little.
pub(crate) async fn drain(request: Request, next: Next) -> Response {
    // A client that waits for `100 Continue` has not begun to send. And where places are rare, nobody is waited for.
    let waits = request.headers().contains_key(header::EXPECT)
        || request.extensions().get::<Arrival>().is_some_and(|arrival| arrival.beyond_caps);
    let (parts, body) = request.into_parts();
    let shared = Shared(Arc::new(Mutex::new(body)));
    let mut response = next.run(Request::from_parts(parts, Body::new(shared.clone()))).await;
    if !shared.is_end_stream() {
        let finishing = async { !waits && tokio::time::timeout(MAX_TIME, shared.finish()).await == Ok(true) };
        if !finishing.await {
            // What is still to come would be taken for the next request: the client must not send one here.
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
    }
    response
}

/// A body that the handler reads and that can be read on when the handler is done.
#[derive(Clone)]
struct Shared(Arc<Mutex<Body>>);

impl Shared {
    /// Reads to the end. Says whether it came.
    async fn finish(self) -> bool {
        let mut dropped = 0;
        while dropped < MAX_BYTES {
            match poll_fn(|context| Pin::new(&mut self.clone()).poll_frame(context)).await {
                Some(Ok(frame)) => dropped += frame.data_ref().map_or(0, Buf::remaining),
                Some(Err(_)) => return false,
                None => return true,
            }
        }
        false
    }

    fn with<T>(&self, look: impl FnOnce(Pin<&mut Body>) -> T) -> T {
        look(Pin::new(&mut self.0.lock()))
    }
}

impl HttpBody for Shared {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, BoxError>>> {
        let frame = ready!(self.with(|body| body.poll_frame(context)));
        Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
    }

    fn is_end_stream(&self) -> bool {
        self.with(|body| body.is_end_stream())
    }

    fn size_hint(&self) -> http_body::SizeHint {
        self.with(|body| body.size_hint())
    }
}

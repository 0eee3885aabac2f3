//! The end of a connection whose peer may still be sending (RFC 9112, 9.6). A socket that is closed while bytes of its peer
//! lie unread resets the connection, and the kernel of the peer throws away what it has of the answer. So a refusal of a
//! large upload would be a broken connection to the one who uploads, and a download would end in the middle for whoever
//! sends a body that nobody asked for. The answer is ended first, then what still comes is read and dropped for a while.

use axum::BoxError;
use axum::body::{Body, HttpBody};
use bytes::Bytes;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep};

/// How long a peer may go on sending what nobody reads.
const LONGEST: Duration = Duration::from_secs(30);
/// How long it may pause meanwhile.
const PAUSE: Duration = Duration::from_secs(2);
/// Bytes that are read and dropped at a time.
const PIECE: usize = 16 * 1024;

/// Whether a request has begun to arrive on a connection and has not arrived as a whole.
#[derive(Default)]
pub(crate) struct Arriving(AtomicBool);

impl Arriving {
    /// Something came.
    pub(super) fn begin(&self) {
        self.0.store(true, Ordering::Release);
    }

    fn end(&self) {
        self.0.store(false, Ordering::Release);
    }

    fn is_open(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }

    /// Looks at a request's body on its way to whoever reads it.
    pub(crate) fn watch(self: &Arc<Self>, body: Body) -> Body {
        match body.is_end_stream() {
            true => {
                self.end();
                body
            }
            false => Body::new(Watched { body, arriving: Arc::clone(self) }),
        }
    }
}

/// A body that says when it is there as a whole.
struct Watched {
    body: Body,
    arriving: Arc<Arriving>,
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, BoxError>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        if frame.is_none() || self.body.is_end_stream() {
            self.arriving.end();
        }
        Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        self.body.size_hint()
    }
}

/// A connection that has said all it had to say, and lets its peer finish.
pub(super) struct Linger {
    end: Pin<Box<Sleep>>,
    pause: Pin<Box<Sleep>>,
}

impl Linger {
    pub(super) fn new() -> Self {
        Self { end: Box::pin(sleep(LONGEST)), pause: Box::pin(sleep(PAUSE)) }
    }

    /// Ready when the peer is done, or was given time enough.
    pub(super) fn poll(
        &mut self,
        context: &mut Context<'_>,
        stream: &mut TcpStream,
        arriving: &Arriving,
    ) -> Poll<io::Result<()>> {
        let mut piece = [0; PIECE];
        while arriving.is_open() && self.end.as_mut().poll(context).is_pending() {
            let mut piece = ReadBuf::new(&mut piece);
            match Pin::new(&mut *stream).poll_read(context, &mut piece) {
                Poll::Ready(Ok(())) if !piece.filled().is_empty() => {
                    self.pause.as_mut().reset(Instant::now() + PAUSE);
                }
                Poll::Ready(_) => break,
                Poll::Pending => return self.pause.as_mut().poll(context).map(Ok),
            }
        }
        Poll::Ready(Ok(()))
    }
}

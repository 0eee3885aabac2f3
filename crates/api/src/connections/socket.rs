//! A connection's socket: it ends when its peer takes nothing of what it is sent, and lets its peer finish what it says.

use super::linger::Linger;
use super::{Arriving, Unread};
use rustix::net::sockopt::set_tcp_user_timeout;
use std::future::Future;
use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};

/// The kernel knows when a peer takes nothing at all. One that takes a little now and then gets so many times as long
/// until there is room for more.
const SLOW: u32 = 10;

pub(crate) struct Socket {
    stream: TcpStream,
    unread: Arc<Unread>,
    /// How long writes may wait for room.
    slowest: Duration,
    /// Runs while a write waits.
    waiting: Option<Pin<Box<Sleep>>>,
    arriving: Arc<Arriving>,
    /// Whether a peer may finish what it is sending.
    lingers: bool,
    /// There when nothing more will be written.
    linger: Option<Linger>,
}

impl Socket {
    /// A socket whose peer has so much time to take something. The time holds in the kernel: also for what lies there when
    /// the connection is idle, or closed already.
    pub(crate) fn new(
        stream: TcpStream,
        unread: Arc<Unread>,
        (arriving, lingers): (Arc<Arriving>, bool),
        patience: Duration,
    ) -> Self {
        let milliseconds = u32::try_from(patience.as_millis()).unwrap_or(u32::MAX);
        if let Err(error) = set_tcp_user_timeout(&stream, milliseconds) {
            tracing::debug!(%error, "a connection has no time limit in the kernel");
        }
        let slowest = patience.saturating_mul(SLOW);
        Self { stream, unread, slowest, waiting: None, arriving, lingers, linger: None }
    }

    /// Passes on what a write came to, and ends the wait for room when it has been too long.
    fn bounded(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if written.is_ready() {
            self.waiting = None;
            return written;
        }
        let slowest = self.slowest;
        let waiting = self.waiting.get_or_insert_with(|| Box::pin(sleep(slowest)));
        ready!(waiting.as_mut().poll(context));
        Poll::Ready(Err(io::Error::new(ErrorKind::TimedOut, "the peer takes nothing")))
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if buffer.filled().len() > before {
            self.arriving.begin();
        }
        read
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.bounded(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, bytes);
        self.bounded(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// Called when all that was to be written is.
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.unread.sent();
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self { stream, arriving, lingers, linger, .. } = &mut *self;
        if linger.is_none() {
            ready!(Pin::new(&mut *stream).poll_shutdown(context))?;
        }
        if !*lingers {
            return Poll::Ready(Ok(()));
        }
        linger.get_or_insert_with(Linger::new).poll(context, stream, arriving)
    }
}

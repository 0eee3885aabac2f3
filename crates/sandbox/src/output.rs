//! Standard output and error of a guest: lines in the job's log, up to a quota.

use crate::text::clip;
use bytes::Bytes;
use fuelcell_domain::{JobHost, LogLevel};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};

/// Bytes of one stream that reach the log; the job's own log has a quota of its own.
const STREAM_QUOTA: u64 = 1 << 20;

/// Longest line in bytes; a longer one is broken into several.
const MAX_LINE: usize = 8 << 10;

/// What a guest may write at once before it is asked to come again.
const PERMIT: usize = 64 << 10;

struct Lines {
    host: Arc<dyn JobHost>,
    level: LogLevel,
    stage: &'static str,
    partial: Vec<u8>,
    passed: u64,
    dropped: u64,
}

impl Lines {
    fn write(&mut self, bytes: &[u8]) {
        let room = usize::try_from(STREAM_QUOTA - self.passed).unwrap_or(usize::MAX);
        let (kept, dropped) = bytes.split_at(room.min(bytes.len()));
        self.passed += kept.len() as u64;
        self.dropped += dropped.len() as u64;
        for piece in kept.split_inclusive(|&byte| byte == b'\n') {
            self.append(piece);
        }
    }

    fn append(&mut self, piece: &[u8]) {
        for part in piece.chunks(MAX_LINE) {
            self.partial.extend_from_slice(part);
            if self.partial.ends_with(b"\n") || self.partial.len() >= MAX_LINE {
                self.end_line();
            }
        }
    }

    fn end_line(&mut self) {
        let line = String::from_utf8_lossy(&self.partial);
        self.host.log(self.level, self.stage, clip(line.trim_end_matches(['\r', '\n']), MAX_LINE));
        self.partial.clear();
    }

    fn finish(&mut self) {
        if !self.partial.is_empty() {
            self.end_line();
        }
        if self.dropped > 0 {
            let notice = format!("{} more bytes were dropped: {STREAM_QUOTA} bytes are kept", self.dropped);
            self.host.log(LogLevel::Warn, self.stage, &notice);
            self.dropped = 0;
        }
    }
}

/// One of a guest's output streams.
#[derive(Clone)]
pub(crate) struct LogStream(Arc<Mutex<Lines>>);

impl LogStream {
    /// What the guest writes appears in the job's log under `stage`.
    pub(crate) fn new(host: Arc<dyn JobHost>, level: LogLevel, stage: &'static str) -> Self {
        Self(Arc::new(Mutex::new(Lines { host, level, stage, partial: Vec::new(), passed: 0, dropped: 0 })))
    }

    /// Logs what is left of the last line, and how much was dropped.
    pub(crate) fn finish(&self) {
        self.lines().finish();
    }

    /// Lines are whole after every call of the host, so a panic there cannot have broken them.
    fn lines(&self) -> MutexGuard<'_, Lines> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl IsTerminal for LogStream {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for LogStream {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for LogStream {
    async fn ready(&mut self) {}
}

impl OutputStream for LogStream {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.lines().write(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(PERMIT)
    }
}

impl AsyncWrite for LogStream {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        self.lines().write(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

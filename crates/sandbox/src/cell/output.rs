//! Standard output and error of a guest: lines in the job's log, which has a quota.

use super::panics::ADVICE;
use crate::text::clip;
use bytes::Bytes;
use fuelcell_domain::{JobHost, LogLevel};
use parking_lot::{Mutex, MutexGuard};
use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};

/// Longest line in bytes; a longer one is broken into several.
const MAX_LINE: usize = 8 << 10;

/// What a guest may write at once before it is asked to come again.
const PERMIT: usize = 64 << 10;

/// Bytes of a stream's end that are kept for whoever asks why its program failed.
const LAST_WORDS: usize = 4 << 10;

struct Lines {
    host: Arc<dyn JobHost>,
    level: LogLevel,
    stage: &'static str,
    partial: Vec<u8>,
    /// Whether the line before was broken off for its length.
    broken: bool,
    last: VecDeque<u8>,
}

impl Lines {
    fn write(&mut self, bytes: &[u8]) {
        self.last.extend(&bytes[bytes.len().saturating_sub(LAST_WORDS)..]);
        self.last.drain(..self.last.len().saturating_sub(LAST_WORDS));
        for piece in bytes.split_inclusive(|&byte| byte == b'\n') {
            self.append(piece);
        }
    }

    fn append(&mut self, mut piece: &[u8]) {
        while !piece.is_empty() {
            let (part, rest) = piece.split_at(piece.len().min(MAX_LINE - self.partial.len()));
            self.partial.extend_from_slice(part);
            piece = rest;
            if self.partial.ends_with(b"\n") {
                self.end_line(self.partial.len());
                self.broken = false;
            } else if self.partial.len() >= MAX_LINE {
                self.end_line(whole_characters(&self.partial));
                self.broken = true;
            }
        }
    }

    fn end_line(&mut self, length: usize) {
        let rest = self.partial.split_off(length);
        let text = String::from_utf8_lossy(&self.partial);
        let line = text.trim_end_matches(['\r', '\n']);
        // The end of a line that was broken off right before it is no line.
        if !(line.is_empty() && self.broken || line.starts_with(ADVICE)) {
            self.host.log(self.level, self.stage, clip(line, MAX_LINE));
        }
        self.partial = rest;
    }

    fn finish(&mut self) {
        if !self.partial.is_empty() {
            self.end_line(self.partial.len());
        }
    }
}

/// How many of the bytes are whole characters, if they are text: the last may have begun only.
fn whole_characters(bytes: &[u8]) -> usize {
    let begun = bytes.iter().rev().take(3).position(|&byte| byte & 0xc0 != 0x80).map(|back| back + 1);
    let cut = begun.filter(|&back| match bytes[bytes.len() - back] {
        0xf0.. => back < 4,
        0xe0.. => back < 3,
        0xc0.. => back < 2,
        _ => false,
    });
    bytes.len() - cut.unwrap_or(0)
}

/// One of a guest's output streams.
#[derive(Clone)]
pub(crate) struct LogStream(Arc<Mutex<Lines>>);

impl LogStream {
    /// What the guest writes appears in the job's log under `stage`.
    pub(crate) fn new(host: Arc<dyn JobHost>, level: LogLevel, stage: &'static str) -> Self {
        let (partial, last) = Default::default();
        Self(Arc::new(Mutex::new(Lines { host, level, stage, partial, broken: false, last })))
    }

    /// What the guest wrote last.
    pub(crate) fn last_words(&self) -> String {
        let last: Vec<u8> = self.lines().last.iter().copied().collect();
        String::from_utf8_lossy(&last).into_owned()
    }

    /// Logs what is left of the last line.
    pub(crate) fn finish(&self) {
        self.lines().finish();
    }

    /// Lines are whole after every call of the host, so a panic there cannot have broken them.
    fn lines(&self) -> MutexGuard<'_, Lines> {
        self.0.lock()
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

#[cfg(test)]
mod tests {
    use super::whole_characters;

    #[test]
    fn a_line_is_broken_between_characters() {
        for (text, whole) in [("aé", 3), ("a€", 4), ("a😀", 5), ("ab", 2)] {
            let bytes = text.as_bytes();
            assert_eq!(whole_characters(bytes), whole, "{text}");
            for cut in 2..bytes.len() {
                assert_eq!(whole_characters(&bytes[..cut]), 1, "{text} {cut}");
            }
        }
        // What is no text is broken where it is.
        assert_eq!(whole_characters(&[0x80; 9]), 9);
    }
}

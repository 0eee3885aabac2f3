//! Reading and writing a file as a stream. A disk is always ready, so nothing here waits but for a device.

use super::ErrorCode;
use super::node::File;
use bytes::Bytes;
use std::future::poll_fn;
use std::sync::Arc;
use wasmtime_wasi::p2::{InputStream, OutputStream, Pollable, StreamError, StreamResult};

/// Bytes that one call moves at most.
pub(crate) const MAX_PIECE: usize = 1 << 20;

/// What a stream's error resource holds, for `filesystem-error-code`.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct FileError(pub(crate) ErrorCode);

fn failed(code: ErrorCode) -> StreamError {
    StreamError::LastOperationFailed(wasmtime::Error::new(FileError(code)))
}

/// Reads from a position on.
pub(crate) struct Reading {
    pub(crate) file: Arc<File>,
    pub(crate) position: u64,
}

#[wasmtime_wasi::async_trait]
impl Pollable for Reading {
    async fn ready(&mut self) {
        if let Some(session) = self.file.session() {
            poll_fn(|context| session.poll_ready(context)).await;
        }
    }
}

impl InputStream for Reading {
    fn read(&mut self, size: usize) -> StreamResult<Bytes> {
        if size == 0 {
            return Ok(Bytes::new());
        }
        if let Some(session) = self.file.session() {
            return match session.read(size.min(MAX_PIECE)) {
                None => Ok(Bytes::new()),
                Some(bytes) if bytes.is_empty() => Err(StreamError::Closed),
                Some(bytes) => Ok(bytes.into()),
            };
        }
        let bytes = self.file.read(self.position, size.min(MAX_PIECE)).map_err(failed)?;
        if bytes.is_empty() {
            return Err(StreamError::Closed);
        }
        self.position += bytes.len() as u64;
        Ok(bytes.into())
    }
}

/// Writes from a position on, or at the end.
pub(crate) struct Writing {
    pub(crate) file: Arc<File>,
    /// None = at the end, wherever that is by then.
    pub(crate) position: Option<u64>,
}

#[wasmtime_wasi::async_trait]
impl Pollable for Writing {
    async fn ready(&mut self) {}
}

impl OutputStream for Writing {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        if self.file.session().is_some_and(|session| bytes.len() > session.room()) {
            return Err(StreamError::trap("more was written than was asked for"));
        }
        match &mut self.position {
            None => self.file.append(&bytes).map_err(failed),
            Some(position) => {
                self.file.write(*position, &bytes).map_err(failed)?;
                *position += bytes.len() as u64;
                Ok(())
            }
        }
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(self.file.session().map_or(MAX_PIECE, |session| session.room().min(MAX_PIECE)))
    }
}

//! The outputs of a job as one zip, made while it is sent: nothing is held but a few chunks.

mod names;

use super::summary::run_summary;
use axum::body::Body;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use fuelcell_domain::{Artifact, Job, ReadAt};
use fuelcell_service::Service;
use fuelcell_service::links::RUN_SUMMARY;
use fuelcell_service::permits::TenantPermit;
use futures::StreamExt;
use futures::future::ready;
use futures::stream;
use names::ArchiveNames;
use parking_lot::Mutex;
use serde_json::json;
use std::io::{self, Write};
use std::mem;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::SendTimeoutError;
use tokio_stream::wrappers::ReceiverStream;
use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{CompressionMethod, ZipWriter};

/// Bytes per read and per chunk that is sent.
const CHUNK: usize = 64 * 1024;
/// Chunks that may wait for a slow client.
const AHEAD: usize = 4;
/// From this size on an entry gets the 64-bit fields; what is compressed may come out a little larger than it was.
const LARGE: u64 = 4_000_000_000;
/// Formats that are compressed already.
const PACKED: [&str; 6] = ["gz", "zip", "png", "jpg", "jpeg", "pdf"];

/// How long the client may take no chunk.
const PAUSE: Duration = Duration::from_secs(30);

type Zip = ZipWriter<StreamWriter<Packed>>;

/// Answers with a zip of the artifacts and the host's summary of the run. The permit is held as long as it is sent.
pub(super) fn respond(
    service: Arc<Service>,
    permit: TenantPermit,
    job: Job,
    artifacts: Vec<Artifact>,
) -> Response {
    let name = format!("attachment; filename=\"job-{}.zip\"", job.id);
    let (sender, receiver) = mpsc::channel(AHEAD);
    let sending = tokio::spawn(async move {
        let _permit = permit;
        let sent = Box::pin(send_archive(&service, &job, &artifacts, &sender)).await;
        if let Err(error) = &sent {
            tracing::warn!(job = %job.id, %error, "an archive was not sent to its end");
        }
        sent
    });
    // The client sees a broken transfer, never a shorter archive. It may also have left by itself.
    let failure = stream::once(sending)
        .filter_map(|ended| ready(ended.map_err(io::Error::other).and_then(|sent| sent).err().map(Err)));
    let body = Body::from_stream(ReceiverStream::new(receiver).map(Ok).chain(failure));
    let headers = [
        (header::CONTENT_TYPE, "application/zip".to_owned()),
        (header::CONTENT_DISPOSITION, name),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (header::CACHE_CONTROL, "private, no-store".to_owned()),
    ];
    (headers, body).into_response()
}

/// Packs a chunk at a time. Only packing takes a thread; waiting for the client takes none.
async fn send_archive(
    service: &Service,
    job: &Job,
    artifacts: &[Artifact],
    sender: &mpsc::Sender<Bytes>,
) -> io::Result<()> {
    let packed = Packed::default();
    let mut zip = ZipWriter::new_stream(packed.clone());
    let mut names = ArchiveNames::default();
    let mut renamed = Vec::new();
    for artifact in artifacts {
        let bytes = service.artifact_bytes(artifact.digest).await.map_err(io::Error::other)?;
        let name = names.take(&artifact.description.name);
        zip.start_file(&name, options(artifact)).map_err(io::Error::other)?;
        if name != artifact.description.name {
            renamed.push(json!({"name": artifact.description.name, "inArchive": name}));
        }
        let mut offset = 0;
        while offset < bytes.size() {
            (zip, offset) = add_chunk(zip, Arc::clone(&bytes), offset).await?;
            send(sender, packed.take(), PAUSE).await?;
        }
    }
    if artifacts.iter().all(|artifact| artifact.description.name != RUN_SUMMARY) {
        let name = names.take(RUN_SUMMARY);
        zip.start_file(name, SimpleFileOptions::default()).map_err(io::Error::other)?;
        let mut summary = run_summary(job);
        summary["renamedOutputs"] = renamed.into();
        zip.write_all(summary.to_string().as_bytes())?;
    }
    zip.finish().map_err(io::Error::other)?;
    send(sender, packed.take(), PAUSE).await
}

/// Packs the chunk at `offset` on a blocking thread; answers with the offset after it.
async fn add_chunk(mut zip: Zip, bytes: Arc<dyn ReadAt>, offset: u64) -> io::Result<(Zip, u64)> {
    let adding = tokio::task::spawn_blocking(move || {
        let mut buffer = vec![0; CHUNK];
        let count = bytes.read_at(offset, &mut buffer)?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        zip.write_all(&buffer[..count])?;
        Ok((zip, offset + count as u64))
    });
    adding.await.map_err(io::Error::other)?
}

/// Hands a chunk to the response; fails when the client is gone, or takes nothing for `pause`.
async fn send(sender: &mpsc::Sender<Bytes>, chunk: Bytes, pause: Duration) -> io::Result<()> {
    if chunk.is_empty() {
        return Ok(());
    }
    sender.send_timeout(chunk, pause).await.map_err(|refused| match refused {
        SendTimeoutError::Timeout(_) => io::ErrorKind::TimedOut.into(),
        SendTimeoutError::Closed(_) => io::ErrorKind::BrokenPipe.into(),
    })
}

fn options(artifact: &Artifact) -> SimpleFileOptions {
    let method = match PACKED.contains(&artifact.description.format()) {
        true => CompressionMethod::Stored,
        false => CompressionMethod::Deflated,
    };
    SimpleFileOptions::default().compression_method(method).large_file(artifact.size >= LARGE)
}

/// What the archive's writer made and nobody has sent yet.
#[derive(Clone, Default)]
struct Packed(Arc<Mutex<Vec<u8>>>);

impl Packed {
    fn take(&self) -> Bytes {
        mem::take(&mut *self.0.lock()).into()
    }
}

impl Write for Packed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_client_that_takes_nothing_ends_its_archive() {
        let (sender, receiver) = mpsc::channel(1);
        let offer = || send(&sender, Bytes::from_static(b"chunk"), Duration::ZERO);
        offer().await.unwrap();
        assert_eq!(offer().await.unwrap_err().kind(), io::ErrorKind::TimedOut);
        drop(receiver);
        assert_eq!(offer().await.unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }
}

//! The outputs of a job as one zip, made while it is sent: nothing is held but a few chunks.

use super::results::run_summary;
use axum::body::Body;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use fuelcell_domain::{Artifact, Job, ReadAt};
use fuelcell_service::Service;
use fuelcell_service::links::RUN_SUMMARY;
use std::io::{self, BufWriter, Write};
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// Bytes per read and per chunk that is sent.
const CHUNK: usize = 64 * 1024;
/// Chunks that may wait for a slow client.
const AHEAD: usize = 4;
/// From this size on an entry gets the 64-bit fields; what is compressed may come out a little larger than it was.
const LARGE: u64 = 4_000_000_000;
/// Formats that are compressed already.
const PACKED: [&str; 6] = ["gz", "zip", "png", "jpg", "jpeg", "pdf"];

/// Answers with a zip of the artifacts and the host's summary of the run.
pub(super) fn respond(service: Arc<Service>, job: Job, artifacts: Vec<Artifact>) -> Response {
    let name = format!("attachment; filename=\"job-{}.zip\"", job.id);
    let (sender, receiver) = mpsc::channel(AHEAD);
    tokio::task::spawn_blocking(move || {
        let written = write_archive(&service, &job, &artifacts, Sender(sender.clone()));
        // The client sees a broken transfer, never a shorter archive. It may also have left by itself.
        if let Err(error) = written {
            tracing::warn!(job = %job.id, %error, "an archive was not sent to its end");
            let _ = sender.blocking_send(Err(error));
        }
    });
    let headers = [
        (header::CONTENT_TYPE, "application/zip".to_owned()),
        (header::CONTENT_DISPOSITION, name),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (header::CACHE_CONTROL, "private, no-store".to_owned()),
    ];
    (headers, Body::from_stream(ReceiverStream::new(receiver))).into_response()
}

fn write_archive(service: &Service, job: &Job, artifacts: &[Artifact], sender: Sender) -> io::Result<()> {
    let runtime = tokio::runtime::Handle::current();
    let mut archive = ZipWriter::new_stream(BufWriter::with_capacity(CHUNK, sender));
    for artifact in artifacts {
        let bytes = runtime.block_on(service.artifact_bytes(artifact.digest)).map_err(io::Error::other)?;
        archive.start_file(&artifact.description.name, options(artifact)).map_err(io::Error::other)?;
        copy(&*bytes, &mut archive)?;
    }
    if artifacts.iter().all(|artifact| artifact.description.name != RUN_SUMMARY) {
        archive.start_file(RUN_SUMMARY, SimpleFileOptions::default()).map_err(io::Error::other)?;
        archive.write_all(run_summary(job).to_string().as_bytes())?;
    }
    archive.finish().map_err(io::Error::other)?.into_inner().flush()
}

fn options(artifact: &Artifact) -> SimpleFileOptions {
    let method = match PACKED.contains(&artifact.description.format()) {
        true => CompressionMethod::Stored,
        false => CompressionMethod::Deflated,
    };
    SimpleFileOptions::default().compression_method(method).large_file(artifact.size >= LARGE)
}

fn copy(bytes: &dyn ReadAt, to: &mut impl Write) -> io::Result<()> {
    let (mut buffer, mut offset) = (vec![0; CHUNK], 0);
    while offset < bytes.size() {
        match bytes.read_at(offset, &mut buffer)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count => {
                to.write_all(&buffer[..count])?;
                offset += count as u64;
            }
        }
    }
    Ok(())
}

/// Hands chunks to the response; waits while the client is slow, and fails when it is gone.
struct Sender(mpsc::Sender<io::Result<Bytes>>);

impl Write for Sender {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let sent = self.0.blocking_send(Ok(Bytes::copy_from_slice(bytes)));
        sent.map(|()| bytes.len()).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

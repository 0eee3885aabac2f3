//! Stored bytes: each file is what its name says, and what records name is there.

use super::CheckReport;
use crate::records::uses::NamedBlobs;
use fuelcell_domain::{Digest, DigestWriter, ReadAt};
use fuelcell_store::{BlobRef, BlobStore, StoreError};
use std::io::{self, Write};
use std::sync::Arc;

/// Files that are listed at a time.
const PAGE: usize = 1000;

/// Hashes all stored bytes, and compares them with what records name. Those in `brought` are nobody's orphans: a server
/// brings them along. `progress` is called after each file.
///
/// # Errors
/// When the files cannot be listed. What is wrong with them is in the report.
pub async fn check_blobs(
    blobs: &dyn BlobStore,
    named: &NamedBlobs,
    brought: &[Digest],
    report: &mut CheckReport,
    progress: impl Fn(BlobRef),
) -> Result<(), StoreError> {
    let mut after = None;
    loop {
        let page = blobs.list(after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.digest);
        for blob in page {
            report.blobs += 1;
            report.blob_bytes += blob.size;
            let needed = named.contains_key(&blob.digest) || brought.contains(&blob.digest);
            if !needed && !report.incomplete {
                report.orphans += 1;
                report.orphan_bytes += blob.size;
            }
            check_one(blobs, blob, report).await;
            progress(blob);
        }
    }
    check_named(blobs, named, report).await
}

async fn check_one(blobs: &dyn BlobStore, blob: BlobRef, report: &mut CheckReport) {
    let digest = match blobs.open(blob.digest).await {
        Ok(Some(bytes)) => digest_of(bytes).await,
        Ok(None) => Err(io::ErrorKind::NotFound.into()),
        Err(error) => Err(io::Error::other(error.to_string())),
    };
    match digest {
        Ok(digest) if digest == blob.digest => {}
        Ok(digest) => report.problem(format!("the bytes stored as {} are {digest}", blob.digest)),
        Err(error) => report.problem(format!("the bytes {} cannot be read: {error}", blob.digest)),
    }
}

async fn check_named(
    blobs: &dyn BlobStore,
    named: &NamedBlobs,
    report: &mut CheckReport,
) -> Result<(), StoreError> {
    for (digest, (size, by)) in named {
        match (blobs.stat(*digest).await?, size) {
            (None, _) => report.problem(format!("the bytes {digest} are missing; {by} needs them")),
            (Some(there), Some(size)) if there != *size => {
                report
                    .problem(format!("{by} says that the bytes {digest} are {size} long; they are {there}"));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Hashes away from the async threads.
async fn digest_of(bytes: Arc<dyn ReadAt>) -> io::Result<Digest> {
    let hashed = tokio::task::spawn_blocking(move || {
        let mut digest = DigestWriter::new(io::sink());
        let mut buffer = vec![0; 256 << 10];
        loop {
            match bytes.read_at(digest.length(), &mut buffer)? {
                0 => return Ok(digest.digest()),
                count => digest.write_all(&buffer[..count])?,
            }
        }
    });
    hashed.await.map_err(io::Error::other)?
}

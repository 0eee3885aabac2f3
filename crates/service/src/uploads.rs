//! Bytes on their way in: streamed to the blob store on a blocking thread, never held whole.

use crate::permits::TenantPermit;
use crate::{Service, ServiceError};
use fuelcell_domain::{Digest, ProjectRef};
use fuelcell_store::{BlobRef, StoreError};
use std::io::{ErrorKind, Read, Write};

/// Where an upload's bytes come from. Reading may hold up the thread.
pub type ByteSource = Box<dyn Read + Send>;

/// Bytes per read and write.
pub(crate) const CHUNK: usize = 256 * 1024;

/// When a client may try again that found too many uploads under way.
const RETRY_SECONDS: u64 = 1;

/// An upload as it arrives.
pub struct Upload {
    /// Its bytes.
    pub bytes: ByteSource,
    /// Their number, where the client said it. Only used to refuse early.
    pub length: Option<u64>,
    /// Their digest, where the client said it: other bytes are refused.
    pub digest: Option<Digest>,
}

impl Upload {
    /// Bytes of which nothing was said.
    pub fn of(bytes: ByteSource) -> Self {
        Self { bytes, length: None, digest: None }
    }
}

impl Service {
    /// Streams at most `cap` bytes of a project's upload into the blob store, where `replaced` bytes will make room.
    pub(crate) async fn receive_for(
        &self,
        project: ProjectRef,
        upload: Upload,
        cap: u64,
        replaced: u64,
    ) -> Result<BlobRef, ServiceError> {
        let _permit = self.upload_permit(project)?;
        self.receive_within_quota(project, upload, cap, replaced).await
    }

    /// Each upload holds a thread: a tenant has so many under way.
    pub(crate) fn upload_permit(&self, project: ProjectRef) -> Result<TenantPermit, ServiceError> {
        let most = self.config.max_parallel_uploads;
        self.uploads.enter(project.tenant, most).ok_or_else(|| ServiceError::TooMany {
            code: "TooManyUploads",
            message: format!(
                "{most} uploads of this tenant are under way already; try again when one has ended"
            ),
            retry_after: RETRY_SECONDS,
        })
    }

    /// Streams an upload that has a permit.
    async fn receive_within_quota(
        &self,
        project: ProjectRef,
        upload: Upload,
        cap: u64,
        replaced: u64,
    ) -> Result<BlobRef, ServiceError> {
        let limits = self.store.project_limits(project).await?;
        if limits.quotas.stored_bytes.is_none() {
            return self.receive(upload, cap).await;
        }
        // The store decides when the record is written; here the quota only keeps a client from sending in vain.
        let stored = self.store.project_usage(project).await?.stored;
        let room = limits.room(stored, replaced).unwrap_or(cap);
        let received = self.receive(upload, cap.min(room)).await;
        if room < cap && matches!(received, Err(ServiceError::TooLarge(_))) {
            limits.admit_bytes(stored, replaced, room + 1).map_err(StoreError::from)?;
        }
        received
    }

    /// Streams at most `cap` bytes into the blob store.
    pub(crate) async fn receive(&self, upload: Upload, cap: u64) -> Result<BlobRef, ServiceError> {
        let Upload { bytes: mut source, length, digest } = upload;
        if length.is_some_and(|length| length > cap) {
            return Err(ServiceError::TooLarge(cap));
        }
        let mut writer = self.blobs.begin()?;
        let copying = move || {
            let mut buffer = vec![0; CHUNK];
            loop {
                let count = match source.read(&mut buffer) {
                    Ok(0) => break,
                    Ok(count) => count,
                    Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                    Err(error) => return Err(ServiceError::BrokenUpload(error.to_string())),
                };
                if writer.length() + count as u64 > cap {
                    return Err(ServiceError::TooLarge(cap));
                }
                writer.write_all(&buffer[..count]).map_err(write_error)?;
            }
            match digest.filter(|digest| *digest != writer.digest()) {
                None => Ok(writer.commit()?),
                Some(_) => Err(other_digest(writer.digest())),
            }
        };
        on_a_thread(copying).await
    }
}

/// Does what may hold up a thread.
pub(crate) async fn on_a_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ServiceError> + Send + 'static,
) -> Result<T, ServiceError> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|panic| {
        tracing::error!(%panic, "an upload's thread ended badly");
        Err(ServiceError::Storage)
    })
}

/// Of bytes that have another digest than was announced.
pub(crate) fn other_digest(found: Digest) -> ServiceError {
    let message = format!("the bytes that arrived have the SHA-256 {found}, not the announced one");
    ServiceError::invalid("DigestMismatch", message)
}

pub(crate) fn write_error(error: std::io::Error) -> ServiceError {
    StoreError::from(error).into()
}

//! Bytes on their way in: streamed to the blob store on a blocking thread, never held whole.

use crate::{Service, ServiceError};
use fuelcell_store::{BlobRef, StoreError};
use std::io::{ErrorKind, Read, Write};

/// Where an upload's bytes come from. Reading may hold up the thread.
pub type ByteSource = Box<dyn Read + Send>;

/// Bytes per read and write.
const CHUNK: usize = 256 * 1024;

impl Service {
    /// Streams at most `cap` bytes into the blob store.
    pub(crate) async fn receive(&self, mut source: ByteSource, cap: u64) -> Result<BlobRef, ServiceError> {
        let mut writer = self.blobs.begin()?;
        let copying = tokio::task::spawn_blocking(move || {
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
            Ok(writer.commit()?)
        });
        copying.await.unwrap_or_else(|panic| {
            tracing::error!(%panic, "an upload's thread ended badly");
            Err(ServiceError::Storage)
        })
    }
}

fn write_error(error: std::io::Error) -> ServiceError {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => ServiceError::StorageFull,
        _ => StoreError::Storage(error.to_string()).into(),
    }
}

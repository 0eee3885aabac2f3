//! Bytes in memory.

use crate::{BlobRef, BlobStore, BlobWriter, StagedWriter, StoreError};
use async_trait::async_trait;
use fuelcell_domain::{Digest, DigestWriter, ReadAt, UploadId};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::ops::Bound;
use std::sync::Arc;
use std::time::{Duration, Instant};

type Blobs = BTreeMap<Digest, (Arc<Vec<u8>>, Instant)>;
type Staged = BTreeMap<UploadId, Vec<u8>>;

/// A store of bytes in memory.
#[derive(Default)]
pub struct MemoryBlobs {
    blobs: Arc<Mutex<Blobs>>,
    staged: Arc<Mutex<Staged>>,
}

impl MemoryBlobs {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }
}

struct Writer {
    bytes: DigestWriter<Vec<u8>>,
    blobs: Arc<Mutex<Blobs>>,
}

impl Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl BlobWriter for Writer {
    fn length(&self) -> u64 {
        self.bytes.length()
    }

    fn digest(&self) -> Digest {
        self.bytes.digest()
    }

    fn commit(self: Box<Self>) -> Result<BlobRef, StoreError> {
        let (bytes, digest, size) = self.bytes.finish();
        self.blobs.lock().insert(digest, (Arc::new(bytes), Instant::now()));
        Ok(BlobRef { digest, size })
    }
}

struct Stage {
    upload: UploadId,
    staged: Arc<Mutex<Staged>>,
}

impl Write for Stage {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.staged.lock().entry(self.upload).or_default().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl StagedWriter for Stage {
    fn sync(&mut self) -> Result<(), StoreError> {
        Ok(())
    }
}

#[async_trait]
impl BlobStore for MemoryBlobs {
    fn begin(&self) -> Result<Box<dyn BlobWriter>, StoreError> {
        Ok(Box::new(Writer { bytes: DigestWriter::new(Vec::new()), blobs: Arc::clone(&self.blobs) }))
    }

    async fn open(&self, digest: Digest) -> Result<Option<Arc<dyn ReadAt>>, StoreError> {
        let blob = self.blobs.lock().get(&digest).cloned();
        Ok(blob.map(|(bytes, _)| bytes as Arc<dyn ReadAt>))
    }

    async fn stat(&self, digest: Digest) -> Result<Option<u64>, StoreError> {
        Ok(self.blobs.lock().get(&digest).map(|(bytes, _)| bytes.len() as u64))
    }

    async fn touch(&self, digest: Digest) -> Result<Option<u64>, StoreError> {
        let mut blobs = self.blobs.lock();
        Ok(blobs.get_mut(&digest).map(|(bytes, committed)| {
            *committed = Instant::now();
            bytes.len() as u64
        }))
    }

    async fn unlink(&self, digest: Digest) -> Result<(), StoreError> {
        self.blobs.lock().remove(&digest);
        Ok(())
    }

    async fn unlink_idle(&self, digest: Digest, idle: Duration) -> Result<bool, StoreError> {
        let mut blobs = self.blobs.lock();
        let is_idle = blobs.get(&digest).is_none_or(|(_, committed)| committed.elapsed() >= idle);
        if is_idle {
            blobs.remove(&digest);
        }
        Ok(is_idle)
    }

    async fn list(&self, after: Option<Digest>, limit: usize) -> Result<Vec<BlobRef>, StoreError> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let blobs = self.blobs.lock();
        let listed = blobs.range((from, Bound::Unbounded)).take(limit);
        Ok(listed.map(|(digest, (bytes, _))| BlobRef { digest: *digest, size: bytes.len() as u64 }).collect())
    }

    async fn free_bytes(&self) -> Result<Option<u64>, StoreError> {
        Ok(None)
    }

    async fn check(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn stage(&self, upload: UploadId, length: u64) -> Result<Box<dyn StagedWriter>, StoreError> {
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        self.staged.lock().entry(upload).or_default().truncate(length);
        Ok(Box::new(Stage { upload, staged: Arc::clone(&self.staged) }))
    }

    async fn staged_length(&self, upload: UploadId) -> Result<u64, StoreError> {
        Ok(self.staged.lock().get(&upload).map_or(0, |bytes| bytes.len() as u64))
    }

    async fn staged(&self, upload: UploadId) -> Result<BlobRef, StoreError> {
        let bytes = self.staged.lock().get(&upload).cloned().unwrap_or_default();
        Ok(BlobRef { digest: Digest::of(&bytes), size: bytes.len() as u64 })
    }

    async fn adopt(&self, upload: UploadId, blob: BlobRef) -> Result<(), StoreError> {
        let bytes = self.staged.lock().get(&upload).cloned().unwrap_or_default();
        if bytes.len() as u64 != blob.size {
            return Err(StoreError::NotFound("upload"));
        }
        let now = Instant::now();
        self.blobs.lock().entry(blob.digest).or_insert_with(|| (Arc::new(bytes), now)).1 = now;
        Ok(())
    }

    async fn unstage(&self, upload: UploadId) -> Result<(), StoreError> {
        self.staged.lock().remove(&upload);
        Ok(())
    }

    async fn all_staged(&self) -> Result<Vec<UploadId>, StoreError> {
        Ok(self.staged.lock().keys().copied().collect())
    }
}

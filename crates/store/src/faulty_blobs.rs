//! A store of bytes that fails where a test says so, as [`FaultyStore`](crate::faulty::FaultyStore) does for records.

use crate::faulty::{Fault, Faults, failure};
use crate::{BlobRef, BlobStore, BlobWriter, StagedWriter, StoreError};
use async_trait::async_trait;
use fuelcell_domain::{Digest, ReadAt, UploadId};
use std::io::{self, Write};
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

/// Passes everything on, except the calls that are to fail. Beside the verbs of [`BlobStore`] there are `write` and
/// `commit` of its writers and `read` of what it opened.
pub struct FaultyBlobs<B> {
    inner: B,
    faults: Arc<Faults>,
}

impl<B> FaultyBlobs<B> {
    /// Wraps a store; nothing fails yet.
    pub fn new(inner: B) -> Self {
        Self { inner, faults: Arc::default() }
    }
}

impl<B> Deref for FaultyBlobs<B> {
    type Target = Faults;

    fn deref(&self) -> &Faults {
        &self.faults
    }
}

struct Writer {
    inner: Box<dyn BlobWriter>,
    faults: Arc<Faults>,
}

impl Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.faults.of("write") {
            None => self.inner.write(bytes),
            // Some of it may have been written.
            Some(Fault::Unanswered) => {
                self.inner.write_all(&bytes[..bytes.len() / 2])?;
                Err(io::Error::other(failure("write")))
            }
            Some(Fault::Refused) => Err(io::Error::other(failure("write"))),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl BlobWriter for Writer {
    fn length(&self) -> u64 {
        self.inner.length()
    }

    fn digest(&self) -> Digest {
        self.inner.digest()
    }

    fn commit(self: Box<Self>) -> Result<BlobRef, StoreError> {
        match self.faults.of("commit") {
            None => self.inner.commit(),
            Some(Fault::Refused) => Err(failure("commit")),
            Some(Fault::Unanswered) => {
                self.inner.commit()?;
                Err(failure("commit"))
            }
        }
    }
}

struct Blob {
    inner: Arc<dyn ReadAt>,
    faults: Arc<Faults>,
}

impl ReadAt for Blob {
    fn size(&self) -> u64 {
        self.inner.size()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        match self.faults.of("read") {
            None => self.inner.read_at(offset, buffer),
            Some(_) => Err(io::Error::other(failure("read"))),
        }
    }
}

impl<B> FaultyBlobs<B> {
    /// Does a verb, or fails as the plan says.
    async fn pass<T>(
        &self,
        verb: &'static str,
        work: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        match self.faults.of(verb) {
            None => work.await,
            Some(Fault::Refused) => Err(failure(verb)),
            Some(Fault::Unanswered) => {
                work.await?;
                Err(failure(verb))
            }
        }
    }
}

#[async_trait]
impl<B: BlobStore> BlobStore for FaultyBlobs<B> {
    fn begin(&self) -> Result<Box<dyn BlobWriter>, StoreError> {
        match self.faults.of("begin") {
            None => Ok(Box::new(Writer { inner: self.inner.begin()?, faults: Arc::clone(&self.faults) })),
            Some(_) => Err(failure("begin")),
        }
    }

    async fn open(&self, digest: Digest) -> Result<Option<Arc<dyn ReadAt>>, StoreError> {
        let opened = self.pass("open", self.inner.open(digest)).await?;
        let faults = Arc::clone(&self.faults);
        Ok(opened.map(|inner| Arc::new(Blob { inner, faults }) as Arc<dyn ReadAt>))
    }

    async fn stat(&self, digest: Digest) -> Result<Option<u64>, StoreError> {
        self.pass("stat", self.inner.stat(digest)).await
    }

    async fn touch(&self, digest: Digest) -> Result<Option<u64>, StoreError> {
        self.pass("touch", self.inner.touch(digest)).await
    }

    async fn unlink(&self, digest: Digest) -> Result<(), StoreError> {
        self.pass("unlink", self.inner.unlink(digest)).await
    }

    async fn unlink_idle(&self, digest: Digest, idle: Duration) -> Result<bool, StoreError> {
        self.pass("unlink_idle", self.inner.unlink_idle(digest, idle)).await
    }

    async fn list(&self, after: Option<Digest>, limit: usize) -> Result<Vec<BlobRef>, StoreError> {
        self.pass("list", self.inner.list(after, limit)).await
    }

    async fn free_bytes(&self) -> Result<Option<u64>, StoreError> {
        self.pass("free_bytes", self.inner.free_bytes()).await
    }

    async fn check(&self) -> Result<(), StoreError> {
        self.pass("check", self.inner.check()).await
    }

    fn stage(&self, upload: UploadId, length: u64) -> Result<Box<dyn StagedWriter>, StoreError> {
        match self.faults.of("stage") {
            None => self.inner.stage(upload, length),
            Some(_) => Err(failure("stage")),
        }
    }

    async fn staged_length(&self, upload: UploadId) -> Result<u64, StoreError> {
        self.pass("staged_length", self.inner.staged_length(upload)).await
    }

    async fn staged(&self, upload: UploadId) -> Result<BlobRef, StoreError> {
        self.pass("staged", self.inner.staged(upload)).await
    }

    async fn adopt(&self, upload: UploadId, blob: BlobRef) -> Result<(), StoreError> {
        self.pass("adopt", self.inner.adopt(upload, blob)).await
    }

    async fn unstage(&self, upload: UploadId) -> Result<(), StoreError> {
        self.pass("unstage", self.inner.unstage(upload)).await
    }

    async fn all_staged(&self) -> Result<Vec<UploadId>, StoreError> {
        self.pass("all_staged", self.inner.all_staged()).await
    }
}

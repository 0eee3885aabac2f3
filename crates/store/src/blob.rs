//! Bytes by digest: modules, datasets, artifacts, checkpoints.

use crate::StoreError;
use async_trait::async_trait;
use fuelcell_domain::{Digest, ReadAt, UploadId};
use serde::{Deserialize, Serialize};
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

/// Stored bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlobRef {
    /// SHA-256 of the bytes.
    pub digest: Digest,
    /// Their number.
    pub size: u64,
}

/// A part of the digests that records refer to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BlobReferences {
    /// Digests of what counts in what a project stores, some of them more than once.
    pub counted: Vec<Digest>,
    /// The same of modules and inputs of jobs, which do not count.
    pub pinned: Vec<Digest>,
    /// Where the next part begins; none = this was the last.
    pub next: Option<Vec<u8>>,
}

/// Bytes on their way in. Dropped without `commit`, they are gone.
///
/// Writing may hold up the thread; call it from a blocking thread or a guest's own.
pub trait BlobWriter: Write + Send {
    /// Bytes so far.
    fn length(&self) -> u64;

    /// The digest of the bytes so far, for those who know which it should be before they commit.
    fn digest(&self) -> Digest;

    /// Makes the bytes durable under their digest, and says which it is. Bytes that are there already are kept once.
    fn commit(self: Box<Self>) -> Result<BlobRef, StoreError>;
}

/// The end of a staged file, to which more is added. Writing may hold up the thread.
pub trait StagedWriter: Write + Send {
    /// Makes durable what was written.
    fn sync(&mut self) -> Result<(), StoreError>;
}

/// A store of bytes by digest. Whether some bytes are still needed is the [`crate::Store`]'s knowledge, not this one's.
#[async_trait]
pub trait BlobStore: Send + Sync {
    /// Starts writing.
    fn begin(&self) -> Result<Box<dyn BlobWriter>, StoreError>;

    /// Opens bytes for reading; `None` when they are not there.
    async fn open(&self, digest: Digest) -> Result<Option<Arc<dyn ReadAt>>, StoreError>;

    /// The number of bytes; `None` when they are not there.
    async fn stat(&self, digest: Digest) -> Result<Option<u64>, StoreError>;

    /// Counts bytes as committed again just now, for whoever is about to record that they are needed once more. Their
    /// number; `None` when they are not there.
    async fn touch(&self, digest: Digest) -> Result<Option<u64>, StoreError>;

    /// Forgets bytes. Readers that are open go on. Absent bytes are no error.
    async fn unlink(&self, digest: Digest) -> Result<(), StoreError>;

    /// Forgets bytes unless somebody committed them, for the first time or again, within the last `idle`: whoever commits
    /// bytes has that long to record that they are needed. Says whether they are gone. No commit comes in between.
    async fn unlink_idle(&self, digest: Digest, idle: Duration) -> Result<bool, StoreError>;

    /// All digests, in order, from `after` on, at most `limit`: for sweeps.
    async fn list(&self, after: Option<Digest>, limit: usize) -> Result<Vec<BlobRef>, StoreError>;

    /// Free bytes on the medium, when that is known.
    async fn free_bytes(&self) -> Result<Option<u64>, StoreError>;

    /// Finds out whether bytes can be written.
    async fn check(&self) -> Result<(), StoreError>;

    /// Goes on with the staged bytes of an upload behind the first `length`, of which there are so many; what is behind them
    /// goes. Staged bytes that were synced outlive this process. May hold up the thread.
    fn stage(&self, upload: UploadId, length: u64) -> Result<Box<dyn StagedWriter>, StoreError>;

    /// How many bytes are staged; none of an upload that is not known. Those behind the last sync may be anything after a
    /// power cut.
    async fn staged_length(&self, upload: UploadId) -> Result<u64, StoreError>;

    /// What the staged bytes would be as committed ones. Reads all of them.
    async fn staged(&self, upload: UploadId) -> Result<BlobRef, StoreError>;

    /// Commits staged bytes, of which [`BlobStore::staged`] said this. They stay staged, too, so that whoever is interrupted
    /// before it is recorded what they are may do it again. Where as many are not staged any more nothing is changed, and it is
    /// `NotFound("upload")`.
    async fn adopt(&self, upload: UploadId, blob: BlobRef) -> Result<(), StoreError>;

    /// Forgets staged bytes; what was adopted stays. Absent bytes are no error.
    async fn unstage(&self, upload: UploadId) -> Result<(), StoreError>;

    /// The uploads that have staged bytes: for sweeps.
    async fn all_staged(&self) -> Result<Vec<UploadId>, StoreError>;
}

//! Which objects stored bytes lie in, where they lie in object storage: what several servers must agree on is records, and
//! lies beside the others.

use crate::{BlobRef, StoreError};
use async_trait::async_trait;
use fuelcell_domain::{Digest, UploadId};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use uuid::Uuid;

/// A piece of stored bytes: the first `length` bytes of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Piece {
    /// The object, whose bytes never change.
    pub object: Uuid,
    /// How many of its bytes.
    pub length: u64,
}

/// The catalogue of a [`BlobStore`](crate::BlobStore) whose bytes are objects. Every object is announced here before it is
/// made, and forgotten after it is gone, so that none is left that nobody knows of, and none is deleted that somebody else
/// made. An object is *held* by each blob and each upload that it is a piece of.
#[async_trait]
pub trait Catalogue: Send + Sync {
    /// Remembers an object that is about to be made. Nothing holds it yet.
    async fn announce(&self, object: Uuid) -> Result<(), StoreError>;

    /// Has these objects go with the next [`Catalogue::doomed`], those of them that nothing holds.
    async fn give_up(&self, objects: &[Uuid]) -> Result<(), StoreError>;

    /// Objects that nothing has held for `idle`, at most `limit`. Nothing can hold them any more.
    async fn doomed(&self, idle: Duration, limit: usize) -> Result<Vec<Uuid>, StoreError>;

    /// Forgets objects that were doomed and are gone.
    async fn forget(&self, objects: &[Uuid]) -> Result<(), StoreError>;

    /// Commits a blob with these pieces, in the place of those that it had.
    async fn commit(&self, blob: BlobRef, pieces: &[Piece]) -> Result<(), StoreError>;

    /// The pieces of a blob.
    async fn pieces(&self, digest: Digest) -> Result<Option<Vec<Piece>>, StoreError>;

    /// The size of a blob.
    async fn size(&self, digest: Digest) -> Result<Option<u64>, StoreError>;

    /// Counts a blob as committed again just now; its size.
    async fn touch(&self, digest: Digest) -> Result<Option<u64>, StoreError>;

    /// Removes a blob, unless it was committed within the last `idle`. Says whether it is gone. No commit comes in between.
    async fn remove(&self, digest: Digest, idle: Option<Duration>) -> Result<bool, StoreError>;

    /// All blobs, in order, from `after` on, at most `limit`.
    async fn list(&self, after: Option<Digest>, limit: usize) -> Result<Vec<BlobRef>, StoreError>;

    /// Lets an upload have its first `length` bytes alone. Where it has fewer it is a conflict.
    async fn cut(&self, upload: UploadId, length: u64) -> Result<(), StoreError>;

    /// Adds a piece to an upload of which `length` bytes are there. Where others are there it is a conflict.
    async fn append(&self, upload: UploadId, length: u64, piece: Piece) -> Result<(), StoreError>;

    /// The pieces of an upload.
    async fn staged(&self, upload: UploadId) -> Result<Vec<Piece>, StoreError>;

    /// Commits a blob with the pieces of an upload, which keeps them. Where they are not as long as the blob it is
    /// `NotFound("upload")`.
    async fn adopt(&self, upload: UploadId, blob: BlobRef) -> Result<(), StoreError>;

    /// Forgets an upload.
    async fn unstage(&self, upload: UploadId) -> Result<(), StoreError>;

    /// The uploads that have pieces.
    async fn all_staged(&self) -> Result<Vec<UploadId>, StoreError>;
}

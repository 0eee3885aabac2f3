//! Files that come part after part.

use crate::error::StoreError;
use async_trait::async_trait;
use fuelcell_domain::{Dataset, ProjectRef, Timestamp, UnfinishedUpload, UploadId};

/// Uploads that are not finished. Their bytes lie [staged](crate::BlobStore::stage) under their ids; each has its record
/// before it has bytes.
#[async_trait]
pub trait Uploads: Send + Sync {
    /// Begins an upload. Its size counts among the bytes of datasets from now on; `Quota` when it, in place of the dataset
    /// that it replaces, would be more than the project may store.
    async fn begin_upload(&self, upload: UnfinishedUpload) -> Result<(), StoreError>;
    /// One upload.
    async fn upload(&self, project: ProjectRef, id: UploadId)
    -> Result<Option<UnfinishedUpload>, StoreError>;
    /// A project's uploads, oldest first.
    async fn uploads(&self, project: ProjectRef) -> Result<Vec<UnfinishedUpload>, StoreError>;
    /// Moves what has come of an upload from so many bytes to so many, and the time when it is given up. `Conflict` when it is
    /// not the first number that has come, so that of two who add to the same only one does; `NotFound("upload")`.
    async fn advance_upload(
        &self,
        project: ProjectRef,
        id: UploadId,
        offsets: (u64, u64),
        expires_at: Timestamp,
    ) -> Result<UnfinishedUpload, StoreError>;
    /// Puts the dataset that an upload has become, as [`put_dataset`](crate::Datasets::put_dataset) does, and forgets the
    /// upload in the same step; `NotFound("upload")`.
    async fn finish_upload(&self, id: UploadId, dataset: Dataset) -> Result<Dataset, StoreError>;
    /// Forgets an upload; `NotFound("upload")`.
    async fn abandon_upload(&self, project: ProjectRef, id: UploadId) -> Result<(), StoreError>;
    /// Forgets the uploads of all projects whose time is over; says how many.
    async fn expire_uploads(&self, now: Timestamp) -> Result<u64, StoreError>;
    /// The uploads of all projects, in the order of their ids: whose staged bytes are needed.
    async fn unfinished_uploads(&self) -> Result<Vec<UploadId>, StoreError>;
}

//! A project's datasets.

use crate::error::StoreError;
use crate::pages::{Page, Seek};
use async_trait::async_trait;
use fuelcell_domain::{Dataset, DatasetId, ProjectRef, Timestamp};

/// A project's datasets.
#[async_trait]
pub trait Datasets: Send + Sync {
    /// Adds or replaces a dataset. `created_at` of the first put stays, and the row count where the bytes are the same.
    /// `Quota` when it would add more bytes than the project may store.
    async fn put_dataset(&self, dataset: Dataset) -> Result<Dataset, StoreError>;
    /// One dataset.
    async fn dataset(&self, project: ProjectRef, id: DatasetId) -> Result<Option<Dataset>, StoreError>;
    /// A project's datasets, oldest first.
    async fn datasets(&self, project: ProjectRef) -> Result<Vec<Dataset>, StoreError>;
    /// A page of the same list.
    async fn datasets_page(
        &self,
        project: ProjectRef,
        seek: Seek<(Timestamp, DatasetId)>,
    ) -> Result<Page<Dataset>, StoreError>;
    /// Removes a dataset; `InUse` while an unfinished job or a pipeline refers to it, `NotFound("dataset")`.
    async fn delete_dataset(&self, project: ProjectRef, id: DatasetId) -> Result<(), StoreError>;
}

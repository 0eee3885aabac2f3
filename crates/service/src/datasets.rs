//! Datasets: files that jobs read.

use crate::admin::check_name;
use crate::{Principal, Service, ServiceError, Upload};
use fuelcell_domain::{Dataset, DatasetId, Digest, ProjectRef, ReadAt, Role, Timestamp};
use fuelcell_store::{Page, Seek};
use std::sync::Arc;

/// What an uploader says of a file.
pub struct DatasetUpload {
    /// The client's id for it.
    pub id: DatasetId,
    /// Its file name.
    pub name: String,
    /// Its media type.
    pub media_type: String,
    /// Its bytes.
    pub upload: Upload,
}

impl Service {
    /// Stores a file, or replaces it for later jobs.
    pub async fn put_dataset(
        &self,
        principal: &Principal,
        project: ProjectRef,
        dataset: DatasetUpload,
    ) -> Result<Dataset, ServiceError> {
        self.require(principal, project, Role::Submitter).await?;
        let DatasetUpload { id, name, media_type, upload } = dataset;
        let name = file_name(&name)?;
        let replaced = self.store.dataset(project, id).await?.map_or(0, |dataset| dataset.size);
        let blob = self.receive_for(project, upload, self.config.max_dataset_bytes, replaced).await?;
        let now = self.clock.now();
        let dataset = Dataset {
            id,
            project,
            name,
            media_type,
            digest: blob.digest,
            size: blob.size,
            row_count: None,
            uploaded_by: principal.subject.clone(),
            created_at: now,
            updated_at: now,
        };
        Ok(self.store.put_dataset(dataset).await?)
    }

    /// One dataset.
    pub async fn dataset(
        &self,
        principal: &Principal,
        project: ProjectRef,
        id: DatasetId,
    ) -> Result<Dataset, ServiceError> {
        self.require(principal, project, Role::Viewer).await?;
        self.store.dataset(project, id).await?.ok_or(ServiceError::NotFound("dataset"))
    }

    /// All datasets, oldest first.
    pub async fn datasets(
        &self,
        principal: &Principal,
        project: ProjectRef,
    ) -> Result<Vec<Dataset>, ServiceError> {
        self.require(principal, project, Role::Viewer).await?;
        Ok(self.store.datasets(project).await?)
    }

    /// A page of the same list.
    pub async fn datasets_page(
        &self,
        principal: &Principal,
        project: ProjectRef,
        seek: Seek<(Timestamp, DatasetId)>,
    ) -> Result<Page<Dataset>, ServiceError> {
        self.require(principal, project, Role::Viewer).await?;
        Ok(self.store.datasets_page(project, seek).await?)
    }

    /// A dataset with its bytes.
    pub async fn dataset_content(
        &self,
        principal: &Principal,
        project: ProjectRef,
        id: DatasetId,
    ) -> Result<(Dataset, Arc<dyn ReadAt>), ServiceError> {
        let dataset = self.dataset(principal, project, id).await?;
        let bytes = self.content(dataset.digest).await?;
        Ok((dataset, bytes))
    }

    /// Removes a dataset that no unfinished job and no pipeline refers to.
    pub async fn delete_dataset(
        &self,
        principal: &Principal,
        project: ProjectRef,
        id: DatasetId,
    ) -> Result<(), ServiceError> {
        self.require(principal, project, Role::Administrator).await?;
        self.store.delete_dataset(project, id).await?;
        tracing::info!(dataset = %id, %project, by = %principal.subject, "a dataset was deleted");
        Ok(())
    }

    /// Bytes that a record names.
    pub(crate) async fn content(&self, digest: Digest) -> Result<Arc<dyn ReadAt>, ServiceError> {
        self.blobs.open(digest).await?.ok_or_else(|| {
            tracing::error!(%digest, "stored bytes are gone");
            ServiceError::Storage
        })
    }
}

/// The last part of whatever path the client sent.
fn file_name(name: &str) -> Result<String, ServiceError> {
    let last = name.rsplit(['/', '\\']).next().unwrap_or("");
    check_name("name", last)?;
    Ok(last.to_owned())
}

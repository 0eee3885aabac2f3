//! Datasets: files that jobs read.

use crate::admin::check_name;
use crate::{ByteSource, Principal, Service, ServiceError};
use fuelcell_domain::{Dataset, DatasetId, ProjectRef, Role};

/// What an uploader says of a file.
pub struct DatasetUpload {
    /// The client's id for it.
    pub id: DatasetId,
    /// Its file name.
    pub name: String,
    /// Its media type.
    pub media_type: String,
    /// Its bytes.
    pub bytes: ByteSource,
}

impl Service {
    /// Stores a file, or replaces it for later jobs.
    pub async fn put_dataset(
        &self,
        principal: &Principal,
        project: ProjectRef,
        upload: DatasetUpload,
    ) -> Result<Dataset, ServiceError> {
        self.require(principal, project, Role::Submitter).await?;
        let name = file_name(&upload.name)?;
        let blob = self.receive(upload.bytes, self.config.max_dataset_bytes).await?;
        let now = self.clock.now();
        let dataset = Dataset {
            id: upload.id,
            project,
            name,
            media_type: upload.media_type,
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
}

/// The last part of whatever path the client sent.
fn file_name(name: &str) -> Result<String, ServiceError> {
    let last = name.rsplit(['/', '\\']).next().unwrap_or("");
    check_name("name", last)?;
    Ok(last.to_owned())
}

//! Datasets: files that jobs read.

use crate::admin::check_name;
use crate::{Principal, Service, ServiceError, Upload};
use fuelcell_domain::{Artifact, Dataset, DatasetId, Digest, JobId, ProjectRef, ReadAt, Role, Timestamp};
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

/// A dataset that is to have the bytes of a job's output.
pub struct DatasetOfJob {
    /// The client's id for it.
    pub id: DatasetId,
    /// Its file name; none = the output's own.
    pub name: Option<String>,
    /// The job.
    pub job: JobId,
    /// The output's name.
    pub artifact: String,
    /// The digest of its bytes, where the client said it: others are refused.
    pub digest: Option<Digest>,
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

    /// Stores an output of an ended job as a dataset, or replaces one by it for later jobs. Both have the same bytes, which
    /// are there once.
    pub async fn put_dataset_of_job(
        &self,
        principal: &Principal,
        project: ProjectRef,
        dataset: DatasetOfJob,
    ) -> Result<Dataset, ServiceError> {
        self.require(principal, project, Role::Submitter).await?;
        let DatasetOfJob { id, name, job, artifact, digest } = dataset;
        let Artifact { description, digest: stored, size } = self.artifact(project, job, &artifact).await?;
        if digest.is_some_and(|announced| announced != stored) {
            let message = format!("the output has the SHA-256 {stored}, not the announced one");
            return Err(ServiceError::invalid("DigestMismatch", message));
        }
        if size > self.config.max_dataset_bytes {
            return Err(ServiceError::TooLarge(self.config.max_dataset_bytes));
        }
        let name = file_name(name.as_deref().unwrap_or(&description.name))?;
        // The job may be deleted meanwhile: its bytes are needed from now on for the dataset's sake.
        self.blobs.touch(stored).await?.ok_or(ServiceError::NotFound("artifact"))?;
        let now = self.clock.now();
        let dataset = Dataset {
            id,
            project,
            name,
            media_type: description.media_type,
            digest: stored,
            size,
            row_count: description.record_count,
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
pub(crate) fn file_name(name: &str) -> Result<String, ServiceError> {
    let last = name.rsplit(['/', '\\']).next().unwrap_or("");
    check_name("name", last)?;
    Ok(last.to_owned())
}

//! Files that come part after part.

use super::{MemoryStore, Records};
use crate::StoreError;
use crate::verbs::Uploads;
use async_trait::async_trait;
use fuelcell_domain::{Dataset, ProjectRef, Timestamp, UnfinishedUpload, UploadId};

#[async_trait]
impl Uploads for MemoryStore {
    async fn begin_upload(&self, upload: UnfinishedUpload) -> Result<(), StoreError> {
        self.records().begin_upload(upload)
    }

    async fn upload(
        &self,
        project: ProjectRef,
        id: UploadId,
    ) -> Result<Option<UnfinishedUpload>, StoreError> {
        Ok(self.records().uploads.get(&(project, id)).cloned())
    }

    async fn uploads(&self, project: ProjectRef) -> Result<Vec<UnfinishedUpload>, StoreError> {
        Ok(self.records().uploads(project))
    }

    async fn advance_upload(
        &self,
        project: ProjectRef,
        id: UploadId,
        offsets: (u64, u64),
        expires_at: Timestamp,
    ) -> Result<UnfinishedUpload, StoreError> {
        self.records().advance_upload((project, id), offsets, expires_at)
    }

    async fn finish_upload(&self, id: UploadId, dataset: Dataset) -> Result<Dataset, StoreError> {
        self.records().finish_upload(id, dataset)
    }

    async fn abandon_upload(&self, project: ProjectRef, id: UploadId) -> Result<(), StoreError> {
        self.records().uploads.remove(&(project, id)).map(drop).ok_or(StoreError::NotFound("upload"))
    }

    async fn expire_uploads(&self, now: Timestamp) -> Result<u64, StoreError> {
        let mut records = self.records();
        let before = records.uploads.len();
        records.uploads.retain(|_, upload| !upload.has_expired(now));
        Ok((before - records.uploads.len()) as u64)
    }

    async fn unfinished_uploads(&self) -> Result<Vec<UploadId>, StoreError> {
        let mut ids: Vec<_> = self.records().uploads.keys().map(|(_, id)| *id).collect();
        ids.sort_unstable();
        Ok(ids)
    }
}

impl Records {
    fn begin_upload(&mut self, upload: UnfinishedUpload) -> Result<(), StoreError> {
        let project = upload.project;
        self.refuse_removed(project)?;
        let replaced = self.datasets.get(&(project, upload.dataset)).map_or(0, |dataset| dataset.size);
        self.project_limits(project).admit_bytes(self.stored_bytes(project), replaced, upload.size)?;
        self.uploads.insert((project, upload.id), upload);
        Ok(())
    }

    pub(super) fn uploads(&self, project: ProjectRef) -> Vec<UnfinishedUpload> {
        let own = self.uploads.values().filter(|upload| upload.project == project);
        let mut uploads: Vec<_> = own.cloned().collect();
        uploads.sort_by_key(|upload| (upload.created_at, upload.id));
        uploads
    }

    fn advance_upload(
        &mut self,
        key: (ProjectRef, UploadId),
        (before, after): (u64, u64),
        expires_at: Timestamp,
    ) -> Result<UnfinishedUpload, StoreError> {
        let upload = self.uploads.get_mut(&key).ok_or(StoreError::NotFound("upload"))?;
        if upload.offset != before {
            return Err(StoreError::upload_moved(upload.offset));
        }
        (upload.offset, upload.expires_at) = (after, expires_at);
        Ok(upload.clone())
    }

    fn finish_upload(&mut self, id: UploadId, dataset: Dataset) -> Result<Dataset, StoreError> {
        let key = (dataset.project, id);
        let upload = self.uploads.remove(&key).ok_or(StoreError::NotFound("upload"))?;
        let put = self.put_dataset(dataset);
        if put.is_err() {
            self.uploads.insert(key, upload);
        }
        put
    }
}

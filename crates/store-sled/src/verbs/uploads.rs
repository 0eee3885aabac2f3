//! Files that come part after part.

use crate::records::removed::refuse_removed;
use crate::records::stored::{self, DATASETS};
use crate::store::SledStore;
use crate::tables::database::{Database, Read};
use crate::tables::keys::{self, Table};
use crate::verbs::{accounts, datasets};
use crate::write::overlay::Overlay;
use async_trait::async_trait;
use fuelcell_domain::{Dataset, ProjectRef, Timestamp, UnfinishedUpload, UploadId};
use fuelcell_store::StoreError;
use fuelcell_store::verbs::Uploads;

#[async_trait]
impl Uploads for SledStore {
    async fn begin_upload(&self, upload: UnfinishedUpload) -> Result<(), StoreError> {
        self.write(move |overlay| begin(overlay, &upload)).await
    }

    async fn upload(
        &self,
        project: ProjectRef,
        id: UploadId,
    ) -> Result<Option<UnfinishedUpload>, StoreError> {
        self.database()?.get(Table::Uploads, &key(project, id))
    }

    async fn uploads(&self, project: ProjectRef) -> Result<Vec<UnfinishedUpload>, StoreError> {
        self.read_many(move |shared| of_project(&shared.database, project)).await
    }

    async fn advance_upload(
        &self,
        project: ProjectRef,
        id: UploadId,
        offsets: (u64, u64),
        expires_at: Timestamp,
    ) -> Result<UnfinishedUpload, StoreError> {
        self.write(move |overlay| advance(overlay, &key(project, id), offsets, expires_at)).await
    }

    async fn finish_upload(&self, id: UploadId, dataset: Dataset) -> Result<Dataset, StoreError> {
        self.write(move |overlay| finish(overlay, id, dataset)).await
    }

    async fn abandon_upload(&self, project: ProjectRef, id: UploadId) -> Result<(), StoreError> {
        self.end(move |overlay| abandon(overlay, project, id)).await
    }

    async fn expire_uploads(&self, now: Timestamp) -> Result<u64, StoreError> {
        self.end(move |overlay| expire(overlay, now)).await
    }

    async fn unfinished_uploads(&self) -> Result<Vec<UploadId>, StoreError> {
        self.read_many(move |shared| all(&shared.database)).await
    }
}

fn key(project: ProjectRef, id: UploadId) -> Vec<u8> {
    keys::in_project(project, *id.0.as_bytes())
}

fn begin(overlay: &mut Overlay<'_>, upload: &UnfinishedUpload) -> Result<(), StoreError> {
    let project = upload.project;
    refuse_removed(overlay, project)?;
    let replaced: Option<Dataset> =
        overlay.get(Table::Datasets, &keys::in_project(project, *upload.dataset.0.as_bytes()))?;
    let replaced = replaced.map_or(0, |dataset| dataset.size);
    let stored = stored::of_project(overlay, project)?;
    accounts::project_limits(overlay, project)?.admit_bytes(stored, replaced, upload.size)?;
    stored::replace(overlay, project, DATASETS, 0, upload.size)?;
    overlay.put(Table::Uploads, &key(project, upload.id), upload)
}

fn advance(
    overlay: &mut Overlay<'_>,
    key: &[u8],
    (before, after): (u64, u64),
    expires_at: Timestamp,
) -> Result<UnfinishedUpload, StoreError> {
    let upload: UnfinishedUpload = overlay.get(Table::Uploads, key)?.ok_or(StoreError::NotFound("upload"))?;
    if upload.offset != before {
        return Err(StoreError::upload_moved(upload.offset));
    }
    let upload = UnfinishedUpload { offset: after, expires_at, ..upload };
    overlay.put(Table::Uploads, key, &upload)?;
    Ok(upload)
}

fn finish(overlay: &mut Overlay<'_>, id: UploadId, dataset: Dataset) -> Result<Dataset, StoreError> {
    abandon(overlay, dataset.project, id)?;
    datasets::put_dataset(overlay, dataset)
}

fn abandon(overlay: &mut Overlay<'_>, project: ProjectRef, id: UploadId) -> Result<(), StoreError> {
    let key = key(project, id);
    let upload: UnfinishedUpload =
        overlay.get(Table::Uploads, &key)?.ok_or(StoreError::NotFound("upload"))?;
    stored::replace(overlay, project, DATASETS, upload.size, 0)?;
    overlay.remove(Table::Uploads, &key)
}

fn expire(overlay: &mut Overlay<'_>, now: Timestamp) -> Result<u64, StoreError> {
    let uploads: Vec<UnfinishedUpload> = overlay.scan(Table::Uploads, &[])?;
    let mut expired = 0;
    for upload in uploads.into_iter().filter(|upload| upload.has_expired(now)) {
        abandon(overlay, upload.project, upload.id)?;
        expired += 1;
    }
    Ok(expired)
}

fn of_project(database: &Database, project: ProjectRef) -> Result<Vec<UnfinishedUpload>, StoreError> {
    let mut uploads: Vec<UnfinishedUpload> = database.scan(Table::Uploads, &keys::project(project))?;
    uploads.sort_by_key(|upload| (upload.created_at, upload.id));
    Ok(uploads)
}

fn all(database: &Database) -> Result<Vec<UploadId>, StoreError> {
    let uploads: Vec<UnfinishedUpload> = database.scan(Table::Uploads, &[])?;
    let mut ids: Vec<_> = uploads.into_iter().map(|upload| upload.id).collect();
    ids.sort_unstable();
    Ok(ids)
}

//! Files that come part after part.

use super::datasets;
use crate::database::Session;
use crate::record;
use crate::records::ledger::project;
use crate::records::stored::{self, DATASETS};
use crate::store::{PostgresStore, ask, change};
use crate::work::Work;
use async_trait::async_trait;
use fuelcell_domain::{Dataset, ProjectRef, Timestamp, UnfinishedUpload, UploadId};
use fuelcell_store::StoreError;
use fuelcell_store::verbs::Uploads;
use uuid::Uuid;

#[async_trait]
impl Uploads for PostgresStore {
    async fn begin_upload(&self, upload: UnfinishedUpload) -> Result<(), StoreError> {
        change!(self, work => begin(work, upload))
    }

    async fn upload(
        &self,
        project: ProjectRef,
        id: UploadId,
    ) -> Result<Option<UnfinishedUpload>, StoreError> {
        ask!(self, session => find(&session, project, id))
    }

    async fn uploads(&self, project: ProjectRef) -> Result<Vec<UnfinishedUpload>, StoreError> {
        let all = "SELECT record FROM uploads WHERE tenant = $1 AND project = $2 ORDER BY created_at, upload";
        ask!(self, session => session.records("uploads", all, &[&project.tenant.0, &project.project.0]))
    }

    async fn advance_upload(
        &self,
        project: ProjectRef,
        id: UploadId,
        offsets: (u64, u64),
        expires_at: Timestamp,
    ) -> Result<UnfinishedUpload, StoreError> {
        change!(self, work => advance(work, (project, id), offsets, expires_at))
    }

    async fn finish_upload(&self, id: UploadId, dataset: Dataset) -> Result<Dataset, StoreError> {
        change!(self, work => finish(work, id, dataset))
    }

    async fn abandon_upload(&self, project: ProjectRef, id: UploadId) -> Result<(), StoreError> {
        change!(self, work => abandon(work, project, id))
    }

    async fn expire_uploads(&self, now: Timestamp) -> Result<u64, StoreError> {
        change!(self, work => expire(work, now))
    }

    async fn unfinished_uploads(&self) -> Result<Vec<UploadId>, StoreError> {
        ask!(self, session => all(&session))
    }
}

async fn find(
    session: &Session,
    project: ProjectRef,
    id: UploadId,
) -> Result<Option<UnfinishedUpload>, StoreError> {
    let find = "SELECT record FROM uploads WHERE tenant = $1 AND project = $2 AND upload = $3";
    session.record("uploads", find, &[&project.tenant.0, &project.project.0, &id.0]).await
}

async fn begin(work: &mut Work, upload: UnfinishedUpload) -> Result<(), StoreError> {
    let own = upload.project;
    work.hold(&[own]).await?;
    work.refuse_removed(own)?;
    let replaced = datasets::find(work, own, upload.dataset).await?.map_or(0, |dataset| dataset.size);
    let ledger = work.ledger(own);
    ledger.limits.admit_bytes(ledger.stored, replaced, upload.size)?;
    stored::replace(work, own, DATASETS, 0, upload.size);
    let begin = "INSERT INTO uploads VALUES ($1, $2, $3, $4, $5, $6)";
    let record = record::write(&upload)?;
    let times = (upload.created_at.0, upload.expires_at.0);
    work.execute(begin, &[&own.tenant.0, &own.project.0, &upload.id.0, &times.0, &times.1, &record])
        .await
        .map(drop)
}

async fn advance(
    work: &mut Work,
    (own, id): (ProjectRef, UploadId),
    (before, after): (u64, u64),
    expires_at: Timestamp,
) -> Result<UnfinishedUpload, StoreError> {
    work.hold(&[own]).await?;
    let upload = find(work, own, id).await?.ok_or(StoreError::NotFound("upload"))?;
    if upload.offset != before {
        return Err(StoreError::upload_moved(upload.offset));
    }
    let upload = UnfinishedUpload { offset: after, expires_at, ..upload };
    let move_on =
        "UPDATE uploads SET expires_at = $4, record = $5 WHERE tenant = $1 AND project = $2 AND upload = $3";
    let record = record::write(&upload)?;
    work.execute(move_on, &[&own.tenant.0, &own.project.0, &id.0, &expires_at.0, &record]).await?;
    Ok(upload)
}

async fn finish(work: &mut Work, id: UploadId, dataset: Dataset) -> Result<Dataset, StoreError> {
    abandon(work, dataset.project, id).await?;
    datasets::put(work, dataset).await
}

async fn abandon(work: &mut Work, own: ProjectRef, id: UploadId) -> Result<(), StoreError> {
    work.hold(&[own]).await?;
    let upload = find(work, own, id).await?.ok_or(StoreError::NotFound("upload"))?;
    stored::replace(work, own, DATASETS, upload.size, 0);
    let delete = "DELETE FROM uploads WHERE tenant = $1 AND project = $2 AND upload = $3";
    work.execute(delete, &[&own.tenant.0, &own.project.0, &id.0]).await.map(drop)
}

/// What goes on meanwhile, or is gone, is left alone: which uploads are over is looked at again when their projects are held.
async fn expire(work: &mut Work, now: Timestamp) -> Result<u64, StoreError> {
    let over = "SELECT DISTINCT tenant, project FROM uploads WHERE expires_at <= $1";
    let projects: Vec<_> = work.query(over, &[&now.0]).await?.iter().map(project).collect();
    work.hold(&projects).await?;
    let mut expired = 0;
    for own in projects {
        let over = "SELECT record FROM uploads WHERE tenant = $1 AND project = $2 AND expires_at <= $3";
        let over: Vec<UnfinishedUpload> =
            work.records("uploads", over, &[&own.tenant.0, &own.project.0, &now.0]).await?;
        for upload in over {
            abandon(work, own, upload.id).await?;
            expired += 1;
        }
    }
    Ok(expired)
}

async fn all(session: &Session) -> Result<Vec<UploadId>, StoreError> {
    let rows = session.query("SELECT upload FROM uploads ORDER BY upload", &[]).await?;
    Ok(rows.iter().map(|row| UploadId(row.get::<_, Uuid>(0))).collect())
}

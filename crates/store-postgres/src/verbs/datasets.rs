//! A project's datasets.

use super::accounts::place;
use super::users::{refuse_used, users};
use crate::database::{Session, most};
use crate::record;
use crate::records::stored;
use crate::store::{PostgresStore, ask, change};
use crate::work::Work;
use async_trait::async_trait;
use fuelcell_domain::{Dataset, DatasetId, Job, ProjectRef, Timestamp};
use fuelcell_store::pages::Pager;
use fuelcell_store::references::{Referent, counted_rows};
use fuelcell_store::verbs::Datasets;
use fuelcell_store::{BlobRef, Page, Seek, StoreError};

#[async_trait]
impl Datasets for PostgresStore {
    async fn put_dataset(&self, dataset: Dataset) -> Result<Dataset, StoreError> {
        change!(self, work => put(work, dataset))
    }

    async fn dataset(&self, project: ProjectRef, id: DatasetId) -> Result<Option<Dataset>, StoreError> {
        ask!(self, session => find(&session, project, id))
    }

    async fn datasets(&self, project: ProjectRef) -> Result<Vec<Dataset>, StoreError> {
        let all =
            "SELECT record FROM datasets WHERE tenant = $1 AND project = $2 ORDER BY created_at, dataset";
        ask!(self, session => session.records("datasets", all, &[&project.tenant.0, &project.project.0]))
    }

    async fn datasets_page(
        &self,
        project: ProjectRef,
        seek: Seek<(Timestamp, DatasetId)>,
    ) -> Result<Page<Dataset>, StoreError> {
        ask!(self, session => page(&session, project, seek))
    }

    async fn delete_dataset(&self, project: ProjectRef, id: DatasetId) -> Result<(), StoreError> {
        change!(self, work => delete(work, project, id))
    }
}

pub(super) async fn find(
    session: &Session,
    project: ProjectRef,
    id: DatasetId,
) -> Result<Option<Dataset>, StoreError> {
    let find = "SELECT record FROM datasets WHERE tenant = $1 AND project = $2 AND dataset = $3";
    session.record("datasets", find, &[&project.tenant.0, &project.project.0, &id.0]).await
}

pub(super) async fn put(work: &mut Work, mut dataset: Dataset) -> Result<Dataset, StoreError> {
    let project = dataset.project;
    work.hold(&[project]).await?;
    work.refuse_removed(project)?;
    let before = find(work, project, dataset.id).await?;
    if let Some(before) = &before {
        dataset.replaces(before);
    }
    if before.as_ref().is_none_or(|before| before.digest != dataset.digest) {
        let replaced = before.as_ref().map_or(0, |before| before.size);
        stored::admit(work, project, dataset.digest, replaced, dataset.size).await?;
        if let Some(before) = before {
            let gone = BlobRef { digest: before.digest, size: before.size };
            stored::let_go(work, project, stored::DATASETS, &[gone]).await?;
        }
        stored::replace(work, project, stored::DATASETS, 0, dataset.size);
    }
    write(work, &dataset).await?;
    Ok(dataset)
}

async fn write(work: &Work, dataset: &Dataset) -> Result<(), StoreError> {
    let put = "INSERT INTO datasets VALUES ($1, $2, $3, $4, $5) ON CONFLICT (tenant, project, dataset) \
        DO UPDATE SET created_at = excluded.created_at, record = excluded.record";
    let (own, record) = (dataset.project, record::write(dataset)?);
    work.execute(put, &[&own.tenant.0, &own.project.0, &dataset.id.0, &dataset.created_at.0, &record])
        .await
        .map(drop)
}

/// Sets the row count of the dataset that a completed job counted.
pub(super) async fn count_rows(work: &Work, job: &Job) -> Result<(), StoreError> {
    let Some((id, digest, rows)) = counted_rows(job) else { return Ok(()) };
    match find(work, job.project, id).await?.filter(|dataset| dataset.digest == digest) {
        Some(dataset) => write(work, &Dataset { row_count: Some(rows), ..dataset }).await,
        None => Ok(()),
    }
}

async fn delete(work: &mut Work, project: ProjectRef, id: DatasetId) -> Result<(), StoreError> {
    work.hold(&[project]).await?;
    let dataset = find(work, project, id).await?.ok_or(StoreError::NotFound("dataset"))?;
    refuse_used(users(work, project, &Referent::Dataset(id)).await?)?;
    let gone = BlobRef { digest: dataset.digest, size: dataset.size };
    stored::let_go(work, project, stored::DATASETS, &[gone]).await?;
    let delete = "DELETE FROM datasets WHERE tenant = $1 AND project = $2 AND dataset = $3";
    work.execute(delete, &[&project.tenant.0, &project.project.0, &id.0]).await.map(drop)
}

async fn page(
    session: &Session,
    project: ProjectRef,
    seek: Seek<(Timestamp, DatasetId)>,
) -> Result<Page<Dataset>, StoreError> {
    let page = "SELECT record FROM datasets WHERE tenant = $4 AND project = $5 \
        AND ($1::bigint IS NULL OR (created_at, dataset) > ($1, $2)) ORDER BY created_at, dataset LIMIT $3";
    let (at, id) = place(seek.after.map(|(at, id)| (at, id.0)));
    let mut pager = Pager::new(seek.limit);
    let own = (project.tenant.0, project.project.0);
    for row in session.records("datasets", page, &[&at, &id, &most(pager.wanted()), &own.0, &own.1]).await? {
        if pager.push(row).is_break() {
            break;
        }
    }
    Ok(pager.finish())
}

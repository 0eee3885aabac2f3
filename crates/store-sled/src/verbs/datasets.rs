//! A project's datasets.

use crate::records::referents::Seen;
use crate::records::removed::refuse_removed;
use crate::records::stored::{DATASETS, Part};
use crate::records::{referents, stored};
use crate::store::SledStore;
use crate::tables::database::{Database, Read};
use crate::tables::keys::{self, Table};
use crate::verbs::accounts;
use crate::write::overlay::Overlay;
use async_trait::async_trait;
use fuelcell_domain::{Dataset, DatasetId, Job, ProjectRef, Timestamp};
use fuelcell_store::pages::cut;
use fuelcell_store::references::{Referent, counted_rows};
use fuelcell_store::verbs::Datasets;
use fuelcell_store::{BlobRef, Page, Seek, StoreError};

#[async_trait]
impl Datasets for SledStore {
    async fn put_dataset(&self, dataset: Dataset) -> Result<Dataset, StoreError> {
        self.write(move |overlay| put_dataset(overlay, dataset)).await
    }

    async fn dataset(&self, project: ProjectRef, id: DatasetId) -> Result<Option<Dataset>, StoreError> {
        dataset(self.database()?, project, id)
    }

    async fn datasets(&self, project: ProjectRef) -> Result<Vec<Dataset>, StoreError> {
        self.read_many(move |shared| datasets(&shared.database, project)).await
    }

    async fn datasets_page(
        &self,
        project: ProjectRef,
        seek: Seek<(Timestamp, DatasetId)>,
    ) -> Result<Page<Dataset>, StoreError> {
        self.read_many(move |shared| datasets_page(&shared.database, project, &seek)).await
    }

    async fn delete_dataset(&self, project: ProjectRef, id: DatasetId) -> Result<(), StoreError> {
        let seen =
            self.read_many(move |shared| referents::look(shared, project, &Referent::Dataset(id))).await?;
        self.end(move |overlay| delete_dataset(overlay, project, id, seen)).await
    }
}

pub(crate) fn put_dataset(overlay: &mut Overlay<'_>, mut dataset: Dataset) -> Result<Dataset, StoreError> {
    refuse_removed(overlay, dataset.project)?;
    let key = keys::in_project(dataset.project, *dataset.id.0.as_bytes());
    let before: Option<Dataset> = overlay.get(Table::Datasets, &key)?;
    if let Some(before) = &before {
        dataset.replaces(before);
    }
    if before.as_ref().is_none_or(|before| before.digest != dataset.digest) {
        store_bytes(overlay, dataset.project, DATASETS, before.as_ref().map(bytes_of), bytes_of(&dataset))?;
    }
    overlay.put(Table::Datasets, &key, &dataset)?;
    Ok(dataset)
}

pub(crate) fn delete_dataset(
    overlay: &mut Overlay<'_>,
    project: ProjectRef,
    id: DatasetId,
    seen: Seen,
) -> Result<(), StoreError> {
    let key = keys::in_project(project, *id.0.as_bytes());
    let dataset: Dataset = overlay.get(Table::Datasets, &key)?.ok_or(StoreError::NotFound("dataset"))?;
    referents::refuse(overlay, project, &Referent::Dataset(id), seen)?;
    stored::let_go(overlay, project, DATASETS, bytes_of(&dataset))?;
    overlay.remove(Table::Datasets, &key)
}

fn bytes_of(dataset: &Dataset) -> BlobRef {
    BlobRef { digest: dataset.digest, size: dataset.size }
}

/// Sets the row count of the dataset that a completed job counted.
pub(crate) fn count_rows(overlay: &mut Overlay<'_>, job: &Job) -> Result<(), StoreError> {
    let Some((id, digest, rows)) = counted_rows(job) else { return Ok(()) };
    let key = keys::in_project(job.project, *id.0.as_bytes());
    match overlay.get::<Dataset>(Table::Datasets, &key)? {
        Some(dataset) if dataset.digest == digest && dataset.row_count != Some(rows) => {
            overlay.put(Table::Datasets, &key, &Dataset { row_count: Some(rows), ..dataset })
        }
        _ => Ok(()),
    }
}

/// Counts bytes of a part in place of others, if the project's quota admits it.
pub(super) fn store_bytes(
    overlay: &mut Overlay<'_>,
    project: ProjectRef,
    part: Part,
    before: Option<BlobRef>,
    bytes: BlobRef,
) -> Result<(), StoreError> {
    // They may have been replaced a while ago, and lie there still.
    stored::settle(overlay, project, bytes.digest)?;
    let stored = stored::of_project(overlay, project)?;
    let replaced = before.map_or(0, |before| before.size);
    accounts::project_limits(overlay, project)?.admit_bytes(stored, replaced, bytes.size)?;
    if let Some(before) = before {
        stored::let_go(overlay, project, part, before)?;
    }
    stored::replace(overlay, project, part, 0, bytes.size)
}

pub(crate) fn dataset(
    database: &Database,
    project: ProjectRef,
    id: DatasetId,
) -> Result<Option<Dataset>, StoreError> {
    database.get(Table::Datasets, &keys::in_project(project, *id.0.as_bytes()))
}

pub(crate) fn datasets(database: &Database, project: ProjectRef) -> Result<Vec<Dataset>, StoreError> {
    let mut datasets: Vec<Dataset> = database.scan(Table::Datasets, &keys::project(project))?;
    datasets.sort_by_key(|dataset| (dataset.created_at, dataset.id));
    Ok(datasets)
}

pub(crate) fn datasets_page(
    database: &Database,
    project: ProjectRef,
    seek: &Seek<(Timestamp, DatasetId)>,
) -> Result<Page<Dataset>, StoreError> {
    Ok(cut(datasets(database, project)?, seek))
}

//! A project's datasets.

use super::{MemoryStore, Records};
use crate::StoreError;
use crate::pages::{Page, Seek, cut};
use crate::references::{Referent, counted_rows, refuse_if_used};
use crate::verbs::Datasets;
use async_trait::async_trait;
use fuelcell_domain::{Dataset, DatasetId, Digest, Job, JobType, ProjectRef, Timestamp};
use std::collections::BTreeSet;

#[async_trait]
impl Datasets for MemoryStore {
    async fn put_dataset(&self, dataset: Dataset) -> Result<Dataset, StoreError> {
        self.records().put_dataset(dataset)
    }

    async fn dataset(&self, project: ProjectRef, id: DatasetId) -> Result<Option<Dataset>, StoreError> {
        Ok(self.records().datasets.get(&(project, id)).cloned())
    }

    async fn datasets(&self, project: ProjectRef) -> Result<Vec<Dataset>, StoreError> {
        Ok(self.records().datasets(project))
    }

    async fn datasets_page(
        &self,
        project: ProjectRef,
        seek: Seek<(Timestamp, DatasetId)>,
    ) -> Result<Page<Dataset>, StoreError> {
        Ok(cut(self.records().datasets(project), &seek))
    }

    async fn delete_dataset(&self, project: ProjectRef, id: DatasetId) -> Result<(), StoreError> {
        self.records().delete_dataset(project, id)
    }
}

impl Records {
    pub(super) fn put_dataset(&mut self, mut dataset: Dataset) -> Result<Dataset, StoreError> {
        self.refuse_removed(dataset.project)?;
        let key = (dataset.project, dataset.id);
        let before = self.datasets.get(&key).cloned();
        if let Some(before) = &before {
            dataset.replaces(before);
        }
        if before.as_ref().is_none_or(|before| before.digest != dataset.digest) {
            let replaced = before.as_ref().map_or(0, |before| before.size);
            self.store_bytes(dataset.project, dataset.digest, replaced, dataset.size)?;
            if let Some(before) = before {
                self.let_go(before.project, before.digest, before.size);
            }
        }
        self.datasets.insert(key, dataset.clone());
        Ok(dataset)
    }

    /// Admits bytes, which are not replaced ones any more if they were.
    pub(super) fn store_bytes(
        &mut self,
        project: ProjectRef,
        digest: Digest,
        replaced: u64,
        size: u64,
    ) -> Result<(), StoreError> {
        let mut stored = self.stored_bytes(project);
        stored.replaced -= self.replaced.get(&(project, digest)).copied().unwrap_or(0);
        self.project_limits(project).admit_bytes(stored, replaced, size)?;
        self.replaced.remove(&(project, digest));
        Ok(())
    }

    pub(super) fn delete_dataset(&mut self, project: ProjectRef, id: DatasetId) -> Result<(), StoreError> {
        if !self.datasets.contains_key(&(project, id)) {
            return Err(StoreError::NotFound("dataset"));
        }
        refuse_if_used(self.users(project, &Referent::Dataset(id)))?;
        if let Some(Dataset { digest, size, .. }) = self.datasets.remove(&(project, id)) {
            self.let_go(project, digest, size);
        }
        Ok(())
    }

    /// Sets the row count of the dataset that a completed job counted.
    pub(super) fn count_rows(&mut self, job: &Job) {
        let Some((id, digest, rows)) = counted_rows(job) else { return };
        if let Some(dataset) =
            self.datasets.get_mut(&(job.project, id)).filter(|dataset| dataset.digest == digest)
        {
            dataset.row_count = Some(rows);
        }
    }

    /// What refers to it, in words.
    pub(super) fn users(&self, project: ProjectRef, referent: &Referent) -> Vec<String> {
        let mut jobs: Vec<_> = self.jobs.values().filter(|job| job.project == project).collect();
        jobs.sort_by_key(|job| job.ordinal);
        let pipelines = self.pipelines(project);
        let own = self.activations.iter().filter(|(owner, _)| *owner == project);
        let types: BTreeSet<JobType> = own.map(|(_, activation)| activation.job_type).collect();
        let active = types.into_iter().filter_map(|job_type| self.activation(project, job_type));
        let mut users: Vec<_> =
            pipelines.iter().filter_map(|pipeline| referent.use_by_pipeline(pipeline)).collect();
        users.extend(active.filter_map(|activation| referent.use_by_activation(activation)));
        users.extend(jobs.into_iter().filter_map(|job| referent.use_by_job(job)));
        users
    }

    pub(super) fn datasets(&self, project: ProjectRef) -> Vec<Dataset> {
        let mut datasets: Vec<_> =
            self.datasets.values().filter(|dataset| dataset.project == project).cloned().collect();
        datasets.sort_by_key(|dataset| (dataset.created_at, dataset.id));
        datasets
    }
}

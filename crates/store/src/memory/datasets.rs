//! Datasets, pipelines, modules.

use super::Records;
use crate::StoreError;
use crate::pages::{NumberedVersion, Row};
use crate::references::{Referent, counted_rows, other_bytes, refuse_if_used};
use fuelcell_domain::{
    Activation, Dataset, DatasetId, Digest, Job, JobType, ModuleVersion, Pipeline, PipelineId, Precedence,
    ProjectRef, SealedSecret, VersionName,
};
use std::collections::BTreeSet;

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
    fn store_bytes(
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
    fn users(&self, project: ProjectRef, referent: &Referent) -> Vec<String> {
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

    pub(super) fn put_pipeline(&mut self, mut pipeline: Pipeline) -> Result<Pipeline, StoreError> {
        self.refuse_removed(pipeline.project)?;
        let key = (pipeline.project, pipeline.id);
        match self.pipelines.get(&key) {
            Some(first) => pipeline.replaces(first),
            None => {
                let last = self.last_pipelines.entry(pipeline.project).or_default();
                *last += 1;
                pipeline.ordinal = *last;
            }
        }
        self.pipelines.insert(key, pipeline.clone());
        Ok(pipeline)
    }

    pub(super) fn pipelines(&self, project: ProjectRef) -> Vec<Pipeline> {
        let mut pipelines: Vec<_> =
            self.pipelines.values().filter(|pipeline| pipeline.project == project).cloned().collect();
        pipelines.sort_by_key(|pipeline| pipeline.ordinal);
        pipelines
    }

    pub(super) fn delete_pipeline(&mut self, project: ProjectRef, id: PipelineId) -> Result<(), StoreError> {
        self.pipelines.remove(&(project, id)).map(drop).ok_or(StoreError::NotFound("pipeline"))
    }

    pub(super) fn add_module_version(&mut self, module: ModuleVersion) -> Result<ModuleVersion, StoreError> {
        let project = module.project.ok_or(StoreError::NotFound("project"))?;
        self.refuse_removed(project)?;
        let first = self.module_version(project, &module.name, Some(&module.version));
        let retired = self.retired.get(&(project, module.name.clone(), module.version.clone()));
        if first.as_ref().map(|first| &first.digest).or(retired).is_some_and(|known| *known != module.digest)
        {
            return Err(other_bytes(&module));
        }
        if let Some(first) = first {
            return Ok(first);
        }
        self.store_bytes(project, module.digest, 0, module.size)?;
        self.last_version += 1;
        self.modules.push((project, (self.last_version, module.clone())));
        Ok(module)
    }

    pub(super) fn delete_module_version(
        &mut self,
        project: ProjectRef,
        name: &str,
        version: &str,
    ) -> Result<(), StoreError> {
        let own =
            |(owner, (_, module)): &(ProjectRef, NumberedVersion)| *owner == project && module.name == name;
        let place = self.modules.iter().position(|entry| own(entry) && entry.1.1.version == version);
        let place = place.ok_or(StoreError::NotFound("module version"))?;
        let only = self.modules.iter().filter(|entry| own(entry)).count() == 1;
        refuse_if_used(
            self.users(project, &Referent::Version { name: name.into(), version: version.into(), only }),
        )?;
        let (_, (_, module)) = self.modules.remove(place);
        self.let_go(project, module.digest, module.size);
        if only {
            // Whatever has this name one day is granted nothing yet.
            self.grants.remove(&(project, name.to_owned()));
        }
        self.retired.insert((project, module.name, module.version), module.digest);
        Ok(())
    }

    pub(super) fn module_version(
        &self,
        project: ProjectRef,
        name: &str,
        version: Option<&str>,
    ) -> Option<ModuleVersion> {
        let own = self.modules.iter().filter(|(owner, _)| *owner == project).map(|(_, (_, module))| module);
        let mut named = own.filter(|module| module.name == name);
        let found = match version {
            Some(version) => named.find(|module| module.version == version),
            None => {
                let chosen = self.activations.iter().rev().filter(|(owner, _)| *owner == project);
                let mut chosen = chosen.filter_map(|(_, activation)| activation.module.as_ref());
                let current = chosen.find(|module| module.name == name).map(|module| &module.version);
                // Of equals the last one.
                named.max_by_key(|module| (current == Some(&module.version), Precedence::of(&module.version)))
            }
        };
        found.cloned()
    }

    pub(super) fn module_versions(&self, project: ProjectRef) -> Vec<ModuleVersion> {
        self.numbered_versions(project, None).into_iter().map(|(_, module)| module).collect()
    }

    pub(super) fn numbered_versions(&self, project: ProjectRef, name: Option<&str>) -> Vec<NumberedVersion> {
        let own = self.modules.iter().filter(|(owner, _)| *owner == project).map(|(_, module)| module);
        let named = own.filter(|(_, module)| name.is_none_or(|name| module.name == name));
        let mut modules: Vec<_> = named.cloned().collect();
        modules.sort_by_key(Row::place);
        modules
    }

    pub(super) fn activate_module(
        &mut self,
        project: ProjectRef,
        activation: Activation,
    ) -> Result<(), StoreError> {
        self.refuse_removed(project)?;
        let there = |wanted: &VersionName| {
            self.module_version(project, &wanted.name, Some(&wanted.version)).is_some()
        };
        if !activation.module.as_ref().is_none_or(there) {
            return Err(StoreError::NotFound("module version"));
        }
        self.activations.push((project, activation));
        Ok(())
    }

    pub(super) fn put_secret(&mut self, mut secret: SealedSecret) -> Result<SealedSecret, StoreError> {
        self.refuse_removed(secret.project)?;
        let key = (secret.project, secret.name.clone());
        if let Some(first) = self.secrets.get(&key) {
            secret.created_at = first.created_at;
        }
        self.secrets.insert(key, secret.clone());
        Ok(secret)
    }

    pub(super) fn activations(&self, project: ProjectRef) -> Vec<Activation> {
        let own = self.activations.iter().rev().filter(|(owner, _)| *owner == project);
        own.map(|(_, activation)| activation.clone()).collect()
    }

    /// The activation that holds.
    fn activation(&self, project: ProjectRef, job_type: JobType) -> Option<&Activation> {
        let mut newest = self.activations.iter().rev();
        let held = newest.find(|(owner, activation)| *owner == project && activation.job_type == job_type);
        held.map(|(_, activation)| activation)
    }

    pub(super) fn active_module(&self, project: ProjectRef, job_type: JobType) -> Option<ModuleVersion> {
        let chosen = self.activation(project, job_type)?.module.as_ref()?;
        self.module_version(project, &chosen.name, Some(&chosen.version))
    }
}

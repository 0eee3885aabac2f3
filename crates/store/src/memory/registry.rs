//! Datasets, pipelines, modules.

use super::Records;
use crate::StoreError;
use fuelcell_domain::{Dataset, JobType, ModuleVersion, Pipeline, ProjectRef};

impl Records {
    pub(super) fn put_dataset(&mut self, mut dataset: Dataset) -> Dataset {
        let key = (dataset.project, dataset.id);
        if let Some(first) = self.datasets.get(&key) {
            dataset.created_at = first.created_at;
        }
        self.datasets.insert(key, dataset.clone());
        dataset
    }

    pub(super) fn datasets(&self, project: ProjectRef) -> Vec<Dataset> {
        let mut datasets: Vec<_> =
            self.datasets.values().filter(|dataset| dataset.project == project).cloned().collect();
        datasets.sort_by_key(|dataset| (dataset.created_at, dataset.id));
        datasets
    }

    pub(super) fn put_pipeline(&mut self, mut pipeline: Pipeline) -> Pipeline {
        let key = (pipeline.project, pipeline.id);
        match self.pipelines.get(&key) {
            Some(first) => {
                pipeline.ordinal = first.ordinal;
                pipeline.created_at = first.created_at;
            }
            None => {
                let last = self.pipelines(pipeline.project).last().map_or(0, |newest| newest.ordinal);
                pipeline.ordinal = last + 1;
            }
        }
        self.pipelines.insert(key, pipeline.clone());
        pipeline
    }

    pub(super) fn pipelines(&self, project: ProjectRef) -> Vec<Pipeline> {
        let mut pipelines: Vec<_> =
            self.pipelines.values().filter(|pipeline| pipeline.project == project).cloned().collect();
        pipelines.sort_by_key(|pipeline| pipeline.ordinal);
        pipelines
    }

    pub(super) fn add_module_version(&mut self, module: ModuleVersion) -> Result<ModuleVersion, StoreError> {
        let project = module.project.ok_or(StoreError::NotFound("project"))?;
        match self.module_version(project, &module.name, Some(&module.version)) {
            Some(first) if first.digest == module.digest => Ok(first),
            Some(_) => Err(StoreError::Conflict(format!(
                "{} {} exists already with other bytes; a version's bytes never change",
                module.name, module.version
            ))),
            None => {
                self.modules.push((project, module.clone()));
                Ok(module)
            }
        }
    }

    pub(super) fn module_version(
        &self,
        project: ProjectRef,
        name: &str,
        version: Option<&str>,
    ) -> Option<ModuleVersion> {
        let wanted = |module: &ModuleVersion| {
            module.name == name && version.is_none_or(|version| module.version == version)
        };
        let newest = self.modules.iter().rev().find(|(owner, module)| *owner == project && wanted(module));
        newest.map(|(_, module)| module.clone())
    }

    pub(super) fn module_versions(&self, project: ProjectRef) -> Vec<ModuleVersion> {
        let own = self.modules.iter().filter(|(owner, _)| *owner == project);
        let mut modules: Vec<_> = own.map(|(_, module)| module.clone()).collect();
        // The sort is stable, so that versions of one name stay in the order in which they were added.
        modules.sort_by(|a, b| a.name.cmp(&b.name));
        modules
    }

    pub(super) fn activate_module(
        &mut self,
        project: ProjectRef,
        job_type: JobType,
        choice: Option<(String, String)>,
    ) -> Result<(), StoreError> {
        let Some((name, version)) = choice else {
            self.active.remove(&(project, job_type));
            return Ok(());
        };
        if self.module_version(project, &name, Some(&version)).is_none() {
            return Err(StoreError::NotFound("module version"));
        }
        self.active.insert((project, job_type), (name, version));
        Ok(())
    }

    pub(super) fn active_module(&self, project: ProjectRef, job_type: JobType) -> Option<ModuleVersion> {
        let (name, version) = self.active.get(&(project, job_type))?;
        self.module_version(project, name, Some(version))
    }
}

//! A project's module versions, and which it chose for its job types.

use super::{MemoryStore, Records};
use crate::StoreError;
use crate::pages::{NumberedActivation, NumberedVersion, Page, Row, Seek, cut};
use crate::references::{Referent, other_bytes, refuse_if_used};
use crate::verbs::Modules;
use async_trait::async_trait;
use fuelcell_domain::{Activation, JobType, ModuleVersion, Precedence, ProjectRef, VersionName};
use std::cmp::Reverse;

#[async_trait]
impl Modules for MemoryStore {
    async fn add_module_version(&self, module: ModuleVersion) -> Result<ModuleVersion, StoreError> {
        self.records().add_module_version(module)
    }

    async fn module_version(
        &self,
        project: ProjectRef,
        name: &str,
        version: Option<&str>,
    ) -> Result<Option<ModuleVersion>, StoreError> {
        Ok(self.records().module_version(project, name, version))
    }

    async fn module_versions(&self, project: ProjectRef) -> Result<Vec<ModuleVersion>, StoreError> {
        Ok(self.records().module_versions(project))
    }

    async fn module_versions_page(
        &self,
        project: ProjectRef,
        name: Option<&str>,
        seek: Seek<(String, u32)>,
    ) -> Result<Page<NumberedVersion>, StoreError> {
        Ok(cut(self.records().numbered_versions(project, name), &seek))
    }

    async fn delete_module_version(
        &self,
        project: ProjectRef,
        name: &str,
        version: &str,
    ) -> Result<(), StoreError> {
        self.records().delete_module_version(project, name, version)
    }

    async fn activate_module(&self, project: ProjectRef, activation: Activation) -> Result<(), StoreError> {
        self.records().activate_module(project, activation)
    }

    async fn activations(&self, project: ProjectRef) -> Result<Vec<Activation>, StoreError> {
        Ok(self.records().activations(project))
    }

    async fn activations_page(
        &self,
        project: ProjectRef,
        seek: Seek<Reverse<u32>>,
    ) -> Result<Page<NumberedActivation>, StoreError> {
        let mut numbered: Vec<_> = (1..).zip(self.records().activations(project).into_iter().rev()).collect();
        numbered.reverse();
        Ok(cut(numbered, &seek))
    }

    async fn active_module(
        &self,
        project: ProjectRef,
        job_type: JobType,
    ) -> Result<Option<ModuleVersion>, StoreError> {
        Ok(self.records().active_module(project, job_type))
    }
}

impl Records {
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
        modules.sort_by_key(Row::position);
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

    pub(super) fn activations(&self, project: ProjectRef) -> Vec<Activation> {
        let own = self.activations.iter().rev().filter(|(owner, _)| *owner == project);
        own.map(|(_, activation)| activation.clone()).collect()
    }

    /// The activation that holds.
    pub(super) fn activation(&self, project: ProjectRef, job_type: JobType) -> Option<&Activation> {
        let mut newest = self.activations.iter().rev();
        let held = newest.find(|(owner, activation)| *owner == project && activation.job_type == job_type);
        held.map(|(_, activation)| activation)
    }

    pub(super) fn active_module(&self, project: ProjectRef, job_type: JobType) -> Option<ModuleVersion> {
        let chosen = self.activation(project, job_type)?.module.as_ref()?;
        self.module_version(project, &chosen.name, Some(&chosen.version))
    }
}

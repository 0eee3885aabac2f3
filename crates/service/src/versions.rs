//! A project's module versions: which there are, which serves a job type, and which may go.

use crate::{Principal, Service, ServiceError};
use fuelcell_domain::registry::{ModuleChoice, VersionName};
use fuelcell_domain::{Activation, JobType, ModuleVersion, ProjectRef, ReadAt, Role};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A project's modules as they stand.
#[derive(Clone, Debug)]
pub struct Modules {
    /// By name, then in the order in which they were added.
    pub versions: Vec<ModuleVersion>,
    /// The activations that hold, one a job type at most.
    pub active: Vec<Activation>,
    /// By module, the version of jobs that name the module only.
    pub current: BTreeMap<String, String>,
}

impl Service {
    /// All module versions of a project, or those of one module.
    pub async fn modules(
        &self,
        principal: &Principal,
        project: ProjectRef,
        name: Option<&str>,
    ) -> Result<Modules, ServiceError> {
        self.require(principal, project, Role::Viewer).await?;
        let mut versions = self.store.module_versions(project).await?;
        versions.retain(|module| name.is_none_or(|name| module.name == name));
        if name.is_some() && versions.is_empty() {
            return Err(ServiceError::NotFound("module"));
        }
        let history = self.store.activations(project).await?;
        let newest = |job_type| history.iter().find(|activation| activation.job_type == job_type);
        let active =
            JobType::ALL.into_iter().filter_map(newest).filter(|activation| activation.module.is_some());
        let mut current = BTreeMap::new();
        for version in &versions {
            if !current.contains_key(&version.name) {
                let choice = ModuleChoice { name: version.name.clone(), version: None };
                current.insert(choice.name.clone(), self.chosen_module(project, &choice).await?.version);
            }
        }
        Ok(Modules { versions, active: active.cloned().collect(), current })
    }

    /// A module version with its bytes.
    pub async fn module_content(
        &self,
        principal: &Principal,
        project: ProjectRef,
        name: &str,
        version: &str,
    ) -> Result<(ModuleVersion, Arc<dyn ReadAt>), ServiceError> {
        let module = self.module(principal, project, name, version).await?;
        let bytes = self.content(module.digest).await?;
        Ok((module, bytes))
    }

    /// Makes a version the project's choice for a job type, or goes back to the built-in one. Jobs that were submitted
    /// before keep what they were pinned to. Rolling back is activating an earlier version.
    pub async fn activate(
        &self,
        principal: &Principal,
        project: ProjectRef,
        job_type: JobType,
        module: Option<VersionName>,
    ) -> Result<Activation, ServiceError> {
        self.require(principal, project, Role::Administrator).await?;
        if let Some(VersionName { name, version }) = &module {
            let module = self.module(principal, project, name, version).await?;
            check_type(&module, job_type)?;
            self.check_approved(project, &module).await?;
        }
        let activation = Activation { job_type, module, by: principal.subject.clone(), at: self.clock.now() };
        self.store.activate_module(project, activation.clone()).await?;
        tracing::info!(%project, job_type = job_type.as_str(), module = ?activation.module, by = %activation.by, "a module was activated");
        Ok(activation)
    }

    /// All activations of a project, newest first.
    pub async fn activations(
        &self,
        principal: &Principal,
        project: ProjectRef,
    ) -> Result<Vec<Activation>, ServiceError> {
        self.require(principal, project, Role::Viewer).await?;
        Ok(self.store.activations(project).await?)
    }

    /// Removes a version that no unfinished job, no pipeline and no activation refers to.
    pub async fn delete_module_version(
        &self,
        principal: &Principal,
        project: ProjectRef,
        name: &str,
        version: &str,
    ) -> Result<(), ServiceError> {
        self.require(principal, project, Role::Administrator).await?;
        self.store.delete_module_version(project, name, version).await?;
        tracing::info!(%project, module = name, version, by = %principal.subject, "a module version was deleted");
        Ok(())
    }
}

/// Refuses a module that serves another job type.
pub(crate) fn check_type(module: &ModuleVersion, job_type: JobType) -> Result<(), ServiceError> {
    match module.manifest.job_type {
        Some(own) if own != job_type => Err(ServiceError::invalid(
            "JobTypeMismatch",
            format!("module {} serves {} jobs, not {}", module.name, own.as_str(), job_type.as_str()),
        )),
        _ => Ok(()),
    }
}

//! A project's module versions: which there are, which serves a job type, and which may go.

use crate::{Principal, Service, ServiceError};
use fuelcell_domain::registry::{ModuleChoice, VersionName};
use fuelcell_domain::{Activation, JobType, ModuleVersion, ProjectRef, ReadAt, Role};
use fuelcell_store::pages::{NumberedActivation, NumberedVersion};
use fuelcell_store::{Page, Seek};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A project's modules as they stand.
#[derive(Clone, Debug)]
pub struct Modules {
    /// By name, then in the order in which they were added.
    pub versions: Page<NumberedVersion>,
    /// Which version serves a job type, where it is not a built-in one.
    pub active: Vec<(JobType, VersionName)>,
    /// By module, the version of jobs that name the module only.
    pub current: BTreeMap<String, String>,
}

impl Service {
    /// Module versions of a project, or of one module.
    pub async fn modules(
        &self,
        principal: &Principal,
        project: ProjectRef,
        name: Option<&str>,
        seek: Seek<(String, u32)>,
    ) -> Result<Modules, ServiceError> {
        self.require(principal, project, Role::Viewer).await?;
        let versions = self.store.module_versions_page(project, name, seek).await?;
        if name.is_some() && versions.rows.is_empty() {
            return Err(ServiceError::NotFound("module"));
        }
        // A module with a type of its own serves no other.
        let own = versions.rows.iter().filter_map(|(_, version)| version.manifest.job_type);
        let types: BTreeSet<JobType> = JobType::RESERVED.into_iter().chain(own).collect();
        let mut active = Vec::new();
        for job_type in types {
            if let Some(ModuleVersion { name, version, .. }) =
                self.store.active_module(project, job_type).await?
            {
                active.push((job_type, VersionName { name, version }));
            }
        }
        let mut current = BTreeMap::new();
        for (_, version) in &versions.rows {
            if !current.contains_key(&version.name) {
                let choice = ModuleChoice { name: version.name.clone(), version: None };
                current.insert(choice.name.clone(), self.chosen_module(project, &choice).await?.version);
            }
        }
        Ok(Modules { versions, active, current })
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
        self.check_job_type(project, job_type).await?;
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
        seek: Seek<Reverse<u32>>,
    ) -> Result<Page<NumberedActivation>, ServiceError> {
        self.require(principal, project, Role::Viewer).await?;
        Ok(self.store.activations_page(project, seek).await?)
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
        None if job_type.is_own() => Err(ServiceError::invalid(
            "JobTypeMismatch",
            format!(
                "module {} declares no job type of its own, and {job_type} jobs are run by modules that declare them",
                module.name
            ),
        )),
        Some(own) if own != job_type => Err(ServiceError::invalid(
            "JobTypeMismatch",
            format!("module {} serves {} jobs, not {}", module.name, own.as_str(), job_type.as_str()),
        )),
        _ => Ok(()),
    }
}

//! Capabilities: what a project grants to a module, and which versions wait for more.

use crate::{Principal, Service, ServiceError};
use fuelcell_domain::capability::{MAX_ENTRIES, is_secret_name};
use fuelcell_domain::{Capabilities, Grant, ModuleVersion, ProjectRef, Role};

/// A module's capabilities as they stand.
#[derive(Clone, Debug)]
pub struct ModuleCapabilities {
    /// What the project grants; none = nothing.
    pub grant: Option<Grant>,
    /// Versions that wait for approval, with what they want beyond the grant, in the order in which they were added.
    pub waiting: Vec<(String, Capabilities)>,
}

impl Service {
    /// What a module is granted, and what its versions want beyond it.
    pub async fn capabilities(
        &self,
        principal: &Principal,
        project: ProjectRef,
        module: &str,
    ) -> Result<ModuleCapabilities, ServiceError> {
        self.require(principal, project, Role::Viewer).await?;
        let mut versions = self.store.module_versions(project).await?;
        versions.retain(|version| version.name == module);
        if versions.is_empty() && !self.is_built_in(module) {
            return Err(ServiceError::NotFound("module"));
        }
        let grant = self.store.grant(project, module).await?;
        let granted = capabilities(grant.as_ref());
        let waiting = versions.into_iter().filter_map(|version| {
            let beyond = version.wanted().beyond(&granted)?;
            Some((version.version, beyond))
        });
        Ok(ModuleCapabilities { waiting: waiting.collect(), grant })
    }

    /// Grants capabilities to all versions of a module, in place of what it was granted before. Attempts that run keep what
    /// they started with.
    pub async fn grant(
        &self,
        principal: &Principal,
        project: ProjectRef,
        module: &str,
        capabilities: Capabilities,
    ) -> Result<ModuleCapabilities, ServiceError> {
        self.require(principal, project, Role::Administrator).await?;
        check_capabilities(&capabilities)?;
        if !self.is_built_in(module) && self.store.module_version(project, module, None).await?.is_none() {
            return Err(ServiceError::NotFound("module"));
        }
        tracing::info!(%project, module, %capabilities, by = %principal.subject, "capabilities were granted");
        let (by, at) = (principal.subject.clone(), self.clock.now());
        self.store.put_grant(Grant { project, module: module.into(), capabilities, by, at }).await?;
        self.capabilities(principal, project, module).await
    }

    /// Takes back everything that a module was granted.
    pub async fn withdraw_grant(
        &self,
        principal: &Principal,
        project: ProjectRef,
        module: &str,
    ) -> Result<(), ServiceError> {
        self.require(principal, project, Role::Administrator).await?;
        self.store.delete_grant(project, module).await?;
        tracing::info!(%project, module, by = %principal.subject, "capabilities were withdrawn");
        Ok(())
    }

    fn is_built_in(&self, name: &str) -> bool {
        self.built_in.values().any(|module| module.name == name)
    }

    /// What the version wants beyond what its project grants; none when it may run. What is built in comes with the server
    /// and is granted nothing by itself either.
    pub async fn waits_for(
        &self,
        project: ProjectRef,
        module: &ModuleVersion,
    ) -> Result<Option<Capabilities>, ServiceError> {
        let wanted = module.wanted();
        if wanted.is_empty() {
            return Ok(None);
        }
        let grant = self.store.grant(project, &module.name).await?;
        Ok(wanted.beyond(&capabilities(grant.as_ref())))
    }

    /// Refuses a version that waits for approval.
    pub(crate) async fn check_approved(
        &self,
        project: ProjectRef,
        module: &ModuleVersion,
    ) -> Result<(), ServiceError> {
        match self.waits_for(project, module).await? {
            None => Ok(()),
            Some(beyond) => Err(ServiceError::unprocessable(
                "CapabilityNotGranted",
                format!(
                    "module {} {} waits for approval: it needs {beyond}, which an administrator of the project has to grant",
                    module.name, module.version
                ),
            )),
        }
    }
}

fn capabilities(grant: Option<&Grant>) -> Capabilities {
    grant.map(|grant| grant.capabilities.clone()).unwrap_or_default()
}

fn check_capabilities(capabilities: &Capabilities) -> Result<(), ServiceError> {
    let http = capabilities.http.clone().unwrap_or_default();
    let most = http.hosts.len().max(http.secrets.len()).max(capabilities.hmac.len());
    if most > MAX_ENTRIES {
        return Err(ServiceError::invalid(
            "InvalidCapabilities",
            format!("a module is granted at most {MAX_ENTRIES} hosts and {MAX_ENTRIES} secrets"),
        ));
    }
    match http.secrets.iter().chain(&capabilities.hmac).find(|name| !is_secret_name(name)) {
        None => Ok(()),
        Some(name) => {
            Err(ServiceError::invalid("InvalidCapabilities", format!("{name:?} is no name of a secret")))
        }
    }
}

//! Tenants, projects and their limits.

use crate::{Principal, Service, ServiceError};
use fuelcell_domain::{
    Project, ProjectId, ProjectLimits, ProjectRef, ProjectUsage, Role, Tenant, TenantId, Timestamp,
};
use fuelcell_store::{Page, Seek};

/// Longest name of a tenant, project or subject, in bytes.
pub(crate) const MAX_NAME: usize = 200;

impl Service {
    /// Adds a tenant. For operators.
    pub async fn create_tenant(
        &self,
        principal: &Principal,
        id: Option<TenantId>,
        name: String,
    ) -> Result<Tenant, ServiceError> {
        principal.require(Role::Operator)?;
        check_name("name", &name)?;
        let tenant = Tenant { id: id.unwrap_or_else(TenantId::random), name, created_at: self.clock.now() };
        self.store.create_tenant(tenant.clone()).await?;
        Ok(tenant)
    }

    /// Tenants, oldest first. For operators.
    pub async fn tenants(
        &self,
        principal: &Principal,
        seek: Seek<(Timestamp, TenantId)>,
    ) -> Result<Page<Tenant>, ServiceError> {
        principal.require(Role::Operator)?;
        Ok(self.store.tenants_page(seek).await?)
    }

    /// Adds a project. For operators and administrators of the whole tenant.
    pub async fn create_project(
        &self,
        principal: &Principal,
        tenant: TenantId,
        id: Option<ProjectId>,
        name: String,
    ) -> Result<Project, ServiceError> {
        self.require_whole_tenant(principal, tenant, Role::Administrator).await?;
        check_name("name", &name)?;
        let id = ProjectRef { tenant, project: id.unwrap_or_else(ProjectId::random) };
        let project = Project { id, name, created_at: self.clock.now() };
        self.store.create_project(project.clone()).await?;
        Ok(project)
    }

    /// A tenant's projects, oldest first. For operators and administrators of the whole tenant.
    pub async fn projects(
        &self,
        principal: &Principal,
        tenant: TenantId,
        seek: Seek<(Timestamp, ProjectId)>,
    ) -> Result<Page<Project>, ServiceError> {
        self.require_whole_tenant(principal, tenant, Role::Administrator).await?;
        Ok(self.store.projects_page(tenant, seek).await?)
    }

    /// One tenant. For operators and administrators of the whole tenant.
    pub async fn tenant(&self, principal: &Principal, id: TenantId) -> Result<Tenant, ServiceError> {
        self.require_whole_tenant(principal, id, Role::Administrator).await?;
        self.store.tenant(id).await?.ok_or(ServiceError::NotFound("tenant"))
    }

    /// One project.
    pub async fn project(&self, principal: &Principal, id: ProjectRef) -> Result<Project, ServiceError> {
        self.require(principal, id, Role::Administrator).await?;
        self.store.project(id).await?.ok_or(ServiceError::NotFound("project"))
    }

    /// Gives a tenant another name. For operators.
    pub async fn rename_tenant(
        &self,
        principal: &Principal,
        id: TenantId,
        name: String,
    ) -> Result<Tenant, ServiceError> {
        self.require_whole_tenant(principal, id, Role::Operator).await?;
        check_name("name", &name)?;
        self.store.rename_tenant(id, name).await?;
        self.store.tenant(id).await?.ok_or(ServiceError::NotFound("tenant"))
    }

    /// Gives a project another name. For those who may create projects of the tenant.
    pub async fn rename_project(
        &self,
        principal: &Principal,
        id: ProjectRef,
        name: String,
    ) -> Result<Project, ServiceError> {
        self.require_own_project(principal, id).await?;
        check_name("name", &name)?;
        self.store.rename_project(id, name).await?;
        self.store.project(id).await?.ok_or(ServiceError::NotFound("project"))
    }

    /// A project's limits, and what it uses of them.
    pub async fn project_limits(
        &self,
        principal: &Principal,
        id: ProjectRef,
    ) -> Result<(ProjectLimits, ProjectUsage), ServiceError> {
        self.require(principal, id, Role::Administrator).await?;
        Ok((self.store.project_limits(id).await?, self.store.project_usage(id).await?))
    }

    /// Replaces a project's limits. For operators: a tenant does not set its own. Jobs and files that are there stay.
    pub async fn set_project_limits(
        &self,
        principal: &Principal,
        id: ProjectRef,
        limits: ProjectLimits,
    ) -> Result<ProjectUsage, ServiceError> {
        self.require(principal, id, Role::Operator).await?;
        self.store.set_project_limits(id, limits).await?;
        tracing::info!(project = %id, ?limits, by = %principal.subject, "a project's limits were set");
        Ok(self.store.project_usage(id).await?)
    }
}

/// Accepts names that are safe to show and to log.
pub(crate) fn check_name(field: &'static str, name: &str) -> Result<(), ServiceError> {
    let fine = !name.trim().is_empty() && name.len() <= MAX_NAME && !name.chars().any(char::is_control);
    match fine {
        true => Ok(()),
        false => Err(ServiceError::invalid(
            "InvalidName",
            format!("{field} must be 1 to {MAX_NAME} bytes of text without control characters"),
        )),
    }
}

//! Tenants, projects with their limits, and tokens.

use super::{MemoryStore, Records};
use crate::StoreError;
use crate::pages::{Page, Seek, TokenFilter, cut};
use crate::verbs::Accounts;
use async_trait::async_trait;
use fuelcell_domain::tenancy::same_name;
use fuelcell_domain::{
    Digest, Job, Project, ProjectId, ProjectLimits, ProjectRef, ProjectUsage, StoredBytes, Tenant, TenantId,
    Timestamp, Token, TokenId,
};

#[async_trait]
impl Accounts for MemoryStore {
    async fn create_tenant(&self, tenant: Tenant) -> Result<(), StoreError> {
        self.records().create_tenant(tenant)
    }

    async fn tenants(&self) -> Result<Vec<Tenant>, StoreError> {
        Ok(self.records().tenants())
    }

    async fn tenants_page(&self, seek: Seek<(Timestamp, TenantId)>) -> Result<Page<Tenant>, StoreError> {
        Ok(cut(self.records().tenants(), &seek))
    }

    async fn tenant(&self, id: TenantId) -> Result<Option<Tenant>, StoreError> {
        Ok(self.records().tenants.get(&id).cloned())
    }

    async fn create_project(&self, project: Project) -> Result<(), StoreError> {
        self.records().create_project(project)
    }

    async fn projects(&self, tenant: TenantId) -> Result<Vec<Project>, StoreError> {
        Ok(self.records().projects(tenant))
    }

    async fn projects_page(
        &self,
        tenant: TenantId,
        seek: Seek<(Timestamp, ProjectId)>,
    ) -> Result<Page<Project>, StoreError> {
        Ok(cut(self.records().projects(tenant), &seek))
    }

    async fn project(&self, id: ProjectRef) -> Result<Option<Project>, StoreError> {
        Ok(self.records().projects.get(&id).cloned())
    }

    async fn rename_tenant(&self, id: TenantId, name: String) -> Result<(), StoreError> {
        self.records().rename_tenant(id, name)
    }

    async fn rename_project(&self, id: ProjectRef, name: String) -> Result<(), StoreError> {
        self.records().rename_project(id, name)
    }

    async fn set_project_limits(&self, id: ProjectRef, limits: ProjectLimits) -> Result<(), StoreError> {
        self.records().set_project_limits(id, limits)
    }

    async fn project_limits(&self, id: ProjectRef) -> Result<ProjectLimits, StoreError> {
        Ok(self.records().project_limits(id))
    }

    async fn project_usage(&self, id: ProjectRef) -> Result<ProjectUsage, StoreError> {
        Ok(self.records().project_usage(id))
    }

    async fn create_token(&self, token: Token) -> Result<(), StoreError> {
        self.records().create_token(token)
    }

    async fn tokens(&self) -> Result<Vec<Token>, StoreError> {
        Ok(self.records().tokens())
    }

    async fn tokens_page(
        &self,
        filter: TokenFilter,
        seek: Seek<(Timestamp, TokenId)>,
    ) -> Result<Page<Token>, StoreError> {
        let mut tokens = self.records().tokens();
        tokens.retain(|token| filter.matches(token));
        Ok(cut(tokens, &seek))
    }

    async fn token_by_hash(&self, hash: Digest) -> Result<Option<Token>, StoreError> {
        Ok(self.records().token_by_hash(hash))
    }

    async fn revoke_token(&self, id: TokenId, at: Timestamp) -> Result<(), StoreError> {
        self.records().revoke_token(id, at)
    }
}

impl Records {
    pub(super) fn create_tenant(&mut self, tenant: Tenant) -> Result<(), StoreError> {
        if self.tenants.contains_key(&tenant.id) {
            return Err(StoreError::Conflict(format!("tenant {} exists already", tenant.id)));
        }
        if self.removals.contains_key(&(tenant.id, None)) {
            return Err(StoreError::id_taken_away("tenant", tenant.id));
        }
        self.check_tenant_name(tenant.id, &tenant.name)?;
        self.tenants.insert(tenant.id, tenant);
        Ok(())
    }

    fn check_tenant_name(&self, id: TenantId, name: &str) -> Result<(), StoreError> {
        match self.tenants.values().find(|other| other.id != id && same_name(&other.name, name)) {
            Some(other) => Err(StoreError::name_taken("tenant", &other.name, other.id)),
            None => Ok(()),
        }
    }

    fn check_project_name(&self, id: ProjectRef, name: &str) -> Result<(), StoreError> {
        let others = self.projects.values().filter(|other| other.id.tenant == id.tenant && other.id != id);
        match others.into_iter().find(|other| same_name(&other.name, name)) {
            Some(other) => Err(StoreError::name_taken("project", &other.name, other.id.project)),
            None => Ok(()),
        }
    }

    pub(super) fn rename_tenant(&mut self, id: TenantId, name: String) -> Result<(), StoreError> {
        self.check_tenant_name(id, &name)?;
        self.tenants.get_mut(&id).ok_or(StoreError::NotFound("tenant"))?.name = name;
        Ok(())
    }

    pub(super) fn rename_project(&mut self, id: ProjectRef, name: String) -> Result<(), StoreError> {
        self.check_project_name(id, &name)?;
        self.projects.get_mut(&id).ok_or(StoreError::NotFound("project"))?.name = name;
        Ok(())
    }

    pub(super) fn tenants(&self) -> Vec<Tenant> {
        let mut tenants: Vec<_> = self.tenants.values().cloned().collect();
        tenants.sort_by_key(|tenant| (tenant.created_at, tenant.id));
        tenants
    }

    pub(super) fn create_project(&mut self, project: Project) -> Result<(), StoreError> {
        if !self.tenants.contains_key(&project.id.tenant) {
            return Err(StoreError::NotFound("tenant"));
        }
        if self.projects.contains_key(&project.id) {
            return Err(StoreError::Conflict(format!("project {} exists already", project.id.project)));
        }
        self.check_project_name(project.id, &project.name)?;
        if self.removals.contains_key(&(project.id.tenant, Some(project.id.project))) {
            return Err(StoreError::id_taken_away("project", project.id.project));
        }
        self.projects.insert(project.id, project);
        Ok(())
    }

    pub(super) fn projects(&self, tenant: TenantId) -> Vec<Project> {
        let mut projects: Vec<_> =
            self.projects.values().filter(|project| project.id.tenant == tenant).cloned().collect();
        projects.sort_by_key(|project| (project.created_at, project.id));
        projects
    }

    pub(super) fn set_project_limits(
        &mut self,
        id: ProjectRef,
        limits: ProjectLimits,
    ) -> Result<(), StoreError> {
        if !self.projects.contains_key(&id) {
            return Err(StoreError::NotFound("project"));
        }
        self.limits.insert(id, limits);
        Ok(())
    }

    pub(super) fn project_limits(&self, id: ProjectRef) -> ProjectLimits {
        self.limits.get(&id).copied().unwrap_or_default()
    }

    pub(super) fn project_usage(&self, id: ProjectRef) -> ProjectUsage {
        let queued_jobs = self.queued().filter(|job| job.project == id).count() as u64;
        ProjectUsage { queued_jobs, stored: self.stored_bytes(id) }
    }

    pub(super) fn stored_bytes(&self, id: ProjectRef) -> StoredBytes {
        let jobs = || self.jobs.values().filter(|job| job.project == id);
        let lines = jobs().filter_map(|job| self.logs.get(&job.id)).flatten();
        let artifacts = jobs().filter_map(|job| self.artifacts.get(&job.id)).flatten();
        let datasets = self.datasets(id).into_iter().map(|dataset| dataset.size);
        let uploads = self.uploads(id).into_iter().map(|upload| upload.size);
        StoredBytes {
            datasets: datasets.chain(uploads).fold(0, u64::saturating_add),
            modules: self.module_versions(id).iter().map(|module| module.size).fold(0, u64::saturating_add),
            artifacts: artifacts.map(|artifact| artifact.size).fold(0, u64::saturating_add),
            checkpoints: jobs().filter_map(|job| self.checkpoints.get(&job.id)).map(|blob| blob.size).sum(),
            logs: lines.map(|(_, line)| line.stored_size()).sum(),
            records: jobs().map(Job::stored_size).sum(),
            replaced: self
                .replaced
                .iter()
                .filter(|((project, _), _)| *project == id)
                .map(|(_, size)| size)
                .fold(0, |sum, size| sum.saturating_add(*size)),
        }
    }

    /// Counts bytes as replaced that a record of a project names no more.
    pub(super) fn let_go(&mut self, project: ProjectRef, digest: Digest, size: u64) {
        self.replaced.entry((project, digest)).or_insert(size);
    }

    pub(super) fn create_token(&mut self, token: Token) -> Result<(), StoreError> {
        if self.tokens.values().any(|other| other.id == token.id || other.hash == token.hash) {
            return Err(StoreError::Conflict("the token exists already".into()));
        }
        self.refuse_removed_scope(token.scope)?;
        self.tokens.insert(token.id, token);
        Ok(())
    }

    pub(super) fn tokens(&self) -> Vec<Token> {
        let mut tokens: Vec<_> = self.tokens.values().cloned().collect();
        tokens.sort_by_key(|token| (token.created_at, token.id));
        tokens
    }

    pub(super) fn token_by_hash(&self, hash: Digest) -> Option<Token> {
        self.tokens.values().find(|token| token.hash == hash).cloned()
    }

    pub(super) fn revoke_token(&mut self, id: TokenId, at: Timestamp) -> Result<(), StoreError> {
        let token = self.tokens.get(&id).ok_or(StoreError::NotFound("token"))?;
        if token.is_last_operators(self.tokens.values(), at) {
            return Err(StoreError::LastOperator);
        }
        let token = self.tokens.get_mut(&id).ok_or(StoreError::NotFound("token"))?;
        token.revoked_at.get_or_insert(at);
        Ok(())
    }
}

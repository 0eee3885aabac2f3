//! Tenants, projects with their limits, and tokens.

use crate::error::StoreError;
use crate::pages::{Page, Seek, TokenFilter};
use async_trait::async_trait;
use fuelcell_domain::{
    Digest, Project, ProjectId, ProjectLimits, ProjectRef, ProjectUsage, Tenant, TenantId, Timestamp, Token,
    TokenId,
};

/// Tenants, projects with their limits, and tokens.
#[async_trait]
pub trait Accounts: Send + Sync {
    /// Adds a tenant; an existing id is a conflict, and so are that of one that was taken away and the
    /// [same name](fuelcell_domain::tenancy::same_name) as that of another one.
    async fn create_tenant(&self, tenant: Tenant) -> Result<(), StoreError>;
    /// All tenants, oldest first.
    async fn tenants(&self) -> Result<Vec<Tenant>, StoreError>;
    /// A page of the same list.
    async fn tenants_page(&self, seek: Seek<(Timestamp, TenantId)>) -> Result<Page<Tenant>, StoreError>;
    /// One tenant.
    async fn tenant(&self, id: TenantId) -> Result<Option<Tenant>, StoreError>;
    /// Adds a project; a missing tenant is `NotFound("tenant")`, and the same is a conflict as with tenants: names are
    /// told apart within the tenant.
    async fn create_project(&self, project: Project) -> Result<(), StoreError>;
    /// A tenant's projects, oldest first.
    async fn projects(&self, tenant: TenantId) -> Result<Vec<Project>, StoreError>;
    /// A page of the same list.
    async fn projects_page(
        &self,
        tenant: TenantId,
        seek: Seek<(Timestamp, ProjectId)>,
    ) -> Result<Page<Project>, StoreError>;
    /// One project, looked up with its tenant.
    async fn project(&self, id: ProjectRef) -> Result<Option<Project>, StoreError>;
    /// Gives a tenant another name; `NotFound("tenant")`, or a conflict as [`Accounts::create_tenant`].
    async fn rename_tenant(&self, id: TenantId, name: String) -> Result<(), StoreError>;
    /// Gives a project another name; `NotFound("project")`, or a conflict as [`Accounts::create_project`].
    async fn rename_project(&self, id: ProjectRef, name: String) -> Result<(), StoreError>;
    /// Replaces a project's limits. They hold for what comes later; `NotFound("project")` when there is no such
    /// project.
    async fn set_project_limits(&self, id: ProjectRef, limits: ProjectLimits) -> Result<(), StoreError>;
    /// A project's limits; none are set at first.
    async fn project_limits(&self, id: ProjectRef) -> Result<ProjectLimits, StoreError>;
    /// What a project uses of its quotas.
    async fn project_usage(&self, id: ProjectRef) -> Result<ProjectUsage, StoreError>;
    /// Adds a token; an existing id or hash is a conflict.
    async fn create_token(&self, token: Token) -> Result<(), StoreError>;
    /// All tokens, oldest first.
    async fn tokens(&self) -> Result<Vec<Token>, StoreError>;
    /// A page of those that match, oldest first.
    async fn tokens_page(
        &self,
        filter: TokenFilter,
        seek: Seek<(Timestamp, TokenId)>,
    ) -> Result<Page<Token>, StoreError>;
    /// The token with this hash, revoked or not.
    async fn token_by_hash(&self, hash: Digest) -> Result<Option<Token>, StoreError>;
    /// Revokes a token; `NotFound("token")` when there is none, a second call changes nothing. `LastOperator`
    /// when no other operator token holds at `at`.
    async fn revoke_token(&self, id: TokenId, at: Timestamp) -> Result<(), StoreError>;
}

//! Tenants, projects and tokens.

use crate::error::role_name;
use crate::{Principal, Service, ServiceError};
use fuelcell_domain::{
    Project, ProjectId, ProjectLimits, ProjectRef, ProjectUsage, Role, Scope, Tenant, TenantId, Token,
    TokenId, TokenKind,
};

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

    /// All tenants. For operators.
    pub async fn tenants(&self, principal: &Principal) -> Result<Vec<Tenant>, ServiceError> {
        principal.require(Role::Operator)?;
        Ok(self.store.tenants().await?)
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

    /// A tenant's projects. For operators and administrators of the whole tenant.
    pub async fn projects(
        &self,
        principal: &Principal,
        tenant: TenantId,
    ) -> Result<Vec<Project>, ServiceError> {
        self.require_whole_tenant(principal, tenant, Role::Administrator).await?;
        Ok(self.store.projects(tenant).await?)
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

    /// Tokens that hold within the principal's own scope, oldest first.
    pub async fn tokens(&self, principal: &Principal) -> Result<Vec<Token>, ServiceError> {
        self.tokens_of_kind(principal, TokenKind::Bearer).await
    }

    /// The same, of another kind.
    pub(crate) async fn tokens_of_kind(
        &self,
        principal: &Principal,
        kind: TokenKind,
    ) -> Result<Vec<Token>, ServiceError> {
        principal.require(Role::Administrator)?;
        let mut tokens = self.store.tokens().await?;
        tokens.retain(|token| token.kind == kind && principal.scope.contains(token.scope));
        Ok(tokens)
    }

    /// Adds a token and returns its secret, which is never shown again. Nobody grants more than they have.
    pub async fn create_token(
        &self,
        principal: &Principal,
        subject: String,
        role: Role,
        scope: Scope,
    ) -> Result<(Token, String), ServiceError> {
        check_name("subject", &subject)?;
        if (role == Role::Operator) != (scope == Scope::Server) {
            return Err(ServiceError::invalid(
                "InvalidScope",
                "the role operator holds on the whole server; every other role needs a tenantId, or a tenantId and projectId",
            ));
        }
        self.require_grant(principal, role, scope).await?;
        let secret = Self::new_token_secret();
        let token = Token {
            id: TokenId::random(),
            kind: TokenKind::Bearer,
            hash: self.token_hash(&secret),
            subject,
            role,
            scope,
            created_at: self.clock.now(),
            revoked_at: None,
        };
        self.store.create_token(token.clone()).await?;
        tracing::info!(token = %token.id, subject = %token.subject, role = role_name(role), by = %principal.subject, "a token was made");
        Ok((token, secret))
    }

    /// Revokes a token. For those who could have granted it.
    pub async fn revoke_token(&self, principal: &Principal, id: TokenId) -> Result<(), ServiceError> {
        self.revoke(principal, TokenKind::Bearer, id).await
    }

    /// The same, of another kind.
    pub(crate) async fn revoke(
        &self,
        principal: &Principal,
        kind: TokenKind,
        id: TokenId,
    ) -> Result<(), ServiceError> {
        principal.require(Role::Administrator)?;
        let absent = || match kind {
            TokenKind::Bearer => ServiceError::NotFound("token"),
            TokenKind::ApplicationPassword => ServiceError::NotFound("application password"),
        };
        let token = self.store.tokens().await?.into_iter().find(|token| token.id == id && token.kind == kind);
        let token = token.ok_or_else(absent)?;
        self.require_grant(principal, token.role, token.scope).await.map_err(|_| absent())?;
        Ok(self.store.revoke_token(id, self.clock.now()).await?)
    }

    /// Adds the first operator token of an empty store; `None` when the store has tokens already.
    pub async fn first_operator_token(&self) -> Result<Option<String>, ServiceError> {
        if !self.store.tokens().await?.is_empty() {
            return Ok(None);
        }
        let own = Principal {
            token: TokenId::random(),
            subject: "first start".into(),
            role: Role::Operator,
            scope: Scope::Server,
            hash: None,
        };
        let (_, secret) = self.create_token(&own, "operator".into(), Role::Operator, Scope::Server).await?;
        Ok(Some(secret))
    }

    pub(crate) async fn require_grant(
        &self,
        principal: &Principal,
        role: Role,
        scope: Scope,
    ) -> Result<(), ServiceError> {
        principal.require(Role::Administrator.max(role))?;
        match scope {
            Scope::Server => principal.require(Role::Operator),
            Scope::Tenant(tenant) => self.require_whole_tenant(principal, tenant, Role::Administrator).await,
            Scope::Project(project) => self.require(principal, project, Role::Administrator).await,
        }
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

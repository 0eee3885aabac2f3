//! Tenants, projects and tokens.

use crate::error::role_name;
use crate::{Principal, Service, ServiceError};
use fuelcell_domain::{Project, ProjectId, ProjectRef, Role, Scope, Tenant, TenantId, Token, TokenId};

/// Longest name of a tenant, project or subject, in bytes.
const MAX_NAME: usize = 200;

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
        self.require_whole_tenant(principal, tenant).await?;
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
        self.require_whole_tenant(principal, tenant).await?;
        Ok(self.store.projects(tenant).await?)
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
        principal.require(Role::Administrator)?;
        let token = self.store.tokens().await?.into_iter().find(|token| token.id == id);
        let token = token.ok_or(ServiceError::NotFound("token"))?;
        self.require_grant(principal, token.role, token.scope)
            .await
            .map_err(|_| ServiceError::NotFound("token"))?;
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
        };
        let (_, secret) = self.create_token(&own, "operator".into(), Role::Operator, Scope::Server).await?;
        Ok(Some(secret))
    }

    async fn require_whole_tenant(
        &self,
        principal: &Principal,
        tenant: TenantId,
    ) -> Result<(), ServiceError> {
        let covers = matches!(principal.scope, Scope::Server) || principal.scope == Scope::Tenant(tenant);
        if !covers || self.store.tenant(tenant).await?.is_none() {
            return Err(ServiceError::NotFound("tenant"));
        }
        principal.require(Role::Administrator)
    }

    async fn require_grant(
        &self,
        principal: &Principal,
        role: Role,
        scope: Scope,
    ) -> Result<(), ServiceError> {
        principal.require(Role::Administrator.max(role))?;
        match scope {
            Scope::Server => principal.require(Role::Operator),
            Scope::Tenant(tenant) => self.require_whole_tenant(principal, tenant).await,
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

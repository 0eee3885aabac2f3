//! Tenants, projects, tokens.

use crate::database::{Database, Read};
use crate::keys::{self, Table};
use crate::overlay::Overlay;
use fuelcell_domain::{
    Digest, Project, ProjectLimits, ProjectRef, Tenant, TenantId, Timestamp, Token, TokenId,
};
use fuelcell_store::StoreError;

pub(crate) fn create_tenant(overlay: &mut Overlay<'_>, tenant: &Tenant) -> Result<(), StoreError> {
    let key = tenant.id.0.as_bytes();
    if overlay.value(Table::Tenants, key)?.is_some() {
        return Err(StoreError::Conflict(format!("tenant {} exists already", tenant.id)));
    }
    overlay.put(Table::Tenants, key, tenant)
}

pub(crate) fn tenants(database: &Database) -> Result<Vec<Tenant>, StoreError> {
    let mut tenants: Vec<Tenant> = database.scan(Table::Tenants, &[])?;
    tenants.sort_by_key(|tenant| (tenant.created_at, tenant.id));
    Ok(tenants)
}

pub(crate) fn tenant(database: &Database, id: TenantId) -> Result<Option<Tenant>, StoreError> {
    database.get(Table::Tenants, id.0.as_bytes())
}

pub(crate) fn create_project(overlay: &mut Overlay<'_>, project: &Project) -> Result<(), StoreError> {
    if overlay.value(Table::Tenants, project.id.tenant.0.as_bytes())?.is_none() {
        return Err(StoreError::NotFound("tenant"));
    }
    let key = keys::project(project.id);
    if overlay.value(Table::Projects, &key)?.is_some() {
        return Err(StoreError::Conflict(format!("project {} exists already", project.id.project)));
    }
    overlay.put(Table::Projects, &key, project)
}

pub(crate) fn projects(database: &Database, tenant: TenantId) -> Result<Vec<Project>, StoreError> {
    let mut projects: Vec<Project> = database.scan(Table::Projects, tenant.0.as_bytes())?;
    projects.sort_by_key(|project| (project.created_at, project.id));
    Ok(projects)
}

pub(crate) fn project(database: &Database, id: ProjectRef) -> Result<Option<Project>, StoreError> {
    database.get(Table::Projects, &keys::project(id))
}

pub(crate) fn set_project_limits(
    overlay: &mut Overlay<'_>,
    id: ProjectRef,
    limits: &ProjectLimits,
) -> Result<(), StoreError> {
    let key = keys::project(id);
    if overlay.value(Table::Projects, &key)?.is_none() {
        return Err(StoreError::NotFound("project"));
    }
    overlay.put(Table::ProjectLimits, &key, limits)
}

pub(crate) fn project_limits(records: &impl Read, id: ProjectRef) -> Result<ProjectLimits, StoreError> {
    Ok(records.get(Table::ProjectLimits, &keys::project(id))?.unwrap_or_default())
}

pub(crate) fn create_token(overlay: &mut Overlay<'_>, token: &Token) -> Result<(), StoreError> {
    let (id, hash) = (token.id.0.as_bytes(), &token.hash.0);
    if overlay.value(Table::Tokens, id)?.is_some() || overlay.value(Table::TokenHashes, hash)?.is_some() {
        return Err(StoreError::Conflict("the token exists already".into()));
    }
    overlay.put(Table::TokenHashes, hash, &token.id)?;
    overlay.put(Table::Tokens, id, token)
}

pub(crate) fn tokens(database: &Database) -> Result<Vec<Token>, StoreError> {
    let mut tokens: Vec<Token> = database.scan(Table::Tokens, &[])?;
    tokens.sort_by_key(|token| (token.created_at, token.id));
    Ok(tokens)
}

pub(crate) fn token_by_hash(database: &Database, hash: Digest) -> Result<Option<Token>, StoreError> {
    match database.get::<TokenId>(Table::TokenHashes, &hash.0)? {
        Some(id) => database.get(Table::Tokens, id.0.as_bytes()),
        None => Ok(None),
    }
}

pub(crate) fn revoke_token(overlay: &mut Overlay<'_>, id: TokenId, at: Timestamp) -> Result<(), StoreError> {
    let key = id.0.as_bytes();
    let mut token: Token = overlay.get(Table::Tokens, key)?.ok_or(StoreError::NotFound("token"))?;
    if token.revoked_at.is_some() {
        return Ok(());
    }
    if token.is_last_operators(&overlay.scan::<Token>(Table::Tokens, &[])?, at) {
        return Err(StoreError::LastOperator);
    }
    token.revoked_at = Some(at);
    overlay.put(Table::Tokens, key, &token)
}

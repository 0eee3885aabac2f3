//! Tenants, projects, tokens.

use crate::records::removed::refuse_removed_scope;
use crate::records::stored;
use crate::store::SledStore;
use crate::tables::database::{Database, Read};
use crate::tables::keys::{self, Table};
use crate::write::overlay::Overlay;
use crate::write::shared::Shared;
use async_trait::async_trait;
use fuelcell_domain::tenancy::same_name;
use fuelcell_domain::{
    Digest, Project, ProjectId, ProjectLimits, ProjectRef, ProjectUsage, Tenant, TenantId, Timestamp, Token,
    TokenId,
};
use fuelcell_store::pages::{TokenFilter, cut};
use fuelcell_store::verbs::Accounts;
use fuelcell_store::{Page, Seek, StoreError};

#[async_trait]
impl Accounts for SledStore {
    async fn create_tenant(&self, tenant: Tenant) -> Result<(), StoreError> {
        self.write(move |overlay| create_tenant(overlay, &tenant)).await
    }

    async fn tenants(&self) -> Result<Vec<Tenant>, StoreError> {
        tenants(self.database()?)
    }

    async fn tenants_page(&self, seek: Seek<(Timestamp, TenantId)>) -> Result<Page<Tenant>, StoreError> {
        self.read_many(move |shared| tenants_page(&shared.database, &seek)).await
    }

    async fn tenant(&self, id: TenantId) -> Result<Option<Tenant>, StoreError> {
        tenant(self.database()?, id)
    }

    async fn create_project(&self, project: Project) -> Result<(), StoreError> {
        self.write(move |overlay| create_project(overlay, &project)).await
    }

    async fn projects(&self, tenant: TenantId) -> Result<Vec<Project>, StoreError> {
        projects(self.database()?, tenant)
    }

    async fn projects_page(
        &self,
        tenant: TenantId,
        seek: Seek<(Timestamp, ProjectId)>,
    ) -> Result<Page<Project>, StoreError> {
        self.read_many(move |shared| projects_page(&shared.database, tenant, &seek)).await
    }

    async fn project(&self, id: ProjectRef) -> Result<Option<Project>, StoreError> {
        project(self.database()?, id)
    }

    async fn rename_tenant(&self, id: TenantId, name: String) -> Result<(), StoreError> {
        self.write(move |overlay| rename_tenant(overlay, id, name)).await
    }

    async fn rename_project(&self, id: ProjectRef, name: String) -> Result<(), StoreError> {
        self.write(move |overlay| rename_project(overlay, id, name)).await
    }

    async fn set_project_limits(&self, id: ProjectRef, limits: ProjectLimits) -> Result<(), StoreError> {
        self.write(move |overlay| set_project_limits(overlay, id, &limits)).await
    }

    async fn project_limits(&self, id: ProjectRef) -> Result<ProjectLimits, StoreError> {
        project_limits(self.database()?, id)
    }

    async fn project_usage(&self, id: ProjectRef) -> Result<ProjectUsage, StoreError> {
        self.shared.check()?;
        project_usage(&self.shared, id)
    }

    async fn create_token(&self, token: Token) -> Result<(), StoreError> {
        self.write(move |overlay| create_token(overlay, &token)).await
    }

    async fn tokens(&self) -> Result<Vec<Token>, StoreError> {
        tokens(self.database()?)
    }

    async fn tokens_page(
        &self,
        filter: TokenFilter,
        seek: Seek<(Timestamp, TokenId)>,
    ) -> Result<Page<Token>, StoreError> {
        self.read_many(move |shared| tokens_page(&shared.database, filter, &seek)).await
    }

    async fn token_by_hash(&self, hash: Digest) -> Result<Option<Token>, StoreError> {
        token_by_hash(self.database()?, hash)
    }

    async fn revoke_token(&self, id: TokenId, at: Timestamp) -> Result<(), StoreError> {
        self.end(move |overlay| revoke_token(overlay, id, at)).await
    }
}

pub(crate) fn create_tenant(overlay: &mut Overlay<'_>, tenant: &Tenant) -> Result<(), StoreError> {
    let key = tenant.id.0.as_bytes();
    if overlay.value(Table::Tenants, key)?.is_some() {
        return Err(StoreError::Conflict(format!("tenant {} exists already", tenant.id)));
    }
    if overlay.value(Table::Removals, key)?.is_some() {
        return Err(StoreError::id_taken_away("tenant", tenant.id));
    }
    check_tenant_name(overlay, tenant.id, &tenant.name)?;
    overlay.put(Table::Tenants, key, tenant)
}

/// Stores from before names were told apart may have some twice, which stay.
fn check_tenant_name(overlay: &Overlay<'_>, id: TenantId, name: &str) -> Result<(), StoreError> {
    let tenants: Vec<Tenant> = overlay.scan(Table::Tenants, &[])?;
    match tenants.iter().find(|other| other.id != id && same_name(&other.name, name)) {
        Some(other) => Err(StoreError::name_taken("tenant", &other.name, other.id)),
        None => Ok(()),
    }
}

fn check_project_name(overlay: &Overlay<'_>, id: ProjectRef, name: &str) -> Result<(), StoreError> {
    let projects: Vec<Project> = overlay.scan(Table::Projects, id.tenant.0.as_bytes())?;
    match projects.iter().find(|other| other.id != id && same_name(&other.name, name)) {
        Some(other) => Err(StoreError::name_taken("project", &other.name, other.id.project)),
        None => Ok(()),
    }
}

pub(crate) fn rename_tenant(overlay: &mut Overlay<'_>, id: TenantId, name: String) -> Result<(), StoreError> {
    let key = id.0.as_bytes();
    let tenant: Tenant = overlay.get(Table::Tenants, key)?.ok_or(StoreError::NotFound("tenant"))?;
    check_tenant_name(overlay, id, &name)?;
    overlay.put(Table::Tenants, key, &Tenant { name, ..tenant })
}

pub(crate) fn rename_project(
    overlay: &mut Overlay<'_>,
    id: ProjectRef,
    name: String,
) -> Result<(), StoreError> {
    let key = keys::project(id);
    let project: Project = overlay.get(Table::Projects, &key)?.ok_or(StoreError::NotFound("project"))?;
    check_project_name(overlay, id, &name)?;
    overlay.put(Table::Projects, &key, &Project { name, ..project })
}

pub(crate) fn tenants(database: &Database) -> Result<Vec<Tenant>, StoreError> {
    let mut tenants: Vec<Tenant> = database.scan(Table::Tenants, &[])?;
    tenants.sort_by_key(|tenant| (tenant.created_at, tenant.id));
    Ok(tenants)
}

pub(crate) fn tenants_page(
    database: &Database,
    seek: &Seek<(Timestamp, TenantId)>,
) -> Result<Page<Tenant>, StoreError> {
    Ok(cut(tenants(database)?, seek))
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
    if overlay.value(Table::Removals, &key)?.is_some() {
        return Err(StoreError::id_taken_away("project", project.id.project));
    }
    check_project_name(overlay, project.id, &project.name)?;
    overlay.put(Table::Projects, &key, project)
}

pub(crate) fn projects(database: &Database, tenant: TenantId) -> Result<Vec<Project>, StoreError> {
    let mut projects: Vec<Project> = database.scan(Table::Projects, tenant.0.as_bytes())?;
    projects.sort_by_key(|project| (project.created_at, project.id));
    Ok(projects)
}

pub(crate) fn projects_page(
    database: &Database,
    tenant: TenantId,
    seek: &Seek<(Timestamp, ProjectId)>,
) -> Result<Page<Project>, StoreError> {
    Ok(cut(projects(database, tenant)?, seek))
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
    refuse_removed_scope(overlay, token.scope)?;
    overlay.put(Table::TokenHashes, hash, &token.id)?;
    overlay.put(Table::Tokens, id, token)
}

pub(crate) fn tokens(database: &Database) -> Result<Vec<Token>, StoreError> {
    let mut tokens: Vec<Token> = database.scan(Table::Tokens, &[])?;
    tokens.sort_by_key(|token| (token.created_at, token.id));
    Ok(tokens)
}

pub(crate) fn tokens_page(
    database: &Database,
    filter: TokenFilter,
    seek: &Seek<(Timestamp, TokenId)>,
) -> Result<Page<Token>, StoreError> {
    let mut tokens = tokens(database)?;
    tokens.retain(|token| filter.matches(token));
    Ok(cut(tokens, seek))
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

pub(crate) fn project_usage(shared: &Shared, project: ProjectRef) -> Result<ProjectUsage, StoreError> {
    let queued_jobs = shared.image().queue().count(project);
    Ok(ProjectUsage { queued_jobs, stored: stored::of_project(&shared.database, project)? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use fuelcell_domain::Timestamp;
    use parking_lot::RwLock;
    use tempfile::TempDir;

    #[test]
    fn names_that_an_older_store_has_twice_stay_and_can_be_told_apart() {
        let directory = TempDir::new().unwrap();
        let database = Database::open(directory.path(), 1 << 20).unwrap();
        let image = RwLock::default();
        let mut overlay = Overlay::new(&database, &image);
        let ids = [TenantId::random(), TenantId::random()];
        for id in ids {
            let tenant = Tenant { id, name: "Acme".into(), created_at: Timestamp(1) };
            overlay.put(Table::Tenants, id.0.as_bytes(), &tenant).unwrap();
        }
        let taken = rename_tenant(&mut overlay, ids[1], "acme".into());
        assert!(matches!(taken, Err(StoreError::Conflict(_))), "{taken:?}");
        rename_tenant(&mut overlay, ids[1], "Acme 2".into()).unwrap();
        rename_tenant(&mut overlay, ids[0], "ACME".into()).unwrap();
        let kept: Tenant = overlay.get(Table::Tenants, ids[1].0.as_bytes()).unwrap().unwrap();
        assert_eq!(kept.name, "Acme 2");
    }
}

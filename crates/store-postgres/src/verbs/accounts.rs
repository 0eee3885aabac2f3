//! Tenants, projects with their limits, and tokens.

use crate::database::{Session, most};
use crate::record;
use crate::records::ledger::Ledger;
use crate::store::{PostgresStore, ask, change};
use crate::work::Work;
use async_trait::async_trait;
use fuelcell_domain::tenancy::same_name;
use fuelcell_domain::{
    Digest, Project, ProjectId, ProjectLimits, ProjectRef, ProjectUsage, Scope, Tenant, TenantId, Timestamp,
    Token, TokenId,
};
use fuelcell_store::pages::{Pager, TokenFilter};
use fuelcell_store::verbs::Accounts;
use fuelcell_store::{Page, Seek, StoreError};
use uuid::Uuid;

const TENANTS: &str = "SELECT record FROM tenants ORDER BY created_at, tenant";
const PROJECTS: &str = "SELECT record FROM projects WHERE tenant = $1 ORDER BY created_at, project";
const TOKENS: &str = "SELECT record FROM tokens ORDER BY created_at, token";

#[async_trait]
impl Accounts for PostgresStore {
    async fn create_tenant(&self, tenant: Tenant) -> Result<(), StoreError> {
        change!(self, work => create_tenant(work, tenant))
    }

    async fn tenants(&self) -> Result<Vec<Tenant>, StoreError> {
        ask!(self, session => session.records("tenants", TENANTS, &[]))
    }

    async fn tenants_page(&self, seek: Seek<(Timestamp, TenantId)>) -> Result<Page<Tenant>, StoreError> {
        ask!(self, session => tenants_page(&session, seek))
    }

    async fn tenant(&self, id: TenantId) -> Result<Option<Tenant>, StoreError> {
        ask!(self, session => tenant(&session, id))
    }

    async fn create_project(&self, project: Project) -> Result<(), StoreError> {
        change!(self, work => create_project(work, project))
    }

    async fn projects(&self, tenant: TenantId) -> Result<Vec<Project>, StoreError> {
        ask!(self, session => projects(&session, tenant))
    }

    async fn projects_page(
        &self,
        tenant: TenantId,
        seek: Seek<(Timestamp, ProjectId)>,
    ) -> Result<Page<Project>, StoreError> {
        ask!(self, session => projects_page(&session, tenant, seek))
    }

    async fn project(&self, id: ProjectRef) -> Result<Option<Project>, StoreError> {
        ask!(self, session => project(&session, id))
    }

    async fn rename_tenant(&self, id: TenantId, name: String) -> Result<(), StoreError> {
        change!(self, work => rename_tenant(work, id, name))
    }

    async fn rename_project(&self, id: ProjectRef, name: String) -> Result<(), StoreError> {
        change!(self, work => rename_project(work, id, name))
    }

    async fn set_project_limits(&self, id: ProjectRef, limits: ProjectLimits) -> Result<(), StoreError> {
        change!(self, work => set_limits(work, id, limits))
    }

    async fn project_limits(&self, id: ProjectRef) -> Result<ProjectLimits, StoreError> {
        Ok(ask!(self, session => ledger(&session, id))?.limits)
    }

    async fn project_usage(&self, id: ProjectRef) -> Result<ProjectUsage, StoreError> {
        let ledger = ask!(self, session => ledger(&session, id))?;
        Ok(ProjectUsage { queued_jobs: ledger.queued(), stored: ledger.stored })
    }

    async fn create_token(&self, token: Token) -> Result<(), StoreError> {
        change!(self, work => create_token(work, token))
    }

    async fn tokens(&self) -> Result<Vec<Token>, StoreError> {
        ask!(self, session => session.records("tokens", TOKENS, &[]))
    }

    async fn tokens_page(
        &self,
        filter: TokenFilter,
        seek: Seek<(Timestamp, TokenId)>,
    ) -> Result<Page<Token>, StoreError> {
        ask!(self, session => tokens_page(&session, filter, seek))
    }

    async fn token_by_hash(&self, hash: Digest) -> Result<Option<Token>, StoreError> {
        let find = "SELECT record FROM tokens WHERE hash = $1";
        ask!(self, session => session.record("tokens", find, &[&&hash.0[..]]))
    }

    async fn revoke_token(&self, id: TokenId, at: Timestamp) -> Result<(), StoreError> {
        change!(self, work => revoke_token(work, id, at))
    }
}

async fn create_tenant(work: &Work, tenant: Tenant) -> Result<(), StoreError> {
    work.hold_accounts().await?;
    if self::tenant(work, tenant.id).await?.is_some() {
        return Err(StoreError::Conflict(format!("tenant {} exists already", tenant.id)));
    }
    if was_removed(work, tenant.id, None).await? {
        return Err(StoreError::id_taken_away("tenant", tenant.id));
    }
    check_tenant_name(work, tenant.id, &tenant.name).await?;
    put_tenant(work, &tenant).await
}

async fn put_tenant(work: &Work, tenant: &Tenant) -> Result<(), StoreError> {
    let put =
        "INSERT INTO tenants VALUES ($1, $2, $3) ON CONFLICT (tenant) DO UPDATE SET record = excluded.record";
    work.execute(put, &[&tenant.id.0, &tenant.created_at.0, &record::write(tenant)?]).await.map(drop)
}

async fn check_tenant_name(work: &Work, id: TenantId, name: &str) -> Result<(), StoreError> {
    let others: Vec<Tenant> = work.records("tenants", TENANTS, &[]).await?;
    match others.into_iter().find(|other| other.id != id && same_name(&other.name, name)) {
        Some(other) => Err(StoreError::name_taken("tenant", &other.name, other.id)),
        None => Ok(()),
    }
}

async fn check_project_name(work: &Work, id: ProjectRef, name: &str) -> Result<(), StoreError> {
    let others = projects(work, id.tenant).await?;
    match others.into_iter().find(|other| other.id != id && same_name(&other.name, name)) {
        Some(other) => Err(StoreError::name_taken("project", &other.name, other.id.project)),
        None => Ok(()),
    }
}

pub(super) async fn was_removed(
    work: &Work,
    tenant: TenantId,
    project: Option<ProjectId>,
) -> Result<bool, StoreError> {
    let find = "SELECT 1 FROM removals WHERE tenant = $1 AND project IS NOT DISTINCT FROM $2";
    Ok(work.one(find, &[&tenant.0, &project.map(|own| own.0)]).await?.is_some())
}

async fn tenant(session: &Session, id: TenantId) -> Result<Option<Tenant>, StoreError> {
    session.record("tenants", "SELECT record FROM tenants WHERE tenant = $1", &[&id.0]).await
}

async fn project(session: &Session, id: ProjectRef) -> Result<Option<Project>, StoreError> {
    let find = "SELECT record FROM projects WHERE tenant = $1 AND project = $2";
    session.record("projects", find, &[&id.tenant.0, &id.project.0]).await
}

async fn projects(session: &Session, tenant: TenantId) -> Result<Vec<Project>, StoreError> {
    session.records("projects", PROJECTS, &[&tenant.0]).await
}

async fn create_project(work: &Work, project: Project) -> Result<(), StoreError> {
    work.hold_accounts().await?;
    let id = project.id;
    tenant(work, id.tenant).await?.ok_or(StoreError::NotFound("tenant"))?;
    if self::project(work, id).await?.is_some() {
        return Err(StoreError::Conflict(format!("project {} exists already", id.project)));
    }
    check_project_name(work, id, &project.name).await?;
    if was_removed(work, id.tenant, Some(id.project)).await? {
        return Err(StoreError::id_taken_away("project", id.project));
    }
    put_project(work, &project).await
}

async fn put_project(work: &Work, project: &Project) -> Result<(), StoreError> {
    let put = "INSERT INTO projects VALUES ($1, $2, $3, $4) \
        ON CONFLICT (tenant, project) DO UPDATE SET record = excluded.record";
    let (id, record) = (project.id, record::write(project)?);
    work.execute(put, &[&id.tenant.0, &id.project.0, &project.created_at.0, &record]).await.map(drop)
}

async fn rename_tenant(work: &Work, id: TenantId, name: String) -> Result<(), StoreError> {
    work.hold_accounts().await?;
    check_tenant_name(work, id, &name).await?;
    let tenant = tenant(work, id).await?.ok_or(StoreError::NotFound("tenant"))?;
    put_tenant(work, &Tenant { name, ..tenant }).await
}

async fn rename_project(work: &Work, id: ProjectRef, name: String) -> Result<(), StoreError> {
    work.hold_accounts().await?;
    check_project_name(work, id, &name).await?;
    let project = project(work, id).await?.ok_or(StoreError::NotFound("project"))?;
    put_project(work, &Project { name, ..project }).await
}

async fn set_limits(work: &mut Work, id: ProjectRef, limits: ProjectLimits) -> Result<(), StoreError> {
    work.hold(&[id]).await?;
    project(work, id).await?.ok_or(StoreError::NotFound("project"))?;
    work.ledger(id).limits = limits;
    Ok(())
}

/// A project's ledger as it stands.
pub(super) async fn ledger(session: &Session, id: ProjectRef) -> Result<Ledger, StoreError> {
    let find = "SELECT record FROM ledgers WHERE tenant = $1 AND project = $2";
    Ok(session.record("ledgers", find, &[&id.tenant.0, &id.project.0]).await?.unwrap_or_default())
}

async fn create_token(work: &Work, token: Token) -> Result<(), StoreError> {
    work.hold_accounts().await?;
    let known = "SELECT 1 FROM tokens WHERE token = $1 OR hash = $2";
    let hash = &token.hash.0[..];
    if work.one(known, &[&token.id.0, &hash]).await?.is_some() {
        return Err(StoreError::Conflict("the token exists already".into()));
    }
    refuse_removed_scope(work, token.scope).await?;
    put_token(work, &token).await
}

async fn refuse_removed_scope(work: &Work, scope: Scope) -> Result<(), StoreError> {
    let Some(tenant) = scope.tenant() else { return Ok(()) };
    match (was_removed(work, tenant, scope.project()).await?, scope) {
        (false, _) => Ok(()),
        (true, Scope::Project(_)) => Err(StoreError::NotFound("project")),
        (true, _) => Err(StoreError::NotFound("tenant")),
    }
}

async fn put_token(work: &Work, token: &Token) -> Result<(), StoreError> {
    let put = "INSERT INTO tokens VALUES ($1, $2, $3, $4) ON CONFLICT (token) DO UPDATE SET record = excluded.record";
    let (hash, record) = (&token.hash.0[..], record::write(token)?);
    work.execute(put, &[&token.id.0, &hash, &token.created_at.0, &record]).await.map(drop)
}

async fn revoke_token(work: &Work, id: TokenId, at: Timestamp) -> Result<(), StoreError> {
    work.hold_accounts().await?;
    let all: Vec<Token> = work.records("tokens", TOKENS, &[]).await?;
    let token = all.iter().find(|token| token.id == id).ok_or(StoreError::NotFound("token"))?;
    if token.is_last_operators(&all, at) {
        return Err(StoreError::LastOperator);
    }
    let mut token = token.clone();
    token.revoked_at.get_or_insert(at);
    put_token(work, &token).await
}

async fn tenants_page(
    session: &Session,
    seek: Seek<(Timestamp, TenantId)>,
) -> Result<Page<Tenant>, StoreError> {
    let page = "SELECT record FROM tenants WHERE $1::bigint IS NULL OR (created_at, tenant) > ($1, $2) \
        ORDER BY created_at, tenant LIMIT $3";
    let (at, id) = place(seek.after.map(|(at, id)| (at, id.0)));
    let mut pager = Pager::new(seek.limit);
    for row in session.records("tenants", page, &[&at, &id, &most(pager.wanted())]).await? {
        if pager.push(row).is_break() {
            break;
        }
    }
    Ok(pager.finish())
}

async fn projects_page(
    session: &Session,
    tenant: TenantId,
    seek: Seek<(Timestamp, ProjectId)>,
) -> Result<Page<Project>, StoreError> {
    let page = "SELECT record FROM projects WHERE tenant = $4 AND ($1::bigint IS NULL OR (created_at, project) > ($1, $2)) \
        ORDER BY created_at, project LIMIT $3";
    let (at, id) = place(seek.after.map(|(at, id)| (at, id.0)));
    let mut pager = Pager::new(seek.limit);
    for row in session.records("projects", page, &[&at, &id, &most(pager.wanted()), &tenant.0]).await? {
        if pager.push(row).is_break() {
            break;
        }
    }
    Ok(pager.finish())
}

async fn tokens_page(
    session: &Session,
    filter: TokenFilter,
    seek: Seek<(Timestamp, TokenId)>,
) -> Result<Page<Token>, StoreError> {
    let page = "SELECT record FROM tokens WHERE $1::bigint IS NULL OR (created_at, token) > ($1, $2) \
        ORDER BY created_at, token";
    let (at, id) = place(seek.after.map(|(at, id)| (at, id.0)));
    let tokens: Vec<Token> = session.records("tokens", page, &[&at, &id]).await?;
    let mut pager = Pager::new(seek.limit);
    for token in tokens.into_iter().filter(|token| filter.matches(token)) {
        if pager.push(token).is_break() {
            break;
        }
    }
    Ok(pager.finish())
}

/// A place in a list by time as values.
pub(super) fn place(after: Option<(Timestamp, Uuid)>) -> (Option<i64>, Option<Uuid>) {
    after.map(|(at, id)| (at.0, id)).unzip()
}

//! How tenants and projects go, with all that is theirs.

use crate::database::most;
use crate::record;
use crate::records::job;
use crate::records::ledger::Ledger;
use crate::records::moves;
use crate::store::{PostgresStore, ask, change};
use crate::work::Work;
use async_trait::async_trait;
use fuelcell_domain::{
    JobId, JobState, Project, ProjectId, ProjectRef, Removal, Scope, TenantId, Timestamp, Token,
};
use fuelcell_store::verbs::Removals;
use fuelcell_store::{RemovalStep, StoreError};

/// What a project leaves beside its jobs, and which of it.
const REST: [(&str, &str); 19] = [
    ("datasets", "TRUE"),
    ("uploads", "TRUE"),
    ("pipelines", "TRUE"),
    ("modules", "TRUE"),
    ("retired", "TRUE"),
    ("activations", "TRUE"),
    ("grants", "TRUE"),
    ("secrets", "TRUE"),
    ("saved", "TRUE"),
    ("hours", "TRUE"),
    ("keys", "TRUE"),
    ("processed", "TRUE"),
    ("notices", "TRUE"),
    ("deliveries", "TRUE"),
    ("bulk_jobs", "TRUE"),
    ("bulks", "TRUE"),
    ("replaced", "TRUE"),
    ("events", "TRUE"),
    // The sums of whole days stay.
    ("usage", "dimension <> 0"),
];

#[async_trait]
impl Removals for PostgresStore {
    async fn begin_removal(&self, removal: Removal) -> Result<(), StoreError> {
        change!(self, work => begin(work, removal))
    }

    async fn removals(&self) -> Result<Vec<Removal>, StoreError> {
        let unfinished = "SELECT record FROM removals WHERE NOT done ORDER BY tenant, project NULLS LAST";
        ask!(self, session => session.records("removals", unfinished, &[]))
    }

    async fn remove_some(
        &self,
        scope: Scope,
        limit: usize,
        now: Timestamp,
    ) -> Result<RemovalStep, StoreError> {
        change!(self, work => remove_some(work, scope, limit, now))
    }
}

async fn begin(work: &mut Work, removal: Removal) -> Result<(), StoreError> {
    work.hold_accounts().await?;
    match removal.scope {
        Scope::Server => return Err(StoreError::NotFound("tenant")),
        Scope::Tenant(tenant) => {
            let gone = work.execute("DELETE FROM tenants WHERE tenant = $1", &[&tenant.0]).await?;
            if gone == 0 {
                return Err(StoreError::NotFound("tenant"));
            }
            let own = "SELECT record FROM projects WHERE tenant = $1";
            let own: Vec<Project> = work.records("projects", own, &[&tenant.0]).await?;
            let own: Vec<_> = own.into_iter().map(|project| project.id).collect();
            work.hold(&own).await?;
            for project in own {
                take_away(work, project, &removal).await?;
            }
            put(work, &removal).await?;
        }
        Scope::Project(project) => {
            let there = "SELECT 1 FROM projects WHERE tenant = $1 AND project = $2";
            let there = work.one(there, &[&project.tenant.0, &project.project.0]).await?;
            there.ok_or(StoreError::NotFound("project"))?;
            work.hold(&[project]).await?;
            take_away(work, project, &removal).await?;
        }
    }
    let tokens: Vec<Token> = work.records("tokens", "SELECT record FROM tokens", &[]).await?;
    let gone = tokens.iter().filter(|token| removal.scope.contains(token.scope)).map(|token| token.id.0);
    let gone: Vec<_> = gone.collect();
    work.execute("DELETE FROM tokens WHERE token = ANY($1)", &[&gone]).await.map(drop)
}

async fn take_away(work: &mut Work, project: ProjectRef, removal: &Removal) -> Result<(), StoreError> {
    let delete = "DELETE FROM projects WHERE tenant = $1 AND project = $2";
    work.execute(delete, &[&project.tenant.0, &project.project.0]).await?;
    let ledger = work.ledger(project);
    ledger.removed = true;
    ledger.limits = Default::default();
    put(work, &Removal { scope: Scope::Project(project), ..removal.clone() }).await
}

async fn put(work: &Work, removal: &Removal) -> Result<(), StoreError> {
    let put = "INSERT INTO removals VALUES ($1, $2, $3, $4) \
        ON CONFLICT (tenant, project) DO UPDATE SET done = excluded.done, record = excluded.record";
    let (tenant, project) = key(removal.scope)?;
    let (project, done) = (project.map(|own| own.0), removal.done_at.is_some());
    work.execute(put, &[&tenant.0, &project, &done, &record::write(removal)?]).await.map(drop)
}

fn key(scope: Scope) -> Result<(TenantId, Option<ProjectId>), StoreError> {
    let tenant = scope.tenant().ok_or(StoreError::NotFound("removal"))?;
    Ok((tenant, scope.project()))
}

async fn remove_some(
    work: &mut Work,
    scope: Scope,
    limit: usize,
    now: Timestamp,
) -> Result<RemovalStep, StoreError> {
    let (tenant, project) = key(scope)?;
    work.hold_accounts().await?;
    let find =
        "SELECT record FROM removals WHERE tenant = $1 AND project IS NOT DISTINCT FROM $2 AND NOT done";
    let removal: Option<Removal> =
        work.record("removals", find, &[&tenant.0, &project.map(|own| own.0)]).await?;
    let removal = removal.ok_or(StoreError::NotFound("removal"))?;
    let step = match scope {
        Scope::Project(project) => remove_some_of_project(work, project, limit).await?,
        _ => remove_some_of_tenant(work, tenant, limit).await?,
    };
    if step == RemovalStep::Done {
        put(work, &Removal { done_at: Some(now), ..removal }).await?;
    }
    Ok(step)
}

async fn remove_some_of_tenant(
    work: &mut Work,
    tenant: TenantId,
    limit: usize,
) -> Result<RemovalStep, StoreError> {
    let unfinished = "SELECT 1 FROM removals WHERE tenant = $1 AND project IS NOT NULL AND NOT done LIMIT 1";
    if work.one(unfinished, &[&tenant.0]).await?.is_some() {
        return Ok(RemovalStep::Waiting);
    }
    work.hold_all_of(tenant).await?;
    let days = "DELETE FROM days WHERE ctid IN (SELECT ctid FROM days WHERE tenant = $1 LIMIT $2)";
    Ok(match work.execute(days, &[&tenant.0, &most(limit)]).await? {
        0 => RemovalStep::Done,
        some => RemovalStep::Removed(some),
    })
}

async fn remove_some_of_project(
    work: &mut Work,
    project: ProjectRef,
    limit: usize,
) -> Result<RemovalStep, StoreError> {
    work.hold(&[project]).await?;
    let own = (project.tenant.0, project.project.0);
    let resting = "SELECT j.job FROM jobs j WHERE j.tenant = $1 AND j.project = $2 \
        AND NOT EXISTS (SELECT 1 FROM running r WHERE r.job = j.job) ORDER BY j.ordinal LIMIT $3";
    let rows = work.query(resting, &[&own.0, &own.1, &most(limit)]).await?;
    let ids: Vec<_> = rows.iter().map(|row| JobId(row.get(0))).collect();
    let jobs: Vec<_> = job::find_all(work, &ids).await?.into_values().collect();
    if !jobs.is_empty() {
        moves::delete(work, &jobs).await?;
        return Ok(RemovalStep::Removed(jobs.len() as u64));
    }
    if work.ledger(project).by_state[JobState::Running as usize] > 0 {
        return Ok(RemovalStep::Waiting);
    }
    let mut removed = 0;
    for (table, which) in REST {
        let left = most(limit).saturating_sub(most(usize::try_from(removed).unwrap_or(usize::MAX)));
        if left <= 0 {
            break;
        }
        let delete = format!(
            "DELETE FROM {table} WHERE ctid IN (SELECT ctid FROM {table} WHERE tenant = $1 AND project = $2 AND {which} LIMIT $3)"
        );
        removed += work.execute(&delete, &[&own.0, &own.1, &left]).await?;
    }
    // What is left of it is that it was there.
    let ledger = work.ledger(project);
    *ledger = Ledger { removed: true, jobs: ledger.jobs, events: ledger.events, ..Ledger::default() };
    Ok(match removed {
        0 => RemovalStep::Done,
        some => RemovalStep::Removed(some),
    })
}

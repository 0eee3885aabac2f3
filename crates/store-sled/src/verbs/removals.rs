//! Taking tenants and projects away. That one is gone is one transaction; what belonged to it goes in many small ones, each
//! of which leaves a whole store. That it was taken away stays, so that nothing comes for it late.

use crate::records::deliveries;
use crate::records::job as records;
use crate::records::removed::StoredRemoval;
use crate::store::SledStore;
use crate::tables::database::{Database, Read};
use crate::tables::keys::Number;
use crate::tables::keys::{self, JobKey, Table, counters};
use crate::write::overlay::Overlay;
use crate::write::shared::Shared;
use async_trait::async_trait;
use fuelcell_domain::{JobState, Project, ProjectRef, Removal, Scope, TenantId, Timestamp, Token};
use fuelcell_store::usage::Dimension;
use fuelcell_store::verbs::Removals;
use fuelcell_store::{RemovalStep, StoreError};

#[async_trait]
impl Removals for SledStore {
    async fn begin_removal(&self, removal: Removal) -> Result<(), StoreError> {
        self.end(move |overlay| begin(overlay, &removal)).await
    }

    async fn removals(&self) -> Result<Vec<Removal>, StoreError> {
        self.read_many(|shared| unfinished(&shared.database)).await
    }

    async fn remove_some(
        &self,
        scope: Scope,
        limit: usize,
        now: Timestamp,
    ) -> Result<RemovalStep, StoreError> {
        match self.read_many(move |shared| left(shared, scope, limit)).await? {
            Some(left) => self.end(move |overlay| take(overlay, scope, &left, now)).await,
            None => Ok(RemovalStep::Waiting),
        }
    }
}

/// Something that is left of what was taken away.
pub(crate) enum Left {
    Job(JobKey),
    Record(Table, Vec<u8>),
}

pub(crate) fn begin(overlay: &mut Overlay<'_>, removal: &Removal) -> Result<(), StoreError> {
    match removal.scope {
        Scope::Server => return Err(StoreError::NotFound("tenant")),
        Scope::Tenant(tenant) => {
            let key = tenant.0.as_bytes();
            overlay.value(Table::Tenants, key)?.ok_or(StoreError::NotFound("tenant"))?;
            for project in overlay.scan::<Project>(Table::Projects, key)? {
                take_away(overlay, project.id, removal)?;
            }
            overlay.remove(Table::Tenants, key)?;
            overlay.put(Table::Removals, key, &StoredRemoval { removal: removal.clone(), jobs: 0 })?;
        }
        Scope::Project(project) => {
            let there = overlay.value(Table::Projects, &keys::project(project))?;
            there.ok_or(StoreError::NotFound("project"))?;
            take_away(overlay, project, removal)?;
        }
    }
    for token in overlay.scan::<Token>(Table::Tokens, &[])? {
        if removal.scope.contains(token.scope) {
            overlay.remove(Table::Tokens, token.id.0.as_bytes())?;
            overlay.remove(Table::TokenHashes, &token.hash.0)?;
        }
    }
    Ok(())
}

fn take_away(overlay: &mut Overlay<'_>, project: ProjectRef, removal: &Removal) -> Result<(), StoreError> {
    let key = keys::project(project);
    overlay.remove(Table::Projects, &key)?;
    overlay.remove(Table::ProjectLimits, &key)?;
    let removal = Removal { scope: Scope::Project(project), ..removal.clone() };
    overlay.put(Table::Removals, &key, &StoredRemoval { removal, jobs: 0 })
}

/// Removals that are not done, projects before their tenant.
pub(crate) fn unfinished(database: &Database) -> Result<Vec<Removal>, StoreError> {
    let all: Vec<StoredRemoval> = database.scan(Table::Removals, &[])?;
    let mut all: Vec<Removal> = all.into_iter().map(|stored| stored.removal).collect();
    all.retain(|removal| removal.done_at.is_none());
    all.sort_by_key(|removal| (removal.scope.tenant(), removal.scope.project().is_none()));
    Ok(all)
}

/// What is left; `None` = the removals of the tenant's projects come first.
pub(crate) fn left(shared: &Shared, scope: Scope, limit: usize) -> Result<Option<Vec<Left>>, StoreError> {
    let database = &shared.database;
    match scope {
        Scope::Server => Err(StoreError::NotFound("removal")),
        Scope::Project(project) => left_of_project(shared, project, limit).map(Some),
        Scope::Tenant(tenant) if has_unfinished_projects(database, tenant)? => Ok(None),
        Scope::Tenant(tenant) => {
            let days = database.some_keys(Table::DayFigures, tenant.0.as_bytes(), 0, limit)?;
            Ok(Some(days.into_iter().map(|key| Left::Record(Table::DayFigures, key)).collect()))
        }
    }
}

fn has_unfinished_projects(database: &Database, tenant: TenantId) -> Result<bool, StoreError> {
    let own: Vec<StoredRemoval> = database.scan(Table::Removals, tenant.0.as_bytes())?;
    let is_unfinished =
        |stored: &StoredRemoval| stored.removal.scope.project().is_some() && stored.removal.done_at.is_none();
    Ok(own.iter().any(is_unfinished))
}

fn left_of_project(shared: &Shared, project: ProjectRef, limit: usize) -> Result<Vec<Left>, StoreError> {
    let database = &shared.database;
    let running = {
        let image = shared.image();
        image.project_index(project).map_or(0, |index| index.running())
    };
    // So many that there are some which do not run, if there are any.
    let most = limit.saturating_add(usize::try_from(running).unwrap_or(usize::MAX));
    let jobs = database.some_keys(Table::Jobs, &keys::project(project), 0, most)?;
    if !jobs.is_empty() {
        return Ok(jobs.iter().filter_map(|key| JobKey::from_key(key)).map(Left::Job).collect());
    }
    let mut left = Vec::new();
    for (table, prefix, skip) in rest_of(project) {
        let keys = database.some_keys(table, &prefix, skip, limit - left.len())?;
        left.extend(keys.into_iter().map(|key| Left::Record(table, key)));
        if left.len() >= limit {
            break;
        }
    }
    Ok(left)
}

/// Where records of a project lie that has no jobs any more, and how many of each are no leftovers. Later tables refer to
/// earlier ones.
pub(crate) fn rest_of(project: ProjectRef) -> Vec<(Table, Vec<u8>, usize)> {
    let own = keys::project(project);
    let tables = Table::ALL.into_iter().rev().filter(|table| table.is_of_a_project());
    let mut rest: Vec<_> = tables.map(|table| (table, own.clone(), 0)).collect();
    let dimensions = Dimension::ALL.into_iter().filter(|dimension| *dimension != Dimension::Total);
    rest.extend(dimensions.map(|dimension| (Table::Usage, keys::usage_dimension(project, dimension), 0)));
    rest.extend(counters::of_project(project).map(|counter| (Table::Counters, counter, 0)));
    // The first one stands for all, and goes with the counter of the jobs.
    rest.push((Table::DeletedJobs, own, 1));
    rest
}

/// Removes what is left, as far as it may go now.
pub(crate) fn take(
    overlay: &mut Overlay<'_>,
    scope: Scope,
    left: &[Left],
    now: Timestamp,
) -> Result<RemovalStep, StoreError> {
    let key = keys::scope(scope).ok_or(StoreError::NotFound("removal"))?;
    let stored: Option<StoredRemoval> = overlay.get(Table::Removals, &key)?;
    let stored = stored.filter(|stored| stored.removal.done_at.is_none());
    let stored = stored.ok_or(StoreError::NotFound("removal"))?;
    if left.is_empty() {
        return end(overlay, &key, stored, now);
    }
    let mut removed = 0;
    for one in left {
        removed += u64::from(match one {
            Left::Job(place) => take_job(overlay, *place)?,
            Left::Record(table, key) => take_record(overlay, scope, *table, key)?,
        });
    }
    Ok(if removed == 0 { RemovalStep::Waiting } else { RemovalStep::Removed(removed) })
}

fn take_job(overlay: &mut Overlay<'_>, place: JobKey) -> Result<bool, StoreError> {
    match records::load(overlay, place)? {
        Some(job) if job.state != JobState::Running => records::delete(overlay, &job).map(|()| true),
        _ => Ok(false),
    }
}

fn take_record(
    overlay: &mut Overlay<'_>,
    scope: Scope,
    table: Table,
    key: &[u8],
) -> Result<bool, StoreError> {
    if let (Table::DeletedJobs, Scope::Project(project)) = (table, scope) {
        // All jobs are deleted, which their counter knows, too.
        let last: Number = overlay.get(Table::Counters, &counters::jobs(project))?.unwrap_or(0);
        overlay.put(table, &JobKey { project, ordinal: 1 }.key(), &last)?;
    }
    match table {
        Table::Deliveries => deliveries::forget(overlay, key)?,
        _ => overlay.remove(table, key)?,
    }
    Ok(true)
}

fn end(
    overlay: &mut Overlay<'_>,
    key: &[u8],
    mut stored: StoredRemoval,
    now: Timestamp,
) -> Result<RemovalStep, StoreError> {
    if let Scope::Project(project) = stored.removal.scope {
        let counter = counters::jobs(project);
        stored.jobs = overlay.get(Table::Counters, &counter)?.unwrap_or(0);
        overlay.remove(Table::Counters, &counter)?;
        overlay.remove(Table::DeletedJobs, &JobKey { project, ordinal: 1 }.key())?;
    }
    stored.removal.done_at = Some(now);
    overlay.put(Table::Removals, key, &stored)?;
    Ok(RemovalStep::Done)
}

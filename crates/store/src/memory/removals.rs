//! How tenants and projects go, with all that is theirs.

use super::{MemoryStore, Records};
use crate::verbs::Removals;
use crate::{RemovalStep, StoreError};
use async_trait::async_trait;
use fuelcell_domain::{Job, JobState, ProjectId, ProjectRef, Removal, Scope, TenantId, Timestamp};

#[async_trait]
impl Removals for MemoryStore {
    async fn begin_removal(&self, removal: Removal) -> Result<(), StoreError> {
        self.records().begin_removal(removal)
    }

    async fn removals(&self) -> Result<Vec<Removal>, StoreError> {
        Ok(self.records().unfinished_removals())
    }

    async fn remove_some(
        &self,
        scope: Scope,
        limit: usize,
        now: Timestamp,
    ) -> Result<RemovalStep, StoreError> {
        self.records().remove_some(scope, limit, now)
    }
}

impl Records {
    /// Nothing new is taken for what was taken away.
    pub(super) fn refuse_removed(&self, project: ProjectRef) -> Result<(), StoreError> {
        match self.removals.contains_key(&(project.tenant, Some(project.project))) {
            true => Err(StoreError::NotFound("project")),
            false => Ok(()),
        }
    }

    pub(super) fn refuse_removed_scope(&self, scope: Scope) -> Result<(), StoreError> {
        match scope {
            Scope::Server => Ok(()),
            Scope::Tenant(tenant) if self.removals.contains_key(&(tenant, None)) => {
                Err(StoreError::NotFound("tenant"))
            }
            Scope::Tenant(_) => Ok(()),
            Scope::Project(project) => self.refuse_removed(project),
        }
    }

    pub(super) fn begin_removal(&mut self, removal: Removal) -> Result<(), StoreError> {
        match removal.scope {
            Scope::Server => return Err(StoreError::NotFound("tenant")),
            Scope::Tenant(tenant) => {
                self.tenants.remove(&tenant).ok_or(StoreError::NotFound("tenant"))?;
                for project in self.projects(tenant) {
                    self.take_away(project.id, &removal);
                }
                self.removals.insert((tenant, None), removal.clone());
            }
            Scope::Project(project) => {
                self.project_there(project)?;
                self.take_away(project, &removal);
            }
        }
        self.tokens.retain(|_, token| !removal.scope.contains(token.scope));
        Ok(())
    }

    fn project_there(&self, project: ProjectRef) -> Result<(), StoreError> {
        match self.projects.contains_key(&project) {
            true => Ok(()),
            false => Err(StoreError::NotFound("project")),
        }
    }

    fn take_away(&mut self, project: ProjectRef, removal: &Removal) {
        self.projects.remove(&project);
        self.limits.remove(&project);
        let removal = Removal { scope: Scope::Project(project), ..removal.clone() };
        self.removals.insert((project.tenant, Some(project.project)), removal);
    }

    pub(super) fn unfinished_removals(&self) -> Vec<Removal> {
        let mut all: Vec<_> = self.removals.iter().filter(|(_, removal)| removal.done_at.is_none()).collect();
        all.sort_by_key(|((tenant, project), _)| (*tenant, project.is_none(), *project));
        all.into_iter().map(|(_, removal)| removal.clone()).collect()
    }

    pub(super) fn remove_some(
        &mut self,
        scope: Scope,
        limit: usize,
        now: Timestamp,
    ) -> Result<RemovalStep, StoreError> {
        let key = key(scope)?;
        if self.removals.get(&key).is_none_or(|removal| removal.done_at.is_some()) {
            return Err(StoreError::NotFound("removal"));
        }
        let step = match scope {
            Scope::Project(project) => self.remove_some_of_project(project, limit),
            _ => self.remove_tenant(key.0),
        };
        if let (RemovalStep::Done, Some(removal)) = (step, self.removals.get_mut(&key)) {
            removal.done_at = Some(now);
        }
        Ok(step)
    }

    fn remove_tenant(&mut self, tenant: TenantId) -> RemovalStep {
        let is_of = |(owner, project): &(TenantId, Option<ProjectId>)| *owner == tenant && project.is_some();
        if self.removals.iter().any(|(key, removal)| is_of(key) && removal.done_at.is_none()) {
            return RemovalStep::Waiting;
        }
        let before = self.deleted.len();
        self.deleted.retain(|job| job.project.tenant != tenant);
        match before - self.deleted.len() {
            0 => RemovalStep::Done,
            some => RemovalStep::Removed(some as u64),
        }
    }

    fn remove_some_of_project(&mut self, project: ProjectRef, limit: usize) -> RemovalStep {
        let mut own: Vec<Job> = self.jobs.values().filter(|job| job.project == project).cloned().collect();
        if own.is_empty() {
            return self.remove_rest(project);
        }
        own.retain(|job| job.state != JobState::Running);
        own.sort_by_key(|job| job.ordinal);
        own.truncate(limit);
        let removed = own.len() as u64;
        own.into_iter().for_each(|job| self.forget(job));
        match removed {
            0 => RemovalStep::Waiting,
            some => RemovalStep::Removed(some),
        }
    }

    fn remove_rest(&mut self, own: ProjectRef) -> RemovalStep {
        let before = self.rest(own);
        self.datasets.retain(|(project, _), _| *project != own);
        self.uploads.retain(|(project, _), _| *project != own);
        self.events.remove(&own);
        self.pipelines.retain(|(project, _), _| *project != own);
        self.last_pipelines.remove(&own);
        self.modules.retain(|(project, _)| *project != own);
        self.retired.retain(|(project, ..), _| *project != own);
        self.activations.retain(|(project, _)| *project != own);
        self.grants.retain(|(project, _), _| *project != own);
        self.secrets.retain(|(project, _), _| *project != own);
        self.saved.retain(|(project, ..), _| *project != own);
        self.hours.retain(|(project, _), _| *project != own);
        self.keys.retain(|(project, _), _| *project != own);
        self.processed.retain(|(project, ..), _| *project != own);
        self.replaced.retain(|(project, _), _| *project != own);
        self.notices.remove(&own);
        self.deliveries.retain(|(project, _), _| *project != own);
        self.bulks.retain(|(project, _), _| *project != own);
        self.keep_totals(own);
        match before {
            0 => RemovalStep::Done,
            some => RemovalStep::Removed(some as u64),
        }
    }

    /// How many records are left beside jobs.
    fn rest(&self, own: ProjectRef) -> usize {
        self.datasets.keys().filter(|(project, _)| *project == own).count()
            + self.uploads.keys().filter(|(project, _)| *project == own).count()
            + self.pipelines.keys().filter(|(project, _)| *project == own).count()
            + self.modules.iter().filter(|(project, _)| *project == own).count()
            + self.retired.keys().filter(|(project, ..)| *project == own).count()
            + self.activations.iter().filter(|(project, _)| *project == own).count()
            + self.grants.keys().filter(|(project, _)| *project == own).count()
            + self.secrets.keys().filter(|(project, _)| *project == own).count()
            + self.saved.keys().filter(|(project, ..)| *project == own).count()
            + self.hours.keys().filter(|(project, _)| *project == own).count()
            + self.keys.keys().filter(|(project, _)| *project == own).count()
            + self.processed.keys().filter(|(project, ..)| *project == own).count()
            + self.notices.keys().filter(|project| **project == own).count()
            + self.deliveries.keys().filter(|(project, _)| *project == own).count()
            + self.bulks.keys().filter(|(project, _)| *project == own).count()
            + self.replaced.keys().filter(|(project, _)| *project == own).count()
    }
}

fn key(scope: Scope) -> Result<(TenantId, Option<ProjectId>), StoreError> {
    let tenant = scope.tenant().ok_or(StoreError::NotFound("removal"))?;
    Ok((tenant, scope.project()))
}

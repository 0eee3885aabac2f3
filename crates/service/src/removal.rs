//! Deleting tenants and projects. Who deletes one is told what goes with it, and says its name. From the answer on it is
//! not there; what belonged to it goes in the background, in small batches, also after a restart.

use crate::{Principal, Service, ServiceError};
use fuelcell_domain::{CancelRequest, JobState, ProjectRef, Removal, Role, Scope, TenantId};
use fuelcell_store::{JobFilter, PageRequest, RemovalStep, StateCounts};
use std::time::Duration;
use tokio::time::sleep;

/// Records that go in one transaction.
const BATCH: usize = 256;
/// The pause after each, and before what waits for running jobs is looked at again.
const PAUSE: Duration = Duration::from_millis(20);
const WAIT: Duration = Duration::from_millis(250);
/// Removals are looked for so often: other nodes begin some, too.
const LOOK: Duration = Duration::from_secs(60);
/// The pause before a removal that the store did not take is tried again.
const TRY_AGAIN: Duration = Duration::from_secs(1);
/// Jobs that are looked at in one go.
const PAGE: usize = 500;

/// What goes with a tenant or project.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    /// Projects of the tenant.
    pub projects: u64,
    /// Jobs that wait.
    pub queued_jobs: u64,
    /// Jobs that run: they are cancelled.
    pub running_jobs: u64,
    /// Jobs that have ended.
    pub ended_jobs: u64,
    /// Artifacts of them.
    pub artifacts: u64,
    /// Datasets.
    pub datasets: u64,
    /// Module versions.
    pub module_versions: u64,
    /// Pipelines.
    pub pipelines: u64,
    /// Those of them that have a schedule.
    pub schedules: u64,
    /// Items that their jobs marked as processed.
    pub processed_items: u64,
    /// Webhooks.
    pub webhooks: u64,
    /// Secrets.
    pub secrets: u64,
    /// Tokens and application passwords that hold there.
    pub tokens: u64,
    /// Bytes of datasets, module versions and artifacts. What others have, too, is on the disk once.
    pub bytes: u64,
}

impl Contents {
    /// In words, without what there is none of.
    pub fn told(&self) -> String {
        let counts = [
            (self.projects, "projects"),
            (self.queued_jobs, "queued jobs"),
            (self.running_jobs, "running jobs, which are cancelled"),
            (self.ended_jobs, "ended jobs"),
            (self.artifacts, "artifacts"),
            (self.datasets, "datasets"),
            (self.module_versions, "module versions"),
            (self.pipelines, "pipelines"),
            (self.schedules, "schedules"),
            (self.processed_items, "processed items"),
            (self.webhooks, "webhooks"),
            (self.secrets, "secrets"),
            (self.tokens, "tokens and passwords"),
            (self.bytes, "bytes"),
        ];
        let counts = counts.iter().filter(|(count, _)| *count > 0);
        let counts: Vec<_> = counts.map(|(count, what)| format!("{count} {what}")).collect();
        if counts.is_empty() { "nothing".into() } else { counts.join(", ") }
    }
}

impl Service {
    /// What a deletion of this tenant removes. For operators.
    pub async fn tenant_contents(
        &self,
        principal: &Principal,
        id: TenantId,
    ) -> Result<Contents, ServiceError> {
        self.require_whole_tenant(principal, id, Role::Operator).await?;
        let mut contents = Contents::default();
        for project in self.store.projects(id).await? {
            contents.projects += 1;
            self.add_contents(&mut contents, project.id).await?;
        }
        contents.tokens = self.tokens_in(Scope::Tenant(id)).await?;
        Ok(contents)
    }

    /// What a deletion of this project removes.
    pub async fn project_contents(
        &self,
        principal: &Principal,
        id: ProjectRef,
    ) -> Result<Contents, ServiceError> {
        self.require(principal, id, Role::Administrator).await?;
        let mut contents = Contents::default();
        self.add_contents(&mut contents, id).await?;
        contents.tokens = self.tokens_in(Scope::Project(id)).await?;
        Ok(contents)
    }

    /// Refuses unless the principal administers the whole tenant and the project is there.
    pub(crate) async fn require_own_project(
        &self,
        principal: &Principal,
        id: ProjectRef,
    ) -> Result<(), ServiceError> {
        self.require_whole_tenant(principal, id.tenant, Role::Administrator).await?;
        self.require(principal, id, Role::Administrator).await
    }

    async fn tokens_in(&self, scope: Scope) -> Result<u64, ServiceError> {
        let tokens = self.store.tokens().await?;
        let own = tokens.iter().filter(|token| scope.contains(token.scope));
        Ok(own.count() as u64)
    }

    async fn add_contents(&self, contents: &mut Contents, project: ProjectRef) -> Result<(), ServiceError> {
        let counts: StateCounts = self.store.counts(project, &JobFilter::default()).await?;
        contents.queued_jobs += counts.queued;
        contents.running_jobs += counts.running;
        contents.ended_jobs += counts.completed + counts.failed + counts.cancelled;
        let pipelines = self.store.pipelines(project).await?;
        contents.pipelines += pipelines.len() as u64;
        contents.schedules += pipelines.iter().filter(|pipeline| pipeline.schedule.is_some()).count() as u64;
        for pipeline in &pipelines {
            let none = PageRequest { offset: 0, limit: 0 };
            let items = self.store.processed(project, pipeline.id, none).await?;
            contents.processed_items += items.total.count;
        }
        contents.webhooks += self.store.notices(project).await?.webhooks.len() as u64;
        let sizes: Vec<u64> = self.store.datasets(project).await?.iter().map(|one| one.size).collect();
        contents.datasets += sizes.len() as u64;
        let modules: Vec<u64> =
            self.store.module_versions(project).await?.iter().map(|one| one.size).collect();
        contents.module_versions += modules.len() as u64;
        contents.secrets += self.store.secrets(project).await?.len() as u64;
        let bytes = sizes.iter().chain(&modules).fold(contents.bytes, |sum, size| sum.saturating_add(*size));
        contents.bytes = bytes;
        self.add_artifacts(contents, project).await
    }

    async fn add_artifacts(&self, contents: &mut Contents, project: ProjectRef) -> Result<(), ServiceError> {
        let mut after = None;
        loop {
            let jobs = self.store.oldest_jobs(project, &JobFilter::default(), after, PAGE).await?;
            let Some(last) = jobs.last() else { return Ok(()) };
            after = Some(last.ordinal);
            for job in jobs.iter().filter(|job| job.state.is_ended()) {
                let artifacts = self.store.artifacts(job.id).await?;
                contents.artifacts += artifacts.len() as u64;
                contents.bytes =
                    artifacts.iter().fold(contents.bytes, |sum, one| sum.saturating_add(one.size));
            }
        }
    }

    /// Deletes a tenant with all its projects. `confirmed` is its name. For operators.
    pub async fn delete_tenant(
        &self,
        principal: &Principal,
        id: TenantId,
        confirmed: Option<&str>,
    ) -> Result<Contents, ServiceError> {
        let contents = self.tenant_contents(principal, id).await?;
        let name = self.store.tenant(id).await?.ok_or(ServiceError::NotFound("tenant"))?.name;
        confirm("tenant", &name, confirmed, &contents)?;
        self.begin_removal(principal, Scope::Tenant(id), contents).await
    }

    /// Deletes a project. `confirmed` is its name. For those who may create projects of the tenant.
    pub async fn delete_project(
        &self,
        principal: &Principal,
        id: ProjectRef,
        confirmed: Option<&str>,
    ) -> Result<Contents, ServiceError> {
        self.require_own_project(principal, id).await?;
        let contents = self.project_contents(principal, id).await?;
        let name = self.store.project(id).await?.ok_or(ServiceError::NotFound("project"))?.name;
        confirm("project", &name, confirmed, &contents)?;
        self.begin_removal(principal, Scope::Project(id), contents).await
    }

    async fn begin_removal(
        &self,
        principal: &Principal,
        scope: Scope,
        contents: Contents,
    ) -> Result<Contents, ServiceError> {
        let (by, at) = (principal.subject.clone(), self.clock.now());
        self.store.begin_removal(Removal { scope, by, at, done_at: None }).await?;
        self.removal_begun.notify_one();
        tracing::info!(?scope, by = %principal.subject, contents = contents.told(), "a deletion has begun");
        Ok(contents)
    }

    /// Removes what was taken away, again and again; never ends.
    pub async fn keep_removing(&self) {
        loop {
            let pause = match self.remove_all().await {
                Ok(()) => LOOK,
                Err(error) => {
                    tracing::error!(%error, "what was deleted could not be removed; trying again");
                    TRY_AGAIN
                }
            };
            tokio::select! {
                () = self.removal_begun.notified() => {}
                () = sleep(pause) => {}
            }
        }
    }

    /// Goes on with all removals until none is left.
    pub(crate) async fn remove_all(&self) -> Result<(), ServiceError> {
        loop {
            let removals = self.store.removals().await?;
            if removals.is_empty() {
                return Ok(());
            }
            let mut waits = true;
            for removal in &removals {
                waits &= !self.remove_batch(removal).await?;
            }
            sleep(if waits { WAIT } else { PAUSE }).await;
        }
    }

    /// Says whether something was done.
    async fn remove_batch(&self, removal: &Removal) -> Result<bool, ServiceError> {
        let Removal { scope, by, .. } = removal;
        if let Scope::Project(project) = scope {
            self.stop_jobs(*project, by).await?;
        }
        match self.store.remove_some(*scope, BATCH, self.clock.now()).await? {
            RemovalStep::Removed(_) => Ok(true),
            RemovalStep::Waiting => Ok(false),
            RemovalStep::Done => {
                tracing::info!(?scope, %by, "nothing of what was deleted is left");
                Ok(true)
            }
        }
    }

    /// Cancels what runs and nobody has cancelled yet.
    async fn stop_jobs(&self, project: ProjectRef, by: &str) -> Result<(), ServiceError> {
        let filter = JobFilter { states: vec![JobState::Running], ..JobFilter::default() };
        for job in self.store.oldest_jobs(project, &filter, None, PAGE).await? {
            if job.cancel.as_ref().is_some_and(|cancel| cancel.force) {
                continue;
            }
            let reason = Some("its project was deleted".to_owned());
            let (at, by) = (self.clock.now(), by.to_owned());
            let request = CancelRequest { at, by, reason, force: true, preserve_partial: false };
            match self.store.request_cancel(project, job.id, request).await {
                Ok(_) => self.events.cancel_requested(job.id),
                // It has ended meanwhile.
                Err(error) if !error.is_of_the_medium() => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

/// Refuses unless the name was said.
fn confirm(what: &str, name: &str, confirmed: Option<&str>, contents: &Contents) -> Result<(), ServiceError> {
    if confirmed == Some(name) {
        return Ok(());
    }
    let told = contents.told();
    Err(ServiceError::invalid(
        "ConfirmationNeeded",
        format!(
            "this deletes the {what} \"{name}\" for good, with {told}; say its name in the query (confirm=…) to go on"
        ),
    ))
}

//! What is done with many jobs, as a record of the server: begun, looked at, stopped. It is worked at
//! elsewhere.

use crate::audit::AuditedCall;
use crate::bulk::check_reason_of;
use crate::{Principal, Service, ServiceError};
use fuelcell_domain::bulk::{BULK_PART, MAX_KEPT_BULKS};
use fuelcell_domain::{
    AskedWith, AuditOutcome, BulkId, BulkJob, BulkRun, BulkStop, JobOutcome, ProjectRef, Role, Scope,
    TenantId, Timestamp,
};
use fuelcell_store::{Page, Seek, StoreError};
use std::cmp::Reverse;
use std::time::Duration;
use tokio::time::sleep;

/// Bulk actions of a tenant that run at the same time.
pub const MAX_RUNNING_BULKS: usize = 4;
/// When a client may try again who came when too many ran.
const RETRY_SECONDS: u64 = 10;
/// How often somebody who stops one tries it against those who work at it, and the pause in between.
const TRIES: usize = 50;
const PAUSE: Duration = Duration::from_millis(20);

/// Which outcomes are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutcomeFilter {
    /// Of jobs with which it was done.
    Done,
    /// Of those that were left as they are.
    Skipped,
    /// Of those with which it went wrong.
    Failed,
    /// Of those whose turn has not come.
    Open,
}

impl OutcomeFilter {
    fn matches(self, job: &BulkJob) -> bool {
        let of = match job.outcome {
            None => Self::Open,
            Some(JobOutcome::Done(_)) => Self::Done,
            Some(JobOutcome::Skipped(..)) => Self::Skipped,
            Some(JobOutcome::Failed(..)) => Self::Failed,
        };
        self == of
    }
}

/// Jobs of one, and the place of the next ones.
pub type OutcomePage = (Vec<BulkJob>, Option<u64>);

/// How the audit log names one: by its address, with what it came to.
pub fn resource(run: &BulkRun) -> String {
    let BulkRun { id, project: ProjectRef { tenant, project }, action, jobs, done, skipped, failed, .. } =
        run;
    let counts = match run.is_running() {
        true => format!("action={}&jobs={jobs}", action.as_str()),
        false => format!("status={}&done={done}&skipped={skipped}&failed={failed}", run.state().as_str()),
    };
    format!("/api/{tenant}/{project}/execution/bulk/{id}?{counts}")
}

impl Service {
    /// Begins to do what a preview was of, with exactly its jobs, durably. The same again is answered with what has become
    /// of it.
    pub async fn begin_bulk(
        &self,
        principal: &Principal,
        project: ProjectRef,
        set: &str,
        reason: Option<String>,
        call: &AuditedCall,
    ) -> Result<BulkRun, ServiceError> {
        self.require(principal, project, Role::Submitter).await?;
        let set = self.opened_set(principal, project, set)?;
        self.require(principal, project, set.action.role()).await?;
        check_reason_of(set.action, reason.as_deref())?;
        if let Some(known) = self.store.bulk(project, set.id).await? {
            return Ok(known);
        }
        let asked_with = match (principal.hash, principal.session) {
            (Some(token), _) => AskedWith::Token(token),
            (None, Some(session)) => AskedWith::Session(session),
            (None, None) => return Err(ServiceError::Unauthenticated),
        };
        let (jobs, span) = self.jobs_of_set(project, &set).await?;
        let run = BulkRun {
            id: set.id,
            project,
            action: set.action,
            reason,
            by: principal.subject.clone(),
            token: principal.token,
            asked_with,
            call: call.action.clone(),
            request_id: call.request_id.clone(),
            created_at: self.clock.now(),
            jobs: jobs.len() as u64,
            span,
            done: 0,
            skipped: 0,
            failed: 0,
            part: 0,
            holder: None,
            ended_at: None,
            stop: None,
        };
        let run = self.kept(run, jobs).await?;
        tracing::info!(bulk = %run.id, %project, by = %run.by, action = run.action.as_str(), jobs = run.jobs, "a bulk action has begun");
        self.bulk_begun.notify_one();
        Ok(run)
    }

    /// Keeps a new one, if the tenant may have one more. One after the other, so that so many run at most.
    async fn kept(&self, run: BulkRun, jobs: Vec<BulkJob>) -> Result<BulkRun, ServiceError> {
        let _turn = self.bulk_begins.lock().await;
        self.check_running(run.project.tenant).await?;
        self.make_room_for_bulk(run.project).await?;
        Ok(self.store.begin_bulk(run, jobs).await?)
    }

    async fn check_running(&self, tenant: TenantId) -> Result<(), ServiceError> {
        let running = self.store.running_bulks().await?;
        let own = running.iter().filter(|run| run.project.tenant == tenant).count();
        match own < MAX_RUNNING_BULKS {
            true => Ok(()),
            false => Err(ServiceError::TooMany {
                code: "TooManyBulkActions",
                message: format!(
                    "{MAX_RUNNING_BULKS} bulk actions of this tenant run already; wait for one of them, or stop it"
                ),
                retry_after: RETRY_SECONDS,
            }),
        }
    }

    /// Forgets those that ended first, where a project keeps as many as it may.
    async fn make_room_for_bulk(&self, project: ProjectRef) -> Result<(), ServiceError> {
        let kept = self.store.bulks(project, Seek { after: None, limit: MAX_KEPT_BULKS }).await?.rows;
        let mut ended: Vec<(Timestamp, BulkId)> =
            kept.iter().filter_map(|run| Some((run.ended_at?, run.id))).collect();
        ended.sort_unstable();
        let beyond = (kept.len() + 1).saturating_sub(MAX_KEPT_BULKS);
        for (_, id) in ended.into_iter().take(beyond) {
            self.store.forget_bulk(project, id).await?;
        }
        Ok(())
    }

    /// A page of a project's, those that began last first.
    pub async fn bulk_runs(
        &self,
        principal: &Principal,
        project: ProjectRef,
        seek: Seek<Reverse<BulkId>>,
    ) -> Result<Page<BulkRun>, ServiceError> {
        self.require(principal, project, Role::Viewer).await?;
        Ok(self.store.bulks(project, seek).await?)
    }

    /// One of them.
    pub async fn bulk_run(
        &self,
        principal: &Principal,
        project: ProjectRef,
        id: BulkId,
    ) -> Result<BulkRun, ServiceError> {
        self.require(principal, project, Role::Viewer).await?;
        self.store.bulk(project, id).await?.ok_or(ServiceError::NotFound("bulk action"))
    }

    /// Its jobs with their outcomes, in the order in which their turn comes: the newest first.
    pub async fn bulk_jobs(
        &self,
        principal: &Principal,
        project: ProjectRef,
        id: BulkId,
        filter: Option<OutcomeFilter>,
        seek: Seek<u64>,
    ) -> Result<OutcomePage, ServiceError> {
        self.bulk_run(principal, project, id).await?;
        let (mut found, mut place) = (Vec::new(), seek.after.unwrap_or(0));
        loop {
            let number = u32::try_from(place / BULK_PART as u64).unwrap_or(u32::MAX);
            let Some(part) = self.store.bulk_part(project, id, number).await? else {
                return Ok((found, None));
            };
            let skip = place as usize % BULK_PART;
            for job in part.jobs.into_iter().skip(skip) {
                if found.len() >= seek.limit {
                    return Ok((found, Some(place)));
                }
                if filter.is_none_or(|filter| filter.matches(&job)) {
                    found.push(job);
                }
                place += 1;
            }
            if place % BULK_PART as u64 != 0 {
                return Ok((found, None));
            }
        }
    }

    /// Ends one before its time: what was done stays done. One that has ended stays as it is.
    pub async fn stop_bulk(
        &self,
        principal: &Principal,
        project: ProjectRef,
        id: BulkId,
    ) -> Result<BulkRun, ServiceError> {
        for _ in 0..TRIES {
            let before = self.bulk_run(principal, project, id).await?;
            self.require(principal, project, before.action.role()).await?;
            if !before.is_running() {
                return Ok(before);
            }
            let mut after = before.clone();
            let message = format!("{} stopped it", principal.subject);
            after.stop(BulkStop { code: "Stopped".into(), message }, self.clock.now());
            match self.store.step_bulk(before, after.clone(), None).await {
                Ok(()) => {
                    tracing::info!(bulk = %id, %project, by = %principal.subject, "a bulk action was stopped");
                    self.note_end(&after).await;
                    return Ok(after);
                }
                // It has gone a step further meanwhile.
                Err(StoreError::Conflict(_)) => sleep(PAUSE).await,
                Err(error) => return Err(error.into()),
            }
        }
        Err(ServiceError::StorageAway)
    }

    /// Tells of one that has ended, with what it came to.
    pub(crate) async fn note_end(&self, run: &BulkRun) {
        if run.is_running() {
            return;
        }
        let BulkRun { id, project, done, skipped, failed, .. } = run;
        let status = run.state().as_str();
        tracing::info!(bulk = %id, %project, status, done, skipped, failed, "a bulk action has ended");
        self.record(call_of(&asker_of(run), run), AuditOutcome::Done).await;
    }
}

/// The call that began it, as the audit log has it.
pub(crate) fn call_of(asker: &Principal, run: &BulkRun) -> AuditedCall {
    AuditedCall {
        principal: asker.clone(),
        action: run.call.clone(),
        target: resource(run),
        place: place(run),
        request_id: run.request_id.clone(),
        trace: None,
    }
}

/// Whoever asked for it, whether or not they still may.
fn asker_of(run: &BulkRun) -> Principal {
    Principal {
        token: run.token,
        subject: run.by.clone(),
        role: run.action.role(),
        scope: place(run),
        expires_at: None,
        hash: None,
        session: None,
    }
}

/// Where one lies.
pub fn place(run: &BulkRun) -> Scope {
    Scope::Project(run.project)
}

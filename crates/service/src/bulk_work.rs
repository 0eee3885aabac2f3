//! The work at bulk actions, in the background: some jobs at a time, each tenant in its turn, so that nobody else waits for
//! it. It goes on where it was after a restart, and on another node when this one is gone.

use crate::bulk::{again, key_of_job, of_job};
use crate::bulk_runs::call_of;
use crate::cancel::Cancel;
use crate::{Principal, Service, ServiceError};
use fuelcell_domain::bulk::{BulkHolder, HELD, KEPT_BULKS};
use fuelcell_domain::{
    AskedWith, AuditOutcome, BulkAction, BulkId, BulkPart, BulkRun, BulkStop, Digest, JobId, JobOutcome,
    TenantId, Timestamp,
};
use fuelcell_store::StoreError;
use futures::FutureExt;
use futures::stream::{self, StreamExt};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::time::sleep;

/// Jobs of one step, and how many of them at a time.
const STEP: usize = 16;
const AT_A_TIME: usize = 8;
/// The pause after each tenant had its turn: with the jobs of a step it bounds how many are changed in a second.
const PAUSE: Duration = Duration::from_millis(50);
/// Running ones are looked for so often: other nodes begin some, and leave some behind.
const LOOK: Duration = Duration::from_secs(5);
/// The pause before what had no room, or found no store, is tried again.
const TRY_AGAIN: Duration = Duration::from_secs(1);
/// How often old ones are looked for, and how many of them go in one go.
const SWEEP: Duration = Duration::from_secs(3600);
const SWEPT: usize = 100;
/// How often a step is written anew beside somebody who stops it.
const TRIES: usize = 5;

/// What this process knows of its own work.
#[derive(Default)]
struct Rounds {
    number: usize,
    /// Those of whose last step here it is known that it was kept. With the others, what is done next may have been done.
    kept: BTreeSet<BulkId>,
    /// Those that wait for room.
    later: BTreeMap<BulkId, Timestamp>,
    swept_at: Option<Timestamp>,
}

/// What a job's turn came to.
enum Turn {
    Over(JobOutcome),
    /// It has no outcome yet, and is tried again.
    Later,
    /// Nobody may go on.
    Ends(BulkStop),
}

impl Service {
    /// Works at bulk actions, again and again; never ends.
    pub async fn keep_bulks_going(&self) {
        let mut rounds = Rounds::default();
        loop {
            match self.round(&mut rounds).await {
                Ok(true) => sleep(PAUSE).await,
                Ok(false) => tokio::select! {
                    () = self.bulk_begun.notified() => {}
                    () = sleep(LOOK) => {}
                },
                Err(error) => {
                    tracing::error!(%error, "bulk actions could not be looked at; trying again");
                    sleep(TRY_AGAIN).await;
                }
            }
        }
    }

    /// One step for each tenant, of its actions in turn. Says whether any runs.
    async fn round(&self, rounds: &mut Rounds) -> Result<bool, ServiceError> {
        self.sweep_bulks(rounds).await?;
        let mut tenants: BTreeMap<TenantId, Vec<BulkRun>> = BTreeMap::new();
        for run in self.store.running_bulks().await? {
            tenants.entry(run.project.tenant).or_default().push(run);
        }
        rounds.number = rounds.number.wrapping_add(1);
        let running: BTreeSet<_> = tenants.values().flatten().map(|run| run.id).collect();
        rounds.kept.retain(|id| running.contains(id));
        rounds.later.retain(|id, _| running.contains(id));
        let is_busy = !running.is_empty();
        for mut own in tenants.into_values() {
            let run = own.swap_remove(rounds.number % own.len());
            let id = run.id;
            if let Err(error) = self.step(run, rounds).await {
                tracing::error!(bulk = %id, %error, "a bulk action could not go on; trying again");
                rounds.later.insert(id, self.clock.now().plus(TRY_AGAIN));
            }
        }
        Ok(is_busy)
    }

    async fn sweep_bulks(&self, rounds: &mut Rounds) -> Result<(), ServiceError> {
        let now = self.clock.now();
        if rounds.swept_at.is_some_and(|at| now.since(at) < SWEEP) {
            return Ok(());
        }
        let until =
            Timestamp(now.0.saturating_sub(i64::try_from(KEPT_BULKS.as_micros()).unwrap_or(i64::MAX)));
        let old = self.store.ended_bulks(until, SWEPT).await?;
        for run in &old {
            match self.store.forget_bulk(run.project, run.id).await {
                // Another node was faster.
                Ok(()) | Err(StoreError::NotFound(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        // Of many the rest goes with the next round.
        rounds.swept_at = (old.len() < SWEPT).then_some(now);
        Ok(())
    }

    /// Does it with some more jobs, unless somebody else does.
    async fn step(&self, run: BulkRun, rounds: &mut Rounds) -> Result<(), ServiceError> {
        let now = self.clock.now();
        // Not for longer, when the clock went back.
        let waits =
            rounds.later.get(&run.id).is_some_and(|until| now < *until && until.since(now) <= TRY_AGAIN);
        if waits || run.is_held_from(self.life, now) {
            return Ok(());
        }
        // Somebody else may have worked at it since it was in these hands.
        let is_own = run.holder.is_some_and(|holder| holder.by == self.life);
        let is_known = run.holder.is_none() || (rounds.kept.remove(&run.id) && is_own);
        let Some(run) = self.held(run).await? else { return Ok(()) };
        // What a step that nobody knows of has done is not done again, and counts.
        let repeats = !is_known;
        let asker = match self.asker(&run).await {
            Ok(asker) => asker,
            Err(error) if error.is_of_the_storage() => return Err(error),
            Err(error) => return self.settle(run, None, Vec::new(), Some(stop_of(&error))).await.map(drop),
        };
        let Some(part) = self.store.bulk_part(run.project, run.id, run.part).await? else {
            let stop =
                BulkStop { code: "JobsMissing".into(), message: "its list of jobs is not whole".into() };
            return self.settle(run, None, Vec::new(), Some(stop)).await.map(drop);
        };
        let open = part.jobs.iter().filter(|job| job.outcome.is_none()).map(|job| job.id);
        let open: Vec<_> = open.take(STEP).collect();
        let (own, by) = (&run, &asker);
        let turns = stream::iter(open)
            .map(|job| async move { (job, self.turn(by, own, job, repeats).await) }.boxed());
        let turns: Vec<_> = turns.buffered(AT_A_TIME).collect().await;
        let (mut outcomes, mut stop, mut away) = (Vec::new(), None, None);
        for (job, turn) in turns {
            match turn {
                Ok(Turn::Over(outcome)) => outcomes.push((job, outcome)),
                Ok(Turn::Later) => {
                    rounds.later.insert(run.id, self.clock.now().plus(TRY_AGAIN));
                }
                Ok(Turn::Ends(why)) => stop = Some(why),
                Err(error) => away = Some(error),
            }
        }
        let id = run.id;
        // What became of the others is kept, also beside one that found no store.
        let is_kept = self.settle(run, Some(part), outcomes, stop).await?;
        if let Some(error) = away {
            return Err(error);
        }
        if is_kept {
            rounds.kept.insert(id);
        }
        Ok(())
    }

    /// The same action in this process's hands; `None` when it is in somebody else's, or has ended.
    async fn held(&self, run: BulkRun) -> Result<Option<BulkRun>, ServiceError> {
        if run.holder.is_some_and(|holder| holder.by == self.life) {
            return Ok(Some(run));
        }
        let held = BulkRun { holder: Some(self.hold()), ..run.clone() };
        match self.store.step_bulk(run, held.clone(), None).await {
            Ok(()) => Ok(Some(held)),
            Err(StoreError::Conflict(_) | StoreError::NotFound(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn hold(&self) -> BulkHolder {
        BulkHolder { by: self.life, until: self.clock.now().plus(HELD) }
    }

    /// Whoever asked for it, if they still may.
    async fn asker(&self, run: &BulkRun) -> Result<Principal, ServiceError> {
        let principal = match run.asked_with {
            AskedWith::Token(hash) => self.holder(hash).await?,
            AskedWith::Session(id) => self.person_in(id).ok_or(ServiceError::Unauthenticated)?,
        };
        self.require(&principal, run.project, run.action.role()).await?;
        Ok(principal)
    }

    /// Does it with one job, and says what came of it.
    async fn turn(
        &self,
        asker: &Principal,
        run: &BulkRun,
        job: JobId,
        repeats: bool,
    ) -> Result<Turn, ServiceError> {
        match self.done_once(asker, run, job, repeats).await {
            Ok(new) => Ok(Turn::Over(JobOutcome::Done(new))),
            Err(error) => turn_of(error),
        }
    }

    /// Does it with one job. `repeats` = it may have been done before.
    async fn done_once(
        &self,
        asker: &Principal,
        run: &BulkRun,
        job: JobId,
        repeats: bool,
    ) -> Result<Option<JobId>, ServiceError> {
        match self.done_with(asker, run, job).await {
            Err(error) if repeats && self.was_done(run, job, &error).await? => {
                // Whoever did it may have been gone before it was written down. Twice is better than never.
                let call = of_job(&call_of(asker, run), run.project, job);
                self.record(call, AuditOutcome::Done).await;
                Ok(None)
            }
            done => done,
        }
    }

    async fn done_with(
        &self,
        asker: &Principal,
        run: &BulkRun,
        job: JobId,
    ) -> Result<Option<JobId>, ServiceError> {
        let (project, reason) = (run.project, run.reason.clone());
        let call = of_job(&call_of(asker, run), project, job);
        match run.action {
            BulkAction::Cancel => {
                let cancel = Cancel { reason, preserve_partial: true, ..Cancel::default() };
                self.cancel(asker, project, job, cancel).await?;
            }
            BulkAction::Retry => {
                let key = Some(key_of_job(&run.id.to_string(), job));
                let retry = again(reason, key, Digest::of(run.id.0.as_bytes()));
                return Ok(Some(self.retry(asker, project, job, retry, &call).await?.job.id));
            }
            BulkAction::Delete => self.delete_job_data(asker, project, job).await?,
        }
        self.record(call, AuditOutcome::Done).await;
        Ok(None)
    }

    /// Whether a job stands as a step left it that is not known of.
    async fn was_done(&self, run: &BulkRun, job: JobId, error: &ServiceError) -> Result<bool, ServiceError> {
        let found = self.store.job(run.project, job).await?;
        Ok(match run.action {
            BulkAction::Delete => found.is_none() && matches!(error, ServiceError::NotFound("job")),
            BulkAction::Cancel => found.and_then(|job| job.cancel).is_some_and(|cancel| {
                cancel.by == run.by && cancel.reason == run.reason && cancel.at >= run.created_at
            }),
            // The key of a retry knows.
            BulkAction::Retry => false,
        })
    }

    /// Keeps what a step came to, also beside somebody who stops it meanwhile. Says whether it is kept: somebody who went on
    /// with it meanwhile has outcomes of their own.
    async fn settle(
        &self,
        run: BulkRun,
        part: Option<BulkPart>,
        outcomes: Vec<(JobId, JobOutcome)>,
        stop: Option<BulkStop>,
    ) -> Result<bool, ServiceError> {
        let mut before = run;
        for _ in 0..TRIES {
            let (mut after, mut part, now) = (before.clone(), part.clone(), self.clock.now());
            if after.is_running() {
                after.holder = Some(self.hold());
            }
            if let Some(part) = &mut part {
                after.settle(part, outcomes.clone(), now);
            }
            if let Some(stop) = &stop {
                after.stop(stop.clone(), now);
            }
            match self.store.step_bulk(before.clone(), after.clone(), part).await {
                Ok(()) => {
                    // Whoever stopped it has told of its end, but not of what this step adds.
                    if before.is_running() || !after.is_as_far_as(&before) {
                        self.note_end(&after).await;
                    }
                    return Ok(true);
                }
                Err(StoreError::Conflict(_)) => {}
                Err(StoreError::NotFound(_)) => return Ok(false),
                Err(error) => return Err(error.into()),
            }
            match self.store.bulk(before.project, before.id).await? {
                Some(present) if present.is_as_far_as(&before) && !present.is_held_from(self.life, now) => {
                    before = present;
                }
                _ => return Ok(false),
            }
        }
        Ok(false)
    }
}

fn stop_of(error: &ServiceError) -> BulkStop {
    BulkStop {
        code: error.code().to_owned(),
        message: format!("whoever asked for it may not go on: {error}"),
    }
}

/// What an error means for a job, or for all that are left. A store that is away or full says nothing of the job; one that
/// holds it damaged will not hold it whole later.
fn turn_of(error: ServiceError) -> Result<Turn, ServiceError> {
    let (code, message) = (error.code().to_owned(), error.to_string());
    Ok(match &error {
        ServiceError::StorageAway | ServiceError::StorageFull => return Err(error),
        ServiceError::TooMany { .. } | ServiceError::QueueFull(_) => Turn::Later,
        ServiceError::Unauthenticated | ServiceError::Forbidden(_) | ServiceError::NotFound("project") => {
            Turn::Ends(stop_of(&error))
        }
        ServiceError::NotFound(_) => Turn::Over(JobOutcome::Skipped(code, message)),
        ServiceError::Conflict { code: "JobEnded" | "NotRetryable" | "JobNotEnded", .. } => {
            Turn::Over(JobOutcome::Skipped(code, message))
        }
        _ => Turn::Over(JobOutcome::Failed(code, message)),
    })
}

#[cfg(test)]
mod tests;

//! Schedules of pipelines: set by administrators, then submitted for them when their time comes.
//!
//! A run goes the same way as a submission by hand: it is authorised, pinned and counted against the project's quotas.
//! Its rights are those of the token with which the schedule was set, at the time of the run; once that token is revoked
//! runs are skipped until somebody sets the schedule again. What holds a run up for good is written to the schedule as the
//! reason why it was skipped; a store that fails holds it up until it works again.
//!
//! Several processes may look after the same schedules: the store lets one of them take each step.

use crate::submit::{Submission, stored_parameters};
use crate::{Principal, Service, ServiceError};
use fuelcell_domain::schedule::{Due, ScheduleError, ScheduledRun, SkipCode, SkippedRun};
use fuelcell_domain::trace::{OpenSpan, SpanKind, TraceContext, keys};
use fuelcell_domain::{
    CancelRequest, Digest, Job, JobId, LimitRequest, Overlap, Parameters, Pipeline, Priority, QuotaExceeded,
    Role, Schedule, Timestamp,
};
use fuelcell_store::StoreError;
use fuelcell_store::schedules::ScheduleStep;
use std::time::Duration;
use tokio::time::sleep;

/// Schedules are looked at so often, whatever is due when: other nodes set some too, and clocks jump.
const LOOK: Duration = Duration::from_secs(5);
/// The pause before a run that the store did not take is tried again.
const TRY_AGAIN: Duration = Duration::from_secs(1);
/// The longest time to catch up, in seconds: a year.
pub(crate) const MAX_CATCH_UP_SECONDS: u32 = 365 * 24 * 3600;
/// The label that tells for when a job was scheduled.
pub const SCHEDULED_FOR: &str = "scheduledFor";

/// What a client says of a schedule.
pub struct ScheduleSpec {
    /// The cron expression.
    pub cron: String,
    /// The time zone's name in the IANA database.
    pub time_zone: String,
    /// What happens to a run while the one before it has not ended.
    pub overlap: Overlap,
    /// Seconds after its moment within which a missed run is made up for.
    pub catch_up_seconds: u32,
    /// Whether it makes runs.
    pub enabled: bool,
    /// Parameters of its jobs, over the pipeline's.
    pub parameters: Parameters,
    /// The priority of its jobs.
    pub priority: Priority,
}

/// What to do about a run that is due.
enum Verdict {
    Wait,
    Skip(SkipCode, String),
    Make(Box<Run>),
}

/// A run that is to be made.
struct Run {
    job: Job,
    /// The first span of its trace, which is told once the job is queued.
    span: OpenSpan,
    /// The job of the run before, which was waited for.
    waited_for: Option<JobId>,
    /// The job of the run before, which is to be cancelled.
    replaces: Option<(JobId, CancelRequest)>,
}

impl Service {
    /// Makes the runs that are due, again and again; never ends.
    pub async fn keep_schedules(&self) {
        loop {
            let pause = self.run_due().await.unwrap_or_else(|error| {
                tracing::error!(%error, "schedules could not be looked at; trying again");
                TRY_AGAIN
            });
            tokio::select! {
                () = self.schedules_changed.notified() => {}
                () = sleep(pause) => {}
            }
        }
    }

    /// Makes the runs that are due now, and says how long there is nothing to do.
    pub(crate) async fn run_due(&self) -> Result<Duration, ServiceError> {
        let mut pause = LOOK;
        for pipeline in self.store.scheduled_pipelines().await? {
            let (id, project) = (pipeline.id, pipeline.project);
            let next = match self.run_if_due(pipeline).await {
                Ok(next) => next,
                Err(error) => {
                    tracing::error!(pipeline = %id, %project, %error, "a scheduled run could not be made; trying again");
                    pause = pause.min(TRY_AGAIN);
                    None
                }
            };
            let now = self.clock.now();
            pause = next.map_or(pause, |next| pause.min(next.since(now)));
        }
        Ok(pause)
    }

    /// Makes or skips the run of one pipeline that is due, and says when the next one is.
    async fn run_if_due(&self, pipeline: Pipeline) -> Result<Option<Timestamp>, ServiceError> {
        let Some(schedule) = &pipeline.schedule else { return Ok(None) };
        let now = self.clock.now();
        let due = match schedule.due(now) {
            Ok(Some(due)) => due,
            Ok(None) => return Ok(schedule.next_at.filter(|_| schedule.enabled)),
            Err(error) => return Err(error.into()),
        };
        let previous = self.previous(&pipeline, schedule).await?;
        match self.verdict(&pipeline, schedule, due, previous, now).await? {
            Verdict::Wait => Ok(None),
            Verdict::Skip(code, reason) => self.skip(&pipeline, schedule, due, code, reason).await,
            Verdict::Make(run) => self.make(&pipeline, schedule, due, *run).await,
        }
    }

    /// The job of the run before.
    async fn previous(&self, pipeline: &Pipeline, schedule: &Schedule) -> Result<Option<Job>, ServiceError> {
        match &schedule.last_run {
            Some(run) => Ok(self.store.job(pipeline.project, run.job).await?),
            None => Ok(None),
        }
    }

    async fn verdict(
        &self,
        pipeline: &Pipeline,
        schedule: &Schedule,
        due: Due,
        previous: Option<Job>,
        now: Timestamp,
    ) -> Result<Verdict, ServiceError> {
        let setter = match self.setter(pipeline, schedule).await {
            Ok(setter) => setter,
            Err(error) => return refusal(schedule, error),
        };
        let unfinished = previous.as_ref().filter(|job| !job.state.is_ended());
        match (schedule.overlap, unfinished) {
            (Overlap::Queue, Some(_)) => return Ok(Verdict::Wait),
            (Overlap::Skip, Some(job)) => {
                let reason = format!("job {} of the run before was still {}", job.id, job.state.as_str());
                return Ok(Verdict::Skip(SkipCode::PreviousRunUnfinished, reason));
            }
            _ => {}
        }
        // A run that waited for the one before is not late by that.
        let waited_for = previous.as_ref().filter(|job| held_up(schedule, due, job));
        let ready_at = waited_for.and_then(|job| job.ended_at).map_or(due.at, |end| end.max(due.at));
        if !schedule.catches_up(now.since(ready_at)) {
            let reason = format!("it was not made in time, but only looked at {}", now.to_rfc3339());
            return Ok(Verdict::Skip(SkipCode::Missed, reason));
        }
        let waited_for = waited_for.map(|job| job.id);
        let replaced = unfinished.filter(|_| schedule.overlap == Overlap::Replace);
        let replaces = replaced.map(|job| (job.id, replacement(&setter, due, now)));
        match self.scheduled_job(&setter, pipeline, schedule, due).await {
            Ok((job, span)) => Ok(Verdict::Make(Box::new(Run { job, span, waited_for, replaces }))),
            Err(error) => refusal(schedule, error),
        }
    }

    /// Who set the schedule, if the token still may submit here.
    async fn setter(&self, pipeline: &Pipeline, schedule: &Schedule) -> Result<Principal, ServiceError> {
        let principal = self.holder(schedule.set_with).await?;
        self.require(&principal, pipeline.project, Role::Submitter).await?;
        Ok(principal)
    }

    /// The job of a run, pinned to what its pipeline names now. It is nobody's request: its trace begins here.
    async fn scheduled_job(
        &self,
        setter: &Principal,
        pipeline: &Pipeline,
        schedule: &Schedule,
        due: Due,
    ) -> Result<(Job, OpenSpan), ServiceError> {
        let trace = TraceContext::root();
        let span = OpenSpan::begin_trace("schedule", SpanKind::Internal, trace, self.clock.now());
        let due_at = due.at.to_rfc3339();
        let submission = Submission {
            name: pipeline.name.clone(),
            description: format!("Run of the pipeline's schedule, due at {due_at}"),
            job_type: pipeline.job_type,
            priority: schedule.priority,
            pipeline: Some(pipeline.id),
            module: None,
            parameters: stored_parameters(pipeline.id, &schedule.parameters)?,
            not_before: None,
            limits: LimitRequest::default(),
            deterministic: None,
            labels: vec![(SCHEDULED_FOR.into(), due_at)],
            keep_partial_on_failure: false,
            profile: false,
            notifications: Default::default(),
            idempotency_key: None,
            body_digest: Digest::of(b""),
        };
        let job = self.pin(setter, pipeline.project, submission).await?;
        Ok((Job { trace, ..job }, span))
    }

    /// Queues the job of a run and cancels what it replaces, in one step: a run that is refused ends nothing.
    async fn make(
        &self,
        pipeline: &Pipeline,
        schedule: &Schedule,
        due: Due,
        run: Run,
    ) -> Result<Option<Timestamp>, ServiceError> {
        let Run { job, mut span, waited_for, replaces } = run;
        let (id, replaced) = (job.id, replaces.as_ref().map(|(job, _)| *job));
        let last_run = Some(ScheduledRun { due_at: due.at, job: id });
        let after = Schedule { next_at: due.next, last_run, ..missed(schedule, due, waited_for) };
        let step = ScheduleStep { job: Some(job), replaces, ..step(pipeline, schedule, after) };
        match self.store.advance_schedule(step).await {
            Ok(()) => {
                span.text(keys::JOB, id);
                span.end(self.clock.now());
                self.events.queue_changed();
                tracing::info!(job = %id, pipeline = %pipeline.id, project = %pipeline.project, due_at = %due.at, "a scheduled job was queued");
                if let Some(replaced) = replaced {
                    self.events.cancel_requested(replaced);
                    tracing::info!(job = %replaced, project = %pipeline.project, by = %id, "a job was replaced by a scheduled one");
                }
                Ok(due.next)
            }
            Err(StoreError::Quota(quota)) => {
                let code = match quota {
                    QuotaExceeded::QueuedJobs(_) => SkipCode::QueueFull,
                    QuotaExceeded::StoredBytes { .. } | QuotaExceeded::Unswept { .. } => SkipCode::Refused,
                };
                self.skip(pipeline, schedule, due, code, quota.to_string()).await
            }
            // Somebody else took the step, or set the schedule anew: the next look sees what is due then.
            Err(StoreError::Conflict(_) | StoreError::NotFound(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    async fn skip(
        &self,
        pipeline: &Pipeline,
        schedule: &Schedule,
        due: Due,
        code: SkipCode,
        reason: String,
    ) -> Result<Option<Timestamp>, ServiceError> {
        tracing::warn!(pipeline = %pipeline.id, project = %pipeline.project, due_at = %due.at, code = code.as_str(), reason, "a scheduled run was skipped");
        let skipped = SkippedRun { due_at: due.at, code, reason };
        let after = Schedule { next_at: due.next, last_skipped: Some(skipped), ..schedule.clone() };
        match self.store.advance_schedule(step(pipeline, schedule, after)).await {
            Ok(()) => Ok(due.next),
            Err(StoreError::Conflict(_) | StoreError::NotFound(_)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The schedule that a client sets, from now on.
    pub(crate) fn new_schedule(
        &self,
        principal: &Principal,
        spec: ScheduleSpec,
    ) -> Result<Schedule, ServiceError> {
        if spec.catch_up_seconds > MAX_CATCH_UP_SECONDS {
            let message = format!("schedule.catchUpSeconds is at most {MAX_CATCH_UP_SECONDS}, a year");
            return Err(ServiceError::invalid("InvalidSchedule", message));
        }
        let now = self.clock.now();
        let schedule = Schedule {
            cron: spec.cron,
            time_zone: spec.time_zone,
            overlap: spec.overlap,
            catch_up_seconds: spec.catch_up_seconds,
            enabled: spec.enabled,
            parameters: spec.parameters.into_text(),
            priority: spec.priority,
            set_by: principal.subject.clone(),
            set_with: principal.hash.ok_or_else(token_needed)?,
            set_at: now,
            next_at: None,
            last_run: None,
            last_skipped: None,
        };
        let first = schedule.calendar()?.next_after(now).ok_or(ScheduleError::Never)?;
        Ok(Schedule { next_at: Some(first), ..schedule })
    }

    /// The moments at which a pipeline's next runs are due, the one that waits included, at most `count`.
    pub fn next_runs(&self, schedule: &Schedule, count: usize) -> Vec<Timestamp> {
        let (Some(first), Ok(calendar), true) = (schedule.next_at, schedule.calendar(), schedule.enabled)
        else {
            return Vec::new();
        };
        let mut runs = vec![first];
        runs.extend(calendar.next_runs(first, count.saturating_sub(1)));
        runs
    }
}

/// Runs go by the token with which their schedule was set, and end with it.
fn token_needed() -> ServiceError {
    let message = "a schedule runs by the token of whoever set it, and this session began without one; set it with a token";
    ServiceError::invalid("TokenNeeded", message)
}

impl From<ScheduleError> for ServiceError {
    fn from(error: ScheduleError) -> Self {
        Self::invalid("InvalidSchedule", error.to_string())
    }
}

/// What becomes of a run that is refused. Failures of the store are none of its own: it is tried again.
fn refusal(schedule: &Schedule, error: ServiceError) -> Result<Verdict, ServiceError> {
    match error {
        error if error.is_of_the_storage() => Err(error),
        ServiceError::Unauthenticated | ServiceError::Forbidden(_) => {
            let reason = format!("the token with which {} set the schedule: {error}", schedule.set_by);
            Ok(Verdict::Skip(SkipCode::NotAllowed, reason))
        }
        error => Ok(Verdict::Skip(SkipCode::Refused, error.to_string())),
    }
}

/// Whether the run waited for the job of the run before.
fn held_up(schedule: &Schedule, due: Due, previous: &Job) -> bool {
    let from = due.missed_from.unwrap_or(due.at);
    schedule.overlap == Overlap::Queue && previous.ended_at.is_some_and(|end| end > from)
}

/// The wish to cancel the job that a run replaces.
fn replacement(setter: &Principal, due: Due, now: Timestamp) -> CancelRequest {
    CancelRequest {
        at: now,
        by: setter.subject.clone(),
        reason: Some(format!("replaced by the scheduled run of {}", due.at.to_rfc3339())),
        force: false,
        preserve_partial: false,
    }
}

/// A step that makes no run.
fn step(pipeline: &Pipeline, before: &Schedule, after: Schedule) -> ScheduleStep {
    let (project, pipeline, before) = (pipeline.project, pipeline.id, before.clone());
    ScheduleStep { project, pipeline, before, after, job: None, replaces: None }
}

/// The schedule with what is to be said when the clock was put forward over several runs.
fn fallen_together(schedule: &Schedule, due: Due) -> Schedule {
    if !due.fell_together {
        return schedule.clone();
    }
    let reason =
        "the clock was put forward over several runs, which were all due right after that: one was made";
    let skipped = SkippedRun { due_at: due.at, code: SkipCode::ClockChange, reason: reason.to_owned() };
    Schedule { last_skipped: Some(skipped), ..schedule.clone() }
}

/// The schedule with what is to be said of earlier runs that are due and will not be made.
fn missed(schedule: &Schedule, due: Due, waited_for: Option<JobId>) -> Schedule {
    let Some(first) = due.missed_from else { return fallen_together(schedule, due) };
    let (code, why) = match waited_for {
        Some(job) => {
            (SkipCode::PreviousRunUnfinished, format!("one run waits at a time, and job {job} had not ended"))
        }
        None => (SkipCode::Missed, "they were not made in time".to_owned()),
    };
    let reason = format!("{why}: of the runs from {first} to {} the latest was made", due.at);
    tracing::warn!(from = %first, to = %due.at, code = code.as_str(), "scheduled runs were missed");
    let skipped = SkippedRun { due_at: first, code, reason };
    Schedule { last_skipped: Some(skipped), ..schedule.clone() }
}

#[cfg(test)]
mod tests;

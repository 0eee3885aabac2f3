//! What goes into and comes out of the job verbs of [`crate::Store`].

use crate::{BlobRef, Ranks};
use fuelcell_domain::job::{Pulse, since};
use fuelcell_domain::state::TransitionError;
use fuelcell_domain::{
    Artifact, ArtifactRole, AttemptId, AuditEntry, Digest, Incarnation, Job, JobId, JobState, JobType,
    LogLevel, LogLine, ModuleRef, NodeId, Ordinal, PipelineId, Priority, ProjectId, ProjectRef, Receipt,
    Standing, TenantId, Timestamp, Transition,
};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// A client's word that a submission is the same as an earlier one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdempotencyKey {
    /// The client's key, scoped to the project and the subject by the store's caller.
    pub key: String,
    /// SHA-256 of the submission: the same key with another body is a conflict.
    pub body: Digest,
}

/// A job to be queued. Its ordinal is the store's to set.
#[derive(Clone, Debug)]
pub struct NewJob {
    /// The job, in state Queued.
    pub job: Job,
    /// The client's idempotency key.
    pub idempotency: Option<IdempotencyKey>,
    /// Of whoever asked for it, for the audit log: it is there if and only if the job was queued.
    pub audit: Option<AuditEntry>,
}

impl From<Job> for NewJob {
    fn from(job: Job) -> Self {
        Self { job, idempotency: None, audit: None }
    }
}

/// What submit did.
#[derive(Clone, Debug, PartialEq)]
pub enum Submitted {
    /// The job is queued, with its ordinal.
    Queued(Job),
    /// The key was used before with the same body: the first job as it stands now.
    Repeated(Job),
    /// The key was used before with the same body, for a job that was deleted since.
    Forgotten(JobId),
    /// The key was used before with another body.
    KeyConflict,
}

/// Whether a job that is to be queued is the one that is stored: what was submitted, and nothing that moves since.
pub fn is_same_submission(stored: &Job, new: &Job) -> bool {
    let submitted = |job: &Job| (job.id, job.project, job.created_at, job.job_type, job.deterministic);
    submitted(stored) == submitted(new)
        && stored.submitted_by == new.submitted_by
        && stored.name == new.name
        && stored.description == new.description
        && stored.pipeline == new.pipeline
        && stored.module == new.module
        && stored.inputs == new.inputs
        && stored.parameters == new.parameters
        && stored.labels == new.labels
        && stored.retry_of == new.retry_of
}

/// Whether a job is held by an earlier life of a node than the present one.
pub fn is_of_earlier_life(job: &Job, node: &NodeId, present: Incarnation) -> bool {
    job.lease.as_ref().is_some_and(|lease| lease.node == *node)
        && job.holder.is_none_or(|holder| holder.incarnation != present)
}

/// Whether a job is held by one of these lives of nodes.
pub fn is_held_by_any(job: &Job, lives: &BTreeSet<Incarnation>) -> bool {
    job.lease.is_some() && job.holder.is_some_and(|holder| lives.contains(&holder.incarnation))
}

/// How long a client's key is known, from its use on, whether or not its job is still there. Afterwards it is free.
pub const KEY_LIFE: Duration = Duration::from_hours(30 * 24);

/// Whether the life of the key that made this job is over.
pub fn key_is_over(job: JobId, now: Timestamp) -> bool {
    job.made_at().is_none_or(|used| now.since(used) >= KEY_LIFE)
}

/// Queued jobs of all tenants, as they stand at a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueueFigures {
    /// Jobs that may start, by [`Priority`].
    pub ready: [Waiting; 4],
    /// Jobs whose time has not come.
    pub scheduled: u64,
}

/// Jobs that wait for the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// Their number.
    pub jobs: u64,
    /// Since when the one that has waited longest may start.
    pub since: Option<Timestamp>,
}

/// A queued job as the dispatcher sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueEntry {
    /// The job.
    pub job: JobId,
    /// Its project.
    pub project: ProjectRef,
    /// Its ordinal.
    pub ordinal: Ordinal,
    /// Its priority.
    pub priority: Priority,
    /// Whether it goes before others of its priority.
    pub front: bool,
    /// When it was submitted.
    pub created_at: Timestamp,
    /// It may not start before.
    pub not_before: Option<Timestamp>,
    /// The module that it needs.
    pub module: Arc<ModuleRef>,
    /// The pipeline that it named.
    pub pipeline: Option<PipelineId>,
    /// The memory that it may use.
    pub memory_bytes: u64,
}

impl QueueEntry {
    /// The entry of a queued job.
    pub fn of(job: &Job) -> Self {
        Self {
            job: job.id,
            project: job.project,
            ordinal: job.ordinal,
            priority: job.priority,
            front: job.front,
            created_at: job.created_at,
            not_before: job.not_before,
            module: Arc::new(job.module.clone()),
            pipeline: job.pipeline.as_ref().map(|pipeline| pipeline.id),
            memory_bytes: job.limits.memory_bytes,
        }
    }

    /// Since when the job may start, or from when on.
    pub fn since(&self) -> Timestamp {
        since(self.created_at, self.not_before)
    }
}

/// A queued job's place in the order in which jobs start: the most urgent priority, then `front`, then the time
/// from which it may start; the project and the ordinal make it a total order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct QueueOrder {
    priority: Reverse<Priority>,
    behind: bool,
    since: Timestamp,
    /// The job's project.
    pub project: ProjectRef,
    /// The job's ordinal.
    pub ordinal: Ordinal,
}

impl QueueOrder {
    /// The place of a job with these traits.
    pub fn new(
        priority: Priority,
        front: bool,
        since: Timestamp,
        project: ProjectRef,
        ordinal: Ordinal,
    ) -> Self {
        Self { priority: Reverse(priority), behind: !front, since, project, ordinal }
    }

    /// The place of a job.
    pub fn of(job: &Job) -> Self {
        Self::new(job.priority, job.front, job.since(), job.project, job.ordinal)
    }

    /// The place before which all of a lane are that go before others of their priority.
    pub fn first_behind((Reverse(priority), tenant): Lane) -> Self {
        let project = ProjectRef { tenant, project: ProjectId(Uuid::nil()) };
        Self::new(priority, false, Timestamp(i64::MIN), project, 0)
    }

    /// Whether it goes before others of its priority.
    pub fn front(&self) -> bool {
        !self.behind
    }

    /// The time from which the job may start.
    pub fn since(&self) -> Timestamp {
        self.since
    }

    /// The line in which the job waits: jobs of one tenant and priority go in order, those of several may share.
    pub fn lane(&self) -> Lane {
        (self.priority, self.project.tenant)
    }
}

/// A tenant's queued jobs of one priority, the most urgent first.
pub type Lane = (Reverse<Priority>, TenantId);

/// How many of each lane to return so that there are about `limit` in all, and at least one of each.
pub fn share_of_lane(limit: usize, lanes: usize) -> usize {
    (limit / lanes.max(1)).max(1)
}

/// A claimed job: the attempt's number is in the job.
#[derive(Clone, Debug, PartialEq)]
pub struct Claim {
    /// The job, Running.
    pub job: Job,
    /// The checkpoint of an earlier attempt.
    pub checkpoint: Option<BlobRef>,
}

/// Everything that the end of an attempt brings, in one transaction.
#[derive(Clone, Debug)]
pub struct Finish {
    /// The attempt. A stale one changes nothing.
    pub attempt: AttemptId,
    /// How it ended.
    pub transition: Transition,
    /// When.
    pub at: Timestamp,
    /// The final figures.
    pub pulse: Pulse,
    /// Finished artifacts. They are published when the job completes, or ends otherwise with partial results asked for
    /// (Failed: `keep_partial_on_failure`; Cancelled: `preserve_partial` of the cancel request). A profile is published however
    /// the job ends. A requeued job publishes nothing.
    pub artifacts: Vec<Artifact>,
    /// Processed items of the job's pipeline; they count only when the job completes.
    pub marks: Vec<String>,
    /// The account of the attempt.
    pub receipt: Receipt,
}

impl Finish {
    /// Moves the job by everything that this end says of it. A stale attempt changes nothing.
    pub fn apply(&self, job: &mut Job) -> Result<(), TransitionError> {
        job.check_attempt(self.attempt)?;
        job.pulse = self.pulse.clone();
        job.leave_running(self.attempt, self.transition.clone(), self.at)?;
        settle_partial(job);
        Ok(())
    }

    /// The artifacts that are published, now that the attempt has brought the job here.
    pub fn published(&self, job: &Job) -> Cow<'_, [Artifact]> {
        if publishes(job) {
            return Cow::Borrowed(&self.artifacts);
        }
        let is_profile = |made: &&Artifact| made.description.role == ArtifactRole::Profile;
        let profile = self.artifacts.iter().filter(|_| job.state.is_ended()).filter(is_profile);
        Cow::Owned(profile.cloned().collect())
    }
}

/// Sets `partial` after a transition: an attempt was made, and its partial results were asked for (a failed job at
/// submit, a cancelled one with the cancel).
pub fn settle_partial(job: &mut Job) {
    let asked = match job.state {
        JobState::Failed => job.keep_partial_on_failure,
        JobState::Cancelled => job.cancel.as_ref().is_some_and(|request| request.preserve_partial),
        JobState::Queued | JobState::Running | JobState::Completed => false,
    };
    job.partial = asked && job.attempt > 0;
}

/// Whether all artifacts of the attempt that brought the job into this state are published.
fn publishes(job: &Job) -> bool {
    job.state == JobState::Completed || job.partial
}

/// How long a job waited that starts now for the first time: from its submission, or from the moment before which it
/// was not to start.
pub fn first_wait(job: &Job, now: Timestamp) -> Duration {
    now.since(job.not_before.unwrap_or(job.created_at).max(job.created_at))
}

/// Microseconds from the start of a job's latest attempt to its end.
pub fn run_micros(job: &Job) -> u64 {
    match (job.started_at, job.ended_at) {
        (Some(start), Some(end)) => u64::try_from(end.since(start).as_micros()).unwrap_or(u64::MAX),
        _ => 0,
    }
}

/// The UTC day of a moment: whole days since 1970-01-01.
pub fn utc_day(at: Timestamp) -> i64 {
    const MICROS_PER_DAY: i64 = 24 * 3600 * 1_000_000;
    at.0.div_euclid(MICROS_PER_DAY)
}

/// The number of durations that [`crate::Figures::recent_durations`] keeps of a module.
pub const RECENT_DURATIONS: usize = 32;

/// Which jobs of a project.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JobFilter {
    /// In one of these states; empty = any.
    pub states: Vec<JobState>,
    /// Standing in one of these ways; empty = any.
    pub standings: Vec<Standing>,
    /// Of this type.
    pub job_type: Option<JobType>,
    /// Of this priority.
    pub priority: Option<Priority>,
    /// Sent by this subject.
    pub submitted_by: Option<String>,
    /// Of this pipeline.
    pub pipeline: Option<PipelineId>,
    /// Of the pipeline with this ordinal; 0 = without one.
    pub pipeline_number: Option<Ordinal>,
    /// Submitted at or after.
    pub created_from: Option<Timestamp>,
    /// Submitted at or before.
    pub created_to: Option<Timestamp>,
}

impl JobFilter {
    /// The same filter, wherever a job stands.
    pub fn in_any_state(&self) -> Self {
        Self { states: Vec::new(), standings: Vec::new(), ..self.clone() }
    }

    /// Whether a job matches.
    pub fn matches(&self, job: &Job) -> bool {
        (self.states.is_empty() || self.states.contains(&job.state))
            && (self.standings.is_empty() || self.standings.contains(&Standing::of(job)))
            && self.job_type.is_none_or(|wanted| wanted == job.job_type)
            && self.priority.is_none_or(|wanted| wanted == job.priority)
            && self.submitted_by.as_ref().is_none_or(|wanted| *wanted == job.submitted_by)
            && self.pipeline.is_none_or(|wanted| job.pipeline.as_ref().is_some_and(|own| own.id == wanted))
            && self.pipeline_number.is_none_or(|wanted| Ranks::of(job).pipeline == wanted)
            && self.created_from.is_none_or(|from| job.created_at >= from)
            && self.created_to.is_none_or(|to| job.created_at <= to)
    }
}

/// A part of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageRequest {
    /// Matches to pass over.
    pub offset: u64,
    /// Matches to return.
    pub limit: usize,
}

/// A part of a list, newest first: by falling ordinal.
#[derive(Clone, Debug, PartialEq)]
pub struct JobPage {
    /// The jobs.
    pub jobs: Vec<Job>,
    /// All matches.
    pub total: Total,
}

/// How many there are. A backend may stop counting where an exact figure would cost more than the page that it stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Total {
    /// How many were counted.
    pub count: u64,
    /// Whether these are all; else there are at least so many.
    pub exact: bool,
}

impl Total {
    /// So many, and no more.
    pub fn exact(count: u64) -> Self {
        Self { count, exact: true }
    }
}

/// A part of a project's queue.
#[derive(Clone, Debug, PartialEq)]
pub struct QueuePage {
    /// The jobs, each that may start with the number of those before it, whoever owns them.
    pub jobs: Vec<(Option<u64>, Job)>,
    /// The project's queued jobs that may start.
    pub due: u64,
    /// Those whose time has not come.
    pub scheduled: u64,
}

/// How many jobs are in which state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StateCounts {
    /// Queued.
    pub queued: u64,
    /// Running.
    pub running: u64,
    /// Completed.
    pub completed: u64,
    /// Failed.
    pub failed: u64,
    /// Cancelled.
    pub cancelled: u64,
}

impl StateCounts {
    /// The count of one state.
    pub fn of(&mut self, state: JobState) -> &mut u64 {
        match state {
            JobState::Queued => &mut self.queued,
            JobState::Running => &mut self.running,
            JobState::Completed => &mut self.completed,
            JobState::Failed => &mut self.failed,
            JobState::Cancelled => &mut self.cancelled,
        }
    }

    /// All jobs.
    pub fn total(&self) -> u64 {
        self.queued + self.running + self.completed + self.failed + self.cancelled
    }
}

/// Figures of a tenant's jobs, for system status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TenantFigures {
    /// Queued jobs that may start, by priority: Low, Normal, High, Critical.
    pub queued: [u64; 4],
    /// Queued jobs whose time has not come.
    pub scheduled: u64,
    /// Running jobs.
    pub running: u64,
    /// Jobs that completed in the period.
    pub completed: u64,
    /// Jobs that failed in the period.
    pub failed: u64,
    /// Microseconds from start to end of the last attempt, summed over completed jobs of the period.
    pub duration_micros: u64,
    /// Jobs whose first attempt started in the period.
    pub started: u64,
    /// Microseconds from submission (or `not_before`, if later) to the first start, summed over those.
    pub wait_micros: u64,
}

/// Which log lines of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogFilter {
    /// At least this grave.
    pub level: LogLevel,
    /// At or after.
    pub from: Option<Timestamp>,
    /// At or before.
    pub to: Option<Timestamp>,
}

impl LogFilter {
    /// Whether a line matches.
    pub fn matches(&self, line: &LogLine) -> bool {
        line.level >= self.level
            && self.from.is_none_or(|from| line.at >= from)
            && self.to.is_none_or(|to| line.at <= to)
    }
}

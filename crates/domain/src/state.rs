//! The life of a job.
//!
//! ```text
//!             claim                    complete
//!   Queued ──────────► Running ───────────────────► Completed
//!     │  ▲                │ │  fail
//!     │  └────────────────┘ ├──────────────────────► Failed
//!     │    requeue          │  stop after a cancel
//!     └─────────────────────┴──────────────────────► Cancelled
//!     (a queued job whose module or dataset is gone also goes to Failed)
//! ```
//!
//! Nothing leaves Completed, Failed or Cancelled; a retry is a new job. Every transition out of Running names the attempt
//! and is refused when that attempt is not the current one.

use crate::job::{CancelRequest, Job, JobEnd, JobState, Lease};
use crate::{AttemptId, Completion, ErrorCode, Holder, Isolation, JobError, Timestamp, Usage};
use std::time::Duration;

/// Attempts that may be lost with their process before the job is failed as `NodeLost`.
pub const MAX_LOST_ATTEMPTS: u32 = 5;
/// Attempts that are lost with their process before the next one gets a process of its own, so that a job which kills the
/// process that runs it harms nobody else.
pub const SHARED_LOST_ATTEMPTS: u32 = 2;
/// Further attempts after failures that the guest calls transient.
pub const MAX_TRANSIENT_FAILURES: u32 = 3;
/// Deaths of a job's own process, which are nobody else's doing, before the job is failed as `NodeLost`.
pub const MAX_PROCESS_DEATHS: u32 = 3;

/// Why a transition was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransitionError {
    /// Only a queued job can be claimed.
    #[error("the job is {}, not Queued", .0.as_str())]
    NotQueued(JobState),
    /// The attempt is not the one that holds the lease.
    #[error("attempt {0} does not hold this job any more")]
    Stale(AttemptId),
    /// The job has ended.
    #[error("the job is already {}", .0.as_str())]
    Ended(JobState),
    /// The job has not ended.
    #[error("the job is {}; it has not ended", .0.as_str())]
    NotEnded(JobState),
}

/// What became of a wish to cancel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CancelOutcome {
    /// It was queued and is Cancelled now.
    Cancelled,
    /// It runs; the wish is recorded and only Cancelled is possible from now on.
    Recorded,
    /// The wish had been recorded before.
    AlreadyRecorded,
}

/// How an attempt ended, as the scheduler saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Transition {
    /// The guest returned well.
    Complete(Completion),
    /// The guest or the host ended it with an error.
    Fail(JobError),
    /// The host stopped it because of a recorded cancel.
    Stop,
    /// The node gives it back unharmed (drain).
    GiveBack,
    /// Its lease ran out or its process is gone.
    Lose,
}

impl Job {
    /// Queued → Running under a lease.
    pub fn claim(
        &mut self,
        lease: Lease,
        holder: Holder,
        now: Timestamp,
    ) -> Result<AttemptId, TransitionError> {
        if self.state != JobState::Queued {
            return Err(TransitionError::NotQueued(self.state));
        }
        self.state = JobState::Running;
        self.attempt += 1;
        self.lease = Some(lease);
        self.holder = Some(holder);
        self.started_at = Some(now);
        self.updated_at = now;
        self.pulse = Default::default();
        Ok(self.current_attempt())
    }

    /// Where the cell of the current attempt is, on a node that puts all cells at least there.
    pub fn isolation(&self, least: Isolation) -> Isolation {
        match self.lost_attempts >= SHARED_LOST_ATTEMPTS {
            true => Isolation::Process,
            false => least,
        }
    }

    /// Refuses unless `attempt` holds this job.
    pub fn check_attempt(&self, attempt: AttemptId) -> Result<(), TransitionError> {
        match self.state == JobState::Running && attempt == self.current_attempt() {
            true => Ok(()),
            false => Err(TransitionError::Stale(attempt)),
        }
    }

    /// Running → its next state, by what happened to the attempt. A recorded cancel turns every end into Cancelled.
    pub fn leave_running(
        &mut self,
        attempt: AttemptId,
        transition: Transition,
        now: Timestamp,
    ) -> Result<JobState, TransitionError> {
        self.check_attempt(attempt)?;
        self.lease = None;
        self.holder = None;
        if transition == Transition::Lose {
            self.pulse.usage = Usage::of_lost(self.pulse.usage);
        }
        if self.cancel.is_some() {
            return Ok(self.end_as(JobEnd::Cancelled, now));
        }
        Ok(match transition {
            Transition::Complete(completion) => self.end_as(JobEnd::Completed(completion), now),
            Transition::Stop => self.end_as(JobEnd::Cancelled, now),
            Transition::GiveBack => self.requeue(now, Duration::ZERO),
            Transition::Fail(error)
                if error.transient && self.transient_failures < further_attempts(error.code) =>
            {
                self.transient_failures += 1;
                self.requeue(now, backoff(self.transient_failures))
            }
            Transition::Fail(error) => self.end_as(JobEnd::Failed(error), now),
            Transition::Lose => {
                self.lost_attempts += 1;
                match self.lost_attempts < MAX_LOST_ATTEMPTS {
                    true => self.requeue(now, Duration::ZERO),
                    false => self.end_as(JobEnd::Failed(node_lost()), now),
                }
            }
        })
    }

    /// Queued → Cancelled, or a recorded wish on a running job.
    pub fn request_cancel(&mut self, request: CancelRequest) -> Result<CancelOutcome, TransitionError> {
        let now = request.at;
        match self.state {
            JobState::Queued => {
                self.cancel = Some(request);
                self.end_as(JobEnd::Cancelled, now);
                Ok(CancelOutcome::Cancelled)
            }
            JobState::Running => match &mut self.cancel {
                Some(earlier) => {
                    // A second, sterner request may still turn a graceful stop into a forced one.
                    earlier.force |= request.force;
                    Ok(CancelOutcome::AlreadyRecorded)
                }
                None => {
                    self.cancel = Some(request);
                    self.updated_at = now;
                    Ok(CancelOutcome::Recorded)
                }
            },
            ended => Err(TransitionError::Ended(ended)),
        }
    }

    /// Queued → Failed: its module or dataset is gone.
    pub fn fail_queued(&mut self, error: JobError, now: Timestamp) -> Result<(), TransitionError> {
        match self.state {
            JobState::Queued => {
                self.end_as(JobEnd::Failed(error), now);
                Ok(())
            }
            other => Err(TransitionError::NotQueued(other)),
        }
    }

    fn requeue(&mut self, now: Timestamp, delay: Duration) -> JobState {
        self.state = JobState::Queued;
        self.updated_at = now;
        if !delay.is_zero() {
            self.not_before = Some(now.plus(delay));
        }
        self.state
    }

    fn end_as(&mut self, end: JobEnd, now: Timestamp) -> JobState {
        self.state = match end {
            JobEnd::Completed(_) => JobState::Completed,
            JobEnd::Failed(_) => JobState::Failed,
            JobEnd::Cancelled => JobState::Cancelled,
        };
        if self.state == JobState::Completed {
            self.pulse.progress.percentage = 100;
        }
        self.end = Some(end);
        self.ended_at = Some(now);
        self.updated_at = now;
        self.state
    }
}

fn further_attempts(code: ErrorCode) -> u32 {
    match code {
        ErrorCode::NodeLost => MAX_PROCESS_DEATHS - 1,
        _ => MAX_TRANSIENT_FAILURES,
    }
}

/// 5 s, 10 s, 20 s … after the nth transient failure.
fn backoff(failures: u32) -> Duration {
    Duration::from_secs(5) * 2_u32.saturating_pow(failures.saturating_sub(1))
}

fn node_lost() -> JobError {
    JobError::new(
        ErrorCode::NodeLost,
        format!(
            "the process that ran this job was lost {MAX_LOST_ATTEMPTS} times; the job is not tried again"
        ),
    )
}

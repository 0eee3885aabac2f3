//! What befalls jobs, as those who watch them are told.

use crate::job::Progress;
use crate::{ErrorCode, Job, JobId, JobState, Ordinal, Timestamp};
use serde::{Deserialize, Serialize};

/// Something that befell a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobEvent {
    /// The job.
    pub job: JobId,
    /// Its ordinal.
    pub ordinal: Ordinal,
    /// The number of its latest attempt; 0 before the first.
    pub attempt: u32,
    /// When.
    pub at: Timestamp,
    /// What.
    pub what: Happening,
}

/// What may befall a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Happening {
    /// It was submitted.
    Queued,
    /// An attempt began.
    Started,
    /// It came further, or to another part of its work.
    Progressed(Progress),
    /// Lines came to its log, all in the batch of this number.
    Logged(u32),
    /// Somebody wants it to stop.
    CancelRequested,
    /// Its attempt ended without an end of the job: it waits for the next one.
    Requeued,
    /// It ended well.
    Completed,
    /// It failed.
    Failed(ErrorCode),
    /// It was cancelled.
    Cancelled,
}

impl Happening {
    /// Whether it is the end of the job.
    pub fn is_end(&self) -> bool {
        matches!(self, Self::Completed | Self::Failed(_) | Self::Cancelled)
    }
}

impl JobEvent {
    /// Something that befell this job just now.
    pub fn new(job: &Job, at: Timestamp, what: Happening) -> Self {
        Self { job: job.id, ordinal: job.ordinal, attempt: job.attempt, at, what }
    }

    /// What is told of a job that was submitted (`before` is `None`) or moved; `None` when nobody need know.
    pub fn of_move(before: Option<&Job>, after: &Job, at: Timestamp) -> Option<Self> {
        let moved = before.is_none_or(|before| before.state != after.state);
        let asked = before.is_some_and(|before| before.cancel.is_none()) && after.cancel.is_some();
        let what = match (moved, after.state) {
            (true, JobState::Queued) if before.is_none() => Happening::Queued,
            (true, JobState::Queued) => Happening::Requeued,
            (true, JobState::Running) => Happening::Started,
            (true, _) => Self::end(after)?,
            (false, _) if asked => Happening::CancelRequested,
            (false, _) => return None,
        };
        Some(Self::new(after, at, what))
    }

    /// What is told of how far a running job is; `None` when that is nothing new. The job has the progress from before.
    pub fn of_progress(before: &Job, now: &Progress, at: Timestamp) -> Option<Self> {
        let is_new = before.pulse.progress != *now;
        is_new.then(|| Self::new(before, at, Happening::Progressed(now.clone())))
    }

    /// The end of a job that has ended.
    pub fn of_end(job: &Job) -> Option<Self> {
        Some(Self::new(job, job.ended_at?, Self::end(job)?))
    }

    fn end(job: &Job) -> Option<Happening> {
        match job.state {
            JobState::Completed => Some(Happening::Completed),
            JobState::Failed => Some(Happening::Failed(job.error()?.code)),
            JobState::Cancelled => Some(Happening::Cancelled),
            JobState::Queued | JobState::Running => None,
        }
    }
}

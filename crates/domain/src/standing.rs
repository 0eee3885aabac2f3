//! Where a job stands, told apart more finely than by its state: how well it completed.

use crate::job::JobEnd;
use crate::{Completion, Job, JobState};
use serde::{Deserialize, Serialize};

/// Where a job stands, and how it completed when it did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Standing {
    /// It waits.
    Queued,
    /// An attempt holds a lease.
    Running,
    /// It did its work.
    Done,
    /// It completed, and there was nothing new to process.
    NoItems,
    /// It completed by deciding not to run.
    Skipped,
    /// It failed for good.
    Failed,
    /// It was cancelled.
    Cancelled,
}

impl Standing {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Queued,
        Self::Running,
        Self::Done,
        Self::NoItems,
        Self::Skipped,
        Self::Failed,
        Self::Cancelled,
    ];

    /// Where this job stands.
    pub fn of(job: &Job) -> Self {
        match (job.state, &job.end) {
            (JobState::Queued, _) => Self::Queued,
            (JobState::Running, _) => Self::Running,
            (JobState::Completed, Some(JobEnd::Completed(Completion::NoItems))) => Self::NoItems,
            (JobState::Completed, Some(JobEnd::Completed(Completion::Skipped(_)))) => Self::Skipped,
            (JobState::Completed, _) => Self::Done,
            (JobState::Failed, _) => Self::Failed,
            (JobState::Cancelled, _) => Self::Cancelled,
        }
    }
}

//! What the index keeps of a job.

use crate::tables::keys::JobKey;
use fuelcell_domain::job::since;
use fuelcell_domain::{Job, JobState, JobType, PipelineId, Priority, Timestamp};
use fuelcell_store::{QueueOrder, Ranks};
use serde::{Deserialize, Serialize};

/// What lists and the queue know of a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct IndexEntry {
    pub(crate) state: JobState,
    pub(crate) not_before: Option<Timestamp>,
    pub(crate) job_type: JobType,
    pub(crate) priority: Priority,
    pub(crate) front: bool,
    pub(crate) submitted_by: String,
    pub(crate) pipeline: Option<PipelineId>,
    pub(crate) created_at: Timestamp,
    /// What other orders than that of the ordinals go by.
    pub(crate) ranks: Ranks,
}

impl IndexEntry {
    pub(crate) fn of(job: &Job) -> Self {
        Self {
            state: job.state,
            not_before: job.not_before,
            job_type: job.job_type,
            priority: job.priority,
            front: job.front,
            submitted_by: job.submitted_by.clone(),
            pipeline: job.pipeline.as_ref().map(|pipeline| pipeline.id),
            created_at: job.created_at,
            ranks: Ranks::of(job),
        }
    }

    pub(crate) fn order(&self, place: JobKey) -> QueueOrder {
        let since = since(self.created_at, self.not_before);
        QueueOrder::new(self.priority, self.front, since, place.project, place.ordinal.into())
    }
}

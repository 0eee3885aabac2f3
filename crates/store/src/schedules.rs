//! What moves a schedule on.

use crate::StoreError;
use fuelcell_domain::{Job, PipelineId, ProjectRef, Schedule};

/// One step of a pipeline's schedule: a run that is made, or is not.
#[derive(Clone, Debug)]
pub struct ScheduleStep {
    /// The pipeline's project.
    pub project: ProjectRef,
    /// The pipeline.
    pub pipeline: PipelineId,
    /// The schedule as the caller saw it.
    pub before: Schedule,
    /// The schedule as it is afterwards.
    pub after: Schedule,
    /// The job of the run, to be queued.
    pub job: Option<Job>,
}

/// Refuses a step of a schedule that is not as the caller saw it: it was set anew, or somebody else took the step.
pub fn check(step: &ScheduleStep, stored: Option<&Schedule>) -> Result<(), StoreError> {
    match stored {
        Some(stored) if *stored == step.before => Ok(()),
        Some(_) => Err(StoreError::Conflict("the schedule has moved on".into())),
        None => Err(StoreError::NotFound("schedule")),
    }
}

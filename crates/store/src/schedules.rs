//! What moves a schedule on.

use crate::StoreError;
use fuelcell_domain::state::{CancelOutcome, TransitionError};
use fuelcell_domain::{CancelRequest, Job, JobId, PipelineId, ProjectRef, Schedule};

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
    /// The job that the run replaces, and the wish to cancel it.
    pub replaces: Option<(JobId, CancelRequest)>,
}

/// Refuses a step of a schedule that is not as the caller saw it: it was set anew, or somebody else took the step.
pub fn check(step: &ScheduleStep, stored: Option<&Schedule>) -> Result<(), StoreError> {
    match stored {
        Some(stored) if *stored == step.before => Ok(()),
        Some(_) => Err(StoreError::Conflict("the schedule has moved on".into())),
        None => Err(StoreError::NotFound("schedule")),
    }
}

/// What a step makes of the answer to its wish to cancel: a job that ended by itself, or is gone since, is replaced already.
pub fn replaced(answer: Result<(CancelOutcome, Job), StoreError>) -> Result<(), StoreError> {
    match answer {
        Ok(_) | Err(StoreError::NotFound(_) | StoreError::Transition(TransitionError::Ended(_))) => Ok(()),
        Err(error) => Err(error),
    }
}

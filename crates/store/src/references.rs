//! What keeps a dataset or a module version from being deleted. One rule for every backend.

use crate::StoreError;
use fuelcell_domain::registry::Activation;
use fuelcell_domain::{DatasetId, Digest, Job, JobState, ModuleVersion, Pipeline};

/// Most users that a refusal names.
const MAX_NAMED: usize = 10;

/// Something that jobs and pipelines refer to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Referent {
    /// A dataset.
    Dataset(DatasetId),
    /// A module version.
    Version {
        /// The module's name.
        name: String,
        /// Its version.
        version: String,
        /// Whether no other version of the module is left: then choices of «the newest» mean it.
        only: bool,
    },
}

impl Referent {
    /// How a job uses it, if it does: an unfinished one was pinned to it.
    pub fn use_by_job(&self, job: &Job) -> Option<String> {
        if !matches!(job.state, JobState::Queued | JobState::Running) {
            return None;
        }
        let uses = match self {
            Self::Dataset(id) => job.inputs.iter().any(|input| input.dataset == Some(*id)),
            Self::Version { name, version, .. } => job.module.name == *name && job.module.version == *version,
        };
        uses.then(|| format!("job {} ({})", job.id, job.state.as_str()))
    }

    /// How a pipeline uses it, if it does.
    pub fn use_by_pipeline(&self, pipeline: &Pipeline) -> Option<String> {
        let uses = match self {
            Self::Dataset(id) => pipeline.dataset == Some(*id),
            Self::Version { name, version, only } => pipeline.module.as_ref().is_some_and(|choice| {
                choice.name == *name && choice.version.as_ref().map_or(*only, |chosen| chosen == version)
            }),
        };
        uses.then(|| format!("pipeline \"{}\" ({})", pipeline.name, pipeline.id))
    }

    /// How an activation that holds uses it, if it does.
    pub fn use_by_activation(&self, activation: &Activation) -> Option<String> {
        let (Self::Version { name, version, .. }, Some(active)) = (self, &activation.module) else {
            return None;
        };
        let uses = active.name == *name && active.version == *version;
        uses.then(|| format!("the activation for {} jobs", activation.job_type.as_str()))
    }
}

/// Refuses when there are users.
pub fn refuse_if_used(users: Vec<String>) -> Result<(), StoreError> {
    let more = users.len().saturating_sub(MAX_NAMED);
    let named = users.into_iter().take(MAX_NAMED).collect::<Vec<_>>().join(", ");
    match (named.is_empty(), more) {
        (true, _) => Ok(()),
        (false, 0) => Err(StoreError::InUse(named)),
        (false, _) => Err(StoreError::InUse(format!("{named} and {more} more"))),
    }
}

/// The dataset that a completed job read as its only one, as it was then, and the number of records that validation
/// counted in it.
pub fn counted_rows(job: &Job) -> Option<(DatasetId, Digest, u64)> {
    let rows = job.pulse.report.validation?.total;
    match (job.state, &job.inputs[..]) {
        (JobState::Completed, [input]) => Some((input.dataset?, input.digest, rows)),
        _ => None,
    }
}

/// The refusal of other bytes under the name of a version that is or was there.
pub fn other_bytes(module: &ModuleVersion) -> StoreError {
    StoreError::Conflict(format!(
        "{} {} exists already with other bytes; a version's bytes never change, not even when it was deleted",
        module.name, module.version
    ))
}

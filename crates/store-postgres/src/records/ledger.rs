//! A project's ledger: what is counted and summed of it, in one row.

use fuelcell_domain::{JobState, Ordinal, ProjectId, ProjectLimits, ProjectRef, StoredBytes, TenantId};
use fuelcell_store::StateCounts;
use serde::{Deserialize, Serialize};
use tokio_postgres::Row;
use uuid::Uuid;

/// Counters, limits and sums of a project.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Ledger {
    /// The ordinal of a job given out last.
    pub(crate) jobs: Ordinal,
    /// That of a pipeline.
    pub(crate) pipelines: Ordinal,
    /// The number of the latest activation.
    pub(crate) activations: u32,
    /// The number of the latest event.
    pub(crate) events: u64,
    /// Jobs by state, in the order of [`JobState::ALL`].
    pub(crate) by_state: [u64; 5],
    pub(crate) stored: StoredBytes,
    pub(crate) limits: ProjectLimits,
    /// It was taken away.
    pub(crate) removed: bool,
}

impl Ledger {
    pub(crate) fn queued(&self) -> u64 {
        self.by_state[JobState::Queued as usize]
    }

    pub(crate) fn counts(&self) -> StateCounts {
        let mut counts = StateCounts::default();
        for state in JobState::ALL {
            *counts.of(state) = self.by_state[state as usize];
        }
        counts
    }

    /// Counts a job that moved, came (`before` is `None`) or goes.
    pub(crate) fn count(&mut self, before: Option<JobState>, after: Option<JobState>) {
        if let Some(before) = before {
            let count = &mut self.by_state[before as usize];
            *count = count.saturating_sub(1);
        }
        if let Some(after) = after {
            self.by_state[after as usize] += 1;
        }
    }
}

/// The project in the first two columns.
pub(crate) fn project(row: &Row) -> ProjectRef {
    ProjectRef { tenant: TenantId(row.get(0)), project: ProjectId(row.get(1)) }
}

/// Tenants and projects as two lists.
pub(crate) fn split<'a>(projects: impl IntoIterator<Item = &'a ProjectRef>) -> (Vec<Uuid>, Vec<Uuid>) {
    projects.into_iter().map(|project| (project.tenant.0, project.project.0)).unzip()
}

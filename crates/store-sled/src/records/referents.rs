//! What refers to a dataset or a module version that is to be deleted.
//!
//! Looking at every unfinished job would hold up the committer. So it is done in two steps: a reader looks at the jobs
//! that are there, and the command itself only at those that came after. That is enough, because a job refers to what it
//! was pinned to when it was submitted, and one that has ended never comes back.

use crate::records::job as records;
use crate::tables::database::Read;
use crate::tables::keys::Number;
use crate::tables::keys::{self, JobKey, Table, counters};
use crate::write::overlay::Overlay;
use crate::write::shared::Shared;
use fuelcell_domain::{Activation, Pipeline, ProjectRef};
use fuelcell_store::StoreError;
use fuelcell_store::references::{Referent, refuse_if_used};

/// What the reader saw.
pub(crate) struct Seen {
    users: Vec<String>,
    /// The youngest job that it looked at.
    last: Number,
}

/// The reader's step.
pub(crate) fn look(shared: &Shared, project: ProjectRef, referent: &Referent) -> Result<Seen, StoreError> {
    let (unfinished, last) = {
        let image = shared.image.read();
        image.project_index(project).map(|index| (index.unfinished(), index.last())).unwrap_or_default()
    };
    Ok(Seen { users: users(&shared.database, project, unfinished, referent)?, last })
}

/// The command's step: refuses when there are users.
pub(crate) fn refuse(
    overlay: &Overlay<'_>,
    project: ProjectRef,
    referent: &Referent,
    seen: Seen,
) -> Result<(), StoreError> {
    let mut pipelines: Vec<Pipeline> = overlay.scan(Table::Pipelines, &keys::project(project))?;
    pipelines.sort_by_key(|pipeline| pipeline.ordinal);
    let mut all: Vec<_> =
        pipelines.iter().filter_map(|pipeline| referent.use_by_pipeline(pipeline)).collect();
    let active = active(overlay, project)?;
    all.extend(active.iter().filter_map(|activation| referent.use_by_activation(activation)));
    all.extend(seen.users);
    let last: Number = overlay.get(Table::Counters, &counters::jobs(project))?.unwrap_or(0);
    all.extend(users(overlay, project, seen.last + 1..=last, referent)?);
    refuse_if_used(all)
}

/// The activations that hold.
fn active(overlay: &Overlay<'_>, project: ProjectRef) -> Result<Vec<Activation>, StoreError> {
    overlay.scan(Table::ActiveModules, &keys::project(project))
}

fn users(
    records: &impl Read,
    project: ProjectRef,
    jobs: impl IntoIterator<Item = Number>,
    referent: &Referent,
) -> Result<Vec<String>, StoreError> {
    let mut users = Vec::new();
    for ordinal in jobs {
        let job = records::load(records, JobKey { project, ordinal })?;
        users.extend(job.and_then(|job| referent.use_by_job(&job)));
    }
    Ok(users)
}

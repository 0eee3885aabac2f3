//! The verbs of a store by subject, one trait each, and [`Store`], their sum. Whoever uses a store takes the subjects
//! that it needs.

mod accounts;
mod audit;
mod datasets;
mod deliveries;
mod events;
mod figures;
mod grants;
mod health;
mod jobs;
mod logs;
mod modules;
mod pipelines;
mod processed;
mod queue;
mod references;
mod removals;
mod submissions;

pub use accounts::Accounts;
pub use audit::Audit;
pub use datasets::Datasets;
pub use deliveries::Deliveries;
pub use events::JobEvents;
pub use figures::Figures;
pub use grants::Grants;
pub use health::Health;
pub use jobs::Jobs;
pub use logs::Logs;
pub use modules::Modules;
pub use pipelines::Pipelines;
pub use processed::Processed;
pub use queue::Queue;
pub use references::References;
pub use removals::Removals;
pub use submissions::Submissions;

/// Records that move together, of all subjects. See the crate's two promises.
///
/// Jobs, datasets and modules do not need their project to exist: the callers look it up first.
pub trait Store:
    Accounts
    + Removals
    + Datasets
    + Pipelines
    + Modules
    + Grants
    + Submissions
    + Queue
    + Jobs
    + JobEvents
    + Deliveries
    + Figures
    + References
    + Logs
    + Processed
    + Audit
    + Health
{
}

impl<S> Store for S where
    S: Accounts
        + Removals
        + Datasets
        + Pipelines
        + Modules
        + Grants
        + Submissions
        + Queue
        + Jobs
        + JobEvents
        + Deliveries
        + Figures
        + References
        + Logs
        + Processed
        + Audit
        + Health
{
}

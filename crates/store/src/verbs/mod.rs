//! The verbs of a store by subject, one trait each, and [`Store`], their sum. Whoever uses a store takes the subjects
//! that it needs.

mod accounts;
mod audit;
mod backlog;
mod bulks;
mod datasets;
mod deliveries;
mod events;
mod figures;
mod grants;
mod health;
mod jobs;
mod logs;
mod modules;
mod nodes;
mod pipelines;
mod processed;
mod queue;
mod references;
mod removals;
mod saved;
mod submissions;
mod uploads;

pub use accounts::Accounts;
pub use audit::Audit;
pub use backlog::Backlog;
pub use bulks::Bulks;
pub use datasets::Datasets;
pub use deliveries::Deliveries;
pub use events::JobEvents;
pub use figures::Figures;
pub use grants::Grants;
pub use health::Health;
pub use jobs::Jobs;
pub use logs::Logs;
pub use modules::Modules;
pub use nodes::Nodes;
pub use pipelines::Pipelines;
pub use processed::Processed;
pub use queue::Queue;
pub use references::References;
pub use removals::Removals;
pub use saved::Saved;
pub use submissions::Submissions;
pub use uploads::Uploads;

/// What use cases need: all subjects but the workers' side of the queue, the nodes and the sweeper's look at bytes.
///
/// Jobs, datasets and modules do not need their project to exist: the callers look it up first.
pub trait ClientStore:
    Accounts
    + Removals
    + Datasets
    + Uploads
    + Pipelines
    + Modules
    + Grants
    + Saved
    + Submissions
    + Backlog
    + Jobs
    + Bulks
    + JobEvents
    + Deliveries
    + Figures
    + Logs
    + Processed
    + Audit
    + Health
{
}

impl<S> ClientStore for S where
    S: Accounts
        + Removals
        + Datasets
        + Uploads
        + Pipelines
        + Modules
        + Grants
        + Saved
        + Submissions
        + Backlog
        + Jobs
        + Bulks
        + JobEvents
        + Deliveries
        + Figures
        + Logs
        + Processed
        + Audit
        + Health
{
}

/// Records that move together, of all subjects. See the crate's two promises.
pub trait Store: ClientStore + Queue + Nodes + References {}

impl<S> Store for S where S: ClientStore + Queue + Nodes + References {}

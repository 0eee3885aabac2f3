//! The verbs of [`Store`](fuelcell_store::Store) by subject, each handed to the committer or read from the database,
//! beside what it does.

pub(crate) mod accounts;
pub(crate) mod audit;
mod bulks;
pub(crate) mod datasets;
mod deliveries;
mod events;
pub(crate) mod figures;
pub(crate) mod grants;
pub(crate) mod health;
pub(crate) mod jobs;
pub(crate) mod logs;
pub(crate) mod modules;
mod nodes;
pub(crate) mod pipelines;
pub(crate) mod processed;
pub(crate) mod queue;
pub(crate) mod references;
pub(crate) mod removals;
mod saved;
pub(crate) mod submissions;
mod uploads;

//! The subjects of the store, a file each: what a verb does to the records.

mod accounts;
mod audit;
mod bulks;
mod catalogue;
mod datasets;
mod deliveries;
mod events;
mod figures;
mod filter;
mod grants;
mod health;
mod jobs;
mod logs;
mod modules;
mod nodes;
mod pipelines;
mod processed;
pub(crate) mod queue;
mod references;
mod removals;
mod saved;
pub(crate) mod submissions;
mod uploads;
mod users;

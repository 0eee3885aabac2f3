//! Discovers the process behind an event log: map, variants, times, bottlenecks, rework, resources, unusual cases.
//!
//! A log is read once, as a stream, into columns of numbers ([`log::EventLog`]); everything else is computed from these.
//! [`Job`] is what a host runs; all other modules know nothing of hosts and can be used by themselves. README.md defines
//! the parameters, the outputs and every figure.
//!
//! This crate knows event logs. It must not know servers, queues or stores, and nothing in it reads a clock: the same
//! log and parameters give the same bytes.

pub mod anomalies;
pub mod attributes;
mod calendar;
mod chunks;
pub mod clock;
pub mod comparison;
pub mod completion;
pub mod conformance;
pub mod dimensions;
pub mod effects;
pub mod enriched;
pub mod error;
pub mod figures;
mod filters;
#[cfg(test)]
mod fuzz;
pub mod insights;
pub mod intervals;
mod job;
mod judged;
mod lines;
pub mod log;
pub mod map;
pub mod model;
pub mod models;
pub mod names;
pub mod object_maps;
pub mod objects;
pub mod parameters;
pub mod quality;
pub mod read;
pub mod reference;
pub mod report;
pub mod sightings;

pub use job::Job;

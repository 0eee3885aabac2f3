//! Discovers the process behind an event log.

pub mod anomalies;
pub mod enriched;
pub mod error;
pub mod figures;
pub mod insights;
mod job;
pub mod log;
pub mod map;
pub mod model;
pub mod names;
pub mod parameters;
pub mod quality;
pub mod read;
pub mod report;
pub mod text;

pub use job::Job;

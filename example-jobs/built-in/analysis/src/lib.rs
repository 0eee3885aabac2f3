//! Says what drives the figures of a table or an event log.
//!
//! Statistics work on plain slices, analyses on a [`frame::Frame`] of typed columns. This crate must not know servers,
//! queues or stores, and nothing in it reads a clock: the same data and parameters give the same bytes.

pub mod analyse;
pub mod boost;
pub mod cases;
pub mod causes;
pub mod compare;
pub mod error;
pub mod filters;
pub mod frame;
#[cfg(test)]
mod fuzz;
mod job;
pub mod kpis;
#[cfg(test)]
mod near;
pub mod parameters;
pub mod predict;
pub mod quality;
pub mod read;
pub mod report;
pub mod roles;
pub mod sentences;
pub mod sql;
pub mod statistics;
pub mod steps;
pub mod subject;
pub mod tables;
pub mod trend;
pub mod whatif;
pub mod window;

pub use job::Job;

//! Says what drives the figures of a table or an event log.
//!
//! Statistics work on plain slices, analyses on a [`frame::Frame`] of typed columns. This crate must not know servers,
//! queues or stores, and nothing in it reads a clock: the same data and parameters give the same bytes.

pub mod cases;
pub mod causes;
pub mod compare;
pub mod error;
pub mod filters;
pub mod frame;
pub mod kpis;
#[cfg(test)]
mod near;
pub mod statistics;
pub mod steps;
pub mod trend;
pub mod whatif;
pub mod window;

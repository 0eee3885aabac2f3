//! Cleans, checks and enriches a table by steps, and says what it found in it before and after.
//!
//! A file is looked at once for its types ([`fuelcell_table_kit`]), and read once for the steps. Steps that look at one row
//! after another are [`stages`]; those that need all rows are SQL over a table of them ([`whole`]). [`pipeline`] strings them
//! together, [`ledger`] keeps account of every row. README.md describes the parameters, the outputs and every figure.
//!
//! This crate knows tables. It must not know servers, queues or stores, and nothing in it reads a clock: the same file and
//! parameters give the same bytes.

mod bind;
mod checks;
mod chunk;
mod cluster;
mod dataset;
mod enriched;
mod events;
#[cfg(test)]
mod fuzz;
mod job;
mod ledger;
mod lookups;
mod made;
mod outputs;
pub mod parameters;
mod pipeline;
mod plan;
mod profile;
mod quality;
mod report;
mod restrict;
mod risk;
mod roles;
mod seen;
mod stage;
mod stages;
pub mod steps;
mod whole;

pub use job::Job;

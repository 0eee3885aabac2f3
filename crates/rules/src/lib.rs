//! What a module's manifest says about its jobs, checked in the same way and in the same words by servers, the command line
//! and tests of modules: parameters against their JSON Schema, and the schema itself.
//!
//! A schema comes from whoever wrote the module, so it is bounded before it is used ([`fuelcell_domain::limits::SCHEMA`]): it
//! never leads outside of itself, does not call itself, and what it costs is counted with all its references written out.
//! Patterns run on an engine without backtracking. What checking a document costs at most is known before it begins
//! ([`Schema::steps`]), because nothing can stop it.
//!
//! This crate knows the domain and nothing of servers: it is what the SDK's `TestHost` checks with too.

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod compatibility;
mod cost;
pub mod faults;
#[cfg(test)]
mod fuzz;
mod inputs;
mod parameters;
mod patterns;
mod schema;
mod search;

pub use faults::ParameterFault;
pub use inputs::{NamedInput, named_inputs};
pub use parameters::{ParametersRefused, check_parameters, described};
pub use schema::{Extent, Refusal, Schema};
pub use search::{MAX_PATTERN, TextPattern};

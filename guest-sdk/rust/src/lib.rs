//! Write a Fuelcell job in Rust.
//!
//! A job is a function with the attribute [`job`]. It gets a [`Context`] and its parameters, and returns how it ended:
//!
//! ```
//! use std::io::Write;
//!
//! use fuelcell_sdk::{Artifact, Completion, Context, Failure, Kind, Result, testing::TestHost};
//!
//! #[derive(serde::Deserialize, schemars::JsonSchema)]
//! struct Parameters {
//!     name: String,
//! }
//!
//! #[fuelcell_sdk::job(title = "Greeting", description = "Writes a greeting.")]
//! fn greet(context: &mut Context, parameters: Parameters) -> Result<Completion, Failure> {
//!     let mut out = context.artifact(Artifact::new("greeting.txt", Kind::Report).media_type("text/plain"))?;
//!     writeln!(out, "Hello, {}!", parameters.name)?;
//!     out.finish()?;
//!     Ok(Completion::Done)
//! }
//!
//! let run = TestHost::new().parameters(serde_json::json!({"name": "world"})).run::<Job>();
//! assert_eq!(run.end, Ok(Completion::Done));
//! assert_eq!(run.text("greeting.txt"), Some("Hello, world!\n"));
//! ```
//!
//! Built for `wasm32-wasip2`, the crate becomes a component that exports the world `fuelcell:job/job`. Built for
//! anything else, the same function runs against [`testing::TestHost`]. README.md is the guide.
//!
//! This crate knows the guest interface (`wit/job.wit`, the one copy, reached through a link so that a packaged crate
//! contains it) and nothing of servers, queues or stores. It must stay small: it is compiled into every guest. Only the host
//! for tests, which no guest contains, checks what servers check.

mod artifact;
#[cfg(any(test, target_family = "wasm"))]
mod compare;
mod context;
mod end;
pub mod host;
mod input;
mod json_output;
mod manifest;
mod report;
mod temporary;
#[cfg(not(target_family = "wasm"))]
pub mod testing;
#[cfg(target_family = "wasm")]
#[doc(hidden)]
pub mod wasm;

pub use artifact::{Artifact, ArtifactWriter, Kind, Role};
pub use context::Context;
pub use end::{Completion, Failure, Result};
pub use fuelcell_sdk_macros::job;
pub use host::{Cancellation, HostError, Level, Usage};
pub use input::{Input, InputReader};
pub use json_output::JsonOutput;
#[doc(hidden)]
pub use manifest::schema_for;
pub use manifest::{
    GuestJob, HttpDeclaration, INTERFACE, InputDeclaration, Limits, Manifest, OutputDeclaration,
};
pub use report::{DataValidation, Finding, Report};
pub use temporary::temp_dir;

/// Keeps the example of the guide compiling.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Guide;

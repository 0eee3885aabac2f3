//! A job that does what its parameters say, for tests, demonstrations of limits and benchmarks.
//!
//! The parameters are a list of [`Step`]s, done one after the other. With no steps the job does nothing, which is the
//! empty job that benchmarks measure the platform with. README.md lists the steps.
//!
//! The crate knows only the SDK. It must not know any host: what a step provokes there is the concern of whoever
//! submits it.

mod perform;
mod step;

use std::ops::ControlFlow;

use fuelcell_sdk::{Completion, Context, Failure, Result};
use schemars::JsonSchema;
use serde::Deserialize;

pub use step::{ArtifactStep, Content, Step};

/// What to do.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Parameters {
    /// The steps in order; none does nothing.
    pub steps: Vec<Step>,
    /// The dataset that becomes the input `dataset`.
    pub dataset_id: Option<String>,
}

/// Does one step after the other, until one ends the job.
#[fuelcell_sdk::job(
    job_type = "Analysis",
    title = "Probe",
    description = "Does what its parameters say: progress, logs, artifacts, waiting, failing. For tests, demonstrations \
                   of limits and benchmarks.",
    input(name = "dataset", parameter = "datasetId"),
    input(name = "lookups", parameter = "lookups", many = true),
    hmac = ["PROBE_KEY"]
)]
pub fn run(context: &mut Context, parameters: Parameters) -> Result<Completion, Failure> {
    // Memory that `allocate` took stays taken until the job ends.
    let mut held = Vec::new();
    for step in &parameters.steps {
        if let ControlFlow::Break(completion) = perform::step(context, step, &mut held)? {
            return Ok(completion);
        }
    }
    Ok(Completion::Done)
}

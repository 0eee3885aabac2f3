//! The figures that clients see.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Everything that results and metrics of a job show.
// Doc comments here are also the descriptions of a JSON Schema: no links. It can be deserialised so that a job may keep
// it in its checkpoint.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Report {
    /// Records processed so far.
    pub records_processed: u64,
    /// Records there are, once known.
    pub records_total: Option<u64>,
    /// Errors so far.
    pub errors: u64,
    /// Warnings so far; each stands for `count` records.
    pub warnings: Vec<Finding>,
    /// Errors in the data that did not end the job.
    pub processing_errors: Vec<Finding>,
    /// 0 to 100, by a formula that the job documents.
    pub quality_score: Option<f64>,
    /// The figures of validation, when the job validates.
    pub validation: Option<DataValidation>,
}

/// A message with the number of records that it stands for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// A short stable word, such as `DataQuality`.
    #[serde(rename = "type")]
    pub kind: String,
    /// A sentence for people.
    pub message: String,
    /// How many records it concerns.
    pub count: u64,
}

impl Finding {
    /// A finding about `count` records.
    pub fn new(kind: impl Into<String>, message: impl Into<String>, count: u64) -> Self {
        Self { kind: kind.into(), message: message.into(), count }
    }
}

/// What validation found. The job promises that the total is the sum of the other three.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DataValidation {
    /// Records looked at.
    pub total: u64,
    /// Records kept.
    pub valid: u64,
    /// Records dropped because an equal one was kept.
    pub duplicates_removed: u64,
    /// Records dropped because they are wrong.
    pub invalid: u64,
}

//! What commands print as JSON here, without a server. `fuelcell schema` derives its schemas from these types.

use clap::ValueEnum;
use fuelcell_domain::Usage;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// How a command tells people or programs what it did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// Text for people
    #[default]
    Table,
    /// One JSON document
    Json,
}

/// How a run went.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RunTold {
    pub(crate) completed: bool,
    /// Why it failed; `null` = it did not.
    pub(crate) error: Option<RunError>,
    /// The files that it made.
    pub(crate) artifacts: Vec<PathBuf>,
    /// Outputs that the manifest does not declare.
    pub(crate) undeclared_outputs: Vec<String>,
    pub(crate) records_processed: u64,
    pub(crate) usage: UsageTold,
    /// As in the API's answers: `ReceiptDto` in openapi.json.
    #[schemars(with = "Map<String, Value>")]
    pub(crate) receipt: Value,
    /// Beside the job that it stands for; with `--from-job` alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) job: Option<ComparedTold>,
    /// Where its fuel and its memory went; of `fuelcell profile` alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) profile: Option<ProfileTold>,
}

/// Why a run failed.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RunError {
    /// `fuelcell explain CODE` says more.
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) details: Option<String>,
}

/// What a run used.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UsageTold {
    /// Units; `null` = it is not known.
    fuel: Option<u64>,
    /// Whether it may have been more.
    fuel_is_lower_bound: bool,
    peak_memory_bytes: u64,
    cpu_seconds: f64,
    wall_seconds: f64,
    bytes_read: u64,
    bytes_written: u64,
}

impl From<Usage> for UsageTold {
    fn from(usage: Usage) -> Self {
        Self {
            fuel: usage.fuel.units(),
            fuel_is_lower_bound: usage.fuel.is_lower_bound(),
            peak_memory_bytes: usage.peak_memory_bytes,
            cpu_seconds: usage.cpu_micros as f64 / 1e6,
            wall_seconds: usage.wall_micros as f64 / 1e6,
            bytes_read: usage.bytes_read,
            bytes_written: usage.bytes_written,
        }
    }
}

/// A run beside the job that it stands for.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ComparedTold {
    pub(crate) job_id: String,
    pub(crate) status: String,
    pub(crate) same_module: bool,
    pub(crate) same_engine: bool,
    pub(crate) same_end: bool,
    /// `null` = one of them has no exact figure.
    pub(crate) same_fuel: Option<bool>,
    pub(crate) same_outputs: bool,
    /// Names of outputs that are not the same, or of one of them only.
    pub(crate) differing_outputs: Vec<String>,
    /// Limits that are lower here than the job's, with both.
    pub(crate) lowered_limits: Vec<String>,
}

/// Where a run's fuel and memory went.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProfileTold {
    /// How often the stack was looked at.
    pub(crate) samples: u64,
    /// Units that the looks stand for.
    pub(crate) fuel: u64,
    /// Bytes by which memory grew.
    pub(crate) bytes: u64,
    /// Those with the most fuel of their own first.
    pub(crate) functions: Vec<FunctionTold>,
    /// What was written.
    pub(crate) files: Vec<PathBuf>,
}

/// What went by one function.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FunctionTold {
    pub(crate) name: String,
    /// In the function itself.
    pub(crate) own_fuel: u64,
    /// With what it called.
    pub(crate) fuel: u64,
    pub(crate) own_bytes: u64,
    pub(crate) bytes: u64,
}

/// The same run several times, with `--repeat`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Repeated {
    pub(crate) runs: usize,
    /// How many completed.
    pub(crate) completed: usize,
    /// The code of each run's failure; `null` = it completed.
    pub(crate) errors: Vec<Option<String>>,
    pub(crate) same_end: bool,
    pub(crate) same_outputs: bool,
    pub(crate) differing: Vec<DifferingOutput>,
    pub(crate) same_fuel: bool,
    /// By the name that the figure has in `usage` of one run; `null` = it is not known of each.
    pub(crate) figures: BTreeMap<&'static str, Option<Spread>>,
}

/// An output that is not the same in all runs.
#[derive(Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DifferingOutput {
    pub(crate) name: String,
    /// The digest in each run; `null` = that run did not make it.
    pub(crate) digests: Vec<Option<String>>,
}

/// How far a figure is apart.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Spread {
    pub(crate) least: f64,
    pub(crate) median: f64,
    pub(crate) most: f64,
}

/// What the page on troubleshooting says of a code, in one of its tables.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Explained {
    /// Codes that it is said of.
    pub(crate) codes: Vec<String>,
    /// Where it stands.
    pub(crate) section: String,
    /// What it says, by the table's columns, such as `cause` and `remedy`.
    pub(crate) says: BTreeMap<String, String>,
}

/// A new job.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Made {
    /// Its folder.
    pub(crate) folder: String,
    /// Paths in it, without those of an SDK that lies beside it.
    pub(crate) files: Vec<String>,
}

/// The engines that a server on a data directory would have.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct EnginesTold {
    pub(crate) engines: Vec<EngineTold>,
}

/// An engine.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EngineTold {
    pub(crate) name: String,
    pub(crate) version: String,
    /// SHA-256.
    pub(crate) digest: String,
    /// Bytes.
    pub(crate) size: u64,
    /// Whether it comes with this program.
    pub(crate) built_in: bool,
}

/// One line of JSON.
pub(crate) fn line(document: &impl Serialize) -> serde_json::Result<String> {
    Ok(serde_json::to_string(document)? + "\n")
}

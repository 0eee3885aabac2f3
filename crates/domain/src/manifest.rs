//! What a module says of itself. `fuelcell module pack` writes it into the custom section [`SECTION`]; servers read only
//! that section and never run the module to learn it.

use crate::named_input::parts;
use crate::output_name::composed;
use crate::{EngineName, HttpAccess, JobType, LimitRequest};
use serde::{Deserialize, Serialize};

/// The name of the custom section that holds the manifest as JSON.
pub const SECTION: &str = "fuelcell:manifest";

/// The version of the guest interface that this build speaks.
pub const INTERFACE: &str = "0.1";

/// A module's manifest.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Manifest {
    /// The guest interface that the module was built for.
    pub interface: String,
    /// The job type that it serves; none = any.
    pub job_type: Option<JobType>,
    /// A title for people.
    pub title: String,
    /// What it does.
    pub description: String,
    /// JSON Schema of its parameters; `null` = not checked.
    pub parameters: serde_json::Value,
    /// The files that it reads.
    pub inputs: Vec<ManifestInput>,
    /// The outputs that it makes.
    pub outputs: Vec<ManifestOutput>,
    /// Its default limits.
    pub limits: ManifestLimits,
    /// Whether it asks to run with fixed clocks and seeded randomness.
    pub deterministic: bool,
    /// The hosts and secrets that it asks its project for; they count where it imports `wasi:http`, and for programs and
    /// scripts.
    pub http: Option<HttpAccess>,
    /// Names of the project's secrets that it computes HMACs with, if they are granted; `*` for any that the project chooses.
    pub hmac: Vec<String>,
    /// The engine that runs it. Script modules name one, and no others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub engine: Option<EngineName>,
    /// The file of a script module that its engine begins with; none = the engine's own choice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry: Option<String>,
}

/// A file that a module reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ManifestInput {
    /// The name under which the guest opens it.
    pub name: String,
    /// The parameter that holds a dataset's id; with `many`, an object: name → dataset's id.
    pub parameter: String,
    /// File name endings that it can read, such as `csv.gz`; empty = any.
    #[serde(default)]
    pub formats: Vec<String>,
    /// Whether a job without it is refused at submit.
    #[serde(default)]
    pub required: bool,
    /// Whether it stands for several files, each of which is an input `NAME/…` of the job.
    #[serde(default)]
    pub many: bool,
}

/// An output that a module makes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ManifestOutput {
    /// The artifact's name.
    pub name: String,
    /// What it is for.
    #[serde(default)]
    pub kind: String,
    /// The module's word for it.
    #[serde(default, rename = "type")]
    pub type_name: String,
}

/// A module's default limits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ManifestLimits {
    /// Units of fuel.
    pub fuel: Option<u64>,
    /// Bytes of memory.
    pub memory_bytes: Option<u64>,
    /// Bytes of disk.
    pub disk_bytes: Option<u64>,
    /// Seconds of one attempt.
    pub timeout_seconds: Option<u64>,
}

impl ManifestInput {
    /// Whether a job's input of this name is what is declared here.
    pub fn takes(&self, name: &str) -> bool {
        match (self.many, parts(name)) {
            (true, Some((input, _))) => input == self.name,
            (true, None) => false,
            (false, _) => name == self.name,
        }
    }
}

impl From<ManifestLimits> for LimitRequest {
    fn from(limits: ManifestLimits) -> Self {
        Self {
            fuel: limits.fuel,
            memory_bytes: limits.memory_bytes,
            disk_bytes: limits.disk_bytes,
            timeout_seconds: limits.timeout_seconds,
        }
    }
}

impl Manifest {
    /// Whether an output of this name is one that is declared; none = no outputs are. A job may make others too.
    pub fn declares(&self, output: &str) -> Option<bool> {
        let declared = || self.outputs.iter().any(|declared| composed(&declared.name) == output);
        (!self.outputs.is_empty()).then(declared)
    }

    /// The manifest of a module that carries none: nothing is checked, one optional dataset can be handed in.
    pub fn fallback(title: &str) -> Self {
        Self {
            interface: INTERFACE.into(),
            title: title.into(),
            inputs: vec![ManifestInput {
                name: "dataset".into(),
                parameter: "datasetId".into(),
                formats: Vec::new(),
                required: false,
                many: false,
            }],
            ..Self::default()
        }
    }
}

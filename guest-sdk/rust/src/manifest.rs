//! What a module says about itself before it runs.

use serde::Serialize;

/// The version of the guest interface that this SDK is built for.
pub const INTERFACE: &str = "0.1";

/// What the host may know about a job before it runs it. Serialised as JSON it is what `describe` answers.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// The guest interface, [`INTERFACE`].
    pub interface: &'static str,
    /// What jobs of this sort are called: `ProcessMining`, `DataEnrichment`, `Notebook`, `Analysis`, or a name of the module's
    /// own.
    pub job_type: Option<&'static str>,
    /// A title for people.
    pub title: &'static str,
    /// A few sentences for people.
    pub description: &'static str,
    /// JSON Schema of the parameters.
    pub parameters: schemars::Schema,
    /// The files that the job reads.
    pub inputs: &'static [InputDeclaration],
    /// The files that the job may write; it may write others too.
    pub outputs: &'static [OutputDeclaration],
    /// Limits to use when nobody sets others.
    pub limits: Limits,
    /// Whether equal parameters and inputs give equal outputs.
    pub deterministic: bool,
    /// The hosts and secrets that the job asks its project for; they count where it imports `wasi:http`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http: Option<HttpDeclaration>,
    /// Names of the project's secrets that the job computes HMACs with, if they are granted; `*` for any that the project
    /// chooses.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub hmac: &'static [&'static str],
}

/// What a job that sends requests over HTTP asks its project for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct HttpDeclaration {
    /// Hosts, such as `api.example.com`, `*.example.org:8443` or `http://192.0.2.7`.
    pub hosts: &'static [&'static str],
    /// Names of the project's secrets that its headers carry.
    pub secrets: &'static [&'static str],
}

/// An input that a job reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct InputDeclaration {
    /// The name to open it by; with `many`, what stands before the slash.
    pub name: &'static str,
    /// The parameter that names the file, such as `datasetId`; with `many`, the object whose members name the files.
    pub parameter: &'static str,
    /// File name endings that the job reads, such as `csv.gz`; empty for any.
    pub formats: &'static [&'static str],
    /// Whether the job cannot run without it.
    pub required: bool,
    /// Whether it stands for several files: each is opened by `NAME/…`, see [`Context::inputs_of`](crate::Context::inputs_of).
    pub many: bool,
}

/// An output that a job may write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct OutputDeclaration {
    /// The artifact's file name.
    pub name: &'static str,
    /// `report`, `data`, `model` or `visualization`.
    pub kind: crate::Kind,
    /// The job's word for this output.
    #[serde(rename = "type")]
    pub type_name: &'static str,
}

/// Default limits of a job. `None` leaves the choice to the server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Limits {
    /// Linear memory in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<u64>,
    /// Wall time of one attempt in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_seconds: Option<u64>,
    /// Units of fuel of one attempt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fuel: Option<u64>,
    /// All files of one attempt together, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disk_bytes: Option<u64>,
}

/// A job as the attribute macro [`job`](crate::job) makes it: what a host, a test or a native benchmark runs.
pub trait GuestJob {
    /// What the job says about itself.
    fn manifest() -> Manifest;
    /// Parses the parameters and runs the job once.
    ///
    /// # Errors
    /// The job's own failures, and `InvalidParameters`.
    fn run(context: &mut crate::Context) -> crate::Result;
}

/// JSON Schema (draft 2020-12) of what `T` accepts; called by the code that the attribute macro makes.
#[doc(hidden)]
pub fn schema_for<T: schemars::JsonSchema>() -> schemars::Schema {
    schemars::SchemaGenerator::default().into_root_schema_for::<T>()
}

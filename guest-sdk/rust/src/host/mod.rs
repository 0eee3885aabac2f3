//! The seam between [`Context`](crate::Context) and what answers it: the real host through WebAssembly imports, or
//! [`testing::TestHost`](crate::testing::TestHost) natively. Authors of jobs need nothing from here.

mod error;
mod streams;

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use error::HostError;
pub use streams::{HostReader, HostWriter};

use crate::{Artifact, Input, Report};

/// How grave a log line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Level {
    /// For whoever debugs the job.
    Debug,
    /// What a normal run tells.
    Info,
    /// Something is odd; the run goes on.
    Warn,
    /// Something went wrong.
    Error,
}

/// Why the host wants the job to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cancellation {
    /// Nobody asked.
    None,
    /// A person or client cancelled the job. Save a checkpoint and return: a forced stop follows after the grace time.
    User,
    /// The deadline of this attempt is near.
    Deadline,
}

/// What this attempt has used so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Units of fuel that the job burnt; the same in every run of a deterministic job.
    pub fuel: u64,
    /// Bytes of memory that it holds now.
    pub memory_bytes: u64,
    /// Time since the attempt began, to the millisecond; none in a deterministic job.
    pub elapsed: Option<Duration>,
}

/// Everything a running job may ask for; mirrors the imports of the WIT world `fuelcell:job/job`.
pub trait Host {
    /// The parameters as JSON text.
    fn parameters(&self) -> String;
    /// All inputs of this job.
    fn inputs(&self) -> Vec<Input>;
    /// Opens an input by its name in the manifest.
    fn open(&self, name: &str) -> Result<Box<dyn HostReader>, HostError>;
    /// `done` of `total` units.
    fn progress(&self, done: u64, total: u64, stage: &str);
    /// Appends a log line.
    fn log(&self, level: Level, stage: &str, message: &str);
    /// Whether to stop.
    fn poll(&self) -> Cancellation;
    /// What this attempt has used so far.
    fn usage(&self) -> Usage;
    /// Replaces the report of this attempt.
    fn report(&self, report: &Report);
    /// Begins an artifact.
    fn create(&self, artifact: &Artifact) -> Result<Box<dyn HostWriter>, HostError>;
    /// Replaces the checkpoint.
    fn save_checkpoint(&self, bytes: &[u8]) -> Result<(), HostError>;
    /// The checkpoint of an earlier attempt, or the latest of this one.
    fn load_checkpoint(&self) -> Result<Option<Vec<u8>>, HostError>;
    /// Whether an earlier job of the same pipeline has dealt with this key.
    fn seen(&self, key: &str) -> Result<bool, HostError>;
    /// Marks a key as dealt with, once this job completes.
    fn mark(&self, key: &str) -> Result<(), HostError>;
    /// HMAC-SHA-256 of each text with a secret of the project as the key, which the job does not see.
    fn hmac(&self, secret: &str, texts: &[Vec<u8>]) -> Result<Vec<[u8; 32]>, HostError>;
}

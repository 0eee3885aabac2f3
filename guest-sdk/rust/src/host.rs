//! The seam between [`Context`](crate::Context) and what answers it: the real host through WebAssembly imports, or
//! [`testing::TestHost`](crate::testing::TestHost) natively. Authors of jobs need nothing from here.

use std::{error::Error, io};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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

/// A host call that could not be served.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HostError {
    /// A limit of this cell (disk, number of artifacts, bytes of a checkpoint …) is used up. The text names it.
    #[error("limit reached: {0}")]
    Limit(String),
    /// The request itself was wrong: an unknown input, a bad name. The text says what is allowed.
    #[error("invalid request: {0}")]
    Invalid(String),
    /// The host could not read or write. Trying the job again can help.
    #[error("storage: {0}")]
    Storage(String),
}

impl HostError {
    /// Looks for a host error in an error and its causes, also inside `std::io::Error`.
    pub fn find<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e HostError> {
        let mut next = Some(error);
        while let Some(error) = next {
            if let Some(found) = error.downcast_ref::<HostError>() {
                return Some(found);
            }
            // The `source` of an io::Error is its payload's source: the payload itself would be skipped.
            next = match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
                Some(payload) => Some(payload),
                None => error.source(),
            };
        }
        None
    }
}

impl From<HostError> for io::Error {
    fn from(error: HostError) -> Self {
        let kind = match error {
            HostError::Limit(_) => io::ErrorKind::QuotaExceeded,
            HostError::Invalid(_) => io::ErrorKind::InvalidInput,
            HostError::Storage(_) => io::ErrorKind::Other,
        };
        io::Error::new(kind, error)
    }
}

impl From<io::Error> for HostError {
    /// The host error that travelled inside, else [`HostError::Storage`] with the error's text.
    fn from(error: io::Error) -> Self {
        match HostError::find(&error) {
            Some(found) => found.clone(),
            None => HostError::Storage(error.to_string()),
        }
    }
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
}

/// An input being read.
pub trait HostReader {
    /// At most `max` bytes; an empty list is the end.
    fn read(&mut self, max: u32) -> Result<Vec<u8>, HostError>;
    /// Continues at this byte.
    fn seek(&mut self, position: u64) -> Result<(), HostError>;
}

/// An artifact being written. Dropped without `finish`, it is thrown away.
pub trait HostWriter {
    /// Appends all of these bytes.
    fn write(&mut self, bytes: &[u8]) -> Result<(), HostError>;
    /// Seals the artifact; nothing may be written after that.
    fn finish(&mut self) -> Result<(), HostError>;
}

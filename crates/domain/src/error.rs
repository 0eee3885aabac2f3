//! Why a job failed, in words that clients can rely on.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The stable code of a failed job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ErrorCode {
    /// The attempt ran longer than its limit.
    Timeout,
    /// The attempt burnt all its fuel.
    FuelExhausted,
    /// The module asked for more memory than its limit and could not go on.
    MemoryLimit,
    /// The job's outputs or scratch files passed the disk limit.
    DiskQuota,
    /// The module's call stack overflowed.
    StackOverflow,
    /// The module trapped (unreachable, division by zero, out of bounds …).
    Trap,
    /// The module itself reported a failure.
    GuestError,
    /// A limit of the host (descriptors, number of artifacts …) was reached.
    HostLimit,
    /// The module's output could not be accepted.
    InvalidOutput,
    /// Every attempt was lost with the process that ran it.
    NodeLost,
    /// The host could not read or write.
    Storage,
    /// The module could not be compiled or does not have the job interface.
    ModuleInvalid,
    /// The module or a dataset of the job no longer exists.
    InputGone,
    /// A defect of the server, not of the job.
    HostDefect,
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// A failed job's error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{code}: {message}")]
pub struct JobError {
    /// The stable code.
    pub code: ErrorCode,
    /// A sentence for people.
    pub message: String,
    /// More: the guest's own code, a wasm backtrace.
    pub details: Option<String>,
    /// True when another attempt can help.
    pub transient: bool,
}

impl JobError {
    /// A lasting error without details.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), details: None, transient: false }
    }

    /// The same error with details.
    pub fn with_details(self, details: impl Into<String>) -> Self {
        Self { details: Some(details.into()), ..self }
    }

    /// The same error, marked as worth another attempt.
    pub fn transient(self) -> Self {
        Self { transient: true, ..self }
    }
}

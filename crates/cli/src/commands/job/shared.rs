//! What several commands of jobs have in common.

use crate::output::{Column, Form};
use clap::{Args, ValueEnum};
use serde_json::Value;
use std::path::PathBuf;

pub(super) const JOB: &[Column] = &[
    ("job", "jobId", Form::Text),
    ("name", "jobName", Form::Text),
    ("type", "jobType", Form::Text),
    ("status", "status", Form::Text),
    ("completion", "completion", Form::Text),
    ("reason", "completionReason", Form::Text),
    ("error", "error/code", Form::Text),
    ("message", "error/message", Form::Text),
    ("waits", "waitReason/code", Form::Text),
    ("because", "waitReason/message", Form::Text),
    ("place in queue", "queuePosition", Form::Text),
    ("scheduled for", "scheduledTime", Form::Time),
    ("stage", "progress/currentStage", Form::Text),
    ("percent", "progress/percentage", Form::Text),
    ("elapsed", "progress/elapsedSeconds", Form::Seconds),
    ("records", "metrics/recordsProcessed", Form::Text),
    ("warnings", "metrics/warningCount", Form::Text),
    ("errors", "metrics/errorCount", Form::Text),
    ("module", "module/name", Form::Text),
    ("version", "module/version", Form::Text),
    ("attempt", "attempt", Form::Text),
    ("fuel", "receipt/fuel", Form::Text),
    ("submitted by", "execution/submittedBy", Form::Text),
    ("submitted", "dateCreated", Form::Time),
    ("retry of", "retryOf", Form::Text),
];

/// A job's priority.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Priority {
    /// After all others
    Low,
    /// As usual
    Normal,
    /// Before normal ones
    High,
    /// Before all others
    Critical,
}

impl Priority {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Low => "Low",
            Self::Normal => "Normal",
            Self::High => "High",
            Self::Critical => "Critical",
        }
    }
}

/// All outputs of a results document, the primary one first.
pub(super) fn outputs(results: &Value) -> Vec<Value> {
    let (primary, others) = (&results["results"]["primaryOutput"], &results["results"]["additionalOutputs"]);
    let primary = (!primary.is_null()).then(|| primary.clone());
    primary.into_iter().chain(others.as_array().into_iter().flatten().cloned()).collect()
}

/// The file of a body.
#[derive(Args)]
pub(crate) struct BodyFile {
    /// A body of the API as JSON; - for standard input. Flags go over it.
    #[arg(long, short, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
}

//! What several commands of jobs have in common.

use crate::failure::{Exit, Outcome};
use crate::http::{Call, Http};
use crate::output::{Column, Form, note};
use clap::{Args, ValueEnum};
use serde_json::Value;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;
use uuid::Uuid;

pub(super) const JOBS: &[Column] = &[
    ("JOB", "jobId", Form::Text),
    ("STATUS", "status", Form::Text),
    ("TYPE", "jobType", Form::Text),
    ("NAME", "jobName", Form::Text),
    ("SUBMITTED", "dateCreated", Form::Time),
    ("DURATION", "durationSeconds", Form::Seconds),
    ("WARNINGS", "warningCount", Form::Number),
];

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

/// How often a request is sent again when it is not known whether it arrived.
const TRIES: u32 = 3;

/// The answer to a request that makes jobs. Its key sees to it that it counts once, however often it is sent.
pub(super) fn send_once(http: &Http, call: Call, key: Option<&str>) -> Outcome<Value> {
    let key = key.map_or_else(|| Uuid::new_v4().to_string(), str::to_owned);
    let call = call.header("idempotency-key", key);
    let mut tries = 1;
    loop {
        match http.send(&call) {
            Err(failure) if failure.exit == Exit::Unreachable && tries < TRIES => {
                note(&format!("{failure}\ntrying again"));
                thread::sleep(Duration::from_secs(1) * tries);
                tries += 1;
            }
            told => return told,
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
#[derive(Args, Default)]
pub(crate) struct BodyFile {
    /// Body of the API as JSON; - for standard input. Flags override it.
    #[arg(long, short, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
}

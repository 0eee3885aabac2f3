//! What a job reports about its work, and its log lines.

use crate::Timestamp;
use serde::{Deserialize, Serialize};

/// A message with the number of records that it stands for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// A short stable word, such as `DataQuality`.
    pub kind: String,
    /// A sentence for people.
    pub message: String,
    /// How many records it concerns.
    pub count: u64,
}

/// What validation found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataValidation {
    /// Records read.
    pub total: u64,
    /// Records used.
    pub valid: u64,
    /// Records left out because they were there already.
    pub duplicates_removed: u64,
    /// Records left out because they could not be used.
    pub invalid: u64,
}

/// The figures of a job that clients see. The guest replaces it as a whole.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Records processed so far.
    pub records_processed: u64,
    /// Records there are, once known.
    pub records_total: Option<u64>,
    /// Errors so far.
    pub errors: u64,
    /// Warnings so far.
    pub warnings: Vec<Finding>,
    /// Errors in the data that did not end the job.
    pub processing_errors: Vec<Finding>,
    /// 0 to 100, by a formula that the module documents.
    pub quality_score: Option<f64>,
    /// The figures of validation, when the module validates.
    pub validation: Option<DataValidation>,
}

impl Report {
    /// The number of records that warnings stand for; one that stands for none counts as one.
    pub fn warning_count(&self) -> u64 {
        self.warnings.iter().fold(0, |sum, warning| sum.saturating_add(warning.count.max(1)))
    }

    /// The report of a job that found nothing to process: it has a warning that says so, and no score of records that
    /// there are not.
    pub fn of_no_items(mut self) -> Self {
        if self.warnings.is_empty() {
            let message = "There was nothing to process".to_owned();
            self.warnings.push(Finding { kind: "NoItems".into(), message, count: 1 });
        }
        if self.records_processed == 0 {
            self.quality_score = None;
        }
        self
    }
}

/// How grave a log line is, least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum LogLevel {
    /// For the module's author.
    Debug,
    /// What happened.
    Info,
    /// Something to look at.
    Warn,
    /// Something went wrong.
    Error,
}

/// One line of a job's log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// When the host received it.
    pub at: Timestamp,
    /// The attempt that wrote it.
    pub attempt: u32,
    /// How grave it is.
    pub level: LogLevel,
    /// The stage of work that the job was in.
    pub stage: String,
    /// The text.
    pub message: String,
}

impl LogLine {
    /// Bytes that it counts for in what its project stores: its texts, and as much as the rest of it takes about.
    pub fn stored_size(&self) -> u64 {
        (self.stage.len() + self.message.len() + 16) as u64
    }
}

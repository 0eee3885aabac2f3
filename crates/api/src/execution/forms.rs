//! The words of queries for results, logs and outcomes, and what they stand for.

use fuelcell_domain::{ArtifactKind, LogLevel};
use fuelcell_service::bulk_runs::OutcomeFilter;

/// Kinds of outputs.
pub(crate) const KINDS: [(&str, ArtifactKind); 4] = [
    ("reports", ArtifactKind::Report),
    ("data", ArtifactKind::Data),
    ("models", ArtifactKind::Model),
    ("visualizations", ArtifactKind::Visualization),
];

/// Forms of results.
pub(crate) const RESULTS: [(&str, ResultsForm); 3] = [
    ("summary", ResultsForm::Summary),
    ("detailed", ResultsForm::Detailed),
    ("download", ResultsForm::Download),
];

#[derive(Clone, Copy)]
pub(crate) enum ResultsForm {
    Summary,
    Detailed,
    Download,
}

/// Levels of log lines.
pub(crate) const LEVELS: [(&str, LogLevel); 4] = [
    ("Debug", LogLevel::Debug),
    ("Info", LogLevel::Info),
    ("Warn", LogLevel::Warn),
    ("Error", LogLevel::Error),
];

/// Forms of logs.
pub(crate) const LOGS: [(&str, LogsForm); 2] = [("structured", LogsForm::Structured), ("raw", LogsForm::Raw)];

#[derive(Clone, Copy)]
pub(crate) enum LogsForm {
    Structured,
    Raw,
}

/// What became of a job of a bulk action.
pub(crate) const OUTCOMES: [(&str, OutcomeFilter); 4] = [
    ("Done", OutcomeFilter::Done),
    ("Skipped", OutcomeFilter::Skipped),
    ("Failed", OutcomeFilter::Failed),
    ("Open", OutcomeFilter::Open),
];

//! Which outputs are made.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which outputs are made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OutputFormat {
    /// All of them.
    #[default]
    DetailedReport,
    /// A short report and the figures.
    SummaryReport,
    /// The figures and the tables, without a report.
    Data,
}

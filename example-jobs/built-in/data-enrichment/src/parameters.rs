//! What a request can choose.

use std::collections::BTreeMap;

pub use fuelcell_parameters_kit::{Calendar, Columns, Filter, OutputFormat, QualityChecks, TimeWindow};
use fuelcell_table_kit::{FileFormat, Options};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::steps::Step;

/// Parameters of DataEnrichment. Without `steps` the table is profiled, its types are cleaned, and what is odd is told.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Parameters {
    /// The dataset.
    pub dataset_id: Option<String>,
    /// Further tables by the names that steps use: name → dataset.
    pub lookups: BTreeMap<String, String>,
    /// Only rows of this time are worked on; of an event log those of cases that lie completely inside of it.
    pub time_window: Option<TimeWindow>,
    /// Only rows that meet all of these conditions are worked on; of an event log whole cases, where a condition says so. An
    /// attribute is a column as it is before the steps, or one of `case`, `activity`, `timestamp` and `resource`. What a case
    /// has is the first value of the column in it.
    #[schemars(length(max = 100))]
    pub filters: Vec<Filter>,
    /// Names of columns that are not found by themselves: for `timeWindow`, `filters` and the step `eventLog`.
    pub columns: Columns,
    /// The zone of the IANA database whose midnights begin days and weeks in the step `eventLog`; `UTC` when left out.
    pub time_zone: Option<String>,
    /// When people work. With it the step `eventLog` adds working time beside wall time.
    pub calendar: Option<Calendar>,
    /// What is done, in this order.
    #[schemars(length(max = 200))]
    pub steps: Vec<Step>,
    /// How the file is read; what is not given is found out.
    pub reading: Options,
    /// The format of the enriched file.
    pub file_format: FileFormat,
    /// Which outputs are made: `detailed_report` all of them, `summary_report` the report and the profile, `data` the enriched
    /// file, the profile and the data dictionary without a report.
    pub output_format: OutputFormat,
    /// Which checks of the data are made.
    pub quality_checks: QualityChecks,
}

impl Parameters {
    /// Whether nothing is done before the first step.
    pub(crate) fn begins_with_steps(&self) -> bool {
        self.time_window.is_none() && self.filters.is_empty() && !self.quality_checks.check_duplicates
    }
}

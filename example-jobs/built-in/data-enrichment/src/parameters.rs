//! What a request can choose.

use std::collections::BTreeMap;

pub use fuelcell_parameters_kit::OutputFormat;
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
    /// What is checked without a step.
    pub quality_checks: QualityChecks,
}

/// What is checked without a step.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct QualityChecks {
    /// Removes rows that are equal in all columns, before the first step; the first of them stays.
    pub check_duplicates: bool,
    /// Counts times outside of the years 1970 to 2099 in a warning.
    pub validate_timestamps: bool,
}

impl Parameters {
    /// The steps, with that of the quality checks before them.
    pub(crate) fn all_steps(&self) -> Vec<Step> {
        use crate::steps::{Deduplicate, Keep};
        let first = Step::Deduplicate(Deduplicate { keys: None, keep: Keep::First, by: None });
        let first = self.quality_checks.check_duplicates.then_some(first);
        first.into_iter().chain(self.steps.iter().cloned()).collect()
    }
}

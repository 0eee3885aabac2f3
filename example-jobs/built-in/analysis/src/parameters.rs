//! What a submission may ask for.

use std::collections::BTreeMap;

pub use fuelcell_parameters_kit::{Calendar, OutputFormat, QualityChecks};
use fuelcell_table_kit::Options;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::error::Stop;
use crate::filters::Filter;
use crate::kpis::Kpi;
use crate::roles::Columns;
use crate::sql::Questions;
use crate::whatif::Change;
use crate::window::{Period, TimeWindow};

/// The parameters of an analysis.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Parameters {
    /// The dataset that holds the table or the event log.
    pub dataset_id: Option<String>,
    /// Further tables that questions in SQL may ask: name of the table → dataset.
    #[schemars(length(max = 64))]
    pub lookups: BTreeMap<String, String>,
    /// A dataset that holds the model.json of an earlier run; open cases are judged by it, and nothing is learned anew.
    pub model_id: Option<String>,
    /// Which analyses are made; all that the data allow when left out.
    pub analyses: Option<Vec<Analysis>>,
    /// Only rows of this time are analysed; of an event log the cases that lie completely inside of it.
    pub time_window: Option<TimeWindow>,
    /// Only rows that meet all of these conditions are analysed; of an event log cases, or events where a condition says so.
    /// An attribute of an event log is a column, or one of `case`, `activity`, `timestamp` and `resource`.
    #[schemars(length(max = 100))]
    pub filters: Vec<Filter>,
    /// Names of columns that are not found by themselves. A table with a case, an activity and a timestamp is an event log,
    /// and each case becomes a row.
    pub columns: Columns,
    /// How the file is read, where that is not found by itself.
    pub reading: Options,
    /// The zone of the IANA database whose midnights begin days, weeks and months; `UTC` when left out.
    pub time_zone: Option<String>,
    /// When people work. With it the cases of an event log have a `working duration` beside their `duration`, in seconds, for
    /// `target`, `kpis` and `filters`.
    pub calendar: Option<Calendar>,
    /// Which checks of the data are made.
    pub quality_checks: QualityChecks,
    /// Which outputs are made: `detailed_report` all of them, `summary_report` the report and the figures, `data` the figures
    /// and the tables without a report and charts.
    pub output_format: OutputFormat,
    /// What is to be explained and compared. Of an event log the duration of its cases when left out; a table without a
    /// target is not searched for causes.
    pub target: Option<TargetOf>,
    /// Columns that are not looked at as causes, such as identifiers or what is computed from the target.
    #[schemars(length(max = 1000))]
    pub ignore: Vec<String>,
    /// The share of the causes found that may be false, from 0.0001 to 0.5; 0.01 when left out.
    #[schemars(range(min = 0.0001, max = 0.5))]
    pub false_share: Option<f64>,
    /// Rows that a value needs to be looked at as a cause; 1 % of the rows and at least 20 when left out.
    #[schemars(range(min = 5))]
    pub least_rows: Option<u32>,
    /// Figures with a definition. Without any: how many rows there are, and mean, median and 95th percentile of the target.
    #[schemars(length(max = 50))]
    pub kpis: Vec<Kpi>,
    /// Attributes whose values figures are given by; up to three with few values when left out.
    #[schemars(length(max = 20))]
    pub segments: Option<Vec<String>>,
    /// The length of the periods that figures are given by; one of which there are at most 60 when left out.
    pub period: Option<Period>,
    /// Two groups of rows to compare; the later half of the rows with the earlier one when left out.
    pub compare: Option<Compare>,
    /// What would be different; the durations of an event log are computed with it.
    #[schemars(length(max = 20))]
    pub what_if: Vec<Change>,
    /// One question in SQL, or a list of them, about the table `dataset` and those of `lookups`; the rows as they stand in the file, answered in
    /// `sql-1.csv` and so on. It is the SQL of SQLite, which may only read.
    pub sql: Option<Questions>,
}

/// An analysis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Analysis {
    /// Figures in all, by segment and by period.
    Kpis,
    /// What goes with the target.
    Causes,
    /// Where in a process the time goes, and what makes it go there.
    Steps,
    /// What moved between two groups.
    Compare,
    /// Figures over time: seasons, outliers, changes, forecasts.
    Trend,
    /// What a figure would be if something were different.
    WhatIf,
    /// How long open cases of an event log still take, and whether they end late.
    Predict,
    /// Questions in SQL.
    Sql,
}

/// What is to be explained.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct TargetOf {
    /// A column of numbers, such as a cost. Of an event log `duration`, in seconds, when left out.
    pub column: Option<String>,
    /// The target is whether the column is above this.
    pub above: Option<f64>,
    /// The target is whether the column is above this quantile, from 0 to 1: 0.75 is the upper quarter.
    #[schemars(range(min = 0, max = 1))]
    pub above_quantile: Option<f64>,
    /// The target is whether these conditions hold, instead of a column.
    #[serde(rename = "where")]
    #[schemars(length(max = 20))]
    pub conditions: Vec<Filter>,
}

/// Two groups of rows.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Compare {
    /// What is compared with.
    pub first: GroupOf,
    /// What is compared.
    pub second: GroupOf,
}

/// A group of rows.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct GroupOf {
    /// What it is called; made of its conditions when left out.
    pub name: Option<String>,
    /// Only rows of this time.
    pub time_window: Option<TimeWindow>,
    /// Only rows that meet these conditions.
    #[serde(rename = "where")]
    #[schemars(length(max = 20))]
    pub conditions: Vec<Filter>,
}

impl Parameters {
    /// Whether an analysis is to be made.
    pub fn wants(&self, analysis: Analysis) -> bool {
        self.analyses.as_ref().is_none_or(|wanted| wanted.contains(&analysis))
    }

    /// Refuses what no table can answer.
    ///
    /// # Errors
    /// `InvalidParameter`.
    pub fn check(&self) -> Result<(), Stop> {
        let false_share = self.false_share.unwrap_or(0.01);
        if !(0.0001..=0.5).contains(&false_share) {
            return Err(Stop::parameter(format!("falseShare is {false_share}; allowed is 0.0001 to 0.5.")));
        }
        let Some(target) = &self.target else { return Ok(()) };
        let ways = [target.above.is_some(), target.above_quantile.is_some(), !target.conditions.is_empty()];
        if ways.iter().filter(|&&way| way).count() > 1 {
            return Err(Stop::parameter("target takes one of above, aboveQuantile and where, and not more."));
        }
        if !target.conditions.is_empty() && target.column.is_some() {
            return Err(Stop::parameter("target takes a column or conditions (where), and not both."));
        }
        match target.above_quantile {
            Some(quantile) if !(0.0..=1.0).contains(&quantile) => {
                Err(Stop::parameter(format!("target.aboveQuantile is {quantile}; allowed is 0 to 1.")))
            }
            _ => Ok(()),
        }
    }
}

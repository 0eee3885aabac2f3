//! Parameters of steps: rows and their values.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::steps::shape::step;
use crate::steps::types::{OnError, Type};

/// What missing values become.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum FillWith {
    /// The value that is given.
    Value,
    /// The value of the row before that has one.
    Previous,
    /// The mean of the others.
    Mean,
    /// The median of the others.
    Median,
    /// The most frequent value.
    Mode,
}

step! {
    /// Values for missing ones.
    Fill {
        /// The column.
        column: String,
        /// What they become.
        with: FillWith,
        /// The value, for `value`.
        #[serde(default)]
        value: Option<Value>,
        /// Columns of which the groups are made; all rows are one group when not given.
        #[serde(default)]
        group_by: Vec<String>,
    }
}

step! {
    /// A column by an expression.
    Derive {
        /// The new column; one of that name is replaced.
        column: String,
        /// The expression: SQLite's, over the columns of the row.
        #[schemars(length(min = 1, max = 4000))]
        expression: String,
        /// The type; when not given, integer, float or text by what the expression makes of a row in which nothing is missing.
        #[serde(default)]
        r#type: Option<Type>,
        /// What becomes of values that are not of the type.
        #[serde(default)]
        on_error: OnError,
    }
}

step! {
    /// Which rows stay.
    #[schemars(rename = "RowFilter")]
    Filter {
        /// The condition: an expression of SQLite, over the columns of the row.
        #[schemars(length(min = 1, max = 4000))]
        expression: String,
    }
}

/// Which of equal rows stays.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Keep {
    /// The first in the file.
    #[default]
    First,
    /// The last in the file.
    Last,
    /// The one with the largest value in `by`.
    Newest,
}

step! {
    /// Equal rows.
    Deduplicate {
        /// Columns in which they are equal; all when not given.
        #[serde(default)]
        keys: Option<Vec<String>>,
        /// Which one stays.
        #[serde(default)]
        keep: Keep,
        /// The column for `newest`.
        #[serde(default)]
        by: Option<String>,
    }
}

/// What becomes of rows without a match.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Missing {
    /// The new columns are missing.
    #[default]
    Null,
    /// The row is rejected.
    Reject,
    /// The new columns are missing, and a warning counts it.
    Warn,
}

/// What becomes of a row with several matches.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum FanOut {
    /// The job fails before any row is written.
    #[default]
    Refuse,
    /// The first match counts.
    First,
}

step! {
    /// Columns of another table.
    Lookup {
        /// The input, by its name in `lookups`.
        table: String,
        /// Column here → column there.
        on: BTreeMap<String, String>,
        /// Columns that are taken over.
        #[schemars(length(min = 1))]
        take: Vec<String>,
        /// Put before their names.
        #[serde(default)]
        prefix: String,
        /// What becomes of rows without a match.
        #[serde(default)]
        missing: Missing,
        /// What becomes of rows with several.
        #[serde(default)]
        fan_out: FanOut,
    }
}

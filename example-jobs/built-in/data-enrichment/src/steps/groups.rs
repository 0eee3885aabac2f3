//! Parameters of steps: groups, and questions to all rows.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::steps::shape::step;

/// A figure of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Function {
    /// Rows, or values if a column is given.
    Count,
    /// Different values.
    CountDistinct,
    /// The sum.
    Sum,
    /// The mean.
    Mean,
    /// The smallest value.
    Min,
    /// The largest value.
    Max,
    /// The value of the first row that has one.
    First,
    /// The value of the last row that has one.
    Last,
}

step! {
    /// A figure.
    Measure {
        /// Which one.
        function: Function,
        /// Of which column; not needed for `count`.
        #[serde(default)]
        column: Option<String>,
        /// The new column.
        into: String,
    }
}

step! {
    /// Groups.
    Aggregate {
        /// Columns of which the groups are made; all rows are one group when not given.
        #[serde(default)]
        group_by: Vec<String>,
        /// The figures.
        #[schemars(length(min = 1, max = 200))]
        measures: Vec<Measure>,
    }
}

step! {
    /// Values as columns.
    Pivot {
        /// Columns of which each row stands for one group.
        #[schemars(length(min = 1))]
        rows: Vec<String>,
        /// The column whose values become columns, 200 at most.
        column: String,
        /// The column of the figures.
        value: String,
        /// The figure.
        function: Function,
    }
}

step! {
    /// Columns as rows.
    Unpivot {
        /// Columns that stay.
        #[serde(default)]
        keep: Vec<String>,
        /// Columns that become rows.
        #[schemars(length(min = 1, max = 500))]
        columns: Vec<String>,
        /// The new column for their names.
        name_into: String,
        /// The new column for their values.
        value_into: String,
    }
}

step! {
    /// A question to the table.
    Sql {
        /// One statement that reads.
        #[schemars(length(min = 1, max = 20000))]
        query: String,
    }
}

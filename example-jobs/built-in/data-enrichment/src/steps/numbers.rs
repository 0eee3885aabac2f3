//! Parameters of steps: bins, ranks, orders.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::steps::shape::step;

step! {
    /// Bins of numbers.
    Bin {
        /// The column.
        column: String,
        /// The new column.
        into: String,
        /// Rising edges between bins; a value on an edge belongs to the bin above.
        #[schemars(length(min = 1, max = 100))]
        edges: Vec<f64>,
        /// Names of the bins, one more than edges; else their ranges.
        #[serde(default)]
        labels: Option<Vec<String>>,
    }
}

/// An order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Order {
    /// Smallest first.
    #[default]
    Ascending,
    /// Largest first.
    Descending,
}

/// How equal values are ranked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum RankMethod {
    /// 1, 2, 2, 4
    #[default]
    Standard,
    /// 1, 2, 2, 3
    Dense,
    /// 1, 2, 3, 4, by their order in the file
    RowNumber,
}

step! {
    /// Ranks.
    Rank {
        /// The column; missing values have no rank.
        column: String,
        /// The new column.
        into: String,
        /// Which value is first.
        #[serde(default)]
        order: Order,
        /// How equal values are ranked.
        #[serde(default)]
        method: RankMethod,
        /// Columns of which the groups are made.
        #[serde(default)]
        group_by: Vec<String>,
    }
}

step! {
    /// A column to sort by.
    SortBy {
        /// The column; missing values come last.
        column: String,
        /// Which value is first.
        #[serde(default)]
        order: Order,
    }
}

step! {
    /// An order of rows. Equal rows stay in the order of the file.
    Sort {
        /// The columns.
        #[schemars(length(min = 1))]
        by: Vec<SortBy>,
    }
}

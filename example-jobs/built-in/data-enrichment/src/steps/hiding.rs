//! Parameters of steps: values that say who is meant.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::steps::shape::step;

/// How values are hidden.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Hiding {
    /// All but the last letters become `*`.
    Mask,
    /// Numbers and times are rounded down to `width` (days for times); of texts the first `width` letters stay.
    Generalise,
}

step! {
    /// A column that says who is meant.
    Anonymise {
        /// The column.
        column: String,
        /// How it is hidden.
        method: Hiding,
        /// Letters that stay for `mask`.
        #[serde(default)]
        keep: usize,
        /// The width for `generalise`.
        #[serde(default)]
        width: Option<f64>,
    }
}

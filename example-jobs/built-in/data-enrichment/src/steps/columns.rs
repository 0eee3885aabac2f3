//! Parameters of steps: which columns there are.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::steps::shape::step;

step! {
    /// Some columns.
    #[schemars(rename = "ColumnList")]
    Columns {
        /// Their names.
        #[schemars(length(min = 1))]
        columns: Vec<String>,
    }
}

step! {
    /// New names.
    Rename {
        /// Old name → new name.
        columns: BTreeMap<String, String>,
    }
}

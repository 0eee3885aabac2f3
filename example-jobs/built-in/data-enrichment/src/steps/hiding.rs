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
    /// A pseudonym: the first 32 hexadecimal digits of the value's HMAC-SHA-256 with the project's `secret` as the key. Equal
    /// values have equal pseudonyms in all jobs of the project.
    Hash,
    /// Days and times move by a whole number of days that follows from `key` and the project's `secret`, so that the time
    /// between two rows with the same key stays.
    ShiftDates,
}

/// The secret that is the key when no other one is named.
fn secret() -> String {
    "PSEUDONYMS".into()
}

/// A year either way.
fn days() -> u32 {
    365
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
        /// The name of the project's secret for `hash` and `shiftDates`; it must be granted to this module.
        #[serde(default = "secret")]
        secret: String,
        /// For `shiftDates` the column whose rows with one value are moved alike, such as the case, before it is hidden itself.
        #[serde(default)]
        key: Option<String>,
        /// For `shiftDates` how many days a row moves at most, back or forth.
        #[schemars(range(min = 1, max = 36500))]
        #[serde(default = "days")]
        days: u32,
        /// Columns of the result that together may tell who is meant, such as postcode, year of birth and sex: the report says how
        /// well rows hide among those that are equal in them. Without any in all such steps, those that are generalised.
        #[schemars(length(max = 100))]
        #[serde(default)]
        quasi_identifiers: Vec<String>,
    }
}

impl Anonymise {
    /// Whether it computes with a secret.
    pub(crate) fn needs_secret(&self) -> bool {
        matches!(self.method, Hiding::Hash | Hiding::ShiftDates)
    }
}

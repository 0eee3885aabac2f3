//! What a search for causes answers with.

use serde::Serialize;

use super::factors::{Factor, Known};
use super::since::Since;
use super::single::Effect;
use super::target::Measure;
use crate::statistics::Interval;

/// An attribute and a value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Condition {
    /// The attribute.
    pub attribute: String,
    /// The value, or the range.
    pub value: String,
}

/// Where a condition stands in the factors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) factor: usize,
    pub(super) value: usize,
}

/// Rows that differ from the rest.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// What the rows have in common: one condition or two.
    pub conditions: Vec<Condition>,
    #[serde(skip)]
    pub(super) places: Vec<Place>,
    /// Other conditions that hold for nearly the same rows.
    pub alike: Vec<Condition>,
    /// When the attributes are known.
    pub known: Known,
    /// How many rows there are.
    pub rows: usize,
    /// Their share of all rows.
    pub share_of_rows: f64,
    /// The mean of the target in these rows; for shares the share.
    pub mean: f64,
    /// The mean in all other rows.
    pub mean_of_rest: f64,
    /// The median in these rows. None for shares.
    pub median: Option<f64>,
    /// The median in all other rows. None for shares.
    pub median_of_rest: Option<f64>,
    /// Mean − mean of the rest.
    pub difference: f64,
    /// Where the difference lies with 95 % confidence.
    pub interval: Option<Interval>,
    /// How strong it is.
    pub effect: Effect,
    /// What the rows have beyond what they had if they were like the rest, as a share of the total of all rows.
    pub share_of_total: f64,
    /// For a pair: by how much it is beyond what both values add by themselves.
    pub beyond_both: Option<f64>,
    /// The p-value of the test by itself.
    pub p_value: f64,
    /// The p-value with regard to all tests that were made.
    pub corrected_p_value: f64,
    /// Another attribute behind it.
    pub confounded: Option<Confounded>,
    /// Since when it is so.
    pub since: Option<Since>,
}

impl Finding {
    /// Whether a row is one of those that the finding is about. `factors` are those that it was found in.
    pub fn holds(&self, factors: &[Factor], row: usize) -> bool {
        self.places.iter().all(|place| factors[place.factor].codes[row] as usize == place.value)
    }
}

/// What an attribute explains as a whole.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Attribute {
    /// Its name.
    pub name: String,
    /// When it is known.
    pub known: Known,
    /// How many values were looked at.
    pub values: usize,
    /// The share of the target's variance that goes with it (eta squared).
    pub share_explained: f64,
    /// Whether the target differs between its values at all; corrected for the number of attributes.
    pub corrected_p_value: f64,
}

/// All that was found about a target.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Causes {
    /// What was to be explained.
    pub target: String,
    /// What its numbers are.
    pub measure: Measure,
    /// Rows that were looked at.
    pub rows: usize,
    /// The mean, or the share.
    pub mean: f64,
    /// How many tests were made.
    pub tests: usize,
    /// The share of the findings that may be false.
    pub false_share: f64,
    /// Rows that a value needed to be looked at.
    pub least_rows: usize,
    /// What was found; what weighs most for the total comes first.
    pub findings: Vec<Finding>,
    /// What each attribute explains, the most first.
    pub attributes: Vec<Attribute>,
}

/// What is left of a finding among rows that are alike in another attribute.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Confounded {
    /// The other attribute.
    pub by: String,
    /// The mean difference among rows that are alike in it. None when no two such rows differ in the finding.
    pub difference_within: Option<f64>,
    /// Its p-value.
    pub p_value_within: Option<f64>,
    /// True when the other attribute explains the finding and not the other way round; false when the two go together so
    /// closely that the data cannot tell.
    pub explained: bool,
}

//! Parameters of steps: rules that rows must keep.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::steps::shape::step;

/// What becomes of a row that breaks a rule.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Severity {
    /// It is rejected.
    #[default]
    Reject,
    /// A warning counts it.
    Warn,
}

step! {
    /// Bounds of values. Both are allowed themselves.
    Range {
        /// The smallest: a number, or a day or time as text.
        #[serde(default)]
        min: Option<Value>,
        /// The largest.
        #[serde(default)]
        max: Option<Value>,
    }
}

step! {
    /// Values of another input.
    ForeignKey {
        /// The input, by its name in `lookups`.
        table: String,
        /// Its column.
        column: String,
    }
}

step! {
    /// The newest value must not be too old.
    Freshness {
        /// Days between the newest value and `asOf`, at most.
        days: f64,
        /// The instant from which it counts back, in ISO 8601.
        as_of: String,
    }
}

step! {
    /// One rule, of one sort. All but `notNull` pass missing values.
    Check {
        /// The column; not for `expression`.
        #[serde(default)]
        column: Option<String>,
        /// There is a value.
        #[serde(default)]
        not_null: bool,
        /// No other row has the value.
        #[serde(default)]
        unique: bool,
        /// The value lies within bounds.
        #[serde(default)]
        range: Option<Range>,
        /// The value is one of these.
        #[serde(default)]
        set: Option<Vec<String>>,
        /// The whole value matches a regular expression.
        #[serde(default)]
        pattern: Option<String>,
        /// Another input has the value.
        #[serde(default)]
        foreign_key: Option<ForeignKey>,
        /// An expression of the row is true.
        #[serde(default)]
        expression: Option<String>,
        /// The newest value is not too old; a warning, whatever the severity.
        #[serde(default)]
        freshness: Option<Freshness>,
        /// What becomes of rows that break it.
        #[serde(default)]
        severity: Severity,
    }
}

step! {
    /// Rules.
    Validate {
        /// They are checked in their order; a row is rejected for the first that it breaks.
        #[schemars(length(min = 1, max = 200))]
        rules: Vec<Check>,
    }
}

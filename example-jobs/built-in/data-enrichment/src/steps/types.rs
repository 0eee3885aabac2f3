//! Parameters of steps: values of a type.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::steps::shape::step;

/// A type of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Type {
    /// Any text.
    Text,
    /// Whole numbers of 64 bits.
    Integer,
    /// Exact numbers of 38 digits.
    Decimal,
    /// Numbers of double precision.
    Float,
    /// `true`, `false`, `yes`, `no`.
    Boolean,
    /// Days.
    Date,
    /// Instants.
    Timestamp,
}

/// What becomes of a value that cannot be read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum OnError {
    /// Its row is rejected.
    #[default]
    Reject,
    /// It is missing, and a warning counts it.
    Null,
    /// It stays, and the column is text.
    Keep,
}

step! {
    /// A type for a column.
    Cast {
        /// The column.
        column: String,
        /// Its type.
        r#type: Type,
        /// Digits behind the point of decimals; the most that its values have when not given, as far as they were found to be
        /// numbers, else 2.
        #[schemars(range(min = 0, max = 18))]
        #[serde(default)]
        scale: Option<u8>,
        /// Whether numbers have a decimal comma; found out when not given.
        #[serde(default)]
        decimal_comma: Option<bool>,
        /// strftime forms of days and times beside ISO 8601.
        #[serde(default)]
        formats: Vec<String>,
        /// What becomes of values that are not of the type.
        #[serde(default)]
        on_error: OnError,
    }
}

/// A unit of numbers that mean times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum EpochUnit {
    /// Seconds since 1970.
    Seconds,
    /// Milliseconds since 1970.
    Milliseconds,
    /// Microseconds since 1970.
    Microseconds,
    /// Days since 1899-12-30, as Excel counts them.
    ExcelDays,
}

step! {
    /// How times are written.
    ParseTimes {
        /// The column.
        column: String,
        /// strftime forms, tried in their order before ISO 8601; when not given, those that the values prove.
        #[serde(default)]
        formats: Vec<String>,
        /// Numbers are times in this unit; what is no number is read by its form.
        #[serde(default)]
        unit: Option<EpochUnit>,
        /// The first year that two digits (`%y`) can mean; needed for such forms.
        #[schemars(range(min = 1000, max = 9000))]
        #[serde(default)]
        pivot_year: Option<i32>,
        /// The zone of times without an offset, by its IANA name.
        #[serde(default)]
        time_zone: Option<String>,
        /// What becomes of values that cannot be read.
        #[serde(default)]
        on_error: OnError,
    }
}

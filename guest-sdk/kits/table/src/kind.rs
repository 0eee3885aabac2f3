//! What the values of a column are.

use std::fmt;

use arrow_schema::{DataType, TimeUnit};
use fuelcell_records_kit::timestamp::Timestamps;

/// Digits of a decimal number, at most.
pub(crate) const MOST_DIGITS: u8 = 38;

/// The type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Anything else.
    Text,
    /// Whole numbers of 64 bits.
    Integer,
    /// Exact numbers with so many digits behind the point, 38 in all.
    Decimal(u8),
    /// Numbers with an exponent, or more digits than a decimal has.
    Float,
    /// `true` and `false`, `yes` and `no`.
    Boolean,
    /// Days.
    Date,
    /// Instants to the microsecond. Without a zone they are what a clock on the wall showed.
    Timestamp {
        /// Whether the values say their offset from UTC.
        zoned: bool,
    },
    /// Spans of time to the microsecond.
    Duration,
}

impl Kind {
    /// How Arrow holds it.
    pub fn data_type(self) -> DataType {
        match self {
            Self::Text => DataType::Utf8,
            Self::Integer => DataType::Int64,
            Self::Decimal(scale) => DataType::Decimal128(MOST_DIGITS, scale.cast_signed()),
            Self::Float => DataType::Float64,
            Self::Boolean => DataType::Boolean,
            Self::Date => DataType::Date32,
            Self::Timestamp { zoned } => {
                DataType::Timestamp(TimeUnit::Microsecond, zoned.then(|| "UTC".into()))
            }
            Self::Duration => DataType::Duration(TimeUnit::Microsecond),
        }
    }

    /// The kind that Arrow holds like this; of other types none.
    pub fn of(data_type: &DataType) -> Option<Self> {
        Some(match data_type {
            DataType::Utf8 => Self::Text,
            DataType::Int64 => Self::Integer,
            DataType::Decimal128(_, scale) => Self::Decimal(u8::try_from(*scale).ok()?),
            DataType::Float64 => Self::Float,
            DataType::Boolean => Self::Boolean,
            DataType::Date32 => Self::Date,
            DataType::Timestamp(TimeUnit::Microsecond, zone) => Self::Timestamp { zoned: zone.is_some() },
            DataType::Duration(TimeUnit::Microsecond) => Self::Duration,
            _ => return None,
        })
    }

    /// Whether values are numbers.
    pub fn is_number(self) -> bool {
        matches!(self, Self::Integer | Self::Decimal(_) | Self::Float)
    }

    /// Whether values are days or instants.
    pub fn is_time(self) -> bool {
        matches!(self, Self::Date | Self::Timestamp { .. })
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text => f.write_str("text"),
            Self::Integer => f.write_str("integer"),
            Self::Decimal(scale) => write!(f, "decimal({scale})"),
            Self::Float => f.write_str("float"),
            Self::Boolean => f.write_str("boolean"),
            Self::Date => f.write_str("date"),
            Self::Timestamp { .. } => f.write_str("timestamp"),
            Self::Duration => f.write_str("duration"),
        }
    }
}

/// Why a column is not what it looks like, or may be something else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doubt {
    /// A sentence for people: what was seen, and what to do.
    pub message: String,
    /// Rows that it is about.
    pub rows: u64,
}

/// How numbers are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Numbers {
    /// `1,234.5`
    #[default]
    Point,
    /// `1.234,5`
    Comma,
}

/// A column, as all its values show it.
#[derive(Debug, Clone)]
pub struct Column {
    /// Its name; unique in the table.
    pub name: String,
    /// What its values are.
    pub kind: Kind,
    /// How its numbers are written.
    pub numbers: Numbers,
    /// Digits behind the point that its numbers have at most, also where not all values are numbers.
    pub scale: u8,
    /// How its times are written, also where not all values are times.
    pub times: Timestamps,
    /// The strftime forms of these beside ISO 8601.
    pub time_forms: Vec<String>,
    /// Rows without a value: empty, or a word such as `NULL` where that is no value of its kind.
    pub missing: u64,
    /// Words such as `NULL` that are values of a column of text, and perhaps should be none.
    pub words: u64,
    /// What kept it from being what it nearly is.
    pub doubt: Option<Doubt>,
}

impl Column {
    /// A column of a kind whose values are written in the plain way.
    pub fn new(name: impl Into<String>, kind: Kind) -> Self {
        Self {
            name: name.into(),
            kind,
            numbers: Numbers::Point,
            scale: 0,
            times: Timestamps::iso(),
            time_forms: Vec::new(),
            missing: 0,
            words: 0,
            doubt: None,
        }
    }
}

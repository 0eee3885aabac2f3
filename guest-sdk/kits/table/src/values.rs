//! Single values of an array, by its kind.

use arrow_array::cast::AsArray as _;
use arrow_array::types::{
    Date32Type, Decimal128Type, DurationMicrosecondType, Float64Type, Int64Type, TimestampMicrosecondType,
};
use arrow_array::{
    Array, BooleanArray, Date32Array, Decimal128Array, DurationMicrosecondArray, Float64Array, Int64Array,
    StringArray, TimestampMicrosecondArray,
};
use fuelcell_records_kit::{Micros, iso::time_text};

use crate::kind::{Kind, MOST_DIGITS};

/// A day.
pub(crate) const DAY: Micros = 86_400_000_000;
/// Whole numbers below it have a double of their own.
const EXACT_DOUBLES: u64 = 1 << 53;
/// Digits of a number of 64 bits that can always be shifted.
const SHORT: u8 = 18;

/// An array as what it holds. Asking it for its type once for all values is faster than for each.
#[derive(Debug, Clone, Copy)]
pub enum Values<'a> {
    /// Texts.
    Text(&'a StringArray),
    /// Whole numbers.
    Integer(&'a Int64Array),
    /// Exact numbers, with their digits behind the point.
    Decimal(&'a Decimal128Array, u8),
    /// Doubles.
    Float(&'a Float64Array),
    /// Truth values.
    Boolean(&'a BooleanArray),
    /// Days.
    Date(&'a Date32Array),
    /// Instants, and whether they are in UTC.
    Timestamp(&'a TimestampMicrosecondArray, bool),
    /// Spans of time.
    Duration(&'a DurationMicrosecondArray),
}

impl<'a> Values<'a> {
    /// The values of an array; none if it is of no [`Kind`].
    pub fn of(array: &'a dyn Array) -> Option<Self> {
        Some(match Kind::of(array.data_type())? {
            Kind::Text => Self::Text(array.as_string()),
            Kind::Integer => Self::Integer(array.as_primitive::<Int64Type>()),
            Kind::Decimal(scale) => Self::Decimal(array.as_primitive::<Decimal128Type>(), scale),
            Kind::Float => Self::Float(array.as_primitive::<Float64Type>()),
            Kind::Boolean => Self::Boolean(array.as_boolean()),
            Kind::Date => Self::Date(array.as_primitive::<Date32Type>()),
            Kind::Timestamp { zoned } => {
                Self::Timestamp(array.as_primitive::<TimestampMicrosecondType>(), zoned)
            }
            Kind::Duration => Self::Duration(array.as_primitive::<DurationMicrosecondType>()),
        })
    }

    /// Whether there is no value.
    #[inline]
    pub fn is_missing(&self, row: usize) -> bool {
        match self {
            Self::Text(array) => array.is_null(row),
            Self::Integer(array) => array.is_null(row),
            Self::Decimal(array, _) => array.is_null(row),
            Self::Float(array) => array.is_null(row),
            Self::Boolean(array) => array.is_null(row),
            Self::Date(array) => array.is_null(row),
            Self::Timestamp(array, _) => array.is_null(row),
            Self::Duration(array) => array.is_null(row),
        }
    }

    /// A value as text, as [`cell`](crate::cell) has it, perhaps written into `scratch`. None where it is missing.
    #[inline]
    pub fn text<'b>(&self, row: usize, scratch: &'b mut String) -> Option<&'b str>
    where
        'a: 'b,
    {
        if self.is_missing(row) {
            return None;
        }
        scratch.clear();
        match *self {
            Self::Text(array) => return Some(array.value(row)),
            Self::Integer(array) => scratch.push_str(itoa::Buffer::new().format(array.value(row))),
            Self::Decimal(array, scale) => decimal(array.value(row), scale, scratch),
            Self::Float(array) => push(scratch, array.value(row)),
            Self::Boolean(array) => scratch.push_str(if array.value(row) { "true" } else { "false" }),
            Self::Date(array) => instant(Micros::from(array.value(row)) * DAY, 10, scratch),
            Self::Timestamp(array, zoned) => {
                instant(array.value(row), usize::MAX, scratch);
                if !zoned && scratch.ends_with('Z') {
                    scratch.pop();
                }
            }
            Self::Duration(array) => scratch.push_str(itoa::Buffer::new().format(array.value(row))),
        }
        Some(scratch)
    }

    /// A number as a double, a span of time as its microseconds, an instant as its seconds since 1970. None for all else.
    #[inline]
    pub fn number(&self, row: usize) -> Option<f64> {
        if self.is_missing(row) {
            return None;
        }
        match *self {
            Self::Text(_) | Self::Boolean(_) => None,
            Self::Integer(array) => Some(array.value(row) as f64),
            Self::Decimal(array, scale) => double(array.value(row), scale),
            Self::Float(array) => Some(array.value(row)),
            Self::Date(array) => Some(f64::from(array.value(row)) * 86_400.0),
            Self::Timestamp(array, _) => Some(array.value(row) as f64 / 1e6),
            Self::Duration(array) => Some(array.value(row) as f64),
        }
    }

    /// A number that is the same for the same values of this array, and another for others. None for texts and where a value
    /// is missing.
    #[inline]
    pub fn key(&self, row: usize) -> Option<i128> {
        if self.is_missing(row) {
            return None;
        }
        match *self {
            Self::Text(_) => None,
            Self::Integer(array) => Some(array.value(row).into()),
            Self::Decimal(array, _) => Some(array.value(row)),
            Self::Float(array) => Some(array.value(row).to_bits().into()),
            Self::Boolean(array) => Some(array.value(row).into()),
            Self::Date(array) => Some(array.value(row).into()),
            Self::Timestamp(array, _) => Some(array.value(row).into()),
            Self::Duration(array) => Some(array.value(row).into()),
        }
    }
}

fn push(out: &mut String, value: impl std::fmt::Display) {
    // Writing to a text cannot fail.
    let _ = std::fmt::Write::write_fmt(out, format_args!("{value}"));
}

/// ISO 8601, its first `most` bytes.
#[inline]
fn instant(time: Micros, most: usize, out: &mut String) {
    let text = time_text(time);
    let bytes = text.as_bytes();
    out.push_str(std::str::from_utf8(&bytes[..bytes.len().min(most)]).unwrap_or_default());
}

/// `-12.50`
fn decimal(digits: i128, scale: u8, out: &mut String) {
    if digits < 0 {
        out.push('-');
    }
    let digits = digits.unsigned_abs();
    let scale = usize::from(scale.min(MOST_DIGITS));
    let mut buffer = itoa::Buffer::new();
    // In a cell, dividing numbers of 128 bits is slow.
    let text = match u64::try_from(digits) {
        Ok(digits) => buffer.format(digits),
        Err(_) => buffer.format(digits),
    };
    if scale == 0 {
        out.push_str(text);
    } else if let Some(whole) = text.len().checked_sub(scale).filter(|whole| *whole > 0) {
        out.push_str(&text[..whole]);
        out.push('.');
        out.push_str(&text[whole..]);
    } else {
        out.push_str("0.");
        out.extend(std::iter::repeat_n('0', scale - text.len()));
        out.push_str(text);
    }
}

/// The double that is nearest to an exact number.
#[inline]
fn double(digits: i128, scale: u8) -> Option<f64> {
    const POWERS: [f64; SHORT as usize + 1] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17,
        1e18,
    ];
    match (i64::try_from(digits), POWERS.get(usize::from(scale))) {
        // Both have doubles of their own, and a division rounds once.
        (Ok(digits), Some(power)) if digits.unsigned_abs() <= EXACT_DOUBLES => Some(digits as f64 / power),
        _ => format!("{digits}e-{scale}").parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_written_and_read_exactly() {
        let shown = |digits, scale| {
            let mut out = String::new();
            decimal(digits, scale, &mut out);
            let read: f64 = out.parse().unwrap();
            assert_eq!(double(digits, scale), Some(read), "{out}");
            out
        };
        assert_eq!(shown(1250, 2), "12.50");
        assert_eq!(shown(-5, 2), "-0.05");
        assert_eq!(shown(-50, 2), "-0.50");
        assert_eq!(shown(0, 3), "0.000");
        assert_eq!(shown(7, 0), "7");
        assert_eq!(shown(123_456_789_012_345_678_901, 18), "123.456789012345678901");
        assert_eq!(shown(9_007_199_254_740_993, 1), "900719925474099.3");
        for digits in 0..100_000 {
            shown(digits * 7_919_333, 6);
        }
    }
}

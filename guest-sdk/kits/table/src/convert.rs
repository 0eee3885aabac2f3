//! Between text and typed values.

use std::sync::Arc;

use arrow_array::builder::{
    BooleanBuilder, Date32Builder, Decimal128Builder, DurationMicrosecondBuilder, Float64Builder,
    Int64Builder, TimestampMicrosecondBuilder,
};
use arrow_array::{Array, ArrayRef, StringArray};
use fuelcell_records_kit::Micros;
use fuelcell_records_kit::timestamp::is_missing;

use crate::guess::is_boolean;
use crate::kind::{Column, Kind, Numbers};
use crate::number::exact;
use crate::values::{DAY, Values};

/// A value that is not of its column's kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Misfit {
    /// Its row in the batch.
    pub row: usize,
    /// Its column.
    pub column: usize,
}

/// Reads text as values of a column's kind, written as the column says. Values that do not fit are missing, and named.
pub fn convert(text: &StringArray, column: &Column) -> (ArrayRef, Vec<Misfit>) {
    let mut misfits = Misfits { text, found: Vec::new() };
    let (numbers, times) = (column.numbers, &column.times);
    let array: ArrayRef = match column.kind {
        Kind::Text => Arc::new(text.clone()),
        Kind::Integer => {
            let mut builder = Int64Builder::with_capacity(text.len());
            misfits.each(|value| builder.append_option(value), |value| integer(value, numbers));
            Arc::new(builder.finish())
        }
        Kind::Decimal(scale) => {
            let mut builder =
                Decimal128Builder::with_capacity(text.len()).with_data_type(column.kind.data_type());
            let read = |value: &[u8]| exact(value, numbers).and_then(|exact| exact.rescaled(scale));
            misfits.each(|value| builder.append_option(value), read);
            Arc::new(builder.finish())
        }
        Kind::Float => {
            let mut builder = Float64Builder::with_capacity(text.len());
            misfits.each(|value| builder.append_option(value), |value| float(value, numbers));
            Arc::new(builder.finish())
        }
        Kind::Boolean => {
            let mut builder = BooleanBuilder::with_capacity(text.len());
            misfits.each(|value| builder.append_option(value), is_boolean);
            Arc::new(builder.finish())
        }
        Kind::Date => {
            let mut builder = Date32Builder::with_capacity(text.len());
            let read = |value: &[u8]| times.parse(value).and_then(day);
            misfits.each(|value| builder.append_option(value), read);
            Arc::new(builder.finish())
        }
        Kind::Timestamp { .. } => {
            let mut builder = TimestampMicrosecondBuilder::with_capacity(text.len())
                .with_data_type(column.kind.data_type());
            misfits.each(|value| builder.append_option(value), |value| times.parse(value));
            Arc::new(builder.finish())
        }
        Kind::Duration => {
            let mut builder = DurationMicrosecondBuilder::with_capacity(text.len());
            misfits.each(|value| builder.append_option(value), |value| integer(value, numbers));
            Arc::new(builder.finish())
        }
    };
    (array, misfits.found)
}

struct Misfits<'a> {
    text: &'a StringArray,
    found: Vec<Misfit>,
}

impl Misfits<'_> {
    #[inline]
    fn each<T>(&mut self, mut append: impl FnMut(Option<T>), read: impl Fn(&[u8]) -> Option<T>) {
        for (row, value) in self.text.iter().enumerate() {
            let value = value.map_or(&b""[..], str::as_bytes).trim_ascii();
            let converted = if value.is_empty() { None } else { read(value) };
            if converted.is_none() && !is_missing(value) {
                self.found.push(Misfit { row, column: 0 });
            }
            append(converted);
        }
    }
}

fn integer(value: &[u8], numbers: Numbers) -> Option<i64> {
    i64::try_from(exact(value, numbers)?.rescaled(0)?).ok()
}

fn float(value: &[u8], numbers: Numbers) -> Option<f64> {
    let plain =
        |value: &[u8]| std::str::from_utf8(value).ok()?.parse::<f64>().ok().filter(|value| value.is_finite());
    if numbers == Numbers::Point
        && let Some(value) = plain(value)
    {
        return Some(value);
    }
    let exact = exact(value, numbers)?;
    // Through text: a division would round twice.
    plain(format!("{}e-{}", exact.digits, exact.scale).as_bytes())
}

/// A day, of an instant at its beginning.
fn day(time: Micros) -> Option<i32> {
    (time.rem_euclid(DAY) == 0).then(|| i32::try_from(time.div_euclid(DAY)).ok()).flatten()
}

/// A value as text, in the one form of its kind: ISO 8601, a decimal point, `true`. None where it is missing.
pub fn cell(array: &dyn Array, row: usize) -> Option<String> {
    let mut scratch = String::new();
    let text = Values::of(array)?.text(row, &mut scratch)?;
    Some(text.to_string())
}

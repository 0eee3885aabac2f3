//! Arrays of Arrow's many types as those of our kinds.
//!
//! Arrow's own casts know every pair of types: they would be a third of a guest's code.

use std::fmt::Write as _;
use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::types::{
    ArrowPrimitiveType, Date64Type, Decimal32Type, Decimal64Type, Float16Type, Float32Type, Int8Type,
    Int16Type, Int32Type, Time32MillisecondType, Time32SecondType, Time64MicrosecondType,
    Time64NanosecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{
    Array, ArrayRef, Date32Array, Decimal128Array, DurationMicrosecondArray, Float64Array, Int64Array,
    StringArray, TimestampMicrosecondArray, UInt64Array,
};
use arrow_schema::{DataType, TimeUnit};
use arrow_select::take::take;

use crate::kind::{Kind, MOST_DIGITS};

/// What a type of Arrow becomes.
pub(crate) fn kind(data_type: &DataType) -> Kind {
    match data_type {
        DataType::Int8 | DataType::Int16 | DataType::Int32 | DataType::Int64 => Kind::Integer,
        DataType::UInt8 | DataType::UInt16 | DataType::UInt32 => Kind::Integer,
        DataType::UInt64 => Kind::Decimal(0),
        DataType::Float16 | DataType::Float32 | DataType::Float64 => Kind::Float,
        DataType::Decimal32(_, scale) | DataType::Decimal64(_, scale) | DataType::Decimal128(_, scale)
            if (0..=MOST_DIGITS.cast_signed()).contains(scale) =>
        {
            Kind::Decimal(scale.unsigned_abs())
        }
        DataType::Boolean => Kind::Boolean,
        DataType::Date32 | DataType::Date64 => Kind::Date,
        DataType::Timestamp(_, zone) => Kind::Timestamp { zoned: zone.is_some() },
        DataType::Duration(_) => Kind::Duration,
        DataType::Dictionary(_, value) => kind(value),
        _ => Kind::Text,
    }
}

/// The same values in the type of a kind; none for types that have no such form.
pub(crate) fn of(array: &ArrayRef, kind: Kind) -> Option<ArrayRef> {
    if *array.data_type() == kind.data_type() {
        return Some(Arc::clone(array));
    }
    if let DataType::Dictionary(..) = array.data_type() {
        let dictionary = array.as_any_dictionary();
        let keys = dictionary.normalized_keys().into_iter().enumerate();
        let keys = keys.map(|(row, key)| array.is_valid(row).then_some(key as u64)).collect::<UInt64Array>();
        return take(&of(dictionary.values(), kind)?, &keys, None).ok();
    }
    match kind {
        Kind::Integer => integers(array).map(|values| Arc::new(values) as ArrayRef),
        Kind::Float => floats(array).map(|values| Arc::new(values) as ArrayRef),
        Kind::Decimal(scale) => decimals(array, scale),
        Kind::Date => {
            let days = |millis: i64| i32::try_from(millis.div_euclid(86_400_000)).ok();
            let dates = array.as_primitive_opt::<Date64Type>()?.iter().map(|millis| millis.and_then(days));
            Some(Arc::new(dates.collect::<Date32Array>()))
        }
        Kind::Timestamp { zoned } => {
            let micros = ticks(array)?;
            let times = TimestampMicrosecondArray::from(micros.collect::<Vec<_>>());
            Some(Arc::new(if zoned { times.with_timezone("UTC") } else { times }))
        }
        Kind::Duration => Some(Arc::new(DurationMicrosecondArray::from(ticks(array)?.collect::<Vec<_>>()))),
        Kind::Text => texts(array),
        Kind::Boolean => None,
    }
}

fn each<T: ArrowPrimitiveType>(array: &ArrayRef) -> Option<impl Iterator<Item = Option<T::Native>>> {
    Some(array.as_primitive_opt::<T>()?.iter())
}

fn integers(array: &ArrayRef) -> Option<Int64Array> {
    Some(match array.data_type() {
        DataType::Int8 => each::<Int8Type>(array)?.map(|value| value.map(i64::from)).collect(),
        DataType::Int16 => each::<Int16Type>(array)?.map(|value| value.map(i64::from)).collect(),
        DataType::Int32 => each::<Int32Type>(array)?.map(|value| value.map(i64::from)).collect(),
        DataType::UInt8 => each::<UInt8Type>(array)?.map(|value| value.map(i64::from)).collect(),
        DataType::UInt16 => each::<UInt16Type>(array)?.map(|value| value.map(i64::from)).collect(),
        DataType::UInt32 => each::<UInt32Type>(array)?.map(|value| value.map(i64::from)).collect(),
        _ => return None,
    })
}

fn floats(array: &ArrayRef) -> Option<Float64Array> {
    Some(match array.data_type() {
        DataType::Float16 => {
            each::<Float16Type>(array)?.map(|value| value.map(|value| value.to_f64())).collect()
        }
        DataType::Float32 => each::<Float32Type>(array)?.map(|value| value.map(f64::from)).collect(),
        _ => return None,
    })
}

fn decimals(array: &ArrayRef, scale: u8) -> Option<ArrayRef> {
    let digits: Decimal128Array = match array.data_type() {
        DataType::UInt64 => each::<UInt64Type>(array)?.map(|value| value.map(i128::from)).collect(),
        DataType::Decimal32(..) => each::<Decimal32Type>(array)?.map(|value| value.map(i128::from)).collect(),
        DataType::Decimal64(..) => each::<Decimal64Type>(array)?.map(|value| value.map(i128::from)).collect(),
        DataType::Decimal128(..) => array.as_primitive_opt::<arrow_array::types::Decimal128Type>()?.clone(),
        _ => return None,
    };
    Some(Arc::new(digits.with_precision_and_scale(MOST_DIGITS, scale.cast_signed()).ok()?))
}

/// Instants or spans of any unit, in microseconds. What does not fit is missing.
fn ticks(array: &ArrayRef) -> Option<impl Iterator<Item = Option<i64>>> {
    let (unit, plain) = match array.data_type() {
        DataType::Timestamp(unit, _) | DataType::Duration(unit) => (*unit, array.to_data()),
        _ => return None,
    };
    let plain = Int64Array::from(plain.into_builder().data_type(DataType::Int64).build().ok()?);
    let micros = move |ticks: i64| match unit {
        TimeUnit::Second => ticks.checked_mul(1_000_000),
        TimeUnit::Millisecond => ticks.checked_mul(1_000),
        TimeUnit::Microsecond => Some(ticks),
        TimeUnit::Nanosecond => Some(ticks.div_euclid(1_000)),
    };
    let values: Vec<Option<i64>> = plain.iter().map(|ticks| ticks.and_then(micros)).collect();
    Some(values.into_iter())
}

fn texts(array: &ArrayRef) -> Option<ArrayRef> {
    let text: StringArray = match array.data_type() {
        DataType::LargeUtf8 => array.as_string_opt::<i64>()?.iter().collect(),
        DataType::Utf8View => array.as_string_view_opt()?.iter().collect(),
        DataType::Binary => bytes(array.as_binary_opt::<i32>()?.iter()),
        DataType::LargeBinary => bytes(array.as_binary_opt::<i64>()?.iter()),
        DataType::BinaryView => bytes(array.as_binary_view_opt()?.iter()),
        DataType::FixedSizeBinary(_) => bytes(array.as_fixed_size_binary_opt()?.iter()),
        DataType::Time32(TimeUnit::Second) => clock(each::<Time32SecondType>(array)?, 1),
        DataType::Time32(_) => clock(each::<Time32MillisecondType>(array)?, 1_000),
        DataType::Time64(TimeUnit::Microsecond) => clock(each::<Time64MicrosecondType>(array)?, 1_000_000),
        DataType::Time64(_) => clock(each::<Time64NanosecondType>(array)?, 1_000_000_000),
        DataType::Null => std::iter::repeat_n(None::<&str>, array.len()).collect(),
        _ => return None,
    };
    Some(Arc::new(text))
}

/// Old writers say of texts that they are bytes. Bytes that are no text are written in hexadecimal.
fn bytes<'a>(values: impl Iterator<Item = Option<&'a [u8]>>) -> StringArray {
    let hexadecimal = |bytes: &[u8]| {
        bytes.iter().fold("0x".to_owned(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    };
    let text = |bytes| str::from_utf8(bytes).map_or_else(|_| hexadecimal(bytes), str::to_owned);
    values.map(|value| value.map(text)).collect()
}

/// Times of a day, of so many ticks in a second.
fn clock<T: Into<i64>>(values: impl Iterator<Item = Option<T>>, ticks: i64) -> StringArray {
    let digits = ticks.ilog10() as usize;
    let text = |value: T| {
        let value = value.into();
        let (seconds, rest) = (value.div_euclid(ticks), value.rem_euclid(ticks));
        let whole = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
        match rest {
            0 => whole,
            _ => format!("{whole}.{rest:0digits$}").trim_end_matches('0').to_owned(),
        }
    };
    values.map(|value| value.map(text)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::{DictionaryArray, Int32Array, TimestampNanosecondArray};

    #[test]
    fn values_of_many_types_stay_what_they_are() {
        let shown = |array: ArrayRef, kind| {
            let plain = of(&array, kind).unwrap();
            (0..plain.len()).map(|row| crate::convert::cell(&plain, row)).collect::<Vec<_>>()
        };
        let text = |values: [&str; 2]| values.map(|value| Some(value.to_string())).to_vec();
        assert_eq!(shown(Arc::new(Int32Array::from(vec![1, -2])), Kind::Integer), text(["1", "-2"]));
        assert_eq!(
            shown(Arc::new(UInt64Array::from(vec![1, u64::MAX])), Kind::Decimal(0)),
            text(["1", "18446744073709551615"])
        );
        let nanos: ArrayRef = Arc::new(TimestampNanosecondArray::from(vec![1_000_000_000, -1]));
        let expected = text(["1970-01-01T00:00:01", "1969-12-31T23:59:59.999999"]);
        assert_eq!(shown(nanos, Kind::Timestamp { zoned: false }), expected);
        let words: DictionaryArray<Int32Type> = ["b", "a"].into_iter().collect();
        assert_eq!(shown(Arc::new(words), Kind::Text), text(["b", "a"]));
    }
}

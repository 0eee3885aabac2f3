//! Arrays of Arrow's many types as those of our kinds.
//!
//! Arrow's own casts know every pair of types: they would be a third of a guest's code.

use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::types::{
    ArrowPrimitiveType, Date64Type, Decimal32Type, Decimal64Type, Float16Type, Float32Type, Int8Type,
    Int16Type, Int32Type, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{
    Array, ArrayRef, Date32Array, Decimal128Array, DurationMicrosecondArray, Float64Array, Int64Array,
    StringArray, TimestampMicrosecondArray,
};
use arrow_schema::{DataType, TimeUnit};

use crate::kind::{Kind, MOST_DIGITS};

/// The same values in the type of a kind; none for types that have no such form.
pub(crate) fn of(array: &ArrayRef, kind: Kind) -> Option<ArrayRef> {
    if *array.data_type() == kind.data_type() {
        return Some(Arc::clone(array));
    }
    if let DataType::Dictionary(..) = array.data_type() {
        let dictionary = array.as_any_dictionary();
        let keys = dictionary.normalized_keys();
        let values = of(dictionary.values(), kind)?;
        return taken(&values, array, &keys, kind);
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

/// Values by their places in a dictionary.
fn taken(values: &ArrayRef, array: &ArrayRef, keys: &[usize], kind: Kind) -> Option<ArrayRef> {
    if kind != Kind::Text {
        return None;
    }
    let texts = values.as_string_opt::<i32>()?;
    let value = |(row, key): (usize, &usize)| {
        (array.is_valid(row) && texts.is_valid(*key)).then(|| texts.value(*key))
    };
    Some(Arc::new(keys.iter().enumerate().map(value).collect::<StringArray>()))
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
        DataType::Binary => {
            array.as_binary_opt::<i32>()?.iter().map(|bytes| bytes.map(String::from_utf8_lossy)).collect()
        }
        DataType::Time32(_) | DataType::Time64(_) => return None,
        _ => return None,
    };
    Some(Arc::new(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::{DictionaryArray, Int32Array, TimestampNanosecondArray, UInt64Array};

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

//! Lists, records and maps of columnar files as JSON text, as the same data would stand in a JSON file.

use arrow_array::cast::AsArray as _;
use arrow_array::{Array, ArrayRef, OffsetSizeTrait, StringArray};
use arrow_schema::DataType;
use serde_json::{Map, Number, Value};

use crate::plain;
use crate::values::Values;

/// A column whose values are made of others, with all that are within it in the types of our kinds.
enum Nested {
    Plain(ArrayRef),
    /// Where each row's values begin, and where the last one's end.
    List(ArrayRef, Vec<usize>, Box<Self>),
    Record(ArrayRef, Vec<(String, Self)>),
    /// A list of records of a key and a value.
    Map(ArrayRef, Vec<usize>, Box<[Self; 2]>),
}

/// A column as JSON text; none where something within it has no such form.
pub(crate) fn texts(array: &ArrayRef) -> Option<StringArray> {
    let nested = Nested::of(array)?;
    let text = |row| array.is_valid(row).then(|| nested.value(row).to_string());
    Some((0..array.len()).map(text).collect())
}

fn starts<O: OffsetSizeTrait>(offsets: &[O]) -> Vec<usize> {
    offsets.iter().map(|offset| offset.as_usize()).collect()
}

impl Nested {
    fn of(array: &ArrayRef) -> Option<Self> {
        let own = array.clone();
        Some(match array.data_type() {
            DataType::List(_) => {
                let list = array.as_list::<i32>();
                Self::List(own, starts(list.offsets()), Box::new(Self::of(list.values())?))
            }
            DataType::LargeList(_) => {
                let list = array.as_list::<i64>();
                Self::List(own, starts(list.offsets()), Box::new(Self::of(list.values())?))
            }
            DataType::FixedSizeList(_, size) => {
                let (list, size) = (array.as_fixed_size_list(), usize::try_from(*size).ok()?);
                let starts = (0..=list.len()).map(|row| row * size).collect();
                Self::List(own, starts, Box::new(Self::of(list.values())?))
            }
            DataType::Struct(fields) => {
                let columns = array.as_struct().columns();
                let members = fields
                    .iter()
                    .zip(columns)
                    .map(|(field, column)| Some((field.name().clone(), Self::of(column)?)));
                Self::Record(own, members.collect::<Option<_>>()?)
            }
            DataType::Map(..) => {
                let map = array.as_map();
                let within = Box::new([Self::of(map.keys())?, Self::of(map.values())?]);
                Self::Map(own, starts(map.offsets()), within)
            }
            other => Self::Plain(plain::of(array, plain::kind(other))?),
        })
    }

    fn value(&self, row: usize) -> Value {
        let (Self::Plain(own) | Self::List(own, ..) | Self::Record(own, _) | Self::Map(own, ..)) = self;
        if own.is_null(row) {
            return Value::Null;
        }
        match self {
            Self::Plain(array) => single(array, row),
            Self::List(_, starts, within) => {
                Value::Array((starts[row]..starts[row + 1]).map(|at| within.value(at)).collect())
            }
            Self::Record(_, members) => Value::Object(
                members.iter().map(|(name, within)| (name.clone(), within.value(row))).collect(),
            ),
            Self::Map(_, starts, within) => {
                let [keys, values] = &**within;
                let member = |at| match keys.value(at) {
                    Value::String(key) => (key, values.value(at)),
                    key => (key.to_string(), values.value(at)),
                };
                Value::Object((starts[row]..starts[row + 1]).map(member).collect::<Map<_, _>>())
            }
        }
    }
}

/// Numbers and truth values as JSON has them, all else as text.
fn single(array: &ArrayRef, row: usize) -> Value {
    let Some(values) = Values::of(array) else { return Value::Null };
    match values {
        Values::Integer(integers) => integers.value(row).into(),
        Values::Boolean(truths) => truths.value(row).into(),
        Values::Float(floats) => Number::from_f64(floats.value(row)).map_or(Value::Null, Value::Number),
        _ => values.text(row, &mut String::new()).map_or(Value::Null, Value::from),
    }
}

/// Whether values of a type are made of others.
pub(crate) fn is_nested(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::List(_)
            | DataType::LargeList(_)
            | DataType::FixedSizeList(..)
            | DataType::Struct(_)
            | DataType::Map(..)
    )
}

//! Values between Arrow and SQLite.

use std::sync::Arc;

use arrow_array::builder::{
    BooleanBuilder, Date32Builder, Decimal128Builder, DurationMicrosecondBuilder, Float64Builder,
    Int64Builder, StringBuilder, TimestampMicrosecondBuilder,
};
use arrow_array::{ArrayRef, RecordBatch};
use arrow_schema::Schema;
use fuelcell_table_kit::{Kind, Stop, Values};
use rusqlite::types::{ToSqlOutput, Value, ValueRef};

/// How values stand in a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// For a job's own statements: decimals as their digits, days and instants as numbers. Nothing is lost, and the order is
    /// that of the values. The column [`ROW`] stands before the others.
    Exact,
    /// For what users write: decimals as `REAL`, days as `2024-01-31`, instants as `2024-01-31 09:15:30` with a fraction only
    /// where there is one, truth as 1 and 0, spans of time as seconds.
    Plain,
}

/// The column that numbers the rows of a table in [`Form::Exact`], from 1: a user may call a column `rowid`.
pub const ROW: &str = "_$row";

/// A value that SQLite gave.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// None.
    Null,
    /// A whole number.
    Integer(i64),
    /// A number.
    Real(f64),
    /// Text; bytes that are no text are replaced.
    Text(String),
}

impl Cell {
    pub(crate) fn of(value: ValueRef<'_>) -> Self {
        match value {
            ValueRef::Null => Self::Null,
            ValueRef::Integer(number) => Self::Integer(number),
            ValueRef::Real(number) => Self::Real(number),
            ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
                Self::Text(String::from_utf8_lossy(bytes).into_owned())
            }
        }
    }

    /// As a person writes it.
    pub fn text(&self) -> Option<String> {
        match self {
            Self::Null => None,
            Self::Integer(number) => Some(number.to_string()),
            Self::Real(number) => Some(number.to_string()),
            Self::Text(text) => Some(text.clone()),
        }
    }
}

/// The type that a column is declared with. SQLite keeps what it is given; this says how it compares.
pub(crate) fn declared(kind: Kind, form: Form) -> &'static str {
    match (kind, form) {
        (Kind::Text, _) => "TEXT",
        (Kind::Date | Kind::Timestamp { .. }, Form::Plain) => "TEXT",
        (Kind::Float, _) | (Kind::Decimal(_) | Kind::Duration, Form::Plain) => "REAL",
        _ => "INTEGER",
    }
}

/// The kinds of a schema's columns.
pub(crate) fn kinds(schema: &Schema) -> Vec<Kind> {
    schema.fields().iter().map(|field| Kind::of(field.data_type()).unwrap_or(Kind::Text)).collect()
}

/// A statement that makes a table of these columns.
pub(crate) fn create(table: &str, schema: &Schema, form: Form) -> String {
    let fields = schema.fields().iter().zip(kinds(schema));
    let columns = fields.map(|(field, kind)| format!("{} {}", quoted(field.name()), declared(kind, form)));
    let number = (form == Form::Exact).then(|| format!("{ROW} INTEGER PRIMARY KEY"));
    let columns = number.into_iter().chain(columns).collect::<Vec<_>>();
    format!("CREATE TABLE {} ({})", quoted(table), columns.join(", "))
}

/// A name as SQL writes it.
pub fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The columns of a batch, to be given value by value.
pub(crate) fn columns(batch: &RecordBatch) -> Result<Vec<Values<'_>>, Stop> {
    let unknown = || Stop::failed("Internal", "A column is of a type that tables do not have.");
    batch.columns().iter().map(|array| Values::of(array).ok_or_else(unknown)).collect()
}

/// A value for SQLite.
#[inline]
pub(crate) fn given<'a>(values: Values<'a>, form: Form, row: usize) -> Result<ToSqlOutput<'a>, Stop> {
    if values.is_missing(row) {
        return Ok(ToSqlOutput::Borrowed(ValueRef::Null));
    }
    let integer = |number: i64| ToSqlOutput::Borrowed(ValueRef::Integer(number));
    let real = |number: f64| ToSqlOutput::Borrowed(ValueRef::Real(number));
    Ok(match (values, form) {
        (Values::Text(texts), _) => ToSqlOutput::Borrowed(ValueRef::Text(texts.value(row).as_bytes())),
        (Values::Integer(numbers), _) => integer(numbers.value(row)),
        (Values::Float(numbers), _) => real(numbers.value(row)),
        (Values::Boolean(truths), _) => integer(truths.value(row).into()),
        (Values::Decimal(..), Form::Plain) => real(values.number(row).unwrap_or_default()),
        (Values::Decimal(digits, _), Form::Exact) => {
            integer(i64::try_from(digits.value(row)).map_err(|_| {
                Stop::failed(
                    "DecimalTooLong",
                    "A decimal has more than 18 digits, the most that can be sorted, grouped and joined.",
                )
            })?)
        }
        (Values::Date(days), Form::Exact) => integer(days.value(row).into()),
        (Values::Timestamp(times, _), Form::Exact) => integer(times.value(row)),
        (Values::Duration(spans), Form::Exact) => integer(spans.value(row)),
        (Values::Duration(spans), Form::Plain) => real(spans.value(row) as f64 / 1e6),
        (Values::Date(_) | Values::Timestamp(..), Form::Plain) => {
            let mut text = String::new();
            values.text(row, &mut text);
            if let Some("T") = text.get(10..11) {
                text.replace_range(10..11, " ");
            }
            if text.ends_with('Z') {
                text.pop();
            }
            ToSqlOutput::Owned(Value::Text(text))
        }
    })
}

/// Fills a column with what SQLite gives, in [`Form::Exact`].
pub(crate) enum Filler {
    Text(StringBuilder),
    Integer(Int64Builder),
    Decimal(Decimal128Builder),
    Float(Float64Builder),
    Boolean(BooleanBuilder),
    Date(Date32Builder),
    Timestamp(TimestampMicrosecondBuilder),
    Duration(DurationMicrosecondBuilder),
}

impl Filler {
    pub(crate) fn new(kind: Kind) -> Self {
        let data_type = kind.data_type();
        match kind {
            Kind::Text => Self::Text(StringBuilder::new()),
            Kind::Integer => Self::Integer(Int64Builder::new()),
            Kind::Decimal(_) => Self::Decimal(Decimal128Builder::new().with_data_type(data_type)),
            Kind::Float => Self::Float(Float64Builder::new()),
            Kind::Boolean => Self::Boolean(BooleanBuilder::new()),
            Kind::Date => Self::Date(Date32Builder::new()),
            Kind::Timestamp { .. } => {
                Self::Timestamp(TimestampMicrosecondBuilder::new().with_data_type(data_type))
            }
            Kind::Duration => Self::Duration(DurationMicrosecondBuilder::new()),
        }
    }

    /// Adds a value; one of another sort is missing.
    pub(crate) fn add(&mut self, value: ValueRef<'_>) {
        let integer = match value {
            ValueRef::Integer(number) => Some(number),
            _ => None,
        };
        match self {
            Self::Text(builder) => builder.append_option(Cell::of(value).text()),
            Self::Integer(builder) => builder.append_option(integer),
            Self::Decimal(builder) => builder.append_option(integer.map(i128::from)),
            Self::Float(builder) => builder.append_option(match value {
                ValueRef::Real(number) => Some(number),
                ValueRef::Integer(number) => Some(number as f64),
                _ => None,
            }),
            Self::Boolean(builder) => builder.append_option(integer.map(|number| number != 0)),
            Self::Date(builder) => {
                builder.append_option(integer.and_then(|number| i32::try_from(number).ok()));
            }
            Self::Timestamp(builder) => builder.append_option(integer),
            Self::Duration(builder) => builder.append_option(integer),
        }
    }

    pub(crate) fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Text(builder) => Arc::new(builder.finish()),
            Self::Integer(builder) => Arc::new(builder.finish()),
            Self::Decimal(builder) => Arc::new(builder.finish()),
            Self::Float(builder) => Arc::new(builder.finish()),
            Self::Boolean(builder) => Arc::new(builder.finish()),
            Self::Date(builder) => Arc::new(builder.finish()),
            Self::Timestamp(builder) => Arc::new(builder.finish()),
            Self::Duration(builder) => Arc::new(builder.finish()),
        }
    }
}

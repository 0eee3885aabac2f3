//! Steps that a user writes as an expression.

use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, Int64Array, StringArray};
use arrow_schema::SchemaRef;
use fuelcell_report_kit::text::counted;
use fuelcell_sql_kit::{Cell, Expression};
use fuelcell_table_kit::{Column, Kind, Stop, convert, excerpt};

use crate::bind::Place;
use crate::chunk::{Chunk, with_column};
use crate::ledger::Ledger;
use crate::stage::Stage;
use crate::stages::text::put;
use crate::stages::typed::kind;
use crate::steps::{Derive, Filter, OnError};

/// Digits behind the point of a derived decimal.
const SCALE: u8 = 6;

struct Derived {
    place: Place,
    expression: Expression,
    column: Column,
    schema: SchemaRef,
    at: usize,
    on_error: OnError,
}

pub(super) fn derive(place: Place, step: &Derive, schema: &SchemaRef) -> Result<Box<dyn Stage>, Stop> {
    if step.column.is_empty() || step.column.starts_with("_$") {
        return Err(place.wrong("a new column needs a name that does not begin with \"_$\"."));
    }
    let expression = Expression::new(&step.expression, schema, &place.name)?;
    let found = match step.r#type {
        Some(r#type) => kind(r#type, SCALE),
        None => expression.kind()?,
    };
    let column = Column::new(&step.column, found);
    let kept = if step.on_error == OnError::Keep { Kind::Text } else { column.kind };
    let (schema, at) = with_column(schema, &step.column, kept);
    Ok(Box::new(Derived { place, expression, column, schema, at, on_error: step.on_error }))
}

impl Stage for Derived {
    fn schema(&self) -> SchemaRef {
        SchemaRef::clone(&self.schema)
    }

    fn run(&mut self, chunk: Chunk, ledger: &mut Ledger) -> Result<Chunk, Stop> {
        let mut values = Vec::with_capacity(chunk.lines.len());
        let kind = self.column.kind;
        self.expression.evaluate(&chunk.rows, |_, value| values.push(value))?;
        if let Some(array) = of_kind(&values, kind).filter(|_| self.on_error != OnError::Keep) {
            let mut columns = chunk.rows.columns().to_vec();
            put(&mut columns, self.at, array);
            return Chunk::new(chunk.lines, &self.schema, columns);
        }
        let text: StringArray = values.into_iter().map(|value| written(value, kind)).collect();
        let (array, misfits) = convert(&text, &self.column);
        let mut stays = vec![true; chunk.lines.len()];
        let what = format!("The expression gives no {kind}");
        match self.on_error {
            OnError::Reject if !misfits.is_empty() => {
                let reason = ledger.reason(&self.column.name, &self.place.name, &what);
                for misfit in &misfits {
                    stays[misfit.row] = false;
                    ledger.reject(chunk.lines[misfit.row], reason)?;
                }
            }
            OnError::Null => {
                let message = format!(
                    "{}: values of column \"{}\" that are no {kind} became null",
                    self.place.name,
                    excerpt(&self.column.name)
                );
                ledger.warn("NotOfType", message, misfits.len() as u64);
            }
            _ => {}
        }
        let mut columns = chunk.rows.columns().to_vec();
        put(&mut columns, self.at, if self.on_error == OnError::Keep { Arc::new(text) } else { array });
        Chunk::new(chunk.lines, &self.schema, columns)?.keep(&stays)
    }
}

/// Numbers as they are, if all of them are of the kind: nearly always, and much faster than through text.
fn of_kind(values: &[Cell], kind: Kind) -> Option<ArrayRef> {
    let wrong = match kind {
        Kind::Float => |value: &Cell| match value {
            Cell::Real(number) => !number.is_finite(),
            Cell::Integer(_) | Cell::Null => false,
            Cell::Text(_) => true,
        },
        Kind::Integer => |value: &Cell| !matches!(value, Cell::Integer(_) | Cell::Null),
        _ => return None,
    };
    if values.iter().any(wrong) {
        return None;
    }
    let real = |value: &Cell| match value {
        Cell::Real(number) => Some(*number),
        Cell::Integer(number) => Some(*number as f64),
        _ => None,
    };
    let integer = |value: &Cell| match value {
        Cell::Integer(number) => Some(*number),
        _ => None,
    };
    Some(match kind {
        Kind::Float => Arc::new(values.iter().map(real).collect::<Float64Array>()),
        _ => Arc::new(values.iter().map(integer).collect::<Int64Array>()),
    })
}

/// A value in the form in which its kind is read.
fn written(value: Cell, kind: Kind) -> Option<String> {
    match (value, kind) {
        (Cell::Integer(number @ 0..=1), Kind::Boolean) => Some((number == 1).to_string()),
        (Cell::Real(number), Kind::Integer) if number.fract() == 0.0 => Some(format!("{number:.0}")),
        // A double has some fifteen digits; those behind are noise.
        (Cell::Real(number), Kind::Decimal(scale)) => {
            Some(format!("{number:.scale$}", scale = usize::from(scale)))
        }
        (value, _) => value.text(),
    }
}

struct Filtered {
    place: Place,
    expression: Expression,
    schema: SchemaRef,
    left_out: u64,
}

pub(super) fn filter(place: Place, step: &Filter, schema: &SchemaRef) -> Result<Box<dyn Stage>, Stop> {
    let expression = Expression::new(&step.expression, schema, &place.name)?;
    Ok(Box::new(Filtered { place, expression, schema: schema.clone(), left_out: 0 }))
}

/// What SQLite takes for true.
pub(super) fn is_true(value: &Cell) -> bool {
    match value {
        Cell::Integer(number) => *number != 0,
        Cell::Real(number) => *number != 0.0,
        Cell::Null | Cell::Text(_) => false,
    }
}

impl Stage for Filtered {
    fn schema(&self) -> SchemaRef {
        SchemaRef::clone(&self.schema)
    }

    fn run(&mut self, chunk: Chunk, ledger: &mut Ledger) -> Result<Chunk, Stop> {
        let mut stays = Vec::with_capacity(chunk.lines.len());
        self.expression.evaluate(&chunk.rows, |_, value| stays.push(is_true(&value)))?;
        let left_out = stays.iter().filter(|stays| !**stays).count() as u64;
        self.left_out += left_out;
        let of_the_file =
            chunk.lines.iter().zip(&stays).filter(|(line, stays)| **line > 0 && !**stays).count();
        ledger.filtered += of_the_file as u64;
        chunk.keep(&stays)
    }

    fn end(&mut self, ledger: &mut Ledger) {
        ledger.note(&self.place.name, format!("{} left out", counted(self.left_out, "row")));
    }
}

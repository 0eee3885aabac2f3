//! Values that say who is meant, hidden.

use arrow_array::{Array, ArrayRef, StringArray};
use arrow_schema::SchemaRef;
use fuelcell_table_kit::{Column, Kind, Stop, cell, convert, parse_iso, time_text};

use crate::bind::Place;
use crate::chunk::{Chunk, kind_at, with_column};
use crate::ledger::Ledger;
use crate::stage::Stage;
use crate::stages::text::put;
use crate::steps::{Anonymise, Hiding};

const DAY: i64 = 86_400_000_000;

struct Hidden<F> {
    schema: SchemaRef,
    from: usize,
    column: Column,
    hide: F,
}

impl<F: Fn(&str) -> String> Stage for Hidden<F> {
    fn schema(&self) -> SchemaRef {
        SchemaRef::clone(&self.schema)
    }

    fn run(&mut self, chunk: Chunk, _: &mut Ledger) -> Result<Chunk, Stop> {
        let array = chunk.rows.column(self.from);
        let hidden: StringArray =
            (0..array.len()).map(|row| cell(array, row).map(|text| (self.hide)(&text))).collect();
        let (hidden, _): (ArrayRef, _) = convert(&hidden, &self.column);
        let mut columns = chunk.rows.columns().to_vec();
        put(&mut columns, self.from, hidden);
        Chunk::new(chunk.lines, &self.schema, columns)
    }
}

pub(super) fn anonymise(place: &Place, step: &Anonymise, schema: &SchemaRef) -> Result<Box<dyn Stage>, Stop> {
    let from = place.column(schema, &step.column)?;
    match step.method {
        Hiding::Mask => {
            let keep = step.keep;
            Ok(hidden(step, schema, from, Kind::Text, move |text| mask(text, keep)))
        }
        Hiding::Generalise => generalise(place, step, schema, from),
    }
}

fn hidden(
    step: &Anonymise,
    schema: &SchemaRef,
    from: usize,
    kind: Kind,
    hide: impl Fn(&str) -> String + 'static,
) -> Box<dyn Stage> {
    let (schema, _) = with_column(schema, &step.column, kind);
    Box::new(Hidden { schema, from, column: Column::new(&step.column, kind), hide })
}

/// All but the last letters become `*`.
fn mask(text: &str, keep: usize) -> String {
    let letters = text.chars().count();
    let hidden = letters.saturating_sub(keep);
    text.chars().enumerate().map(|(at, char)| if at < hidden { '*' } else { char }).collect()
}

fn generalise(
    place: &Place,
    step: &Anonymise,
    schema: &SchemaRef,
    from: usize,
) -> Result<Box<dyn Stage>, Stop> {
    let width = step.width.filter(|width| width.is_finite() && *width > 0.0);
    let width = width.ok_or_else(|| place.wrong("width says how wide the groups are; it is more than 0."))?;
    let kind = kind_at(schema, from);
    Ok(match kind {
        Kind::Text => {
            hidden(step, schema, from, Kind::Text, move |text| text.chars().take(width as usize).collect())
        }
        kind if kind.is_time() => {
            let days = (width.round() as i64).max(1) * DAY;
            hidden(step, schema, from, Kind::Date, move |text| {
                let time = parse_iso(text.as_bytes()).map(|time| time_text(time.div_euclid(days) * days));
                time.map_or(String::new(), |time| {
                    String::from_utf8_lossy(&time.as_bytes()[..10]).into_owned()
                })
            })
        }
        kind if kind.is_number() => hidden(step, schema, from, Kind::Float, move |text| {
            text.parse::<f64>().map_or(String::new(), |number| ((number / width).floor() * width).to_string())
        }),
        kind => return Err(place.wrong(format!("a column of type {kind} cannot be generalised."))),
    })
}

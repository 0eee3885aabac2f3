//! Values that say who is meant, hidden.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::types::{Date32Type, TimestampMicrosecondType};
use arrow_array::{Array, ArrayRef, StringArray};
use arrow_schema::SchemaRef;
use fuelcell_sdk::Context;
use fuelcell_table_kit::{Column, Kind, Stop, Values, cell, convert, excerpt, parse_iso, time_text};

use crate::bind::Place;
use crate::chunk::{Chunk, kind_at, with_column};
use crate::ledger::Ledger;
use crate::stage::{Stage, Surroundings};
use crate::stages::text::put;
use crate::steps::{Anonymise, Hiding, Step};

const DAY: i64 = 86_400_000_000;
/// Hexadecimal digits of a pseudonym: 128 bits.
const DIGITS: usize = 32;
/// What stands before a key whose days are asked for. No value of a table begins so: a pseudonym tells no days.
const DAYS_OF: &[u8] = b"\0days\0";

/// Whether every secret that the steps name can be used. It is asked before the work: what fails late has cost much.
pub(crate) fn check_secrets(context: &Context, steps: &[Step]) -> Result<(), Stop> {
    for (number, step) in steps.iter().enumerate() {
        let Step::Anonymise(step) = step else { continue };
        if !step.needs_secret() {
            continue;
        }
        context.hmac(&step.secret, DAYS_OF).map_err(|error| match error {
            fuelcell_sdk::HostError::Invalid(why) => Stop::failed(
                "SecretNotGranted",
                format!(
                    "steps/{number}/anonymise cannot use the secret \"{}\": {why}.",
                    excerpt(&step.secret)
                ),
            ),
            other => other.into(),
        })?;
    }
    Ok(())
}

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
        let (values, mut scratch) = (Values::of(array), String::new());
        let mut hide = |row| Some((self.hide)(values?.text(row, &mut scratch)?));
        let hidden: StringArray = (0..array.len()).map(&mut hide).collect();
        let (hidden, _): (ArrayRef, _) = convert(&hidden, &self.column);
        let mut columns = chunk.rows.columns().to_vec();
        put(&mut columns, self.from, hidden);
        Chunk::new(chunk.lines, &self.schema, columns)
    }
}

pub(super) fn anonymise<'a>(
    place: &Place,
    step: &Anonymise,
    schema: &SchemaRef,
    around: &Surroundings<'a>,
) -> Result<Box<dyn Stage + 'a>, Stop> {
    let from = place.column(schema, &step.column)?;
    if step.key.is_some() && step.method != Hiding::ShiftDates {
        return Err(place.wrong("key is for shiftDates."));
    }
    match step.method {
        Hiding::Hash => {
            let (schema, _) = with_column(schema, &step.column, Kind::Text);
            let keyed = Keyed { context: around.context, secret: step.secret.clone() };
            Ok(Box::new(Hashed { schema, from, keyed }))
        }
        Hiding::ShiftDates => {
            if !kind_at(schema, from).is_time() {
                let kind = kind_at(schema, from);
                return Err(place.wrong(format!(
                    "shiftDates is for days and times; the column is of type {kind}. Parse it first."
                )));
            }
            let Some(key) = &step.key else {
                return Err(
                    place.wrong("key says which rows are moved alike, such as the column of the case.")
                );
            };
            let key = place.column(schema, key)?;
            if key == from {
                return Err(place.wrong("key is the column that is moved; intervals would not stay."));
            }
            let keyed = Keyed { context: around.context, secret: step.secret.clone() };
            Ok(Box::new(Shifted { schema: schema.clone(), from, key, days: step.days, keyed }))
        }
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
    let mut masked = "*".repeat(hidden);
    masked.extend(text.chars().skip(hidden));
    masked
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

/// A secret of the project, with which the host computes.
struct Keyed<'a> {
    context: &'a Context,
    secret: String,
}

impl Keyed<'_> {
    /// The HMACs of the different values of a column, each asked for once. A missing one has none.
    fn of(&self, array: &ArrayRef, before: &[u8]) -> Result<Vec<Option<[u8; 32]>>, Stop> {
        let mut places: HashMap<String, usize> = HashMap::new();
        let mut texts: Vec<Vec<u8>> = Vec::new();
        let rows: Vec<Option<usize>> = (0..array.len())
            .map(|row| {
                let text = cell(array, row)?;
                Some(*places.entry(text).or_insert_with_key(|text| {
                    texts.push([before, text.as_bytes()].concat());
                    texts.len() - 1
                }))
            })
            .collect();
        let macs = self.context.hmac_all(&self.secret, &texts)?;
        Ok(rows.into_iter().map(|place| macs.get(place?).copied()).collect())
    }
}

struct Hashed<'a> {
    schema: SchemaRef,
    from: usize,
    keyed: Keyed<'a>,
}

impl Stage for Hashed<'_> {
    fn schema(&self) -> SchemaRef {
        SchemaRef::clone(&self.schema)
    }

    fn run(&mut self, chunk: Chunk, _: &mut Ledger) -> Result<Chunk, Stop> {
        let macs = self.keyed.of(chunk.rows.column(self.from), b"")?;
        let hashed: StringArray = macs.into_iter().map(|mac| mac.map(|mac| hexadecimal(&mac))).collect();
        let mut columns = chunk.rows.columns().to_vec();
        put(&mut columns, self.from, Arc::new(hashed));
        Chunk::new(chunk.lines, &self.schema, columns)
    }
}

fn hexadecimal(mac: &[u8]) -> String {
    mac.iter().take(DIGITS / 2).map(|byte| format!("{byte:02x}")).collect()
}

struct Shifted<'a> {
    schema: SchemaRef,
    from: usize,
    key: usize,
    days: u32,
    keyed: Keyed<'a>,
}

impl Stage for Shifted<'_> {
    fn schema(&self) -> SchemaRef {
        SchemaRef::clone(&self.schema)
    }

    fn run(&mut self, chunk: Chunk, ledger: &mut Ledger) -> Result<Chunk, Stop> {
        let macs = self.keyed.of(chunk.rows.column(self.key), DAYS_OF)?;
        // Without a key nobody knows how far a row would move: its time goes.
        let moves: Vec<Option<i64>> =
            macs.iter().map(|mac| mac.map(|mac| days_of(&mac, self.days))).collect();
        let times = chunk.rows.column(self.from);
        let lost =
            moves.iter().enumerate().filter(|(row, days)| days.is_none() && times.is_valid(*row)).count();
        ledger.warn("NoKey", "Times of rows without a key cannot be moved and were left out", lost as u64);
        let moved: ArrayRef = match times.as_primitive_opt::<Date32Type>() {
            Some(days) => {
                let moved =
                    days.iter().zip(&moves).map(|(day, by)| day?.checked_add(i32::try_from((*by)?).ok()?));
                Arc::new(moved.collect::<arrow_array::Date32Array>())
            }
            None => {
                let micros = times.as_primitive::<TimestampMicrosecondType>();
                let moved = micros.iter().zip(&moves).map(|(time, by)| time?.checked_add((*by)? * DAY));
                let moved: arrow_array::TimestampMicrosecondArray = moved.collect();
                Arc::new(moved.with_data_type(times.data_type().clone()))
            }
        };
        let mut columns = chunk.rows.columns().to_vec();
        put(&mut columns, self.from, moved);
        Chunk::new(chunk.lines, &self.schema, columns)
    }
}

/// From one day to so many, back or forth; never none.
fn days_of(mac: &[u8; 32], most: u32) -> i64 {
    let number = mac.iter().take(16).fold(0_u128, |number, byte| number << 8 | u128::from(*byte));
    // Of 128 bits the remainder is as good as even.
    let days = (number >> 1) % u128::from(most.max(1)) + 1;
    let days = i64::try_from(days).unwrap_or(1);
    if number & 1 == 0 { days } else { -days }
}

//! Steps that make values of a type.

use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::{Array, ArrayRef, StringArray, TimestampMicrosecondArray};
use arrow_schema::SchemaRef;
use arrow_select::zip::zip;
use chrono::{DateTime, Datelike as _, LocalResult, NaiveDateTime, TimeZone as _};
use chrono_tz::Tz;
use fuelcell_parameters_kit::zone;
use fuelcell_table_kit::{
    Column, Kind, Micros, Numbers, Stop, Timestamps, Values, cell, convert, excerpt, is_missing,
};
use serde_json::Value;

use crate::bind::{Hints, Place};
use crate::chunk::{Chunk, kind_at, with_column};
use crate::ledger::Ledger;
use crate::stage::Stage;
use crate::stages::text::put;
use crate::steps::{Bin, Cast, EpochUnit, Fill, OnError, ParseTimes, Type};

/// Digits behind the point of decimals about which nothing is known.
const SCALE: u8 = 2;

/// The kind that a type means.
pub(crate) fn kind(r#type: Type, scale: u8) -> Kind {
    match r#type {
        Type::Text => Kind::Text,
        Type::Integer => Kind::Integer,
        Type::Decimal => Kind::Decimal(scale),
        Type::Float => Kind::Float,
        Type::Boolean => Kind::Boolean,
        Type::Date => Kind::Date,
        Type::Timestamp => Kind::Timestamp { zoned: false },
    }
}

/// Values as text, whatever they are.
pub(crate) fn as_text(array: &ArrayRef) -> StringArray {
    match array.as_string_opt::<i32>() {
        Some(text) => text.clone(),
        None => (0..array.len()).map(|row| cell(array, row)).collect(),
    }
}

/// Reads a column anew.
struct Read {
    place: Place,
    schema: SchemaRef,
    index: usize,
    column: Column,
    reader: Reader,
    on_error: OnError,
}

enum Reader {
    /// As the column says.
    Plain,
    Times(Times),
}

impl Stage for Read {
    fn schema(&self) -> SchemaRef {
        SchemaRef::clone(&self.schema)
    }

    fn run(&mut self, chunk: Chunk, ledger: &mut Ledger) -> Result<Chunk, Stop> {
        let text = as_text(chunk.rows.column(self.index));
        let (array, misfits) = match &self.reader {
            Reader::Plain => {
                let (array, misfits) = convert(&text, &self.column);
                (array, misfits.into_iter().map(|misfit| misfit.row).collect())
            }
            Reader::Times(times) => times.convert(&text),
        };
        let mut columns = chunk.rows.columns().to_vec();
        columns[self.index] = match self.on_error {
            OnError::Keep => kept(&array, &text, &misfits)?,
            _ => array,
        };
        let mut stays = vec![true; chunk.lines.len()];
        let what = format!("The value is no {}", self.column.kind);
        match self.on_error {
            OnError::Reject => settle(
                &misfits,
                &mut stays,
                &chunk.lines,
                ledger,
                &self.column.name,
                &self.place.name,
                &what,
            )?,
            OnError::Null => ledger.warn("NotOfType", self.odd("became null"), misfits.len() as u64),
            OnError::Keep => ledger.warn("NotOfType", self.odd("were kept"), misfits.len() as u64),
        }
        Chunk::new(chunk.lines, &self.schema, columns)?.keep(&stays)
    }
}

impl Read {
    fn odd(&self, became: &str) -> String {
        let (name, kind) = (excerpt(&self.column.name), self.column.kind);
        format!("{}: values of column \"{name}\" that are no {kind} {became}", self.place.name)
    }
}

/// Rejects the rows of values that do not fit.
fn settle(
    misfits: &[usize],
    stays: &mut [bool],
    lines: &[u64],
    ledger: &mut Ledger,
    column: &str,
    rule: &str,
    what: &str,
) -> Result<(), Stop> {
    if misfits.is_empty() {
        return Ok(());
    }
    let reason = ledger.reason(column, rule, what);
    for &row in misfits {
        stays[row] = false;
        ledger.reject(lines[row], reason)?;
    }
    Ok(())
}

/// Read values as text, and those that could not be read as they were.
fn kept(array: &ArrayRef, text: &StringArray, misfits: &[usize]) -> Result<ArrayRef, Stop> {
    let mut is_misfit = vec![false; text.len()];
    misfits.iter().for_each(|&row| is_misfit[row] = true);
    let mask = arrow_array::BooleanArray::from(is_misfit);
    zip(&mask, text, &as_text(array)).map_err(|error| Stop::failed("Internal", error.to_string()))
}

pub(super) fn cast(
    place: Place,
    step: &Cast,
    schema: &SchemaRef,
    hints: &Hints,
) -> Result<Box<dyn Stage>, Stop> {
    let index = place.column(schema, &step.column)?;
    let hint = hints.get(&step.column);
    // What was found out about a column of text holds for its values.
    let hint = hint.filter(|_| kind_at(schema, index) == Kind::Text);
    let scale = step.scale.or(hint.map(|hint| hint.scale)).unwrap_or(SCALE).min(18);
    let mut column = Column::new(&step.column, kind(step.r#type, scale));
    column.numbers = match (step.decimal_comma, hint) {
        (Some(true), _) => Numbers::Comma,
        (Some(false), _) => Numbers::Point,
        (None, hint) => hint.map_or(Numbers::Point, |hint| hint.numbers),
    };
    column.times = match step.formats.is_empty() {
        false => Timestamps::new(&step.formats).map_err(|error| place.wrong(error.message))?,
        true => hint.map_or_else(Timestamps::iso, |hint| hint.times.clone()),
    };
    if let Kind::Timestamp { zoned } = kind_at(schema, index)
        && step.r#type == Type::Timestamp
    {
        column.kind = Kind::Timestamp { zoned };
    }
    let kept = if step.on_error == OnError::Keep { Kind::Text } else { column.kind };
    let (schema, _) = with_column(schema, &step.column, kept);
    Ok(Box::new(Read { place, schema, index, column, reader: Reader::Plain, on_error: step.on_error }))
}

/// Reads times.
struct Times {
    forms: Timestamps,
    unit: Option<EpochUnit>,
    pivot_year: Option<i32>,
    zone: Option<Tz>,
}

impl Times {
    fn convert(&self, text: &StringArray) -> (ArrayRef, Vec<usize>) {
        let mut misfits = Vec::new();
        let times = text.iter().enumerate().map(|(row, text)| {
            let text = text.map(str::trim).filter(|text| !is_missing(text.as_bytes()))?;
            let time = self.read(text);
            if time.is_none() {
                misfits.push(row);
            }
            time
        });
        let array = TimestampMicrosecondArray::from_iter(times).with_timezone("UTC");
        (Arc::new(array), misfits)
    }

    fn read(&self, text: &str) -> Option<Micros> {
        if let Some((unit, number)) = self.unit.zip(text.parse().ok()) {
            return epoch(number, unit);
        }
        let time = self.forms.parse(text.as_bytes())?;
        let time = self.pivot_year.map_or(Some(time), |pivot| pivoted(time, pivot))?;
        match self.zone {
            Some(zone) if !has_offset(text) => {
                let local = DateTime::from_timestamp_micros(time)?.naive_utc();
                local_time(zone, local)
            }
            _ => Some(time),
        }
    }
}

/// What a clock in a zone showed, as an instant. Of an hour that happened twice the first; of one that did not happen none.
fn local_time(zone: Tz, local: NaiveDateTime) -> Option<Micros> {
    match zone.from_local_datetime(&local) {
        LocalResult::Single(time) | LocalResult::Ambiguous(time, _) => Some(time.timestamp_micros()),
        LocalResult::None => None,
    }
}

fn has_offset(text: &str) -> bool {
    let tail = text.get(10..).unwrap_or_default();
    tail.ends_with(['Z', 'z']) || tail.ends_with("UTC") || tail.contains(['+', '-'])
}

/// The same day of the year that has these two digits and is the first from the pivot on.
fn pivoted(time: Micros, pivot: i32) -> Option<Micros> {
    let date = DateTime::from_timestamp_micros(time)?;
    let year = pivot + (date.year() - pivot).rem_euclid(100);
    Some(date.with_year(year)?.timestamp_micros())
}

/// Seconds of a day.
const DAY: f64 = 86_400.0;
/// Days from 1899-12-30 to 1970-01-01.
const EXCEL_EPOCH: f64 = 25_569.0;

fn epoch(number: f64, unit: EpochUnit) -> Option<Micros> {
    let micros = match unit {
        EpochUnit::Seconds => number * 1e6,
        EpochUnit::Milliseconds => number * 1e3,
        EpochUnit::Microseconds => number,
        // To the millisecond: a double has no more of a day.
        EpochUnit::ExcelDays => ((number - EXCEL_EPOCH) * DAY * 1e3).round() * 1e3,
    };
    // The years 1 to 9999.
    (-6.21e16..2.534e17).contains(&micros).then_some(micros.round() as Micros)
}

pub(super) fn parse_times(
    place: Place,
    step: &ParseTimes,
    schema: &SchemaRef,
    hints: &Hints,
) -> Result<Box<dyn Stage>, Stop> {
    let index = place.column(schema, &step.column)?;
    let hint = hints.get(&step.column);
    let forms = match (step.formats.is_empty(), hint) {
        (false, _) => Timestamps::new(&step.formats).map_err(|error| place.wrong(error.message))?,
        (true, Some(hint)) => hint.times.clone(),
        (true, None) => Timestamps::iso(),
    };
    let two_digits = step.formats.iter().any(|form| form.contains("%y") || form.contains("%D"));
    if two_digits != step.pivot_year.is_some() {
        return Err(place.wrong(match two_digits {
            true => "a form has a year of two digits (%y); pivotYear says which century is meant.",
            false => "pivotYear is for forms with a year of two digits (%y).",
        }));
    }
    let zone = step
        .time_zone
        .as_deref()
        .map(|name| zone(Some(name), &format!("{}/timeZone", place.name)))
        .transpose()?;
    let times = Times { forms, unit: step.unit, pivot_year: step.pivot_year, zone };
    let column = Column::new(&step.column, Kind::Timestamp { zoned: true });
    let kept = if step.on_error == OnError::Keep { Kind::Text } else { column.kind };
    let (schema, _) = with_column(schema, &step.column, kept);
    Ok(Box::new(Read { place, schema, index, column, reader: Reader::Times(times), on_error: step.on_error }))
}

struct Filled {
    schema: SchemaRef,
    index: usize,
    value: ArrayRef,
    name: String,
    filled: u64,
}

/// A value that is given, for missing ones.
pub(super) fn fill(place: &Place, step: &Fill, schema: &SchemaRef) -> Result<Box<dyn Stage>, Stop> {
    let index = place.column(schema, &step.column)?;
    let text = match &step.value {
        None | Some(Value::Null) => return Err(place.wrong("value says what missing values become.")),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    let column = Column::new(&step.column, kind_at(schema, index));
    let (value, misfits) = convert(&StringArray::from(vec![text.as_str()]), &column);
    if !misfits.is_empty() || value.is_null(0) {
        return Err(place.wrong(format!("the value \"{}\" is no {}.", excerpt(&text), column.kind)));
    }
    Ok(Box::new(Filled { schema: schema.clone(), index, value, name: place.name.clone(), filled: 0 }))
}

impl Stage for Filled {
    fn schema(&self) -> SchemaRef {
        SchemaRef::clone(&self.schema)
    }

    fn run(&mut self, chunk: Chunk, _: &mut Ledger) -> Result<Chunk, Stop> {
        let mut columns = chunk.rows.columns().to_vec();
        let array = &columns[self.index];
        self.filled += array.null_count() as u64;
        if array.null_count() > 0 {
            let there: arrow_array::BooleanArray =
                (0..array.len()).map(|row| Some(array.is_valid(row))).collect();
            let filled = zip(&there, array, &arrow_array::Scalar::new(&self.value))
                .map_err(|error| Stop::failed("Internal", error.to_string()))?;
            put(&mut columns, self.index, filled);
        }
        Chunk::new(chunk.lines, &self.schema, columns)
    }

    fn end(&mut self, ledger: &mut Ledger) {
        ledger.note(&self.name, format!("{} values were filled", self.filled));
    }
}

struct Bins {
    schema: SchemaRef,
    from: usize,
    edges: Vec<f64>,
    labels: Vec<String>,
}

pub(super) fn bin(place: &Place, step: &Bin, schema: &SchemaRef) -> Result<Box<dyn Stage>, Stop> {
    let from = place.number(schema, &step.column)?;
    place.free(schema, &step.into)?;
    if step.edges.windows(2).any(|pair| pair[0] >= pair[1]) || step.edges.iter().any(|edge| !edge.is_finite())
    {
        return Err(place.wrong("edges must rise."));
    }
    let labels = step.labels.clone().unwrap_or_else(|| ranges(&step.edges));
    if labels.len() != step.edges.len() + 1 {
        return Err(place.wrong(format!(
            "{} edges make {} bins; there are {} labels.",
            step.edges.len(),
            step.edges.len() + 1,
            labels.len()
        )));
    }
    let (schema, _) = with_column(schema, &step.into, Kind::Text);
    Ok(Box::new(Bins { schema, from, edges: step.edges.clone(), labels }))
}

/// `< 10`, `10 – 20`, `≥ 20`
fn ranges(edges: &[f64]) -> Vec<String> {
    let inner = edges.windows(2).map(|pair| format!("{} – {}", pair[0], pair[1]));
    let first = edges.first().map(|edge| format!("< {edge}"));
    let last = edges.last().map(|edge| format!("≥ {edge}"));
    first.into_iter().chain(inner).chain(last).collect()
}

/// A number of any kind.
pub(crate) fn number(array: &ArrayRef, row: usize) -> Option<f64> {
    match Values::of(array)? {
        Values::Text(texts) => texts.is_valid(row).then(|| texts.value(row).parse().ok()).flatten(),
        Values::Date(_) | Values::Timestamp(..) => None,
        values => values.number(row),
    }
}

impl Stage for Bins {
    fn schema(&self) -> SchemaRef {
        SchemaRef::clone(&self.schema)
    }

    fn run(&mut self, chunk: Chunk, _: &mut Ledger) -> Result<Chunk, Stop> {
        let array = chunk.rows.column(self.from);
        let bins = (0..array.len()).map(|row| {
            let value = number(array, row)?;
            self.labels.get(self.edges.partition_point(|edge| *edge <= value))
        });
        let bins: ArrayRef = Arc::new(bins.collect::<StringArray>());
        let mut columns = chunk.rows.columns().to_vec();
        columns.push(bins);
        Chunk::new(chunk.lines, &self.schema, columns)
    }
}

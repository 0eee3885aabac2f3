//! Steps on texts.

use std::sync::Arc;

use arrow_array::builder::StringBuilder;
use arrow_array::cast::AsArray as _;
use arrow_array::{Array, ArrayRef, StringArray};
use arrow_schema::SchemaRef;
use fuelcell_table_kit::{Kind, Stop, Values, cell};
use icu_normalizer::{ComposingNormalizer, ComposingNormalizerBorrowed};
use regex::Regex;

use crate::bind::Place;
use crate::chunk::{Chunk, field, kind_at, schema_of, with_column};
use crate::ledger::Ledger;
use crate::stage::Stage;
use crate::steps::{Case, Extract, Join, MapValues, Normalise, OnError, Split, Trim, Unicode};

/// Rewrites texts where they are.
struct Rewrite<F> {
    schema: SchemaRef,
    columns: Vec<usize>,
    rewrite: F,
}

impl<F: Fn(&str) -> Option<String>> Stage for Rewrite<F> {
    fn schema(&self) -> SchemaRef {
        SchemaRef::clone(&self.schema)
    }

    fn run(&mut self, chunk: Chunk, _: &mut Ledger) -> Result<Chunk, Stop> {
        let mut columns = chunk.rows.columns().to_vec();
        for &index in &self.columns {
            let texts = columns[index].as_string::<i32>();
            // An empty text is a missing one, as it is when a file is read.
            let rewritten = texts.iter().map(|text| (self.rewrite)(text?).filter(|text| !text.is_empty()));
            columns[index] = Arc::new(rewritten.collect::<StringArray>());
        }
        Chunk::new(chunk.lines, &self.schema, columns)
    }
}

fn texts(place: &Place, names: Option<&Vec<String>>, schema: &SchemaRef) -> Result<Vec<usize>, Stop> {
    match names {
        Some(names) => names.iter().map(|name| place.text(schema, name)).collect(),
        None => {
            Ok((0..schema.fields().len()).filter(|&index| kind_at(schema, index) == Kind::Text).collect())
        }
    }
}

pub(super) fn trim(place: &Place, step: &Trim, schema: &SchemaRef) -> Result<Box<dyn Stage>, Stop> {
    let columns = texts(place, step.columns.as_ref(), schema)?;
    Ok(Box::new(Rewrite {
        schema: schema.clone(),
        columns,
        rewrite: |text: &str| Some(text.trim().to_string()),
    }))
}

pub(super) fn normalise(place: &Place, step: &Normalise, schema: &SchemaRef) -> Result<Box<dyn Stage>, Stop> {
    let columns = texts(place, step.columns.as_ref(), schema)?;
    let form: ComposingNormalizerBorrowed<'static> = match step.unicode {
        Unicode::Nfc => ComposingNormalizer::new_nfc(),
        Unicode::Nfkc => ComposingNormalizer::new_nfkc(),
    };
    let (case, white_space) = (step.case, step.white_space);
    let rewrite = move |text: &str| {
        let text = form.normalize(text);
        let text = if white_space { one_space(&text) } else { text.into_owned() };
        Some(match case {
            None => text,
            Some(Case::Lower) => text.to_lowercase(),
            Some(Case::Upper) => text.to_uppercase(),
            Some(Case::Title) => title(&text),
        })
    };
    Ok(Box::new(Rewrite { schema: schema.clone(), columns, rewrite }))
}

/// No white space at the ends, and one space for other white space.
fn one_space(text: &str) -> String {
    let mut words = text.split_whitespace();
    let mut spaced = String::with_capacity(text.len());
    spaced.push_str(words.next().unwrap_or_default());
    for word in words {
        spaced.push(' ');
        spaced.push_str(word);
    }
    spaced
}

/// The first letter of each word large, all others small.
fn title(text: &str) -> String {
    let mut inside = false;
    let mut titled = String::with_capacity(text.len());
    for char in text.chars() {
        match inside {
            // Most are ASCII, and their other case is one letter.
            _ if char.is_ascii() => {
                titled.push(if inside { char.to_ascii_lowercase() } else { char.to_ascii_uppercase() });
            }
            true => titled.extend(char.to_lowercase()),
            false => titled.extend(char.to_uppercase()),
        }
        inside = char.is_alphanumeric() || (inside && char == '\'');
    }
    titled
}

pub(super) fn map(place: &Place, step: &MapValues, schema: &SchemaRef) -> Result<Box<dyn Stage>, Stop> {
    let from = place.column(schema, &step.column)?;
    let (schema, at) = match &step.into {
        Some(into) => {
            place.free(schema, into)?;
            with_column(schema, into, Kind::Text)
        }
        None => with_column(schema, &step.column, Kind::Text),
    };
    Ok(Box::new(Map { schema, from, at, step: step.clone() }))
}

struct Map {
    schema: SchemaRef,
    from: usize,
    at: usize,
    step: MapValues,
}

impl Stage for Map {
    fn schema(&self) -> SchemaRef {
        SchemaRef::clone(&self.schema)
    }

    fn run(&mut self, chunk: Chunk, _: &mut Ledger) -> Result<Chunk, Stop> {
        let mut columns = chunk.rows.columns().to_vec();
        let old = columns[self.from].clone();
        let values = Values::of(&old);
        let (mut mapped, mut scratch) = (StringBuilder::new(), String::new());
        for row in 0..old.len() {
            // A missing value is mapped by the empty one.
            let value = values.and_then(|values| values.text(row, &mut scratch));
            let new = match self.step.values.get(value.unwrap_or_default()) {
                Some(new) => new.as_deref(),
                None => value.and_then(|value| self.step.default.as_deref().or(Some(value))),
            };
            mapped.append_option(new.filter(|text| !text.is_empty()));
        }
        put(&mut columns, self.at, Arc::new(mapped.finish()));
        Chunk::new(chunk.lines, &self.schema, columns)
    }
}

pub(super) fn put(columns: &mut Vec<ArrayRef>, at: usize, array: ArrayRef) {
    match columns.get_mut(at) {
        Some(place) => *place = array,
        None => columns.push(array),
    }
}

/// Makes several texts of one.
struct Parts<F> {
    place: Place,
    schema: SchemaRef,
    from: usize,
    width: usize,
    column: String,
    on_error: OnError,
    parts: F,
}

impl<F: Fn(&str, &mut Vec<Option<String>>) -> bool> Stage for Parts<F> {
    fn schema(&self) -> SchemaRef {
        SchemaRef::clone(&self.schema)
    }

    fn run(&mut self, chunk: Chunk, ledger: &mut Ledger) -> Result<Chunk, Stop> {
        let mut found: Vec<Vec<Option<String>>> = vec![Vec::with_capacity(chunk.lines.len()); self.width];
        let mut stays = vec![true; chunk.lines.len()];
        let mut parts = Vec::new();
        let mut missed = 0;
        for (row, text) in chunk.rows.column(self.from).as_string::<i32>().iter().enumerate() {
            parts.clear();
            if text.is_some_and(|text| !(self.parts)(text, &mut parts)) {
                missed += 1;
                stays[row] = self.on_error != OnError::Reject;
                if !stays[row] {
                    let reason =
                        ledger.reason(&self.column, &self.place.name, "The value does not match the pattern");
                    ledger.reject(chunk.lines[row], reason)?;
                }
            }
            parts.resize(self.width, None);
            for (column, part) in found.iter_mut().zip(parts.drain(..)) {
                column.push(part.filter(|part| !part.is_empty()));
            }
        }
        if self.on_error == OnError::Null {
            ledger.warn("NoMatch", format!("{}: values do not match the pattern", self.place.name), missed);
        }
        let mut columns = chunk.rows.columns().to_vec();
        columns.extend(
            found.into_iter().map(|texts| Arc::new(texts.into_iter().collect::<StringArray>()) as ArrayRef),
        );
        Chunk::new(chunk.lines, &self.schema, columns)?.keep(&stays)
    }
}

fn with_texts(place: &Place, schema: &SchemaRef, names: &[String]) -> Result<SchemaRef, Stop> {
    let mut schema = schema.clone();
    for name in names {
        place.free(&schema, name)?;
        schema = with_column(&schema, name, Kind::Text).0;
    }
    Ok(schema)
}

pub(super) fn split(place: &Place, step: &Split, schema: &SchemaRef) -> Result<Box<dyn Stage>, Stop> {
    let from = place.text(schema, &step.column)?;
    let schema = with_texts(place, schema, &step.into)?;
    let (separator, width) = (step.separator.clone(), step.into.len());
    let parts = move |text: &str, parts: &mut Vec<Option<String>>| {
        parts.extend(text.splitn(width, separator.as_str()).map(|part| Some(part.trim().to_string())));
        true
    };
    let (place, column) = (place.clone(), step.column.clone());
    Ok(Box::new(Parts { place, schema, from, width, column, on_error: OnError::Keep, parts }))
}

pub(super) fn extract(place: Place, step: &Extract, schema: &SchemaRef) -> Result<Box<dyn Stage>, Stop> {
    let from = place.text(schema, &step.column)?;
    let pattern = regex(&place, &step.pattern)?;
    let groups = pattern.captures_len() - 1;
    if groups != step.into.len() {
        return Err(place
            .wrong(format!("the pattern has {groups} groups, and into names {} columns.", step.into.len())));
    }
    let schema = with_texts(&place, schema, &step.into)?;
    let parts = move |text: &str, parts: &mut Vec<Option<String>>| match pattern.captures(text) {
        Some(found) => {
            parts.extend(found.iter().skip(1).map(|group| group.map(|group| group.as_str().to_string())));
            true
        }
        None => false,
    };
    let (width, column) = (groups, step.column.clone());
    Ok(Box::new(Parts { place, schema, from, width, column, on_error: step.on_error, parts }))
}

/// A pattern of bounded cost.
pub(super) fn regex(place: &Place, pattern: &str) -> Result<Regex, Stop> {
    regex::RegexBuilder::new(pattern)
        .size_limit(1 << 20)
        .build()
        .map_err(|error| place.wrong(format!("the pattern cannot be read: {error}.")))
}

struct Joined {
    schema: SchemaRef,
    from: Vec<usize>,
    separator: String,
}

pub(super) fn join(place: &Place, step: &Join, schema: &SchemaRef) -> Result<Box<dyn Stage>, Stop> {
    let from = place.columns(schema, &step.columns)?;
    place.free(schema, &step.into)?;
    let mut fields: Vec<_> = schema.fields().iter().map(|field| field.as_ref().clone()).collect();
    fields.push(field(&step.into, Kind::Text));
    Ok(Box::new(Joined { schema: schema_of(fields), from, separator: step.separator.clone() }))
}

impl Stage for Joined {
    fn schema(&self) -> SchemaRef {
        SchemaRef::clone(&self.schema)
    }

    fn run(&mut self, chunk: Chunk, _: &mut Ledger) -> Result<Chunk, Stop> {
        let joined = (0..chunk.lines.len()).map(|row| {
            let values = self.from.iter().filter_map(|&index| cell(chunk.rows.column(index), row));
            Some(values.collect::<Vec<_>>().join(&self.separator)).filter(|text| !text.is_empty())
        });
        let joined: ArrayRef = Arc::new(joined.collect::<StringArray>());
        let mut columns = chunk.rows.columns().to_vec();
        columns.push(joined);
        Chunk::new(chunk.lines, &self.schema, columns)
    }
}

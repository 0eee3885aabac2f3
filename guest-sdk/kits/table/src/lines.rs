//! Delimited text as rows.

use fuelcell_records_kit::iso::parse_iso;
use fuelcell_records_kit::records::{Fields, LONGEST_RECORD, Record, RecordError, Records, sample};
use fuelcell_records_kit::source::Meter;
use fuelcell_records_kit::timestamp::is_missing;
use fuelcell_records_kit::{Stop, excerpt};
use std::io::BufRead;
use std::rc::Rc;

use crate::batch::{Batch, TextRows};
use crate::facts::{Facts, Fault, Options, Ragged};
use crate::number::{Shape, shape};
use crate::open::Text;

/// Rows that show how a file is cut.
const SAMPLE: usize = 500;
/// Columns of a table, at most.
pub(crate) const MOST_COLUMNS: usize = 10_000;

/// The rows of a file, behind its header.
pub(crate) struct Lines {
    records: Records<Box<dyn BufRead>>,
    meter: Rc<Meter>,
    columns: usize,
    pad: bool,
    /// Rows of the sample that are no title and no header: they were read before.
    first: Option<Fields>,
    first_line: u64,
    names: Vec<String>,
    delimiter: u8,
}

impl Lines {
    pub(crate) fn open(text: Text, options: &Options, facts: &mut Facts) -> Result<Self, Stop> {
        let meter = Rc::clone(&text.source.meter);
        let mut records = Records::new(text.source.text);
        let preview = records.preview().map_err(|error| meter.explain(&error))?;
        let named = separator_line(preview);
        let given = options.delimiter.map(delimiter).transpose()?;
        let layout = Layout::of(preview, given.or(named.map(|(mark, _)| mark)), named.is_some(), options);
        records.set_delimiter(layout.delimiter);
        let mut lines = Self {
            records,
            meter,
            columns: 0,
            pad: options.ragged_rows == Ragged::Pad,
            first: None,
            first_line: 0,
            names: Vec::new(),
            delimiter: layout.delimiter,
        };
        let mut titles = Vec::new();
        for _ in 0..layout.skipped {
            let title = lines.record()?.map(|(fields, _)| fields.concat());
            titles.extend(title.map(|title| excerpt(&String::from_utf8_lossy(&title))));
        }
        if named.is_some() && !titles.is_empty() {
            titles.remove(0);
        }
        let Some((fields, line)) = lines.record()? else {
            return Err(Stop::failed(
                "EmptyFile",
                "The file holds no rows. A table needs at least a row with the names of its columns.",
            ));
        };
        if fields.len() > MOST_COLUMNS {
            return Err(Stop::failed(
                "TooManyColumns",
                format!("Line {line} has {} columns; {MOST_COLUMNS} are allowed.", fields.len()),
            ));
        }
        lines.columns = fields.len();
        facts.delimiter = Some(char::from(layout.delimiter));
        facts.title_rows = titles;
        facts.header = layout.header;
        if layout.header {
            facts.header_line = Some(line);
            lines.names =
                fields.iter().map(|name| String::from_utf8_lossy(name.trim_ascii()).into_owned()).collect();
        } else {
            lines.names = vec![String::new(); fields.len()];
            (lines.first, lines.first_line) = (Some(fields), line);
        }
        Ok(lines)
    }

    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// A record of its own, with its line.
    fn record(&mut self) -> Result<Option<(Fields, u64)>, Stop> {
        match self.records.next() {
            Ok(record) => {
                Ok(record.map(|record| (record.fields().map(<[u8]>::to_vec).collect(), record.line)))
            }
            Err(error) => Err(self.failed(error)),
        }
    }

    fn failed(&self, error: RecordError) -> Stop {
        let line = self.records.line();
        match error {
            RecordError::Io(error) => self.meter.explain(&error),
            RecordError::OpenQuote => Stop::failed(
                "CorruptCsv",
                format!(
                    "The row that begins in line {line} opens a quote (\") that is never closed. Close it, or double quotes \
                     inside a quoted field."
                ),
            ),
            RecordError::TooLong => Stop::failed(
                "CorruptCsv",
                format!(
                    "The row that begins in line {line} is longer than {} MiB, the most that is allowed. Perhaps a quote (\") \
                     is never closed.",
                    LONGEST_RECORD >> 20
                ),
            ),
        }
    }
}

impl TextRows for Lines {
    fn next(&mut self, batch: &mut Batch) -> Result<bool, Stop> {
        if let Some(first) = self.first.take() {
            for (column, value) in batch.columns.iter_mut().zip(&first) {
                column.push(value);
            }
            batch.lines.push(self.first_line);
        }
        while !batch.is_full() {
            match self.records.next() {
                Ok(Some(record)) => add(batch, &record, self.columns, self.pad, self.delimiter),
                Ok(None) => return Ok(false),
                Err(error) => return Err(self.failed(error)),
            }
        }
        Ok(true)
    }

    fn bytes(&self) -> u64 {
        self.meter.bytes()
    }
}

#[inline]
fn add(batch: &mut Batch, record: &Record<'_>, columns: usize, pad: bool, delimiter: u8) {
    let fields = record.len();
    if fields != columns && !(pad && fields < columns) {
        batch.faults.push(ragged(record, columns, delimiter));
        return;
    }
    for (index, column) in batch.columns.iter_mut().enumerate() {
        column.push(record.field(index));
    }
    batch.lines.push(record.line);
}

fn ragged(record: &Record<'_>, columns: usize, delimiter: u8) -> Fault {
    let fields: Vec<String> =
        record.fields().map(|field| String::from_utf8_lossy(field).into_owned()).collect();
    let reason = format!(
        "The row has {} fields, the header {columns} (delimiter \"{}\")",
        fields.len(),
        char::from(delimiter)
    );
    Fault { line: record.line, reason, fields }
}

fn delimiter(char: char) -> Result<u8, Stop> {
    match u8::try_from(char) {
        Ok(byte)
            if byte.is_ascii()
                && !byte.is_ascii_alphanumeric()
                && !matches!(byte, b'"' | b'\n' | b'\r' | 0) =>
        {
            Ok(byte)
        }
        _ => Err(Stop::parameter(
            "delimiter must be one ASCII character, no letter, digit or quote, such as \";\" or \"\\t\".",
        )),
    }
}

/// `sep=;`, Excel's first line, and how long it is.
fn separator_line(preview: &[u8]) -> Option<(u8, usize)> {
    let rest = preview.strip_prefix(b"sep=").or_else(|| preview.strip_prefix(b"\"sep="))?;
    let (&mark, after) = rest.split_first()?;
    matches!(after.first(), Some(b'\n' | b'\r' | b'"')).then_some((mark, 5))
}

/// How a file is cut.
struct Layout {
    delimiter: u8,
    /// Records before the header: titles, and the line that names the delimiter.
    skipped: usize,
    header: bool,
}

type Sample = Vec<Fields>;

impl Layout {
    fn of(preview: &[u8], delimiter: Option<u8>, named: bool, options: &Options) -> Self {
        let candidates = delimiter.map_or_else(|| vec![b',', b';', b'\t', b'|'], |mark| vec![mark]);
        let cut = candidates.into_iter().map(|mark| (mark, sample(preview, mark, SAMPLE)));
        let best = cut.max_by_key(|(mark, rows)| {
            let width = width(rows);
            let steady = if width < 2 { 0 } else { rows.iter().filter(|row| row.len() == width).count() };
            // Of equal ones the comma.
            (steady, width, *mark == b',')
        });
        let (delimiter, rows) = best.unwrap_or((b',', Sample::new()));
        let width = width(&rows);
        let offset = usize::from(named);
        let titles = match options.skip_rows {
            Some(rows) => usize::try_from(rows).unwrap_or(usize::MAX).min(SAMPLE),
            None => titles(rows.get(offset..).unwrap_or_default(), width),
        };
        let skipped = offset + titles;
        let header = options.header.unwrap_or_else(|| has_header(rows.get(skipped..).unwrap_or_default()));
        Self { delimiter, skipped, header }
    }
}

/// The most frequent number of fields; of equally frequent ones the largest.
fn width(rows: &Sample) -> usize {
    let mut counts = std::collections::BTreeMap::new();
    for row in rows {
        *counts.entry(row.len()).or_insert(0) += 1;
    }
    counts.into_iter().max_by_key(|(width, count)| (*count, *width)).map_or(0, |(width, _)| width)
}

/// Rows before the first one that is as wide as the table: they hold a title, not data. A table whose first rows are as wide
/// has none.
fn titles(rows: &[Fields], width: usize) -> usize {
    let filled = |row: &Fields| row.iter().filter(|field| !field.is_empty()).count();
    let is_title = |row: &&Fields| width > 1 && (row.len() < width && row.len() <= 2 || filled(row) <= 1);
    let titles = rows.iter().take_while(is_title).count();
    if titles < rows.len() { titles } else { 0 }
}

/// Whether the first row names the columns: it does, unless it holds a value like those below it.
fn has_header(rows: &[Fields]) -> bool {
    let Some((first, rest)) = rows.split_first() else { return true };
    let is_value = |text: &[u8]| {
        let text = text.trim_ascii();
        let number = !matches!(shape(text), Shape::None | Shape::Code);
        let year = matches!(text, [b'1' | b'2', _, _, _]) && number;
        (number && !year) || parse_iso(text).is_some()
    };
    let below = |column: usize| {
        let mut values =
            rest.iter().filter_map(|row| row.get(column)).filter(|value| !is_missing(value.trim_ascii()));
        values.clone().next().is_some() && values.all(|value| is_value(value))
    };
    !first.iter().enumerate().any(|(column, value)| is_value(value) && below(column))
}

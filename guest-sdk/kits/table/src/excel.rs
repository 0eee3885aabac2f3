//! Workbooks. A sheet is held whole: the format allows no streams.

use std::io::Cursor;

use calamine::{Data, Range, Reader as _, Xlsx};
use fuelcell_records_kit::{Stop, excerpt, iso::time_text, listed};

use crate::batch::{Batch, TextRows};
use crate::facts::{Facts, Options};
use crate::open::{Seekable, read_all};

/// Larger workbooks are refused: their cells take about ten times their bytes.
const MOST_BYTES: u64 = 32 << 20;

/// The rows of a sheet, behind its header.
pub(crate) struct Sheet {
    range: Range<Data>,
    next: usize,
    names: Vec<String>,
}

impl Sheet {
    pub(crate) fn open(file: Box<dyn Seekable>, options: &Options, facts: &mut Facts) -> Result<Self, Stop> {
        let bytes = read_all(file, MOST_BYTES, "An Excel workbook")?;
        let corrupt = |error: calamine::XlsxError| {
            Stop::failed(
                "CorruptWorkbook",
                format!("The workbook cannot be read: {error}. Save it again, or as CSV."),
            )
        };
        let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).map_err(corrupt)?;
        let sheets = book.sheet_names();
        let name = match &options.sheet {
            Some(wanted) => {
                sheets.iter().find(|name| *name == wanted).ok_or_else(|| no_sheet(wanted, &sheets))?
            }
            None => {
                sheets.first().ok_or_else(|| Stop::failed("EmptyFile", "The workbook holds no sheet."))?
            }
        };
        let range = book.worksheet_range(name).map_err(corrupt)?;
        let first = options
            .skip_rows
            .map_or_else(|| titles(&range), |rows| usize::try_from(rows).unwrap_or(usize::MAX));
        let Some(header) = range.rows().nth(first) else {
            return Err(Stop::failed("EmptyFile", format!("The sheet \"{}\" holds no rows.", excerpt(name))));
        };
        facts.sheet = Some(name.clone());
        facts.sheets = sheets.len();
        facts.header = options.header.unwrap_or(true);
        facts.header_line = facts.header.then(|| line(&range, first));
        let names = header
            .iter()
            .map(|cell| if facts.header { text(cell).trim().to_string() } else { String::new() });
        let (names, next) = (names.collect(), first + usize::from(facts.header));
        Ok(Self { range, next, names })
    }

    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// Rows of the sheet with anything in them.
    pub(crate) fn filled(&self) -> u64 {
        self.range.rows().filter(|row| !is_empty(row)).count() as u64
    }
}

fn no_sheet(wanted: &str, sheets: &[String]) -> Stop {
    let there = listed(sheets.iter().map(String::as_str));
    Stop::parameter(format!(
        "sheet is \"{}\", which the workbook has not. It has {}.",
        excerpt(wanted),
        there
    ))
}

fn is_empty(row: &[Data]) -> bool {
    row.iter().all(|cell| *cell == Data::Empty)
}

/// The row of the sheet, from 1.
fn line(range: &Range<Data>, row: usize) -> u64 {
    range.start().map_or(0, |(first, _)| u64::from(first)) + row as u64 + 1
}

/// Rows of which at most one cell is filled, before the first that is not.
fn titles(range: &Range<Data>) -> usize {
    let width = range.width();
    let filled = |row: &[Data]| row.iter().filter(|cell| **cell != Data::Empty).count();
    let count = range.rows().take_while(|row| width > 1 && filled(row) <= 1).count();
    if count < range.height() { count } else { 0 }
}

/// A part of a day, to the millisecond, which is as much as a spreadsheet shows. What is nearer to the end of the day is its
/// last one: as the first of the next day it would be a day too early.
fn clock(day: f64) -> String {
    let time = time_text(((day * 86_400_000.0).round() as i64).min(86_399_999) * 1000);
    let text = String::from_utf8_lossy(time.as_bytes()).trim_end_matches('Z').to_string();
    text.split_once('T').map_or(text.clone(), |(_, clock)| clock.to_string())
}

fn text(cell: &Data) -> String {
    match cell {
        Data::Empty => String::new(),
        Data::String(text) | Data::DateTimeIso(text) | Data::DurationIso(text) => text.clone(),
        Data::Float(number) if number.fract() == 0.0 && number.abs() < 1e15 => format!("{number:.0}"),
        Data::Float(number) => number.to_string(),
        Data::Int(number) => number.to_string(),
        Data::Bool(value) => value.to_string(),
        // A clock without a day.
        Data::DateTime(serial) if (0.0..1.0).contains(&serial.as_f64()) => clock(serial.as_f64()),
        Data::DateTime(serial) => serial.as_datetime().map_or_else(
            || serial.as_f64().to_string(),
            |time| {
                let time = time_text(time.and_utc().timestamp_micros());
                let text = String::from_utf8_lossy(time.as_bytes()).trim_end_matches('Z').to_string();
                // A day without a clock is a day.
                text.strip_suffix("T00:00:00").map_or(text.clone(), String::from)
            },
        ),
        Data::Error(error) => error.to_string(),
    }
}

impl TextRows for Sheet {
    fn next(&mut self, batch: &mut Batch) -> Result<bool, Stop> {
        while !batch.is_full() {
            let Some(row) = self.range.rows().nth(self.next) else { return Ok(false) };
            self.next += 1;
            if is_empty(row) {
                continue;
            }
            for (column, cell) in batch.columns.iter_mut().zip(row) {
                column.push(text(cell).as_bytes());
            }
            batch.lines.push(line(&self.range, self.next - 1));
        }
        Ok(true)
    }

    fn bytes(&self) -> u64 {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_stays_in_its_day() {
        let clocks = [0.0, 0.25, 0.999_999_999].map(clock);
        assert_eq!(clocks, ["00:00:00", "06:00:00", "23:59:59.999"]);
    }
}

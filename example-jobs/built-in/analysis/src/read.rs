//! From a file to a table in memory.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use arrow_array::cast::AsArray as _;
use arrow_array::types::{
    Date32Type, Decimal128Type, DurationMicrosecondType, Float64Type, Int64Type, TimestampMicrosecondType,
};
use arrow_array::{Array as _, ArrayRef};
use fuelcell_sdk::Finding;
use fuelcell_table_kit::{Column, Facts, Input, Kind, Options, Progress, Table, cell};

use fuelcell_parameters_kit::QualityChecks;

use crate::error::{Stop, excerpt};
use crate::frame::{Categories, Dictionary, Frame, NO_CODE, NO_TIME, Values};
use crate::quality;
use crate::roles::{Columns, Roles, find};

/// A file that was read.
#[derive(Debug)]
pub struct Read {
    /// Its rows.
    pub frame: Frame,
    /// What they are.
    pub roles: Roles,
    /// What the file is.
    pub facts: Facts,
    /// How it is read again.
    pub table: Table,
    /// What of it could not be used: rows by what is wrong with them.
    pub faults: Vec<Finding>,
    /// Rows that were left out because they are no rows of the table.
    pub invalid: u64,
    /// Rows that were left out because an equal one was kept.
    pub duplicates: u64,
}

/// Different texts of a column that are kept: a column of free text has no groups, and would fill the memory.
const MOST_TEXTS: usize = 200_000;
const SECOND: f64 = 1e6;
const DAY: i64 = 86_400_000_000;

/// Reads a table. `tick` hears how far it is, in the first and in the second reading, and answers whether to go on; when it
/// says no, the answer is None.
///
/// # Errors
/// When the file is no table, or the columns that were asked for are not there.
pub fn read(
    input: &mut Input<'_>,
    options: &Options,
    wanted: &Columns,
    checks: QualityChecks,
    tick: &mut dyn FnMut(bool, Progress) -> bool,
) -> Result<Option<Read>, Stop> {
    let table = Table::scan(input, options, &mut |progress| tick(false, progress))?;
    if table.facts.stopped {
        return Ok(None);
    }
    if table.columns.first().is_some_and(|column| column.name.starts_with('<')) {
        return Err(Stop::failed(
            "UnsupportedFormat",
            "The file is XML. Allowed are CSV and its relatives, JSON, JSON lines, Parquet and Excel workbooks (.xlsx); an \
             event log in XES becomes CSV by the job ProcessMining (enriched-log.csv).",
        ));
    }
    // Without rows no column shows what it holds.
    let roles =
        if table.facts.rows == 0 { Roles::Rows { time: None } } else { find(&table.columns, wanted)? };
    let mut builders: Vec<Builder> = table.columns.iter().map(|column| Builder::of(column, &roles)).collect();
    let (mut seen, mut duplicates, mut invalid, mut rows_so_far) = (HashSet::new(), 0, 0, 0);
    let mut first_fault = None;
    let mut rows = table.rows(input)?;
    while let Some(batch) = rows.next()? {
        invalid += batch.faults.len() as u64;
        first_fault =
            first_fault.or_else(|| batch.faults.first().map(|fault| (fault.line, fault.reason.clone())));
        let kept: Vec<usize> = (0..batch.typed.num_rows())
            .filter(|&row| !checks.check_duplicates || seen.insert(fingerprint(&batch.original(row))))
            .collect();
        duplicates += (batch.typed.num_rows() - kept.len()) as u64;
        for (builder, array) in builders.iter_mut().zip(batch.typed.columns()) {
            builder.push(array, &kept);
        }
        rows_so_far += batch.lines.len() as u64 + batch.faults.len() as u64;
        let progress = Progress { rows: rows_so_far, bytes: rows.bytes(), of_rows: Some(table.facts.rows) };
        if !tick(true, progress) {
            return Ok(None);
        }
    }
    let count = table.facts.rows - invalid - duplicates;
    let mut frame = Frame::new(usize::try_from(count).unwrap_or(usize::MAX));
    let mut faults = Vec::new();
    if let Some((line, reason)) = first_fault {
        let message = format!(
            "Rows that are no rows of the table were left out, such as line {line}: {}",
            excerpt(&reason)
        );
        faults.push(Finding::new("MalformedRow", message, invalid));
    }
    faults.extend(table.findings());
    for (column, builder) in table.columns.iter().zip(builders) {
        match builder.finish() {
            Some(values) => frame.put(column.name.clone(), values),
            None => {
                let name = excerpt(&column.name);
                let message = format!(
                    "Column \"{name}\" holds more than {MOST_TEXTS} different texts and was left out"
                );
                faults.push(Finding::new("FreeText", message, count));
            }
        }
    }
    faults.extend(quality::check(&frame, &roles, checks));
    let facts = table.facts.clone();
    Ok(Some(Read { frame, roles, facts, table, faults, invalid, duplicates }))
}

/// Two hashes of 64 bits: that two of a billion different rows have the same is less likely than 10⁻²⁰.
fn fingerprint(row: &[String]) -> (u64, u64) {
    let mut first = DefaultHasher::new();
    let mut second = DefaultHasher::new();
    1_u8.hash(&mut second);
    row.hash(&mut first);
    row.hash(&mut second);
    (first.finish(), second.finish())
}

/// A column that grows.
enum Builder {
    Numbers(Vec<f64>),
    Times(Vec<i64>),
    Texts { codes: Vec<u32>, dictionary: Dictionary, unbounded: bool },
    TooMany,
}

impl Builder {
    /// Cases and activities are names, also where they are written as numbers.
    fn of(column: &Column, roles: &Roles) -> Self {
        let is = |role: &str| role == column.name;
        let (case, name) = match roles {
            Roles::Log(log) => (is(&log.case), is(&log.case) || is(&log.activity)),
            Roles::Rows { .. } => (false, false),
        };
        match column.kind {
            Kind::Text | Kind::Boolean => Self::texts(case),
            _ if name => Self::texts(case),
            Kind::Date | Kind::Timestamp { .. } => Self::Times(Vec::new()),
            Kind::Integer | Kind::Decimal(_) | Kind::Float | Kind::Duration => Self::Numbers(Vec::new()),
        }
    }

    fn texts(unbounded: bool) -> Self {
        Self::Texts { codes: Vec::new(), dictionary: Dictionary::default(), unbounded }
    }

    fn push(&mut self, array: &ArrayRef, rows: &[usize]) {
        match self {
            Self::TooMany => {}
            Self::Numbers(numbers) => {
                numbers.extend(rows.iter().map(|&row| number(array, row).unwrap_or(f64::NAN)));
            }
            Self::Times(times) => times.extend(rows.iter().map(|&row| time(array, row).unwrap_or(NO_TIME))),
            Self::Texts { codes, dictionary, unbounded } => {
                match array.as_string_opt::<i32>() {
                    Some(texts) => {
                        let code = |&row: &usize| match texts.value(row).trim() {
                            _ if texts.is_null(row) => NO_CODE,
                            "" => NO_CODE,
                            text => dictionary.code(text),
                        };
                        codes.extend(rows.iter().map(code));
                    }
                    None => {
                        let code =
                            |&row: &usize| cell(array, row).map_or(NO_CODE, |text| dictionary.code(&text));
                        codes.extend(rows.iter().map(code));
                    }
                }
                if dictionary.len() > MOST_TEXTS && !*unbounded {
                    *self = Self::TooMany;
                }
            }
        }
    }

    fn finish(self) -> Option<Values> {
        match self {
            Self::TooMany => None,
            Self::Numbers(numbers) => Some(Values::Numbers(numbers)),
            Self::Times(times) => Some(Values::Times(times)),
            Self::Texts { codes, dictionary, .. } => {
                Some(Values::Categories(Categories { codes, names: dictionary.into_names() }))
            }
        }
    }
}

fn number(array: &ArrayRef, row: usize) -> Option<f64> {
    if array.is_null(row) {
        return None;
    }
    Some(match Kind::of(array.data_type())? {
        Kind::Integer => array.as_primitive::<Int64Type>().value(row) as f64,
        // Through text: a division would round twice.
        Kind::Decimal(_) if array.as_primitive::<Decimal128Type>().value(row).unsigned_abs() >> 53 != 0 => {
            cell(array, row)?.parse().ok()?
        }
        Kind::Decimal(scale) => {
            array.as_primitive::<Decimal128Type>().value(row) as f64 / 10_f64.powi(i32::from(scale))
        }
        Kind::Float => array.as_primitive::<Float64Type>().value(row),
        Kind::Duration => array.as_primitive::<DurationMicrosecondType>().value(row) as f64 / SECOND,
        Kind::Text | Kind::Boolean | Kind::Date | Kind::Timestamp { .. } => return None,
    })
}

fn time(array: &ArrayRef, row: usize) -> Option<i64> {
    if array.is_null(row) {
        return None;
    }
    match Kind::of(array.data_type())? {
        Kind::Date => Some(i64::from(array.as_primitive::<Date32Type>().value(row)) * DAY),
        Kind::Timestamp { .. } => Some(array.as_primitive::<TimestampMicrosecondType>().value(row)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    fn read_text(text: &str, without_duplicates: bool) -> Read {
        let bytes = text.as_bytes().to_vec();
        let mut open = || Ok(Box::new(Cursor::new(bytes.clone())) as Box<dyn fuelcell_table_kit::Seekable>);
        let columns = Columns::default();
        let checks = QualityChecks { check_duplicates: without_duplicates, ..QualityChecks::default() };
        read(&mut open, &Options::default(), &columns, checks, &mut |_, _| true).unwrap().unwrap()
    }

    #[test]
    fn columns_have_the_values_of_the_file() {
        let text = "case;activity;timestamp;amount;paid\n\
                    007;a;2024-01-31T10:00:00Z;12,50;yes\n\
                    008;b;2024-02-01T10:00:00Z;;no\n\
                    008;b;2024-02-01T10:00:00Z;;no\n\
                    9;b;2024-02-01T10:00:00Z\n";
        let found = read_text(text, true);
        assert_eq!((found.frame.rows(), found.invalid, found.duplicates), (2, 1, 1));
        assert!(matches!(found.roles, Roles::Log(_)));
        let Some(Values::Numbers(amounts)) = found.frame.column("amount") else { panic!("no numbers") };
        assert!(amounts[0] == 12.5 && amounts[1].is_nan());
        let Some(Values::Categories(cases)) = found.frame.column("case") else { panic!("no names") };
        assert_eq!((cases.name(0), cases.name(1)), (Some("007"), Some("008")));
        let Some(Values::Times(times)) = found.frame.column("timestamp") else { panic!("no times") };
        assert_eq!(times[1] - times[0], DAY);
        assert!(found.faults.iter().any(|fault| fault.kind == "MalformedRow" && fault.count == 1));
        assert_eq!(read_text(text, false).frame.rows(), 3);
    }
}

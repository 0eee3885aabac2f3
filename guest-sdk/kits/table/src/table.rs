//! A table: what a scan finds out about a file, and its rows.

use std::collections::HashSet;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, StringArray};
use arrow_schema::{Field, Schema, SchemaRef};
use fuelcell_records_kit::source::Compression;
use fuelcell_records_kit::{Stop, excerpt};
use fuelcell_sdk::Finding;

use crate::batch::{Batch, TextRows};
use crate::convert::{Misfit, cell, convert};
use crate::excel::Sheet;
use crate::facts::{Facts, Fault, Options};
use crate::guess::Guess;
use crate::json::Json;
use crate::kind::{Column, Kind};
use crate::lines::Lines;
use crate::open::{Input, Opened, Text, open};
use crate::parquet::{self, Batches};
use crate::text::TextColumn;

/// Called now and then with the rows so far and the bytes of the file read so far; answers whether to go on.
pub type Tick<'a> = &'a mut dyn FnMut(Progress) -> bool;

/// How far reading is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Rows so far.
    pub rows: u64,
    /// Bytes of the file so far; 0 for files that are not read in order.
    pub bytes: u64,
    /// Rows there are, where the file says it.
    pub of_rows: Option<u64>,
}

/// A table in a file, looked through.
#[derive(Debug, Clone)]
pub struct Table {
    /// What the file is.
    pub facts: Facts,
    /// The columns, in their order.
    pub columns: Vec<Column>,
    options: Options,
    /// The columns' names in the file.
    names: Vec<String>,
}

enum Source {
    Text(Box<dyn TextRows>),
    Parquet(Batches),
}

impl Table {
    /// Reads the whole file once, and finds its columns with their types.
    ///
    /// # Errors
    /// Each says where the file is wrong and what is allowed: `EmptyFile`, `UnsupportedFormat`, `CorruptCsv`,
    /// `CorruptJson`, `CorruptParquet`, `CorruptWorkbook`, `CorruptZip`, `CorruptZstd`, `CorruptGzip`, `TruncatedGzip`,
    /// `TooManyColumns`, `TooLarge`, `InvalidParameter`, `Storage`.
    pub fn scan(input: &mut Input<'_>, options: &Options, tick: Tick<'_>) -> Result<Self, Stop> {
        let mut table = Self {
            facts: Facts::default(),
            columns: Vec::new(),
            options: options.clone(),
            names: Vec::new(),
        };
        match open(input, options)? {
            Opened::Parquet(file) => {
                let (columns, rows, batches) = parquet::open(file)?;
                table.facts.format = "Parquet";
                table.facts.rows = rows;
                table.columns = columns;
                table.count_missing(batches, tick)?;
            }
            Opened::Workbook(file) => {
                table.facts.format = "Excel";
                let mut rows = Sheet::open(file, options, &mut table.facts)?;
                table.names = rows.names().to_vec();
                table.look(&mut rows, |_| None, tick)?;
            }
            Opened::Delimited(text) => {
                of_text(&mut table.facts, "CSV", &text);
                let mut rows = Lines::open(text, options, &mut table.facts)?;
                table.names = rows.names().to_vec();
                table.look(&mut rows, |_| None, tick)?;
            }
            Opened::JsonLines(text) => {
                of_text(&mut table.facts, "JSON lines", &text);
                table.look(&mut Json::open(text, false), |rows| Some(rows.names().to_vec()), tick)?;
            }
            Opened::JsonArray(text) => {
                of_text(&mut table.facts, "JSON", &text);
                table.look(&mut Json::open(text, true), |rows| Some(rows.names().to_vec()), tick)?;
            }
        }
        Ok(table)
    }

    /// Looks at every value.
    fn look<R: TextRows>(
        &mut self,
        rows: &mut R,
        names: impl Fn(&R) -> Option<Vec<String>>,
        tick: Tick<'_>,
    ) -> Result<(), Stop> {
        let mut guesses: Vec<Guess> = vec![Guess::default(); self.names.len()];
        let mut batch = Batch { columns: vec![TextColumn::default(); self.names.len()], ..Batch::default() };
        let mut seen = 0;
        loop {
            batch.clear();
            let more = rows.next(&mut batch)?;
            // Columns that turned up only now were missing before.
            guesses.resize_with(batch.columns.len(), || {
                let mut guess = Guess::default();
                guess.skip(seen);
                guess
            });
            for (guess, column) in guesses.iter_mut().zip(&batch.columns) {
                for (value, line) in column.values().zip(&batch.lines) {
                    guess.see(value, *line);
                }
            }
            seen += batch.lines.len() as u64;
            self.facts.ragged += batch.faults.len() as u64;
            self.facts.rows += (batch.lines.len() + batch.faults.len()) as u64;
            self.facts.replaced += rows_with(&batch, |value| std::str::from_utf8(value).is_err());
            if let Some(rows) = &mut self.facts.guessed {
                *rows += rows_with(&batch, |value| !value.is_ascii());
            }
            let progress = Progress { rows: self.facts.rows, bytes: rows.bytes(), of_rows: None };
            if !tick(progress) {
                self.facts.stopped = true;
                break;
            }
            if !more {
                break;
            }
        }
        if let Some(found) = names(rows) {
            self.names = found;
        }
        let unique = self.unique_names();
        self.columns = unique.into_iter().zip(guesses).map(|(name, guess)| guess.column(name)).collect();
        Ok(())
    }

    /// Parquet says its types; only missing values are counted.
    fn count_missing(&mut self, mut batches: Batches, tick: Tick<'_>) -> Result<(), Stop> {
        let columns = self.columns.clone();
        let mut rows = 0;
        while let Some(batch) = batches.next(&columns)? {
            for (column, array) in self.columns.iter_mut().zip(batch.columns()) {
                column.missing += array.null_count() as u64;
            }
            rows += batch.num_rows() as u64;
            if !tick(Progress { rows, bytes: 0, of_rows: Some(self.facts.rows) }) {
                self.facts.stopped = true;
                break;
            }
        }
        Ok(())
    }

    /// Names that are not empty and stand once. `Id` and `ID` are one: SQL does not tell them apart, and people hardly do.
    fn unique_names(&mut self) -> Vec<String> {
        let mut taken = HashSet::new();
        let mut unique = Vec::with_capacity(self.names.len());
        for (index, name) in self.names.iter().enumerate() {
            let base = if name.is_empty() { format!("column_{}", index + 1) } else { name.clone() };
            let mut candidate = base.clone();
            let mut number = 2;
            while !taken.insert(candidate.to_ascii_lowercase()) {
                candidate = format!("{base}_{number}");
                number += 1;
            }
            if candidate != *name && self.facts.header {
                self.facts.renamed.push((name.clone(), candidate.clone()));
            }
            unique.push(candidate);
        }
        unique
    }

    /// What people should know of how it was read: bytes that are no text, columns that were named anew, values that keep a
    /// column from being what it nearly is. Nothing of this stops anybody.
    pub fn findings(&self) -> Vec<Finding> {
        let facts = &self.facts;
        let encoding = facts.encoding.unwrap_or_default();
        let guessed =
            format!("The file does not say its encoding; its bytes beyond ASCII were read as {encoding}");
        let mut found = vec![
            Finding::new("InvalidUtf8", "Bytes that are not UTF-8 were replaced", facts.replaced),
            Finding::new("GuessedEncoding", guessed, facts.guessed.unwrap_or(0)),
        ];
        found.extend(facts.renamed.iter().map(|(old, new)| {
            let message = match old.as_str() {
                "" => format!("A column without a name is called \"{}\"", excerpt(new)),
                old => format!("A second column \"{}\" is called \"{}\"", excerpt(old), excerpt(new)),
            };
            Finding::new("RenamedColumn", message, 1)
        }));
        if !facts.header && matches!(facts.format, "CSV" | "Excel") {
            let message = "The first row holds values and no names; columns are called column_1, column_2 …";
            found.push(Finding::new("NoHeader", message, 1));
        }
        for column in &self.columns {
            let name = excerpt(&column.name);
            found.extend(column.doubt.as_ref().map(|doubt| {
                Finding::new("DoubtfulColumn", format!("Column \"{name}\": {}", doubt.message), doubt.rows)
            }));
            let words = format!(
                "Column \"{name}\" is text, and holds words such as NULL, N/A or - that perhaps stand for a missing value"
            );
            found.push(Finding::new("MissingWord", words, column.words));
        }
        found.retain(|finding| finding.count > 0);
        found
    }

    /// The schema of its batches.
    pub fn schema(&self) -> SchemaRef {
        schema_of(&self.columns)
    }

    /// Where a column is.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }

    /// Begins to read the rows.
    ///
    /// # Errors
    /// As for [`Self::scan`].
    pub fn rows(&self, input: &mut Input<'_>) -> Result<RowsReader, Stop> {
        let mut facts = Facts::default();
        let mut options = self.options.clone();
        // What was found out once holds for the second reading.
        options.header = Some(self.facts.header).filter(|_| matches!(self.facts.format, "CSV" | "Excel"));
        let source = match open(input, &options)? {
            Opened::Parquet(file) => Source::Parquet(parquet::open(file)?.2),
            Opened::Workbook(file) => Source::Text(Box::new(Sheet::open(file, &options, &mut facts)?)),
            Opened::Delimited(text) => Source::Text(Box::new(Lines::open(text, &options, &mut facts)?)),
            Opened::JsonLines(text) => {
                Source::Text(Box::new(Json::open(text, false).with_columns(self.names.clone())))
            }
            Opened::JsonArray(text) => {
                Source::Text(Box::new(Json::open(text, true).with_columns(self.names.clone())))
            }
        };
        let batch = Batch { columns: vec![TextColumn::default(); self.columns.len()], ..Batch::default() };
        Ok(RowsReader {
            source,
            columns: self.columns.clone(),
            schema: self.schema(),
            batch,
            ended: false,
            rows: 0,
        })
    }
}

fn schema_of(columns: &[Column]) -> SchemaRef {
    let field = |column: &Column| Field::new(&column.name, column.kind.data_type(), true);
    Arc::new(Schema::new(columns.iter().map(field).collect::<Vec<_>>()))
}

fn of_text(facts: &mut Facts, format: &'static str, text: &Text) {
    facts.format = format;
    facts.compression = text.source.compression.map(Compression::name);
    facts.encoding = Some(text.encoding);
    facts.guessed = text.guessed.then_some(0);
    // Members of objects name themselves.
    facts.header = true;
}

/// Rows in which some value is like this.
fn rows_with(batch: &Batch, is: impl Fn(&[u8]) -> bool) -> u64 {
    let mut rows = HashSet::new();
    // All of a column at once is faster than value by value, and nearly always enough.
    for column in batch.columns.iter().filter(|column| is(column.all())) {
        rows.extend(column.values().enumerate().filter(|(_, value)| is(value)).map(|(row, _)| row));
    }
    rows.len() as u64
}

/// Reads the rows of a table.
pub struct RowsReader {
    source: Source,
    columns: Vec<Column>,
    schema: SchemaRef,
    batch: Batch,
    ended: bool,
    rows: u64,
}

/// Some rows of a table.
#[derive(Debug, Clone)]
pub struct Rows {
    /// Their lines in the file; in files without lines their numbers.
    pub lines: Vec<u64>,
    /// Their values.
    pub typed: RecordBatch,
    /// Values that are not of their column's kind; in `typed` they are missing.
    pub misfits: Vec<Misfit>,
    /// Rows that are no rows of the table.
    pub faults: Vec<Fault>,
    /// The values as they stood in the file, unless it says its types.
    text: Option<Vec<Arc<StringArray>>>,
}

impl Rows {
    /// A row as it was in the file.
    pub fn original(&self, row: usize) -> Vec<String> {
        match &self.text {
            Some(columns) => columns.iter().map(|column| column.value(row).to_string()).collect(),
            None => self.typed.columns().iter().map(|array| cell(array, row).unwrap_or_default()).collect(),
        }
    }
}

impl RowsReader {
    /// The same for whoever wants [`Rows::original`] only: values stay text where the file does not say their types.
    #[must_use]
    pub fn untyped(mut self) -> Self {
        if let Source::Text(_) = self.source {
            self.columns.iter_mut().for_each(|column| column.kind = Kind::Text);
            self.schema = schema_of(&self.columns);
        }
        self
    }

    /// The next rows; none at the end.
    ///
    /// # Errors
    /// As for [`Table::scan`].
    #[expect(
        clippy::should_implement_trait,
        reason = "an iterator would hide that reading can fail half way"
    )]
    pub fn next(&mut self) -> Result<Option<Rows>, Stop> {
        let rows = match &mut self.source {
            _ if self.ended => return Ok(None),
            Source::Parquet(batches) => {
                let Some(typed) = batches.next(&self.columns)? else { return Ok(None) };
                let lines = (self.rows + 1..).take(typed.num_rows()).collect();
                Rows { lines, typed, misfits: Vec::new(), faults: Vec::new(), text: None }
            }
            Source::Text(rows) => {
                self.batch.clear();
                self.ended = !rows.next(&mut self.batch)?;
                if self.batch.lines.is_empty() && self.batch.faults.is_empty() {
                    return Ok(None);
                }
                typed(&mut self.batch, &self.columns, &self.schema)?
            }
        };
        self.rows += rows.lines.len() as u64;
        Ok(Some(rows))
    }

    /// Bytes of the file read so far; 0 for files that are not read in order.
    pub fn bytes(&self) -> u64 {
        match &self.source {
            Source::Text(rows) => rows.bytes(),
            Source::Parquet(_) => 0,
        }
    }
}

fn typed(batch: &mut Batch, columns: &[Column], schema: &SchemaRef) -> Result<Rows, Stop> {
    let text: Vec<Arc<StringArray>> = batch.columns.iter().map(|column| column.array().0).collect();
    let mut misfits = Vec::new();
    let arrays: Vec<ArrayRef> = text
        .iter()
        .zip(columns)
        .enumerate()
        .map(|(index, (array, column))| match column.kind {
            Kind::Text => Arc::clone(array) as ArrayRef,
            _ => {
                let (array, mut found) = convert(array, column);
                found.iter_mut().for_each(|misfit| misfit.column = index);
                misfits.extend(found);
                array
            }
        })
        .collect();
    let typed = RecordBatch::try_new(Arc::clone(schema), arrays)
        .map_err(|error| Stop::failed("Internal", format!("The rows do not fit the table: {error}")))?;
    let (lines, faults) = (std::mem::take(&mut batch.lines), std::mem::take(&mut batch.faults));
    Ok(Rows { lines, typed, misfits, faults, text: Some(text) })
}

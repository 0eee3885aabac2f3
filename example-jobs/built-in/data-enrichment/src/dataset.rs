//! The table that the job works on: the dataset, or rows that an earlier job rejected, as the input of a retry or as a dataset.

use std::cell::Cell;

use arrow_array::Array as _;
use arrow_array::cast::AsArray as _;
use arrow_array::types::Int64Type;
use arrow_schema::SchemaRef;
use fuelcell_sdk::{Cancellation, Context};
use fuelcell_table_kit::{Column, Kind, Options, Rows, RowsReader, Seekable, Stop, Table};

use crate::bind::Hints;
use crate::chunk::Chunk;
use crate::ledger::Ledger;

/// The input that a retry of failed records has.
const FAILED: &str = "failed-records";
/// What stands before the columns of the table in a file of rejected rows.
pub(crate) const BEFORE: [&str; 5] = ["line", "column", "rule", "reason", "row"];

/// A table that can be read again and again.
pub(crate) struct Dataset<'a> {
    context: &'a Context,
    input: &'static str,
    pub(crate) table: Table,
    /// What was found out about the columns.
    pub(crate) hints: Hints,
    /// Columns that are no columns of the table.
    before: usize,
    pub(crate) size: u64,
}

/// Opens an input.
fn open(context: &Context, input: &str) -> Result<Box<dyn Seekable>, Stop> {
    Ok(Box::new(context.open(input)?))
}

impl<'a> Dataset<'a> {
    /// Looks at all of it; `progress` gets a share from 0 to 1. The `raw` columns stay text, as they are in the file.
    pub(crate) fn scan(
        context: &'a Context,
        options: &Options,
        raw: &[String],
        mut progress: impl FnMut(f64),
    ) -> Result<Self, Stop> {
        let retries = context.input(FAILED).is_some();
        let input = if retries { FAILED } else { "dataset" };
        let size = context.input(input).map_or(0, |input| input.size);
        let options = if retries { Options::default() } else { options.clone() };
        let table = Table::scan(&mut || open(context, input), &options, &mut |so_far| {
            let share = match so_far.of_rows {
                Some(rows) => so_far.rows as f64 / rows.max(1) as f64,
                None => so_far.bytes as f64 / size.max(1) as f64,
            };
            progress(share.min(1.0));
            context.cancellation() == Cancellation::None
        })?;
        let is_rejected = table.columns.len() > BEFORE.len()
            && table.columns.iter().zip(BEFORE).all(|(column, name)| column.name == name);
        if retries && !is_rejected {
            return Err(Stop::failed(
                "UnsupportedFormat",
                "The failed records are no rejected rows of this job: they must begin with the columns line, column, rule, reason and row.",
            ));
        }
        let hints = table.columns.iter().map(|column| (column.name.clone(), column.clone())).collect();
        let mut table = table;
        for column in table.columns.iter_mut().filter(|column| raw.contains(&column.name)) {
            column.kind = Kind::Text;
        }
        Ok(Self { context, input, table, hints, before: if is_rejected { BEFORE.len() } else { 0 }, size })
    }

    /// Which share of it was read. Files that are not read in order say no bytes, and all know their rows by now.
    pub(crate) fn share(&self, rows: u64, bytes: u64) -> f64 {
        let (done, of) = if bytes > 0 { (bytes, self.size) } else { (rows, self.table.facts.rows) };
        (done as f64 / of.max(1) as f64).min(1.0)
    }

    pub(crate) fn is_retry(&self) -> bool {
        self.before > 0
    }

    pub(crate) fn columns(&self) -> &[Column] {
        &self.table.columns[self.before..]
    }

    pub(crate) fn schema(&self) -> SchemaRef {
        let fields = self.table.schema().fields()[self.before..].to_vec();
        SchemaRef::new(arrow_schema::Schema::new(fields))
    }

    fn reader(&self) -> Result<RowsReader, Stop> {
        self.table.rows(&mut || open(self.context, self.input))
    }

    /// Hands over all rows; those that cannot be read are rejected.
    pub(crate) fn each(
        &self,
        ledger: &mut Ledger,
        mut take: impl FnMut(Chunk, u64) -> Result<(), Stop>,
    ) -> Result<(), Stop> {
        let schema = self.schema();
        let mut reader = self.reader()?;
        while let Some(rows) = reader.next()? {
            for fault in &rows.faults {
                let reason = ledger.reason("", "reading", &fault.reason);
                ledger.reject(fault.line, reason)?;
            }
            let chunk = Chunk::new(self.lines(&rows), &schema, rows.typed.columns()[self.before..].to_vec())?;
            let chunk = self.without_ragged(chunk, &rows, ledger)?;
            take(chunk, reader.bytes())?;
        }
        Ok(())
    }

    /// The rows' lines in the dataset.
    fn lines(&self, rows: &Rows) -> Vec<u64> {
        if !self.is_retry() {
            return rows.lines.clone();
        }
        let Some(lines) = rows.typed.column(0).as_primitive_opt::<Int64Type>() else {
            return rows.lines.clone();
        };
        lines
            .iter()
            .zip(&rows.lines)
            .map(|(line, own)| line.and_then(|line| u64::try_from(line).ok()).unwrap_or(*own))
            .collect()
    }

    /// Rows that had another number of fields than the header stay rejected: nobody has mended them.
    fn without_ragged(&self, chunk: Chunk, rows: &Rows, ledger: &mut Ledger) -> Result<Chunk, Stop> {
        if !self.is_retry() {
            return Ok(chunk);
        }
        let raw = rows.typed.column(BEFORE.len() - 1);
        let stays: Vec<bool> = (0..raw.len()).map(|row| raw.is_null(row)).collect();
        let reason =
            ledger.reason("", "reading", "The row still has another number of fields than the header");
        for (line, _) in chunk.lines.iter().zip(&stays).filter(|(_, stays)| !**stays) {
            ledger.reject(*line, reason)?;
        }
        chunk.keep(&stays)
    }

    /// Hands over `count` rows as they were, those whose lines are wanted: the fields, and whether there are as many as
    /// columns.
    pub(crate) fn originals(
        &self,
        count: usize,
        wanted: impl Fn(u64) -> bool,
        mut take: impl FnMut(u64, &[String], bool) -> Result<(), Stop>,
    ) -> Result<(), Stop> {
        // Rows of a retry say their lines in a column.
        let reader = self.reader()?;
        let mut reader = if self.is_retry() { reader } else { reader.untyped() };
        let taken = Cell::new(0);
        let mut take = |line, fields: &[String], fits| {
            taken.set(taken.get() + 1);
            take(line, fields, fits)
        };
        while let Some(rows) = reader.next()? {
            let lines = self.lines(&rows);
            let mut faults = rows.faults.iter().filter(|fault| wanted(fault.line)).peekable();
            for (row, line) in lines.iter().enumerate().filter(|(_, line)| wanted(**line)) {
                while let Some(fault) = faults.next_if(|fault| fault.line < *line) {
                    take(fault.line, &fault.fields, false)?;
                }
                let fields = rows.original(row);
                take(*line, &fields[self.before..], true)?;
            }
            for fault in faults {
                take(fault.line, &fault.fields, false)?;
            }
            if taken.get() >= count {
                // The rest of the file is of others.
                return Ok(());
            }
        }
        Ok(())
    }
}

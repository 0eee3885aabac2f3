//! A job that passes on the rows of a table that no earlier job of its pipeline has passed on: an example of processed
//! items.
//!
//! Each row has a key. Rows whose key an earlier job marked are left out; the others go into `new-rows.csv` and are marked.
//! The host keeps the marks only when the job completes, so that a job that fails halfway has processed nothing.
//!
//! The crate knows only the SDK and CSV.

#[cfg(test)]
mod fuzz;

use csv::{Reader, StringRecord, Writer};
use fuelcell_sdk::{Artifact, Completion, Context, Failure, InputReader, Kind, Report, Result};
use schemars::JsonSchema;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::collections::HashSet;

/// Keys that are longer are hashed, in bytes: hosts take keys of 1024.
const MAX_KEY: usize = 256;
/// Rows between two looks at whether the job was cancelled.
const ROWS_PER_LOOK: u64 = 10_000;

/// What makes a row the same, and how many are taken.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Parameters {
    /// The columns that tell rows apart; none = all of them.
    pub key_columns: Vec<String>,
    /// The most new rows of one job; the next job takes those that are left.
    #[schemars(range(min = 1, max = 100_000))]
    pub at_most: usize,
    /// The table.
    pub dataset_id: Option<String>,
}

impl Default for Parameters {
    fn default() -> Self {
        Self { key_columns: Vec::new(), at_most: 10_000, dataset_id: None }
    }
}

/// Finds the new rows.
#[fuelcell_sdk::job(
    job_type = "DataEnrichment",
    title = "New rows",
    description = "Passes on the rows of a table that no earlier job of the pipeline has passed on.",
    input(name = "dataset", parameter = "datasetId", formats = ["csv"], required = true),
    output(name = "new-rows.csv", kind = "data", type_name = "NewRows")
)]
pub fn run(context: &mut Context, parameters: Parameters) -> Result<Completion, Failure> {
    let mut table = Reader::from_reader(context.open("dataset")?);
    let header = table.headers().map_err(unreadable)?.clone();
    let columns = key_columns(&header, &parameters.key_columns)?;
    let new = new_rows(context, &mut table, &columns, parameters.at_most)?;
    if new.is_empty() {
        return Ok(Completion::NoItems);
    }
    let artifact = Artifact::new("new-rows.csv", Kind::Data)
        .type_name("NewRows")
        .title("New rows")
        .media_type("text/csv")
        .primary();
    let mut out = Writer::from_writer(context.artifact(artifact)?);
    for row in std::iter::once(&header).chain(&new) {
        out.write_record(row).map_err(unwritable)?;
    }
    let artifact = out.into_inner().map_err(|error| unwritable(error.into_error().into()))?;
    artifact.finish()?;
    Ok(Completion::Done)
}

/// Reads rows until there are `at_most` new ones, and marks these.
fn new_rows(
    context: &Context,
    table: &mut Reader<InputReader>,
    columns: &[usize],
    at_most: usize,
) -> Result<Vec<StringRecord>, Failure> {
    let mut report = Report::default();
    let mut new = Vec::new();
    // What is marked counts as seen only for later jobs.
    let mut own = HashSet::new();
    for (number, row) in (1..).zip(table.records()) {
        let row = row.map_err(unreadable)?;
        let key = key(&row, columns)?;
        report.records_processed = number;
        if !own.contains(&key) && !context.seen(&key)? {
            context.mark(&key)?;
            own.insert(key);
            new.push(row);
        }
        if number % ROWS_PER_LOOK == 0 {
            context.check_cancelled()?;
            context.report(&report);
        }
        if new.len() >= at_most {
            break;
        }
    }
    context.report(&report);
    Ok(new)
}

fn key_columns(header: &StringRecord, wanted: &[String]) -> Result<Vec<usize>, Failure> {
    if wanted.is_empty() {
        return Ok((0..header.len()).collect());
    }
    let find = |name: &String| {
        header
            .iter()
            .position(|column| column == name)
            .ok_or_else(|| Failure::new("UnknownColumn", format!("the table has no column {name:?}")))
    };
    wanted.iter().map(find).collect()
}

/// The fields of the key columns as a line of CSV, whose quotes keep them apart; hashed when that is long.
fn key(row: &StringRecord, columns: &[usize]) -> Result<String, Failure> {
    let mut line = Writer::from_writer(Vec::new());
    line.write_record(columns.iter().map(|column| &row[*column])).map_err(unwritable)?;
    let line = line.into_inner().map_err(|error| unwritable(error.into_error().into()))?;
    Ok(match str::from_utf8(line.trim_ascii_end()) {
        Ok(text) if text.len() <= MAX_KEY => text.to_owned(),
        _ => hex::encode(Sha256::digest(&line)),
    })
}

fn unreadable(error: csv::Error) -> Failure {
    Failure::new("InvalidTable", error.to_string())
}

fn unwritable(error: csv::Error) -> Failure {
    Failure::new("Output", error.to_string())
}

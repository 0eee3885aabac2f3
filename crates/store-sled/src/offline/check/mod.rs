//! Looking a store over, value by value: everything that can be wrong is named, nothing is changed.

mod blobs;
mod jobs;
mod records;
mod removals;
mod usage;

pub use blobs::check_blobs;

use crate::index::rebuild::read_image;
use crate::offline::whole::check_sequence;
use crate::options::Options;
use crate::records::uses::{self, NamedBlobs};
use crate::tables::codec;
use crate::tables::database::{Database, Read, guarded};
use crate::tables::directory::{self, Layout, exists, lock, open_database};
use crate::tables::format::{check_format, require_present};
use crate::tables::keys::{Table, hexadecimal};
use crate::write::high_water::HighWater;
use fuelcell_store::StoreError;
use serde::de::DeserializeOwned;
use std::ops::ControlFlow;
use std::path::Path;

/// The most problems that are spelt out; all are counted.
const MAX_NAMED: usize = 1000;

/// What a look at a store found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckReport {
    /// Values read.
    pub values: u64,
    /// Jobs among them.
    pub jobs: u64,
    /// Files of stored bytes.
    pub blobs: u64,
    /// Their bytes.
    pub blob_bytes: u64,
    /// Whether some records could not be read. Then nobody knows which files they name, and none is called an orphan.
    pub incomplete: bool,
    /// Files that no record names. They are no problem: a sweep takes them away.
    pub orphans: u64,
    /// Their bytes.
    pub orphan_bytes: u64,
    /// What is wrong, a sentence each, as far as they are spelt out.
    pub problems: Vec<String>,
    /// How many problems there are in all.
    pub problem_count: u64,
}

impl CheckReport {
    /// Notes what is wrong.
    pub fn problem(&mut self, problem: impl Into<String>) {
        self.problem_count += 1;
        if self.problems.len() < MAX_NAMED {
            self.problems.push(problem.into());
        }
    }
}

/// Looks at every record of a store that no server has open. Also tells which bytes the records name.
///
/// # Errors
/// When there is no store, or when another process has it open. What is wrong with it is in the report.
pub fn check(directory: &Path, options: &Options) -> Result<(CheckReport, NamedBlobs), StoreError> {
    if !exists(directory) {
        return Err(StoreError::NotFound("a store of records in this directory"));
    }
    let layout = Layout::of(directory);
    let _lock = lock(&layout.lock)?;
    directory::settle(&layout)?;
    let mut report = CheckReport::default();
    let mut named = NamedBlobs::new();
    let mark = match HighWater::open(&layout.high_water) {
        Ok((_, mark)) => Some(mark),
        Err(error) => {
            report.problem(error.to_string());
            None
        }
    };
    match guarded(|| open_database(&layout.records, options.cache_bytes)) {
        Ok(database) => look(&database, mark, &mut report, &mut named),
        Err(error) => {
            report.incomplete = true;
            report.problem(error.to_string());
        }
    }
    Ok((report, named))
}

fn look(database: &Database, mark: Option<u64>, report: &mut CheckReport, named: &mut NamedBlobs) {
    if let Err(error) = guarded(|| check_format(database).and_then(require_present)) {
        report.incomplete = true;
        report.problem(error.to_string());
        return;
    }
    let whole =
        [guarded(|| check_sequence(database, mark.unwrap_or(0))), guarded(|| read_image(database).map(drop))];
    for error in whole.into_iter().filter_map(Result::err) {
        report.problem(error.to_string());
    }
    let known: Vec<_> = Table::ALL.iter().map(|table| table.tree_name()).collect();
    // sled has a table of its own, under its default name.
    for name in database.tree_names() {
        if !known.contains(&name) && name != "__sled__default" {
            report.problem(format!("there is a table {name} that this version does not know"));
        }
    }
    let mut look = Look { database, report };
    look.registry();
    look.jobs();
    look.usage();
    look.removals();
    look.parts();
    // What cannot be read was told where its table was looked at.
    let unreadable = |_| {
        look.report.incomplete = true;
        Ok(())
    };
    match uses::named(database, unreadable) {
        Ok(all) => *named = all,
        Err(error) => look.report.problem(error.to_string()),
    }
}

/// A look at one database.
struct Look<'a> {
    database: &'a Database,
    report: &'a mut CheckReport,
}

impl Look<'_> {
    /// Calls `visit` with every record of a table that can be read; the others are problems.
    fn each<T: DeserializeOwned>(&mut self, table: Table, mut visit: impl FnMut(&mut Self, &[u8], T)) {
        let database = self.database;
        let ended = database.visit_values(table, None, |key, value| {
            self.report.values += 1;
            let record = database.record(table, key, value).and_then(|bytes| codec::decode(table, &bytes));
            match record {
                Ok(record) => visit(self, key, record),
                Err(_) => self.report.problem(format!("{table:?} {} is damaged", hexadecimal(key))),
            }
            Ok(ControlFlow::Continue(()))
        });
        if let Err(error) = ended {
            self.report.problem(format!("{table:?} cannot be read to its end: {error}"));
        }
    }

    /// The record under a key; one that cannot be read is a problem where its own table is looked at.
    fn get<T: DeserializeOwned>(&self, table: Table, key: &[u8]) -> Option<T> {
        self.database.get(table, key).ok().flatten()
    }

    fn is_there(&self, table: Table, key: &[u8]) -> bool {
        self.database.value(table, key).is_ok_and(|value| value.is_some())
    }

    fn require(&mut self, holds: bool, problem: impl FnOnce() -> String) {
        if !holds {
            self.report.problem(problem());
        }
    }
}

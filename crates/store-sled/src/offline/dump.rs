//! All records as one stream: how they travel into a backup and back.
//!
//! The stream is `magic | layout version | entries | end | number of entries | sha-256 of all before`. An entry is the
//! number of its table, the lengths of key and value, and both as they are stored, each value with its own checksum.
//! Numbers are big-endian.

use crate::tables::codec::{self, Entry, damaged, unseal};
use crate::tables::database::{Database, Writes};
use crate::tables::format::{FORMAT, OLDEST};
use crate::tables::keys::Table;
use fuelcell_domain::DigestWriter;
use fuelcell_store::StoreError;
use serde::Serialize;
use std::io::{self, Read, Write};
use std::ops::ControlFlow;

const MAGIC: &[u8; 16] = b"fuelcell records";
/// Stands where a table's number would.
const END: u8 = u8::MAX;
/// Entries that are written to the database at a time.
const BATCH: usize = 1000;
/// The most bytes of a key or value that are read back: far more than any that is written.
const MAX_LENGTH: u32 = 1 << 20;

/// Writes every record of a database; returns how many entries there were.
pub(crate) fn write(database: &Database, out: impl Write) -> Result<u64, StoreError> {
    let mut out = DigestWriter::new(out);
    out.write_all(MAGIC)?;
    out.write_all(&FORMAT.to_be_bytes())?;
    let mut entries = 0_u64;
    for table in Table::ALL {
        database.visit_values(table, None, |key, value| {
            unseal(&value).ok_or_else(|| damaged(table))?;
            write_entry(&mut out, table, key, &value)?;
            entries += 1;
            Ok(ControlFlow::Continue(()))
        })?;
    }
    out.write_all(&[END])?;
    out.write_all(&entries.to_be_bytes())?;
    let (mut out, digest, _) = out.finish();
    out.write_all(&digest.0)?;
    out.flush()?;
    Ok(entries)
}

fn write_entry(out: &mut impl Write, table: Table, key: &[u8], value: &[u8]) -> io::Result<()> {
    let length = |bytes: &[u8]| u32::try_from(bytes.len()).map_err(io::Error::other);
    out.write_all(&[table as u8])?;
    out.write_all(&length(key)?.to_be_bytes())?;
    out.write_all(&length(value)?.to_be_bytes())?;
    out.write_all(key)?;
    out.write_all(value)
}

/// Reads a stream into an empty database; returns how many entries there were.
///
/// # Errors
/// When the stream is damaged, cut short or of a layout that this build does not read. The database is of no use then.
pub(crate) fn read(input: impl Read, database: &Database) -> Result<u64, StoreError> {
    let mut batch = Batch::new(database);
    let entries = read_entries(input, |table, key, value| batch.add(table, key, value))?;
    batch.apply()?;
    Ok(entries)
}

/// Hands over every entry of a stream; returns how many there were. Whether the stream is whole shows at its end.
pub(crate) fn read_entries(
    input: impl Read,
    mut take: impl FnMut(Table, Vec<u8>, Vec<u8>) -> Result<(), StoreError>,
) -> Result<u64, StoreError> {
    let mut input = Source { input, digest: DigestWriter::new(io::sink()) };
    if &input.take::<16>()? != MAGIC {
        return Err(unusable("it is no backup of records"));
    }
    let format = u32::from_be_bytes(input.take()?);
    if !(OLDEST..=FORMAT).contains(&format) {
        return Err(unusable(&format!(
            "it has layout version {format}; this build reads versions {OLDEST} to {FORMAT}"
        )));
    }
    let mut entries = 0_u64;
    while let Some((table, key, value)) = read_entry(&mut input)? {
        take(table, key, value)?;
        entries += 1;
    }
    let written = u64::from_be_bytes(input.take()?);
    let digest = input.digest.digest();
    if written != entries || input.take()? != digest.0 {
        return Err(unusable("it is not what was written"));
    }
    Ok(entries)
}

/// The next entry; `None` at the end.
fn read_entry(input: &mut Source<impl Read>) -> Result<Option<Entry>, StoreError> {
    let [number] = input.take()?;
    if number == END {
        return Ok(None);
    }
    let table = *Table::ALL.get(usize::from(number)).ok_or_else(|| unusable("it names an unknown table"))?;
    let (key, value) = (u32::from_be_bytes(input.take()?), u32::from_be_bytes(input.take()?));
    let (key, value) = (input.bytes(key)?, input.bytes(value)?);
    unseal(&value).ok_or_else(|| unusable(&format!("a record in {table:?} is damaged")))?;
    Ok(Some((table, key, value)))
}

/// Values on their way into a database, some at a time.
pub(crate) struct Batch<'a> {
    database: &'a Database,
    writes: Vec<Writes>,
    waiting: usize,
    pub(crate) entries: u64,
}

impl<'a> Batch<'a> {
    pub(crate) fn new(database: &'a Database) -> Self {
        Self { database, writes: empty(), waiting: 0, entries: 0 }
    }

    pub(crate) fn add(&mut self, table: Table, key: Vec<u8>, value: Vec<u8>) -> Result<(), StoreError> {
        self.writes[table as usize].insert(key.into(), Some(value.into()));
        self.waiting += 1;
        self.entries += 1;
        match self.waiting < BATCH {
            true => Ok(()),
            false => self.apply(),
        }
    }

    pub(crate) fn put<T: Serialize>(
        &mut self,
        table: Table,
        key: &[u8],
        record: &T,
    ) -> Result<(), StoreError> {
        codec::values(table, key, record)?
            .into_iter()
            .try_for_each(|(table, key, value)| self.add(table, key, value))
    }

    pub(crate) fn apply(&mut self) -> Result<(), StoreError> {
        self.waiting = 0;
        self.database.apply(&std::mem::replace(&mut self.writes, empty()))
    }
}

fn empty() -> Vec<Writes> {
    Table::ALL.iter().map(|_| Writes::default()).collect()
}

/// A stream that is hashed as it is read.
struct Source<R> {
    input: R,
    digest: DigestWriter<io::Sink>,
}

impl<R: Read> Source<R> {
    fn take<const LENGTH: usize>(&mut self) -> Result<[u8; LENGTH], StoreError> {
        let mut bytes = [0; LENGTH];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    fn bytes(&mut self, length: u32) -> Result<Vec<u8>, StoreError> {
        if length > MAX_LENGTH {
            return Err(unusable("it holds an entry that nobody wrote"));
        }
        let mut bytes = vec![0; length as usize];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), StoreError> {
        self.input.read_exact(bytes).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => unusable("it is cut short"),
            _ => error.into(),
        })?;
        Ok(self.digest.write_all(bytes)?)
    }
}

fn unusable(reason: &str) -> StoreError {
    StoreError::Storage(format!("the backup's records cannot be used: {reason}"))
}

//! The database as it is on disk: raw values by table and key, and records read from them.

use crate::tables::codec::{self, Head, Value, damaged};
use crate::tables::keys::{self, Table};
use fuelcell_store::StoreError;
use serde::de::DeserializeOwned;
use sled::transaction::{TransactionError, UnabortableTransactionError};
use sled::{IVec, Transactional, Tree};
use std::collections::{BTreeSet, HashMap};
use std::ops::Bound::{self, Excluded, Unbounded};
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// Reads records, wherever their values come from.
pub(crate) trait Read {
    /// The value under a key, as it was sealed.
    fn value(&self, table: Table, key: &[u8]) -> Result<Option<IVec>, StoreError>;

    /// Whether nobody writes between two reads.
    fn stands_still(&self) -> bool;

    /// The record under a key.
    fn get<T: DeserializeOwned>(&self, table: Table, key: &[u8]) -> Result<Option<T>, StoreError> {
        match self.value(table, key)? {
            Some(value) => self.decoded(table, key, value).map(Some),
            None => Ok(None),
        }
    }

    /// The record that begins with the value under its key. Most records are one value, which is read where it lies.
    fn decoded<T: DeserializeOwned>(&self, table: Table, key: &[u8], value: IVec) -> Result<T, StoreError> {
        match codec::unseal(&value) {
            Some(Value::Whole(bytes)) => codec::decode(table, bytes),
            _ => codec::decode(table, &self.record(table, key, value)?),
        }
    }

    /// Puts a record together, beginning with the value under its key.
    fn record(&self, table: Table, key: &[u8], value: IVec) -> Result<Vec<u8>, StoreError> {
        let mut value = value;
        loop {
            let head = match codec::unseal(&value).ok_or_else(|| damaged(table))? {
                Value::Whole(bytes) => return Ok(bytes.to_vec()),
                Value::Head(head) => head,
                Value::Part(_) => return Err(damaged(table)),
            };
            if let Some(record) = self.parts(table, key, head)? {
                return Ok(record);
            }
            // The parts were replaced while they were read, or they are damaged: then the head is still the same.
            match self.value(table, key)? {
                Some(newer) if newer != value => value = newer,
                _ => return Err(damaged(table)),
            }
        }
    }

    /// The parts of a record; `None` when they do not make up what the head says.
    fn parts(&self, table: Table, key: &[u8], head: Head) -> Result<Option<Vec<u8>>, StoreError> {
        let mut record = Vec::new();
        for number in 0..head.parts {
            let value = self.value(Table::Chunks, &keys::chunk(table, key, number))?;
            match value.as_deref().and_then(codec::unseal) {
                Some(Value::Part(bytes)) => record.extend_from_slice(bytes),
                _ => return Ok(None),
            }
        }
        Ok((crc32fast::hash(&record) == head.checksum).then_some(record))
    }
}

/// New values of one table; `None` removes. Keys are hashed several times for each record, by the
/// one thread that applies all writes.
pub(crate) type Writes = HashMap<IVec, Option<IVec>, foldhash::fast::RandomState>;

/// The open database.
pub(crate) struct Database {
    db: sled::Db,
    trees: Vec<Tree>,
}

impl Database {
    /// Opens or creates the database. The caller catches panics: sled panics on some damaged files.
    pub(crate) fn open(path: &Path, cache_bytes: u64) -> sled::Result<Self> {
        let db = sled::Config::new().path(path).cache_capacity(cache_bytes).flush_every_ms(None).open()?;
        let trees =
            Table::ALL.iter().map(|table| db.open_tree(table.tree_name())).collect::<sled::Result<_>>()?;
        Ok(Self { db, trees })
    }

    fn tree(&self, table: Table) -> &Tree {
        &self.trees[table as usize]
    }

    /// Calls `visit` with every key under the prefix and its record, in the order of the keys.
    pub(crate) fn visit<T: DeserializeOwned>(
        &self,
        table: Table,
        prefix: &[u8],
        visit: impl FnMut(&[u8], T) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        self.visit_entries(table, self.tree(table).scan_prefix(prefix), visit)
    }

    /// The same for the keys of a range.
    pub(crate) fn visit_range<T: DeserializeOwned>(
        &self,
        table: Table,
        range: (Bound<Vec<u8>>, Bound<Vec<u8>>),
        visit: impl FnMut(&[u8], T) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        self.visit_entries(table, self.tree(table).range(range), visit)
    }

    /// The same for the keys under the prefix that lie behind `after`.
    pub(crate) fn visit_behind<T: DeserializeOwned>(
        &self,
        table: Table,
        prefix: &[u8],
        after: Option<Vec<u8>>,
        mut visit: impl FnMut(&[u8], T) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        let Some(after) = after else { return self.visit(table, prefix, visit) };
        self.visit_range(table, (Excluded(after), Unbounded), |key, record| match key.starts_with(prefix) {
            true => visit(key, record),
            false => ControlFlow::Break(()),
        })
    }

    /// The same for the keys under the prefix that lie before `end`, the last one first.
    pub(crate) fn visit_back<T: DeserializeOwned>(
        &self,
        table: Table,
        prefix: &[u8],
        end: &[u8],
        visit: impl FnMut(&[u8], T) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        self.visit_entries(table, self.tree(table).range(prefix..end).rev(), visit)
    }

    fn visit_entries<T: DeserializeOwned>(
        &self,
        table: Table,
        mut entries: impl Iterator<Item = sled::Result<(IVec, IVec)>>,
        mut visit: impl FnMut(&[u8], T) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        while let Some(entry) = guarded(|| entries.next().transpose().map_err(failed))? {
            let (key, value) = entry;
            if visit(&key, self.decoded(table, &key, value)?).is_break() {
                break;
            }
        }
        Ok(())
    }

    /// Calls `visit` with every key behind `after` and its value as it is stored, in the order of the keys.
    pub(crate) fn visit_values(
        &self,
        table: Table,
        after: Option<&[u8]>,
        mut visit: impl FnMut(&[u8], IVec) -> Result<ControlFlow<()>, StoreError>,
    ) -> Result<(), StoreError> {
        let from = after.map_or(Unbounded, Excluded);
        let mut entries = self.tree(table).range::<&[u8], _>((from, Unbounded));
        while let Some((key, value)) = guarded(|| entries.next().transpose().map_err(failed))? {
            if visit(&key, value)?.is_break() {
                break;
            }
        }
        Ok(())
    }

    /// Calls `visit` with all keys and their values as they are stored, `size` at a time, in the order of the keys. What is
    /// written while it is called is seen in the next part: sled's iterators keep a page as they found it, so each part has
    /// an iterator of its own.
    pub(crate) fn visit_parts(
        &self,
        table: Table,
        size: usize,
        mut visit: impl FnMut(&[(IVec, IVec)]) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let mut from = Unbounded;
        loop {
            let entries = self.tree(table).range::<IVec, _>((from, Unbounded)).take(size);
            let part = guarded(|| entries.collect::<Result<Vec<_>, _>>().map_err(failed))?;
            let Some((last, _)) = part.last() else { return Ok(()) };
            from = Excluded(last.clone());
            visit(&part)?;
        }
    }

    /// The names of all tables that are there, ours or not.
    pub(crate) fn tree_names(&self) -> Vec<String> {
        self.db.tree_names().iter().map(|name| String::from_utf8_lossy(name).into_owned()).collect()
    }

    /// All records under the prefix, in the order of their keys.
    pub(crate) fn scan<T: DeserializeOwned>(
        &self,
        table: Table,
        prefix: &[u8],
    ) -> Result<Vec<T>, StoreError> {
        let mut records = Vec::new();
        self.visit(table, prefix, |_, record| {
            records.push(record);
            ControlFlow::Continue(())
        })?;
        Ok(records)
    }

    /// The keys under the prefix, in their order.
    pub(crate) fn keys(&self, table: Table, prefix: &[u8]) -> Result<BTreeSet<IVec>, StoreError> {
        let keys = self.tree(table).scan_prefix(prefix).keys();
        guarded(|| keys.collect::<sled::Result<_>>().map_err(failed))
    }

    /// At most `limit` keys under the prefix, in their order, after passing over `skip`.
    pub(crate) fn some_keys(
        &self,
        table: Table,
        prefix: &[u8],
        skip: usize,
        limit: usize,
    ) -> Result<Vec<Vec<u8>>, StoreError> {
        let keys = self.tree(table).scan_prefix(prefix).keys().skip(skip).take(limit);
        guarded(|| keys.map(|key| key.map(|key| key.to_vec())).collect::<sled::Result<_>>().map_err(failed))
    }

    /// The first keys from `start` to before `end`, at most `limit`.
    pub(crate) fn first_keys(
        &self,
        table: Table,
        start: &[u8],
        end: &[u8],
        limit: usize,
    ) -> Result<Vec<Vec<u8>>, StoreError> {
        let keys = self.tree(table).range(start..end).keys().take(limit);
        guarded(|| keys.map(|key| key.map(|key| key.to_vec())).collect::<sled::Result<_>>().map_err(failed))
    }

    /// The last key under the prefix that lies before `end`.
    pub(crate) fn last_key(
        &self,
        table: Table,
        prefix: &[u8],
        end: &[u8],
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let last = guarded(|| self.tree(table).range(prefix..end).next_back().transpose().map_err(failed))?;
        Ok(last.map(|(key, _)| key.to_vec()))
    }

    /// Applies all writes (by the number of their table) or none. They are in sled's log then, not yet on the medium.
    pub(crate) fn apply(&self, writes: &[Writes]) -> Result<(), StoreError> {
        let touched = || writes.iter().enumerate().filter(|(_, writes)| !writes.is_empty());
        let trees: Vec<_> = touched().map(|(number, _)| self.trees[number].clone()).collect();
        if trees.is_empty() {
            return Ok(());
        }
        guarded(|| {
            let applied = trees[..].transaction(|trees| {
                for (tree, (_, writes)) in trees.iter().zip(touched()) {
                    apply_to(tree, writes)?;
                }
                Ok(())
            });
            applied.map_err(|error| match error {
                TransactionError::Storage(error) => failed(error),
                TransactionError::Abort(()) => StoreError::Storage("the transaction was given up".into()),
            })
        })
    }

    /// Writes sled's log buffer to the file. Durable only after the barrier.
    pub(crate) fn flush(&self) -> Result<(), StoreError> {
        guarded(|| self.db.flush().map(drop).map_err(failed))
    }

    #[cfg(test)]
    pub(crate) fn len(&self, table: Table) -> usize {
        self.tree(table).len()
    }

    /// Bytes of the database on disk.
    pub(crate) fn size_on_disk(&self) -> Result<u64, StoreError> {
        self.db.size_on_disk().map_err(failed)
    }
}

impl Read for Database {
    fn value(&self, table: Table, key: &[u8]) -> Result<Option<IVec>, StoreError> {
        guarded(|| self.tree(table).get(key).map_err(failed))
    }

    fn stands_still(&self) -> bool {
        false
    }
}

fn apply_to(
    tree: &sled::transaction::TransactionalTree,
    writes: &Writes,
) -> Result<(), UnabortableTransactionError> {
    for (key, value) in writes {
        match value {
            Some(value) => tree.insert(key, value)?,
            None => tree.remove(key)?,
        };
    }
    Ok(())
}

/// Turns a panic inside sled into an error: damaged pages make it panic.
pub(crate) fn guarded<T>(work: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let reason =
            panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
        let reason = reason.unwrap_or("no reason given");
        Err(StoreError::Storage(format!("the database panicked: {reason}; {}", codec::ADVICE)))
    })
}

pub(crate) fn failed(error: sled::Error) -> StoreError {
    match error {
        sled::Error::Io(error) => error.into(),
        other => StoreError::Storage(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::directory::open_database;

    #[test]
    fn what_is_written_between_two_parts_is_read_in_the_next() {
        let directory = tempfile::TempDir::new().unwrap();
        let database = open_database(directory.path(), 16 << 20).unwrap();
        let write = |key: u8, value: u8| {
            let mut writes: Vec<Writes> = Table::ALL.iter().map(|_| Writes::default()).collect();
            writes[Table::Jobs as usize].insert(vec![key].into(), Some(vec![value].into()));
            database.apply(&writes).unwrap();
        };
        (0..10).for_each(|key| write(key, 0));
        let mut seen = Vec::new();
        let read = database.visit_parts(Table::Jobs, 4, |part| {
            seen.push(part.iter().map(|(key, value)| (key[0], value[0])).collect::<Vec<_>>());
            let turn = u8::try_from(seen.len()).unwrap();
            (0..10).for_each(|key| write(key, turn));
            Ok(())
        });
        read.unwrap();
        let parts = [vec![0, 1, 2, 3], vec![4, 5, 6, 7], vec![8, 9]];
        let expected: Vec<Vec<(u8, u8)>> =
            (0..).zip(parts).map(|(turn, keys)| keys.into_iter().map(|key| (key, turn)).collect()).collect();
        assert_eq!(seen, expected);
    }
}

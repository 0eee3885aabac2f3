//! The batch being made: what is written lies over the database, so that each command sees those before it.

use crate::index::image::{Change, Image};
use crate::tables::codec::{self, Value};
use crate::tables::database::{Database, Read, Writes};
use crate::tables::keys::{self, JobKey, Table};
use crate::write::recent::Recent;
use fuelcell_domain::{JobState, ProjectRef};
use fuelcell_store::StoreError;
use parking_lot::RwLock;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sled::IVec;
use std::cell::RefCell;
use std::collections::BTreeSet;

/// What a write replaced in the batch, to take a command back: `None` = the batch had nothing under the key.
type Replaced = (Table, IVec, Option<Option<IVec>>);

pub(crate) struct Overlay<'a> {
    database: &'a Database,
    image: &'a RwLock<Image>,
    /// What is known of the database: while a batch is made nothing else writes, and its commands ask for the same values
    /// again and again.
    recent: RefCell<Recent>,
    writes: Vec<Writes>,
    changes: Vec<Change>,
    bytes: usize,
    undo: Vec<Replaced>,
}

impl<'a> Overlay<'a> {
    pub(crate) fn new(database: &'a Database, image: &'a RwLock<Image>) -> Self {
        Self::knowing(database, image, Recent::default())
    }

    /// A batch that begins with what is known from those before it.
    pub(crate) fn knowing(database: &'a Database, image: &'a RwLock<Image>, recent: Recent) -> Self {
        let writes = Table::ALL.iter().map(|_| Writes::default()).collect();
        let recent = RefCell::new(recent);
        Self { database, image, recent, writes, changes: Vec::new(), bytes: 0, undo: Vec::new() }
    }

    /// Runs one command; when it fails, the batch is as it was before.
    pub(crate) fn command<T>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.undo.clear();
        let changes = self.changes.len();
        let answer = work(self);
        if answer.is_err() {
            self.changes.truncate(changes);
            self.take_back();
        }
        answer
    }

    fn take_back(&mut self) {
        for (table, key, replaced) in self.undo.drain(..).rev() {
            match replaced {
                Some(value) => self.writes[table as usize].insert(key, value),
                None => self.writes[table as usize].remove(&key),
            };
        }
    }

    /// All records under the prefix, in the order of their keys.
    pub(crate) fn scan<T: DeserializeOwned>(
        &self,
        table: Table,
        prefix: &[u8],
    ) -> Result<Vec<T>, StoreError> {
        let mut keys = self.database.keys(table, prefix)?;
        let written = self.writes[table as usize].keys().filter(|key| key.starts_with(prefix));
        keys.extend(written.cloned());
        keys.iter().filter_map(|key| self.get(table, key).transpose()).collect()
    }

    /// Writes a record.
    pub(crate) fn put<T: Serialize>(
        &mut self,
        table: Table,
        key: &[u8],
        record: &T,
    ) -> Result<(), StoreError> {
        self.remove_parts(table, key)?;
        self.write(table, key, record)
    }

    /// Writes a record under a key that never had one, which spares the look for parts.
    pub(crate) fn add<T: Serialize>(
        &mut self,
        table: Table,
        key: &[u8],
        record: &T,
    ) -> Result<(), StoreError> {
        debug_assert!(self.value(table, key)?.is_none(), "a key of {table:?} is not new");
        self.write(table, key, record)
    }

    /// Writes a record that is too small for parts, like all of its table, which spares the look for those of the one
    /// before it.
    pub(crate) fn put_small<T: Serialize>(
        &mut self,
        table: Table,
        key: &[u8],
        record: &T,
    ) -> Result<(), StoreError> {
        self.write(table, key, record)
    }

    fn write<T: Serialize>(&mut self, table: Table, key: &[u8], record: &T) -> Result<(), StoreError> {
        for (table, key, value) in codec::values(table, key, record)? {
            self.set(table, &key, Some(value));
        }
        Ok(())
    }

    /// Removes a record; an absent one is no error.
    pub(crate) fn remove(&mut self, table: Table, key: &[u8]) -> Result<(), StoreError> {
        if self.value(table, key)?.is_some() {
            self.remove_parts(table, key)?;
            self.set(table, key, None);
        }
        Ok(())
    }

    /// The value in the database.
    fn stored(&self, table: Table, key: &[u8]) -> Result<Option<IVec>, StoreError> {
        let mut recent = self.recent.borrow_mut();
        if let Some(known) = recent.get(table, key) {
            return Ok(known);
        }
        let value = self.database.value(table, key)?;
        recent.insert(table, key.into(), value.clone());
        Ok(value)
    }

    fn remove_parts(&mut self, table: Table, key: &[u8]) -> Result<(), StoreError> {
        let Some(value) = self.value(table, key)? else { return Ok(()) };
        if !codec::has_parts(&value) {
            return Ok(());
        }
        if let Some(Value::Head(head)) = codec::unseal(&value) {
            for number in 0..head.parts {
                self.set(Table::Chunks, &keys::chunk(table, key, number), None);
            }
        }
        Ok(())
    }

    fn set(&mut self, table: Table, key: &[u8], value: Option<Vec<u8>>) {
        self.bytes += key.len() + value.as_ref().map_or(0, Vec::len);
        let key = IVec::from(key);
        let replaced = self.writes[table as usize].insert(key.clone(), value.map(IVec::from));
        self.undo.push((table, key, replaced));
    }

    /// The next number of a counter, from 1. The highest is not given out: it stands for ordinals beyond all numbers.
    pub(crate) fn next_number(&mut self, counter: &[u8]) -> Result<u32, StoreError> {
        let last: u32 = self.get(Table::Counters, counter)?.unwrap_or(0);
        let next = last.checked_add(1).filter(|next| *next < u32::MAX);
        let next = next.ok_or_else(|| StoreError::Storage("a counter ran over".into()))?;
        self.put_small(Table::Counters, counter, &next)?;
        Ok(next)
    }

    /// The same of a counter that may rise beyond four bytes.
    pub(crate) fn next_long_number(&mut self, counter: &[u8]) -> Result<u64, StoreError> {
        let last: u64 = self.get(Table::Counters, counter)?.unwrap_or(0);
        self.put_small(Table::Counters, counter, &(last + 1))?;
        Ok(last + 1)
    }

    /// Notes that what lists and the queue know of a job changes with this batch.
    pub(crate) fn note(&mut self, change: Change) {
        self.changes.push(change);
    }

    /// Jobs that run, or ran before this batch: each is to be looked at again.
    pub(crate) fn maybe_running(&self) -> BTreeSet<JobKey> {
        let image = self.image.read();
        let started = self.changes.iter().filter(|change| change.is_running());
        image.running().iter().copied().chain(started.map(|change| change.place)).collect()
    }

    /// Queued jobs of a project.
    pub(crate) fn queued_jobs(&self, project: ProjectRef) -> u64 {
        let image = self.image.read();
        let durable = image.queue().count(project);
        let own = self.changes.iter().filter(|change| change.place.project == project);
        own.fold(durable, |count, change| {
            let left = change.before.as_ref().is_some_and(|before| before.state == JobState::Queued);
            let came = change.after.as_ref().is_some_and(|after| after.state == JobState::Queued);
            count + u64::from(came) - u64::from(left)
        })
    }

    /// About how many bytes the batch writes.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.writes.iter().all(Writes::is_empty)
    }

    /// What to write and what to tell the image, and what is known of the database without it.
    pub(crate) fn into_parts(self) -> (Vec<Writes>, Vec<Change>, Recent) {
        (self.writes, self.changes, self.recent.into_inner())
    }
}

impl Read for Overlay<'_> {
    fn value(&self, table: Table, key: &[u8]) -> Result<Option<IVec>, StoreError> {
        match self.writes[table as usize].get(key) {
            Some(written) => Ok(written.clone()),
            None => self.stored(table, key),
        }
    }

    fn stands_still(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    #[test]
    fn large_records_are_parted_and_their_parts_go_with_them() {
        let directory = TempDir::new().unwrap();
        let database = Database::open(directory.path(), 1 << 20).unwrap();
        let image = RwLock::default();
        let parts = || database.len(Table::Chunks);
        for (length, expected) in [(20_000, 4), (50, 0), (100_000, 17), (7_000, 2)] {
            let text = "x".repeat(length);
            let mut overlay = Overlay::new(&database, &image);
            overlay.put(Table::Meta, b"large", &text).unwrap();
            assert_eq!(overlay.get(Table::Meta, b"large").unwrap(), Some(text.clone()), "in the batch");
            database.apply(&overlay.into_parts().0).unwrap();
            assert_eq!(database.get(Table::Meta, b"large").unwrap(), Some(text), "in the database");
            assert_eq!(parts(), expected);
        }
        let mut overlay = Overlay::new(&database, &image);
        overlay.remove(Table::Meta, b"large").unwrap();
        database.apply(&overlay.into_parts().0).unwrap();
        assert_eq!(database.get::<String>(Table::Meta, b"large").unwrap(), None);
        assert_eq!(parts(), 0);
    }

    #[test]
    fn a_failed_command_leaves_no_trace() {
        let directory = TempDir::new().unwrap();
        let database = Database::open(directory.path(), 1 << 20).unwrap();
        let image = RwLock::default();
        let mut overlay = Overlay::new(&database, &image);
        overlay.command(|overlay| overlay.put(Table::Meta, b"kept", &1_u8)).unwrap();
        let failed: Result<(), _> = overlay.command(|overlay| {
            overlay.put(Table::Meta, b"kept", &2_u8)?;
            overlay.put(Table::Meta, b"new", &3_u8)?;
            overlay.remove(Table::Meta, b"kept")?;
            Err(StoreError::NotFound("nothing"))
        });
        assert!(failed.is_err());
        assert_eq!(overlay.get(Table::Meta, b"kept").unwrap(), Some(1_u8));
        assert_eq!(overlay.get::<u8>(Table::Meta, b"new").unwrap(), None);
    }

    #[test]
    fn a_counter_ends_before_the_number_that_stands_for_no_job() {
        let directory = TempDir::new().unwrap();
        let database = Database::open(directory.path(), 1 << 20).unwrap();
        let image = RwLock::default();
        let mut overlay = Overlay::new(&database, &image);
        overlay.put(Table::Counters, b"n", &(u32::MAX - 2)).unwrap();
        assert_eq!(overlay.next_number(b"n").unwrap(), u32::MAX - 1);
        assert!(matches!(overlay.next_number(b"n"), Err(StoreError::Storage(_))));
        // The audit log's goes on.
        overlay.put(Table::Counters, b"long", &u32::MAX).unwrap();
        assert_eq!(overlay.next_long_number(b"long").unwrap(), u64::from(u32::MAX) + 1);
    }
}

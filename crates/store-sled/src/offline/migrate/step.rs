//! A step from one layout to the next.

use crate::offline::dump::Batch;
use crate::tables::codec::{self, Entry};
use crate::tables::database::Database;
use crate::tables::keys::Table;
use fuelcell_store::StoreError;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// From one layout to the next.
pub(super) struct Step {
    /// What becomes of a record; `None` = the next layout does not have it.
    pub(super) record: fn(Record) -> Result<Option<Record>, StoreError>,
    /// What the next layout has beyond that, made from a store of the present one.
    pub(super) gather: &'static [Gather],
}

pub(super) type Gather = fn(&Database, &mut Batch<'_>) -> Result<(), StoreError>;

/// A record on its way, put together from its parts.
pub(super) struct Record {
    pub(super) table: Table,
    pub(super) key: Vec<u8>,
    pub(super) bytes: Vec<u8>,
}

impl Record {
    /// Reads what the record begins with. Also says how many bytes that is.
    pub(super) fn beginning<T: DeserializeOwned>(&self) -> Result<(T, usize), StoreError> {
        match postcard::take_from_bytes(&self.bytes) {
            Ok((form, rest)) => Ok((form, self.bytes.len() - rest.len())),
            Err(_) => Err(codec::damaged(self.table)),
        }
    }

    /// Puts a new field in at this byte.
    pub(super) fn insert<T: Serialize>(&mut self, at: usize, field: &T) -> Result<(), StoreError> {
        let field = postcard::to_stdvec(field)
            .map_err(|error| StoreError::Storage(format!("a field cannot be written: {error}")))?;
        self.bytes.splice(at..at, field);
        Ok(())
    }

    /// The values that it becomes.
    pub(super) fn into_values(self) -> Vec<Entry> {
        codec::values_of_bytes(self.table, &self.key, &self.bytes)
    }
}

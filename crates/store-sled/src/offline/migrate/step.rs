//! A step from one layout to the next.

use crate::offline::dump::Batch;
use crate::tables::codec::{self, Entry};
use crate::tables::database::Database;
use crate::tables::keys::Table;
use fuelcell_store::StoreError;

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
    /// The values that it becomes.
    pub(super) fn into_values(self) -> Vec<Entry> {
        codec::values_of_bytes(self.table, &self.key, &self.bytes)
    }
}

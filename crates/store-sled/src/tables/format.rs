//! The version of the layout, and the number of the latest batch.

use crate::tables::database::{Database, Read};
use crate::tables::keys::Table;
use fuelcell_store::StoreError;

/// The version of the layout that this build writes and reads.
pub(crate) const FORMAT: u32 = 14;
/// The oldest layout that this build reads: that of the first release.
pub(crate) const OLDEST: u32 = 14;
/// The key of the layout's version, in [`Table::Meta`].
pub(crate) const FORMAT_KEY: &[u8] = b"format";
/// The key of the number of the latest durable batch, in [`Table::Meta`].
pub(crate) const SEQUENCE: &[u8] = b"sequence";

/// The sequence that the database was left with.
pub(crate) fn stored_sequence(database: &Database) -> Result<u64, StoreError> {
    Ok(database.get(Table::Meta, SEQUENCE)?.unwrap_or(0))
}

/// The version of a database's layout, which is one that this build reads.
pub(crate) fn check_format(database: &Database) -> Result<u32, StoreError> {
    match database.get::<u32>(Table::Meta, FORMAT_KEY)? {
        Some(format @ OLDEST..=FORMAT) => Ok(format),
        None if database.value(Table::Meta, SEQUENCE)?.is_none() => Ok(FORMAT),
        found => Err(StoreError::Storage(format!(
            "the database has layout version {}; this build reads versions {OLDEST} to {FORMAT}",
            found.map_or("unknown".into(), |found| found.to_string())
        ))),
    }
}

/// Refuses an older layout, for those who do not write.
pub(crate) fn require_present(format: u32) -> Result<(), StoreError> {
    match format {
        FORMAT => Ok(()),
        older => Err(StoreError::Storage(format!(
            "the database has layout version {older}; the server brings it to version {FORMAT} when it starts, and so \
             does `fuelcell compact`"
        ))),
    }
}

//! Giving space back. sled never does, so the records are copied into a fresh database, which then takes the old one's
//! place by two renames. Whatever is interrupted in between is settled at the next opening: the old database stays the
//! one that counts until the new one lies in its place, and both hold the same.

use crate::index::rebuild::{deleted_runs, read_image};
use crate::offline::dump::Batch;
use crate::offline::migrate;
use crate::offline::whole::{Opened, close_durably, open_whole};
use crate::options::Options;
use crate::tables::codec;
use crate::tables::database::{Database, Read, guarded};
use crate::tables::directory::{Layout, exists, free_bytes, open_database, sync_directory};
use crate::tables::format::{FORMAT, FORMAT_KEY};
use crate::tables::keys::Table;
use fuelcell_store::StoreError;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

/// The key of the number of deleted jobs at the latest compaction, in [`Table::Meta`].
const DELETED_THEN: &[u8] = b"deleted-at-compaction";

/// What a compaction did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compacted {
    /// Bytes on disk before.
    pub bytes_before: u64,
    /// Bytes on disk after.
    pub bytes_after: u64,
    /// Entries copied.
    pub entries: u64,
}

/// Copies the records of a store that no server has open into a fresh database, which takes the place of the old one.
///
/// # Errors
/// As [`crate::SledStore::open`], and [`StoreError::Full`] when there is no room for the copy. The store is as it was
/// then.
pub fn compact(directory: &Path, options: &Options) -> Result<Compacted, StoreError> {
    if !exists(directory) {
        return Err(StoreError::NotFound("a store of records in this directory"));
    }
    let opened = open_whole(directory, options)?;
    compact_opened(directory, opened, options)
}

/// Brings a store of an older layout, which was just opened, to the present one.
pub(crate) fn migrated(directory: &Path, opened: Opened, options: &Options) -> Result<Opened, StoreError> {
    let before = opened.format;
    if before == FORMAT {
        return Ok(opened);
    }
    tracing::info!(layout.before = before, layout.now = FORMAT, "the store is brought to the present layout");
    compact_opened(directory, opened, options)?;
    open_whole(directory, options)
}

/// Compacts a store that was just opened if at least as many jobs were deleted since the last time as are left: then
/// about half of its files or more are of no use. A compaction that fails is no reason not to start.
pub(crate) fn if_worth_it(directory: &Path, opened: Opened, options: &Options) -> Result<Opened, StoreError> {
    if !is_worth_it(&opened, options)? {
        return Ok(opened);
    }
    match compact_opened(directory, opened, options) {
        Ok(Compacted { bytes_before, bytes_after, entries }) => tracing::info!(
            bytes.before = bytes_before,
            bytes.after = bytes_after,
            entries.count = entries,
            "the store was compacted"
        ),
        Err(error) => tracing::warn!(%error, "the store could not be compacted; it is opened as it is"),
    }
    open_whole(directory, options)
}

fn is_worth_it(opened: &Opened, options: &Options) -> Result<bool, StoreError> {
    let Opened { database, image, deleted, .. } = opened;
    let then: u64 = database.get(Table::Meta, DELETED_THEN)?.unwrap_or(0);
    let since = deleted.saturating_sub(then);
    Ok(since > 0 && since >= image.len() && database.size_on_disk()? >= options.compact_at_bytes)
}

fn compact_opened(directory: &Path, opened: Opened, options: &Options) -> Result<Compacted, StoreError> {
    let Opened { database, deleted, format, lock: _lock, .. } = opened;
    let layout = Layout::of(directory);
    let bytes_before = database.size_on_disk()?;
    // The copy is smaller than what it is made from.
    if free_bytes(directory)? < bytes_before.saturating_add(options.free_bytes_to_write) {
        return Err(StoreError::Full);
    }
    let fresh = open_database(&layout.compacted, options.cache_bytes)?;
    let entries = guarded(|| fill(&database, &fresh, format, deleted))?;
    close_durably(fresh, &layout.compacted)?;
    drop(database);
    fs::rename(&layout.records, &layout.replaced)?;
    fs::rename(&layout.compacted, &layout.records)?;
    sync_directory(directory)?;
    fs::remove_dir_all(&layout.replaced)?;
    let bytes_after = open_database(&layout.records, options.cache_bytes)?.size_on_disk()?;
    Ok(Compacted { bytes_before, bytes_after, entries })
}

/// Fills a fresh database. Returns how many entries were copied.
fn fill(from: &Database, fresh: &Database, format: u32, deleted: u64) -> Result<u64, StoreError> {
    let (entries, deleted) = match format {
        FORMAT => (copy(from, fresh)?, deleted),
        // A store of the present layout was looked through when it was opened.
        older => (migrate::bring_up(from, fresh, older)?, read_image(fresh)?.1),
    };
    let mut batch = Batch::new(fresh);
    batch.put(Table::Meta, DELETED_THEN, &deleted)?;
    batch.put(Table::Meta, FORMAT_KEY, &FORMAT)?;
    batch.apply()?;
    Ok(entries)
}

fn copy(from: &Database, to: &Database) -> Result<u64, StoreError> {
    let mut batch = Batch::new(to);
    for (first, last) in deleted_runs(from)? {
        batch.put(Table::DeletedJobs, &first.key(), &last)?;
    }
    for table in Table::ALL.into_iter().filter(|table| *table != Table::DeletedJobs) {
        from.visit_values(table, None, |key, value| {
            codec::unseal(&value).ok_or_else(|| codec::damaged(table))?;
            batch.add(table, key.to_vec(), value.to_vec())?;
            Ok(ControlFlow::Continue(()))
        })?;
    }
    batch.apply()?;
    Ok(batch.entries)
}

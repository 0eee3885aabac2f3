//! What an operator does with a store that no server has open: back it up and bring it back.

use crate::index::rebuild::read_image;
use crate::offline::compact::compact;
use crate::offline::dump;
use crate::offline::whole::{Opened, open_whole, seal};
use crate::options::Options;
use crate::records::uses::{self, NamedBlobs};
use crate::tables::database::guarded;
use crate::tables::directory::{Layout, check_space, exists, open_database, sync_directory};
use crate::tables::format::{FORMAT, check_format, require_present};
use fuelcell_store::StoreError;
use std::fs::{self};
use std::io::{self, Read, Write};
use std::path::Path;

/// A store of records that is open for reading while no server has it.
pub struct OfflineStore {
    opened: Opened,
}

impl OfflineStore {
    /// Opens an existing store, as a server would.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is none; otherwise as [`crate::SledStore::open`].
    pub fn open(directory: &Path, options: &Options) -> Result<Self, StoreError> {
        if !exists(directory) {
            return Err(StoreError::NotFound("a store of records in this directory"));
        }
        let opened = open_whole(directory, options)?;
        require_present(opened.format)?;
        Ok(Self { opened })
    }

    /// Writes all records as one stream, which [`restore_records`] reads. Returns the number of entries.
    ///
    /// # Errors
    /// When a record is damaged, or the stream cannot be written.
    pub fn dump(&self, out: impl Write) -> Result<u64, StoreError> {
        dump::write(&self.opened.database, out)
    }

    /// The bytes that the records name.
    ///
    /// # Errors
    /// When a record is damaged.
    pub fn named_blobs(&self) -> Result<NamedBlobs, StoreError> {
        uses::named(&self.opened.database, Err)
    }
}

/// Makes a store of the present layout from the stream of a backup, whole or not at all. Returns the number of entries.
///
/// # Errors
/// [`StoreError::Conflict`] when there is a store already; otherwise when the stream is not whole or does not make up a
/// store that a server would open.
pub fn restore_records(directory: &Path, input: impl Read, options: &Options) -> Result<u64, StoreError> {
    if exists(directory) {
        let message = format!("{} holds a store already; nothing is restored over it", directory.display());
        return Err(StoreError::Conflict(message));
    }
    let staged = directory.with_extension("restoring");
    if staged.exists() {
        fs::remove_dir_all(&staged)?;
    }
    fs::create_dir_all(&staged)?;
    let restored = fill(&staged, input, options).and_then(|entries| {
        put_in_place(&staged, directory)?;
        Ok(entries)
    });
    if restored.is_err() && staged.exists() {
        fs::remove_dir_all(&staged)?;
    }
    restored
}

fn fill(directory: &Path, input: impl Read, options: &Options) -> Result<u64, StoreError> {
    check_space(directory, options.free_bytes_to_open)?;
    let layout = Layout::of(directory);
    let database = open_database(&layout.records, options.cache_bytes)?;
    let (entries, format) = guarded(|| {
        let entries = dump::read(input, &database)?;
        let format = check_format(&database)?;
        // An older layout is looked through when it has been brought up.
        if format == FORMAT {
            read_image(&database)?;
        }
        Ok((entries, format))
    })?;
    seal(database, &layout)?;
    if format != FORMAT {
        compact(directory, options)?;
    }
    Ok(entries)
}

fn put_in_place(staged: &Path, directory: &Path) -> Result<(), StoreError> {
    sync_directory(staged)?;
    // A server that found no room to start leaves its lock file, and nothing else.
    match fs::remove_file(Layout::of(directory).lock) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    fs::rename(staged, directory)?;
    directory.parent().map(sync_directory).transpose()?;
    Ok(())
}

//! What an operator does with a store that no server has open: back it up and bring it back.

use crate::index::rebuild::read_image;
use crate::offline::compact::compact;
use crate::offline::dump;
use crate::open::{
    FORMAT, Layout, Opened, Options, check_format, check_space, open_database, open_whole, require_present,
    sync_directory,
};
use crate::records::uses::{self, NamedBlobs};
use crate::tables::database::{Database, guarded};
use crate::write::committer::stored_sequence;
use crate::write::high_water::HighWater;
use fuelcell_store::StoreError;
use std::fs::{self, File};
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

/// Whether a store of records lies in a directory.
pub fn exists(directory: &Path) -> bool {
    let layout = Layout::of(directory);
    layout.records.exists() || layout.replaced.exists() || layout.high_water.exists()
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

/// Closes a database that was made in one go and makes it durable, with a mark at where it stands.
pub(crate) fn seal(database: Database, layout: &Layout) -> Result<(), StoreError> {
    let sequence = stored_sequence(&database)?;
    close_durably(database, &layout.records)?;
    HighWater::create(&layout.high_water, sequence)?;
    Ok(())
}

/// Closes a database and syncs every file of it: its own flush leaves them to the page cache.
pub(crate) fn close_durably(database: Database, records: &Path) -> Result<(), StoreError> {
    database.flush()?;
    drop(database);
    sync_files(records)?;
    Ok(())
}

fn sync_files(directory: &Path) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        match entry.file_type()?.is_dir() {
            true => sync_files(&entry.path())?,
            false => File::open(entry.path())?.sync_all()?,
        }
    }
    sync_directory(directory)
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

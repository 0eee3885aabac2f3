//! Opening a data directory: one process at a time, never on a full disk, never silently short.

use crate::offline::compact;
use crate::offline::whole::{Opened, open_whole};
use crate::options::Options;
use crate::store::SledStore;
use crate::tables::database::{Database, Read, Writes};
use crate::tables::directory::{Layout, sync_directory};
use crate::tables::format::{FORMAT, FORMAT_KEY, stored_sequence};
use crate::tables::keys::Table;
use crate::write::barrier::Barrier;
use crate::write::committer::Committer;
use crate::write::overlay::Overlay;
use crate::write::recent::Recent;
use crate::write::shared::Shared;
use fuelcell_store::StoreError;
use parking_lot::RwLock;
use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;

impl SledStore {
    /// Opens or creates the store in a directory of its own.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when another process has it open. [`StoreError::Storage`] when too little space is free,
    /// when the layout is of a version that this build does not read, and when the database is damaged or has lost
    /// acknowledged work; it is never opened with less than was acknowledged. [`StoreError::Full`] when there is no room
    /// for the copy that an older layout takes.
    pub fn open(directory: &Path, options: Options) -> Result<Self, StoreError> {
        fs::create_dir_all(directory)?;
        let layout = Layout::of(directory);
        let opened = compact::migrated(directory, open_whole(directory, &options)?, &options)?;
        let opened = compact::if_worth_it(directory, opened, &options)?;
        let Opened { database, image, lock, high_water, .. } = opened;
        let file = layout.open_log()?;
        write_format(&database, &*options.barrier, &file)?;
        sync_directory(&layout.records)?;
        sync_directory(directory)?;
        let sequence = stored_sequence(&database)?;
        let shared = Arc::new(Shared::new(database, image, lock));
        let committer = Committer {
            shared: Arc::clone(&shared),
            barrier: options.barrier,
            file,
            high_water,
            sequence,
            recent: Recent::default(),
            directory: directory.to_owned(),
            free_bytes_to_write: options.free_bytes_to_write,
            free_bytes_to_give_back: options.free_bytes_to_give_back,
        };
        let (commands, thread) = committer.start()?;
        Ok(Self::new(shared, commands, thread))
    }
}

/// Gives a new database its version, durably.
fn write_format(database: &Database, barrier: &dyn Barrier, file: &File) -> Result<(), StoreError> {
    if database.value(Table::Meta, FORMAT_KEY)?.is_some() {
        return Ok(());
    }
    let nothing = RwLock::default();
    let mut overlay = Overlay::new(database, &nothing);
    overlay.put(Table::Meta, FORMAT_KEY, &FORMAT)?;
    let (writes, ..): (Vec<Writes>, _, _) = overlay.into_parts();
    database.apply(&writes)?;
    database.flush()?;
    Ok(barrier.sync(file)?)
}

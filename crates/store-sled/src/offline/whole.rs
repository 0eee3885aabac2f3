//! A store that is opened whole or not at all: nothing that was acknowledged is missing.

use crate::index::image::Image;
use crate::index::rebuild::{read_image, short};
use crate::options::Options;
use crate::tables::database::{Database, guarded};
use crate::tables::directory::{self, Layout, check_space, lock, open_database, sync_directory};
use crate::tables::format::{FORMAT, check_format, stored_sequence};
use crate::write::high_water::HighWater;
use fuelcell_store::StoreError;
use std::fs::File;
use std::path::Path;
use std::{fs, io};

/// A store that was found whole, and is locked for this process.
pub(crate) struct Opened {
    pub(crate) database: Database,
    pub(crate) image: Image,
    /// The number of jobs that were deleted, ever.
    pub(crate) deleted: u64,
    /// The version of its layout.
    pub(crate) format: u32,
    pub(crate) lock: File,
    pub(crate) high_water: HighWater,
}

/// Locks a directory and opens its database, if nothing that was acknowledged is missing.
pub(crate) fn open_whole(directory: &Path, options: &Options) -> Result<Opened, StoreError> {
    let layout = Layout::of(directory);
    let lock = lock(&layout.lock)?;
    check_space(directory, options.free_bytes_to_open)?;
    directory::settle(&layout)?;
    let (high_water, mark) = open_high_water(&layout)?;
    let (database, image, deleted, format) = guarded(|| {
        let database = open_database(&layout.records, options.cache_bytes)?;
        check_sequence(&database, mark)?;
        let format = check_format(&database)?;
        // Forms of an older layout are not read here: what becomes of them is looked through before it takes their place.
        let (image, deleted) = match format {
            FORMAT => read_image(&database)?,
            _ => (Image::default(), 0),
        };
        Ok((database, image, deleted, format))
    })?;
    Ok(Opened { database, image, deleted, format, lock, high_water })
}

/// The mark comes into being before the database does, so that a database without a mark has lost it.
fn open_high_water(layout: &Layout) -> Result<(HighWater, u64), StoreError> {
    match layout.records.exists() || layout.high_water.exists() {
        true => HighWater::open(&layout.high_water),
        false => HighWater::create(&layout.high_water, 0).map(|mark| (mark, 0)),
    }
}

pub(crate) fn check_sequence(database: &Database, mark: u64) -> Result<(), StoreError> {
    let sequence = stored_sequence(database)?;
    match sequence < mark {
        true => Err(short(&format!("it ends at batch {sequence}, but batch {mark} was acknowledged"))),
        false => Ok(()),
    }
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

/// Closes a database that was made in one go and makes it durable, with a mark at where it stands.
pub(crate) fn seal(database: Database, layout: &Layout) -> Result<(), StoreError> {
    let sequence = stored_sequence(&database)?;
    close_durably(database, &layout.records)?;
    HighWater::create(&layout.high_water, sequence)?;
    Ok(())
}

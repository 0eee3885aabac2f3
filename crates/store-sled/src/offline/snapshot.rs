//! A copy of a store that goes on meanwhile. All records are copied while others change them; what the committer writes from
//! the beginning on is noted, and written to the copy after them, in its order. Once everything that may have been seen is
//! noted, the copy holds exactly what the store held after one of its batches. Nobody waits for it.

use crate::offline::dump::Batch;
use crate::offline::whole::seal;
use crate::store::{SledStore, in_background};
use crate::tables::codec::{damaged, unseal};
use crate::tables::database::{Database, guarded};
use crate::tables::directory::{FREE_BYTES_TO_WRITE, Layout, MIB, free_bytes, open_database, sync_directory};
use crate::tables::keys::Table;
use crate::write::shared::Shared;
use fuelcell_store::StoreError;
use fuelcell_store::verbs::Health;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

/// Records that are copied before what was noted meanwhile is written, too.
const PART: usize = 500;
/// sled's page cache of the copy.
const CACHE: u64 = 16 * MIB;

impl SledStore {
    /// Makes a store of its own of everything that this one holds, as it is after one of its batches, in a directory that is
    /// made anew. Whatever was acknowledged before the call is in it. Nobody waits for it.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] while another copy is being made, [`StoreError::Full`] when there is no room for it.
    pub async fn snapshot(&self, directory: &Path) -> Result<(), StoreError> {
        self.shared.check()?;
        let (shared, directory) = (Arc::clone(&self.shared), directory.to_owned());
        let copying = in_background(move || guarded(|| Copying::begin(shared, &directory))).await?;
        // What is answered after the last look was noted before: there is one committer, and it does one batch at a time.
        self.check().await?;
        in_background(move || guarded(|| copying.end())).await
    }
}

/// A copy on its way.
pub(crate) struct Copying {
    shared: Arc<Shared>,
    directory: PathBuf,
    copy: Option<Database>,
}

impl Copying {
    /// Copies everything that is there, into a directory that is made anew.
    pub(crate) fn begin(shared: Arc<Shared>, directory: &Path) -> Result<Self, StoreError> {
        if !shared.journal.begin() {
            return Err(StoreError::Conflict("another copy of the store is being made".into()));
        }
        let mut copying = Self { shared, directory: directory.to_owned(), copy: None };
        if directory.exists() {
            fs::remove_dir_all(directory)?;
        }
        fs::create_dir_all(directory)?;
        // The copy is smaller than what it is made from.
        let needed = copying.shared.database.size_on_disk()?.saturating_add(2 * FREE_BYTES_TO_WRITE);
        if free_bytes(directory)? < needed {
            return Err(StoreError::Full);
        }
        let copy = open_database(&Layout::of(directory).records, CACHE)?;
        copying.copy_all(&copy)?;
        copying.copy = Some(copy);
        Ok(copying)
    }

    fn copy_all(&self, copy: &Database) -> Result<(), StoreError> {
        let mut batch = Batch::new(copy);
        for table in Table::ALL {
            let mut begun = Instant::now();
            self.shared.database.visit_parts(table, PART, |part| {
                for (key, value) in part {
                    unseal(value).ok_or_else(|| damaged(table))?;
                    batch.add(table, key.to_vec(), value.to_vec())?;
                }
                batch.apply()?;
                self.follow(copy)?;
                // Half of the time is for those who work.
                std::thread::sleep(begun.elapsed());
                begun = Instant::now();
                Ok(())
            })?;
        }
        Ok(())
    }

    /// Writes what was noted. It is as new as what was copied before, or newer; what is copied afterwards is read afterwards.
    fn follow(&self, copy: &Database) -> Result<(), StoreError> {
        self.shared.journal.take().iter().try_for_each(|writes| copy.apply(writes))
    }

    /// Ends a copy, when a command that was sent after the last look at the database has been answered.
    pub(crate) fn end(mut self) -> Result<(), StoreError> {
        let Some(copy) = self.copy.take() else { return Ok(()) };
        self.follow(&copy)?;
        self.shared.journal.end();
        seal(copy, &Layout::of(&self.directory))?;
        Ok(sync_directory(&self.directory)?)
    }
}

impl Drop for Copying {
    fn drop(&mut self) {
        self.shared.journal.end();
    }
}

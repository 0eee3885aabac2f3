//! The store as its owner holds it: opened, copied, closed, and how a verb is handed to the committer or to a reader.

use crate::offline::snapshot::Copying;
use crate::open::{self, Options};
use crate::tables::database::{Database, guarded};
use crate::write::committer::{Commands, Durability, Space};
use crate::write::overlay::Overlay;
use crate::write::shared::Shared;
use fuelcell_store::StoreError;
use fuelcell_store::verbs::Health;
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use tokio::sync::Semaphore;

/// The embedded store of records. Dropping it waits for everything sent to be durable, then closes the database.
pub struct SledStore {
    pub(crate) shared: Arc<Shared>,
    /// `None` only while it is being dropped.
    commands: Option<Commands>,
    committer: Option<JoinHandle<()>>,
    /// One at a time.
    pub(crate) reads_ahead: Arc<Semaphore>,
}

impl SledStore {
    /// Opens or creates the store in a directory of its own.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when another process has it open. [`StoreError::Storage`] when too little space is free,
    /// when the layout is of a version that this build does not read, and when the database is damaged or has lost
    /// acknowledged work; it is never opened with less than was acknowledged. [`StoreError::Full`] when there is no room
    /// for the copy that an older layout takes.
    pub fn open(directory: &Path, options: Options) -> Result<Self, StoreError> {
        open::open(directory, options)
    }

    pub(crate) fn new(shared: Arc<Shared>, commands: Commands, committer: JoinHandle<()>) -> Self {
        let reads_ahead = Arc::new(Semaphore::new(1));
        Self { shared, commands: Some(commands), committer: Some(committer), reads_ahead }
    }

    /// Bytes that the database takes on disk.
    pub fn size_on_disk(&self) -> Result<u64, StoreError> {
        self.shared.database.size_on_disk()
    }

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

    pub(crate) fn shared(&self) -> Result<&Shared, StoreError> {
        self.shared.check()?;
        Ok(&self.shared)
    }

    pub(crate) fn database(&self) -> Result<&Database, StoreError> {
        self.shared().map(|shared| &shared.database)
    }

    /// Writes what has to be kept.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Overlay<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.call(Durability::Durable, Space::Takes, work).await
    }

    /// Writes that something has ended or goes away.
    pub(crate) async fn end<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Overlay<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.call(Durability::Durable, Space::GivesBack, work).await
    }

    pub(crate) async fn call<T: Send + 'static>(
        &self,
        durability: Durability,
        space: Space,
        work: impl FnOnce(&mut Overlay<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let closed = || StoreError::Storage("the store is closed".into());
        self.commands.as_ref().ok_or_else(closed)?.call(durability, space, work).await
    }

    /// Reads that touch many records leave the async threads alone.
    pub(crate) async fn read_many<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Shared) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.shared.check()?;
        let shared = Arc::clone(&self.shared);
        in_background(move || read(&shared)).await
    }
}

async fn in_background<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| StoreError::Storage(format!("a read did not end: {error}")))?
}

impl Drop for SledStore {
    fn drop(&mut self) {
        self.commands = None;
        if let Some(committer) = self.committer.take()
            && committer.join().is_err()
        {
            tracing::error!("the committer had panicked");
        }
    }
}

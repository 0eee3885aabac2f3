//! The store as its owner holds it: opened, copied, closed, and how a verb is handed to the committer or to a reader.

use crate::tables::database::Database;
use crate::write::committer::{Commands, Durability, Space};
use crate::write::overlay::Overlay;
use crate::write::shared::Shared;
use fuelcell_store::StoreError;
use fuelcell_store::nodes::OwnNodes;
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
    pub(crate) nodes: OwnNodes,
}

impl SledStore {
    pub(crate) fn new(shared: Arc<Shared>, commands: Commands, committer: JoinHandle<()>) -> Self {
        let reads_ahead = Arc::new(Semaphore::new(1));
        Self {
            shared,
            commands: Some(commands),
            committer: Some(committer),
            reads_ahead,
            nodes: OwnNodes::default(),
        }
    }

    /// Bytes that the database takes on disk.
    pub fn size_on_disk(&self) -> Result<u64, StoreError> {
        self.shared.database.size_on_disk()
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

pub(crate) async fn in_background<T: Send + 'static>(
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

//! What the committer and the readers share.

use crate::index::image::Image;
use crate::records::module::KnownModules;
use crate::tables::database::Database;
use crate::write::journal::Journal;
use fuelcell_domain::Timestamp;
use fuelcell_store::StoreError;
use parking_lot::{RwLock, RwLockReadGuard};
use std::fs::File;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

/// What the committer and the readers share.
pub(crate) struct Shared {
    pub(crate) database: Database,
    pub(crate) image: RwLock<Image>,
    pub(crate) modules: KnownModules,
    pub(crate) journal: Journal,
    /// Whether something is written that a crash may lose.
    ahead: AtomicBool,
    /// Why the store refuses everything.
    failure: OnceLock<String>,
    /// Held as long as the database is open.
    _lock: File,
}

impl Shared {
    pub(crate) fn new(database: Database, image: Image, lock: File) -> Self {
        Self {
            database,
            image: RwLock::new(image),
            modules: KnownModules::default(),
            journal: Journal::default(),
            // What was written last before the store was opened may be.
            ahead: AtomicBool::new(true),
            failure: OnceLock::new(),
            _lock: lock,
        }
    }

    /// What is known of every job.
    pub(crate) fn image(&self) -> RwLockReadGuard<'_, Image> {
        self.image.read()
    }

    /// The same, with all jobs in their lanes whose time has come.
    pub(crate) fn arrived(&self, now: Timestamp) -> RwLockReadGuard<'_, Image> {
        if self.image().queue().awaits(now) {
            self.image.write().arrive(now);
        }
        self.image()
    }

    /// Whether what readers see may be more than what survives a crash. Who has seen something, and hears afterwards that
    /// this is not so, has seen what survives.
    pub(crate) fn is_ahead_of_the_medium(&self) -> bool {
        self.ahead.load(Ordering::SeqCst)
    }

    pub(crate) fn set_ahead_of_the_medium(&self, ahead: bool) {
        self.ahead.store(ahead, Ordering::SeqCst);
    }

    /// Refuses once the store has failed.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        match self.failure.get() {
            Some(reason) => Err(StoreError::Storage(format!("the store stopped: {reason}"))),
            None => Ok(()),
        }
    }

    pub(crate) fn fail(&self, reason: &str) {
        if self.failure.set(reason.to_owned()).is_ok() {
            tracing::error!(reason, "the store stopped; the process should be restarted");
        }
    }
}

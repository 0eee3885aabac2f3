//! The suite's crashes, at the barrier of each batch. What a lost batch leaves is what the medium held at the barrier before:
//! all that a power cut would have to leave.

use async_trait::async_trait;
use fuelcell_store::Store;
use fuelcell_store::conformance::{CrashPoint, Medium};
use fuelcell_store_sled::{Barrier, Fdatasync, Options, SledStore};
use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use tempfile::TempDir;

/// The crash that is to come, or has come.
#[derive(Clone, Copy)]
struct Crash {
    barriers_before: u64,
    point: CrashPoint,
    has_come: bool,
}

/// A data directory, and what its medium held at the latest barrier.
struct Disk {
    directory: TempDir,
    held: TempDir,
    crash: Mutex<Option<Crash>>,
}

/// A data directory whose barriers fail when told to.
#[derive(Clone)]
struct Crashing(Arc<Disk>);

impl Crashing {
    fn new() -> Self {
        let (directory, held) = (TempDir::new().unwrap(), TempDir::new().unwrap());
        Self(Arc::new(Disk { directory, held, crash: Mutex::default() }))
    }
}

impl Disk {
    fn hold(&self) {
        copy(&self.directory.path().join("records"), &self.held.path().join("records"));
    }

    fn crash(&self) -> std::sync::MutexGuard<'_, Option<Crash>> {
        self.crash.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The directory takes the place of what is there.
fn copy(from: &Path, to: &Path) {
    if to.exists() {
        fs::remove_dir_all(to).unwrap();
    }
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let place = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &place),
            false => drop(fs::copy(entry.path(), place).unwrap()),
        }
    }
}

impl Barrier for Crashing {
    fn sync(&self, file: &File) -> io::Result<()> {
        let mut crash = self.0.crash();
        match &mut *crash {
            None => return Fdatasync.sync(file),
            Some(Crash { barriers_before: 0, point, has_come }) => {
                *has_come = true;
                if *point == CrashPoint::Unanswered {
                    Fdatasync.sync(file)?;
                }
                return Err(io::Error::other("the store crashes here"));
            }
            Some(Crash { barriers_before, .. }) => *barriers_before -= 1,
        }
        Fdatasync.sync(file)?;
        self.0.hold();
        Ok(())
    }
}

#[async_trait]
impl Medium for Crashing {
    async fn open(&self) -> Arc<dyn Store> {
        if let Some(Crash { point: CrashPoint::Lost, has_come: true, .. }) = self.0.crash().take() {
            copy(&self.0.held.path().join("records"), &self.0.directory.path().join("records"));
        }
        let options = Options { barrier: Arc::new(self.clone()), ..Options::default() };
        Arc::new(SledStore::open(self.0.directory.path(), options).unwrap())
    }

    fn crash_at(&self, commit: u64, point: CrashPoint) {
        // Everything so far was acknowledged after its barrier.
        self.0.hold();
        *self.0.crash() = Some(Crash { barriers_before: commit, point, has_come: false });
    }
}

fuelcell_store::interrupted_conformance!(Crashing::new);

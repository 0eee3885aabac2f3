//! A data directory: what lies where in it, its lock, its space.

use crate::tables::codec::ADVICE;
use crate::tables::database::Database;
use fuelcell_store::StoreError;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

pub(crate) const MIB: u64 = 1 << 20;

/// With less free space nothing new is taken, neither records nor stored bytes.
pub(crate) const FREE_BYTES_TO_WRITE: u64 = 32 * MIB;

/// How long to wait for a lock of a store that was closed a moment ago.
const LOCK_PATIENCE: Duration = Duration::from_secs(2);

const LOCK_PAUSE: Duration = Duration::from_millis(20);

/// What lies where in the data directory.
pub(crate) struct Layout {
    pub(crate) lock: PathBuf,
    pub(crate) high_water: PathBuf,
    /// sled's directory, and in it the file of its log.
    pub(crate) records: PathBuf,
    pub(crate) log: PathBuf,
    /// Where a compaction builds the new database, and where it leaves the old one for a moment.
    pub(crate) compacted: PathBuf,
    pub(crate) replaced: PathBuf,
}

impl Layout {
    pub(crate) fn of(directory: &Path) -> Self {
        let records = directory.join("records");
        Self {
            lock: directory.join("lock"),
            high_water: directory.join("high-water"),
            log: records.join("db"),
            records,
            compacted: directory.join("records.new"),
            replaced: directory.join("records.old"),
        }
    }

    pub(crate) fn open_log(&self) -> io::Result<File> {
        OpenOptions::new().read(true).write(true).open(&self.log)
    }
}

/// Whether a store of records lies in a directory.
pub fn exists(directory: &Path) -> bool {
    let layout = Layout::of(directory);
    layout.records.exists() || layout.replaced.exists() || layout.high_water.exists()
}

/// Brings back what an interrupted compaction left, and removes what is not needed.
pub(crate) fn settle(layout: &Layout) -> Result<(), StoreError> {
    if !layout.records.exists() && layout.replaced.exists() {
        fs::rename(&layout.replaced, &layout.records)?;
    }
    for leftover in [&layout.replaced, &layout.compacted] {
        if leftover.exists() {
            fs::remove_dir_all(leftover)?;
        }
    }
    Ok(())
}

/// One process per directory. A store of this process that is just being dropped gets a moment to let go.
pub(crate) fn lock(path: &Path) -> Result<File, StoreError> {
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(path)?;
    let in_use =
        || StoreError::Conflict(format!("{} is locked: another process uses this directory", path.display()));
    retry(|| match file.try_lock() {
        Ok(()) => Attempt::Done(Ok(())),
        Err(TryLockError::WouldBlock) => Attempt::Busy(in_use()),
        Err(TryLockError::Error(error)) => Attempt::Done(Err(error.into())),
    })?;
    Ok(file)
}

enum Attempt<T> {
    Done(Result<T, StoreError>),
    Busy(StoreError),
}

fn retry<T>(mut attempt: impl FnMut() -> Attempt<T>) -> Result<T, StoreError> {
    let started = Instant::now();
    loop {
        match attempt() {
            Attempt::Done(result) => return result,
            Attempt::Busy(error) if started.elapsed() >= LOCK_PATIENCE => return Err(error),
            Attempt::Busy(_) => std::thread::sleep(LOCK_PAUSE),
        }
    }
}

/// Bytes that this user may still write on the file system of a path.
pub(crate) fn free_bytes(path: &Path) -> io::Result<u64> {
    let stat = rustix::fs::statvfs(path)?;
    Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
}

pub(crate) fn check_space(directory: &Path, needed: u64) -> Result<(), StoreError> {
    let free = free_bytes(directory)?;
    match free < needed {
        true => Err(StoreError::Storage(format!(
            "only {} MiB are free in {}; the store is not opened with less than {} MiB",
            free / MIB,
            directory.display(),
            needed / MIB
        ))),
        false => Ok(()),
    }
}

/// sled may hold its lock for a moment after it was dropped.
pub(crate) fn open_database(path: &Path, cache_bytes: u64) -> Result<Database, StoreError> {
    retry(|| match Database::open(path, cache_bytes) {
        Ok(database) => Attempt::Done(Ok(database)),
        Err(sled::Error::Io(error)) if error.to_string().contains("lock") => Attempt::Busy(error.into()),
        Err(error) => {
            Attempt::Done(Err(StoreError::Storage(format!("the database does not open: {error}; {ADVICE}"))))
        }
    })
}

pub(crate) fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

//! Opening a data directory: one process at a time, never on a full disk, never silently short.

use crate::index::image::Image;
use crate::index::rebuild::{read_image, short};
use crate::offline::compact;
use crate::offline::migrate::OLDEST;
use crate::store::SledStore;
use crate::tables::codec::ADVICE;
use crate::tables::database::{Database, Read, Writes, guarded};
use crate::tables::keys::Table;
use crate::write::barrier::{Barrier, Fdatasync};
use crate::write::committer::{Committer, SEQUENCE, stored_sequence};
use crate::write::high_water::HighWater;
use crate::write::overlay::Overlay;
use crate::write::recent::Recent;
use crate::write::shared::Shared;
use fuelcell_store::StoreError;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant};

/// The version of the layout that this build writes and reads.
pub(crate) const FORMAT: u32 = 7;
/// The key of the layout's version, in [`Table::Meta`].
pub(crate) const FORMAT_KEY: &[u8] = b"format";

pub(crate) const MIB: u64 = 1 << 20;

/// With less free space nothing new is taken, neither records nor stored bytes.
pub(crate) const FREE_BYTES_TO_WRITE: u64 = 32 * MIB;

/// How long to wait for a lock of a store that was closed a moment ago.
const LOCK_PATIENCE: Duration = Duration::from_secs(2);
const LOCK_PAUSE: Duration = Duration::from_millis(20);

/// How to open a store.
#[derive(Clone)]
pub struct Options {
    /// Bytes of sled's page cache. The process needs several times as much.
    pub cache_bytes: u64,
    /// Opening is refused with less than this many bytes free: sled damages its files when it runs full while it opens.
    pub free_bytes_to_open: u64,
    /// Writing is refused ([`StoreError::Full`]) with less than this many bytes free, except what ends or removes
    /// something.
    pub free_bytes_to_write: u64,
    /// All writing is refused with less than this many bytes free. More than a batch takes, so that the disk never runs
    /// full under the database.
    pub free_bytes_to_give_back: u64,
    /// At opening, the database is compacted when it takes at least this many bytes and at least as many jobs were deleted
    /// since the last time as are left.
    pub compact_at_bytes: u64,
    /// What makes a batch durable. Only tests have a reason to set it.
    pub barrier: Arc<dyn Barrier>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            cache_bytes: 64 * MIB,
            free_bytes_to_open: 64 * MIB,
            free_bytes_to_write: FREE_BYTES_TO_WRITE,
            free_bytes_to_give_back: 16 * MIB,
            compact_at_bytes: 256 * MIB,
            barrier: Arc::new(Fdatasync),
        }
    }
}

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

/// A store that was found whole, and is locked for this process.
pub(crate) struct Opened {
    pub(crate) database: Database,
    pub(crate) image: Image,
    /// The number of jobs that were deleted, ever.
    pub(crate) deleted: u64,
    /// The version of its layout.
    pub(crate) format: u32,
    pub(crate) lock: File,
    high_water: HighWater,
}

/// See [`SledStore::open`].
pub(crate) fn open(directory: &Path, options: Options) -> Result<SledStore, StoreError> {
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
    Ok(SledStore::new(shared, commands, thread))
}

/// Locks a directory and opens its database, if nothing that was acknowledged is missing.
pub(crate) fn open_whole(directory: &Path, options: &Options) -> Result<Opened, StoreError> {
    let layout = Layout::of(directory);
    let lock = lock(&layout.lock)?;
    check_space(directory, options.free_bytes_to_open)?;
    compact::settle(&layout)?;
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

/// The mark comes into being before the database does, so that a database without a mark has lost it.
fn open_high_water(layout: &Layout) -> Result<(HighWater, u64), StoreError> {
    match layout.records.exists() || layout.high_water.exists() {
        true => HighWater::open(&layout.high_water),
        false => HighWater::create(&layout.high_water, 0).map(|mark| (mark, 0)),
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

pub(crate) fn check_sequence(database: &Database, mark: u64) -> Result<(), StoreError> {
    let sequence = stored_sequence(database)?;
    match sequence < mark {
        true => Err(short(&format!("it ends at batch {sequence}, but batch {mark} was acknowledged"))),
        false => Ok(()),
    }
}

/// The version of a database's layout, which is one that this build reads.
pub(crate) fn check_format(database: &Database) -> Result<u32, StoreError> {
    match database.get::<u32>(Table::Meta, FORMAT_KEY)? {
        Some(format @ OLDEST..=FORMAT) => Ok(format),
        None if database.value(Table::Meta, SEQUENCE)?.is_none() => Ok(FORMAT),
        found => Err(StoreError::Storage(format!(
            "the database has layout version {}; this build reads versions {OLDEST} to {FORMAT}",
            found.map_or("unknown".into(), |found| found.to_string())
        ))),
    }
}

/// Refuses an older layout, for those who do not write.
pub(crate) fn require_present(format: u32) -> Result<(), StoreError> {
    match format {
        FORMAT => Ok(()),
        older => Err(StoreError::Storage(format!(
            "the database has layout version {older}; the server brings it to version {FORMAT} when it starts, and so \
             does `fuelcell compact`"
        ))),
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

pub(crate) fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

//! A number beside the database that says how far it had come. sled opens some damaged files silently short; a database
//! whose own sequence is below this mark has lost acknowledged work and is refused.

use crate::tables::codec::ADVICE;
use fuelcell_store::StoreError;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, Instant};

const MAGIC: [u8; 8] = *b"fuelcell";
const LENGTH: usize = 20;

/// How often the mark itself is synced. A killed process loses nothing of it (it is in the page cache); a power cut may
/// set it back by this much, which then only means that a database cut short by damage in the same moment goes unnoticed.
const SYNC_EVERY: Duration = Duration::from_millis(250);

pub(crate) struct HighWater {
    file: File,
    synced_at: Instant,
}

impl HighWater {
    /// Starts a mark: at 0 for a new database.
    pub(crate) fn create(path: &Path, sequence: u64) -> Result<Self, StoreError> {
        let file = OpenOptions::new().read(true).write(true).create_new(true).open(path)?;
        file.write_all_at(&sealed(sequence), 0)?;
        file.sync_all()?;
        Ok(Self { file, synced_at: Instant::now() })
    }

    /// Opens the mark of an existing database and reads it.
    pub(crate) fn open(path: &Path) -> Result<(Self, u64), StoreError> {
        let unusable = |reason: &str| {
            StoreError::Storage(format!("the high-water mark {} is {reason}; {ADVICE}", path.display()))
        };
        let file =
            OpenOptions::new().read(true).write(true).open(path).map_err(|error| match error.kind() {
                io::ErrorKind::NotFound => unusable("missing"),
                _ => error.into(),
            })?;
        let mut bytes = [0; LENGTH];
        file.read_exact_at(&mut bytes, 0).map_err(|_| unusable("damaged"))?;
        let mark = unsealed(bytes).ok_or_else(|| unusable("damaged"))?;
        Ok((Self { file, synced_at: Instant::now() }, mark))
    }

    /// Raises the mark to a batch that is durable.
    pub(crate) fn record(&mut self, sequence: u64) -> io::Result<()> {
        self.file.write_all_at(&sealed(sequence), 0)?;
        if self.synced_at.elapsed() >= SYNC_EVERY {
            self.sync()?;
        }
        Ok(())
    }

    pub(crate) fn sync(&mut self) -> io::Result<()> {
        self.file.sync_data()?;
        self.synced_at = Instant::now();
        Ok(())
    }
}

fn sealed(sequence: u64) -> [u8; LENGTH] {
    let mut bytes = [0; LENGTH];
    bytes[..8].copy_from_slice(&MAGIC);
    bytes[8..16].copy_from_slice(&sequence.to_be_bytes());
    let checksum = crc32fast::hash(&bytes[..16]);
    bytes[16..].copy_from_slice(&checksum.to_be_bytes());
    bytes
}

pub(crate) fn unsealed(bytes: [u8; LENGTH]) -> Option<u64> {
    let (content, _) = bytes.split_first_chunk::<16>()?;
    let sequence = u64::from_be_bytes(*content.last_chunk()?);
    (sealed(sequence) == bytes).then_some(sequence)
}

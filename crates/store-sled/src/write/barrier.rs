//! The one place where bytes are forced onto the medium.

use std::fs::File;
use std::io;

/// Makes what was written to a file durable. sled's own flush does not: it uses `sync_file_range`, which flushes neither
/// the file system's metadata nor the drive's cache.
pub trait Barrier: Send + Sync {
    /// Returns when everything written to `file` so far would survive a power cut.
    fn sync(&self, file: &File) -> io::Result<()>;
}

/// `fdatasync(2)`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Fdatasync;

impl Barrier for Fdatasync {
    fn sync(&self, file: &File) -> io::Result<()> {
        file.sync_data()
    }
}

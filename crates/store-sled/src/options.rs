//! How to open a store.

use crate::tables::directory::{FREE_BYTES_TO_WRITE, MIB};
use crate::write::barrier::{Barrier, Fdatasync};
use std::sync::Arc;

/// How to open a store.
#[derive(Clone)]
pub struct Options {
    /// Bytes of sled's page cache. The process needs several times as much.
    pub cache_bytes: u64,
    /// Opening is refused with less than this many bytes free: sled damages its files when it runs full while it opens.
    pub free_bytes_to_open: u64,
    /// Writing is refused ([`StoreError::Full`](fuelcell_store::StoreError::Full)) with less than this many bytes free, except what ends or removes
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

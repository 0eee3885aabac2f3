//! What the files of one cell share: the quota, the place of their bytes, the clock.

use super::content::{Content, Scratch};
use super::{ErrorCode, Result};
use crate::clocks::FIXED_TIME;
use crate::disk::Disk;
use fuelcell_domain::Meter;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

/// The files of a cell, as a whole.
pub(crate) struct Volume {
    pub(super) content: Content,
    disk: Disk,
    meter: Arc<Meter>,
    deterministic: bool,
    ids: AtomicU64,
}

impl Volume {
    /// Bytes lie in a file of `scratch` and count against `disk`.
    pub(crate) fn new(scratch: Scratch, disk: Disk, meter: Arc<Meter>, deterministic: bool) -> Self {
        Self { content: Content::new(scratch), disk, meter, deterministic, ids: AtomicU64::new(1) }
    }

    pub(super) fn next_id(&self) -> u64 {
        self.ids.fetch_add(1, Ordering::Relaxed)
    }

    /// Time since 1970: the machine's, or always the same.
    pub(super) fn now(&self) -> Duration {
        match self.deterministic {
            true => FIXED_TIME,
            false => SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default(),
        }
    }

    pub(super) fn take(&self, bytes: u64) -> Result<()> {
        self.disk.take(bytes).map_err(|_| ErrorCode::Quota)
    }

    pub(super) fn give_back(&self, bytes: u64) {
        self.disk.give_back(bytes);
    }

    pub(super) fn take_entry(&self) -> Result<()> {
        self.disk.take_entry().map_err(|_| ErrorCode::Quota)
    }

    pub(super) fn give_back_entry(&self) {
        self.disk.give_back_entry();
    }

    pub(super) fn refuse_depth(&self) -> ErrorCode {
        self.disk.refuse_entry();
        ErrorCode::Quota
    }

    pub(super) fn count_read(&self, bytes: u64) {
        self.meter.count_read(bytes);
    }

    pub(super) fn count_write(&self, bytes: u64) {
        self.meter.count_write(bytes);
    }
}

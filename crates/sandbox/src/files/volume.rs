//! What the files of one cell share: the quota, the place of their bytes, the clock.

use super::content::{Content, Scratch};
use super::{ErrorCode, Result};
use crate::clocks::FIXED_TIME;
use crate::files::disk::Disk;
use fuelcell_domain::output_name::output_name;
use fuelcell_domain::{JobHost, LogLevel, Meter};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

/// The stage of our lines in the job's log.
const STAGE: &str = "outputs";

/// The files of a cell, as a whole.
pub(crate) struct Volume {
    pub(super) content: Content,
    disk: Disk,
    meter: Arc<Meter>,
    host: Arc<dyn JobHost>,
    deterministic: bool,
    ids: AtomicU64,
}

impl Volume {
    /// Bytes lie in a file of `scratch` and count against `disk`. Why a name is refused goes to the log of `host`.
    pub(crate) fn new(
        scratch: Scratch,
        disk: Disk,
        meter: Arc<Meter>,
        host: Arc<dyn JobHost>,
        deterministic: bool,
    ) -> Self {
        Self { content: Content::new(scratch), disk, meter, host, deterministic, ids: AtomicU64::new(1) }
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

    /// Whether files may be published under these names when `freed` others are gone. A program that may not have one learns
    /// it here, when it makes the file, and its people read why.
    pub(super) fn admit_outputs(&self, names: &[String], freed: u32) -> Result<()> {
        let broken = names.iter().find_map(|name| output_name(name).err());
        let (refusal, code) = match (broken, self.disk.admit_outputs(names, freed)) {
            (None, Ok(())) => {
                if !names.is_empty() {
                    self.disk.accept_name();
                }
                return Ok(());
            }
            (Some(rule), _) => (rule, ErrorCode::Invalid),
            (None, Err(reason)) => (reason, ErrorCode::Exist),
        };
        self.host.log(LogLevel::Error, STAGE, &refusal);
        self.disk.refuse_name(refusal);
        Err(code)
    }

    pub(super) fn add_outputs(&self, count: u32) {
        self.disk.add_outputs(count);
    }

    pub(super) fn remove_outputs(&self, count: u32) {
        self.disk.remove_outputs(count);
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

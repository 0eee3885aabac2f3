//! What all who open the device of a cell have in common.

use crate::cell::memory::Memory;
use crate::cell::requests::Sender;
use crate::cell::told::Told;
use crate::files::disk::Disk;
use fuelcell_domain::{Cancellation, JobHost, Meter};
use parking_lot::{Mutex, MutexGuard};
use std::sync::Arc;
use std::time::Instant;

/// What a program is started for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Task {
    /// To do its job.
    Run,
    /// To tell its manifest, on its author's machine.
    Describe,
}

/// What all who open the device of a cell have in common.
pub(super) struct Desk {
    pub(super) task: Task,
    pub(super) host: Arc<dyn JobHost>,
    pub(super) meter: Arc<Meter>,
    pub(super) memory: Arc<Memory>,
    pub(super) disk: Disk,
    pub(super) sender: Sender,
    pub(super) told: Arc<Mutex<Told>>,
    /// When the program is told of its deadline.
    pub(super) notice: Instant,
    /// None in a deterministic run.
    pub(super) started: Option<Instant>,
}

impl Desk {
    pub(super) fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock()
    }

    pub(super) fn cancellation(&self) -> Cancellation {
        match self.host.cancellation() {
            Cancellation::None if Instant::now() >= self.notice => Cancellation::Deadline,
            known => known,
        }
    }
}

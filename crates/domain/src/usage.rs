//! What an attempt used, while it runs and in the end.

use crate::clock::FIXED_TIME;
use crate::{Digest, Fence, FuelProfile, Timestamp};
use serde::{Deserialize, Serialize};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Units of fuel that an attempt burnt, as far as that is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fuel {
    /// Nobody counted.
    #[default]
    Unknown,
    /// Exactly so much, and the same for the same work: the guest returned, or burnt all that it had.
    Exact(u64),
    /// So much at the last moment at which it was known: the guest was stopped, trapped, or was lost.
    AtLeast(u64),
}

impl Fuel {
    /// The figure, exact or not.
    pub fn units(self) -> Option<u64> {
        match self {
            Self::Unknown => None,
            Self::Exact(units) | Self::AtLeast(units) => Some(units),
        }
    }

    /// The figure, where it is exact.
    pub fn exact(self) -> Option<u64> {
        match self {
            Self::Exact(units) => Some(units),
            Self::Unknown | Self::AtLeast(_) => None,
        }
    }

    /// Whether it may have been more.
    pub fn is_lower_bound(self) -> bool {
        matches!(self, Self::AtLeast(_))
    }
}

/// Measured figures of one attempt. What could not be measured is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Units of fuel burnt.
    pub fuel: Fuel,
    /// The most bytes that all memories and tables held together.
    pub peak_memory_bytes: u64,
    /// Microseconds of CPU time of the thread that ran the guest, host calls included.
    pub cpu_micros: u64,
    /// Microseconds from start to end.
    pub wall_micros: u64,
    /// Bytes that the guest read from its inputs.
    pub bytes_read: u64,
    /// Bytes that the guest wrote to artifacts and checkpoints.
    pub bytes_written: u64,
    /// Calls that read or wrote files.
    pub io_operations: u64,
    /// The most bytes that files, artifacts and the checkpoint held together.
    pub peak_disk_bytes: u64,
    /// The most files, directories and links that existed at the same time.
    pub peak_files: u64,
    /// Random bytes that the guest asked for.
    pub random_bytes: u64,
}

impl Usage {
    /// Of an attempt whose guest never began.
    pub fn nothing() -> Self {
        Self { fuel: Fuel::Exact(0), ..Self::default() }
    }

    /// Of an attempt of which this was seen last: it may have burnt more. Of one that nobody saw it is still known that it
    /// burnt nothing or more.
    pub fn of_lost(seen: Self) -> Self {
        Self { fuel: Fuel::AtLeast(seen.fuel.units().unwrap_or(0)), ..seen }
    }
}

/// The live figures of a running attempt: the runner writes, anybody reads.
#[derive(Debug, Default)]
pub struct Meter {
    /// Units of fuel that were burnt by the last moment at which the engine said so.
    pub fuel: AtomicU64,
    /// Bytes of all memories and tables now.
    pub memory_bytes: AtomicU64,
    /// The most that `memory_bytes` has been.
    pub peak_memory_bytes: AtomicU64,
    /// CPU time so far, in microseconds.
    pub cpu_micros: AtomicU64,
    /// Bytes read from inputs.
    pub bytes_read: AtomicU64,
    /// Bytes written to artifacts and checkpoints.
    pub bytes_written: AtomicU64,
    /// Calls that read or wrote files.
    pub io_operations: AtomicU64,
    /// The most that files, artifacts and the checkpoint have held.
    pub peak_disk_bytes: AtomicU64,
    /// The most files that there have been.
    pub peak_files: AtomicU64,
    /// Random bytes that were asked for.
    pub random_bytes: AtomicU64,
    /// Microseconds that its compiled code took to be loaded.
    pub load_micros: AtomicU64,
    /// The fences around a process of the cell's own, once they stand.
    pub fences: OnceLock<Vec<Fence>>,
    /// Where the fuel went, once the run has ended, if its spec asks for that.
    pub profile: OnceLock<FuelProfile>,
}

impl Meter {
    /// Counts one read of `bytes`.
    pub fn count_read(&self, bytes: u64) {
        self.bytes_read.fetch_add(bytes, Ordering::Relaxed);
        self.io_operations.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts one write of `bytes`.
    pub fn count_write(&self, bytes: u64) {
        self.bytes_written.fetch_add(bytes, Ordering::Relaxed);
        self.io_operations.fetch_add(1, Ordering::Relaxed);
    }

    /// Notes how long its compiled code took to be loaded.
    pub fn set_load_time(&self, time: Duration) {
        self.load_micros.store(u64::try_from(time.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// How long its compiled code took to be loaded.
    pub fn load_time(&self) -> Duration {
        Duration::from_micros(self.load_micros.load(Ordering::Relaxed))
    }

    /// Notes the memory in use now.
    pub fn set_memory(&self, bytes: u64) {
        self.memory_bytes.store(bytes, Ordering::Relaxed);
        self.peak_memory_bytes.fetch_max(bytes, Ordering::Relaxed);
    }

    /// Notes that so much fuel has been burnt.
    pub fn set_fuel(&self, burnt: u64) {
        self.fuel.fetch_max(burnt, Ordering::Relaxed);
    }

    /// Notes the bytes and files on the disk now.
    pub fn set_disk(&self, bytes: u64, files: u64) {
        self.peak_disk_bytes.fetch_max(bytes, Ordering::Relaxed);
        self.peak_files.fetch_max(files, Ordering::Relaxed);
    }

    /// Takes over figures that were measured elsewhere, and the memory in use there.
    pub fn adopt(&self, usage: Usage, memory_bytes: u64) {
        self.memory_bytes.store(memory_bytes, Ordering::Relaxed);
        self.peak_memory_bytes.fetch_max(usage.peak_memory_bytes, Ordering::Relaxed);
        self.set_fuel(usage.fuel.units().unwrap_or(0));
        self.cpu_micros.store(usage.cpu_micros, Ordering::Relaxed);
        self.bytes_read.store(usage.bytes_read, Ordering::Relaxed);
        self.bytes_written.store(usage.bytes_written, Ordering::Relaxed);
        self.io_operations.store(usage.io_operations, Ordering::Relaxed);
        self.peak_disk_bytes.store(usage.peak_disk_bytes, Ordering::Relaxed);
        self.peak_files.store(usage.peak_files, Ordering::Relaxed);
        self.random_bytes.store(usage.random_bytes, Ordering::Relaxed);
    }

    /// The figures so far. Wall time, and fuel that is exact, are the runner's to add.
    pub fn usage(&self) -> Usage {
        Usage {
            fuel: Fuel::AtLeast(self.fuel.load(Ordering::Relaxed)),
            peak_memory_bytes: self.peak_memory_bytes.load(Ordering::Relaxed),
            cpu_micros: self.cpu_micros.load(Ordering::Relaxed),
            wall_micros: 0,
            bytes_read: self.bytes_read.load(Ordering::Relaxed),
            bytes_written: self.bytes_written.load(Ordering::Relaxed),
            io_operations: self.io_operations.load(Ordering::Relaxed),
            peak_disk_bytes: self.peak_disk_bytes.load(Ordering::Relaxed),
            peak_files: self.peak_files.load(Ordering::Relaxed),
            random_bytes: self.random_bytes.load(Ordering::Relaxed),
        }
    }
}

/// What a deterministic run has in place of time and chance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deterministic {
    /// Where all randomness begins.
    pub seed: u64,
    /// The time that the clock shows, always.
    pub time: Timestamp,
}

impl Deterministic {
    /// With this seed.
    pub fn with_seed(seed: u64) -> Self {
        Self { seed, time: FIXED_TIME }
    }

    /// The same for the same module, parameters and inputs, whoever asks.
    pub fn of_work<'a>(
        module: Digest,
        parameters: &str,
        inputs: impl IntoIterator<Item = (&'a str, Digest)>,
    ) -> Self {
        let mut text = format!("{module}\n{parameters}\n");
        for (name, digest) in inputs {
            text.push_str(&format!("{name} {digest}\n"));
        }
        let Digest(bytes) = Digest::of(text.as_bytes());
        Self::with_seed(bytes.iter().take(8).fold(0, |seed, byte| seed << 8 | u64::from(*byte)))
    }
}

/// What a line of log costs beside its text, so that empty lines use up the limit too.
pub const LOG_LINE_OVERHEAD: u64 = 64;

/// What an attempt logged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogUsage {
    /// Bytes that were kept, with what a line costs beside its text.
    pub bytes: u64,
    /// Lines that were dropped because the limit was reached.
    pub dropped_lines: u64,
}

//! What an attempt used and touched.

use crate::outbound::Contact;
use crate::{AttemptId, Digest, Fence, Isolation, Limits, Timestamp};
use serde::{Deserialize, Serialize};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// Measured figures of one attempt. What could not be measured is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Units of fuel burnt; known only for runs that returned or ran out of fuel.
    pub fuel: Option<u64>,
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
}

/// The live figures of a running attempt: the runner writes, anybody reads.
#[derive(Debug, Default)]
pub struct Meter {
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
    /// The fences around a process of the cell's own, once they stand.
    pub fences: OnceLock<Vec<Fence>>,
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

    /// Notes the memory in use now.
    pub fn set_memory(&self, bytes: u64) {
        self.memory_bytes.store(bytes, Ordering::Relaxed);
        self.peak_memory_bytes.fetch_max(bytes, Ordering::Relaxed);
    }

    /// Takes over figures that were measured elsewhere, and the memory in use there.
    pub fn adopt(&self, usage: Usage, memory_bytes: u64) {
        self.memory_bytes.store(memory_bytes, Ordering::Relaxed);
        self.peak_memory_bytes.fetch_max(usage.peak_memory_bytes, Ordering::Relaxed);
        self.cpu_micros.store(usage.cpu_micros, Ordering::Relaxed);
        self.bytes_read.store(usage.bytes_read, Ordering::Relaxed);
        self.bytes_written.store(usage.bytes_written, Ordering::Relaxed);
        self.io_operations.store(usage.io_operations, Ordering::Relaxed);
    }

    /// The figures so far. Fuel and wall time are the runner's to add.
    pub fn usage(&self) -> Usage {
        Usage {
            fuel: None,
            peak_memory_bytes: self.peak_memory_bytes.load(Ordering::Relaxed),
            cpu_micros: self.cpu_micros.load(Ordering::Relaxed),
            wall_micros: 0,
            bytes_read: self.bytes_read.load(Ordering::Relaxed),
            bytes_written: self.bytes_written.load(Ordering::Relaxed),
            io_operations: self.io_operations.load(Ordering::Relaxed),
        }
    }
}

/// The account of one attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The attempt.
    pub attempt: AttemptId,
    /// The process that ran it.
    pub node: String,
    /// Digest of the module that ran.
    pub module: Digest,
    /// Input names with the digests of their bytes.
    pub inputs: Vec<(String, Digest)>,
    /// Artifact names with the digests of their bytes.
    pub outputs: Vec<(String, Digest)>,
    /// The limits that held.
    pub limits: Limits,
    /// What engine and configuration ran it; fuel figures compare only under the same fingerprint.
    pub engine: String,
    /// Where the cell was.
    pub isolation: Isolation,
    /// What its process had given up; empty in the server's process, and when the process died before it said so.
    pub fences: Vec<Fence>,
    /// When it started.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Timestamp,
    /// What it used.
    pub usage: Usage,
    /// Whom it contacted over HTTP.
    pub contacts: Vec<Contact>,
}

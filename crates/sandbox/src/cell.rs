//! What one running job holds: its host, its rations, its handles.

use crate::disk::Disk;
use crate::limits::MemoryLimiter;
use crate::output::LogStream;
use fuelcell_domain::{JobHost, LogLevel, Meter, RunSpec};
use std::sync::Arc;
use std::time::{Duration, Instant};
use wasmtime::component::ResourceTable;
use wasmtime::{Engine, Store};
use wasmtime_wasi::WasiCtx;

/// Handles (readers, writers, pollables) that a guest holds at the same time.
const MAX_HANDLES: usize = 256;

/// Bytes of lists and texts that one host call may carry: a large checkpoint, which cannot be written in pieces as
/// artifacts can.
pub(crate) const MAX_CALL_BYTES: usize = 16 << 20;

/// A guest is told of its deadline this early, or when a tenth of a shorter time is left.
const DEADLINE_NOTICE: Duration = Duration::from_secs(1);

/// The data of a store.
pub(crate) struct Cell {
    pub(crate) host: Arc<dyn JobHost>,
    pub(crate) meter: Arc<Meter>,
    pub(crate) memory: MemoryLimiter,
    pub(crate) disk: Disk,
    pub(crate) table: ResourceTable,
    pub(crate) stdout: LogStream,
    pub(crate) stderr: LogStream,
    pub(crate) wasi: Option<WasiCtx>,
    pub(crate) deterministic_seed: Option<u64>,
    notice: Instant,
}

impl Cell {
    /// `memory_bytes` is the limit of the specification or what a slot of the pool holds, whichever is less.
    fn new(spec: &RunSpec, memory_bytes: u64, host: Arc<dyn JobHost>, started: Instant) -> Self {
        let mut table = ResourceTable::new();
        table.set_max_capacity(MAX_HANDLES);
        let timeout = spec.limits.timeout();
        Self {
            memory: MemoryLimiter::new(memory_bytes, spec.meter.clone()),
            meter: spec.meter.clone(),
            disk: Disk::new(spec.limits.disk_bytes),
            table,
            stdout: LogStream::new(host.clone(), LogLevel::Info, "stdout"),
            stderr: LogStream::new(host.clone(), LogLevel::Warn, "stderr"),
            wasi: None,
            deterministic_seed: spec.deterministic_seed,
            notice: after(started, timeout - DEADLINE_NOTICE.min(timeout / 10)),
            host,
        }
    }

    /// Whether the guest should save what it has because its time is nearly over.
    pub(crate) fn deadline_is_near(&self) -> bool {
        Instant::now() >= self.notice
    }

    /// Logs what the guest wrote to its streams without ending the line.
    pub(crate) fn finish_output(&self) {
        self.stdout.finish();
        self.stderr.finish();
    }
}

/// `start` plus `duration`; a time beyond what the clock can say is as good as thirty years.
pub(crate) fn after(start: Instant, duration: Duration) -> Instant {
    const THIRTY_YEARS: Duration = Duration::from_secs(30 * 365 * 24 * 3600);
    start.checked_add(duration).unwrap_or(start + THIRTY_YEARS)
}

/// A store with all rations set.
pub(crate) fn open(
    engine: &Engine,
    spec: &RunSpec,
    memory_bytes: u64,
    host: Arc<dyn JobHost>,
    started: Instant,
) -> wasmtime::Result<Store<Cell>> {
    let mut store = Store::try_new(engine, Cell::new(spec, memory_bytes, host, started))?;
    store.limiter(|cell| &mut cell.memory);
    store.set_fuel(fuel(spec))?;
    store.set_hostcall_fuel(MAX_CALL_BYTES);
    store.set_epoch_deadline(1);
    store.epoch_deadline_async_yield_and_update(1);
    Ok(store)
}

/// Unlimited fuel is so much that no run can burn it, which keeps it measured.
pub(crate) fn fuel(spec: &RunSpec) -> u64 {
    spec.limits.fuel.unwrap_or(u64::MAX)
}

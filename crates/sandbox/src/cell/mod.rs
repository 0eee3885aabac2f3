//! What one running job holds: its host, its rations, its handles, its files, and what it has written so far.
//!
//! A cell knows nothing of the interfaces that guests call: those are answered in [`crate::guest`], on what lies here.

pub(crate) mod engine_files;
pub(crate) mod memory;
pub(crate) mod outbox;
pub(crate) mod output;
pub(crate) mod panics;
pub(crate) mod requests;
pub(crate) mod sampler;
mod script;
pub(crate) mod surroundings;
pub(crate) mod texts;
pub(crate) mod told;

use crate::clocks::FIXED_TIME;
use crate::files::disk::Disk;
use crate::files::node::Device;
use crate::files::{Preopen, Scratch, Volume};
use async_trait::async_trait;
use fuelcell_domain::{FIXED, JobHost, LogLevel, Meter, RunSpec};
use memory::{Memory, MemoryLimiter};
use outbox::Outbox;
use output::LogStream;
use parking_lot::Mutex;
use requests::Http;
use sampler::Sampler;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant, SystemTime};
use surroundings::{OUT, Profile};
use texts::List;
use told::Told;
use wasmtime::component::ResourceTable;
use wasmtime::{CallHook, CallHookHandler, Engine, Store, StoreContextMut, WasmBacktrace};
use wasmtime_wasi::WasiCtx;

/// Bytes of lists and texts that one host call may carry.
pub(crate) const MAX_CALL_BYTES: usize = FIXED.host_call_bytes as usize;

/// A guest gives way each time that it has burnt so much, which bounds how late a deadline or stop is seen: a few
/// milliseconds of computing, and at the very worst, where every instruction waits for memory, half a second.
const FUEL_SLICE: u64 = 4 << 20;

/// How long a guest that calls the host again and again goes on before it gives way.
const TURN: Duration = Duration::from_millis(10);

/// A guest is told of its deadline this early, or when a tenth of a shorter time is left.
const DEADLINE_NOTICE: Duration = Duration::from_secs(1);

/// The data of a store.
pub(crate) struct Cell {
    pub(crate) host: Arc<dyn JobHost>,
    pub(crate) meter: Arc<Meter>,
    pub(crate) memory: Arc<Memory>,
    limiter: MemoryLimiter,
    pub(crate) disk: Disk,
    pub(crate) table: ResourceTable,
    pub(crate) stdout: LogStream,
    pub(crate) stderr: LogStream,
    pub(crate) wasi: Option<WasiCtx>,
    pub(crate) http: Option<Http>,
    pub(crate) deterministic_seed: Option<u64>,
    pub(crate) profile: Option<Profile>,
    /// Arguments and environment of a program of preview 1, once they were asked for.
    pub(crate) texts: [Option<List>; 2],
    /// What the panic hook of the SDK said.
    pub(crate) panic: Option<String>,
    /// Sees where the fuel goes, if somebody wants to know.
    pub(crate) sampler: Option<Sampler>,
    /// By which a program reaches what is no file; guests of the job world have none.
    pub(crate) device: Option<Arc<dyn Device>>,
    /// What the program said by it.
    pub(crate) told: Arc<Mutex<Told>>,
    files: Option<Vec<Preopen>>,
    scratch: Scratch,
    pub(crate) notice: Instant,
    pub(crate) started: Instant,
    /// The fuel that the store was given.
    fuel: u64,
    deadline: Instant,
    /// When it gave way after a host call the last time.
    turn: Instant,
}

/// What all cells of a sandbox have in common.
#[derive(Clone)]
pub(crate) struct Shared {
    /// The most bytes that a cell of this engine can hold.
    pub(crate) slot_bytes: u64,
    /// Whether its engine counts fuel.
    pub(crate) metered: bool,
    /// Where the bytes of cells' files go.
    pub(crate) scratch: Scratch,
}

/// What one cell is made for.
pub(crate) struct CellSpec<'a> {
    pub(crate) spec: &'a RunSpec,
    pub(crate) shared: &'a Shared,
    pub(crate) host: Arc<dyn JobHost>,
    /// In place of the job's own surroundings.
    pub(crate) profile: Option<Profile>,
    pub(crate) started: Instant,
}

impl Cell {
    fn new(cell_spec: CellSpec<'_>) -> Self {
        let CellSpec { spec, shared, host, profile, started } = cell_spec;
        let mut table = ResourceTable::new();
        table.set_max_capacity(FIXED.handles as usize);
        let timeout = spec.limits.timeout();
        // A slot of the pool may hold less than the limit allows.
        let memory_bytes = spec.limits.memory_bytes.min(shared.slot_bytes);
        let memory = Memory::new(memory_bytes, spec.meter.clone());
        Self {
            limiter: MemoryLimiter::new(memory.clone()),
            memory,
            meter: spec.meter.clone(),
            disk: Disk::new(spec.limits.disk_bytes, spec.meter.clone()),
            table,
            stdout: LogStream::new(host.clone(), LogLevel::Info, "stdout"),
            stderr: LogStream::new(host.clone(), LogLevel::Warn, "stderr"),
            wasi: None,
            http: None,
            deterministic_seed: spec.deterministic_seed,
            profile,
            texts: [None, None],
            panic: None,
            sampler: spec.profiled.then(Sampler::default),
            device: None,
            told: Arc::default(),
            files: None,
            scratch: shared.scratch.clone(),
            notice: after(started, timeout - DEADLINE_NOTICE.min(timeout / 10)),
            started,
            fuel: fuel(spec),
            deadline: after(started, timeout),
            turn: started,
            host,
        }
    }

    /// The directories of this cell. Made when first asked for: most guests of the job world never do.
    pub(crate) fn files(&mut self) -> wasmtime::Result<&[Preopen]> {
        if self.files.is_none() {
            self.files = Some(self.make_files()?);
        }
        Ok(self.files.as_deref().unwrap_or_default())
    }

    fn make_files(&self) -> wasmtime::Result<Vec<Preopen>> {
        let deterministic = self.deterministic_seed.is_some();
        let (scratch, disk, meter, host) =
            (self.scratch.clone(), self.disk.clone(), self.meter.clone(), self.host.clone());
        let volume = Arc::new(Volume::new(scratch, disk, meter, host, deterministic));
        match &self.profile {
            Some(profile) => Ok(surroundings::profile_files(&volume, profile)?),
            None => {
                let mut directories = surroundings::job_files(&volume, &self.host, &self.memory)?;
                directories
                    .extend(self.device.clone().map(|device| surroundings::device_files(&volume, device)));
                Ok(directories)
            }
        }
    }

    /// Where the guest left its outputs, if it looked at its directories at all.
    pub(crate) fn outbox(&self) -> Option<Outbox> {
        let mut directories = self.files.iter().flatten();
        let out = directories.find(|directory| directory.path == OUT)?.tree.clone();
        Some(Outbox { out, host: self.host.clone(), disk: self.disk.clone(), told: self.told.clone() })
    }

    /// Arguments, the program's name first.
    pub(crate) fn arguments(&self) -> Vec<String> {
        match &self.profile {
            Some(profile) => {
                std::iter::once("job".to_owned()).chain(profile.arguments.iter().cloned()).collect()
            }
            None => surroundings::arguments(self.host.parameters()),
        }
    }

    /// Environment variables as `NAME=VALUE`; jobs have none.
    pub(crate) fn environment(&self) -> Vec<String> {
        let variables = self.profile.iter().flat_map(|profile| &profile.environment);
        variables.map(|(name, value)| format!("{name}={value}")).collect()
    }

    /// Time since 1970: the machine's, or always the same.
    pub(crate) fn now(&self) -> Duration {
        match self.deterministic_seed {
            Some(_) => FIXED_TIME,
            None => SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default(),
        }
    }

    fn check_time(&self) -> wasmtime::Result<()> {
        match Instant::now() >= self.deadline {
            true => Err(wasmtime::Error::new(TimeIsUp)),
            false => Ok(()),
        }
    }

    /// How long the attempt runs; nothing that a deterministic one is to know.
    pub(crate) fn elapsed(&self) -> Option<Duration> {
        self.deterministic_seed.is_none().then(|| self.started.elapsed())
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
pub(crate) fn open(engine: &Engine, cell_spec: CellSpec<'_>) -> wasmtime::Result<Store<Cell>> {
    let fuel = cell_spec.shared.metered.then(|| fuel(cell_spec.spec));
    let mut store = Store::try_new(engine, Cell::new(cell_spec))?;
    store.limiter(|cell| &mut cell.limiter);
    if let Some(fuel) = fuel {
        store.set_fuel(fuel)?;
        let slice = store.data().sampler.as_ref().map_or(FUEL_SLICE, Sampler::every);
        store.fuel_async_yield_interval(Some(slice))?;
    }
    store.set_hostcall_fuel(MAX_CALL_BYTES);
    store.call_hook_async(GiveWay);
    Ok(store)
}

/// The time of a guest was up when it came back from its host, or from giving way because a slice of fuel was burnt. Ended
/// there, the engine can tell where it was; one that is dropped while it waits cannot be asked.
#[derive(Debug, thiserror::Error)]
#[error("the time is up")]
pub(crate) struct TimeIsUp;

/// Keeps the meter's figure of fuel, and lets a guest give way that is more in the host than in its own code: its calls
/// take time and burn next to nothing.
struct GiveWay;

#[async_trait]
impl CallHookHandler<Cell> for GiveWay {
    async fn handle_call_event(
        &self,
        mut store: StoreContextMut<'_, Cell>,
        event: CallHook,
    ) -> wasmtime::Result<()> {
        if event.entering_host() {
            note_fuel(&store);
        }
        look(&mut store);
        if !event.exiting_host() {
            return Ok(());
        }
        store.data().check_time()?;
        if store.data().turn.elapsed() >= TURN {
            tokio::task::yield_now().await;
            store.data_mut().turn = Instant::now();
            store.data().check_time()?;
        }
        Ok(())
    }
}

/// Looks at the stack of a guest that calls the host or gives way, if somebody wants to know and it is time.
fn look(store: &mut StoreContextMut<'_, Cell>) {
    let Some(mut sampler) = store.data_mut().sampler.take() else { return };
    let cell = store.data();
    let fuel = cell.fuel.saturating_sub(store.get_fuel().unwrap_or_default()).min(cell.fuel - 1);
    let bytes = cell.meter.memory_bytes.load(Ordering::Relaxed);
    if sampler.is_due(fuel, bytes) && sampler.note(&WasmBacktrace::force_capture(&*store), fuel, bytes) {
        // The engine takes every distance but 0.
        let _ = store.fuel_async_yield_interval(Some(sampler.every()));
    }
    store.data_mut().sampler = Some(sampler);
}

/// The guest keeps the count to itself, but for where it calls the host, or the engine because a slice is burnt.
fn note_fuel(store: &StoreContextMut<'_, Cell>) {
    if let Ok(left) = store.get_fuel() {
        let cell = store.data();
        // The one more than the limit does not count.
        cell.meter.set_fuel(cell.fuel.saturating_sub(left).min(cell.fuel - 1));
    }
}

/// What a store is given: one more than the guest may burn, so that a guest which has burnt all that it may has one left.
/// Unlimited fuel is so much that no run can burn it, which keeps it measured.
pub(crate) fn fuel(spec: &RunSpec) -> u64 {
    spec.limits.fuel.unwrap_or(u64::MAX).saturating_add(1)
}

/// Whether the guest burnt more than it may.
pub(crate) fn is_out_of_fuel(store: &Store<Cell>) -> bool {
    // An engine that counts none has no such error.
    store.get_fuel().is_ok_and(|left| left == 0)
}

//! The front of this crate: one object that runs jobs, prepares modules and inspects uploads.

use crate::cache::Cache;
use crate::cell::Cell;
use crate::engine::{self, EngineError, PoolSize};
use crate::modules::{self, Modules};
use crate::outcome::Cut;
use crate::run::{self, Run};
use crate::{describe, inspect, linker};
use async_trait::async_trait;
use fuelcell_domain::seams::{InspectError, Inspection, Readiness, StopSignal};
use fuelcell_domain::{
    Digest, ErrorCode, JobError, JobHost, JobRunner, ModuleInspector, ReadAt, RunEnd, RunSpec, Usage,
};
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::task::spawn_blocking;
use wasmtime::Engine;
use wasmtime::component::Linker;

/// Where the sandbox keeps its things, and for how much it is made.
#[derive(Clone, Debug)]
pub struct SandboxConfig {
    /// Directory of compiled code. It is made if it is missing, and only this user may enter it.
    pub cache_dir: PathBuf,
    /// Jobs that can run at the same time; one more fails as transient. Each reserves address space, not memory.
    pub max_cells: u32,
    /// The most bytes that any job's memory may have; limits above it count as this. At most 4 GiB.
    pub max_memory_bytes: u64,
}

impl SandboxConfig {
    /// 256 cells of at most 1 GiB.
    pub fn new(cache_dir: impl Into<PathBuf>) -> Self {
        Self { cache_dir: cache_dir.into(), max_cells: 256, max_memory_bytes: 1 << 30 }
    }
}

/// Why there is no sandbox.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The engine cannot start.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The directory of compiled code cannot be used.
    #[error("the directory of compiled code cannot be used: {0}")]
    Cache(#[from] io::Error),
}

/// Runs modules in cells. One per process is enough; it is cheap to share.
pub struct Sandbox {
    engine: Engine,
    linker: Linker<Cell>,
    fingerprint: String,
    slot_bytes: u64,
    modules: Arc<Modules>,
}

impl Sandbox {
    /// Starts the engine and opens the cache of compiled code.
    ///
    /// # Errors
    /// When the machine cannot run the engine, or `cache_dir` cannot be made or entered.
    pub fn new(config: SandboxConfig) -> Result<Self, SandboxError> {
        let slot_bytes = slot_bytes(config.max_memory_bytes);
        let engine = engine::start(PoolSize { cells: config.max_cells, memory_bytes: slot_bytes as usize })?;
        let fingerprint = engine::fingerprint(&engine);
        let linker = linker::linker(&engine).map_err(|error| EngineError(format!("{error:#}")))?;
        let cache = Cache::open(&config.cache_dir, &fingerprint, engine.clone())?;
        let modules = Arc::new(Modules::new(engine.clone(), linker.clone(), cache));
        Ok(Self { engine, linker, fingerprint, slot_bytes, modules })
    }

    /// What a module's `describe` export says: its manifest as JSON. Runs guest code, so it is for the author's machine,
    /// never for servers. The module needs no manifest yet.
    ///
    /// # Errors
    /// When the module cannot be compiled or linked, or fails within small limits of time and memory.
    pub async fn describe(&self, bytes: &[u8]) -> Result<String, JobError> {
        let (engine, linker, slot_bytes) = (self.engine.clone(), self.linker.clone(), self.slot_bytes);
        let (bytes, runtime) = (bytes.to_vec(), Handle::current());
        let work = move || {
            let job = modules::link_once(&engine, &linker, &bytes)?;
            let spec = describe::spec(Digest::of(&bytes));
            let stop = Box::pin(std::future::pending());
            let run = Run { job, spec, slot_bytes, host: Arc::new(describe::NoJob), stop };
            let (described, _) =
                run::in_cell(run, &runtime, async |job, store| job.call_describe(store).await);
            described.map_err(not_described)
        };
        spawn_blocking(work).await.unwrap_or_else(|_| Err(host_failed()))
    }
}

/// A whole number of wasm pages within what 32 bits can address.
fn slot_bytes(max_memory_bytes: u64) -> u64 {
    const PAGE: u64 = 64 << 10;
    max_memory_bytes.clamp(PAGE, 4 << 30).next_multiple_of(PAGE)
}

fn not_described(cut: Cut) -> JobError {
    match cut {
        Cut::Failed(error) => error,
        Cut::Exited | Cut::Stopped => {
            JobError::new(ErrorCode::GuestError, "the module ended without describing itself")
        }
    }
}

/// A thread of the host went down. That is our mistake and not the job's, so the job gets another attempt.
fn host_failed() -> JobError {
    JobError::new(ErrorCode::Storage, "the host failed while it ran this job").transient()
}

#[async_trait]
impl JobRunner for Sandbox {
    fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    fn readiness(&self, module: Digest) -> Readiness {
        self.modules.readiness(module)
    }

    async fn prepare(&self, module: Digest, bytes: Arc<dyn ReadAt>) -> Result<(), JobError> {
        self.modules.clone().prepare(module, bytes).await
    }

    async fn run(&self, spec: RunSpec, host: Arc<dyn JobHost>, stop: StopSignal) -> (RunEnd, Usage) {
        let (modules, slot_bytes, meter, runtime) =
            (self.modules.clone(), self.slot_bytes, spec.meter.clone(), Handle::current());
        // A caller that goes away drops its end, and nothing runs on without anybody to run for.
        let (caller, caller_is_gone) = oneshot::channel::<()>();
        let stop: StopSignal = Box::pin(async {
            tokio::select! {
                () = stop => {}
                _ = caller_is_gone => {}
            }
        });
        // A thread of its own: guests hold up nothing that answers requests.
        let work = move || match modules.get(spec.module) {
            Ok(job) => run::job(Run { job, spec, slot_bytes, host, stop }, &runtime),
            Err(error) => (RunEnd::Failed(error), Usage::default()),
        };
        let outcome = spawn_blocking(work).await;
        drop(caller);
        outcome.unwrap_or_else(|panic| {
            tracing::error!(error.message = %panic, "the thread of a job panicked");
            (RunEnd::Failed(host_failed()), meter.usage())
        })
    }
}

impl ModuleInspector for Sandbox {
    fn inspect(&self, bytes: &[u8]) -> Result<Inspection, InspectError> {
        inspect::inspect(bytes, self.engine.get_wasm_features())
    }
}

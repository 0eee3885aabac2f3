//! The front of this crate: one object that runs jobs, prepares modules and inspects uploads.

use crate::cell::surroundings::Profile;
use crate::cell::{Cell, Shared};
use crate::compile::CodeKey;
use crate::compile::cache::Cache;
use crate::compile::compiler::Compiler;
use crate::compile::engine::{self, EngineError, PoolSize};
use crate::compile::modules::{self, Modules};
use crate::files::Scratch;
use crate::guest::linker;
use crate::guest::program::Program;
use crate::module::inspect;
use crate::process::{Assignment, CellProgram, Children, Home};
use crate::run::no_job::NoJob;
use crate::run::outcome::{Cut, host_failed};
use crate::run::{self, Run, check, describe, not_started};
use async_trait::async_trait;
use fuelcell_domain::seams::{InspectError, Inspection, Readiness, ScriptSources, StopSignal};
use fuelcell_domain::{
    Digest, ErrorCode, Isolation, JobError, JobHost, JobRunner, ModuleInspector, ReadAt, RunEnd, RunSpec,
    Syntax, Usage,
};
use parking_lot::Mutex;
use std::fs::DirBuilder;
use std::future::poll_fn;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::task::spawn_blocking;
use wasmtime::component::Linker;
use wasmtime::{Engine, Store};

/// Runs that took no longer than this of late begin on the thread that asks for them: to hand one over costs more than it
/// does. Whoever gives way before the end, or waits for something, goes on in a thread of its own.
const BRIEF: Duration = Duration::from_millis(1);

/// Where the sandbox keeps its things, and for how much it is made.
#[derive(Clone, Debug)]
pub struct SandboxConfig {
    /// Directory of compiled code. It is made if it is missing, and only this user may enter it.
    pub cache_dir: PathBuf,
    /// What compiled code in `cache_dir` is authenticated with: sandboxes that share the directory share the key.
    pub code_key: CodeKey,
    /// Directory in which the files of running jobs lie, without names: nothing of them survives the job or the process.
    /// It is made if it is missing.
    pub scratch_dir: PathBuf,
    /// Where modules are compiled.
    pub compiler: Compiler,
    /// What runs cells in processes of their own; none = this sandbox has only its own process.
    pub cells: Option<CellProgram>,
    /// Where the sources of scripts are checked.
    pub check_isolation: Isolation,
    /// Jobs that can run at the same time; one more fails as transient. Each reserves address space, not memory.
    pub max_cells: u32,
    /// Whether guests burn fuel and give way to deadlines. Without, nothing ends one that computes: only for measuring what
    /// it costs, with modules that one trusts.
    pub metered: bool,
    /// The most bytes that any job's memory may have; limits above it count as this. At most 4 GiB.
    pub max_memory_bytes: u64,
}

impl SandboxConfig {
    /// 256 cells of at most 1 GiB; files of jobs lie below the cache.
    pub fn new(cache_dir: impl Into<PathBuf>, code_key: CodeKey) -> Self {
        let cache_dir = cache_dir.into();
        Self {
            scratch_dir: cache_dir.join("scratch"),
            cache_dir,
            code_key,
            compiler: Compiler::InProcess,
            cells: None,
            check_isolation: Isolation::InProcess,
            max_cells: 256,
            metered: true,
            max_memory_bytes: 1 << 30,
        }
    }
}

/// Why there is no sandbox.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The engine cannot start.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The directory of compiled code or of scratch files cannot be used.
    #[error("the directory of compiled code or of scratch files cannot be used: {0}")]
    Directory(#[from] io::Error),
}

/// Runs modules in cells. One per process is enough; it is cheap to share.
pub struct Sandbox {
    engine: Engine,
    linker: Linker<Cell>,
    fingerprint: String,
    shared: Shared,
    modules: Arc<Modules>,
    children: Option<Arc<Children>>,
    check_isolation: Isolation,
}

impl Sandbox {
    /// Starts the engine and opens the cache of compiled code.
    ///
    /// # Errors
    /// When the machine cannot run the engine, or `cache_dir` cannot be made or entered.
    pub fn new(config: SandboxConfig) -> Result<Self, SandboxError> {
        let slot_bytes = slot_bytes(config.max_memory_bytes);
        let (engine, settings) = engine::build(
            PoolSize { cells: config.max_cells, memory_bytes: slot_bytes as usize },
            config.metered,
        )?;
        let fingerprint = engine::fingerprint(&engine);
        let linker = linker::linker(&engine).map_err(|error| EngineError(format!("{error:#}")))?;
        let cache = Cache::open(&config.cache_dir, config.code_key, &fingerprint, engine.clone())?;
        let modules =
            Arc::new(Modules::new(engine.clone(), settings, config.compiler, linker.clone(), cache));
        DirBuilder::new().recursive(true).mode(0o700).create(&config.scratch_dir)?;
        let scratch = Scratch::Directory(config.scratch_dir.clone());
        let shared = Shared { slot_bytes, metered: settings.metered(), scratch };
        let home =
            Home { fingerprint: fingerprint.clone(), settings, slot_bytes, scratch_dir: config.scratch_dir };
        let children = config.cells.map(|program| Arc::new(Children::new(program, home)));
        let check_isolation = config.check_isolation;
        Ok(Self { engine, linker, fingerprint, shared, modules, children, check_isolation })
    }

    /// What a module's `describe` export says: its manifest as JSON. Runs guest code, so it is for the author's machine,
    /// never for servers. The module needs no manifest yet.
    ///
    /// # Errors
    /// When the module cannot be compiled or linked, or fails within small limits of time and memory.
    pub async fn describe(&self, bytes: &[u8]) -> Result<String, JobError> {
        let (engine, linker, bytes) = (self.engine.clone(), self.linker.clone(), bytes.to_vec());
        let digest = Digest::of(&bytes);
        self.described(digest, None, move || modules::link_once(&engine, &linker, &bytes)).await
    }

    /// What a script says of itself by its engine, which is prepared: its manifest as JSON. For the author's machine, as
    /// [`Self::describe`].
    ///
    /// # Errors
    /// As [`Self::describe`].
    pub async fn describe_script(&self, engine: Digest, sources: ScriptSources) -> Result<String, JobError> {
        let modules = self.modules.clone();
        self.described(engine, Some(sources), move || modules.get(engine)).await
    }

    async fn described(
        &self,
        digest: Digest,
        script: Option<ScriptSources>,
        program: impl FnOnce() -> Result<Program, JobError> + Send + 'static,
    ) -> Result<String, JobError> {
        let (shared, runtime) = (self.shared.clone(), Handle::current());
        let work = move || {
            let program = program()?;
            let described_by = program.clone();
            let spec = describe::spec(digest);
            let stop = Box::pin(std::future::pending());
            let host = Arc::new(NoJob { script, report: None });
            let run = Run { program, spec, shared, host, profile: None, stop };
            let call = async |_: &Program, store: &mut Store<Cell>| match &described_by {
                Program::Job(job) => {
                    let job = job.instantiate_async(&mut *store).await.map_err(not_started)?;
                    job.call_describe(store).await.map(Some)
                }
                Program::Command(command) => run::manifest_of(command, store).await,
            };
            let (described, _) = runtime.block_on(run::in_cell(run, call));
            described.map_err(not_described)?.ok_or_else(describe::plain_program)
        };
        spawn_blocking(work).await.unwrap_or_else(|_| Err(host_failed()))
    }

    /// Prepares a module that nobody waits for. Whoever prepares another one meanwhile does not wait for it.
    ///
    /// # Errors
    /// As [`JobRunner::prepare`].
    pub async fn prepare_ahead(&self, module: Digest, bytes: Arc<dyn ReadAt>) -> Result<(), JobError> {
        self.modules.clone().prepare_ahead(module, bytes).await
    }

    /// Whether the bytes can be an engine. Its size is its operator's affair.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn check_engine(&self, bytes: &[u8]) -> Result<(), InspectError> {
        inspect::inspect_engine(bytes, self.engine.get_wasm_features())
    }

    /// Takes the module of this digest for an engine from now on, whoever else uploads the same bytes.
    pub fn know_engine(&self, engine: Digest) {
        self.modules.know_engine(engine);
    }

    /// Forgets what was kept of engines that were being compiled, and that nobody has told to this sandbox.
    pub fn forget_other_engines(&self) {
        self.modules.forget_other_engines();
    }

    /// Files of compiled code that this sandbox has thrown away, because they were not what was stored under their names.
    pub fn rejected_code(&self) -> u64 {
        self.modules.rejected()
    }

    /// Runs a prepared program with other surroundings than a job's: for test suites of WASI.
    pub async fn run_with(
        &self,
        spec: RunSpec,
        host: Arc<dyn JobHost>,
        profile: Profile,
        stop: StopSignal,
    ) -> (RunEnd, Usage) {
        self.start_here(spec, host, Some(profile), stop).await
    }

    /// Runs a prepared program on this thread, which it holds up until the end: for measuring what handing it to another
    /// thread costs. Not to be called from asynchronous code.
    pub fn run_on_this_thread(
        &self,
        spec: RunSpec,
        host: Arc<dyn JobHost>,
        runtime: &Handle,
    ) -> (RunEnd, Usage) {
        let stop = Box::pin(std::future::pending());
        runtime.block_on(self.life(spec, host, None, stop))
    }

    /// All that becomes of a job in this process.
    fn life(
        &self,
        spec: RunSpec,
        host: Arc<dyn JobHost>,
        profile: Option<Profile>,
        stop: StopSignal,
    ) -> impl Future<Output = (RunEnd, Usage)> + Send + use<> {
        let (modules, shared) = (self.modules.clone(), self.shared.clone());
        async move {
            let began = Instant::now();
            let program = match spec.profiled {
                false => modules.get(spec.module),
                true => modules.get_profiled(spec.module, shared.slot_bytes),
            };
            spec.meter.set_load_time(began.elapsed());
            match program {
                Ok(program) => run::program(Run { program, spec, shared, host, profile, stop }).await,
                Err(error) => (RunEnd::Failed(error), Usage::nothing()),
            }
        }
    }

    async fn start_here(
        &self,
        spec: RunSpec,
        host: Arc<dyn JobHost>,
        profile: Option<Profile>,
        stop: StopSignal,
    ) -> (RunEnd, Usage) {
        let (meter, runtime) = (spec.meter.clone(), Handle::current());
        let is_brief = !spec.profiled && spec.expected.is_some_and(|time| time <= BRIEF);
        let (caller, stop) = until_caller_is_gone(stop);
        let mut life = Box::pin(self.life(spec, host, profile, stop));
        let begun = if is_brief { first_step(life.as_mut()).await } else { Ok(Poll::Pending) };
        let ended = match begun {
            Ok(Poll::Ready(ended)) => Ok(ended),
            // A thread of its own: guests hold up nothing that answers requests.
            Ok(Poll::Pending) => {
                spawn_blocking(move || runtime.block_on(life)).await.map_err(|error| error.to_string())
            }
            Err(panic) => Err(panic),
        };
        drop(caller);
        ended.unwrap_or_else(|panic| {
            tracing::error!(error.message = panic, "the host panicked while it ran a job");
            (RunEnd::Failed(host_failed()), meter.usage())
        })
    }

    async fn start_in_child(
        &self,
        spec: RunSpec,
        host: Arc<dyn JobHost>,
        stop: StopSignal,
    ) -> (RunEnd, Usage) {
        let Some(children) = self.children.clone() else {
            return (RunEnd::Failed(no_processes()), Usage::nothing());
        };
        let modules = self.modules.clone();
        let module = spec.module;
        let began = Instant::now();
        let code = spawn_blocking(move || modules.code(module)).await.unwrap_or_else(|_| Err(host_failed()));
        spec.meter.set_load_time(began.elapsed());
        let code = match code {
            Ok(code) => code,
            Err(error) => return (RunEnd::Failed(error), Usage::nothing()),
        };
        let assignment = Assignment {
            module,
            limits: spec.limits,
            deterministic_seed: spec.deterministic_seed,
            profiled: spec.profiled,
            parameters: host.parameters().to_owned(),
            has_script: has_script(host.as_ref()),
            checks_script: host.checks_script(),
            has_fixed_answers: host.has_fixed_answers(),
            inputs: host.inputs().to_vec(),
            cancellation: host.cancellation(),
        };
        let meter = spec.meter.clone();
        let (caller, stop) = until_caller_is_gone(stop);
        let outcome = tokio::spawn(children.run(assignment, code, spec, host, stop)).await;
        drop(caller);
        outcome.unwrap_or_else(|panic| {
            tracing::error!(error.message = %panic, "the keeper of a job's process panicked");
            (RunEnd::Failed(host_failed()), meter.usage())
        })
    }
}

/// One step of `future`, on this thread; an error is the text of a panic.
async fn first_step<F: Future>(mut future: Pin<&mut F>) -> Result<Poll<F::Output>, String> {
    poll_fn(|context| {
        let step = || future.as_mut().poll(context);
        Poll::Ready(catch_unwind(AssertUnwindSafe(step)).map_err(|panic| {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("(no text)").to_owned()
        }))
    })
    .await
}

/// A caller that goes away drops its end, and nothing runs on without anybody to run for.
fn until_caller_is_gone(stop: StopSignal) -> (oneshot::Sender<()>, StopSignal) {
    let (caller, caller_is_gone) = oneshot::channel::<()>();
    let stop = Box::pin(async {
        tokio::select! {
            () = stop => {}
            _ = caller_is_gone => {}
        }
    });
    (caller, stop)
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

/// One that cannot be opened is asked for again by whoever needs it, and told why.
fn has_script(host: &dyn JobHost) -> bool {
    !matches!(host.script(), Ok(None))
}

fn no_processes() -> JobError {
    JobError::new(ErrorCode::HostLimit, "this program does not run jobs in processes of their own")
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

    async fn prepare_engine(&self, engine: Digest, bytes: Arc<dyn ReadAt>) -> Result<(), JobError> {
        self.modules.know_engine(engine);
        self.modules.clone().prepare(engine, bytes).await
    }

    async fn run(&self, spec: RunSpec, host: Arc<dyn JobHost>, stop: StopSignal) -> (RunEnd, Usage) {
        match spec.isolation {
            Isolation::InProcess => self.start_here(spec, host, None, stop).await,
            Isolation::Process => self.start_in_child(spec, host, stop).await,
        }
    }
}

#[async_trait]
impl ModuleInspector for Sandbox {
    fn inspect(&self, bytes: &[u8]) -> Result<Inspection, InspectError> {
        if inspect::is_script(bytes) {
            return inspect::inspect_script(bytes);
        }
        inspect::inspect(bytes, self.engine.get_wasm_features())
    }

    fn read(&self, bytes: &[u8]) -> Result<Inspection, InspectError> {
        if inspect::is_script(bytes) {
            return inspect::inspect_script(bytes);
        }
        inspect::read(bytes)
    }

    fn compiled(&self, module: Digest) -> Readiness {
        self.modules.readiness(module)
    }

    fn compiled_bytes(&self, module: Digest) -> Option<u64> {
        self.modules.code_bytes(module)
    }

    async fn compile(&self, module: Digest, bytes: Arc<dyn ReadAt>) -> Result<(), InspectError> {
        self.modules.clone().prepare_upload(module, bytes).await.map_err(|error| match error.code {
            ErrorCode::ModuleInvalid if modules::is_too_much(&error) => {
                InspectError::CompileLimit(error.message)
            }
            ErrorCode::ModuleInvalid => InspectError::Unsupported(error.message),
            _ => InspectError::Host(error.message),
        })
    }

    async fn check_script(&self, engine: Digest, sources: ScriptSources) -> Syntax {
        match self.modules.readiness(engine) {
            Readiness::Ready => {}
            Readiness::NotReady => return Syntax::unchecked("its engine is not compiled here yet"),
            Readiness::Failed(_) => return Syntax::unchecked("its engine cannot be compiled here"),
        }
        let report = Arc::<Mutex<Vec<u8>>>::default();
        let host = Arc::new(NoJob { script: Some(sources), report: Some(report.clone()) });
        let spec = check::spec(engine, self.check_isolation);
        let (end, _) = self.run(spec, host, Box::pin(std::future::pending())).await;
        check::outcome(end, &report.lock())
    }
}

//! Modules that can run: compiled once, kept ready in memory while they are in use, loaded again from disk otherwise.

use super::cache::{Cache, CheckedCode};
use super::compiler::{self, CompileError, CompileLimits, Compiled, Compiler};
use super::engine::CodeSettings;
use super::functions::Unfinished;
use super::metrics::{self, Source};
use super::profiled;
use super::recent::Recent;
use crate::cell::Cell;
use crate::guest::program::Program;
use crate::module::wrap;
use crate::text::clipped;
use fuelcell_domain::limits::{ENGINE_BYTES, MODULE};
use fuelcell_domain::seams::Readiness;
use fuelcell_domain::{Digest, ErrorCode, JobError, ReadAt};
use parking_lot::Mutex;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Weak};
use std::time::Instant;
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};
use tokio::task::spawn_blocking;
use wasmtime::Engine;
use wasmtime::component::{Component, Linker};

/// Modules held ready in memory. Another one costs some milliseconds to load.
const LOADED: usize = 256;

/// Modules whose code is held open for processes of cells. Another one's is checked again, which takes as long as reading it.
const OPEN: usize = 64;

/// Modules remembered as impossible to compile. One forgotten is compiled, and refused, once more.
const FAILED: usize = 4096;

/// Longest text of a compiler's complaint in bytes.
const MAX_COMPLAINT: usize = 2 << 10;

/// The detail of the error of a module that a compiler did not survive.
const TOO_MUCH: &str = "CompileLimit";

/// Whose limits hold when something is compiled.
#[derive(Clone, Copy, Debug)]
enum Kind {
    /// What tenants upload, and what is like it.
    Module,
    /// An engine.
    Engine,
}

/// All modules of a sandbox.
pub(crate) struct Modules {
    engine: Engine,
    settings: CodeSettings,
    compiler: Compiler,
    engine_compiler: Compiler,
    linker: Linker<Cell>,
    cache: Cache,
    loaded: Mutex<Recent<Digest, Program>>,
    open: Mutex<Recent<Digest, Arc<CheckedCode>>>,
    failed: Mutex<Recent<Digest, JobError>>,
    /// One compiles at a time, so that jobs keep the other cores.
    turn: Arc<AsyncMutex<()>>,
    /// The same for modules that nobody waits for: whoever waits does not wait for those.
    ahead: Arc<AsyncMutex<()>>,
    /// The same for engines, which take longest.
    engine_turn: Arc<AsyncMutex<()>>,
    engines: Mutex<HashSet<Digest>>,
    /// One compiles each module, whatever its turn.
    at_work: Mutex<HashMap<Digest, Weak<AsyncMutex<()>>>>,
    /// The upload that waits for its turn, or has it.
    upload: AsyncMutex<()>,
}

impl Modules {
    pub(crate) fn new(
        engine: Engine,
        settings: CodeSettings,
        compiler: Compiler,
        linker: Linker<Cell>,
        cache: Cache,
    ) -> Self {
        metrics::announce();
        Self {
            engine,
            settings,
            engine_compiler: compiler.with_limits(CompileLimits::ENGINE),
            compiler,
            linker,
            cache,
            loaded: Mutex::new(Recent::new(LOADED)),
            open: Mutex::new(Recent::new(OPEN)),
            failed: Mutex::new(Recent::new(FAILED)),
            turn: Arc::default(),
            ahead: Arc::default(),
            engine_turn: Arc::default(),
            engines: Mutex::default(),
            at_work: Mutex::default(),
            upload: AsyncMutex::default(),
        }
    }

    /// Whether `module` can run at once.
    pub(crate) fn readiness(&self, module: Digest) -> Readiness {
        match self.known(module) {
            Some(Ok(_)) => Readiness::Ready,
            Some(Err(error)) => Readiness::Failed(error),
            None if self.cache.contains(module) => Readiness::Ready,
            None => Readiness::NotReady,
        }
    }

    /// Bytes of the module's machine code, once it is compiled. All runs share them.
    pub(crate) fn code_bytes(&self, module: Digest) -> Option<u64> {
        self.cache.bytes(module)
    }

    /// The module, ready to be instantiated. Blocks for some milliseconds when it is only on disk.
    pub(crate) fn get(&self, module: Digest) -> Result<Program, JobError> {
        if let Some(known) = self.known(module) {
            metrics::found(Source::Memory);
            return known;
        }
        let loaded = self.load(module)?;
        metrics::found(if loaded.is_some() { Source::Disk } else { Source::Nowhere });
        loaded.ok_or_else(not_prepared)
    }

    /// The code for a process of its own, checked. Whether it runs shows here, as it does for [`Modules::get`].
    pub(crate) fn code(&self, module: Digest) -> Result<Arc<CheckedCode>, JobError> {
        self.get(module)?;
        if let Some(open) = self.open.lock().get(&module) {
            return Ok(open);
        }
        let code = Arc::new(self.cache.code(module).ok_or_else(|| self.forgotten(module))?);
        self.open.lock().insert(module, code.clone());
        Ok(code)
    }

    /// The module for one run that is profiled, in a cell of at most `slot_bytes`. Blocks for some milliseconds.
    pub(crate) fn get_profiled(&self, module: Digest, slot_bytes: u64) -> Result<Program, JobError> {
        let code = self.code(module)?;
        profiled::program(&code, slot_bytes, self.settings).map_err(|reason| {
            let message = format!("this server has no room for a profiled run now: {reason}");
            JobError::new(ErrorCode::HostLimit, message).transient()
        })
    }

    /// Files of compiled code that were not authentic and thrown away.
    pub(crate) fn rejected(&self) -> u64 {
        self.cache.rejected()
    }

    /// Compiles `module` unless that has been done; whoever asks for the same module meanwhile waits for the same result.
    pub(crate) async fn prepare(
        self: Arc<Self>,
        module: Digest,
        bytes: Arc<dyn ReadAt>,
    ) -> Result<(), JobError> {
        let turn = self.turn.clone();
        self.prepare_in(turn, module, bytes).await
    }

    /// The same before anybody asks for it. Nobody who asks for another module waits for this one.
    pub(crate) async fn prepare_ahead(
        self: Arc<Self>,
        module: Digest,
        bytes: Arc<dyn ReadAt>,
    ) -> Result<(), JobError> {
        let turn = self.ahead.clone();
        self.prepare_in(turn, module, bytes).await
    }

    /// Takes `engine` for one from now on: it is compiled with limits of its own, and whoever asks for another module does
    /// not wait for it. That it was too much before, as an upload of somebody's, does not count.
    pub(crate) fn know_engine(&self, engine: Digest) {
        if self.engines.lock().insert(engine) {
            let mut failed = self.failed.lock();
            if failed.get(&engine).is_some_and(|error| is_too_much(&error)) {
                failed.remove(&engine);
            }
        }
    }

    /// Forgets what was kept of engines that were being compiled, and are not known.
    pub(crate) fn forget_other_engines(&self) {
        if let Err(error) = self.cache.forget_unfinished(&self.engines.lock()) {
            tracing::warn!(error.message = %error, "compiled code cannot be removed");
        }
    }

    fn kind(&self, module: Digest) -> Kind {
        if self.engines.lock().contains(&module) { Kind::Engine } else { Kind::Module }
    }

    async fn prepare_in(
        self: Arc<Self>,
        turn: Arc<AsyncMutex<()>>,
        module: Digest,
        bytes: Arc<dyn ReadAt>,
    ) -> Result<(), JobError> {
        if let Some(known) = self.known(module) {
            return known.map(drop);
        }
        if self.cache.contains(module) && self.clone().prepare_from_disk(module).await? {
            return Ok(());
        }
        let _waits = metrics::wait();
        let own = self.own_lock(module).lock_owned().await;
        let kind = self.kind(module);
        let turn = match kind {
            Kind::Module => turn,
            Kind::Engine => self.engine_turn.clone(),
        };
        let turn = turn.lock_owned().await;
        self.prepare_by_compiling(kind, module, bytes, [own, turn]).await
    }

    /// The lock of whoever compiles this module.
    fn own_lock(&self, module: Digest) -> Arc<AsyncMutex<()>> {
        let mut at_work = self.at_work.lock();
        at_work.retain(|_, own| own.strong_count() > 0);
        let known = at_work.get(&module).and_then(Weak::upgrade);
        known.unwrap_or_else(|| {
            let own = Arc::default();
            at_work.insert(module, Arc::downgrade(&own));
            own
        })
    }

    /// Prepares an uploaded module that no job waits for. One of them asks for a turn at a time, in the order in which they
    /// came: between two of them, modules of jobs have theirs.
    pub(crate) async fn prepare_upload(
        self: Arc<Self>,
        module: Digest,
        bytes: Arc<dyn ReadAt>,
    ) -> Result<(), JobError> {
        let _upload = match self.readiness(module) {
            Readiness::NotReady => Some(self.upload.lock().await),
            Readiness::Ready | Readiness::Failed(_) => None,
        };
        self.clone().prepare(module, bytes).await
    }

    /// Loading does not wait for the compiler.
    async fn prepare_from_disk(self: Arc<Self>, module: Digest) -> Result<bool, JobError> {
        let loaded = spawn_blocking(move || self.load(module)).await;
        Ok(loaded.unwrap_or_else(|_| Ok(None))?.is_some())
    }

    /// The turn goes with the work: a caller that goes away does not let the next one in early.
    async fn prepare_by_compiling(
        self: Arc<Self>,
        kind: Kind,
        module: Digest,
        bytes: Arc<dyn ReadAt>,
        held: [OwnedMutexGuard<()>; 2],
    ) -> Result<(), JobError> {
        let modules = self.clone();
        let work = move || {
            let _held = held;
            match modules.get(module) {
                // Another caller has done it while this one waited.
                Ok(_) => Ok(()),
                Err(_) => modules.compile(kind, module, bytes.as_ref()),
            }
        };
        match spawn_blocking(work).await {
            Ok(done) => done,
            Err(_panic) => Err(self.remember(module, invalid("the compiler failed on it"))),
        }
    }

    fn known(&self, module: Digest) -> Option<Result<Program, JobError>> {
        let loaded = self.loaded.lock().get(&module).map(Ok);
        loaded.or_else(|| self.failed.lock().get(&module).map(Err))
    }

    /// Takes compiled code from disk, if it is there and whole.
    fn load(&self, module: Digest) -> Result<Option<Program>, JobError> {
        let Some(component) = self.cache.load(module) else { return Ok(None) };
        self.link(module, &component).map(Some)
    }

    fn compile(&self, kind: Kind, module: Digest, bytes: &dyn ReadAt) -> Result<(), JobError> {
        let started = Instant::now();
        let (most_bytes, compiler) = match kind {
            Kind::Module => (MODULE.bytes, &self.compiler),
            Kind::Engine => (ENGINE_BYTES, &self.engine_compiler),
        };
        let bytes = read_all(bytes, most_bytes).map_err(storage)?;
        if Digest::of(&bytes) != module {
            return Err(storage("the stored bytes are not those that were uploaded"));
        }
        let unfinished = self.unfinished(kind, module);
        let compiled = compiler::compile(compiler, &self.engine, self.settings, &bytes, unfinished.as_ref());
        metrics::compiled(compiled.is_ok(), started.elapsed());
        if let Some(unfinished) = unfinished
            && !matches!(compiled, Err(CompileError::Host(_)))
        {
            // Before its code is stored, which needs the room.
            unfinished.remove();
        }
        let Compiled { code, functions } = compiled.map_err(|error| match error {
            CompileError::Module(reason) => self.remember(module, invalid(&reason)),
            CompileError::TooMuch(limits) => self.remember(module, too_much(limits)),
            CompileError::Host(reason) => storage(reason),
        })?;
        let functions = functions.unwrap_or_default();
        metrics::functions(functions);
        self.cache
            .store(module, &code)
            .map_err(|error| storage(format!("compiled code cannot be kept: {error}")))?;
        let seconds = started.elapsed().as_secs_f64();
        tracing::info!(
            module.digest = %module, module.bytes = bytes.len(), code.bytes = code.len(), duration.seconds = seconds,
            functions.found = functions.found, functions.made = functions.made, "module compiled"
        );
        let component =
            self.cache.load_fresh(module).map_err(|reason| self.remember(module, invalid(&reason)))?;
        self.link(module, &component).map(drop)
    }

    /// Where what is done of a module is kept, so that it need not be done again. It takes a compiler some more time for
    /// every function, which a module that takes seconds does not get back.
    fn unfinished(&self, kind: Kind, module: Digest) -> Option<Unfinished> {
        match kind {
            Kind::Module => None,
            Kind::Engine => Some(self.cache.unfinished(module)),
        }
    }

    /// Connects imports and exports, which shows whether their types are right.
    fn link(&self, module: Digest, component: &Component) -> Result<Program, JobError> {
        let linked = Program::link(&self.linker, component);
        let program = linked.map_err(|error| self.remember(module, invalid(&format!("{error:#}"))))?;
        self.loaded.lock().insert(module, program.clone());
        Ok(program)
    }

    /// A module that is loaded, and whose file is gone: it is compiled again before the next attempt.
    fn forgotten(&self, module: Digest) -> JobError {
        self.loaded.lock().remove(&module);
        not_prepared()
    }

    fn remember(&self, module: Digest, error: JobError) -> JobError {
        self.failed.lock().insert(module, error.clone());
        error
    }
}

/// Links `component` without keeping it.
pub(crate) fn link_once(engine: &Engine, linker: &Linker<Cell>, bytes: &[u8]) -> Result<Program, JobError> {
    let bytes = wrap::component(bytes).map_err(|reason| invalid(&reason))?;
    let component = Component::from_binary(engine, &bytes);
    let linked = component.and_then(|component| Program::link(linker, &component));
    linked.map_err(|error| invalid(&format!("{error:#}")))
}

fn read_all(bytes: &dyn ReadAt, most: usize) -> Result<Vec<u8>, String> {
    let size = usize::try_from(bytes.size()).ok().filter(|&size| size <= most);
    let mut buffer = vec![0; size.ok_or("the module is larger than any that could be uploaded")?];
    let mut filled = 0;
    while filled < buffer.len() {
        let read = bytes.read_at(filled as u64, &mut buffer[filled..]);
        match read.map_err(|error| format!("the module cannot be read: {error}"))? {
            0 => return Err("the module's bytes end early".into()),
            count => filled += count,
        }
    }
    Ok(buffer)
}

fn invalid(reason: &str) -> JobError {
    let reason = clipped(reason.to_owned(), MAX_COMPLAINT);
    JobError::new(
        ErrorCode::ModuleInvalid,
        format!("the module cannot be compiled for this server: {reason}"),
    )
}

fn too_much(limits: CompileLimits) -> JobError {
    let CompileLimits { memory_bytes, cpu_seconds } = limits;
    let memory = memory_bytes >> 20;
    invalid(&format!("it needs more than {cpu_seconds} s of CPU time or {memory} MiB of memory"))
        .with_details(TOO_MUCH)
}

/// Whether a module was refused for what it would take to compile it.
pub(crate) fn is_too_much(error: &JobError) -> bool {
    error.details.as_deref() == Some(TOO_MUCH)
}

fn storage(reason: impl Into<String>) -> JobError {
    JobError::new(ErrorCode::Storage, reason).transient()
}

fn not_prepared() -> JobError {
    storage("the module's compiled code is not there; it is compiled again before the next attempt")
}

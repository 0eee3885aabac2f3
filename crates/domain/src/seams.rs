//! The seams at which the rooms meet: what a runner of jobs can do, what a running job may ask for, how a module is
//! looked at. No room behind a seam knows the other.

use crate::manifest::Manifest;
use crate::outbound::{HttpAnswer, HttpRequest, NoWayOut, Outlet};
use crate::{
    ArtifactDescription, Completion, Digest, Isolation, JobError, Limits, LogLevel, Meter, Report, Syntax,
    Usage,
};
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::future::Future;
use std::io::{self, Read, Seek, SeekFrom};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// Bytes that can be read at any place, any number of times, from any thread.
pub trait ReadAt: Send + Sync {
    /// The number of bytes.
    fn size(&self) -> u64;

    /// Reads at most `buffer.len()` bytes from `offset`; 0 is the end.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize>;
}

impl ReadAt for Vec<u8> {
    fn size(&self) -> u64 {
        self.len() as u64
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let start = usize::try_from(offset).map_or(self.len(), |start| start.min(self.len()));
        let count = buffer.len().min(self.len() - start);
        buffer[..count].copy_from_slice(&self[start..start + count]);
        Ok(count)
    }
}

/// Bytes as a stream.
#[derive(Clone)]
pub struct Reading {
    bytes: Arc<dyn ReadAt>,
    position: u64,
}

impl Reading {
    /// The bytes from this place on.
    pub fn from(bytes: Arc<dyn ReadAt>, position: u64) -> Self {
        Self { bytes, position }
    }
}

impl Read for Reading {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.bytes.read_at(self.position, buffer)?;
        self.position += count as u64;
        Ok(count)
    }
}

impl Seek for Reading {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(offset) => self.bytes.size().checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        self.position = position.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}

/// A host call that could not be served; the guest sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum HostError {
    /// A limit of the cell is used up.
    #[error("limit reached: {0}")]
    Limit(String),
    /// The request itself was wrong.
    #[error("invalid request: {0}")]
    Invalid(String),
    /// The host could not read or write.
    #[error("storage failed: {0}")]
    Storage(String),
}

/// Why the host wants a job to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cancellation {
    /// Nobody asked.
    None,
    /// Somebody cancelled the job.
    User,
    /// The deadline is near.
    Deadline,
}

/// A file that a running job may read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobInput {
    /// Its name in the manifest.
    pub name: String,
    /// Its file name.
    pub file_name: String,
    /// Its media type.
    pub media_type: String,
    /// Its size in bytes.
    pub size: u64,
}

/// What a job of a script module runs.
#[derive(Clone)]
pub struct ScriptSources {
    /// The archive of the script.
    pub archive: Arc<dyn ReadAt>,
    /// The bytes of its engine, which may bring files.
    pub engine: Arc<dyn ReadAt>,
}

/// An output being written. Dropped without `finish`, it is thrown away.
pub trait ArtifactWriter: Send {
    /// Appends bytes.
    fn write(&mut self, bytes: &[u8]) -> Result<(), HostError>;

    /// Seals the artifact; it is published with the end of the job.
    fn finish(self: Box<Self>) -> Result<(), HostError>;
}

/// What a running job may ask for. Called on the thread that runs the guest, which may be held up.
///
/// Everything comes from the guest as it is, up to some megabytes a call: whoever implements this checks descriptions and
/// bounds what it keeps. The runner counts bytes of artifacts and the checkpoint, and the number of artifacts.
pub trait JobHost: Send + Sync {
    /// The parameters: a JSON object as text.
    fn parameters(&self) -> &str;

    /// The files that the job may read.
    fn inputs(&self) -> &[JobInput];

    /// The script that the engine is to run; none = the module runs by itself.
    fn script(&self) -> Result<Option<ScriptSources>, HostError> {
        Ok(None)
    }

    /// Whether the engine is to check the script's sources and to run nothing. It is so for no job.
    fn checks_script(&self) -> bool {
        false
    }

    /// Opens an input by its name in the manifest.
    fn open_input(&self, name: &str) -> Result<Arc<dyn ReadAt>, HostError>;

    /// How far the job is. Only the latest counts.
    fn progress(&self, done: u64, total: u64, stage: &str);

    /// A line for the job's log. The host keeps a quota of bytes and counts what it drops.
    fn log(&self, level: LogLevel, stage: &str, message: &str);

    /// Whether somebody wants the job to stop.
    fn cancellation(&self) -> Cancellation;

    /// Replaces the figures that clients see.
    fn set_report(&self, report: Report);

    /// Starts an output.
    fn create_artifact(&self, description: ArtifactDescription)
    -> Result<Box<dyn ArtifactWriter>, HostError>;

    /// Replaces the checkpoint, durably.
    fn save_checkpoint(&self, bytes: &[u8]) -> Result<(), HostError>;

    /// The latest checkpoint of this job, of whichever attempt.
    fn load_checkpoint(&self) -> Result<Option<Vec<u8>>, HostError>;

    /// Whether an earlier completed job of the same pipeline marked this key.
    fn seen(&self, key: &str) -> Result<bool, HostError>;

    /// Marks a key; it counts when this job completes.
    fn mark(&self, key: &str) -> Result<(), HostError>;

    /// HMAC-SHA-256 of each message, with a secret of the job's project as the key, if the job may compute with it. By itself
    /// a job may not.
    fn hmac(&self, _secret: &str, _messages: &[Vec<u8>]) -> Result<Vec<[u8; 32]>, HostError> {
        Err(HostError::Invalid("there are no secrets to compute with here".into()))
    }

    /// Sends a request to the world, if the job may. Unlike the others it does not hold up the thread. By itself a job
    /// may not.
    fn http(&self, request: HttpRequest) -> HttpAnswer {
        NoWayOut.send(request)
    }

    /// Whether equal requests are answered alike in every run, so that a deterministic one may send them.
    fn has_fixed_answers(&self) -> bool {
        false
    }
}

/// What to run, and under which limits.
#[derive(Clone, Debug)]
pub struct RunSpec {
    /// Digest of the module, or of the engine that runs it: of what was prepared.
    pub module: Digest,
    /// The limits that hold.
    pub limits: Limits,
    /// Fixed clocks and seeded randomness, from this seed; none = the real ones.
    pub deterministic_seed: Option<u64>,
    /// Where the cell is to be.
    pub isolation: Isolation,
    /// How long runs of the module took of late; none = nobody knows.
    pub expected: Option<Duration>,
    /// Whether [`Meter::profile`] is to say where the fuel went.
    pub profiled: bool,
    /// Where the live figures go.
    pub meter: Arc<Meter>,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RunEnd {
    /// The guest returned well.
    Completed(Completion),
    /// The guest failed, or a limit ended it.
    Failed(JobError),
    /// `stop` resolved and the guest was dropped.
    Stopped,
}

/// Whether a module can run at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// Compiled and loaded, or loadable at once.
    Ready,
    /// Nobody has prepared it, or somebody is at it.
    NotReady,
    /// It cannot be prepared.
    Failed(JobError),
}

/// A future that says when to stop a guest by force.
pub type StopSignal = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Runs modules in cells. The sandbox implements it; the scheduler uses it.
#[async_trait]
pub trait JobRunner: Send + Sync {
    /// What engine and configuration this is: figures of fuel compare only under the same fingerprint.
    fn fingerprint(&self) -> &str;

    /// Whether the module can run at once.
    fn readiness(&self, module: Digest) -> Readiness;

    /// Compiles the module and keeps the result. Doing it twice, also at the same time, costs nothing.
    async fn prepare(&self, module: Digest, bytes: Arc<dyn ReadAt>) -> Result<(), JobError>;

    /// The same for an engine: it may be larger and take longer than what tenants upload, and nothing waits for it but the
    /// jobs that need it.
    async fn prepare_engine(&self, engine: Digest, bytes: Arc<dyn ReadAt>) -> Result<(), JobError> {
        self.prepare(engine, bytes).await
    }

    /// Runs a prepared module once, in a cell of its own, to its end or until `stop` resolves.
    async fn run(&self, spec: RunSpec, host: Arc<dyn JobHost>, stop: StopSignal) -> (RunEnd, Usage);
}

/// What inspection found in a module.
#[derive(Clone, Debug, PartialEq)]
pub struct Inspection {
    /// Its manifest, or the fallback.
    pub manifest: Manifest,
    /// Whether the manifest came with the module.
    pub has_manifest: bool,
    /// What it imports, as `package:name/interface@version`.
    pub imports: Vec<String>,
    /// Bytes of all its functions, from which a compiler's work follows; none for a script, which is never compiled.
    pub code_bytes: Option<u64>,
}

/// Why a module is refused at upload.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InspectError {
    /// It is not a valid component.
    #[error("this is not a valid WebAssembly component: {0}")]
    Invalid(String),
    /// It uses something that this server does not run.
    #[error("this module cannot run here: {0}")]
    Unsupported(String),
    /// It would take a compiler too long, or too much memory.
    #[error("this module is more than a compiler can be asked for: {0}")]
    CompileLimit(String),
    /// It imports something that no job may have.
    #[error("import {0} is not available to jobs")]
    ImportDenied(String),
    /// It is an archive, and no script module.
    #[error("this is not a usable script module: {0}")]
    Script(String),
    /// It is an archive with more in it than a script module has.
    #[error("this script module is too large: {0}")]
    ScriptLimit(String),
    /// It is an archive with code for a processor in it.
    #[error("this script module holds native code: {0}")]
    NativeCode(String),
    /// Its manifest cannot be used.
    #[error("the module's manifest is not usable: {0}")]
    Manifest(String),
    /// This server failed, and another try may do.
    #[error("this server cannot compile the module now: {0}")]
    Host(String),
}

/// Looks at a module without running any of it.
#[async_trait]
pub trait ModuleInspector: Send + Sync {
    /// Validates the bytes and reads the manifest.
    fn inspect(&self, bytes: &[u8]) -> Result<Inspection, InspectError>;

    /// Reads what a module says of itself that came with the server: it was inspected when it was built, and is validated
    /// again when it is compiled. That takes no longer for a large one.
    fn read(&self, bytes: &[u8]) -> Result<Inspection, InspectError> {
        self.inspect(bytes)
    }

    /// Whether the module is compiled, so that it runs at once.
    fn compiled(&self, _module: Digest) -> Readiness {
        Readiness::NotReady
    }

    /// Bytes of the machine code of a module that is compiled. They are mapped once for all its runs.
    fn compiled_bytes(&self, _module: Digest) -> Option<u64> {
        None
    }

    /// Compiles a module that passed [`ModuleInspector::inspect`], so that what no compiler should be asked for is refused
    /// before anybody can use it. Waits until those that came before are done; takes seconds for large modules.
    async fn compile(&self, module: Digest, bytes: Arc<dyn ReadAt>) -> Result<(), InspectError>;

    /// Lets an engine read all sources of a script, of which nothing runs. Nobody waits for an engine that is not compiled.
    async fn check_script(&self, _engine: Digest, _sources: ScriptSources) -> Syntax {
        Syntax::unchecked("nothing here reads sources")
    }
}

/// What the service tells the rest of the process after the store acknowledged.
pub trait Events: Send + Sync {
    /// Something was queued, or may run now.
    fn queue_changed(&self);

    /// A running job is to be cancelled.
    fn cancel_requested(&self, job: crate::JobId);
}

/// A process that runs jobs, as it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeLoad {
    /// Its name.
    pub node: crate::NodeId,
    /// Whether it takes new jobs.
    pub active: bool,
    /// Jobs that it runs now.
    pub active_jobs: u32,
    /// Jobs that it can run at once.
    pub job_capacity: u32,
    /// Attempts since its start whose results were dropped, because they did not hold their job any more.
    pub dropped_results: u64,
    /// Bytes that the memory limits of its running jobs may add up to.
    pub job_memory_bytes: u64,
    /// Bytes that they do add up to now.
    pub job_memory_reserved_bytes: u64,
    /// Its processor cores.
    pub cores: u32,
    /// Processor use of the machine, 0 to 100; none before it was measured.
    pub cpu_percent: Option<f64>,
    /// Memory of the machine in use, in bytes.
    pub memory_used_bytes: Option<u64>,
    /// Memory of the machine, in bytes.
    pub memory_total_bytes: Option<u64>,
    /// Free space where jobs and artifacts are kept, in bytes.
    pub disk_free_bytes: Option<u64>,
}

/// An attempt that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Running {
    /// Its module.
    pub module: Digest,
    /// How long it has run.
    pub elapsed: Duration,
    /// How far it says that it is, from 0 to 100.
    pub percentage: u8,
}

/// The processes that run jobs.
pub trait Nodes: Send + Sync {
    /// All of them, as they stand now.
    fn nodes(&self) -> Vec<NodeLoad>;

    /// The attempts that run in this process.
    fn running(&self) -> Vec<Running>;

    /// Whether a module is compiled where its jobs will run; `None` when this process cannot know.
    fn module_ready(&self, module: Digest) -> Option<bool>;

    /// Whether the job's project, pipeline or module has as many running jobs as it may have.
    fn at_limit(&self, job: &crate::Job) -> bool;

    /// Whether it is the turn of other tenants, whose jobs have burnt less than those of the job's tenant.
    fn others_first(&self, job: &crate::Job) -> bool;
}

//! A sandbox for a test, and a host that remembers what a guest asked of it.

use fuelcell_domain::seams::{ArtifactWriter, JobInput};
use fuelcell_domain::{
    ArtifactDescription, Cancellation, Digest, HostError, Isolation, JobError, JobHost, JobRunner, Limits,
    LogLevel, Meter, ReadAt, Report, RunEnd, RunSpec, Usage,
};
use fuelcell_sandbox::{CellProgram, CodeKey, Compiler, Sandbox, SandboxConfig};
use std::collections::HashSet;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread::{self, ThreadId};
use std::time::Duration;
use tempfile::TempDir;

pub(crate) const LIMITS: Limits =
    Limits { fuel: Some(50_000_000), memory_bytes: 16 << 20, disk_bytes: 1000, timeout_seconds: 20 };

pub(crate) fn sandbox_at(directory: &Path) -> Sandbox {
    sandbox_with(directory, Compiler::InProcess)
}

pub(crate) fn sandbox_with(directory: &Path, compiler: Compiler) -> Sandbox {
    let cells = Some(cell_program());
    Sandbox::new(SandboxConfig { max_cells: 8, compiler, cells, ..config(directory, &SECRET) }).unwrap()
}

/// A sandbox with other processes for cells, or none.
pub(crate) fn sandbox_running(directory: &Path, cells: Option<CellProgram>) -> Sandbox {
    Sandbox::new(SandboxConfig { cells, ..config(directory, &SECRET) }).unwrap()
}

/// What sandboxes of tests authenticate code with.
const SECRET: [u8; 32] = [1; 32];

fn config(directory: &Path, secret: &[u8; 32]) -> SandboxConfig {
    SandboxConfig::new(directory, CodeKey::derived_from(secret))
}

/// A sandbox of another server on the same directory.
pub(crate) fn foreign_sandbox_at(directory: &Path) -> Sandbox {
    Sandbox::new(SandboxConfig { max_cells: 8, cells: Some(cell_program()), ..config(directory, &[2; 32]) })
        .unwrap()
}

pub(crate) fn cell_program() -> CellProgram {
    CellProgram { program: env!("CARGO_BIN_EXE_fuelcell-cell").into(), arguments: Vec::new(), ahead: 2 }
}

/// A sandbox with a directory of its own.
pub(crate) struct Bench {
    pub(crate) sandbox: Sandbox,
    pub(crate) directory: TempDir,
    pub(crate) limits: Limits,
    pub(crate) seed: Option<u64>,
    pub(crate) host: Arc<Recorder>,
    pub(crate) isolation: Isolation,
    pub(crate) expected: Option<Duration>,
    pub(crate) profiled: bool,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self::with_host(Recorder::default())
    }

    pub(crate) fn with_host(host: Recorder) -> Self {
        let directory = TempDir::new().unwrap();
        let sandbox = sandbox_at(directory.path());
        Self {
            sandbox,
            directory,
            limits: LIMITS,
            seed: None,
            host: Arc::new(host),
            isolation: Isolation::InProcess,
            expected: None,
            profiled: false,
        }
    }

    pub(crate) async fn prepare(&self, module: &[u8]) -> Result<Digest, JobError> {
        let digest = Digest::of(module);
        self.sandbox.prepare(digest, Arc::new(module.to_vec())).await.map(|()| digest)
    }

    /// Prepares and runs a module to its end.
    pub(crate) async fn run(&self, module: &[u8]) -> (RunEnd, Usage) {
        self.run_until(module, std::future::pending()).await
    }

    /// Prepares and runs a module to its end, or until `stop`.
    pub(crate) async fn run_until(
        &self,
        module: &[u8],
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> (RunEnd, Usage) {
        let digest = self.prepare(module).await.unwrap();
        self.sandbox.run(self.spec(digest), self.host.clone(), Box::pin(stop)).await
    }

    pub(crate) fn spec(&self, module: Digest) -> RunSpec {
        RunSpec {
            module,
            limits: self.limits,
            deterministic_seed: self.seed,
            isolation: self.isolation,
            expected: self.expected,
            profiled: self.profiled,
            meter: Arc::new(Meter::default()),
        }
    }

    /// Runs a module that is expected to fail.
    pub(crate) async fn fail(&self, module: &[u8]) -> (JobError, Usage) {
        match self.run(module).await {
            (RunEnd::Failed(error), usage) => (error, usage),
            (other, _) => panic!("it ended {other:?}"),
        }
    }
}

/// Remembers what a guest asked for.
#[derive(Default)]
pub(crate) struct Recorder {
    pub(crate) parameters: String,
    pub(crate) events: Arc<Mutex<Vec<String>>>,
    pub(crate) listed: Vec<JobInput>,
    pub(crate) inputs: Vec<(JobInput, Arc<Vec<u8>>)>,
    pub(crate) cancellation: Option<Cancellation>,
    pub(crate) checkpoint: Mutex<Option<Vec<u8>>>,
    /// Finished artifacts with the digests of their bytes.
    pub(crate) outputs: Arc<Mutex<Vec<(String, Digest)>>>,
    /// How long the host takes to hear of progress.
    pub(crate) pause: Duration,
    /// Where the guest was when it told its progress.
    pub(crate) threads: Mutex<HashSet<ThreadId>>,
}

impl Recorder {
    pub(crate) fn with_input(name: &str, bytes: &[u8]) -> Self {
        let input = JobInput {
            name: name.into(),
            file_name: "file".into(),
            media_type: "text/csv".into(),
            size: bytes.len() as u64,
        };
        let listed = vec![input.clone()];
        Self { inputs: vec![(input, Arc::new(bytes.to_vec()))], listed, ..Self::default() }
    }

    pub(crate) fn events(&self) -> Vec<String> {
        self.events.lock().unwrap().clone()
    }

    /// Forgets events and outputs.
    pub(crate) fn forget(&self) {
        *self.events.lock().unwrap() = Vec::new();
        *self.outputs.lock().unwrap() = Vec::new();
    }

    /// Like a real host, it does not keep everything.
    fn note(&self, event: String) {
        let mut events = self.events.lock().unwrap();
        if events.len() < 2_000 {
            events.push(event);
        }
    }
}

struct RecordedWriter {
    events: Arc<Mutex<Vec<String>>>,
    outputs: Arc<Mutex<Vec<(String, Digest)>>>,
    name: String,
    bytes: Vec<u8>,
}

impl ArtifactWriter for RecordedWriter {
    fn write(&mut self, bytes: &[u8]) -> Result<(), HostError> {
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<(), HostError> {
        self.events.lock().unwrap().push(format!("finished {} with {} bytes", self.name, self.bytes.len()));
        self.outputs.lock().unwrap().push((self.name, Digest::of(&self.bytes)));
        Ok(())
    }
}

impl JobHost for Recorder {
    fn parameters(&self) -> &str {
        &self.parameters
    }

    fn inputs(&self) -> &[JobInput] {
        &self.listed
    }

    fn open_input(&self, name: &str) -> Result<Arc<dyn ReadAt>, HostError> {
        let found = self.inputs.iter().find(|(input, _)| input.name == name);
        let (_, bytes) = found.ok_or_else(|| HostError::Invalid(format!("there is no input {name}")))?;
        Ok(Arc::new(bytes.as_ref().clone()))
    }

    fn progress(&self, done: u64, total: u64, stage: &str) {
        self.threads.lock().unwrap().insert(thread::current().id());
        thread::sleep(self.pause);
        self.note(format!("progress {done}/{total} {}", &stage[..stage.len().min(99)]));
    }

    fn log(&self, level: LogLevel, stage: &str, message: &str) {
        self.note(format!("{level:?} {stage}: {message}"));
    }

    fn cancellation(&self) -> Cancellation {
        self.cancellation.unwrap_or(Cancellation::None)
    }

    fn set_report(&self, report: Report) {
        self.note(format!("report {report:?}"));
    }

    fn create_artifact(
        &self,
        description: ArtifactDescription,
    ) -> Result<Box<dyn ArtifactWriter>, HostError> {
        self.note(format!("created {} {:?}", description.name, description.kind));
        let (events, outputs) = (self.events.clone(), self.outputs.clone());
        Ok(Box::new(RecordedWriter { events, outputs, name: description.name, bytes: Vec::new() }))
    }

    fn save_checkpoint(&self, bytes: &[u8]) -> Result<(), HostError> {
        self.note(format!("checkpoint of {} bytes", bytes.len()));
        *self.checkpoint.lock().unwrap() = Some(bytes.to_vec());
        Ok(())
    }

    fn load_checkpoint(&self) -> Result<Option<Vec<u8>>, HostError> {
        Ok(self.checkpoint.lock().unwrap().clone())
    }

    fn seen(&self, key: &str) -> Result<bool, HostError> {
        Ok(key == "x.txt")
    }

    fn mark(&self, key: &str) -> Result<(), HostError> {
        assert_ne!(key, "stage", "a host that breaks");
        self.note(format!("marked {key}"));
        Ok(())
    }
}

//! Compiling in a process of its own: a module that no compiler should be asked for costs the child its life, and nobody
//! else anything.
//!
//! The child gets the module on its standard input and writes code to its standard output, a file. It has no other
//! descriptors but, for an engine, that of the file in which it keeps the functions that it has compiled ([`Functions`]), an environment of one name (see [`fences::ENVIRONMENT`]), the fences of a cell (see [`fences`]), a limit on
//! memory, CPU time and file size that it sets before it reads the first byte, and dies with its parent. What ends the parent
//! in good order, SIGINT or SIGTERM to all processes of a terminal or a service, leaves it alone.

use super::engine::{self, CodeSettings};
use super::functions::{Counts, Functions, Unfinished};
use super::key::FunctionsKey;
use crate::fences;
use crate::module::{dwarf, wrap};
use rustix::process::{Resource, Rlimit, Signal, setrlimit};
use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, ExitStatus};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};
use wasmtime::{CacheStore, Engine};

/// How much longer than its CPU time compiling may take, however little of the machine is left for it.
const WALL_FOR_CPU: u32 = 3;

/// Bytes of compiled code.
const MAX_CODE: u64 = 512 << 20;

/// Open files: standard streams, and what the engine looks at while it starts.
const OPEN_FILES: u64 = 64;

/// How often a waiting parent looks whether the child has ended.
const WATCH: Duration = Duration::from_millis(5);

/// What ends a child for what it did itself, as it would again: out of CPU time, out of memory or stack, more code than
/// may be written, or a mistake of the compiler's. Whatever else ends one, such as SIGKILL, came from outside.
const OF_ITS_OWN: [Signal; 6] =
    [Signal::XCPU, Signal::ABORT, Signal::SEGV, Signal::BUS, Signal::XFSZ, Signal::ILL];

/// How much less important than jobs compiling is to the kernel.
const NICENESS: i32 = 5;

/// What is read of what a child says on its standard error: its complaint, or what became of functions.
const MAX_TOLD: u64 = 4 << 10;

/// The exit code of a child that refuses a module, and says why on its standard error.
const REFUSED: u8 = 3;

/// The exit code of a Rust program that panicked: a mistake of the compiler's, which this module brings out.
const PANICKED: i32 = 101;

/// The file of this program, also when it was replaced while the process runs.
pub(crate) const THIS_PROGRAM: &str = "/proc/self/exe";

/// In the place of a file's path: nothing is kept of the module while it is compiled.
const NOTHING_KEPT: &str = "-";

/// What compiling one module may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CompileLimits {
    /// Bytes of memory.
    pub memory_bytes: u64,
    /// Seconds of CPU time.
    pub cpu_seconds: u64,
}

impl CompileLimits {
    /// For engines, which come from operators: half as much again as Python with its scientific libraries needs, 4 GiB and
    /// 300 s.
    pub const ENGINE: Self = Self { memory_bytes: 4 << 30, cpu_seconds: 300 };

    fn wall(self) -> Duration {
        Duration::from_secs(self.cpu_seconds).saturating_mul(WALL_FOR_CPU)
    }
}

impl Default for CompileLimits {
    /// Twice what Python needs, the largest module that we know: 1 GiB and 60 s.
    fn default() -> Self {
        Self { memory_bytes: 1 << 30, cpu_seconds: 60 }
    }
}

/// Where modules are compiled.
#[derive(Clone, Debug, Default)]
pub enum Compiler {
    /// In this process: for modules that one trusts not to be made to break compilers, such as one's own.
    #[default]
    InProcess,
    /// In a child process. The program calls [`compile_worker`] with the arguments that follow these.
    Child {
        /// The program to start.
        program: PathBuf,
        /// What it is told first, such as the name of a command.
        arguments: Vec<String>,
        /// What the child limits itself to, unless it compiles an engine.
        limits: CompileLimits,
    },
}

impl Compiler {
    /// This very program, told `command` first.
    pub fn this_program(command: &str) -> Self {
        let arguments = vec![command.to_owned()];
        Self::Child { program: THIS_PROGRAM.into(), arguments, limits: CompileLimits::default() }
    }

    /// The same with other limits.
    pub(crate) fn with_limits(&self, limits: CompileLimits) -> Self {
        match self.clone() {
            Self::InProcess => Self::InProcess,
            Self::Child { program, arguments, .. } => Self::Child { program, arguments, limits },
        }
    }
}

/// Why there is no code.
pub(crate) enum CompileError {
    /// The module's fault.
    Module(String),
    /// The module's fault as well: nobody should compile it.
    TooMuch(CompileLimits),
    /// The host's; another try may do.
    Host(String),
}

impl From<io::Error> for CompileError {
    fn from(error: io::Error) -> Self {
        Self::Host(format!("the compiler cannot be run: {error}"))
    }
}

/// Native code of a module.
pub(super) struct Compiled {
    pub(super) code: Vec<u8>,
    /// Of a module whose functions are kept: what became of them.
    pub(super) functions: Option<Counts>,
}

/// Native code of the module `bytes` for `engine`. A child that has a place for unfinished work goes on with what lies there.
pub(super) fn compile(
    compiler: &Compiler,
    engine: &Engine,
    settings: CodeSettings,
    bytes: &[u8],
    unfinished: Option<&Unfinished>,
) -> Result<Compiled, CompileError> {
    match compiler {
        Compiler::InProcess => {
            let code = compile_here(engine, bytes).map_err(CompileError::Module)?;
            Ok(Compiled { code, functions: None })
        }
        Compiler::Child { program, arguments, limits } => {
            let mut command = Command::new(program);
            command.args(arguments).arg(limits.memory_bytes.to_string()).arg(limits.cpu_seconds.to_string());
            command.arg(engine::fingerprint(engine));
            let (kept, key) = match unfinished {
                Some(unfinished) => (unfinished.path.as_os_str(), &unfinished.key.0[..]),
                None => (OsStr::new(NOTHING_KEPT), &[][..]),
            };
            command.arg(kept).args(settings.as_arguments());
            compile_in(command, *limits, &[key, bytes])
        }
    }
}

fn compile_here(engine: &Engine, bytes: &[u8]) -> Result<Vec<u8>, String> {
    let component = wrap::component(bytes)?;
    let component = dwarf::bounded(component).map_err(|error| error.to_string())?;
    engine.precompile_component(&component).map_err(|error| format!("{error:#}"))
}

/// Has a child compile what it reads from its standard input.
fn compile_in(
    mut command: Command,
    limits: CompileLimits,
    input: &[&[u8]],
) -> Result<Compiled, CompileError> {
    let (mut module, mut code, mut told) =
        (tempfile::tempfile()?, tempfile::tempfile()?, tempfile::tempfile()?);
    input.iter().try_for_each(|bytes| module.write_all(bytes))?;
    module.rewind()?;
    command
        .env_clear()
        .env(fences::ENVIRONMENT.0, fences::ENVIRONMENT.1)
        .current_dir("/")
        // What a terminal sends to the server's group is for the server, which drains.
        .process_group(0)
        .stdin(module)
        .stdout(code.try_clone()?)
        .stderr(told.try_clone()?);
    let status = wait(command.spawn()?, limits.wall())?;
    let told = read_told(&mut told)?;
    judge(status, limits, &told)?;
    code.rewind()?;
    let mut bytes = Vec::new();
    code.read_to_end(&mut bytes)?;
    Ok(Compiled { code: bytes, functions: told.parse().ok() })
}

/// What a child said on its standard error. What is not text is nothing of ours.
fn read_told(told: &mut File) -> io::Result<String> {
    let mut text = String::new();
    told.rewind()?;
    let _ = told.take(MAX_TOLD).read_to_string(&mut text);
    Ok(text)
}

/// How the child ended. One that takes too long although its CPU time is limited was kept from working, and is killed.
fn wait(mut child: Child, patience: Duration) -> io::Result<ExitStatus> {
    let started = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if started.elapsed() > patience {
            child.kill()?;
            return child.wait();
        }
        thread::sleep(WATCH);
    }
}

fn judge(status: ExitStatus, limits: CompileLimits, text: &str) -> Result<(), CompileError> {
    if status.success() {
        return Ok(());
    }
    match (status.code(), status.signal()) {
        (Some(code), _) if code == i32::from(REFUSED) => Err(CompileError::Module(text.to_owned())),
        // It would again.
        (Some(PANICKED), _) => {
            tracing::error!(text, "the compiler panicked");
            Err(CompileError::Module("the compiler failed on it".into()))
        }
        // The module's fault, since others compile.
        (_, Some(signal)) if OF_ITS_OWN.iter().any(|own| own.as_raw() == signal) => {
            Err(CompileError::TooMuch(limits))
        }
        _ => Err(CompileError::Host(format!("the compiler failed: {status}: {text}"))),
    }
}

/// The child's side: call it with the arguments after the command's own, before anything else is started.
pub fn compile_worker(arguments: &[String]) -> ExitCode {
    match work(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let (code, text) = match error {
                CompileError::Module(text) => (REFUSED, text),
                CompileError::Host(text) => (1, text),
                // A child that has too much to do does not live to say so.
                CompileError::TooMuch(_) => (1, String::new()),
            };
            // The parent reads what can be written.
            let _ = io::stderr().write_all(text.as_bytes());
            ExitCode::from(code)
        }
    }
}

fn work(arguments: &[String]) -> Result<(), CompileError> {
    let unusable = || CompileError::Host("these are not the arguments of a compiler".into());
    let [memory, cpu, expected, kept, settings @ ..] = arguments else { return Err(unusable()) };
    let number = |text: &str| text.parse().map_err(|_| unusable());
    fences::close_inherited()?;
    limit_this_process(CompileLimits { memory_bytes: number(memory)?, cpu_seconds: number(cpu)? })?;
    let settings = CodeSettings::from_arguments(settings).ok_or_else(unusable)?;
    let functions = functions(kept)?;
    let store = functions.clone().map(|functions| functions as Arc<dyn CacheStore>);
    let engine = engine::for_compiling_with(settings, store);
    let engine = engine.map_err(|error| CompileError::Host(error.to_string()))?;
    if engine::fingerprint(&engine) != *expected {
        return Err(CompileError::Host("the compiler is of another version than its caller".into()));
    }
    // Those of a cell: what a module could make a compiler do is no more than its own code may do. Which of them stand is
    // the kernel's affair; those that always do are above.
    fences::raise();
    let mut bytes = Vec::new();
    io::stdin().read_to_end(&mut bytes)?;
    let code = compile_here(&engine, &bytes).map_err(CompileError::Module)?;
    io::stdout().write_all(&code)?;
    io::stdout().flush()?;
    if let Some(functions) = functions {
        write!(io::stderr(), "{}", functions.counts())?;
    }
    Ok(())
}

/// The functions that are kept, whose key stands before the module. A file that cannot be had, or that another compiler has,
/// is done without.
fn functions(kept: &str) -> io::Result<Option<Arc<Functions>>> {
    if kept == NOTHING_KEPT {
        return Ok(None);
    }
    let mut key = [0; 32];
    io::stdin().read_exact(&mut key)?;
    Ok(Functions::open(Path::new(kept), FunctionsKey(key)).ok().map(Arc::new))
}

fn limit_this_process(limits: CompileLimits) -> io::Result<()> {
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
    fences::block_requests_to_end()?;
    rustix::process::nice(NICENESS)?;
    let cpu = Rlimit { current: Some(limits.cpu_seconds), maximum: limits.cpu_seconds.checked_add(1) };
    // At the first limit comes SIGXCPU, which tells it from SIGKILL by others.
    setrlimit(Resource::Cpu, cpu)?;
    for (resource, limit) in [
        // Private writable memory: what the engine merely reserves does not count.
        (Resource::Data, limits.memory_bytes),
        (Resource::Fsize, MAX_CODE),
        (Resource::Nofile, OPEN_FILES),
        (Resource::Core, 0),
    ] {
        setrlimit(resource, Rlimit { current: Some(limit), maximum: Some(limit) })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_child_did_itself_is_the_modules_fault() {
        let judged =
            |signal: Signal| judge(ExitStatus::from_raw(signal.as_raw()), CompileLimits::default(), "");
        for own in OF_ITS_OWN {
            assert!(matches!(judged(own), Err(CompileError::TooMuch(_))), "{own:?}");
        }
        let panicked = judge(ExitStatus::from_raw(PANICKED << 8), CompileLimits::default(), "");
        assert!(matches!(panicked, Err(CompileError::Module(_))));
        for other in [Signal::INT, Signal::TERM, Signal::KILL, Signal::HUP] {
            assert!(matches!(judged(other), Err(CompileError::Host(_))), "{other:?}");
        }
    }
}

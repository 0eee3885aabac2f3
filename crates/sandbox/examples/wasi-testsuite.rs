//! Runs the wasm32-wasip1 tests of WebAssembly/wasi-testsuite (branch prod/testsuite-base) in cells.
//!
//! `cargo run -p fuelcell-sandbox --example wasi-testsuite -- DIR`, where DIR is a checkout of that branch. Each test is wrapped, compiled and run like an
//! uploaded module; only its arguments, environment and directories are those that its JSON file asks for.
#![allow(clippy::print_stdout, reason = "what it finds is its output")]

use fuelcell_domain::seams::{ArtifactWriter, JobInput};
use fuelcell_domain::{
    ArtifactDescription, Cancellation, Digest, ErrorCode, HostError, Isolation, JobHost, JobRunner, Limits,
    LogLevel, Meter, ReadAt, Report, RunEnd, RunSpec,
};
use fuelcell_sandbox::{CodeKey, Directory, Profile, Sandbox, SandboxConfig};
use parking_lot::Mutex;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

/// Where the tests lie below a checkout.
const FOLDERS: [&str; 3] = [
    "tests/assemblyscript/testsuite/wasm32-wasip1",
    "tests/c/testsuite/wasm32-wasip1",
    "tests/rust/testsuite/wasm32-wasip1",
];

/// Tests that do not pass, with the reason.
const KNOWN_FAILURES: &[(&str, &str)] = &[(
    "fd_write-to-invalid-fd.wasm",
    "the preview 1 adapter answers an empty list of buffers before it looks at the descriptor",
)];

const LIMITS: Limits =
    Limits { fuel: Some(1_000_000_000), memory_bytes: 64 << 20, disk_bytes: 16 << 20, timeout_seconds: 20 };

/// What a test's JSON file says.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Expectation {
    args: Vec<String>,
    env: BTreeMap<String, String>,
    root: Option<String>,
    exit_code: i32,
    stdout: Option<String>,
}

/// Keeps what a test prints; everything else that a job could ask for is not there.
#[derive(Default)]
struct Listener(Mutex<(String, String)>);

impl Listener {
    fn said(&self) -> (String, String) {
        self.0.lock().clone()
    }
}

fn nothing() -> HostError {
    HostError::Invalid("a test has no job around it".into())
}

impl JobHost for Listener {
    fn parameters(&self) -> &str {
        "{}"
    }
    fn inputs(&self) -> &[JobInput] {
        &[]
    }
    fn open_input(&self, _: &str) -> Result<Arc<dyn ReadAt>, HostError> {
        Err(nothing())
    }
    fn progress(&self, _: u64, _: u64, _: &str) {}
    fn log(&self, _: LogLevel, stage: &str, message: &str) {
        let mut said = self.0.lock();
        let stream = if stage == "stdout" { &mut said.0 } else { &mut said.1 };
        stream.push_str(message);
        stream.push('\n');
    }
    fn cancellation(&self) -> Cancellation {
        Cancellation::None
    }
    fn set_report(&self, _: Report) {}
    fn create_artifact(&self, _: ArtifactDescription) -> Result<Box<dyn ArtifactWriter>, HostError> {
        Err(nothing())
    }
    fn save_checkpoint(&self, _: &[u8]) -> Result<(), HostError> {
        Err(nothing())
    }
    fn load_checkpoint(&self) -> Result<Option<Vec<u8>>, HostError> {
        Err(nothing())
    }
    fn seen(&self, _: &str) -> Result<bool, HostError> {
        Err(nothing())
    }
    fn mark(&self, _: &str) -> Result<(), HostError> {
        Err(nothing())
    }
}

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    let checkout = PathBuf::from(std::env::args().nth(1).ok_or("give the directory of the test suite")?);
    let tests = tests(&checkout)?;
    if tests.is_empty() {
        return Err(format!("there are no tests in {}", checkout.display()).into());
    }
    let cache = tempfile::TempDir::new()?;
    let sandbox = Sandbox::new(SandboxConfig {
        max_cells: 1,
        ..SandboxConfig::new(cache.path(), CodeKey::derived_from(&[0; 32]))
    })?;
    let (mut passed, mut unexpected) = (0, 0);
    for test in &tests {
        let name = test.strip_prefix(&checkout).unwrap_or(test).display().to_string();
        let known = KNOWN_FAILURES.iter().find(|(known, _)| name.ends_with(known));
        match (run(&sandbox, test).await, known) {
            (Ok(()), None) => {
                passed += 1;
                println!("pass {name}");
            }
            (Ok(()), Some(_)) => {
                unexpected += 1;
                println!("PASS {name}: it is listed as a known failure; take it off the list");
            }
            (Err(_), Some((_, reason))) => println!("known {name}: {reason}"),
            (Err(error), None) => {
                unexpected += 1;
                println!("FAIL {name}: {error}");
            }
        }
    }
    println!("{passed} of {} passed, {} known failures", tests.len(), KNOWN_FAILURES.len());
    Ok(if unexpected == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn tests(checkout: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut tests = Vec::new();
    for folder in FOLDERS {
        let folder = checkout.join(folder);
        let entries = fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        for entry in entries {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "wasm") {
                tests.push(path);
            }
        }
    }
    tests.sort();
    Ok(tests)
}

async fn run(sandbox: &Sandbox, test: &Path) -> Result<(), Box<dyn Error>> {
    let expected = match fs::read(test.with_extension("json")) {
        Ok(json) => serde_json::from_slice(&json)?,
        Err(_) => Expectation::default(),
    };
    let folder = test.parent().ok_or("a test lies in a folder")?;
    let root = expected.root.iter().map(|root| ("/".to_owned(), root));
    let directories = root;
    let profile = Profile {
        arguments: expected.args.clone(),
        environment: expected.env.clone().into_iter().collect(),
        directories: directories
            .map(|(guest_path, name)| Directory { guest_path, host_path: folder.join(name) })
            .collect(),
    };
    let bytes = fs::read(test)?;
    let digest = Digest::of(&bytes);
    sandbox.prepare(digest, Arc::new(bytes)).await?;
    let spec = RunSpec {
        isolation: Isolation::InProcess,
        module: digest,
        limits: LIMITS,
        deterministic_seed: None,
        expected: None,
        profiled: false,
        meter: Arc::new(Meter::default()),
    };
    let listener = Arc::new(Listener::default());
    let (end, _) = sandbox.run_with(spec, listener.clone(), profile, Box::pin(std::future::pending())).await;
    let (stdout, stderr) = listener.said();
    let code = exit_code(&end).ok_or_else(|| format!("{end:?}\n{stderr}"))?;
    if code != expected.exit_code {
        return Err(format!("exit code {code}, not {}\n{stderr}", expected.exit_code).into());
    }
    match expected.stdout {
        Some(text) if text.trim_end() != stdout.trim_end() => {
            Err(format!("it printed {stdout:?}, not {text:?}").into())
        }
        _ => Ok(()),
    }
}

fn exit_code(end: &RunEnd) -> Option<i32> {
    match end {
        RunEnd::Completed(_) => Some(0),
        RunEnd::Failed(error) if error.code == ErrorCode::GuestError => {
            error.message.strip_prefix("the module exited with code ")?.parse().ok()
        }
        RunEnd::Failed(_) | RunEnd::Stopped => None,
    }
}

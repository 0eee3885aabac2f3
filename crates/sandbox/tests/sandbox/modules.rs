//! Compiling once, keeping the result, and healing it.

use crate::guests::{FAIL, SPIN, component, noop};
use crate::support::{Bench, foreign_sandbox_at, sandbox_at};
use fuelcell_domain::seams::Readiness;
use fuelcell_domain::{Completion, Digest, ErrorCode, Isolation, JobRunner, ReadAt, RunEnd, RunSpec};
use fuelcell_sandbox::Sandbox;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, mpsc};

fn cached_files(bench: &Bench) -> Vec<PathBuf> {
    let engine_directory = bench.directory.path().join(bench.sandbox.fingerprint());
    fs::read_dir(engine_directory).unwrap().map(|entry| entry.unwrap().path()).collect()
}

/// Puts another file in the place of one that a running sandbox has mapped, and leaves that one alone.
fn replace(file: &Path, bytes: &[u8]) {
    fs::remove_file(file).unwrap();
    fs::write(file, bytes).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_module_is_ready_once_prepared() {
    let bench = Bench::new();
    let digest = Digest::of(&noop());
    assert_eq!(bench.sandbox.readiness(digest), Readiness::NotReady);
    bench.prepare(&noop()).await.unwrap();
    assert_eq!(bench.sandbox.readiness(digest), Readiness::Ready);
    let directory = bench.directory.path().join(bench.sandbox.fingerprint());
    assert_eq!(fs::metadata(directory).unwrap().permissions().mode() & 0o777, 0o700);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_sandbox_on_the_same_directory_need_not_compile() {
    let bench = Bench::new();
    let digest = bench.prepare(&noop()).await.unwrap();
    let other = sandbox_at(bench.directory.path());
    assert_eq!(other.readiness(digest), Readiness::Ready);
    // It is asked for no bytes.
    other.prepare(digest, Arc::new(Counted::new(Vec::new()))).await.unwrap();
    let (end, _) = other.run(bench.spec(digest), bench.host.clone(), Box::pin(std::future::pending())).await;
    assert_eq!(end, RunEnd::Completed(Completion::Done));
}

#[tokio::test(flavor = "multi_thread")]
async fn damaged_code_is_compiled_again() {
    let bench = Bench::new();
    let digest = bench.prepare(&noop()).await.unwrap();
    let [file] = cached_files(&bench).try_into().unwrap();
    let whole = fs::read(&file).unwrap();
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 1;
    for damaged in [Vec::new(), b"no code".to_vec(), whole[..whole.len() / 2].to_vec(), flipped] {
        replace(&file, &damaged);
        let other = sandbox_at(bench.directory.path());
        other.prepare(digest, Arc::new(noop())).await.unwrap();
        let (end, _) =
            other.run(bench.spec(digest), bench.host.clone(), Box::pin(std::future::pending())).await;
        assert_eq!(end, RunEnd::Completed(Completion::Done));
        assert_eq!(fs::read(&file).unwrap().len(), whole.len());
    }
}

/// Runs what a sandbox has for the module that does nothing, on both levels; it rejects what it finds once.
async fn compiles_anew_and_runs(other: &Sandbox, bench: &Bench, what: &str) {
    let digest = Digest::of(&noop());
    assert_eq!(other.readiness(digest), Readiness::Ready, "{what}: nobody has looked yet");
    let spec = |isolation| RunSpec { isolation, ..bench.spec(digest) };
    for isolation in [Isolation::InProcess, Isolation::Process] {
        other.prepare(digest, Arc::new(noop())).await.unwrap();
        let stop = Box::pin(std::future::pending());
        let (end, _) = other.run(spec(isolation), bench.host.clone(), stop).await;
        assert_eq!(end, RunEnd::Completed(Completion::Done), "{what}, {isolation:?}");
    }
    assert_eq!(other.rejected_code(), 1, "{what}");
}

#[tokio::test(flavor = "multi_thread")]
async fn code_of_another_module_never_runs() {
    let bench = Bench::new();
    bench.prepare(&noop()).await.unwrap();
    let [file] = cached_files(&bench).try_into().unwrap();
    let failing = Bench::new();
    failing.prepare(&component(&[], "", FAIL)).await.unwrap();
    let [other] = cached_files(&failing).try_into().unwrap();
    replace(&file, &fs::read(other).unwrap());
    compiles_anew_and_runs(&sandbox_at(bench.directory.path()), &bench, "of another module").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn code_that_another_server_authenticated_never_runs() {
    let bench = Bench::new();
    bench.prepare(&noop()).await.unwrap();
    let [file] = cached_files(&bench).try_into().unwrap();
    let foreign = fs::read(&file).unwrap();
    compiles_anew_and_runs(&foreign_sandbox_at(bench.directory.path()), &bench, "of another key").await;
    let own = fs::read(&file).unwrap();
    assert_eq!(foreign.len(), own.len());
    assert_ne!(foreign[foreign.len() - 32..], own[own.len() - 32..], "its tag is of this server");
}

#[tokio::test(flavor = "multi_thread")]
async fn code_that_changes_after_it_was_loaded_does_not_reach_a_process() {
    let mut bench = Bench::new();
    bench.isolation = Isolation::Process;
    let digest = bench.prepare(&noop()).await.unwrap();
    let [file] = cached_files(&bench).try_into().unwrap();
    replace(&file, b"no code");
    let stop = || Box::pin(std::future::pending());
    let (end, _) = bench.sandbox.run(bench.spec(digest), bench.host.clone(), stop()).await;
    assert!(matches!(end, RunEnd::Failed(error) if error.transient));
    assert_eq!(bench.sandbox.readiness(digest), Readiness::NotReady);
    assert_eq!(bench.run(&noop()).await.0, RunEnd::Completed(Completion::Done));
}

#[tokio::test(flavor = "multi_thread")]
async fn running_damaged_code_fails_as_transient_and_asks_for_preparing() {
    let bench = Bench::new();
    let digest = bench.prepare(&noop()).await.unwrap();
    let [file] = cached_files(&bench).try_into().unwrap();
    replace(&file, b"no code");
    let other = sandbox_at(bench.directory.path());
    let (end, _) = other.run(bench.spec(digest), bench.host.clone(), Box::pin(std::future::pending())).await;
    assert!(matches!(end, RunEnd::Failed(error) if error.transient));
    assert_eq!(other.readiness(digest), Readiness::NotReady);
}

/// Bytes that count how often they are read from their start.
struct Counted {
    bytes: Vec<u8>,
    reads: AtomicU32,
}

impl Counted {
    fn new(bytes: Vec<u8>) -> Self {
        Self { bytes, reads: AtomicU32::new(0) }
    }
}

impl ReadAt for Counted {
    fn size(&self) -> u64 {
        self.bytes.size()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.reads.fetch_add(u32::from(offset == 0), Ordering::SeqCst);
        self.bytes.read_at(offset, buffer)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn preparing_at_the_same_time_compiles_once() {
    let bench = Bench::new();
    let bytes = Arc::new(Counted::new(noop()));
    let digest = Digest::of(&bytes.bytes);
    let all = (0..8).map(|_| bench.sandbox.prepare(digest, bytes.clone()));
    let [a, b, c, d, e, f, g, h] = all.collect::<Vec<_>>().try_into().map_err(|_| "eight").unwrap();
    let done = tokio::join!(a, b, c, d, e, f, g, h);
    assert_eq!(done, (Ok(()), Ok(()), Ok(()), Ok(()), Ok(()), Ok(()), Ok(()), Ok(())));
    assert_eq!(bytes.reads.load(Ordering::SeqCst), 1);
}

/// Bytes of which nothing comes before somebody opens the gate.
struct Gated {
    bytes: Counted,
    gate: Mutex<mpsc::Receiver<()>>,
}

impl ReadAt for Gated {
    fn size(&self) -> u64 {
        self.bytes.size()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let _ = self.gate.lock().unwrap().recv();
        self.bytes.read_at(offset, buffer)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_compiled_ahead_holds_up_only_those_who_want_it() {
    let bench = Bench::new();
    let (open, gate) = mpsc::channel();
    let large = component(&[], "", SPIN);
    let digest = Digest::of(&large);
    let bytes = Arc::new(Gated { bytes: Counted::new(large), gate: Mutex::new(gate) });
    let other = async {
        let open = open;
        bench.prepare(&noop()).await.unwrap();
        assert_eq!(bench.sandbox.readiness(digest), Readiness::NotReady);
        open.send(()).unwrap();
    };
    let (ahead, wanted, ()) = tokio::join!(
        bench.sandbox.prepare_ahead(digest, bytes.clone()),
        bench.sandbox.prepare(digest, bytes.clone()),
        other
    );
    assert_eq!((ahead, wanted), (Ok(()), Ok(())));
    assert_eq!(bytes.bytes.reads.load(Ordering::SeqCst), 1, "it was compiled once");
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_are_not_the_digests_are_not_compiled() {
    let bench = Bench::new();
    let digest = Digest::of(b"something else");
    let error = bench.sandbox.prepare(digest, Arc::new(noop())).await.unwrap_err();
    assert_eq!((error.code, error.transient), (ErrorCode::Storage, true));
    assert_eq!(bench.sandbox.readiness(digest), Readiness::NotReady);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_compilation_is_remembered() {
    let bench = Bench::new();
    let wrong_type = r#"(component (import "fuelcell:job/progress@0.1.0" (instance (export "report" (func (param "x" u8))))))"#;
    for text in ["(component)", wrong_type] {
        let module = wat::parse_str(text).unwrap();
        let error = bench.prepare(&module).await.unwrap_err();
        assert_eq!((error.code, error.transient), (ErrorCode::ModuleInvalid, false));
        assert_eq!(bench.sandbox.readiness(Digest::of(&module)), Readiness::Failed(error));
    }
    let garbage = bench.prepare(b"garbage").await.unwrap_err();
    assert_eq!(garbage.code, ErrorCode::ModuleInvalid);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_module_that_nobody_prepared_does_not_run() {
    let bench = Bench::new();
    let spec = bench.spec(Digest::of(b"unknown"));
    let (end, _) = bench.sandbox.run(spec, bench.host.clone(), Box::pin(std::future::pending())).await;
    assert!(matches!(end, RunEnd::Failed(error) if error.transient));
}

#[tokio::test(flavor = "multi_thread")]
async fn more_jobs_than_cells_fail_as_transient_and_the_others_run_on() {
    let mut bench = Bench::new();
    (bench.limits.fuel, bench.limits.timeout_seconds) = (None, 2);
    let spin = component(&[], "", SPIN);
    bench.prepare(&spin).await.unwrap();
    let bench = Arc::new(bench);
    let mut runs = tokio::task::JoinSet::new();
    for _ in 0..12 {
        let (bench, spin) = (bench.clone(), spin.clone());
        runs.spawn(async move { bench.fail(&spin).await.0.code });
    }
    let ends = runs.join_all().await;
    let count = |code| ends.iter().filter(|&&end| end == code).count();
    assert_eq!((count(ErrorCode::Timeout), count(ErrorCode::HostLimit)), (8, 4));
}

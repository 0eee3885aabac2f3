//! Compiling in a child process.

use crate::guests::{SPIN, component, noop};
use crate::support::{Bench, sandbox_with};
use fuelcell_domain::seams::InspectError;
use fuelcell_domain::{Completion, Digest, ErrorCode, JobRunner, ModuleInspector, RunEnd};
use fuelcell_sandbox::{CompileLimits, Compiler};
use rustix::io::{FdFlags, fcntl_setfd};
use std::ffi::OsString;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

pub(crate) fn child(limits: CompileLimits) -> Compiler {
    Compiler::Child { program: env!("CARGO_BIN_EXE_fuelcell-compiler").into(), arguments: Vec::new(), limits }
}

pub(crate) fn bench(limits: CompileLimits) -> Bench {
    let mut bench = Bench::new();
    bench.sandbox = sandbox_with(bench.directory.path(), child(limits));
    bench
}

/// Many live values in a function as large as is allowed: what register allocators dread.
pub(crate) fn bomb() -> Vec<u8> {
    let locals = "i64 ".repeat(5_000);
    let body: String = (0..100_000)
        .map(|i: u32| {
            format!("(local.set {} (i64.add (local.get {}) (local.get {})))", i % 4_999, i % 4_001, i % 3_001)
        })
        .collect();
    component(&[], &format!("(func $bomb (local {locals}) (loop $l {body} (br $l)))"), SPIN)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_child_compiled_runs() {
    let bench = bench(CompileLimits::default());
    assert_eq!(bench.run(&noop()).await.0, RunEnd::Completed(Completion::Done));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_compilers_complaint_is_told() {
    let bench = bench(CompileLimits::default());
    let error = bench
        .prepare(&wat::parse_str(r#"(module (memory (export "memory") 1))"#).unwrap())
        .await
        .unwrap_err();
    assert_eq!((error.code, error.transient), (ErrorCode::ModuleInvalid, false));
    assert!(error.message.contains("_start"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bomb_costs_the_child_its_life_and_nobody_elses() {
    let bench = bench(CompileLimits { cpu_seconds: 1, ..CompileLimits::default() });
    let started = Instant::now();
    let error = bench.prepare(&bomb()).await.unwrap_err();
    assert_eq!((error.code, error.transient), (ErrorCode::ModuleInvalid, false));
    assert_eq!(error.details.as_deref(), Some("CompileLimit"), "{error}");
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
    assert_eq!(bench.run(&noop()).await.0, RunEnd::Completed(Completion::Done));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_compiler_without_memory_dies_alone() {
    let bench = bench(CompileLimits { memory_bytes: 24 << 20, ..CompileLimits::default() });
    let error = bench.prepare(&bomb()).await.unwrap_err();
    assert_eq!(error.details.as_deref(), Some("CompileLimit"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_is_refused_for_what_it_takes_to_compile_it() {
    let bench = bench(CompileLimits { cpu_seconds: 1, ..CompileLimits::default() });
    let bomb = bomb();
    bench.sandbox.inspect(&bomb).unwrap();
    let refused = bench.sandbox.compile(Digest::of(&bomb), Arc::new(bomb)).await.unwrap_err();
    assert!(matches!(&refused, InspectError::CompileLimit(_)), "{refused}");
    bench.sandbox.compile(Digest::of(&noop()), Arc::new(noop())).await.unwrap();
}

/// What a child has open when it waits for its module, of which nothing comes, behind its fences. It is told where to keep
/// functions, and reads `key` before.
fn open_behind_the_fences(kept: &str, key: &[u8]) -> Vec<OsString> {
    let bench = Bench::new();
    let secret = tempfile::tempfile().unwrap();
    fcntl_setfd(&secret, FdFlags::empty()).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_fuelcell-compiler"))
        .args(["1073741824", "60", bench.sandbox.fingerprint(), kept, "metered"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(key).unwrap();
    let of_child = |what: &str| PathBuf::from(format!("/proc/{}/{what}", child.id()));
    let started = Instant::now();
    let fenced = || {
        let status = fs::read_to_string(of_child("status")).unwrap_or_default();
        status.contains("Seccomp:\t2\n") && status.contains("NoNewPrivs:\t1\n")
    };
    while !fenced() && started.elapsed() < Duration::from_secs(30) {
        std::thread::sleep(Duration::from_millis(10));
    }
    let fenced = fenced();
    let open = fs::read_dir(of_child("fd")).unwrap().map(|entry| entry.unwrap());
    let mut open: Vec<_> = open
        .map(|entry| (entry.file_name(), fs::read_link(entry.path()).unwrap_or_default()))
        .map(|(name, path)| if path == Path::new(kept) { "kept".into() } else { name })
        .collect();
    open.sort();
    let limits = fs::read_to_string(of_child("limits")).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(fenced, "no filter stands");
    assert!(
        limits.lines().any(|line| line.starts_with("Max open files") && line.contains(" 64 ")),
        "{limits}"
    );
    open
}

#[test]
fn a_child_has_no_descriptors_but_its_streams_and_stands_behind_the_fences() {
    assert_eq!(open_behind_the_fences("-", b""), ["0", "1", "2"]);
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().canonicalize().unwrap().join("functions");
    assert_eq!(open_behind_the_fences(kept.to_str().unwrap(), &[7; 32]), ["0", "1", "2", "kept"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_compiler_that_is_not_there_is_not_the_modules_fault() {
    let mut bench = Bench::new();
    let program = "/nowhere/compiler".into();
    let compiler = Compiler::Child { program, arguments: Vec::new(), limits: CompileLimits::default() };
    bench.sandbox = sandbox_with(bench.directory.path(), compiler);
    let digest = Digest::of(&noop());
    let error = bench.sandbox.prepare(digest, Arc::new(noop())).await.unwrap_err();
    assert_eq!((error.code, error.transient), (ErrorCode::Storage, true));
}

//! Engines whose compiler is ended before it is done.

use crate::compile::{bench, child};
use crate::guests::{component, noop};
use crate::support::{Bench, sandbox_with};
use fuelcell_domain::{Completion, Digest, ErrorCode, JobError, JobRunner, RunEnd};
use fuelcell_sandbox::CompileLimits;
use prometheus::TextEncoder;
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// An engine of so many functions, each of which takes a compiler about a millisecond.
fn engine(functions: u64) -> Vec<u8> {
    let function = |number: u64| {
        let step = |step: u64| {
            format!(
                "(local.set 0 (i64.add (i64.mul (local.get 0) (i64.const {})) (i64.rotl (local.get 1) (local.get 0))))",
                number * 1_000 + step
            )
        };
        let steps: String = (0..100).map(step).collect();
        format!("(func (param i64 i64) (result i64) {steps} (local.get 0))")
    };
    let functions: String = (0..functions).map(function).collect();
    component(&[], &functions, "(i32.const 0)")
}

async fn prepare(bench: &Bench, engine: &[u8]) -> Result<(), JobError> {
    bench.sandbox.prepare_engine(Digest::of(engine), Arc::new(engine.to_vec())).await
}

/// A file of the engine beside its compiled code.
fn file(bench: &Bench, engine: &[u8], kind: &str) -> PathBuf {
    let folder = bench.directory.path().join(bench.sandbox.fingerprint());
    folder.join(format!("{}.{kind}", Digest::of(engine)))
}

/// The functions that are kept of an engine, each with the bytes of its file up to its end.
fn kept(bench: &Bench, engine: &[u8]) -> Vec<usize> {
    let bytes = fs::read(file(bench, engine, "functions")).unwrap_or_default();
    let mut ends = Vec::new();
    let mut end = 0;
    while let Some(length) = bytes.get(end..end + 4) {
        end += 4 + 32 + u32::from_le_bytes(length.try_into().unwrap()) as usize + 32;
        if end > bytes.len() {
            break;
        }
        ends.push(end);
    }
    ends
}

/// How many functions compilers have found and made.
fn functions() -> [u64; 2] {
    let figures = TextEncoder::new().encode_to_string(&prometheus::gather()).unwrap();
    ["disk", "compiler"].map(|source| {
        let series = format!("fuelcell_engine_functions_total{{source=\"{source}\"}} ");
        figures.lines().find_map(|line| line.strip_prefix(&series)).unwrap().parse().unwrap()
    })
}

/// Kills the compilers of this process.
fn kill_compilers() {
    for thread in fs::read_dir("/proc/self/task").unwrap() {
        let children = fs::read_to_string(thread.unwrap().path().join("children")).unwrap_or_default();
        for child in children.split_whitespace() {
            let name = fs::read_to_string(format!("/proc/{child}/comm")).unwrap_or_default();
            if name.starts_with("fuelcell-compil") {
                kill_process(Pid::from_raw(child.parse().unwrap()).unwrap(), Signal::KILL).unwrap();
            }
        }
    }
}

/// Has an engine compiled until so many of its functions are kept, and then kills the compiler.
async fn cut_off(bench: &Bench, engine: &[u8], functions: usize) {
    let kill = async {
        while kept(bench, engine).len() < functions {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        kill_compilers();
    };
    let (ended, ()) = tokio::join!(prepare(bench, engine), kill);
    let error = ended.expect_err("the compiler was killed");
    assert_eq!((error.code, error.transient), (ErrorCode::Storage, true), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_compiler_had_done_of_an_engine_is_not_done_again() {
    let engine = engine(400);
    let mut cut = bench(CompileLimits::default());
    cut_off(&cut, &engine, 100).await;
    let kept = kept(&cut, &engine).len() as u64;
    // The next start of the server.
    cut.sandbox = sandbox_with(cut.directory.path(), child(CompileLimits::default()));
    assert_eq!(functions(), [0, 0]);
    prepare(&cut, &engine).await.unwrap();
    let [found, made] = functions();
    // The code generator gives a few functions another name when the one before them was found.
    assert!(found * 10 >= kept * 9, "{found} of {kept}");
    assert!(!file(&cut, &engine, "functions").exists());
    assert_eq!(cut.run(&engine).await.0, RunEnd::Completed(Completion::Done));

    let whole = bench(CompileLimits::default());
    prepare(&whole, &engine).await.unwrap();
    assert_eq!(functions(), [found, made + found + made], "what was found was not made");
    assert!(!file(&whole, &engine, "functions").exists());
    let plain = bench(CompileLimits::default());
    plain.prepare(&engine).await.unwrap();
    assert_eq!(functions(), [found, made + found + made], "of a module of a tenant nothing is kept");
    let code = |bench: &Bench| fs::read(file(bench, &engine, "cwasm")).unwrap();
    assert!(code(&cut) == code(&plain) && code(&whole) == code(&plain), "the code is the same");
}

#[tokio::test(flavor = "multi_thread")]
async fn functions_that_are_damaged_or_of_another_engine_are_thrown_away() {
    let bench = bench(CompileLimits::default());
    let (engine, other) = (engine(300), noop());
    cut_off(&bench, &engine, 50).await;
    let ends = kept(&bench, &engine);
    let mut bytes = fs::read(file(&bench, &engine, "functions")).unwrap();
    fs::write(file(&bench, &other, "functions"), &bytes).unwrap();
    prepare(&bench, &other).await.unwrap();
    assert_eq!(functions()[0], 0, "they are of another engine");
    assert_eq!(bench.run(&other).await.0, RunEnd::Completed(Completion::Done));

    bytes[ends[10] - 1] ^= 1;
    fs::write(file(&bench, &engine, "functions"), &bytes).unwrap();
    prepare(&bench, &engine).await.unwrap();
    let [found, _] = functions();
    assert!((1..=10).contains(&found), "{found}: those behind one that is damaged are not taken");
    assert_eq!(bench.run(&engine).await.0, RunEnd::Completed(Completion::Done));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_kept_of_an_engine_that_cannot_be_compiled() {
    let bench = bench(CompileLimits::default());
    let engine = wat::parse_str(r#"(module (memory (export "memory") 1))"#).unwrap();
    fs::create_dir_all(file(&bench, &engine, "functions").parent().unwrap()).unwrap();
    fs::write(file(&bench, &engine, "functions"), b"of before").unwrap();
    let error = prepare(&bench, &engine).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::ModuleInvalid);
    assert!(!file(&bench, &engine, "functions").exists());
}

//! Modules that nobody wrote: made by wasm-smith, or damaged on purpose, and run when they are accepted.

use crate::code::{JOB, world};
use crate::guests::{ARTIFACTS, CREATE, LOG, SLEEP, component, noop};
use crate::programs::program;
use crate::support::{Bench, LIMITS};
use arbitrary::Unstructured;
use fuelcell_domain::{ErrorCode, Limits, ModuleInspector, RunEnd};
use rand::rngs::ChaCha12Rng;
use rand::{Rng, RngExt, SeedableRng};
use std::collections::BTreeMap;
use std::panic;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use wasm_encoder::{ComponentSection, ComponentSectionId, RawSection};
use wasm_smith::{Config, Module};
use wasmparser::{Parser, Payload};

const RATION: Limits = Limits { fuel: Some(1_000_000), timeout_seconds: 1, ..LIMITS };

/// Inspection refused it.
const REFUSED: &str = "refused";

/// Modules that share a cache, before it is thrown away.
const BATCH: u64 = 500;

/// How many: some in a test, 200,000 in `cargo xtask soak`.
fn modules() -> u64 {
    std::env::var("FUELCELL_SOAK_MODULES").map_or(400, |modules| modules.parse().unwrap())
}

/// A core module that nobody would write, with the exports of a job.
fn generated(random: &mut ChaCha12Rng) -> Vec<u8> {
    let mut bytes = vec![0; random.random_range(200..6_000)];
    random.fill_bytes(&mut bytes);
    let exports = r#"(module (memory (export "memory") 1) (func (export "run") (result i32) (i32.const 0))
        (func (export "describe") (result i32) (i32.const 0)))"#;
    let config = Config {
        exports: Some(wat::parse_str(exports).unwrap()),
        max_imports: 0,
        max_memories: 3,
        min_memories: 0,
        max_tables: 1,
        // Of reference types the engine has those of functions only.
        reference_types_enabled: false,
        max_memory32_bytes: 64 << 20,
        custom_page_sizes_enabled: false,
        exceptions_enabled: false,
        gc_enabled: false,
        memory64_enabled: false,
        shared_everything_threads_enabled: false,
        threads_enabled: false,
        wide_arithmetic_enabled: false,
        ..Config::default()
    };
    let core = Module::new(config, &mut Unstructured::new(&bytes)).unwrap().to_bytes();
    job_of(&core)
}

/// A component of the job world with `core` as its only module.
fn job_of(core: &[u8]) -> Vec<u8> {
    let frame = wat::parse_str(format!("(component {})", world(JOB))).unwrap();
    let range = Parser::new(0).parse_all(&frame).find_map(|payload| match payload.unwrap() {
        Payload::ModuleSection { unchecked_range, .. } => Some(unchecked_range),
        _ => None,
    });
    let range = range.unwrap();
    // Before the module stand the section's id and its length, which takes one byte here.
    assert!(range.len() < 128);
    let mut job = frame[..range.start - 2].to_vec();
    RawSection { id: ComponentSectionId::CoreModule.into(), data: core }.append_to_component(&mut job);
    job.extend_from_slice(&frame[range.end..]);
    job
}

/// `module` with some bytes changed, moved, cut out or doubled.
fn damaged(mut module: Vec<u8>, random: &mut ChaCha12Rng) -> Vec<u8> {
    for _ in 0..random.random_range(1..5) {
        let at = random.random_range(8..module.len());
        let length = random.random_range(1..16).min(module.len() - at);
        match random.random_range(0..5) {
            0 => module[at] = random.random(),
            1 => module[at] ^= 1 << random.random_range(0..8),
            2 => drop(module.drain(at..at + length)),
            3 => {
                let piece = module[at..at + length].to_vec();
                module.splice(at..at, piece);
            }
            _ => module.swap(at, 8),
        }
        if module.len() < 16 {
            break;
        }
    }
    module
}

/// What became of a module, in a word.
async fn try_module(bench: &Bench, module: &[u8], seed: u64) -> String {
    if bench.sandbox.inspect(module).is_err() {
        return REFUSED.into();
    }
    match bench.prepare(module).await {
        Ok(_) => {}
        Err(error) => {
            assert_eq!(error.code, ErrorCode::ModuleInvalid, "seed {seed}: {error}");
            return "not compiled".into();
        }
    }
    let started = Instant::now();
    let (end, _) = bench.run(module).await;
    assert!(
        started.elapsed() < RATION.timeout() + Duration::from_secs(1),
        "seed {seed}: {:?}",
        started.elapsed()
    );
    match end {
        RunEnd::Failed(error) => {
            let blames_the_host = matches!(error.code, ErrorCode::Storage | ErrorCode::HostDefect);
            assert!(!blames_the_host, "seed {seed}: {error}");
            format!("{:?}", error.code)
        }
        RunEnd::Completed(_) => "Completed".into(),
        RunEnd::Stopped => "Stopped".into(),
    }
}

/// Counts panics, also those that are caught and answered. The encoder that wraps programs is made for what compilers
/// emit: where it gives up by a panic, the module is refused.
fn count_panics() -> Arc<AtomicU64> {
    let panics = Arc::new(AtomicU64::new(0));
    let (counted, before) = (panics.clone(), panic::take_hook());
    panic::set_hook(Box::new(move |info| {
        let of_the_encoder = info.location().is_some_and(|place| place.file().contains("wit-component"));
        counted.fetch_add(u64::from(!of_the_encoder), Ordering::Relaxed);
        before(info);
    }));
    panics
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn modules_that_nobody_wrote_end_by_themselves() {
    let bases = [
        noop(),
        component(&[ARTIFACTS, LOG, SLEEP], "", &format!("{CREATE} (i32.const 0)")),
        program(
            &[(4096, "x.bin")],
            "(call $say (call $create (i32.const 4096) (i32.const 5)) (i32.const 5))",
        ),
    ];
    let (mut ends, total, panics) = (BTreeMap::new(), modules(), count_panics());
    let started = Instant::now();
    let mut bench = Bench::new();
    for seed in 0..total {
        if seed % BATCH == 0 {
            bench = Bench::new();
            bench.limits = RATION;
        }
        let mut random = ChaCha12Rng::seed_from_u64(seed);
        let module = match seed % 4 {
            0 => generated(&mut random),
            kind => damaged(bases[kind as usize - 1].clone(), &mut random),
        };
        *ends.entry(try_module(&bench, &module, seed).await).or_insert(0) += 1;
        if (seed + 1) % 10_000 == 0 {
            println!("{} modules in {:?}: {ends:?}", seed + 1, started.elapsed());
        }
    }
    assert_eq!(panics.load(Ordering::Relaxed), 0, "panics");
    let accepted = total - ends.get(REFUSED).copied().unwrap_or(0);
    println!("{total} modules, {accepted} accepted, no panic, none that did not end: {ends:?}");
    // A fuzzer whose modules are all refused tests nothing.
    assert!(accepted > total / 10, "{accepted} of {total} were accepted");
}

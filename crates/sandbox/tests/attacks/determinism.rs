//! A deterministic job tells the same story every time, whatever it asks its host.

use crate::programs::program;
use crate::support::Bench;
use fuelcell_domain::{Completion, Digest, RunEnd};
use std::collections::HashSet;

/// Takes time, randomness, file dates and the order of a directory, and writes all of it to a file.
fn curious() -> Vec<u8> {
    let body = "
        (drop (call $random_get (i32.const 8192) (i32.const 64)))
        (drop (call $clock_time_get (i32.const 0) (i64.const 1) (i32.const 8256)))
        (drop (call $clock_time_get (i32.const 1) (i64.const 1) (i32.const 8264)))
        (drop (call $sched_yield))
        (drop (call $clock_time_get (i32.const 1) (i64.const 1) (i32.const 8272)))
        (drop (call $create (i32.const 4096) (i32.const 5)))
        (drop (call $path_filestat_get (i32.const 4) (i32.const 0) (i32.const 4096) (i32.const 5) (i32.const 8280)))
        (drop (call $fd_readdir (i32.const 4) (i32.const 8400) (i32.const 200) (i64.const 0) (i32.const 8344)))
        (call $expect (call $put (call $create (i32.const 4096) (i32.const 5)) (i32.const 8192) (i32.const 500)) (i32.const 0))";
    program(&[(4096, "x.bin")], body)
}

async fn story(bench: &Bench, module: &[u8]) -> (u64, Vec<(String, Digest)>) {
    bench.host.forget();
    let (end, usage) = bench.run(module).await;
    assert_eq!(end, RunEnd::Completed(Completion::Done));
    let outputs = bench.host.outputs.lock().unwrap().clone();
    assert_eq!(outputs.len(), 1);
    (usage.fuel.exact().unwrap(), outputs)
}

/// How often it is told: some times in a test, a thousand times in `cargo xtask soak`.
fn runs() -> u32 {
    std::env::var("FUELCELL_SOAK_RUNS").map_or(30, |runs| runs.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_job_has_one_fuel_figure_and_one_set_of_outputs() {
    let module = curious();
    let mut stories = HashSet::new();
    let (mut one, mut other) = (Bench::new(), Bench::new());
    (one.seed, other.seed) = (Some(7), Some(7));
    for run in 0..runs() {
        let bench = if run % 2 == 0 { &one } else { &other };
        stories.insert(story(bench, &module).await);
    }
    assert_eq!(stories.len(), 1, "{stories:?}");
    other.seed = Some(8);
    assert!(!stories.contains(&story(&other, &module).await), "the seed decides nothing");
    other.seed = None;
    assert!(!stories.contains(&story(&other, &module).await), "every job is deterministic");
}

//! The rows, run.

use crate::support::{Bench, LIMITS, Recorder};
use crate::{Attack, Expected, all};
use fuelcell_domain::seams::InspectError;
use fuelcell_domain::{
    Completion, Digest, ErrorCode, Isolation, JobRunner, Limits, ModuleInspector, RunEnd, RunSpec,
};
use std::collections::HashSet;
use std::fs;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// What an attack has: a second, 16 MiB, 1,000 bytes of disk.
const RATION: Limits = Limits { fuel: Some(30_000_000), timeout_seconds: 1, ..LIMITS };

/// How late an end may be: what the issue of hostile guests allows.
const GRACE: Duration = Duration::from_secs(1);

/// Attacks at the same time.
const SIDE_BY_SIDE: usize = 6;

/// Runs one row: its end and fuel, if it was accepted. The error says what was not as expected.
async fn run(bench: &Bench, row: &Attack) -> Result<Option<(RunEnd, Option<u64>)>, String> {
    let inspected = bench.sandbox.inspect(&row.module);
    let told = |what: String| Err(format!("{} (tries to {}): {what}", row.name, row.tries));
    match (&inspected, row.expected) {
        (Err(InspectError::Manifest(text)), _) => return told(format!("refused for its manifest: {text}")),
        (Err(_), Expected::Refused) => return Ok(None),
        (Err(error), Expected::Ends) => return told(format!("refused: {error}")),
        (Err(error), expected) => return told(format!("refused ({error}) and not {expected:?}")),
        (Ok(_), Expected::Refused) => return told("accepted".into()),
        (Ok(_), _) => {}
    }
    match (bench.prepare(&row.module).await, row.expected) {
        (Ok(_), _) => {}
        (Err(error), Expected::Fails(codes)) if codes.contains(&error.code) => return Ok(None),
        (Err(error), _) => return told(format!("not compiled: {error}")),
    }
    let started = Instant::now();
    let (end, usage) = bench.run(&row.module).await;
    if started.elapsed() > RATION.timeout() + GRACE {
        return told(format!("ended after {:?}", started.elapsed()));
    }
    match (&end, row.expected) {
        (_, Expected::Ends) | (RunEnd::Completed(Completion::Done), Expected::Completes) => {}
        (RunEnd::Failed(error), Expected::Fails(codes)) if codes.contains(&error.code) => {}
        (end, expected) => return told(format!("{end:?} and not {expected:?}")),
    }
    Ok(Some((end, usage.fuel)))
}

fn bench(isolation: Isolation) -> Bench {
    let mut bench = Bench::new();
    bench.limits = RATION;
    bench.isolation = isolation;
    bench
}

/// Bytes of memory that this process has, and its open files.
fn footprint() -> (u64, usize) {
    let statm = fs::read_to_string("/proc/self/statm").unwrap();
    let pages: u64 = statm.split_whitespace().nth(1).unwrap().parse().unwrap();
    (pages * 4096, fs::read_dir("/proc/self/fd").unwrap().count())
}

async fn one_after_another(bench: &Bench, rows: &[Attack]) -> Vec<String> {
    let mut wrong = Vec::new();
    for row in rows {
        wrong.extend(run(bench, row).await.err());
    }
    wrong
}

async fn side_by_side(bench: &Arc<Bench>, rows: &Arc<Vec<Attack>>) -> Vec<String> {
    let mut running = JoinSet::new();
    for lane in 0..SIDE_BY_SIDE {
        let (bench, rows) = (bench.clone(), rows.clone());
        running.spawn(async move {
            let mut wrong = Vec::new();
            for row in rows.iter().skip(lane).step_by(SIDE_BY_SIDE) {
                wrong.extend(run(&bench, row).await.err());
            }
            wrong
        });
    }
    let mut wrong = Vec::new();
    while let Some(lane) = running.join_next().await {
        wrong.extend(lane.unwrap());
    }
    wrong
}

/// What another tenant's job told its host, and burnt.
async fn neighbour(
    bench: &Bench,
    module: &[u8],
) -> (RunEnd, Option<u64>, Vec<String>, Vec<(String, Digest)>) {
    let host = Arc::new(Recorder::with_input("x.txt", b"some,csv"));
    let spec = bench.spec(bench.prepare(module).await.unwrap());
    let spec = RunSpec { deterministic_seed: Some(7), limits: LIMITS, ..spec };
    let (end, usage) = bench.sandbox.run(spec, host.clone(), Box::pin(std::future::pending())).await;
    let outputs = host.outputs.lock().unwrap().clone();
    (end, usage.fuel, host.events(), outputs)
}

/// Runs the neighbour again and again while the attacks run. Says how often it ran, and how often it was not as alone.
async fn with_a_neighbour(bench: &Arc<Bench>, rows: &Arc<Vec<Attack>>) -> (Vec<String>, usize, usize) {
    let module = crate::guests::busy();
    let alone = neighbour(bench, &module).await;
    assert_eq!(alone.0, RunEnd::Completed(Completion::Done));
    let (mut runs, mut others) = (0, 0);
    let mut attacks = std::pin::pin!(side_by_side(bench, rows));
    loop {
        tokio::select! {
            biased;
            wrong = &mut attacks => return (wrong, runs, others),
            beside = neighbour(bench, &module) => {
                runs += 1;
                others += usize::from(beside != alone);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_attack_ends_as_it_must_and_leaves_nothing() {
    let rows = Arc::new(all());
    assert!(rows.len() >= 150, "{} rows", rows.len());
    let names: HashSet<&str> = rows.iter().map(|row| row.name.as_str()).collect();
    assert_eq!(names.len(), rows.len(), "two rows have one name");
    let bench = Arc::new(bench(Isolation::InProcess));
    let neighbour = crate::guests::noop();

    // Side by side first: how many cells and threads there ever were is part of what a process holds.
    let (wrong, runs, others) = with_a_neighbour(&bench, &rows).await;
    assert!(
        runs > 0 && others == 0,
        "a neighbour ran {runs} times beside the attacks, {others} times not as alone"
    );
    assert!(wrong.is_empty(), "side by side, {} of {}:\n{}", wrong.len(), rows.len(), wrong.join("\n"));
    assert_eq!(bench.run(&neighbour).await.0, RunEnd::Completed(Completion::Done));
    bench.host.forget();

    let (memory, files) = footprint();
    let wrong = one_after_another(&bench, &rows).await;
    assert!(wrong.is_empty(), "one after another, {} of {}:\n{}", wrong.len(), rows.len(), wrong.join("\n"));
    bench.host.forget();
    let (memory_after, files_after) = footprint();
    assert_eq!(bench.run(&neighbour).await.0, RunEnd::Completed(Completion::Done));
    assert!(files_after <= files, "{files_after} open files, {files} before");
    assert!(memory_after <= memory + memory / 20, "{memory_after} bytes, {memory} before");
}

/// Whether a row that ran in this process ends the same in one of its own.
async fn ends_the_same(here: &Bench, apart: &Bench, row: &Attack) -> Result<(), String> {
    let Some(one) = run(here, row).await? else { return Ok(()) };
    let other = run(apart, row).await?;
    let timed_out = |end: &RunEnd| matches!(end, RunEnd::Failed(error) if error.code == ErrorCode::Timeout);
    match other {
        // How far a guest gets in a second is no property of the guest.
        Some((end, _)) if timed_out(&end) || timed_out(&one.0) => Ok(()),
        Some(other) if other == one => Ok(()),
        other => Err(format!("{}: {one:?} here, {other:?} in its own process", row.name)),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_attack_ends_the_same_in_a_process_of_its_own() {
    let benches = Arc::new((bench(Isolation::InProcess), bench(Isolation::Process)));
    let rows = Arc::new(all());
    let mut running = JoinSet::new();
    for lane in 0..SIDE_BY_SIDE {
        let (benches, rows) = (benches.clone(), rows.clone());
        running.spawn(async move {
            let mut wrong = Vec::new();
            for row in rows.iter().skip(lane).step_by(SIDE_BY_SIDE) {
                wrong.extend(ends_the_same(&benches.0, &benches.1, row).await.err());
            }
            wrong
        });
    }
    let wrong: Vec<String> = running.join_all().await.into_iter().flatten().collect();
    assert!(wrong.is_empty(), "{} rows:\n{}", wrong.len(), wrong.join("\n"));
}

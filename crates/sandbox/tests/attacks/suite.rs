//! The rows, run.

use crate::guests::component;
use crate::support::{Bench, LIMITS, Recorder, cell_program, sandbox_running};
use crate::{Attack, Expected, all};
use fuelcell_domain::seams::InspectError;
use fuelcell_domain::{
    Completion, Digest, ErrorCode, Isolation, JobRunner, Limits, ModuleInspector, RunEnd, RunSpec,
};
use fuelcell_sandbox::CellProgram;
use std::collections::HashSet;
use std::fs;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// What an attack has: a second, 16 MiB, 1,000 bytes of disk.
const RATION: Limits = Limits { fuel: Some(30_000_000), timeout_seconds: 1, ..LIMITS };

/// How late an end may be: what the issue of hostile guests allows.
const GRACE: Duration = Duration::from_secs(1);

/// Rounds within which memory must once not grow by a twentieth.
const ROUNDS: usize = 4;

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
    Ok(Some((end, usage.fuel.exact())))
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

async fn side_by_side(bench: &Arc<Bench>, rows: &Arc<Vec<Attack>>, lanes: usize) -> Vec<String> {
    let mut running = JoinSet::new();
    for lane in 0..lanes {
        let (bench, rows) = (bench.clone(), rows.clone());
        running.spawn(async move {
            let mut wrong = Vec::new();
            for row in rows.iter().skip(lane).step_by(lanes) {
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
    (end, usage.fuel.exact(), host.events(), outputs)
}

/// Runs the neighbour again and again while the attacks run. Says how often it ran, and how often it was not as alone.
async fn with_a_neighbour(bench: &Arc<Bench>, rows: &Arc<Vec<Attack>>) -> (Vec<String>, usize, usize) {
    let module = crate::guests::busy();
    let alone = neighbour(bench, &module).await;
    assert_eq!(alone.0, RunEnd::Completed(Completion::Done));
    let (mut runs, mut others) = (0, 0);
    let mut attacks = std::pin::pin!(side_by_side(bench, rows, SIDE_BY_SIDE));
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

/// The rows side by side with a neighbour: all end as they must, and the neighbour's job is as it is alone.
async fn beside_a_neighbour(bench: &Arc<Bench>, rows: &Arc<Vec<Attack>>) {
    let (wrong, runs, others) = with_a_neighbour(bench, rows).await;
    assert!(
        runs > 0 && others == 0,
        "a neighbour ran {runs} times beside the attacks, {others} times not as alone"
    );
    assert!(wrong.is_empty(), "side by side, {} of {}:\n{}", wrong.len(), rows.len(), wrong.join("\n"));
    assert_eq!(bench.run(&crate::guests::noop()).await.0, RunEnd::Completed(Completion::Done));
    bench.host.forget();
}

/// Nothing is left of a round: no more open files once those are closed that other threads are about to close, and
/// memory stops growing. A leak grows in every round; the heaps of many threads do so now and then.
async fn leaves_nothing(round: impl AsyncFn()) {
    let mut grown = Vec::new();
    while grown.len() < ROUNDS {
        let (memory, files) = footprint();
        round().await;
        let closed = async {
            while footprint().1 > files {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        let closed = tokio::time::timeout(Duration::from_secs(30), closed).await;
        let (memory_after, files_after) = footprint();
        assert!(closed.is_ok(), "{files_after} open files, {files} before");
        if memory_after <= memory + memory / 20 {
            return;
        }
        grown.push((memory, memory_after));
    }
    panic!("each round left memory behind (bytes before and after): {grown:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_attack_ends_as_it_must_and_leaves_nothing() {
    let rows = Arc::new(all());
    assert!(rows.len() >= 150, "{} rows", rows.len());
    let names: HashSet<&str> = rows.iter().map(|row| row.name.as_str()).collect();
    assert_eq!(names.len(), rows.len(), "two rows have one name");
    let bench = Arc::new(bench(Isolation::InProcess));

    // Side by side first: how many cells and threads there ever were is part of what a process holds.
    beside_a_neighbour(&bench, &rows).await;
    leaves_nothing(async || {
        let wrong = one_after_another(&bench, &rows).await;
        assert!(
            wrong.is_empty(),
            "one after another, {} of {}:\n{}",
            wrong.len(),
            rows.len(),
            wrong.join("\n")
        );
        bench.host.forget();
    })
    .await;
    assert_eq!(bench.run(&crate::guests::noop()).await.0, RunEnd::Completed(Completion::Done));
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
    let mut apart = bench(Isolation::Process);
    // Without processes that wait: they would be open files that come and go.
    let directory = tempfile::TempDir::new().unwrap();
    apart.sandbox = sandbox_running(directory.path(), Some(CellProgram { ahead: 0, ..cell_program() }));
    let apart = Arc::new(apart);
    let benches = Arc::new((bench(Isolation::InProcess), apart.clone()));
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
    apart.host.forget();

    leaves_nothing(async || beside_a_neighbour(&apart, &rows).await).await;
}

/// A job that computes for some milliseconds.
fn computing() -> Vec<u8> {
    let rounds = "(local $i i32) (loop $l (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 3000000)))) (i32.const 0)";
    component(&[], "", rounds)
}

/// Times from start to end: half of them are at most this.
async fn median(bench: &Bench, module: &[u8], runs: usize) -> Duration {
    let mut times = Vec::new();
    for _ in 0..runs {
        let started = Instant::now();
        assert_eq!(bench.run(module).await.0, RunEnd::Completed(Completion::Done));
        times.push(started.elapsed());
    }
    times.sort_unstable();
    times[runs / 2]
}

/// How long a neighbour's job takes alone, and while attacks use all cores but one.
async fn alone_and_beside(isolation: Isolation) -> (Duration, Duration) {
    const RUNS: usize = 300;
    let (rows, computing) = (Arc::new(all()), computing());
    let bench = Arc::new(bench(isolation));
    let mut neighbours = Bench::new();
    (neighbours.isolation, neighbours.limits.fuel) = (isolation, None);
    // Compiling is over before anything is timed.
    let wrong = side_by_side(&bench, &rows, SIDE_BY_SIDE).await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let alone = median(&neighbours, &computing, RUNS).await;
    let lanes = std::thread::available_parallelism().map_or(1, |cores| cores.get().saturating_sub(1).max(1));
    let attacks = {
        let (bench, rows) = (bench.clone(), rows.clone());
        tokio::spawn(async move {
            loop {
                side_by_side(&bench, &rows, lanes).await;
            }
        })
    };
    let beside = median(&neighbours, &computing, RUNS).await;
    attacks.abort();
    (alone, beside)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "it measures times: `cargo xtask soak --only attacks` runs it, optimised and alone"]
async fn a_neighbour_takes_at_most_twice_as_long_beside_the_attacks() {
    for isolation in [Isolation::InProcess, Isolation::Process] {
        let (alone, beside) = alone_and_beside(isolation).await;
        let times = beside.as_secs_f64() / alone.as_secs_f64();
        println!("{isolation:?}: p50 alone {alone:?}, beside attacks {beside:?} = {times:.2} ×");
        assert!(times <= 2.0, "{isolation:?}: {times:.2} ×");
    }
}

//! `fuelcell bench-cell`: what cells cost without server and store, for `cargo xtask bench`.

use crate::cache::{COMPILED, own_cache};
use crate::cli::{COMPILE, RUN_CELL};
use crate::local_host::LocalHost;
use anyhow::{Context, bail, ensure};
use fuelcell_domain::{
    Caps, Digest, Isolation, JobHost, JobRunner, LimitRequest, Limits, Meter, RunEnd, RunSpec,
};
use fuelcell_sandbox::{CellProgram, CodeKey, Compiler, Sandbox, SandboxConfig};
use indicatif::ProgressBar;
use serde_json::{Value, json};
use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

/// Times that a looping guest is stopped.
const STOPS: usize = 50;

/// Processes that wait for jobs.
const AHEAD: usize = 2;

/// Modules that are loaded and do nothing.
const IDLE_MODULES: u64 = 1_000;

/// A command of WASI preview 1 that returns at once: a type, a function, a page of memory, two exports, one `end`.
const EMPTY_COMMAND: &[u8] =
    b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x03\x02\x01\0\x05\x03\x01\0\x01\x07\x13\x02\x06memory\x02\0\x06_start\0\0\x0a\x04\x01\x02\0\x0b";

/// Rounds of the job that runs beside attacks: some milliseconds of work.
const ROUNDS: u64 = 1_000_000;

/// Times that it runs alone, and beside them.
const NEIGHBOURS: usize = 100;

/// What it takes to have the processes ready again that are started ahead.
const PAUSE: Duration = Duration::from_millis(100);

/// Measures with the probe module and prints JSON: `runs` fresh cells without parameters, looping ones that are stopped,
/// a job with one slot free beside looping ones, and modules that nobody runs.
pub(crate) async fn cell(module: &Path, runs: usize, isolation: Isolation) -> anyhow::Result<()> {
    ensure!(runs > 0, "--runs must be at least 1");
    let probe = fs::read(module).with_context(|| format!("cannot read {}", module.display()))?;
    let bench = Bench::new(probe.clone(), isolation, 0).await?;
    // Without the thread, and with a process that waits, where that makes a difference.
    let (without_hand_over, started_ahead) = match isolation {
        Isolation::InProcess => (Some(bench.fresh_on_this_thread(runs).await?), None),
        Isolation::Process => {
            let ahead = Bench::new(probe, isolation, AHEAD).await?;
            (None, Some(ahead.fresh(runs, PAUSE).await?))
        }
    };
    let (alone, beside) = bench.neighbour().await?;
    let idle = idle().await?;
    let document = json!({
        "runs": runs, "fresh": bench.fresh(runs, Duration::ZERO).await?, "onThisThread": without_hand_over,
        "startedAhead": started_ahead, "stops": STOPS, "stop": bench.stops().await?,
        "neighbours": NEIGHBOURS, "alone": alone, "besideLoops": beside,
        "idleModules": IDLE_MODULES, "idleBytes": idle.bytes, "idleDescriptors": idle.descriptors,
    });
    writeln!(std::io::stdout(), "{document}")?;
    Ok(())
}

struct Bench {
    sandbox: Arc<Sandbox>,
    module: Digest,
    isolation: Isolation,
}

impl Bench {
    async fn new(probe: Vec<u8>, isolation: Isolation, ahead: usize) -> anyhow::Result<Self> {
        let module = Digest::of(&probe);
        let sandbox = Sandbox::new(SandboxConfig {
            compiler: Compiler::this_program(COMPILE),
            cells: Some(CellProgram { ahead, ..CellProgram::this_program(RUN_CELL) }),
            ..own_cache(COMPILED)?
        })?;
        sandbox.prepare(module, Arc::new(probe)).await?;
        Ok(Self { sandbox: Arc::new(sandbox), module, isolation })
    }

    fn spec(&self) -> RunSpec {
        RunSpec {
            module: self.module,
            limits: Limits::resolve(LimitRequest::default(), Caps::default()),
            deterministic_seed: None,
            isolation: self.isolation,
            expected: None,
            profiled: false,
            meter: Arc::new(Meter::default()),
        }
    }

    /// Empty jobs, each in a fresh cell, one after the other.
    async fn fresh(&self, runs: usize, pause: Duration) -> anyhow::Result<Value> {
        self.jobs("{}", runs, pause).await
    }

    /// The same job again and again, from its start to its end.
    async fn jobs(&self, parameters: &str, runs: usize, pause: Duration) -> anyhow::Result<Value> {
        let host = host(parameters)?;
        // The first one starts what later ones find.
        self.job(host.clone()).await?;
        let mut times = Vec::with_capacity(runs);
        for _ in 0..runs {
            if !pause.is_zero() {
                tokio::time::sleep(pause).await;
            }
            times.push(self.job(host.clone()).await?);
        }
        Ok(quantiles(times))
    }

    async fn job(&self, host: Arc<dyn JobHost>) -> anyhow::Result<Duration> {
        let spec = self.spec();
        let start = Instant::now();
        let (end, _) = self.sandbox.run(spec, host, Box::pin(std::future::pending())).await;
        completed(&end).map(|()| start.elapsed())
    }

    /// The empty jobs without another thread.
    async fn fresh_on_this_thread(&self, runs: usize) -> anyhow::Result<Value> {
        let (sandbox, host, runtime) = (self.sandbox.clone(), host("{}")?, Handle::current());
        let specs: Vec<RunSpec> = (0..runs).map(|_| self.spec()).collect();
        let work = move || {
            let timed = |spec| {
                let start = Instant::now();
                let (end, _) = sandbox.run_on_this_thread(spec, host.clone(), &runtime);
                completed(&end).map(|()| start.elapsed())
            };
            specs.into_iter().map(timed).collect::<anyhow::Result<Vec<_>>>()
        };
        Ok(quantiles(tokio::task::spawn_blocking(work).await??))
    }

    /// From the wish to stop a looping guest until it is gone.
    async fn stops(&self) -> anyhow::Result<Value> {
        let mut times = Vec::with_capacity(STOPS);
        for _ in 0..STOPS {
            let (stop, looping) = self.start_a_loop().await?;
            let start = Instant::now();
            drop(stop);
            looping.await?;
            times.push(start.elapsed());
        }
        Ok(quantiles(times))
    }

    /// A job that computes, alone and then while guests without an end use all cores but one.
    async fn neighbour(&self) -> anyhow::Result<(Value, Value)> {
        let parameters = json!({"steps": [{"do": "work", "rounds": ROUNDS}]}).to_string();
        let alone = self.jobs(&parameters, NEIGHBOURS, Duration::ZERO).await?;
        let mut attacks = Vec::new();
        for _ in 1..std::thread::available_parallelism()?.get() {
            attacks.push(self.start_a_loop().await?);
        }
        let beside = self.jobs(&parameters, NEIGHBOURS, Duration::ZERO).await?;
        for (stop, looping) in attacks {
            drop(stop);
            looping.await?;
        }
        Ok((alone, beside))
    }

    /// A guest that computes until the sender is dropped; it does already.
    async fn start_a_loop(
        &self,
    ) -> anyhow::Result<(oneshot::Sender<()>, impl Future<Output = anyhow::Result<()>>)> {
        let host = host(r#"{"steps":[{"do":"spin","forever":true}]}"#)?;
        let (stop, stopped) = oneshot::channel::<()>();
        let spec = self.spec();
        let meter = spec.meter.clone();
        let sandbox = self.sandbox.clone();
        let stop_signal = Box::pin(async {
            let _ = stopped.await;
        });
        let looping = tokio::spawn(async move { sandbox.run(spec, host, stop_signal).await.0 });
        while meter.cpu_micros.load(Ordering::Relaxed) < 20_000 {
            ensure!(!looping.is_finished(), "the module did not loop");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let ended = async {
            let end = looping.await?;
            ensure!(end == RunEnd::Stopped, "a looping guest ended otherwise: {end:?}");
            Ok(())
        };
        Ok((stop, ended))
    }
}

fn host(parameters: &str) -> anyhow::Result<Arc<dyn JobHost>> {
    Ok(Arc::new(LocalHost::new(parameters.into(), Vec::new(), std::env::temp_dir(), ProgressBar::hidden())?))
}

fn completed(end: &RunEnd) -> anyhow::Result<()> {
    match end {
        RunEnd::Completed(_) => Ok(()),
        RunEnd::Failed(error) => bail!("the module did not complete: {error}"),
        RunEnd::Stopped => bail!("the module was stopped"),
    }
}

struct Idle {
    bytes: u64,
    descriptors: usize,
}

/// What a thousand modules add to this process once they are ready.
async fn idle() -> anyhow::Result<Idle> {
    let cache = tempfile::tempdir()?;
    let sandbox = Sandbox::new(SandboxConfig::new(cache.path(), CodeKey::derived_from(&rand::random())))?;
    let before = Idle { bytes: resident_bytes()?, descriptors: open_descriptors()? };
    for number in 0..IDLE_MODULES {
        let module = numbered(number);
        sandbox.prepare(Digest::of(&module), Arc::new(module)).await?;
    }
    Ok(Idle {
        bytes: resident_bytes()?.saturating_sub(before.bytes),
        descriptors: open_descriptors()?.saturating_sub(before.descriptors),
    })
}

fn open_descriptors() -> anyhow::Result<usize> {
    Ok(fs::read_dir("/proc/self/fd")?.count())
}

/// The empty command with a custom section `n` that makes it another module.
fn numbered(number: u64) -> Vec<u8> {
    [EMPTY_COMMAND, b"\0\x0a\x01n", &number.to_le_bytes()].concat()
}

fn resident_bytes() -> anyhow::Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB")).context("Linux names no VmRSS")?;
    Ok(kilobytes.trim().parse::<u64>()? * 1024)
}

fn quantiles(mut times: Vec<Duration>) -> Value {
    times.sort_unstable();
    let micros = |percent: usize| {
        let index = (times.len() * percent / 100).min(times.len() - 1);
        times[index].as_nanos() as f64 / 1000.0
    };
    json!({"p50Micros": micros(50), "p99Micros": micros(99)})
}

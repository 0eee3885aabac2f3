//! `fuelcell bench-cell`: what cells cost without server and store, for `cargo xtask bench`.

use crate::cli::{COMPILE, RUN_CELL};
use crate::local_host::LocalHost;
use crate::run::cache_dir;
use anyhow::{Context, bail, ensure};
use fuelcell_domain::{
    Caps, Digest, Isolation, JobHost, JobRunner, LimitRequest, Limits, Meter, RunEnd, RunSpec,
};
use fuelcell_sandbox::{CellProgram, Compiler, Sandbox, SandboxConfig};
use indicatif::ProgressBar;
use serde_json::{Value, json};
use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// Times that a looping guest is stopped.
const STOPS: usize = 50;

/// Modules that are loaded and do nothing.
const IDLE_MODULES: u64 = 1_000;

/// A command of WASI preview 1 that returns at once: a type, a function, a page of memory, two exports, one `end`.
const EMPTY_COMMAND: &[u8] =
    b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x03\x02\x01\0\x05\x03\x01\0\x01\x07\x13\x02\x06memory\x02\0\x06_start\0\0\x0a\x04\x01\x02\0\x0b";

/// Measures with the probe module and prints JSON: `runs` fresh cells without parameters, looping ones that are stopped,
/// fresh ones beside a looping one, and modules that nobody runs.
pub(crate) async fn cell(module: &Path, runs: usize, isolation: Isolation) -> anyhow::Result<()> {
    ensure!(runs > 0, "--runs must be at least 1");
    let probe = fs::read(module).with_context(|| format!("cannot read {}", module.display()))?;
    let bench = Bench::new(probe, isolation).await?;
    let alone = bench.fresh(runs).await?;
    let stops = bench.stops().await?;
    let beside = bench.beside_a_loop(runs).await?;
    let idle = idle_bytes().await?;
    let document = json!({
        "runs": runs, "fresh": alone, "stops": STOPS, "stop": stops, "besideALoop": beside,
        "idleModules": IDLE_MODULES, "idleBytes": idle,
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
    async fn new(probe: Vec<u8>, isolation: Isolation) -> anyhow::Result<Self> {
        let module = Digest::of(&probe);
        let sandbox = Sandbox::new(SandboxConfig {
            compiler: Compiler::this_program(COMPILE),
            cells: Some(CellProgram::this_program(RUN_CELL)),
            ..SandboxConfig::new(cache_dir()?)
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
            meter: Arc::new(Meter::default()),
        }
    }

    /// Empty jobs, each in a fresh cell, one after the other.
    async fn fresh(&self, runs: usize) -> anyhow::Result<Value> {
        let host = host("{}")?;
        let mut times = Vec::with_capacity(runs);
        for _ in 0..runs {
            let spec = self.spec();
            let start = Instant::now();
            let (end, _) = self.sandbox.run(spec, host.clone(), Box::pin(std::future::pending())).await;
            times.push(start.elapsed());
            if let RunEnd::Failed(error) = end {
                bail!("the module did not complete: {error}");
            }
        }
        Ok(quantiles(times))
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

    /// The empty jobs again, while another cell uses all that it can get of a core.
    async fn beside_a_loop(&self, runs: usize) -> anyhow::Result<Value> {
        let (stop, looping) = self.start_a_loop().await?;
        let times = self.fresh(runs).await?;
        drop(stop);
        looping.await?;
        Ok(times)
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

/// What a thousand modules add to the memory of this process once they are ready.
async fn idle_bytes() -> anyhow::Result<u64> {
    let cache = tempfile::tempdir()?;
    let sandbox = Sandbox::new(SandboxConfig::new(cache.path()))?;
    let before = resident_bytes()?;
    for number in 0..IDLE_MODULES {
        let module = numbered(number);
        sandbox.prepare(Digest::of(&module), Arc::new(module)).await?;
    }
    Ok(resident_bytes()?.saturating_sub(before))
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

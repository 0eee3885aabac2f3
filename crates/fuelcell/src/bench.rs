//! `fuelcell bench-cell`: the cost of a fresh cell, for `cargo xtask bench`.

use crate::cli::{COMPILE, RUN_CELL};
use crate::local_host::LocalHost;
use crate::run::cache_dir;
use anyhow::{Context, bail, ensure};
use fuelcell_domain::{Caps, Digest, Isolation, JobRunner, LimitRequest, Limits, Meter, RunEnd, RunSpec};
use fuelcell_sandbox::{CellProgram, Compiler, Sandbox, SandboxConfig};
use indicatif::ProgressBar;
use serde_json::json;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Runs a module `runs` times without parameters, each in a fresh cell, and prints the wall-clock quantiles as JSON.
pub(crate) async fn cell(module: &Path, runs: usize, isolation: Isolation) -> anyhow::Result<()> {
    ensure!(runs > 0, "--runs must be at least 1");
    let bytes = fs::read(module).with_context(|| format!("cannot read {}", module.display()))?;
    let digest = Digest::of(&bytes);
    let sandbox = Sandbox::new(SandboxConfig {
        compiler: Compiler::this_program(COMPILE),
        cells: Some(CellProgram::this_program(RUN_CELL)),
        ..SandboxConfig::new(cache_dir()?)
    })?;
    sandbox.prepare(digest, Arc::new(bytes)).await?;
    let limits = Limits::resolve(LimitRequest::default(), Caps::default());
    let out = std::env::temp_dir();
    let host = Arc::new(LocalHost::new("{}".into(), Vec::new(), out, ProgressBar::hidden())?);
    let mut times: Vec<Duration> = Vec::with_capacity(runs);
    for _ in 0..runs {
        let spec = RunSpec {
            module: digest,
            limits,
            deterministic_seed: None,
            isolation,
            meter: Arc::new(Meter::default()),
        };
        let start = Instant::now();
        let (end, _) = sandbox.run(spec, host.clone(), Box::pin(std::future::pending())).await;
        times.push(start.elapsed());
        if let RunEnd::Failed(error) = end {
            bail!("the module did not complete: {error}");
        }
    }
    times.sort_unstable();
    let micros = |percent: usize| times[(runs * percent / 100).min(runs - 1)].as_nanos() as f64 / 1000.0;
    writeln!(
        std::io::stdout(),
        "{}",
        json!({"runs": runs, "p50Micros": micros(50), "p99Micros": micros(99)})
    )?;
    Ok(())
}

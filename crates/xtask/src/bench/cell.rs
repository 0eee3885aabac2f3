//! What cells cost without server and store: fresh ones, stopped ones, ones beside others, and modules that nobody runs.

use std::{path::Path, process::Command};

use anyhow::{Context, Result};
use serde::Deserialize;

use super::row::{Row, measure};
use crate::process::capture;

/// Where cells are, as `fuelcell` calls it and as people do, with so many runs: a process takes longer to make.
const LEVELS: [(&str, &str, &str); 2] =
    [("in-process", "in the server's process", "10000"), ("process", "in a process of its own", "300")];

/// What `fuelcell bench-cell` prints.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Measured {
    runs: u64,
    fresh: Times,
    on_this_thread: Option<Times>,
    started_ahead: Option<Times>,
    stops: u64,
    stop: Times,
    neighbours: u64,
    alone: Times,
    beside_loops: Times,
    idle_modules: u64,
    idle_bytes: u64,
    idle_descriptors: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Times {
    p50_micros: f64,
    p99_micros: f64,
}

/// How much longer a job may take from its start to its end while others use all cores but one.
const MAX_SLOWDOWN: f64 = 2.0;

/// Measures with the probe module on both levels of isolation. The second value says which neighbours suffered too much.
pub(super) fn rows(fuelcell: &Path, probe: &Path) -> Result<(Vec<Row>, Vec<String>)> {
    let (mut rows, mut verdicts) = (Vec::new(), Vec::new());
    let mut idle = None;
    for (isolation, place, runs) in LEVELS {
        let printed = measure(&format!("Cells {place}"), || {
            let arguments = ["--runs", runs, "--isolation", isolation];
            capture(Command::new(fuelcell).arg("bench-cell").arg(probe).args(arguments))
        })?;
        let measured: Measured = serde_json::from_str(&printed)
            .with_context(|| format!("`fuelcell bench-cell` printed no figures: {printed}"))?;
        let runs = measured.runs;
        rows.push(Row::new(&format!("fresh cell {place} + no-op"), times(&measured.fresh, runs)));
        if let Some(alone) = &measured.on_this_thread {
            rows.push(Row::new("the same without handing it to another thread", times(alone, runs)));
        }
        if let Some(ahead) = &measured.started_ahead {
            rows.push(Row::new("the same with the process started ahead", times(ahead, runs)));
        }
        let (count, slowdown) = (measured.neighbours, measured.slowdown());
        let beside = format!("{slowdown:.2} × alone (alone {})", times(&measured.alone, count));
        rows.push(Row::new(&format!("job with one core free of looping neighbours, {place}"), beside));
        if slowdown > MAX_SLOWDOWN {
            verdicts.push(format!("a job {place} beside attacks took {slowdown:.2} × as long as alone"));
        }
        rows.push(Row::new(&format!("forced stop of a loop {place}"), times(&measured.stop, measured.stops)));
        idle.get_or_insert(measured);
    }
    if let Some(measured) = idle {
        let mebibytes = measured.idle_bytes as f64 / (1024.0 * 1024.0);
        let what = format!("{} small modules ready, nobody runs them", measured.idle_modules);
        let descriptors = measured.idle_descriptors;
        rows.push(Row::new(&what, format!("{mebibytes:.1} MiB of memory, {descriptors} descriptors")));
    }
    Ok((rows, verdicts))
}

impl Measured {
    fn slowdown(&self) -> f64 {
        self.beside_loops.p50_micros / self.alone.p50_micros
    }
}

fn times(times: &Times, count: u64) -> String {
    format!("p50 {:.0} µs, p99 {:.0} µs ({count} times)", times.p50_micros, times.p99_micros)
}

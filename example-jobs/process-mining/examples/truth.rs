//! Compares the figures of a log with a file of reference figures.
//!
//! `cargo run --release -p process-mining --example truth -- LOG TRUTH.json [--timestamp-format FORMAT]…`
//!
//! Counts and texts must be equal, durations within 1e-6 of each other. Keys that the reference has and the figures do
//! not are named. Without TRUTH.json the figures are printed.

#![allow(clippy::print_stdout, reason = "a command-line tool")]

use std::error::Error;
use std::fs::File;
use std::process::ExitCode;

use process_mining::figures::{Figures, document};
use process_mining::log::EventLog;
use process_mining::parameters::QualityChecks;
use process_mining::quality::Quality;
use process_mining::read::{Options, parse_iso, read};
use serde_json::Value;

/// Says how the reference was made, or what only it knows.
const NOT_FIGURES: [&str; 7] = [
    "name",
    "file",
    "file_bytes",
    "generated_with",
    "pm4py_dfg_agrees",
    "inductive_miner_noise_0_2",
    "duplicate_case_activity_timestamp",
];

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut options = Options::default();
    let mut files = Vec::new();
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--timestamp-format" => options.timestamp_formats.extend(arguments.next()),
            _ => files.push(argument),
        }
    }
    let log = files.first().ok_or("usage: truth LOG [TRUTH.json] [--timestamp-format FORMAT]…")?;
    let started = std::time::Instant::now();
    let (mut log, facts) = read(File::open(log)?, &options, &mut |_, _| true)?;
    let read_in = started.elapsed();
    let quality = Quality::check(&mut log, &facts, QualityChecks::default());
    let figures = Figures::of(&log, |_, _| {});
    let total = started.elapsed();
    let found = document(&log, &figures, &facts, &quality, true);
    println!(
        "{} events, {} cases; read in {:.3} s, all figures after {:.3} s",
        log.events(),
        log.cases(),
        read_in.as_secs_f64(),
        total.as_secs_f64()
    );
    let Some(truth) = files.get(1) else {
        println!("{found:#}");
        return Ok(ExitCode::SUCCESS);
    };
    let truth: Value = serde_json::from_reader(File::open(truth)?)?;
    let mut differences = Vec::new();
    let mut compared = 0;
    for (key, expected) in truth.as_object().ok_or("the truth file is no JSON object")? {
        if NOT_FIGURES.contains(&key.as_str()) {
            continue;
        }
        compared += 1;
        match key.as_str() {
            "time_window_example" => compare_window(&mut log, expected, &mut differences),
            "dfg" => compare(key, &by_edge(expected), &by_edge(&found[key]), &mut differences),
            _ => compare(key, expected, &found[key], &mut differences),
        }
    }
    differences.iter().for_each(|difference| println!("  {difference}"));
    println!("{compared} keys compared, {} differences", differences.len());
    Ok(if differences.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// How many cases a time window contains. The log keeps only those; all other figures are computed before.
fn compare_window(log: &mut EventLog, window: &Value, differences: &mut Vec<String>) {
    let moment = |key: &str| window[key].as_str().and_then(|text| parse_iso(text.as_bytes()));
    let (Some(from), Some(to)) = (moment("from_inclusive"), moment("to_exclusive")) else {
        differences.push("time_window_example has no bounds".to_string());
        return;
    };
    log.keep_contained(from, to - 1);
    compare(
        "time_window_example.cases_contained",
        &window["cases_contained"],
        &log.cases().into(),
        differences,
    );
}

/// Edges of the same frequency have no order.
fn by_edge(edges: &Value) -> Value {
    let key = |edge: &Value| format!("{} → {}", edge["from"], edge["to"]);
    edges.as_array().into_iter().flatten().map(|edge| (key(edge), edge.clone())).collect()
}

fn compare(path: &str, expected: &Value, found: &Value, differences: &mut Vec<String>) {
    match (expected, found) {
        (Value::Object(a), Value::Object(b)) => {
            for (key, expected) in a {
                compare(
                    &format!("{path}.{key}"),
                    expected,
                    &b.get(key).cloned().unwrap_or_default(),
                    differences,
                );
            }
            let extra = b.keys().filter(|key| !a.contains_key(*key));
            differences.extend(extra.map(|key| format!("{path}.{key} is not in the reference")));
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (index, (expected, found)) in a.iter().zip(b).enumerate() {
                compare(&format!("{path}[{index}]"), expected, found, differences);
            }
        }
        (Value::Number(a), Value::Number(b)) if a.is_f64() || b.is_f64() => {
            let (a, b) = (a.as_f64().unwrap_or(f64::NAN), b.as_f64().unwrap_or(f64::NAN));
            // References are rounded to six decimals.
            let close = (a - b).abs() <= 1e-6 * a.abs().max(b.abs()) + 1e-6;
            if !close {
                differences.push(format!("{path}: {a} expected, {b} found"));
            }
        }
        _ if expected == found => {}
        _ => differences.push(format!("{path}: {expected} expected, {found} found")),
    }
}

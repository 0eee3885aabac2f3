//! The jobs of the conformance suite in Rust. README.md says what each does.
//!
//! The crate knows the SDK and the `wasi:http` interface. What only a cell has, what is random and requests, is in `cell.rs` and
//! `requests.rs`; natively these cases fail. Without the feature `requests` it imports no `wasi:http`, so that it can run deterministically:
//! that is the package `conformance-pure`.

#[cfg(target_family = "wasm")]
mod cell;
#[cfg(all(target_family = "wasm", feature = "requests"))]
mod requests;

use fuelcell_sdk::{Artifact, Completion, Context, DataValidation, Failure, Finding, Kind, Report, Result};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::io::{BufRead, Write};
use std::thread;
use std::time::Duration;

/// Which job.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum Case {
    Echo,
    Rows,
    Cancel,
    Checkpoint,
    Processed,
    Failure,
    Thrown,
    Memory,
    Spin,
    Disk,
    Names,
    Stream,
    Secret,
    Drawn,
}

/// What the jobs are given.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Parameters {
    /// Which job it is.
    pub case: Case,
    /// What `echo` answers.
    #[serde(default)]
    pub value: Value,
    /// A number with a default.
    #[serde(default = "two")]
    #[schemars(range(min = 1))]
    pub times: u32,
    /// Where `secret` asks.
    pub url: Option<String>,
    /// The dataset that becomes the input `dataset`.
    pub dataset_id: Option<String>,
}

fn two() -> u32 {
    2
}

/// Runs the job that `case` names.
#[fuelcell_sdk::job(
    title = "Conformance",
    description = "The jobs of the conformance suite, in Rust.",
    input(name = "dataset", parameter = "datasetId"),
    hmac = ["KEY"]
)]
pub fn run(context: &mut Context, parameters: Parameters) -> Result<Completion, Failure> {
    context.info("case", "begins");
    let answer = match parameters.case {
        Case::Echo => json!({"value": parameters.value, "times": parameters.times}),
        Case::Rows => rows(context)?,
        Case::Cancel => cancel(context)?,
        Case::Checkpoint => checkpoint(context)?,
        Case::Processed => match processed(context)? {
            Some(answer) => answer,
            None => return Ok(Completion::NoItems),
        },
        Case::Failure => {
            return Err(Failure::new("MissingColumn", "Line 3 has no column “case”."));
        }
        Case::Thrown => thrown(&parameters.value),
        Case::Memory => memory(),
        Case::Spin => spin(),
        Case::Disk => disk(context)?,
        Case::Names => names(context)?,
        Case::Stream => stream(context)?,
        Case::Secret => secret(context, parameters.url.as_deref().unwrap_or_default())?,
        Case::Drawn => drawn()?,
    };
    let artifact = Artifact::new("answer.json", Kind::Data).media_type("application/json").primary();
    let mut out = context.artifact(artifact)?;
    out.write_all(answer.to_string().as_bytes())?;
    out.finish()?;
    Ok(Completion::Done)
}

fn rows(context: &mut Context) -> Result<Value, Failure> {
    let (mut total, mut invalid, mut count, mut kept) = (0, 0, 0, String::new());
    for line in context.open("dataset")?.lines().skip(1) {
        let line = line?;
        let (name, amount) = line.split_once(',').unwrap_or_default();
        total += 1;
        match amount.parse::<u32>() {
            Err(_) => invalid += 1,
            Ok(number) if number > 10 => {
                let _ = writeln!(kept, "{name};{number}");
                count += 1;
            }
            Ok(_) => {}
        }
    }
    let artifact = Artifact::new("rows.csv", Kind::Data).media_type("text/csv").record_count(count);
    let mut out = context.artifact(artifact)?;
    out.write_all(kept.as_bytes())?;
    out.finish()?;
    let message = "An amount is no number.".to_owned();
    context.report(&Report {
        records_processed: total,
        records_total: Some(total),
        warnings: vec![Finding { kind: "DataQuality".into(), message, count: invalid }],
        validation: Some(DataValidation { total, valid: total - invalid, duplicates_removed: 0, invalid }),
        ..Report::default()
    });
    Ok(json!({"total": total, "kept": count}))
}

fn cancel(context: &mut Context) -> Result<Value, Failure> {
    for done in 0.. {
        context.progress(done, 1_000_000_000, "Waiting");
        context.check_cancelled()?;
        thread::sleep(Duration::from_millis(5));
    }
    Ok(Value::Null)
}

fn checkpoint(context: &mut Context) -> Result<Value, Failure> {
    if let Some(kept) = context.load_checkpoint()? {
        return Ok(json!({"kept": String::from_utf8_lossy(&kept)}));
    }
    context.save_checkpoint(b"half")?;
    Err(Failure::new("Later", "The first attempt gives up.").transient())
}

/// None when nothing is new.
fn processed(context: &mut Context) -> Result<Option<Value>, Failure> {
    let mut fresh = Vec::new();
    for line in context.open("dataset")?.lines().skip(1) {
        let line = line?;
        let name = line.split(',').next().unwrap_or_default();
        if !context.seen(name)? {
            context.mark(name)?;
            fresh.push(name.to_owned());
        }
    }
    Ok((!fresh.is_empty()).then(|| json!({"fresh": fresh})))
}

/// A panic, which is what an error is that a job in Rust does not handle.
fn thrown(value: &Value) -> Value {
    let missing = value["missing"].as_array().expect("the value has what is missing");
    json!(missing.len())
}

fn memory() -> Value {
    let mut held = Vec::new();
    loop {
        held.push(vec![1_u8; 8_000_000]);
        std::hint::black_box(&held);
    }
}

fn spin() -> Value {
    loop {
        std::hint::black_box(());
    }
}

fn disk(context: &mut Context) -> Result<Value, Failure> {
    let mut out = context.artifact(Artifact::new("large.txt", Kind::Data))?;
    loop {
        writeln!(out, "more")?;
    }
}

fn names(context: &mut Context) -> Result<Value, Failure> {
    let mut out = context.artifact(Artifact::new("Übersicht/zwölf ✓ 日本.txt", Kind::Data))?;
    out.write_all(b"kept")?;
    out.finish()?;
    Ok(json!({"written": true}))
}

fn stream(context: &mut Context) -> Result<Value, Failure> {
    let mut out = context.artifact(Artifact::new("lines.txt", Kind::Data))?;
    let (mut lines, mut characters) = (0, 0);
    for line in context.open("dataset")?.lines() {
        let line = line?;
        lines += 1;
        characters += line.chars().count();
        writeln!(out, "{line}!")?;
    }
    out.finish()?;
    Ok(json!({"lines": lines, "characters": characters}))
}

#[cfg(all(target_family = "wasm", feature = "requests"))]
fn secret(context: &mut Context, url: &str) -> Result<Value, Failure> {
    let failed = |error: String| Failure::new("Unanswered", error);
    let answer =
        requests::post(&format!("{url}/a?b=1"), "Bearer {{secret:TOKEN}}", br#"{"x": 1}"#).map_err(failed)?;
    let others = ["https://example.com/", "https://fuelcell.invalid/"];
    let refused = others.map(|other| match requests::post(other, "", b"") {
        Ok(answer) => answer.status.to_string(),
        Err(reason) => reason,
    });
    let mac = hex::encode(context.hmac("KEY", "text")?);
    Ok(
        json!({"status": answer.status, "kind": answer.kind, "text": answer.text, "refused": refused, "mac": mac}),
    )
}

#[cfg(target_family = "wasm")]
fn drawn() -> Result<Value, Failure> {
    Ok(json!({"drawn": hex::encode(cell::random(8)), "time": cell::now()}))
}

#[cfg(not(all(target_family = "wasm", feature = "requests")))]
fn secret(_: &mut Context, _: &str) -> Result<Value, Failure> {
    Err(no_host())
}

#[cfg(not(target_family = "wasm"))]
fn drawn() -> Result<Value, Failure> {
    Err(no_host())
}

#[cfg(not(all(target_family = "wasm", feature = "requests")))]
fn no_host() -> Failure {
    Failure::new("OnlyInCells", "This build has no host for that.")
}

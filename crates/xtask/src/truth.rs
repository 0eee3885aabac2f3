//! `cargo xtask truth DIR`: runs a folder of event logs with reference figures through a server and prints agreement.
//!
//! DIR holds `logs.json`, which says how each log is read, the logs, and for each a `NAME.truth.json`. Counts and texts
//! must be equal, durations within 1e-6 of each other.

use std::{
    fs,
    io::{self, Write as _},
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::{
    client::{Client, text},
    demo::{POLL, failure},
    guests,
    progress::note,
    server::{Interrupt, Server, free_address},
    workspace::{Build, Workspace},
};

const ANY_PORT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// Keys that say how the reference was made, or that are no figure of the log.
const NOT_FIGURES: [&str; 8] = [
    "name",
    "file",
    "file_bytes",
    "generated_with",
    "pm4py_dfg_agrees",
    "inductive_miner_noise_0_2",
    "duplicate_case_activity_timestamp",
    "time_window_example",
];

/// Options of the comparison.
#[derive(Args)]
pub(crate) struct TruthArguments {
    /// Folder of logs and reference figures
    folder: PathBuf,
    /// Only the logs of these names
    #[arg(long)]
    only: Vec<String>,
}

#[derive(Deserialize)]
struct Logs {
    logs: Vec<Log>,
}

/// How a log is read.
#[derive(Deserialize)]
struct Log {
    name: String,
    file: String,
    case: Option<String>,
    activity: Option<String>,
    timestamp: Option<String>,
    start_timestamp: Option<String>,
    resource: Option<String>,
    #[serde(default)]
    extra_timestamp_formats: Vec<String>,
}

impl Log {
    fn parameters(&self, dataset: &str) -> Value {
        let columns = [
            ("case", &self.case),
            ("activity", &self.activity),
            ("timestamp", &self.timestamp),
            ("startTimestamp", &self.start_timestamp),
            ("resource", &self.resource),
        ];
        let columns: Map<String, Value> = columns
            .into_iter()
            .filter_map(|(name, column)| Some((name.to_owned(), column.clone()?.into())))
            .collect();
        json!({"datasetId": dataset, "columns": columns, "timestampFormats": self.extra_timestamp_formats})
    }
}

/// Runs every log that is there and prints one line for each.
///
/// # Errors
/// When a log does not agree, or cannot be run.
pub(crate) fn truth(workspace: &Workspace, arguments: &TruthArguments) -> Result<()> {
    guests::build(workspace, Build::Dev)?;
    let list = arguments.folder.join("logs.json");
    let list = fs::read(&list).with_context(|| format!("cannot read {}", list.display()))?;
    let logs: Logs = serde_json::from_slice(&list).context("logs.json is not what it should be")?;
    let data = workspace.target.join("truth");
    if data.exists() {
        fs::remove_dir_all(&data).with_context(|| format!("cannot remove {}", data.display()))?;
    }
    let interrupt = Interrupt::listen()?;
    let binary = workspace.binary(Build::Dev, "fuelcell");
    let server = Server::start(&binary, &data, free_address(Some(ANY_PORT), ANY_PORT)?, &interrupt)?;
    let project = Project::register(&server.operator()?)?;
    let wanted = |log: &&Log| arguments.only.is_empty() || arguments.only.contains(&log.name);
    let (mut compared, mut different) = (0, 0);
    for log in logs.logs.iter().filter(wanted) {
        let file = arguments.folder.join(&log.file);
        if !file.exists() {
            note(&format!("{}: {} is not in the folder; left out", log.name, log.file));
            continue;
        }
        let (found, receipt) = project.mine(log, &file, &interrupt)?;
        let truth = arguments.folder.join(format!("{}.truth.json", log.name));
        let expected = fs::read(&truth).with_context(|| format!("cannot read {}", truth.display()))?;
        let expected: Value = serde_json::from_slice(&expected)?;
        let (keys, differences) = disagreements(&expected, &found)?;
        print(log, &found, &receipt, keys, &differences)?;
        compared += 1;
        different += usize::from(!differences.is_empty());
    }
    ensure!(compared > 0, "no log of {} could be compared", arguments.folder.display());
    ensure!(different == 0, "{different} of {compared} logs do not agree");
    writeln!(io::stdout(), "all {compared} logs agree")?;
    Ok(())
}

fn print(log: &Log, found: &Value, receipt: &Value, keys: usize, differences: &[String]) -> Result<()> {
    let mut out = io::stdout();
    let verdict = if differences.is_empty() { "agrees" } else { "DIFFERS" };
    writeln!(
        out,
        "{:32} {verdict}: {keys} keys; {} events; CPU {:.2} s, peak memory {:.1} MiB",
        log.name,
        found["num_events"],
        receipt["cpuSeconds"].as_f64().unwrap_or(f64::NAN),
        receipt["peakMemoryBytes"].as_f64().unwrap_or(f64::NAN) / (1024.0 * 1024.0),
    )?;
    for difference in differences {
        writeln!(out, "    {difference}")?;
    }
    Ok(())
}

/// A project of a fresh server, with a pipeline in it.
struct Project {
    client: Client,
    base: String,
    pipeline: String,
}

impl Project {
    fn register(operator: &Client) -> Result<Self> {
        let (client, [tenant, project]) = operator.new_project("Truth")?;
        let base = format!("/api/{tenant}/{project}");
        // Ids are the client's to choose; within a project that nobody else uses, the project's own will do.
        let pipeline = project;
        let body = json!({"name": "Truth", "jobType": "ProcessMining"});
        client.put(&format!("{base}/pipelines/{pipeline}"), &body)?;
        Ok(Self { client, base, pipeline })
    }

    /// The figures that the server finds in a log, and the receipt of the run.
    fn mine(&self, log: &Log, file: &Path, interrupt: &Interrupt) -> Result<(Value, Value)> {
        let dataset = &self.pipeline;
        self.client.put_file(&format!("{}/datasets/{dataset}?name={}", self.base, log.file), file)?;
        let submission = json!({
            "jobName": log.name,
            "jobType": "ProcessMining",
            "resource": {"resourceType": "Pipeline", "resourceId": self.pipeline},
            "parameters": log.parameters(dataset),
        });
        let job = self.client.post(&format!("{}/execution/job", self.base), &submission)?;
        let path = format!("{}/execution/job/{}", self.base, text(&job, "jobId")?);
        let status = loop {
            let status = self.client.get(&path)?;
            match text(&status, "status")? {
                "Queued" | "Running" => interrupt.wait(POLL)?,
                "Completed" => break status,
                ended => bail!("{}: the job ended as {ended}: {}", log.name, failure(&status["error"])),
            }
        };
        let results = self.client.get(&format!("{path}/results"))?;
        let outputs = results["results"]["additionalOutputs"].as_array().into_iter().flatten();
        let figures = outputs.into_iter().find(|output| output["name"] == "process-mining.json");
        let figures = figures.with_context(|| format!("{}: there is no process-mining.json", log.name))?;
        Ok((self.client.download(text(figures, "downloadUrl")?)?, status["receipt"].clone()))
    }
}

/// How many keys were compared, and where they differ.
fn disagreements(expected: &Value, found: &Value) -> Result<(usize, Vec<String>)> {
    let expected = expected.as_object().context("the reference is no JSON object")?;
    let figures: Vec<_> = expected.iter().filter(|(key, _)| !NOT_FIGURES.contains(&key.as_str())).collect();
    let mut differences = Vec::new();
    for (key, expected) in &figures {
        match key.as_str() {
            "dfg" => compare(key, &by_edge(expected), &by_edge(&found[key]), &mut differences),
            _ => compare(key, expected, &found[key.as_str()], &mut differences),
        }
    }
    Ok((figures.len(), differences))
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
                compare(&format!("{path}.{key}"), expected, b.get(key).unwrap_or(&Value::Null), differences);
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
            // References are rounded to six decimals, hence the absolute part. A NaN is never close.
            let close = (a - b).abs() <= 1e-6 * a.abs().max(b.abs()) + 1e-6;
            if !close {
                differences.push(format!("{path}: {a} expected, {b} found"));
            }
        }
        _ if expected == found => {}
        _ => differences.push(format!("{path}: {expected} expected, {found} found")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_must_be_equal_and_durations_close() {
        let expected = json!({
            "name": "x", "num_events": 5, "mean_seconds": 0.333333,
            "dfg": [{"from": "a", "to": "b", "frequency": 1}, {"from": "b", "to": "c", "frequency": 1}],
        });
        let found = |events: u64, mean: f64| {
            json!({
                "num_events": events, "mean_seconds": mean,
                "dfg": [{"from": "b", "to": "c", "frequency": 1}, {"from": "a", "to": "b", "frequency": 1}],
            })
        };
        assert_eq!(disagreements(&expected, &found(5, 1.0 / 3.0)).unwrap(), (3, Vec::new()));
        assert_eq!(disagreements(&expected, &found(6, 0.34)).unwrap().1.len(), 2);
        assert_eq!(disagreements(&expected, &json!({})).unwrap().1.len(), 4);
    }
}

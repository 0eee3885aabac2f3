//! A request with its answer as a snapshot: what was asked, and all of what came back. What differs from run to run stands
//! there as what it is; everything else as it was sent.

use crate::Answer;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::fs;
use uuid::Uuid;

/// Figures that are measured, texts that are signed, and what differs from machine to machine or from build to build.
const MEASURED: [&str; 46] = [
    "activeJobs",
    "averageJobDuration",
    "averageJobDurationSeconds",
    "averageProcessingRate",
    "averageWaitSeconds",
    "averageWaitTime",
    "cpuPercent",
    "cpuSeconds",
    "cpuUsage",
    "diskBytesAvailable",
    "diskIoOperations",
    "diskSpaceAvailable",
    "diskUsage",
    "downloadUrl",
    "duration",
    "durationSeconds",
    "elapsedSeconds",
    "elapsedTime",
    "engine",
    "estimatedDuration",
    "estimatedDurationSeconds",
    "estimatedProcessingSeconds",
    "estimatedProcessingTime",
    "executionNode",
    "fuel",
    "ioOperations",
    "jobCapacity",
    "memoryBytes",
    "memoryUsage",
    "node",
    "nodeId",
    "peakMemoryBytes",
    "peakMemoryUsage",
    "processingEfficiency",
    "recordsPerSecond",
    "throughputPerHour",
    "totalCpuCapacity",
    "totalCpuTime",
    "totalDuration",
    "totalDurationSeconds",
    "totalMemoryBytes",
    "totalMemoryCapacity",
    "usedCpuCapacity",
    "usedMemoryBytes",
    "usedMemoryCapacity",
    "wallSeconds",
];
/// What holds for a job, whatever it took.
const LIMITS: &str = "limits";

/// What was asked, and what came back.
pub fn exchange(request: Value, answer: &Answer) -> Value {
    json!({"request": told("", request), "status": answer.status, "answer": told("", answer.json())})
}

/// The names of all members in snapshots of a folder of tests, `tests/all/FOLDER/snapshots`, those of requests included.
pub fn members(folder: &str, snapshot: &str) -> BTreeSet<String> {
    let path = crate::built::source(&format!(
        "tests/all/{folder}/snapshots/all__{folder}__exchanges__{snapshot}.snap"
    ));
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let body = text.splitn(3, "---\n").nth(2).expect("a snapshot has a head");
    let mut names = BTreeSet::new();
    collect(&serde_json::from_str(body).expect("a snapshot of an exchange is JSON"), &mut names);
    names
}

fn collect(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| {
            names.insert(name.clone());
            collect(value, names);
        }),
        Value::Array(elements) => elements.iter().for_each(|element| collect(element, names)),
        _ => {}
    }
}

fn told(name: &str, value: Value) -> Value {
    match value {
        Value::Null => Value::Null,
        _ if name == LIMITS => value,
        _ if MEASURED.contains(&name) => "[measured]".into(),
        Value::Object(members) => {
            let members = members.into_iter().map(|(name, value)| (name.clone(), told(&name, value)));
            Value::Object(members.collect::<Map<_, _>>())
        }
        Value::Array(elements) => elements.into_iter().map(|element| told(name, element)).collect(),
        Value::String(text) => kind(&text).map_or(Value::String(text), Value::from),
        other => other,
    }
}

/// Letters of a digest.
const DIGEST: usize = 64;

/// What an id, a time or a digest is.
fn kind(text: &str) -> Option<&'static str> {
    let is_time = || {
        let shape: String = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).take(19).collect();
        shape == "0000-00-00T00:00:00" || shape == "0000-00-00 00:00:00"
    };
    match text {
        _ if text.len() == DIGEST && text.bytes().all(|byte| byte.is_ascii_hexdigit()) => Some("[digest]"),
        _ if Uuid::parse_str(text).is_ok() => Some("[id]"),
        _ if is_time() => Some("[time]"),
        _ => None,
    }
}

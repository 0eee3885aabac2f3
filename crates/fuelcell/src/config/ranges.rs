//! The least and the most of settings that are numbers, where their types do not say it.

use super::units::Unit;
use fuelcell_oidc::{LEAST_SESSION_SECONDS, MOST_SESSION_SECONDS};
use serde_json::Value as Json;
use std::ops::RangeInclusive;

/// Bytes of a node's name, which answers and receipts repeat.
pub(super) const MAX_NODE: usize = 64;
/// A page of WebAssembly's memory: with less no guest begins.
const PAGE: u64 = 64 * 1024;
/// No most.
const ANY: u64 = u64::MAX;

/// Of single numbers, of each number of a list, and of each value of a table.
pub(super) static RANGES: [(&str, RangeInclusive<u64>); 29] = [
    // The most jobs that a machine is asked to run at the same time.
    ("slots", 1..=10_000),
    // With less even a failure has no room; more is data, which belongs in an artifact.
    ("job_log_bytes", 64 * 1024..=256 << 20),
    // With longer ones a person who watches a job believes that it stands still.
    ("pulse_milliseconds", 1..=60_000),
    // Who cancels waits for so long.
    ("cancel_seconds", 0..=3600),
    ("cancel_partial_seconds", 0..=3600),
    ("concurrency.per_project", 1..=ANY),
    ("concurrency.per_pipeline", 1..=ANY),
    ("concurrency.per_module", 1..=ANY),
    ("concurrency.projects", 1..=ANY),
    ("concurrency.pipelines", 1..=ANY),
    ("concurrency.modules", 1..=ANY),
    ("notifications.try_seconds", 1..=600),
    ("notifications.max_at_once", 1..=ANY),
    ("notifications.max_at_once_per_project", 1..=ANY),
    ("notifications.retries", 1..=86_400),
    ("notifications.smtp.port", 1..=65_535),
    ("oidc.session_seconds", LEAST_SESSION_SECONDS..=MOST_SESSION_SECONDS),
    ("outbound.connect_seconds", 1..=ANY),
    ("outbound.read_seconds", 1..=ANY),
    ("retention.every_seconds", 1..=ANY),
    ("retention.sweep_every_seconds", 1..=ANY),
    ("service.max_dataset_bytes", 1..=ANY),
    ("service.max_module_bytes", 1..=ANY),
    ("service.session_idle_seconds", 1..=ANY),
    ("service.upload_seconds", 1..=ANY),
    ("service.session_seconds", 1..=ANY),
    ("service.caps.memory_bytes", PAGE..=ANY),
    ("service.caps.disk_bytes", 1..=ANY),
    ("service.caps.timeout_seconds", 1..=ANY),
];

/// The range of a setting that has one here.
fn of(path: &str) -> Option<&'static RangeInclusive<u64>> {
    RANGES.iter().find(|(own, _)| *own == path).map(|(_, range)| range)
}

/// What a number may be, by what is said here and by its type, as a JSON schema has it. How long a time may be at most is
/// said where it is too long.
pub(super) fn range(path: &str, schema: &Json) -> RangeInclusive<u64> {
    let least = schema["minimum"].as_u64().unwrap_or(0);
    let most = match schema["format"].as_str() {
        _ if Unit::of(path).is_some_and(Unit::is_time) => ANY,
        Some("uint16") => u16::MAX.into(),
        Some("uint32") => u32::MAX.into(),
        _ => ANY,
    };
    of(path).map_or(least..=most, |range| *range.start().max(&least)..=*range.end().min(&most))
}

/// ` from 1 to 9`; nothing where there are no bounds.
pub(super) fn words(range: &RangeInclusive<u64>) -> String {
    match (*range.start(), *range.end()) {
        (0, ANY) => String::new(),
        (least, ANY) => format!(" from {least}"),
        (least, most) => format!(" from {least} to {most}"),
    }
}

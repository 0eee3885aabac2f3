//! What a run of a module says that it used.

use std::time::Duration;

use serde::Deserialize;

/// What `fuelcell run --json` prints.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RunAccount {
    pub(super) records_processed: u64,
    pub(super) usage: RunUsage,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RunUsage {
    pub(super) peak_memory_bytes: u64,
    pub(super) cpu_seconds: f64,
}

/// The processor time of the work: of the attempt, from its account, or of the same work in a native program.
pub(super) fn work(printed: &str) -> Option<Duration> {
    let told = match serde_json::from_str::<RunAccount>(printed) {
        Ok(account) => Some(account.usage.cpu_seconds),
        Err(_) => {
            let mut lines = printed.lines();
            lines.find_map(|line| line.strip_prefix("cpuSeconds ")).and_then(|seconds| seconds.parse().ok())
        }
    };
    told.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
}

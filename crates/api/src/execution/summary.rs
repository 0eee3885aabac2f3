//! The host's own summary of a run.

use super::moment;
use fuelcell_domain::Job;
use serde_json::{Value, json};

/// The host's own summary of a run.
pub(crate) fn run_summary(job: &Job) -> Value {
    let usage = job.pulse.usage;
    json!({
        "jobId": job.id.to_string(),
        "jobName": job.name,
        "status": job.state.as_str(),
        "module": { "name": job.module.name, "version": job.module.version, "digest": job.module.digest.to_string() },
        "engine": job.module.engine.as_ref().map(|engine| {
            json!({ "name": engine.name, "version": engine.version, "digest": engine.digest.to_string() })
        }),
        "attempt": job.attempt,
        "startTime": moment(job.started_at),
        "endTime": moment(job.ended_at),
        "recordsProcessed": job.pulse.report.records_processed,
        "usage": {
            "fuel": usage.fuel.units(),
            "fuelIsLowerBound": usage.fuel.is_lower_bound(),
            "cpuSeconds": usage.cpu_micros as f64 / 1e6,
            "wallSeconds": usage.wall_micros as f64 / 1e6,
            "peakMemoryBytes": usage.peak_memory_bytes,
            "bytesRead": usage.bytes_read,
            "bytesWritten": usage.bytes_written,
        },
    })
}

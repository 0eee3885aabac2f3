//! The parts of what a project stores, so that each backend counts the same.

use fuelcell_domain::{Artifact, LogLine, StoredBytes};

/// One of the parts.
pub type Part = fn(&mut StoredBytes) -> &mut u64;

/// Bytes of datasets.
pub const DATASETS: Part = |stored| &mut stored.datasets;
/// Bytes of modules.
pub const MODULES: Part = |stored| &mut stored.modules;
/// Bytes of artifacts.
pub const ARTIFACTS: Part = |stored| &mut stored.artifacts;
/// Bytes of checkpoints.
pub const CHECKPOINTS: Part = |stored| &mut stored.checkpoints;
/// Bytes of logs.
pub const LOGS: Part = |stored| &mut stored.logs;
/// Bytes of records.
pub const RECORDS: Part = |stored| &mut stored.records;
/// Bytes that no record names any more, until they are swept.
pub const REPLACED: Part = |stored| &mut stored.replaced;

/// Bytes of artifacts.
pub fn of_artifacts(artifacts: &[Artifact]) -> u64 {
    artifacts.iter().map(|artifact| artifact.size).fold(0, u64::saturating_add)
}

/// Bytes of lines.
pub fn of_lines(lines: &[LogLine]) -> u64 {
    lines.iter().map(LogLine::stored_size).sum()
}

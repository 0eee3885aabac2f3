//! Asking a module for its manifest, on its author's machine.

use fuelcell_domain::{Digest, ErrorCode, Isolation, JobError, Limits, Meter, RunSpec};
use std::sync::Arc;

/// Enough to build a JSON text in any language.
const LIMITS: Limits =
    Limits { fuel: Some(2_000_000_000), memory_bytes: 256 << 20, disk_bytes: 0, timeout_seconds: 20 };

/// A run that answers the same each time.
pub(crate) fn spec(module: Digest) -> RunSpec {
    RunSpec {
        module,
        limits: LIMITS,
        deterministic_seed: Some(0),
        isolation: Isolation::InProcess,
        expected: None,
        profiled: false,
        meter: Arc::new(Meter::default()),
    }
}

/// Why a plain program is not asked.
pub(crate) fn plain_program() -> JobError {
    JobError::new(
        ErrorCode::ModuleInvalid,
        "this program does not tell its manifest: it is built with no SDK that does; write the manifest as JSON and pack it \
         with `--manifest`",
    )
}

//! Asking an engine whether it can read the sources of a script. Nothing of the script runs: the engine finds its files in
//! another place than a job's, compiles them, and leaves in `/out` what it found.

use fuelcell_domain::limits::SYNTAX;
use fuelcell_domain::{Digest, ErrorCode, Isolation, JobError, Limits, Meter, RunEnd, RunSpec, Syntax};
use std::sync::Arc;

const LIMITS: Limits = Limits {
    fuel: Some(SYNTAX.fuel),
    memory_bytes: SYNTAX.memory_bytes,
    // The report, and what an interpreter may want to write beside it.
    disk_bytes: 1 << 20,
    timeout_seconds: SYNTAX.seconds,
};

/// A run that answers the same each time.
pub(crate) fn spec(engine: Digest, isolation: Isolation) -> RunSpec {
    RunSpec {
        module: engine,
        limits: LIMITS,
        deterministic_seed: Some(0),
        isolation,
        expected: None,
        profiled: false,
        meter: Arc::new(Meter::default()),
    }
}

/// What came of it.
pub(crate) fn outcome(end: RunEnd, report: &[u8]) -> Syntax {
    let none = "its engine checks no sources";
    match end {
        RunEnd::Completed(_) => Syntax::told(report).unwrap_or_else(|| Syntax::unchecked(none)),
        // It found no script where it looked.
        RunEnd::Failed(JobError { code: ErrorCode::GuestError, .. }) => Syntax::unchecked(none),
        RunEnd::Failed(JobError { code: ErrorCode::StackOverflow, .. }) => {
            Syntax::unchecked("one of the sources is nested more deeply than its engine can read")
        }
        RunEnd::Failed(error) => {
            Syntax::unchecked(format!("its engine could not read the sources: {}", error.message))
        }
        RunEnd::Stopped => Syntax::unchecked("the check was interrupted"),
    }
}

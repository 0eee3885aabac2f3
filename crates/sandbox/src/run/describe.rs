//! Asking a module for its manifest, on its author's machine.

use fuelcell_domain::seams::{ArtifactWriter, JobInput, ScriptSources};
use fuelcell_domain::{
    ArtifactDescription, Cancellation, Digest, ErrorCode, HostError, Isolation, JobError, JobHost, Limits,
    LogLevel, Meter, ReadAt, Report, RunSpec,
};
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

/// There is no job: nothing can be read or kept but the script that is asked, if one is.
#[derive(Default)]
pub(crate) struct NoJob {
    pub(crate) script: Option<ScriptSources>,
}

fn nothing() -> HostError {
    HostError::Invalid("a module that describes itself has no job around it".into())
}

impl JobHost for NoJob {
    fn parameters(&self) -> &str {
        "{}"
    }

    fn inputs(&self) -> &[JobInput] {
        &[]
    }

    fn script(&self) -> Result<Option<ScriptSources>, HostError> {
        Ok(self.script.clone())
    }

    fn open_input(&self, _: &str) -> Result<Arc<dyn ReadAt>, HostError> {
        Err(nothing())
    }

    fn progress(&self, _: u64, _: u64, _: &str) {}

    fn log(&self, _: LogLevel, stage: &str, message: &str) {
        tracing::debug!(stage, message, "a module wrote while it described itself");
    }

    fn cancellation(&self) -> Cancellation {
        Cancellation::None
    }

    fn set_report(&self, _: Report) {}

    fn create_artifact(&self, _: ArtifactDescription) -> Result<Box<dyn ArtifactWriter>, HostError> {
        Err(nothing())
    }

    fn save_checkpoint(&self, _: &[u8]) -> Result<(), HostError> {
        Err(nothing())
    }

    fn load_checkpoint(&self) -> Result<Option<Vec<u8>>, HostError> {
        Err(nothing())
    }

    fn seen(&self, _: &str) -> Result<bool, HostError> {
        Err(nothing())
    }

    fn mark(&self, _: &str) -> Result<(), HostError> {
        Err(nothing())
    }
}

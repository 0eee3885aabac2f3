//! The host of a module or script that is looked at, and that is no job's.

use fuelcell_domain::limits::SYNTAX;
use fuelcell_domain::seams::{ArtifactWriter, JobInput, ScriptSources};
use fuelcell_domain::syntax::SYNTAX_REPORT;
use fuelcell_domain::{ArtifactDescription, Cancellation, HostError, JobHost, LogLevel, ReadAt, Report};
use parking_lot::Mutex;
use std::sync::Arc;

/// There is no job: nothing can be read or kept but the script that is looked at, if one is.
#[derive(Default)]
pub(crate) struct NoJob {
    pub(crate) script: Option<ScriptSources>,
    /// Where the engine's report goes, if it is to check the script.
    pub(crate) report: Option<Arc<Mutex<Vec<u8>>>>,
}

fn nothing() -> HostError {
    HostError::Invalid("there is no job around what is only looked at".into())
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

    fn checks_script(&self) -> bool {
        self.report.is_some()
    }

    fn open_input(&self, _: &str) -> Result<Arc<dyn ReadAt>, HostError> {
        Err(nothing())
    }

    fn progress(&self, _: u64, _: u64, _: &str) {}

    fn log(&self, _: LogLevel, stage: &str, message: &str) {
        tracing::debug!(stage, message, "what is only looked at wrote a line");
    }

    fn cancellation(&self) -> Cancellation {
        Cancellation::None
    }

    fn set_report(&self, _: Report) {}

    fn create_artifact(
        &self,
        description: ArtifactDescription,
    ) -> Result<Box<dyn ArtifactWriter>, HostError> {
        let report = self.report.clone().filter(|_| description.name == SYNTAX_REPORT).ok_or_else(nothing)?;
        Ok(Box::new(ReportWriter { report, bytes: Vec::new() }))
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

/// Takes the report of an engine, as much of it as there may be.
struct ReportWriter {
    report: Arc<Mutex<Vec<u8>>>,
    bytes: Vec<u8>,
}

impl ArtifactWriter for ReportWriter {
    fn write(&mut self, bytes: &[u8]) -> Result<(), HostError> {
        if (self.bytes.len() + bytes.len()) as u64 > SYNTAX.report_bytes {
            return Err(HostError::Limit(format!("a report has at most {} bytes", SYNTAX.report_bytes)));
        }
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<(), HostError> {
        *self.report.lock() = self.bytes;
        Ok(())
    }
}

//! A host for tests and native benchmarks: `cargo test` needs no WebAssembly.
//!
//! [`TestHost`] says what a job finds, [`TestRun`] what it left. The host refuses what a real one refuses, with the same
//! checks and in the same words, so that a job that passes here is not surprised there.
//!
//! ```
//! # use fuelcell_sdk::{Artifact, Completion, Kind, testing::TestHost};
//! # use std::io::Write;
//! let run = TestHost::new().input("dataset", "words.txt", "one two").run_with(|context| {
//!     let text = std::io::read_to_string(context.open("dataset")?)?;
//!     let mut out = context.artifact(Artifact::new("count.txt", Kind::Data))?;
//!     write!(out, "{}", text.split(' ').count())?;
//!     out.finish()?;
//!     Ok(Completion::Done)
//! });
//! assert_eq!(run.end, Ok(Completion::Done));
//! assert_eq!(run.text("count.txt"), Some("2"));
//! ```

mod checks;
mod host;
mod run;
mod setup;

pub use run::{LogLine, Progress, TestArtifact, TestRun};
pub use setup::TestHost;

use crate::{Context, GuestJob};

impl TestHost {
    /// Runs the job that the attribute macro made, if a server would: parameters that the job's schema does not allow, and
    /// an input that is missing or that its manifest does not know, end the run before it begins. Its end says what a
    /// server says: `InvalidParameters`, `CheckLimit`, `ManifestInvalid`, `DatasetRequired`, `UnknownInput`.
    pub fn run<J: GuestJob>(self) -> TestRun {
        match checks::before(&self, &J::manifest()) {
            Ok(manifest) => self.run_with(J::run).compared_with(&manifest),
            Err(refusal) => self.run_with(|_| Err(refusal)),
        }
    }

    /// Runs a function that takes only the context. It has no manifest, so that nothing is checked before.
    pub fn run_with(self, job: impl FnOnce(&mut Context) -> crate::Result) -> TestRun {
        let state = host::RunningHost::new(self);
        let end = job(&mut Context::new(state.clone()));
        state.into_run(end)
    }
}

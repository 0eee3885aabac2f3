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

use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
    rc::Rc,
};

pub use run::{LogLine, Progress, TestArtifact, TestRun};

use crate::{Cancellation, Context, GuestJob, Input};

/// What a job finds when it runs in a test.
#[derive(Clone, Debug, Default)]
pub struct TestHost {
    parameters: Option<String>,
    inputs: Vec<TestInput>,
    checkpoint: Option<Vec<u8>>,
    processed: BTreeSet<String>,
    stop: Option<Stop>,
    disk_bytes: Option<u64>,
    checkpoint_bytes: Option<usize>,
}

#[derive(Clone, Debug)]
struct TestInput {
    description: Input,
    content: Content,
}

#[derive(Clone, Debug)]
enum Content {
    Bytes(Rc<[u8]>),
    File(PathBuf),
}

/// The job is asked to stop once it has polled this often.
#[derive(Clone, Copy, Debug)]
struct Stop {
    after_polls: u64,
    reason: Cancellation,
}

impl TestHost {
    /// A host with no inputs, the parameters `{}`, no checkpoint, and no limits.
    pub fn new() -> Self {
        Self::default()
    }

    /// The parameters of the job.
    #[must_use]
    pub fn parameters(mut self, parameters: serde_json::Value) -> Self {
        self.parameters = Some(parameters.to_string());
        self
    }

    /// An input from memory: its name in the manifest, its file name, its content.
    #[must_use]
    pub fn input(self, name: &str, file_name: &str, bytes: impl AsRef<[u8]>) -> Self {
        let bytes = bytes.as_ref();
        self.with_input(name, file_name, bytes.len() as u64, Content::Bytes(bytes.into()))
    }

    /// An input from a file, which is read piece by piece as the job reads it.
    ///
    /// # Errors
    /// When there is no such file.
    pub fn input_file(self, name: &str, path: impl AsRef<Path>) -> io::Result<Self> {
        let path = path.as_ref();
        let size = fs::metadata(path)?.len();
        let file_name = path.file_name().unwrap_or_default().to_string_lossy();
        Ok(self.with_input(name, &file_name, size, Content::File(path.to_owned())))
    }

    fn with_input(mut self, name: &str, file_name: &str, size: u64, content: Content) -> Self {
        let description = Input {
            name: name.into(),
            file_name: file_name.into(),
            media_type: "application/octet-stream".into(),
            size,
        };
        self.inputs.push(TestInput { description, content });
        self
    }

    /// The checkpoint that an earlier attempt left.
    #[must_use]
    pub fn checkpoint(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.checkpoint = Some(bytes.into());
        self
    }

    /// A key that an earlier job of the pipeline has dealt with.
    #[must_use]
    pub fn processed(mut self, key: impl Into<String>) -> Self {
        self.processed.insert(key.into());
        self
    }

    /// Somebody cancels the job: the first `polls` questions are answered with no, all later ones with yes.
    #[must_use]
    pub fn cancel_after_polls(mut self, polls: u64) -> Self {
        self.stop = Some(Stop { after_polls: polls, reason: Cancellation::User });
        self
    }

    /// The deadline comes near after this many polls.
    #[must_use]
    pub fn deadline_after_polls(mut self, polls: u64) -> Self {
        self.stop = Some(Stop { after_polls: polls, reason: Cancellation::Deadline });
        self
    }

    /// Bytes that all artifacts together may have.
    #[must_use]
    pub fn disk_bytes(mut self, bytes: u64) -> Self {
        self.disk_bytes = Some(bytes);
        self
    }

    /// Bytes that a checkpoint may have.
    #[must_use]
    pub fn checkpoint_bytes(mut self, bytes: usize) -> Self {
        self.checkpoint_bytes = Some(bytes);
        self
    }

    /// Runs the job that the attribute macro made, if a server would: parameters that the job's schema does not allow, and
    /// an input that is missing or that its manifest does not know, end the run before it begins. Its end says what a
    /// server says: `InvalidParameters`, `CheckLimit`, `ManifestInvalid`, `DatasetRequired`, `UnknownInput`.
    pub fn run<J: GuestJob>(self) -> TestRun {
        match checks::before(&self, &J::manifest()) {
            Ok(()) => self.run_with(J::run),
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

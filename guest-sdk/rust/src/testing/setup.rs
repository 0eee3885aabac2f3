//! What a job finds when it runs in a test.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use fuelcell_domain::outbound::SecretValue;

use crate::{Cancellation, Input, Usage};

/// What a job finds when it runs in a test.
#[derive(Clone, Debug, Default)]
pub struct TestHost {
    pub(super) parameters: Option<String>,
    pub(super) inputs: Vec<TestInput>,
    pub(super) checkpoint: Option<Vec<u8>>,
    pub(super) processed: BTreeSet<String>,
    pub(super) stop: Option<Stop>,
    pub(super) secrets: BTreeMap<String, SecretValue>,
    pub(super) usage: Option<Usage>,
    pub(super) disk_bytes: Option<u64>,
    pub(super) checkpoint_bytes: Option<usize>,
}

#[derive(Clone, Debug)]
pub(super) struct TestInput {
    pub(super) description: Input,
    pub(super) content: Content,
}

#[derive(Clone, Debug)]
pub(super) enum Content {
    Bytes(Arc<[u8]>),
    File(PathBuf),
}

/// The job is asked to stop once it has polled this often.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stop {
    pub(super) after_polls: u64,
    pub(super) reason: Cancellation,
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

    /// A secret that the job's project has and grants: the key of [`Context::hmac`](crate::Context::hmac).
    #[must_use]
    pub fn secret(mut self, name: &str, value: impl Into<Vec<u8>>) -> Self {
        self.secrets.insert(name.into(), SecretValue(value.into()));
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

    /// What the job is told of its usage. Natively nobody counts fuel and memory: without this they are 0.
    #[must_use]
    pub fn usage(mut self, usage: Usage) -> Self {
        self.usage = Some(usage);
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
}

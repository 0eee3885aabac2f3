//! What a running job may ask for.

use std::{cell::OnceCell, io};

use serde::{Serialize, de::DeserializeOwned};

use crate::{
    Artifact, ArtifactWriter, Cancellation, Failure, HostError, Input, InputReader, JsonOutput, Level,
    Report, Usage, host::Host,
};

/// Bytes of texts that one call hands to the host: enough to make the call cheap, and far from the most.
const CALL_BYTES: usize = 1024 * 1024;
/// What a text takes beside its bytes.
const TEXT_BYTES: usize = 8;

/// Everything a running job may ask for. The SDK makes one for each attempt and passes it to the job's function.
pub struct Context {
    host: Box<dyn Host>,
    inputs: OnceCell<Vec<Input>>,
}

impl Context {
    /// A context that this host answers.
    pub fn new(host: impl Host + 'static) -> Self {
        Self { host: Box::new(host), inputs: OnceCell::new() }
    }

    /// The parameters as JSON text, as the submitter gave them.
    pub fn parameters_json(&self) -> String {
        self.host.parameters()
    }

    /// The parameters as a type of the job. The attribute macro calls this for the second argument of the job.
    ///
    /// # Errors
    /// `InvalidParameters`, with the path of the value that does not fit.
    pub fn parameters<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        let text = self.host.parameters();
        let mut json = serde_json::Deserializer::from_str(&text);
        let parsed = serde_path_to_error::deserialize(&mut json).map_err(|error| {
            let path = error.path().to_string();
            Failure::new("InvalidParameters", format!("parameters at `{path}`: {}", error.into_inner()))
        })?;
        json.end().map_err(|error| Failure::new("InvalidParameters", format!("parameters: {error}")))?;
        Ok(parsed)
    }

    /// All inputs of this job.
    pub fn inputs(&self) -> &[Input] {
        self.inputs.get_or_init(|| self.host.inputs())
    }

    /// The input of this name in the manifest, if the submitter gave one.
    pub fn input(&self, name: &str) -> Option<&Input> {
        self.inputs().iter().find(|input| input.name == name)
    }

    /// The files of an input that is declared with `many`, by the names that the submitter gave them. Each is opened by
    /// the input's whole name, such as `lookups/zones`.
    pub fn inputs_of<'a>(&'a self, input: &'a str) -> impl Iterator<Item = (&'a str, &'a Input)> {
        self.inputs().iter().filter_map(move |one| {
            let name = one.name.strip_prefix(input)?.strip_prefix('/')?;
            Some((name, one))
        })
    }

    /// Opens an input by its name in the manifest. An input can be opened as often as needed.
    ///
    /// # Errors
    /// [`HostError::Invalid`] when there is no such input.
    pub fn open(&self, name: &str) -> Result<InputReader, HostError> {
        let reader = self.host.open(name)?;
        let size = self.input(name).map_or(0, |input| input.size);
        Ok(InputReader::new(reader, size))
    }

    /// Tells how far the job is: `done` of `total` units of `stage`. The host passes on only the latest.
    pub fn progress(&self, done: u64, total: u64, stage: &str) {
        self.host.progress(done, total, stage);
    }

    /// Logs for whoever debugs the job.
    pub fn debug(&self, stage: &str, message: impl AsRef<str>) {
        self.log(Level::Debug, stage, message);
    }

    /// Logs what a normal run tells.
    pub fn info(&self, stage: &str, message: impl AsRef<str>) {
        self.log(Level::Info, stage, message);
    }

    /// Logs that something is odd, while the run goes on.
    pub fn warn(&self, stage: &str, message: impl AsRef<str>) {
        self.log(Level::Warn, stage, message);
    }

    /// Logs that something went wrong.
    pub fn error(&self, stage: &str, message: impl AsRef<str>) {
        self.log(Level::Error, stage, message);
    }

    /// Appends a log line. The host keeps lines up to a quota of bytes and counts what it dropped.
    pub fn log(&self, level: Level, stage: &str, message: impl AsRef<str>) {
        self.host.log(level, stage, message.as_ref());
    }

    /// Whether to stop. Cheap enough to ask once per batch of records.
    pub fn cancellation(&self) -> Cancellation {
        self.host.poll()
    }

    /// What this attempt has used so far: its fuel, its memory, and how long it runs. Asked before and behind a piece of work,
    /// it says what the piece took.
    pub fn usage(&self) -> Usage {
        self.host.usage()
    }

    /// Ends the job with `?` when the host wants it to stop; for jobs that have nothing to save.
    ///
    /// # Errors
    /// `Cancelled` when a person or client asked, `DeadlineNear` when the time is nearly up.
    pub fn check_cancelled(&self) -> Result<(), Failure> {
        match self.cancellation() {
            Cancellation::None => Ok(()),
            Cancellation::User => Err(Failure::new("Cancelled", "Stopped because the job was cancelled.")),
            Cancellation::Deadline => {
                Err(Failure::new("DeadlineNear", "Stopped because the deadline is near."))
            }
        }
    }

    /// Replaces the figures that clients see.
    pub fn report(&self, report: &Report) {
        self.host.report(report);
    }

    /// Begins an artifact. Write to it, then call [`ArtifactWriter::finish`].
    ///
    /// # Errors
    /// [`HostError::Invalid`] for a name that is taken or no file name, [`HostError::Limit`] when there may be no more.
    pub fn artifact(&self, artifact: Artifact) -> Result<ArtifactWriter, HostError> {
        Ok(ArtifactWriter::new(self.host.create(&artifact)?))
    }

    /// Writes a value as the JSON output that is declared for its type: `context.save_json(Outputs::SUMMARY, &summary)?`.
    ///
    /// # Errors
    /// As [`Context::artifact`], and `InvalidData` for a value that JSON cannot hold, such as a map whose keys are lists.
    /// Floats that are no number or infinite become `null`.
    pub fn save_json<T: Serialize + ?Sized>(&self, output: JsonOutput<T>, value: &T) -> Result<(), Failure> {
        let mut out = self.artifact(output.artifact())?;
        serde_json::to_writer(&mut out, value).map_err(io::Error::from)?;
        Ok(out.finish()?)
    }

    /// Replaces the checkpoint: the one value that survives hard stops, is there for the next attempt, and is the
    /// partial result.
    ///
    /// # Errors
    /// [`HostError::Limit`] when it is too large, [`HostError::Storage`] when it could not be written.
    pub fn save_checkpoint(&self, bytes: &[u8]) -> Result<(), HostError> {
        self.host.save_checkpoint(bytes)
    }

    /// The checkpoint that this or an earlier attempt saved last.
    ///
    /// # Errors
    /// [`HostError::Storage`] when it could not be read.
    pub fn load_checkpoint(&self) -> Result<Option<Vec<u8>>, HostError> {
        self.host.load_checkpoint()
    }

    /// Whether an earlier job of the same pipeline has dealt with this key.
    ///
    /// # Errors
    /// [`HostError::Invalid`] for a key that is empty or too long, [`HostError::Storage`] when it could not be read.
    pub fn seen(&self, key: &str) -> Result<bool, HostError> {
        self.host.seen(key)
    }

    /// HMAC-SHA-256 of a text with a secret of the project as the key: a pseudonym that only who has the secret can make
    /// again. The job never sees the secret. Its manifest asks for it (`hmac = ["NAME"]`), and the project grants it.
    ///
    /// # Errors
    /// [`HostError::Invalid`] when the secret is not granted, and in deterministic jobs.
    pub fn hmac(&self, secret: &str, text: impl AsRef<[u8]>) -> Result<[u8; 32], HostError> {
        let macs = self.hmac_all(secret, &[text])?;
        macs.into_iter().next().ok_or_else(missing_mac)
    }

    /// The same for many texts at once, which is faster than one by one.
    ///
    /// # Errors
    /// As [`Context::hmac`].
    pub fn hmac_all<T: AsRef<[u8]>>(&self, secret: &str, texts: &[T]) -> Result<Vec<[u8; 32]>, HostError> {
        let mut macs = Vec::with_capacity(texts.len());
        let mut waiting = texts.iter().map(|text| text.as_ref().to_vec()).peekable();
        while waiting.peek().is_some() {
            let mut bytes = 0;
            let call: Vec<Vec<u8>> = std::iter::from_fn(|| {
                let next =
                    waiting.next_if(|text| bytes == 0 || bytes + text.len() + TEXT_BYTES <= CALL_BYTES)?;
                bytes += next.len() + TEXT_BYTES;
                Some(next)
            })
            .collect();
            macs.extend(self.host.hmac(secret, &call)?);
        }
        match macs.len() == texts.len() {
            true => Ok(macs),
            false => Err(missing_mac()),
        }
    }

    /// Marks a key as dealt with. Marks take effect when this job completes, and only then.
    ///
    /// # Errors
    /// [`HostError::Invalid`] for a key that is empty or too long, [`HostError::Limit`] for too many.
    pub fn mark(&self, key: &str) -> Result<(), HostError> {
        self.host.mark(key)
    }
}

fn missing_mac() -> HostError {
    HostError::Storage("the host did not answer for each text".into())
}

//! A host for one job without a server: inputs are files, artifacts go to a folder, log lines to standard error.

use crate::answers::Answers;
use fuelcell_domain::outbound::{Contact, HttpAnswer, HttpError, HttpRequest, NoWayOut, Outlet, answered};
use fuelcell_domain::seams::{ArtifactWriter, JobInput, ScriptSources};
use fuelcell_domain::usage::LOG_LINE_OVERHEAD;
use fuelcell_domain::{
    ArtifactDescription, ArtifactRole, Cancellation, Digest, DigestWriter, HostError, JobHost, LogLevel,
    LogUsage, Outputs, ReadAt, Report,
};
use indicatif::ProgressBar;
use parking_lot::{Mutex, MutexGuard};
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Longest message and stage that are shown, in characters.
const SHOWN: usize = 2000;

/// One job's host.
pub(crate) struct LocalHost {
    parameters: String,
    inputs: Vec<(JobInput, Arc<FileReader>)>,
    listed: Vec<JobInput>,
    script: Option<ScriptSources>,
    answers: Option<Answers>,
    cancellation: Cancellation,
    out: PathBuf,
    bar: ProgressBar,
    said: Arc<Mutex<Said>>,
}

/// What the guest said so far.
#[derive(Default)]
pub(crate) struct Said {
    pub(crate) report: Report,
    pub(crate) artifacts: Vec<PathBuf>,
    outputs: Vec<(String, Digest)>,
    /// Names of those that are no list of failed records, which every job may leave.
    pub(crate) named: Vec<String>,
    log: LogUsage,
    begun: Outputs,
    /// How many files were staged so far.
    staged: u64,
    checkpoint: Option<Vec<u8>>,
}

impl LocalHost {
    pub(crate) fn new(
        parameters: String,
        inputs: Vec<(String, PathBuf)>,
        out: PathBuf,
        bar: ProgressBar,
    ) -> io::Result<Self> {
        let opened: io::Result<Vec<_>> =
            inputs.into_iter().map(|(name, path)| open_input(name, &path)).collect();
        let inputs = opened?;
        let listed = inputs.iter().map(|(input, _)| input.clone()).collect();
        Ok(Self {
            parameters,
            inputs,
            listed,
            script: None,
            answers: None,
            cancellation: Cancellation::None,
            out,
            bar,
            said: Arc::default(),
        })
    }

    /// The same with a script and its engine.
    pub(crate) fn with_script(self, script: Option<ScriptSources>) -> Self {
        Self { script, ..self }
    }

    /// The same with answers to its requests.
    pub(crate) fn with_answers(self, answers: Option<Answers>) -> Self {
        Self { answers, ..self }
    }

    /// The same with a wish that it stops.
    pub(crate) fn with_cancellation(self, cancellation: Cancellation) -> Self {
        Self { cancellation, ..self }
    }

    /// Whom it asked.
    pub(crate) fn contacts(&self) -> Vec<Contact> {
        self.answers.as_ref().map(Answers::contacts).unwrap_or_default()
    }

    /// Names and digests of the inputs, whose files are read for it.
    pub(crate) fn input_digests(&self) -> io::Result<Vec<(String, Digest)>> {
        self.inputs.iter().map(|(input, reader)| Ok((input.name.clone(), reader.digest()?))).collect()
    }

    /// Names and digests of the artifacts, and what was logged.
    pub(crate) fn accounts(&self) -> (Vec<(String, Digest)>, LogUsage) {
        let said = self.said();
        (said.outputs.clone(), said.log)
    }

    /// What the guest said so far.
    pub(crate) fn said(&self) -> MutexGuard<'_, Said> {
        self.said.lock()
    }
}

fn open_input(name: String, path: &Path) -> io::Result<(JobInput, Arc<FileReader>)> {
    let describe = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
    let reader = FileReader::open(path).map_err(describe)?;
    let file_name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let input =
        JobInput { name, file_name, media_type: "application/octet-stream".into(), size: reader.size };
    Ok((input, Arc::new(reader)))
}

/// A file that is there.
pub(crate) struct FileReader {
    file: File,
    size: u64,
}

impl FileReader {
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let size = file.metadata()?.len();
        Ok(Self { file, size })
    }

    pub(crate) fn digest(&self) -> io::Result<Digest> {
        let mut digest = DigestWriter::new(io::sink());
        let mut piece = vec![0; 64 << 10];
        loop {
            match self.file.read_at(&mut piece, digest.length())? {
                0 => return Ok(digest.digest()),
                count => digest.write_all(&piece[..count])?,
            }
        }
    }
}

impl ReadAt for FileReader {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.file.read_at(buffer, offset)
    }
}

/// An artifact under way: a file beside its later place.
struct FileArtifact {
    staged: PathBuf,
    path: PathBuf,
    description: ArtifactDescription,
    file: DigestWriter<BufWriter<File>>,
    said: Arc<Mutex<Said>>,
    finished: bool,
}

impl ArtifactWriter for FileArtifact {
    fn write(&mut self, bytes: &[u8]) -> Result<(), HostError> {
        self.file.write_all(bytes).map_err(storage)
    }

    fn finish(mut self: Box<Self>) -> Result<(), HostError> {
        self.file.flush().map_err(storage)?;
        fs::rename(&self.staged, &self.path).map_err(storage)?;
        let mut said = self.said.lock();
        said.artifacts.push(self.path.clone());
        said.outputs.push((self.description.name.clone(), self.file.digest()));
        if self.description.role == ArtifactRole::Output {
            said.named.push(self.description.name.clone());
        }
        self.finished = true;
        Ok(())
    }
}

impl Drop for FileArtifact {
    fn drop(&mut self) {
        if !self.finished {
            let _ = fs::remove_file(&self.staged);
            self.said.lock().begun.give_back(&self.description);
        }
    }
}

impl JobHost for LocalHost {
    fn parameters(&self) -> &str {
        &self.parameters
    }

    fn inputs(&self) -> &[JobInput] {
        &self.listed
    }

    fn script(&self) -> Result<Option<ScriptSources>, HostError> {
        Ok(self.script.clone())
    }

    fn open_input(&self, name: &str) -> Result<Arc<dyn ReadAt>, HostError> {
        let found = self.inputs.iter().find(|(input, _)| input.name == name);
        let (_, reader) = found.ok_or_else(|| HostError::Invalid(format!("there is no input {name:?}")))?;
        Ok(reader.clone())
    }

    fn progress(&self, done: u64, total: u64, stage: &str) {
        self.bar.set_length(total.max(1));
        self.bar.set_position(done.min(total));
        self.bar.set_message(shown(stage));
    }

    fn log(&self, level: LogLevel, stage: &str, message: &str) {
        self.said().log.bytes += LOG_LINE_OVERHEAD + (stage.len() + message.len()) as u64;
        self.bar.suspend(|| {
            let line = format!("{level:?} [{}] {}\n", shown(stage), shown(message));
            // A closed standard error is no reason to end the run.
            let _ = io::stderr().write_all(line.as_bytes());
        });
    }

    fn cancellation(&self) -> Cancellation {
        self.cancellation
    }

    fn set_report(&self, report: Report) {
        self.said().report = report;
    }

    fn create_artifact(
        &self,
        description: ArtifactDescription,
    ) -> Result<Box<dyn ArtifactWriter>, HostError> {
        let description = description.checked().map_err(HostError::Invalid)?;
        let number = {
            let mut said = self.said();
            said.begun.begin(&description).map_err(HostError::Invalid)?;
            said.staged += 1;
            said.staged
        };
        let path = self.out.join(&description.name);
        fs::create_dir_all(path.parent().unwrap_or(&self.out)).map_err(storage)?;
        let staged = self.out.join(format!(".fuelcell-{number}.part"));
        let file = DigestWriter::new(BufWriter::new(File::create(&staged).map_err(storage)?));
        Ok(Box::new(FileArtifact {
            staged,
            path,
            description,
            file,
            said: self.said.clone(),
            finished: false,
        }))
    }

    fn save_checkpoint(&self, bytes: &[u8]) -> Result<(), HostError> {
        self.said().checkpoint = Some(bytes.to_vec());
        Ok(())
    }

    fn load_checkpoint(&self) -> Result<Option<Vec<u8>>, HostError> {
        Ok(self.said().checkpoint.clone())
    }

    /// Nothing was processed before: a local run has no pipeline.
    fn seen(&self, _key: &str) -> Result<bool, HostError> {
        Ok(false)
    }

    fn mark(&self, _key: &str) -> Result<(), HostError> {
        Ok(())
    }

    fn hmac(&self, secret: &str, messages: &[Vec<u8>]) -> Result<Vec<[u8; 32]>, HostError> {
        let key = self.answers.as_ref().and_then(|answers| answers.key(secret));
        let key = key.ok_or_else(|| {
            let help = "--http names a file that has secrets, and the manifest asks for them by hmac";
            HostError::Invalid(format!("the secret {secret:?} is none to compute with here: {help}"))
        })?;
        Ok(key.hmac(messages))
    }

    fn http(&self, request: HttpRequest) -> HttpAnswer {
        let Some(answers) = &self.answers else { return NoWayOut.send(request) };
        let answer = answers.answer(&request);
        if let Err(HttpError::Denied(why)) = &answer {
            self.log(LogLevel::Warn, "http", &format!("refused: {why}"));
        }
        answered(answer)
    }

    fn has_fixed_answers(&self) -> bool {
        self.answers.is_some()
    }
}

/// What cannot be kept in the folder for artifacts, or of a checkpoint.
fn storage(error: io::Error) -> HostError {
    HostError::Storage(match fuelcell_cli::is_full(&error) {
        true => format!("{error}: {}", fuelcell_cli::MAKE_ROOM),
        false => error.to_string(),
    })
}

/// Guests write what they like; a terminal must not obey it.
fn shown(text: &str) -> String {
    text.chars().take(SHOWN).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

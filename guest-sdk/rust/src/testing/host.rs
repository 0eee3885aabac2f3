//! The host that answers a job under test.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io::{Cursor, Read, Seek, SeekFrom},
    rc::Rc,
    time::Instant,
};

use fuelcell_domain::{ArtifactDescription, ArtifactKind, ArtifactRole, Outputs};

use super::{
    run::{LogLine, Progress, TestArtifact, TestRun},
    setup::{Content, TestHost},
};
use crate::{
    Artifact, Cancellation, HostError, Input, Kind, Level, Report, Role, Usage,
    host::{Host, HostReader, HostWriter},
};

/// A handle to the state of a run; the context and every writer hold one.
#[derive(Clone)]
pub(super) struct RunningHost {
    setup: Rc<TestHost>,
    begun: Instant,
    state: Rc<RefCell<State>>,
}

#[derive(Default)]
struct State {
    artifacts: BTreeMap<String, TestArtifact>,
    begun: Outputs,
    /// Artifacts that were begun and are not finished.
    unfinished: BTreeSet<String>,
    artifact_bytes: u64,
    logs: Vec<LogLine>,
    progress: Vec<Progress>,
    report: Option<Report>,
    checkpoint: Option<Vec<u8>>,
    marks: BTreeSet<String>,
    polls: u64,
}

impl RunningHost {
    pub(super) fn new(setup: TestHost) -> Self {
        let state = State { checkpoint: setup.checkpoint.clone(), ..State::default() };
        Self { setup: Rc::new(setup), begun: Instant::now(), state: Rc::new(RefCell::new(state)) }
    }

    pub(super) fn into_run(self, end: crate::Result) -> TestRun {
        let state = self.state.take();
        let marks = if end.is_ok() { state.marks } else { BTreeSet::new() };
        TestRun {
            end,
            artifacts: state.artifacts,
            undeclared: BTreeSet::new(),
            unfinished: state.unfinished,
            logs: state.logs,
            progress: state.progress,
            report: state.report,
            checkpoint: state.checkpoint,
            marks,
            polls: state.polls,
            next: self.setup.as_ref().clone(),
        }
    }
}

impl State {
    fn begin(&mut self, description: &ArtifactDescription) -> Result<(), HostError> {
        self.begun.begin(description).map_err(HostError::Invalid)?;
        self.unfinished.insert(description.name.clone());
        Ok(())
    }

    fn charge(&mut self, bytes: usize, limit: Option<u64>) -> Result<(), HostError> {
        let total = self.artifact_bytes + bytes as u64;
        match limit {
            Some(limit) if total > limit => Err(HostError::Limit(format!("disk: {limit} bytes"))),
            _ => {
                self.artifact_bytes = total;
                Ok(())
            }
        }
    }
}

/// The description as servers take it, with the name as it is kept.
fn checked(artifact: Artifact) -> Result<ArtifactDescription, HostError> {
    let kind = match artifact.kind {
        Kind::Report => ArtifactKind::Report,
        Kind::Data => ArtifactKind::Data,
        Kind::Model => ArtifactKind::Model,
        Kind::Visualization => ArtifactKind::Visualization,
    };
    let role = match artifact.role {
        Role::Output => ArtifactRole::Output,
        Role::FailedRecords => ArtifactRole::FailedRecords,
    };
    let Artifact { name, type_name, title, media_type, primary, record_count, accuracy, .. } = artifact;
    ArtifactDescription { name, kind, type_name, title, media_type, primary, role, record_count, accuracy }
        .checked()
        .map_err(HostError::Invalid)
}

impl Host for RunningHost {
    fn parameters(&self) -> String {
        self.setup.parameters.clone().unwrap_or_else(|| "{}".into())
    }

    fn inputs(&self) -> Vec<Input> {
        self.setup.inputs.iter().map(|input| input.description.clone()).collect()
    }

    fn open(&self, name: &str) -> Result<Box<dyn HostReader>, HostError> {
        let input = self.setup.inputs.iter().find(|input| input.description.name == name);
        match input.map(|input| &input.content) {
            None => Err(HostError::Invalid(format!("there is no input `{name}`"))),
            Some(Content::Bytes(bytes)) => Ok(Box::new(Source(Cursor::new(bytes.clone())))),
            Some(Content::File(path)) => {
                let file = File::open(path).map_err(|error| HostError::Storage(error.to_string()))?;
                Ok(Box::new(Source(file)))
            }
        }
    }

    fn progress(&self, done: u64, total: u64, stage: &str) {
        self.state.borrow_mut().progress.push(Progress { done, total, stage: stage.into() });
    }

    fn log(&self, level: Level, stage: &str, message: &str) {
        self.state.borrow_mut().logs.push(LogLine { level, stage: stage.into(), message: message.into() });
    }

    fn poll(&self) -> Cancellation {
        let mut state = self.state.borrow_mut();
        state.polls += 1;
        match self.setup.stop {
            Some(stop) if state.polls > stop.after_polls => stop.reason,
            _ => Cancellation::None,
        }
    }

    fn usage(&self) -> Usage {
        let uncounted = Usage { elapsed: Some(self.begun.elapsed()), ..Usage::default() };
        self.setup.usage.unwrap_or(uncounted)
    }

    fn report(&self, report: &Report) {
        self.state.borrow_mut().report = Some(report.clone());
    }

    fn create(&self, artifact: &Artifact) -> Result<Box<dyn HostWriter>, HostError> {
        let begun = checked(artifact.clone())?;
        self.state.borrow_mut().begin(&begun)?;
        let description = Artifact { name: begun.name.clone(), ..artifact.clone() };
        Ok(Box::new(Sink { host: self.clone(), description, begun, bytes: Vec::new(), sealed: false }))
    }

    fn save_checkpoint(&self, bytes: &[u8]) -> Result<(), HostError> {
        if let Some(limit) = self.setup.checkpoint_bytes.filter(|limit| bytes.len() > *limit) {
            return Err(HostError::Limit(format!("checkpoint: {limit} bytes")));
        }
        self.state.borrow_mut().checkpoint = Some(bytes.to_vec());
        Ok(())
    }

    fn load_checkpoint(&self) -> Result<Option<Vec<u8>>, HostError> {
        Ok(self.state.borrow().checkpoint.clone())
    }

    fn seen(&self, key: &str) -> Result<bool, HostError> {
        check_key(key)?;
        Ok(self.setup.processed.contains(key))
    }

    fn mark(&self, key: &str) -> Result<(), HostError> {
        check_key(key)?;
        self.state.borrow_mut().marks.insert(key.into());
        Ok(())
    }

    fn hmac(&self, secret: &str, texts: &[Vec<u8>]) -> Result<Vec<[u8; 32]>, HostError> {
        match self.setup.secrets.get(secret) {
            Some(key) => Ok(key.hmac(texts)),
            None => {
                let message = format!(
                    "the secret \"{secret}\" is none to compute with: give it with `TestHost::secret`"
                );
                Err(HostError::Invalid(message))
            }
        }
    }
}

fn check_key(key: &str) -> Result<(), HostError> {
    if key.is_empty() {
        return Err(HostError::Invalid("a key of a processed item is not empty".into()));
    }
    Ok(())
}

/// An input being read.
struct Source<R>(R);

impl<R: Read + Seek + Send> HostReader for Source<R> {
    fn read(&mut self, max: u32) -> Result<Vec<u8>, HostError> {
        let mut bytes = Vec::new();
        self.0.by_ref().take(max.into()).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn seek(&mut self, position: u64) -> Result<(), HostError> {
        self.0.seek(SeekFrom::Start(position))?;
        Ok(())
    }
}

/// An artifact being written.
struct Sink {
    host: RunningHost,
    description: Artifact,
    begun: ArtifactDescription,
    bytes: Vec<u8>,
    sealed: bool,
}

impl Sink {
    fn check_open(&self) -> Result<(), HostError> {
        match self.sealed {
            false => Ok(()),
            true => Err(HostError::Invalid(format!("artifact `{}` is finished", self.description.name))),
        }
    }
}

/// A name that was not finished is free again.
impl Drop for Sink {
    fn drop(&mut self) {
        if !self.sealed {
            self.host.state.borrow_mut().begun.give_back(&self.begun);
        }
    }
}

impl HostWriter for Sink {
    fn write(&mut self, bytes: &[u8]) -> Result<(), HostError> {
        self.check_open()?;
        self.host.state.borrow_mut().charge(bytes.len(), self.host.setup.disk_bytes)?;
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    fn finish(&mut self) -> Result<(), HostError> {
        self.check_open()?;
        let name = self.description.name.clone();
        let artifact =
            TestArtifact { description: self.description.clone(), bytes: std::mem::take(&mut self.bytes) };
        self.sealed = true;
        let mut state = self.host.state.borrow_mut();
        state.unfinished.remove(&name);
        state.artifacts.insert(name, artifact);
        Ok(())
    }
}

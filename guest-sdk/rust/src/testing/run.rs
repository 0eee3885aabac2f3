//! What a job left behind.

use std::collections::{BTreeMap, BTreeSet};

use serde::de::DeserializeOwned;

use super::setup::TestHost;
use crate::{Artifact, JsonOutput, Level, Report, Role};

/// What a job left behind when it ended.
#[derive(Debug)]
pub struct TestRun {
    /// What the job's function returned.
    pub end: crate::Result,
    /// The finished artifacts by name. A host publishes them when the job ends well or partial results were asked for.
    pub artifacts: BTreeMap<String, TestArtifact>,
    /// Names of those that the job's manifest does not declare, where it declares any. A host publishes them, too, and marks
    /// them as such in the results.
    pub undeclared: BTreeSet<String>,
    /// Names of the artifacts that were begun and dropped without `finish`: a host throws them away.
    pub unfinished: BTreeSet<String>,
    /// All log lines.
    pub logs: Vec<LogLine>,
    /// All progress, oldest first.
    pub progress: Vec<Progress>,
    /// The report that was set last.
    pub report: Option<Report>,
    /// The checkpoint that was saved last, or the one that the job found.
    pub checkpoint: Option<Vec<u8>>,
    /// The keys that now count as dealt with; none unless the job ended well.
    pub marks: BTreeSet<String>,
    /// How often the job asked whether to stop.
    pub polls: u64,
    pub(super) next: TestHost,
}

/// A finished artifact.
#[derive(Clone, Debug, PartialEq)]
pub struct TestArtifact {
    /// What the job said about it.
    pub description: Artifact,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// A line of the job's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// How grave it is.
    pub level: Level,
    /// The part of the work that it belongs to.
    pub stage: String,
    /// The text.
    pub message: String,
}

/// How far the job was at some moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Units done.
    pub done: u64,
    /// Units there are.
    pub total: u64,
    /// The part of the work.
    pub stage: String,
}

impl TestRun {
    /// The same with the outputs named that the manifest does not declare. Every job may leave a list of failed records.
    pub(super) fn compared_with(self, manifest: &fuelcell_domain::Manifest) -> Self {
        let outputs = self.artifacts.iter().filter(|(_, made)| made.description.role == Role::Output);
        let undeclared = outputs.filter(|(name, _)| manifest.declares(name) == Some(false));
        Self { undeclared: undeclared.map(|(name, _)| name.clone()).collect(), ..self }
    }

    /// The content of a finished artifact.
    pub fn bytes(&self, artifact: &str) -> Option<&[u8]> {
        self.artifacts.get(artifact).map(|artifact| artifact.bytes.as_slice())
    }

    /// The content of a finished artifact, when it is UTF-8 text.
    pub fn text(&self, artifact: &str) -> Option<&str> {
        self.bytes(artifact).and_then(|bytes| std::str::from_utf8(bytes).ok())
    }

    /// The value of a finished output, when it is JSON of the declared type.
    pub fn json<T: DeserializeOwned>(&self, output: JsonOutput<T>) -> Option<T> {
        self.bytes(output.name()).and_then(|bytes| serde_json::from_slice(bytes).ok())
    }

    /// A host for the next attempt of the same job: same parameters, inputs and limits, the checkpoint that this
    /// attempt left, the marks that took effect, and nobody who cancels.
    pub fn next_attempt(self) -> TestHost {
        let mut host = self.next;
        host.checkpoint = self.checkpoint;
        host.processed.extend(self.marks);
        host.stop = None;
        host
    }
}

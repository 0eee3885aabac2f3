//! Named outputs of a job.

use std::io::{self, BufWriter, Write};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{HostError, host::HostWriter};

/// Bytes that are collected before they cross into the host: a crossing costs more than copying a small piece.
const BUFFER_BYTES: usize = 64 * 1024;
/// The most that crosses at once, so that one large write needs no equally large copy in the host.
const MAX_WRITE_BYTES: usize = 1024 * 1024;

/// What sort of output an artifact is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Kind {
    /// A document for people.
    Report,
    /// Data for programs.
    Data,
    /// A trained or discovered model.
    Model,
    /// A picture or a page that draws.
    Visualization,
}

/// Whom an artifact is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// An output for people and clients.
    Output,
    /// The records that failed, with line and reason. A retry of this job can read it as an input.
    FailedRecords,
}

/// What an artifact is. Size and digest are the host's to find out.
#[derive(Clone, Debug, PartialEq)]
pub struct Artifact {
    /// File name, unique in the job, such as `report.html`.
    pub name: String,
    /// What sort of output it is.
    pub kind: Kind,
    /// The job's word for this output, such as `ProcessMiningReport`; the name until set.
    pub type_name: String,
    /// A title for people; the name until set.
    pub title: String,
    /// A media type such as `text/html`; `application/octet-stream` until set.
    pub media_type: String,
    /// True for the one output that clients show first.
    pub primary: bool,
    /// Whom it is for.
    pub role: Role,
    /// Records inside, when it holds records.
    pub record_count: Option<u64>,
    /// 0 to 1, only when measured on data that the model had not seen.
    pub accuracy: Option<f64>,
}

impl Artifact {
    /// An output of this file name, with nothing else said about it.
    pub fn new(name: impl Into<String>, kind: Kind) -> Self {
        let name = name.into();
        Self {
            type_name: name.clone(),
            title: name.clone(),
            name,
            kind,
            media_type: "application/octet-stream".into(),
            primary: false,
            role: Role::Output,
            record_count: None,
            accuracy: None,
        }
    }

    /// The job's word for this output, such as `ProcessMiningReport`.
    #[must_use]
    pub fn type_name(mut self, type_name: impl Into<String>) -> Self {
        self.type_name = type_name.into();
        self
    }

    /// A title for people.
    #[must_use]
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self
    }

    /// A media type such as `text/html`.
    #[must_use]
    pub fn media_type(mut self, media_type: impl Into<String>) -> Self {
        self.media_type = media_type.into();
        self
    }

    /// Makes it the one output that clients show first.
    #[must_use]
    pub fn primary(mut self) -> Self {
        self.primary = true;
        self
    }

    /// Makes it the list of failed records, which a retry of the job can read as an input.
    #[must_use]
    pub fn failed_records(mut self) -> Self {
        self.role = Role::FailedRecords;
        self
    }

    /// How many records it holds.
    #[must_use]
    pub fn record_count(mut self, records: u64) -> Self {
        self.record_count = Some(records);
        self
    }

    /// 0 to 1, only when measured on data that the model had not seen.
    #[must_use]
    pub fn accuracy(mut self, accuracy: f64) -> Self {
        self.accuracy = Some(accuracy);
        self
    }
}

/// Writes an artifact, buffered. Dropped without [`finish`](Self::finish), the artifact is thrown away.
pub struct ArtifactWriter {
    buffer: BufWriter<Crossing>,
}

impl ArtifactWriter {
    pub(crate) fn new(host: Box<dyn HostWriter>) -> Self {
        Self { buffer: BufWriter::with_capacity(BUFFER_BYTES, Crossing(host)) }
    }

    /// Writes what is buffered and seals the artifact. It is published when the job ends well (or partial results
    /// were asked for).
    pub fn finish(mut self) -> Result<(), HostError> {
        self.buffer.flush()?;
        self.buffer.get_mut().0.finish()
    }
}

impl Write for ArtifactWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.buffer.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.buffer.flush()
    }
}

/// Passes bytes to the host, unbuffered.
struct Crossing(Box<dyn HostWriter>);

impl Write for Crossing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let part = &bytes[..bytes.len().min(MAX_WRITE_BYTES)];
        self.0.write(part)?;
        Ok(part.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

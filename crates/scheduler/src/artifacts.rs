//! Outputs of one attempt, staged in the blob store until the end of the attempt publishes them.

use fuelcell_domain::seams::ArtifactWriter;
use fuelcell_domain::{Artifact, ArtifactDescription, ArtifactRole, Digest, HostError, Outputs, ProfileFile};
use fuelcell_store::{BlobStore, BlobWriter};
use parking_lot::Mutex;
use std::io;
use std::sync::Arc;

/// What one attempt may stage, and what it has staged.
pub(crate) struct Staging {
    blobs: Arc<dyn BlobStore>,
    max_artifacts: usize,
    max_bytes: u64,
    staged: Mutex<Staged>,
}

#[derive(Default)]
struct Staged {
    begun: Outputs,
    bytes: u64,
    finished: Vec<Artifact>,
}

impl Staging {
    /// Nothing staged yet.
    pub(crate) fn new(blobs: Arc<dyn BlobStore>, max_artifacts: usize, max_bytes: u64) -> Self {
        Self { blobs, max_artifacts, max_bytes, staged: Mutex::default() }
    }

    /// Starts an artifact, if its description is in order and its name and role are free.
    pub(crate) fn begin(
        self: &Arc<Self>,
        description: ArtifactDescription,
    ) -> Result<Box<dyn ArtifactWriter>, HostError> {
        let description = description.checked().map_err(HostError::Invalid)?;
        if description.role == ArtifactRole::Profile {
            return Err(HostError::Invalid("a profile is the host's to make".into()));
        }
        self.reserve(&description)?;
        // From here on dropping the writer gives the name back.
        let mut writer =
            StagedWriter { staging: self.clone(), description, blob: None, bytes: 0, sealed: false };
        writer.blob = Some(self.blobs.begin().map_err(|error| HostError::Storage(error.to_string()))?);
        Ok(Box::new(writer))
    }

    /// Adds a file of the host's own, after the guest has ended: it counts for none of the guest's limits, and has a name that
    /// the guest left free.
    pub(crate) fn keep(&self, file: ProfileFile) -> Result<(), HostError> {
        let mut writer = self.blobs.begin().map_err(|error| HostError::Storage(error.to_string()))?;
        writer.write_all(&file.bytes).map_err(write_error)?;
        let blob = writer.commit().map_err(|error| HostError::Storage(error.to_string()))?;
        let mut staged = self.staged.lock();
        let mut description = described(&file);
        let mut number = 1;
        while staged.begun.begin(&description).is_err() {
            number += 1;
            description.name = numbered(file.name, number);
        }
        staged.finished.push(Artifact { description, digest: blob.digest, size: blob.size });
        Ok(())
    }

    /// The finished artifacts, in the order in which they were finished.
    pub(crate) fn finished(&self) -> Vec<Artifact> {
        self.staged.lock().finished.clone()
    }

    /// The bytes of the finished artifacts.
    pub(crate) fn digests(&self) -> Vec<Digest> {
        self.staged.lock().finished.iter().map(|artifact| artifact.digest).collect()
    }

    fn reserve(&self, description: &ArtifactDescription) -> Result<(), HostError> {
        let mut staged = self.staged.lock();
        if staged.begun.len() >= self.max_artifacts {
            return Err(HostError::Limit(format!("a job has at most {} artifacts", self.max_artifacts)));
        }
        staged.begun.begin(description).map_err(HostError::Invalid)
    }

    fn reserve_bytes(&self, count: u64) -> Result<(), HostError> {
        let mut staged = self.staged.lock();
        match staged.bytes.checked_add(count).filter(|total| *total <= self.max_bytes) {
            Some(total) => {
                staged.bytes = total;
                Ok(())
            }
            None => Err(HostError::Limit(format!("a job's artifacts are at most {} bytes", self.max_bytes))),
        }
    }
}

struct StagedWriter {
    staging: Arc<Staging>,
    description: ArtifactDescription,
    blob: Option<Box<dyn BlobWriter>>,
    bytes: u64,
    sealed: bool,
}

impl ArtifactWriter for StagedWriter {
    fn write(&mut self, bytes: &[u8]) -> Result<(), HostError> {
        let blob = self.blob.as_mut().ok_or_else(sealed)?;
        self.staging.reserve_bytes(bytes.len() as u64)?;
        self.bytes += bytes.len() as u64;
        blob.write_all(bytes).map_err(write_error)
    }

    fn finish(mut self: Box<Self>) -> Result<(), HostError> {
        let blob = self.blob.take().ok_or_else(sealed)?;
        let blob = blob.commit().map_err(|error| HostError::Storage(error.to_string()))?;
        self.sealed = true;
        let artifact =
            Artifact { description: self.description.clone(), digest: blob.digest, size: blob.size };
        self.staging.staged.lock().finished.push(artifact);
        Ok(())
    }
}

impl Drop for StagedWriter {
    fn drop(&mut self) {
        if self.sealed {
            return;
        }
        let mut staged = self.staging.staged.lock();
        staged.begun.give_back(&self.description);
        staged.bytes -= self.bytes;
    }
}

fn described(file: &ProfileFile) -> ArtifactDescription {
    ArtifactDescription {
        name: file.name.into(),
        kind: file.kind,
        type_name: "FuelProfile".into(),
        title: file.title.into(),
        media_type: file.media_type.into(),
        primary: false,
        role: ArtifactRole::Profile,
        record_count: None,
        accuracy: None,
    }
}

/// `profile-2.html` of `profile.html`.
fn numbered(name: &str, number: usize) -> String {
    match name.rsplit_once('.') {
        Some((stem, extension)) => format!("{stem}-{number}.{extension}"),
        None => format!("{name}-{number}"),
    }
}

fn sealed() -> HostError {
    HostError::Invalid("the artifact is sealed".into())
}

fn write_error(error: io::Error) -> HostError {
    HostError::Storage(error.to_string())
}

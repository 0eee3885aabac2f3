//! What teams keep on the server: datasets, pipelines, module versions.

use crate::{
    Capabilities, DatasetId, Digest, JobType, LimitRequest, Manifest, Ordinal, PipelineId, ProjectRef,
    Schedule, Timestamp,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// An uploaded file. A new upload replaces it for later jobs; jobs keep the digest they were submitted with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dataset {
    /// The client's id for it.
    pub id: DatasetId,
    /// Its project.
    pub project: ProjectRef,
    /// Its file name.
    pub name: String,
    /// What the uploader said it is.
    pub media_type: String,
    /// SHA-256 of its bytes.
    pub digest: Digest,
    /// Its size in bytes.
    pub size: u64,
    /// Its number of records, once a job has reported it.
    pub row_count: Option<u64>,
    /// Who uploaded it.
    pub uploaded_by: String,
    /// When it was first uploaded.
    pub created_at: Timestamp,
    /// When these bytes were uploaded.
    pub updated_at: Timestamp,
}

impl Dataset {
    /// Takes over what stays when this upload replaces an earlier one.
    pub fn replaces(&mut self, earlier: &Self) {
        self.created_at = earlier.created_at;
        if self.digest == earlier.digest {
            self.row_count = earlier.row_count;
        }
    }
}

/// A module and the version of it that somebody chose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModuleChoice {
    /// The module's name.
    pub name: String,
    /// Its version; none = the current one.
    pub version: Option<String>,
}

/// The resource that a job names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pipeline {
    /// The client's id for it.
    pub id: PipelineId,
    /// Its project.
    pub project: ProjectRef,
    /// Counts the project's pipelines from 1.
    pub ordinal: Ordinal,
    /// Its name.
    pub name: String,
    /// The type of its jobs.
    pub job_type: JobType,
    /// The module that runs them; none = the project's active one, or the built-in.
    pub module: Option<ModuleChoice>,
    /// Default parameters: a JSON object as text.
    pub parameters: String,
    /// The dataset of jobs that name none.
    pub dataset: Option<DatasetId>,
    /// Limits of its jobs, where the submission names none.
    pub limits: LimitRequest,
    /// When its jobs are due by themselves. It is a record of its own, which moves on with every run.
    #[serde(skip)]
    pub schedule: Option<Schedule>,
    /// When it was first put.
    pub created_at: Timestamp,
    /// When it was last put.
    pub updated_at: Timestamp,
}

impl Pipeline {
    /// Takes over what stays when this pipeline replaces an earlier one.
    pub fn replaces(&mut self, earlier: &Self) {
        self.ordinal = earlier.ordinal;
        self.created_at = earlier.created_at;
        if let (Some(schedule), Some(before)) = (&mut self.schedule, &earlier.schedule) {
            schedule.replaces(before);
        }
    }
}

/// The name of one module version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionName {
    /// The module's name.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// A project's decision about what serves a job type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activation {
    /// The job type.
    pub job_type: JobType,
    /// The version that serves it from now on; none = the built-in.
    pub module: Option<VersionName>,
    /// Who decided.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// One version of a module. Its bytes never change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModuleVersion {
    /// The project that owns it; none = built into the server.
    pub project: Option<ProjectRef>,
    /// The module's name.
    pub name: String,
    /// The version.
    pub version: String,
    /// SHA-256 of its bytes.
    pub digest: Digest,
    /// Its size in bytes.
    pub size: u64,
    /// What it says of itself; shared, because it is large and asked for with each submission.
    #[serde(with = "shared")]
    pub manifest: Arc<Manifest>,
    /// Whether the manifest came with the module.
    pub has_manifest: bool,
    /// What it imports, as `package:name/interface@version`: all that it can ever ask the host for.
    #[serde(default)]
    pub imports: Vec<String>,
    /// Bytes of all its functions; none for a script, and for versions from before this was kept.
    #[serde(default)]
    pub code_bytes: Option<u64>,
    /// Who uploaded it.
    pub uploaded_by: String,
    /// When.
    pub created_at: Timestamp,
}

/// A shared manifest is stored as if it were not.
mod shared {
    use crate::Manifest;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use std::sync::Arc;

    pub(super) fn serialize<S: Serializer>(manifest: &Arc<Manifest>, out: S) -> Result<S::Ok, S::Error> {
        manifest.as_ref().serialize(out)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Arc<Manifest>, D::Error> {
        Manifest::deserialize(from).map(Arc::new)
    }
}

impl ModuleVersion {
    /// The capabilities that it wants.
    pub fn wanted(&self) -> Capabilities {
        if self.manifest.engine.is_some() {
            return Capabilities::asked_by_script(self.manifest.http.as_ref());
        }
        Capabilities::wanted(&self.imports, self.manifest.http.as_ref())
    }
}

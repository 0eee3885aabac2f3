//! Files on their way to become datasets, part after part.

use crate::{DatasetId, Digest, ProjectRef, Timestamp, UploadId};
use serde::{Deserialize, Serialize};

/// Unfinished uploads that a project may have.
pub const MAX_UPLOADS: usize = 64;

/// A file of which not everything has come yet. Its announced size counts in what its project stores.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnfinishedUpload {
    /// The server's id for it.
    pub id: UploadId,
    /// Its project.
    pub project: ProjectRef,
    /// The dataset that it is to be.
    pub dataset: DatasetId,
    /// That dataset's file name.
    pub name: String,
    /// What the uploader said it is.
    pub media_type: String,
    /// All its bytes.
    pub size: u64,
    /// Those that have come, and are kept whatever happens to the server.
    pub offset: u64,
    /// The SHA-256 of all its bytes, where the uploader said it: other bytes are refused.
    pub digest: Option<Digest>,
    /// Who began it.
    pub begun_by: String,
    /// When.
    pub created_at: Timestamp,
    /// When it is given up, unless more comes before.
    pub expires_at: Timestamp,
}

impl UnfinishedUpload {
    /// Whether it is given up.
    pub fn has_expired(&self, now: Timestamp) -> bool {
        self.expires_at <= now
    }
}

//! Which stored bytes the records need, and which wait to be swept.

use crate::blob::BlobReferences;
use crate::error::StoreError;
use async_trait::async_trait;
use fuelcell_domain::{Digest, ProjectRef};

/// Which stored bytes the records need, and which wait to be swept.
#[async_trait]
pub trait References: Send + Sync {
    /// Digests of the bytes that records refer to: datasets, module versions, artifacts, checkpoints, and modules and
    /// inputs of jobs. Comes in parts: the first with `None`, each next one from where the last said, each of about
    /// `limit` records. What records refer to from before the first part until after the last is in one of them; what
    /// came to be referred to in between is there only where it was taken over from another record, as a job takes over
    /// a dataset.
    async fn blob_references(
        &self,
        after: Option<Vec<u8>>,
        limit: usize,
    ) -> Result<BlobReferences, StoreError>;
    /// Bytes that count as [replaced](fuelcell_domain::StoredBytes::replaced) in a project, in the order of projects
    /// and digests, from `after` on, at most `limit`. What a dataset, a module version, an artifact or a checkpoint
    /// names no more is there once for its project, until it is settled or a dataset or module version of the project
    /// names it anew.
    async fn replaced(
        &self,
        after: Option<(ProjectRef, Digest)>,
        limit: usize,
    ) -> Result<Vec<(ProjectRef, Digest)>, StoreError>;
    /// Does not count bytes as replaced any more that are gone or count otherwise; says how many did.
    async fn settle_replaced(&self, settled: &[(ProjectRef, Digest)]) -> Result<u64, StoreError>;
}

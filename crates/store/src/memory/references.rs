//! Which stored bytes the records need, and which wait to be swept.

use super::{MemoryStore, Records};
use crate::StoreError;
use crate::blob::BlobReferences;
use crate::verbs::References;
use async_trait::async_trait;
use fuelcell_domain::{Digest, ProjectRef};

#[async_trait]
impl References for MemoryStore {
    async fn blob_references(&self, _: Option<Vec<u8>>, _: usize) -> Result<BlobReferences, StoreError> {
        Ok(self.records().blob_references())
    }

    async fn replaced(
        &self,
        after: Option<(ProjectRef, Digest)>,
        limit: usize,
    ) -> Result<Vec<(ProjectRef, Digest)>, StoreError> {
        let records = self.records();
        let behind = records.replaced.keys().filter(|key| after.is_none_or(|after| **key > after));
        Ok(behind.take(limit).copied().collect())
    }

    async fn settle_replaced(&self, settled: &[(ProjectRef, Digest)]) -> Result<u64, StoreError> {
        let mut records = self.records();
        Ok(settled.iter().filter(|key| records.replaced.remove(key).is_some()).count() as u64)
    }
}

impl Records {
    pub(super) fn blob_references(&self) -> BlobReferences {
        let datasets = self.datasets.values().map(|dataset| dataset.digest);
        let modules = self.modules.iter().map(|(_, (_, module))| module.digest);
        let artifacts = self.artifacts.values().flatten().map(|artifact| artifact.digest);
        let checkpoints = self.checkpoints.values().map(|blob| blob.digest);
        let jobs = self.jobs.values().flat_map(|job| {
            let engine = job.module.engine.iter().map(|engine| engine.digest);
            let inputs = job.inputs.iter().map(|input| input.digest);
            std::iter::once(job.module.digest).chain(engine).chain(inputs)
        });
        let counted = datasets.chain(modules).chain(artifacts).chain(checkpoints).collect();
        BlobReferences { counted, pinned: jobs.collect(), next: None }
    }
}

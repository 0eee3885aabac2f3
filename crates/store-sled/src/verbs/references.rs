//! Which stored bytes the records need, and which wait to be swept.

use crate::records::{stored, uses};
use crate::store::SledStore;
use async_trait::async_trait;
use fuelcell_domain::{Digest, ProjectRef};
use fuelcell_store::verbs::References;
use fuelcell_store::{BlobReferences, StoreError};

#[async_trait]
impl References for SledStore {
    async fn blob_references(
        &self,
        after: Option<Vec<u8>>,
        limit: usize,
    ) -> Result<BlobReferences, StoreError> {
        self.read_many(move |shared| uses::page(&shared.database, after.as_deref(), limit)).await
    }

    async fn replaced(
        &self,
        after: Option<(ProjectRef, Digest)>,
        limit: usize,
    ) -> Result<Vec<(ProjectRef, Digest)>, StoreError> {
        self.read_many(move |shared| stored::replaced(&shared.database, after, limit)).await
    }

    async fn settle_replaced(&self, settled: &[(ProjectRef, Digest)]) -> Result<u64, StoreError> {
        let settled = settled.to_vec();
        self.end(move |overlay| stored::settle_all(overlay, &settled)).await
    }
}

//! Whether the store can be written.

use crate::store::SledStore;
use crate::tables::keys::Table;
use async_trait::async_trait;
use fuelcell_store::StoreError;
use fuelcell_store::verbs::Health;

#[async_trait]
impl Health for SledStore {
    async fn check(&self) -> Result<(), StoreError> {
        self.write(|overlay| overlay.put(Table::Meta, b"check", &())).await
    }
}

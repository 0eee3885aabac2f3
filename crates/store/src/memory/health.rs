//! Whether the store can be written.

use super::MemoryStore;
use crate::StoreError;
use crate::verbs::Health;
use async_trait::async_trait;

#[async_trait]
impl Health for MemoryStore {
    async fn check(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

//! Whether the store can be written.

use crate::error::StoreError;
use async_trait::async_trait;

/// Whether the store can be written.
#[async_trait]
pub trait Health: Send + Sync {
    /// Answers when the store can be written: one durable write of its own. From then on lists and counts know whatever
    /// anybody saw of single jobs before.
    async fn check(&self) -> Result<(), StoreError>;
}

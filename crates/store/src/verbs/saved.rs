//! What people keep by name in a project.

use crate::error::StoreError;
use crate::pages::{Page, Seek};
use async_trait::async_trait;
use fuelcell_domain::{ProjectRef, SavedItem, SavedKind};

/// What people keep by name in a project.
#[async_trait]
pub trait Saved: Send + Sync {
    /// Keeps an item, as [`SavedItem::put`] says, and answers with what is kept. `Conflict` when another one is there than
    /// was `seen`, `NotFound` when none is.
    async fn put_saved(&self, item: SavedItem, seen: Option<u64>) -> Result<SavedItem, StoreError>;
    /// One item.
    async fn saved(
        &self,
        project: ProjectRef,
        kind: SavedKind,
        name: &str,
    ) -> Result<Option<SavedItem>, StoreError>;
    /// A page of a project's items of a kind, by name.
    async fn saved_page(
        &self,
        project: ProjectRef,
        kind: SavedKind,
        seek: Seek<String>,
    ) -> Result<Page<SavedItem>, StoreError>;
    /// Forgets an item; `NotFound` when there is none.
    async fn delete_saved(&self, project: ProjectRef, kind: SavedKind, name: &str) -> Result<(), StoreError>;
}

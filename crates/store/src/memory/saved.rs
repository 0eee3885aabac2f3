//! What people keep by name in a project.

use super::MemoryStore;
use crate::StoreError;
use crate::pages::{Page, Seek, cut};
use crate::verbs::Saved;
use async_trait::async_trait;
use fuelcell_domain::{ProjectRef, SavedItem, SavedKind};

#[async_trait]
impl Saved for MemoryStore {
    async fn put_saved(&self, item: SavedItem, seen: Option<u64>) -> Result<SavedItem, StoreError> {
        let mut records = self.records();
        records.refuse_removed(item.project)?;
        let key = (item.project, item.content.kind(), item.name.clone());
        let kept = item.put(records.saved.get(&key), seen)?;
        records.saved.insert(key, kept.clone());
        Ok(kept)
    }

    async fn saved(
        &self,
        project: ProjectRef,
        kind: SavedKind,
        name: &str,
    ) -> Result<Option<SavedItem>, StoreError> {
        Ok(self.records().saved.get(&(project, kind, name.to_owned())).cloned())
    }

    async fn saved_page(
        &self,
        project: ProjectRef,
        kind: SavedKind,
        seek: Seek<String>,
    ) -> Result<Page<SavedItem>, StoreError> {
        let records = self.records();
        let own = records.saved.iter().filter(|((of, what, _), _)| *of == project && *what == kind);
        Ok(cut(own.map(|(_, item)| item.clone()).collect(), &seek))
    }

    async fn delete_saved(&self, project: ProjectRef, kind: SavedKind, name: &str) -> Result<(), StoreError> {
        let removed = self.records().saved.remove(&(project, kind, name.to_owned()));
        removed.map(drop).ok_or(StoreError::NotFound(kind.one()))
    }
}

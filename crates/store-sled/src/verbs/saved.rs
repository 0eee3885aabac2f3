//! What people keep by name in a project.

use crate::records::removed::refuse_removed;
use crate::store::SledStore;
use crate::tables::database::{Database, Read};
use crate::tables::keys::{self, Table};
use crate::write::overlay::Overlay;
use async_trait::async_trait;
use fuelcell_domain::{ProjectRef, SavedItem, SavedKind};
use fuelcell_store::pages::Pager;
use fuelcell_store::verbs::Saved;
use fuelcell_store::{Page, Seek, StoreError};

#[async_trait]
impl Saved for SledStore {
    async fn put_saved(&self, item: SavedItem, seen: Option<u64>) -> Result<SavedItem, StoreError> {
        self.write(move |overlay| put(overlay, item, seen)).await
    }

    async fn saved(
        &self,
        project: ProjectRef,
        kind: SavedKind,
        name: &str,
    ) -> Result<Option<SavedItem>, StoreError> {
        self.database()?.get(Table::Saved, &keys::saved(project, kind, name))
    }

    async fn saved_page(
        &self,
        project: ProjectRef,
        kind: SavedKind,
        seek: Seek<String>,
    ) -> Result<Page<SavedItem>, StoreError> {
        self.read_many(move |shared| page(&shared.database, project, kind, &seek)).await
    }

    async fn delete_saved(&self, project: ProjectRef, kind: SavedKind, name: &str) -> Result<(), StoreError> {
        let key = keys::saved(project, kind, name);
        self.end(move |overlay| match overlay.value(Table::Saved, &key)? {
            Some(_) => overlay.remove(Table::Saved, &key),
            None => Err(StoreError::NotFound(kind.one())),
        })
        .await
    }
}

fn put(overlay: &mut Overlay<'_>, item: SavedItem, seen: Option<u64>) -> Result<SavedItem, StoreError> {
    refuse_removed(overlay, item.project)?;
    let key = keys::saved(item.project, item.content.kind(), &item.name);
    let present: Option<SavedItem> = overlay.get(Table::Saved, &key)?;
    let kept = item.put(present.as_ref(), seen)?;
    overlay.put(Table::Saved, &key, &kept)?;
    Ok(kept)
}

/// Keys sort as their names do.
fn page(
    database: &Database,
    project: ProjectRef,
    kind: SavedKind,
    seek: &Seek<String>,
) -> Result<Page<SavedItem>, StoreError> {
    let after = seek.after.as_ref().map(|name| keys::saved(project, kind, name));
    let mut pager = Pager::new(seek.limit);
    let own = keys::saved(project, kind, "");
    database.visit_behind(Table::Saved, &own, after, |_, item| pager.push(item))?;
    Ok(pager.finish())
}

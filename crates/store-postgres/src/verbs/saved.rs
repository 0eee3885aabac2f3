//! What people keep by name in a project.

use crate::database::{Session, most};
use crate::record;
use crate::store::{PostgresStore, ask, change};
use crate::work::Work;
use async_trait::async_trait;
use fuelcell_domain::{ProjectRef, SavedItem, SavedKind};
use fuelcell_store::pages::Pager;
use fuelcell_store::verbs::Saved;
use fuelcell_store::{Page, Seek, StoreError};

#[async_trait]
impl Saved for PostgresStore {
    async fn put_saved(&self, item: SavedItem, seen: Option<u64>) -> Result<SavedItem, StoreError> {
        change!(self, work => put(work, item, seen))
    }

    async fn saved(
        &self,
        project: ProjectRef,
        kind: SavedKind,
        name: &str,
    ) -> Result<Option<SavedItem>, StoreError> {
        let name = name.to_owned();
        ask!(self, session => find(&session, project, kind, &name))
    }

    async fn saved_page(
        &self,
        project: ProjectRef,
        kind: SavedKind,
        seek: Seek<String>,
    ) -> Result<Page<SavedItem>, StoreError> {
        ask!(self, session => page(&session, project, kind, seek))
    }

    async fn delete_saved(&self, project: ProjectRef, kind: SavedKind, name: &str) -> Result<(), StoreError> {
        let name = name.to_owned();
        change!(self, work => delete(work, project, kind, name))
    }
}

async fn find(
    session: &Session,
    own: ProjectRef,
    kind: SavedKind,
    name: &str,
) -> Result<Option<SavedItem>, StoreError> {
    let find = "SELECT record FROM saved WHERE tenant = $1 AND project = $2 AND kind = $3 AND name = $4";
    session.record("saved", find, &[&own.tenant.0, &own.project.0, &(kind as i16), &name.as_bytes()]).await
}

async fn put(work: &mut Work, item: SavedItem, seen: Option<u64>) -> Result<SavedItem, StoreError> {
    let (own, kind) = (item.project, item.content.kind());
    work.hold(&[own]).await?;
    work.refuse_removed(own)?;
    let present = find(work, own, kind, &item.name).await?;
    let kept = item.put(present.as_ref(), seen)?;
    let put = "INSERT INTO saved VALUES ($1, $2, $3, $4, $5) \
        ON CONFLICT (tenant, project, kind, name) DO UPDATE SET record = excluded.record";
    let (name, record) = (kept.name.as_bytes(), record::write(&kept)?);
    work.execute(put, &[&own.tenant.0, &own.project.0, &(kind as i16), &name, &record]).await?;
    Ok(kept)
}

async fn delete(work: &mut Work, own: ProjectRef, kind: SavedKind, name: String) -> Result<(), StoreError> {
    work.hold(&[own]).await?;
    let delete = "DELETE FROM saved WHERE tenant = $1 AND project = $2 AND kind = $3 AND name = $4";
    match work.execute(delete, &[&own.tenant.0, &own.project.0, &(kind as i16), &name.as_bytes()]).await? {
        0 => Err(StoreError::NotFound(kind.one())),
        _ => Ok(()),
    }
}

async fn page(
    session: &Session,
    own: ProjectRef,
    kind: SavedKind,
    seek: Seek<String>,
) -> Result<Page<SavedItem>, StoreError> {
    let page = "SELECT record FROM saved WHERE tenant = $1 AND project = $2 AND kind = $3 \
        AND ($4::bytea IS NULL OR name > $4) ORDER BY name LIMIT $5";
    let after = seek.after.map(String::into_bytes);
    let mut pager = Pager::new(seek.limit);
    let wanted = most(pager.wanted());
    let (tenant, project, kind) = (own.tenant.0, own.project.0, kind as i16);
    for row in session.records("saved", page, &[&tenant, &project, &kind, &after, &wanted]).await? {
        if pager.push(row).is_break() {
            break;
        }
    }
    Ok(pager.finish())
}

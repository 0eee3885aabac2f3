//! Grants of capabilities, and secrets.

use crate::records::removed::refuse_removed;
use crate::store::SledStore;
use crate::tables::database::{Database, Read};
use crate::tables::keys::{self, Table};
use crate::write::overlay::Overlay;
use async_trait::async_trait;
use fuelcell_domain::{Grant, ProjectRef, SealedSecret};
use fuelcell_store::pages::Pager;
use fuelcell_store::verbs::Grants;
use fuelcell_store::{Page, Seek, StoreError};

#[async_trait]
impl Grants for SledStore {
    async fn put_grant(&self, grant: Grant) -> Result<(), StoreError> {
        self.write(move |overlay| put_grant(overlay, &grant)).await
    }

    async fn grant(&self, project: ProjectRef, module: &str) -> Result<Option<Grant>, StoreError> {
        grant(self.database()?, project, module)
    }

    async fn delete_grant(&self, project: ProjectRef, module: &str) -> Result<(), StoreError> {
        let module = module.to_owned();
        self.end(move |overlay| delete_grant(overlay, project, &module)).await
    }

    async fn put_secret(&self, secret: SealedSecret) -> Result<SealedSecret, StoreError> {
        self.write(move |overlay| put_secret(overlay, secret)).await
    }

    async fn secrets(&self, project: ProjectRef) -> Result<Vec<SealedSecret>, StoreError> {
        self.read_many(move |shared| secrets(&shared.database, project)).await
    }

    async fn secrets_page(
        &self,
        project: ProjectRef,
        seek: Seek<String>,
    ) -> Result<Page<SealedSecret>, StoreError> {
        self.read_many(move |shared| secrets_page(&shared.database, project, &seek)).await
    }

    async fn delete_secret(&self, project: ProjectRef, name: &str) -> Result<(), StoreError> {
        let name = name.to_owned();
        self.end(move |overlay| delete_secret(overlay, project, &name)).await
    }
}

pub(crate) fn put_grant(overlay: &mut Overlay<'_>, grant: &Grant) -> Result<(), StoreError> {
    refuse_removed(overlay, grant.project)?;
    overlay.put(Table::Grants, &keys::named(grant.project, &grant.module), grant)
}

pub(crate) fn grant(
    database: &Database,
    project: ProjectRef,
    module: &str,
) -> Result<Option<Grant>, StoreError> {
    database.get(Table::Grants, &keys::named(project, module))
}

pub(crate) fn delete_grant(
    overlay: &mut Overlay<'_>,
    project: ProjectRef,
    module: &str,
) -> Result<(), StoreError> {
    delete(overlay, Table::Grants, &keys::named(project, module), "grant")
}

pub(crate) fn put_secret(
    overlay: &mut Overlay<'_>,
    mut secret: SealedSecret,
) -> Result<SealedSecret, StoreError> {
    refuse_removed(overlay, secret.project)?;
    let key = keys::named(secret.project, &secret.name);
    if let Some(first) = overlay.get::<SealedSecret>(Table::Secrets, &key)? {
        secret.created_at = first.created_at;
    }
    overlay.put(Table::Secrets, &key, &secret)?;
    Ok(secret)
}

/// Keys sort as their names do.
pub(crate) fn secrets(database: &Database, project: ProjectRef) -> Result<Vec<SealedSecret>, StoreError> {
    database.scan(Table::Secrets, &keys::project(project))
}

pub(crate) fn secrets_page(
    database: &Database,
    project: ProjectRef,
    seek: &Seek<String>,
) -> Result<Page<SealedSecret>, StoreError> {
    let after = seek.after.as_ref().map(|name| keys::named(project, name));
    let mut pager = Pager::new(seek.limit);
    database.visit_behind(Table::Secrets, &keys::project(project), after, |_, secret| pager.push(secret))?;
    Ok(pager.finish())
}

pub(crate) fn delete_secret(
    overlay: &mut Overlay<'_>,
    project: ProjectRef,
    name: &str,
) -> Result<(), StoreError> {
    delete(overlay, Table::Secrets, &keys::named(project, name), "secret")
}

fn delete(overlay: &mut Overlay<'_>, table: Table, key: &[u8], what: &'static str) -> Result<(), StoreError> {
    match overlay.value(table, key)? {
        Some(_) => overlay.remove(table, key),
        None => Err(StoreError::NotFound(what)),
    }
}

//! What a project grants to modules, and its secrets.

use crate::database::{Session, most};
use crate::record;
use crate::store::{PostgresStore, ask, change};
use crate::work::Work;
use async_trait::async_trait;
use fuelcell_domain::{Grant, ProjectRef, SealedSecret};
use fuelcell_store::pages::Pager;
use fuelcell_store::verbs::Grants;
use fuelcell_store::{Page, Seek, StoreError};

#[async_trait]
impl Grants for PostgresStore {
    async fn put_grant(&self, grant: Grant) -> Result<(), StoreError> {
        change!(self, work => put_grant(work, grant))
    }

    async fn grant(&self, project: ProjectRef, module: &str) -> Result<Option<Grant>, StoreError> {
        let (module, own) = (module.as_bytes().to_vec(), (project.tenant.0, project.project.0));
        let find = "SELECT record FROM grants WHERE tenant = $1 AND project = $2 AND module = $3";
        ask!(self, session => session.record("grants", find, &[&own.0, &own.1, &module]))
    }

    async fn delete_grant(&self, project: ProjectRef, module: &str) -> Result<(), StoreError> {
        let module = module.to_owned();
        change!(self, work => delete_grant(work, project, module))
    }

    async fn put_secret(&self, secret: SealedSecret) -> Result<SealedSecret, StoreError> {
        change!(self, work => put_secret(work, secret))
    }

    async fn secrets(&self, project: ProjectRef) -> Result<Vec<SealedSecret>, StoreError> {
        let all = "SELECT record FROM secrets WHERE tenant = $1 AND project = $2 ORDER BY name";
        ask!(self, session => session.records("secrets", all, &[&project.tenant.0, &project.project.0]))
    }

    async fn secrets_page(
        &self,
        project: ProjectRef,
        seek: Seek<String>,
    ) -> Result<Page<SealedSecret>, StoreError> {
        ask!(self, session => page(&session, project, seek))
    }

    async fn delete_secret(&self, project: ProjectRef, name: &str) -> Result<(), StoreError> {
        let name = name.to_owned();
        change!(self, work => delete_secret(work, project, name))
    }
}

async fn put_grant(work: &mut Work, grant: Grant) -> Result<(), StoreError> {
    let own = grant.project;
    work.hold(&[own]).await?;
    work.refuse_removed(own)?;
    let put = "INSERT INTO grants VALUES ($1, $2, $3, $4) \
        ON CONFLICT (tenant, project, module) DO UPDATE SET record = excluded.record";
    let record = record::write(&grant)?;
    work.execute(put, &[&own.tenant.0, &own.project.0, &grant.module.as_bytes(), &record]).await.map(drop)
}

/// Says whether there was one.
pub(super) async fn remove_grant(work: &Work, own: ProjectRef, module: &str) -> Result<bool, StoreError> {
    let delete = "DELETE FROM grants WHERE tenant = $1 AND project = $2 AND module = $3";
    Ok(work.execute(delete, &[&own.tenant.0, &own.project.0, &module.as_bytes()]).await? > 0)
}

async fn delete_grant(work: &mut Work, own: ProjectRef, module: String) -> Result<(), StoreError> {
    work.hold(&[own]).await?;
    match remove_grant(work, own, &module).await? {
        true => Ok(()),
        false => Err(StoreError::NotFound("grant")),
    }
}

async fn put_secret(work: &mut Work, mut secret: SealedSecret) -> Result<SealedSecret, StoreError> {
    let own = secret.project;
    work.hold(&[own]).await?;
    work.refuse_removed(own)?;
    let find = "SELECT record FROM secrets WHERE tenant = $1 AND project = $2 AND name = $3";
    let name = secret.name.as_bytes().to_vec();
    let first: Option<SealedSecret> =
        work.record("secrets", find, &[&own.tenant.0, &own.project.0, &name]).await?;
    if let Some(first) = first {
        secret.created_at = first.created_at;
    }
    let put = "INSERT INTO secrets VALUES ($1, $2, $3, $4) \
        ON CONFLICT (tenant, project, name) DO UPDATE SET record = excluded.record";
    work.execute(put, &[&own.tenant.0, &own.project.0, &name, &record::write(&secret)?]).await?;
    Ok(secret)
}

async fn delete_secret(work: &mut Work, own: ProjectRef, name: String) -> Result<(), StoreError> {
    work.hold(&[own]).await?;
    let delete = "DELETE FROM secrets WHERE tenant = $1 AND project = $2 AND name = $3";
    match work.execute(delete, &[&own.tenant.0, &own.project.0, &name.as_bytes()]).await? {
        0 => Err(StoreError::NotFound("secret")),
        _ => Ok(()),
    }
}

async fn page(
    session: &Session,
    own: ProjectRef,
    seek: Seek<String>,
) -> Result<Page<SealedSecret>, StoreError> {
    let page = "SELECT record FROM secrets WHERE tenant = $1 AND project = $2 AND ($3::bytea IS NULL OR name > $3) \
        ORDER BY name LIMIT $4";
    let after = seek.after.map(String::into_bytes);
    let mut pager = Pager::new(seek.limit);
    let wanted = most(pager.wanted());
    for row in session.records("secrets", page, &[&own.tenant.0, &own.project.0, &after, &wanted]).await? {
        if pager.push(row).is_break() {
            break;
        }
    }
    Ok(pager.finish())
}

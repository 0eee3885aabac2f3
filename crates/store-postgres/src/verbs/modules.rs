//! A project's module versions, and which it chose for its job types.

use super::grants::remove_grant;
use super::users::{activations, refuse_used, users};
use crate::database::{Session, most};
use crate::record;
use crate::records::stored;
use crate::store::{PostgresStore, ask, change};
use crate::work::Work;
use async_trait::async_trait;
use fuelcell_domain::{Activation, JobType, ModuleVersion, Precedence, ProjectRef, VersionName};
use fuelcell_store::pages::{NumberedActivation, NumberedVersion, Pager};
use fuelcell_store::references::{Referent, other_bytes};
use fuelcell_store::verbs::Modules;
use fuelcell_store::{BlobRef, Page, Seek, StoreError};
use std::cmp::Reverse;

#[async_trait]
impl Modules for PostgresStore {
    async fn add_module_version(&self, module: ModuleVersion) -> Result<ModuleVersion, StoreError> {
        change!(self, work => add(work, module))
    }

    async fn module_version(
        &self,
        project: ProjectRef,
        name: &str,
        version: Option<&str>,
    ) -> Result<Option<ModuleVersion>, StoreError> {
        let (name, version) = (name.to_owned(), version.map(str::to_owned));
        ask!(self, session => chosen_version(&session, project, &name, version.as_deref()))
    }

    async fn module_versions(&self, project: ProjectRef) -> Result<Vec<ModuleVersion>, StoreError> {
        let all = "SELECT record FROM modules WHERE tenant = $1 AND project = $2 ORDER BY name, number";
        ask!(self, session => session.records("modules", all, &[&project.tenant.0, &project.project.0]))
    }

    async fn module_versions_page(
        &self,
        project: ProjectRef,
        name: Option<&str>,
        seek: Seek<(String, u32)>,
    ) -> Result<Page<NumberedVersion>, StoreError> {
        let name = name.map(|name| name.as_bytes().to_vec());
        ask!(self, session => versions_page(&session, project, name, seek))
    }

    async fn delete_module_version(
        &self,
        project: ProjectRef,
        name: &str,
        version: &str,
    ) -> Result<(), StoreError> {
        let (name, version) = (name.to_owned(), version.to_owned());
        change!(self, work => delete(work, project, name, version))
    }

    async fn activate_module(&self, project: ProjectRef, activation: Activation) -> Result<(), StoreError> {
        change!(self, work => activate(work, project, activation))
    }

    async fn activations(&self, project: ProjectRef) -> Result<Vec<Activation>, StoreError> {
        ask!(self, session => activations(&session, project))
    }

    async fn activations_page(
        &self,
        project: ProjectRef,
        seek: Seek<Reverse<u32>>,
    ) -> Result<Page<NumberedActivation>, StoreError> {
        ask!(self, session => activations_page(&session, project, seek))
    }

    async fn active_module(
        &self,
        project: ProjectRef,
        job_type: JobType,
    ) -> Result<Option<ModuleVersion>, StoreError> {
        ask!(self, session => active(&session, project, job_type))
    }
}

async fn version(
    session: &Session,
    own: ProjectRef,
    name: &str,
    version: &str,
) -> Result<Option<ModuleVersion>, StoreError> {
    let find = "SELECT record FROM modules WHERE tenant = $1 AND project = $2 AND name = $3 AND version = $4";
    let (name, version) = (name.as_bytes(), version.as_bytes());
    session.record("modules", find, &[&own.tenant.0, &own.project.0, &name, &version]).await
}

async fn named(session: &Session, own: ProjectRef, name: &str) -> Result<Vec<ModuleVersion>, StoreError> {
    let all = "SELECT record FROM modules WHERE tenant = $1 AND project = $2 AND name = $3 ORDER BY number";
    session.records("modules", all, &[&own.tenant.0, &own.project.0, &name.as_bytes()]).await
}

async fn chosen_version(
    session: &Session,
    own: ProjectRef,
    name: &str,
    chosen: Option<&str>,
) -> Result<Option<ModuleVersion>, StoreError> {
    if let Some(chosen) = chosen {
        return version(session, own, name, chosen).await;
    }
    let activations = activations(session, own).await?;
    let mut chosen = activations.iter().filter_map(|activation| activation.module.as_ref());
    let current = chosen.find(|module| module.name == name).map(|module| &module.version);
    // Of equals the last one.
    let named = named(session, own, name).await?.into_iter();
    Ok(named.max_by_key(|module| (current == Some(&module.version), Precedence::of(&module.version))))
}

async fn add(work: &mut Work, module: ModuleVersion) -> Result<ModuleVersion, StoreError> {
    let own = module.project.ok_or(StoreError::NotFound("project"))?;
    work.hold(&[own]).await?;
    work.refuse_removed(own)?;
    let first = version(work, own, &module.name, &module.version).await?;
    let (name, number) = (module.name.as_bytes(), module.version.as_bytes());
    let retired =
        "SELECT digest FROM retired WHERE tenant = $1 AND project = $2 AND name = $3 AND version = $4";
    let retired = work.one(retired, &[&own.tenant.0, &own.project.0, &name, &number]).await?;
    let known = first.as_ref().map(|first| first.digest.0.to_vec());
    let known = known.or_else(|| retired.map(|row| row.get(0)));
    if known.is_some_and(|known| known != module.digest.0) {
        return Err(other_bytes(&module));
    }
    if let Some(first) = first {
        return Ok(first);
    }
    stored::admit(work, own, module.digest, 0, module.size).await?;
    stored::replace(work, own, stored::MODULES, 0, module.size);
    let add = "INSERT INTO modules (tenant, project, name, version, record) VALUES ($1, $2, $3, $4, $5)";
    let record = record::write(&module)?;
    work.execute(add, &[&own.tenant.0, &own.project.0, &name, &number, &record]).await?;
    Ok(module)
}

async fn delete(work: &mut Work, own: ProjectRef, name: String, version: String) -> Result<(), StoreError> {
    work.hold(&[own]).await?;
    let named = named(work, own, &name).await?;
    let module = named.iter().find(|module| module.version == version);
    let module = module.ok_or(StoreError::NotFound("module version"))?;
    let only = named.len() == 1;
    let referent = Referent::Version { name: name.clone(), version: version.clone(), only };
    refuse_used(users(work, own, &referent).await?)?;
    let gone = BlobRef { digest: module.digest, size: module.size };
    stored::let_go(work, own, stored::MODULES, &[gone]).await?;
    if only {
        // Whatever has this name one day is granted nothing yet.
        remove_grant(work, own, &name).await?;
    }
    let (name, version, digest) = (name.as_bytes(), version.as_bytes(), &gone.digest.0[..]);
    let delete = "DELETE FROM modules WHERE tenant = $1 AND project = $2 AND name = $3 AND version = $4";
    work.execute(delete, &[&own.tenant.0, &own.project.0, &name, &version]).await?;
    let retire = "INSERT INTO retired VALUES ($1, $2, $3, $4, $5) \
        ON CONFLICT (tenant, project, name, version) DO UPDATE SET digest = excluded.digest";
    work.execute(retire, &[&own.tenant.0, &own.project.0, &name, &version, &digest]).await.map(drop)
}

async fn activate(work: &mut Work, own: ProjectRef, activation: Activation) -> Result<(), StoreError> {
    work.hold(&[own]).await?;
    work.refuse_removed(own)?;
    if let Some(VersionName { name, version: wanted }) = &activation.module {
        version(work, own, name, wanted).await?.ok_or(StoreError::NotFound("module version"))?;
    }
    let ledger = work.ledger(own);
    ledger.activations += 1;
    let number = ledger.activations.cast_signed();
    let add = "INSERT INTO activations VALUES ($1, $2, $3, $4)";
    work.execute(add, &[&own.tenant.0, &own.project.0, &number, &record::write(&activation)?]).await.map(drop)
}

async fn active(
    session: &Session,
    own: ProjectRef,
    job_type: JobType,
) -> Result<Option<ModuleVersion>, StoreError> {
    let activations = activations(session, own).await?;
    let held = activations.into_iter().find(|activation| activation.job_type == job_type);
    match held.and_then(|activation| activation.module) {
        Some(chosen) => version(session, own, &chosen.name, &chosen.version).await,
        None => Ok(None),
    }
}

async fn versions_page(
    session: &Session,
    own: ProjectRef,
    name: Option<Vec<u8>>,
    seek: Seek<(String, u32)>,
) -> Result<Page<NumberedVersion>, StoreError> {
    let page = "SELECT number, record FROM modules WHERE tenant = $1 AND project = $2 AND ($3::bytea IS NULL OR name = $3) \
        AND ($4::bytea IS NULL OR (name, number) > ($4, $5)) ORDER BY name, number LIMIT $6";
    let (after, number) = seek
        .after
        .map(|(name, number)| (name.into_bytes(), i32::try_from(number).unwrap_or(i32::MAX)))
        .unzip();
    let mut pager = Pager::new(seek.limit);
    let wanted = most(pager.wanted());
    let values: crate::database::Values<'_> =
        &[&own.tenant.0, &own.project.0, &name, &after, &number, &wanted];
    for row in session.query(page, values).await? {
        let version = (row.get::<_, i32>(0).cast_unsigned(), record::read("modules", row.get(1))?);
        if pager.push(version).is_break() {
            break;
        }
    }
    Ok(pager.finish())
}

async fn activations_page(
    session: &Session,
    own: ProjectRef,
    seek: Seek<Reverse<u32>>,
) -> Result<Page<NumberedActivation>, StoreError> {
    let page = "SELECT number, record FROM activations WHERE tenant = $1 AND project = $2 \
        AND ($3::integer IS NULL OR number < $3) ORDER BY number DESC LIMIT $4";
    let after = seek.after.map(|Reverse(number)| i32::try_from(number).unwrap_or(i32::MAX));
    let mut pager = Pager::new(seek.limit);
    let wanted = most(pager.wanted());
    for row in session.query(page, &[&own.tenant.0, &own.project.0, &after, &wanted]).await? {
        let activation = (row.get::<_, i32>(0).cast_unsigned(), record::read("activations", row.get(1))?);
        if pager.push(activation).is_break() {
            break;
        }
    }
    Ok(pager.finish())
}

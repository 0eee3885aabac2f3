//! A project's module versions, and which it chose for its job types.

use crate::records::module::StoredModule;
use crate::records::referents::Seen;
use crate::records::removed::refuse_removed;
use crate::records::stored::MODULES;
use crate::records::{referents, stored};
use crate::store::SledStore;
use crate::tables::codec::damaged;
use crate::tables::database::{Database, Read};
use crate::tables::keys::{self, Table, counters};
use crate::verbs::datasets;
use crate::write::overlay::Overlay;
use crate::write::shared::Shared;
use async_trait::async_trait;
use fuelcell_domain::{Activation, Digest, JobType, ModuleVersion, Precedence, ProjectRef, VersionName};
use fuelcell_store::pages::{NumberedActivation, NumberedVersion, Pager, Row, cut};
use fuelcell_store::references::{Referent, other_bytes};
use fuelcell_store::verbs::Modules;
use fuelcell_store::{BlobRef, Page, Seek, StoreError};
use std::cmp::Reverse;

#[async_trait]
impl Modules for SledStore {
    async fn add_module_version(&self, module: ModuleVersion) -> Result<ModuleVersion, StoreError> {
        self.write(move |overlay| add_module_version(overlay, module)).await
    }

    async fn module_version(
        &self,
        project: ProjectRef,
        name: &str,
        version: Option<&str>,
    ) -> Result<Option<ModuleVersion>, StoreError> {
        module_version(self.shared()?, project, name, version)
    }

    async fn module_versions(&self, project: ProjectRef) -> Result<Vec<ModuleVersion>, StoreError> {
        self.read_many(move |shared| module_versions(&shared.database, project)).await
    }

    async fn module_versions_page(
        &self,
        project: ProjectRef,
        name: Option<&str>,
        seek: Seek<(String, u32)>,
    ) -> Result<Page<NumberedVersion>, StoreError> {
        let name = name.map(str::to_owned);
        self.read_many(move |shared| module_versions_page(&shared.database, project, name.as_deref(), &seek))
            .await
    }

    async fn delete_module_version(
        &self,
        project: ProjectRef,
        name: &str,
        version: &str,
    ) -> Result<(), StoreError> {
        let (name, version) = (name.to_owned(), version.to_owned());
        // A job names its version, so that `only` makes no difference to the look at jobs.
        let referent = Referent::Version { name: name.clone(), version: version.clone(), only: false };
        let seen = self.read_many(move |shared| referents::look(shared, project, &referent)).await?;
        self.end(move |overlay| delete_module_version(overlay, project, &name, &version, seen)).await
    }

    async fn activate_module(&self, project: ProjectRef, activation: Activation) -> Result<(), StoreError> {
        self.write(move |overlay| activate_module(overlay, project, &activation)).await
    }

    async fn activations(&self, project: ProjectRef) -> Result<Vec<Activation>, StoreError> {
        self.read_many(move |shared| activations(&shared.database, project)).await
    }

    async fn activations_page(
        &self,
        project: ProjectRef,
        seek: Seek<Reverse<u32>>,
    ) -> Result<Page<NumberedActivation>, StoreError> {
        self.read_many(move |shared| activations_page(&shared.database, project, &seek)).await
    }

    async fn active_module(
        &self,
        project: ProjectRef,
        job_type: JobType,
    ) -> Result<Option<ModuleVersion>, StoreError> {
        active_module(self.shared()?, project, job_type)
    }
}

pub(crate) fn add_module_version(
    overlay: &mut Overlay<'_>,
    module: ModuleVersion,
) -> Result<ModuleVersion, StoreError> {
    let project = module.project.ok_or(StoreError::NotFound("project"))?;
    refuse_removed(overlay, project)?;
    let key = keys::module_version(project, &module.name, &module.version);
    let first =
        overlay.get::<StoredModule>(Table::Modules, &key)?.map(|stored| stored.module()).transpose()?;
    let retired = overlay.get::<Digest>(Table::RetiredVersions, &key)?;
    if first.as_ref().map(|first| first.digest).or(retired).is_some_and(|known| known != module.digest) {
        return Err(other_bytes(&module));
    }
    if let Some(first) = first {
        return Ok(first);
    }
    let bytes = BlobRef { digest: module.digest, size: module.size };
    datasets::store_bytes(overlay, project, MODULES, None, bytes)?;
    let number = overlay.next_number(&counters::modules())?;
    overlay.put(Table::Modules, &key, &StoredModule::of(number, &module)?)?;
    Ok(module)
}

pub(crate) fn delete_module_version(
    overlay: &mut Overlay<'_>,
    project: ProjectRef,
    name: &str,
    version: &str,
    seen: Seen,
) -> Result<(), StoreError> {
    let key = keys::module_version(project, name, version);
    let stored: StoredModule =
        overlay.get(Table::Modules, &key)?.ok_or(StoreError::NotFound("module version"))?;
    let module = stored.module()?;
    let versions: Vec<StoredModule> = overlay.scan(Table::Modules, &keys::module_name(project, name))?;
    let only = versions.len() == 1;
    let referent = Referent::Version { name: name.into(), version: version.into(), only };
    referents::refuse(overlay, project, &referent, seen)?;
    let bytes = BlobRef { digest: module.digest, size: module.size };
    stored::let_go(overlay, project, MODULES, bytes)?;
    overlay.put(Table::RetiredVersions, &key, &module.digest)?;
    if only {
        // Whatever has this name one day is granted nothing yet.
        overlay.remove(Table::Grants, &keys::named(project, name))?;
    }
    overlay.remove(Table::Modules, &key)
}

pub(crate) fn module_version(
    shared: &Shared,
    project: ProjectRef,
    name: &str,
    version: Option<&str>,
) -> Result<Option<ModuleVersion>, StoreError> {
    let database = &shared.database;
    let read = |key| shared.modules.read(database, key);
    let current = match version {
        Some(version) => Some(version.to_owned()),
        None => database.get(Table::CurrentVersions, &keys::named(project, name))?,
    };
    let chosen = current.map(|version| read(keys::module_version(project, name, &version))).transpose()?;
    let found = match (chosen.flatten(), version) {
        (Some(known), _) => Some(known),
        (None, Some(_)) => None,
        (None, None) => {
            let keys = database.keys(Table::Modules, &keys::module_name(project, name))?;
            let versions = keys.into_iter().filter_map(|key| read(key.to_vec()).transpose());
            let versions = versions.collect::<Result<Vec<_>, _>>()?;
            versions.into_iter().max_by_key(|known| (Precedence::of(&known.module.version), known.number))
        }
    };
    Ok(found.map(|known| known.module.clone()))
}

pub(crate) fn module_versions(
    database: &Database,
    project: ProjectRef,
) -> Result<Vec<ModuleVersion>, StoreError> {
    let numbered = numbered_versions(database, &keys::project(project))?;
    Ok(numbered.into_iter().map(|(_, module)| module).collect())
}

pub(crate) fn module_versions_page(
    database: &Database,
    project: ProjectRef,
    name: Option<&str>,
    seek: &Seek<(String, u32)>,
) -> Result<Page<NumberedVersion>, StoreError> {
    let prefix = name.map_or_else(|| keys::project(project), |name| keys::module_name(project, name));
    Ok(cut(numbered_versions(database, &prefix)?, seek))
}

fn numbered_versions(database: &Database, prefix: &[u8]) -> Result<Vec<NumberedVersion>, StoreError> {
    let stored: Vec<StoredModule> = database.scan(Table::Modules, prefix)?;
    let numbered = stored.iter().map(|stored| Ok((stored.number, stored.module()?)));
    let mut numbered = numbered.collect::<Result<Vec<_>, StoreError>>()?;
    numbered.sort_by_key(Row::position);
    Ok(numbered)
}

pub(crate) fn activate_module(
    overlay: &mut Overlay<'_>,
    project: ProjectRef,
    activation: &Activation,
) -> Result<(), StoreError> {
    refuse_removed(overlay, project)?;
    if let Some(VersionName { name, version }) = &activation.module
        && overlay.value(Table::Modules, &keys::module_version(project, name, version))?.is_none()
    {
        return Err(StoreError::NotFound("module version"));
    }
    if let Some(VersionName { name, version }) = &activation.module {
        overlay.put(Table::CurrentVersions, &keys::named(project, name), version)?;
    }
    let number = overlay.next_number(&counters::activations(project))?;
    overlay.put(Table::Activations, &keys::activation(project, number), activation)?;
    overlay.put(Table::ActiveModules, &keys::active_module(project, activation.job_type), activation)
}

pub(crate) fn activations(database: &Database, project: ProjectRef) -> Result<Vec<Activation>, StoreError> {
    let mut activations: Vec<_> = database.scan(Table::Activations, &keys::project(project))?;
    activations.reverse();
    Ok(activations)
}

pub(crate) fn activations_page(
    database: &Database,
    project: ProjectRef,
    seek: &Seek<Reverse<u32>>,
) -> Result<Page<NumberedActivation>, StoreError> {
    let prefix = keys::project(project);
    let mut end = match seek.after {
        Some(Reverse(number)) => keys::activation(project, number),
        None => keys::behind_numbers(project),
    };
    let mut pager = Pager::new(seek.limit);
    while let Some(key) = database.last_key(Table::Activations, &prefix, &end)? {
        let number = keys::number_of(&key).ok_or_else(|| damaged(Table::Activations))?;
        let activation: Option<Activation> = database.get(Table::Activations, &key)?;
        if activation.is_some_and(|activation| pager.push((number, activation)).is_break()) {
            break;
        }
        end = key;
    }
    Ok(pager.finish())
}

pub(crate) fn active_module(
    shared: &Shared,
    project: ProjectRef,
    job_type: JobType,
) -> Result<Option<ModuleVersion>, StoreError> {
    let activation: Option<Activation> =
        shared.database.get(Table::ActiveModules, &keys::active_module(project, job_type))?;
    match activation.and_then(|activation| activation.module) {
        Some(VersionName { name, version }) => module_version(shared, project, &name, Some(&version)),
        None => Ok(None),
    }
}

//! Datasets, pipelines, modules.

use crate::codec::damaged;
use crate::committer::Shared;
use crate::database::{Database, Read};
use crate::dump::Batch;
use crate::keys::{self, Table, counters};
use crate::modules::StoredModule;
use crate::overlay::Overlay;
use crate::references::{self, Seen};
use crate::removal::refuse_removed;
use crate::stored::{self, DATASETS, MODULES, Part};
use crate::{schedules, tenancy};
use fuelcell_domain::{
    Activation, Dataset, DatasetId, Digest, Job, JobType, ModuleVersion, Ordinal, Pipeline, PipelineId,
    Precedence, ProjectRef, Timestamp, VersionName,
};
use fuelcell_store::pages::{NumberedActivation, NumberedVersion, Page, Pager, Row, Seek, cut};
use fuelcell_store::references::{Referent, counted_rows, other_bytes};
use fuelcell_store::{BlobRef, StoreError};
use std::cmp::Reverse;

pub(crate) fn put_dataset(overlay: &mut Overlay<'_>, mut dataset: Dataset) -> Result<Dataset, StoreError> {
    refuse_removed(overlay, dataset.project)?;
    let key = keys::in_project(dataset.project, *dataset.id.0.as_bytes());
    let before: Option<Dataset> = overlay.get(Table::Datasets, &key)?;
    if let Some(before) = &before {
        dataset.replaces(before);
    }
    if before.as_ref().is_none_or(|before| before.digest != dataset.digest) {
        store_bytes(overlay, dataset.project, DATASETS, before.as_ref().map(bytes_of), bytes_of(&dataset))?;
    }
    overlay.put(Table::Datasets, &key, &dataset)?;
    Ok(dataset)
}

pub(crate) fn delete_dataset(
    overlay: &mut Overlay<'_>,
    project: ProjectRef,
    id: DatasetId,
    seen: Seen,
) -> Result<(), StoreError> {
    let key = keys::in_project(project, *id.0.as_bytes());
    let dataset: Dataset = overlay.get(Table::Datasets, &key)?.ok_or(StoreError::NotFound("dataset"))?;
    references::refuse(overlay, project, &Referent::Dataset(id), seen)?;
    stored::let_go(overlay, project, DATASETS, bytes_of(&dataset))?;
    overlay.remove(Table::Datasets, &key)
}

fn bytes_of(dataset: &Dataset) -> BlobRef {
    BlobRef { digest: dataset.digest, size: dataset.size }
}

/// Sets the row count of the dataset that a completed job counted.
pub(crate) fn count_rows(overlay: &mut Overlay<'_>, job: &Job) -> Result<(), StoreError> {
    let Some((id, digest, rows)) = counted_rows(job) else { return Ok(()) };
    let key = keys::in_project(job.project, *id.0.as_bytes());
    match overlay.get::<Dataset>(Table::Datasets, &key)? {
        Some(dataset) if dataset.digest == digest && dataset.row_count != Some(rows) => {
            overlay.put(Table::Datasets, &key, &Dataset { row_count: Some(rows), ..dataset })
        }
        _ => Ok(()),
    }
}

/// Counts bytes of a part in place of others, if the project's quota admits it.
fn store_bytes(
    overlay: &mut Overlay<'_>,
    project: ProjectRef,
    part: Part,
    before: Option<BlobRef>,
    bytes: BlobRef,
) -> Result<(), StoreError> {
    // They may have been replaced a while ago, and lie there still.
    stored::settle(overlay, project, bytes.digest)?;
    let stored = stored::of_project(overlay, project)?;
    let replaced = before.map_or(0, |before| before.size);
    tenancy::project_limits(overlay, project)?.admit_bytes(stored, replaced, bytes.size)?;
    if let Some(before) = before {
        stored::let_go(overlay, project, part, before)?;
    }
    stored::replace(overlay, project, part, 0, bytes.size)
}

pub(crate) fn dataset(
    database: &Database,
    project: ProjectRef,
    id: DatasetId,
) -> Result<Option<Dataset>, StoreError> {
    database.get(Table::Datasets, &keys::in_project(project, *id.0.as_bytes()))
}

pub(crate) fn datasets(database: &Database, project: ProjectRef) -> Result<Vec<Dataset>, StoreError> {
    let mut datasets: Vec<Dataset> = database.scan(Table::Datasets, &keys::project(project))?;
    datasets.sort_by_key(|dataset| (dataset.created_at, dataset.id));
    Ok(datasets)
}

pub(crate) fn datasets_page(
    database: &Database,
    project: ProjectRef,
    seek: &Seek<(Timestamp, DatasetId)>,
) -> Result<Page<Dataset>, StoreError> {
    Ok(cut(datasets(database, project)?, seek))
}

pub(crate) fn put_pipeline(
    overlay: &mut Overlay<'_>,
    mut pipeline: Pipeline,
) -> Result<Pipeline, StoreError> {
    refuse_removed(overlay, pipeline.project)?;
    let key = keys::in_project(pipeline.project, *pipeline.id.0.as_bytes());
    match schedules::pipeline(overlay, &key)? {
        Some(first) => pipeline.replaces(&first),
        None => pipeline.ordinal = overlay.next_number(&counters::pipelines(pipeline.project))?,
    }
    overlay.put(Table::Pipelines, &key, &pipeline)?;
    schedules::put(overlay, &key, &pipeline)?;
    Ok(pipeline)
}

pub(crate) fn pipeline(
    database: &Database,
    project: ProjectRef,
    id: PipelineId,
) -> Result<Option<Pipeline>, StoreError> {
    schedules::pipeline(database, &keys::in_project(project, *id.0.as_bytes()))
}

pub(crate) fn pipelines(database: &Database, project: ProjectRef) -> Result<Vec<Pipeline>, StoreError> {
    let keys = database.keys(Table::Pipelines, &keys::project(project))?;
    let found = keys.iter().filter_map(|key| schedules::pipeline(database, key).transpose());
    let mut pipelines = found.collect::<Result<Vec<_>, _>>()?;
    pipelines.sort_by_key(|pipeline| pipeline.ordinal);
    Ok(pipelines)
}

pub(crate) fn pipelines_page(
    database: &Database,
    project: ProjectRef,
    seek: &Seek<Ordinal>,
) -> Result<Page<Pipeline>, StoreError> {
    Ok(cut(pipelines(database, project)?, seek))
}

pub(crate) fn delete_pipeline(
    overlay: &mut Overlay<'_>,
    project: ProjectRef,
    id: PipelineId,
) -> Result<(), StoreError> {
    let key = keys::in_project(project, *id.0.as_bytes());
    match overlay.value(Table::Pipelines, &key)? {
        Some(_) => {
            overlay.remove(Table::Schedules, &key)?;
            overlay.remove(Table::Pipelines, &key)
        }
        None => Err(StoreError::NotFound("pipeline")),
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
    store_bytes(overlay, project, MODULES, None, bytes)?;
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
    references::refuse(overlay, project, &referent, seen)?;
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
    numbered.sort_by_key(Row::place);
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

/// Writes down, for a store of a layout that did not, which version of each module was activated last.
pub(crate) fn gather_current(database: &Database, batch: &mut Batch<'_>) -> Result<(), StoreError> {
    // By project and number: later activations come after those before them, and replace what they wrote.
    for key in database.keys(Table::Activations, &[])? {
        let activation: Option<Activation> = database.get(Table::Activations, &key)?;
        let Some(VersionName { name, version }) = activation.and_then(|activation| activation.module) else {
            continue;
        };
        let project = key.get(..keys::PROJECT).ok_or_else(|| damaged(Table::Activations))?;
        batch.put(Table::CurrentVersions, &[project, name.as_bytes()].concat(), &version)?;
    }
    Ok(())
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

/// The activations that hold.
pub(crate) fn active(overlay: &Overlay<'_>, project: ProjectRef) -> Result<Vec<Activation>, StoreError> {
    overlay.scan(Table::ActiveModules, &keys::project(project))
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

//! Datasets, pipelines, modules.

use crate::codec::damaged;
use crate::database::{Database, Read};
use crate::keys::{self, Table, counters};
use crate::overlay::Overlay;
use fuelcell_domain::{Dataset, DatasetId, JobType, ModuleVersion, Pipeline, PipelineId, ProjectRef};
use fuelcell_store::StoreError;
use serde::{Deserialize, Serialize};

pub(crate) fn put_dataset(overlay: &mut Overlay<'_>, mut dataset: Dataset) -> Result<Dataset, StoreError> {
    let key = keys::in_project(dataset.project, *dataset.id.0.as_bytes());
    if let Some(first) = overlay.get::<Dataset>(Table::Datasets, &key)? {
        dataset.created_at = first.created_at;
    }
    overlay.put(Table::Datasets, &key, &dataset)?;
    Ok(dataset)
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

pub(crate) fn put_pipeline(
    overlay: &mut Overlay<'_>,
    mut pipeline: Pipeline,
) -> Result<Pipeline, StoreError> {
    let key = keys::in_project(pipeline.project, *pipeline.id.0.as_bytes());
    match overlay.get::<Pipeline>(Table::Pipelines, &key)? {
        Some(first) => {
            pipeline.ordinal = first.ordinal;
            pipeline.created_at = first.created_at;
        }
        None => pipeline.ordinal = overlay.next_number(&counters::pipelines(pipeline.project))?,
    }
    overlay.put(Table::Pipelines, &key, &pipeline)?;
    Ok(pipeline)
}

pub(crate) fn pipeline(
    database: &Database,
    project: ProjectRef,
    id: PipelineId,
) -> Result<Option<Pipeline>, StoreError> {
    database.get(Table::Pipelines, &keys::in_project(project, *id.0.as_bytes()))
}

pub(crate) fn pipelines(database: &Database, project: ProjectRef) -> Result<Vec<Pipeline>, StoreError> {
    let mut pipelines: Vec<Pipeline> = database.scan(Table::Pipelines, &keys::project(project))?;
    pipelines.sort_by_key(|pipeline| pipeline.ordinal);
    Ok(pipelines)
}

/// A module version on disk. Its manifest holds free JSON, which postcard cannot read back, so the record is JSON inside.
#[derive(Serialize, Deserialize)]
struct StoredModule {
    /// Rises with every version added.
    number: u32,
    json: String,
}

impl StoredModule {
    fn of(number: u32, module: &ModuleVersion) -> Result<Self, StoreError> {
        let json = serde_json::to_string(module);
        let json =
            json.map_err(|error| StoreError::Storage(format!("a module cannot be written: {error}")))?;
        Ok(Self { number, json })
    }

    fn module(&self) -> Result<ModuleVersion, StoreError> {
        serde_json::from_str(&self.json).map_err(|_| damaged(Table::Modules))
    }
}

pub(crate) fn add_module_version(
    overlay: &mut Overlay<'_>,
    module: ModuleVersion,
) -> Result<ModuleVersion, StoreError> {
    let project = module.project.ok_or(StoreError::NotFound("project"))?;
    let key = keys::module_version(project, &module.name, &module.version);
    if let Some(stored) = overlay.get::<StoredModule>(Table::Modules, &key)? {
        let first = stored.module()?;
        return match first.digest == module.digest {
            true => Ok(first),
            false => Err(StoreError::Conflict(format!(
                "{} {} exists already with other bytes; a version's bytes never change",
                module.name, module.version
            ))),
        };
    }
    let number = overlay.next_number(&counters::modules())?;
    overlay.put(Table::Modules, &key, &StoredModule::of(number, &module)?)?;
    Ok(module)
}

pub(crate) fn module_version(
    database: &Database,
    project: ProjectRef,
    name: &str,
    version: Option<&str>,
) -> Result<Option<ModuleVersion>, StoreError> {
    let stored = match version {
        Some(version) => database.get(Table::Modules, &keys::module_version(project, name, version))?,
        None => {
            let versions: Vec<StoredModule> =
                database.scan(Table::Modules, &keys::module_name(project, name))?;
            versions.into_iter().max_by_key(|stored| stored.number)
        }
    };
    stored.map(|stored| stored.module()).transpose()
}

pub(crate) fn module_versions(
    database: &Database,
    project: ProjectRef,
) -> Result<Vec<ModuleVersion>, StoreError> {
    let mut stored: Vec<StoredModule> = database.scan(Table::Modules, &keys::project(project))?;
    stored.sort_by_key(|stored| stored.number);
    let mut modules: Vec<_> = stored.iter().map(StoredModule::module).collect::<Result<_, _>>()?;
    // The sort is stable, so that versions of one name stay in the order in which they were added.
    modules.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(modules)
}

pub(crate) fn activate_module(
    overlay: &mut Overlay<'_>,
    project: ProjectRef,
    job_type: JobType,
    choice: Option<(String, String)>,
) -> Result<(), StoreError> {
    let key = keys::active_module(project, job_type);
    let Some((name, version)) = choice else {
        return overlay.remove(Table::ActiveModules, &key);
    };
    if overlay.value(Table::Modules, &keys::module_version(project, &name, &version))?.is_none() {
        return Err(StoreError::NotFound("module version"));
    }
    overlay.put(Table::ActiveModules, &key, &(name, version))
}

pub(crate) fn active_module(
    database: &Database,
    project: ProjectRef,
    job_type: JobType,
) -> Result<Option<ModuleVersion>, StoreError> {
    let choice =
        database.get::<(String, String)>(Table::ActiveModules, &keys::active_module(project, job_type))?;
    match choice {
        Some((name, version)) => module_version(database, project, &name, Some(&version)),
        None => Ok(None),
    }
}

//! Pipelines. Their schedules lie beside them, under the same key: a run moves the schedule on and leaves the pipeline alone.

use crate::records::removed::refuse_removed;
use crate::store::SledStore;
use crate::tables::database::{Database, Read};
use crate::tables::keys::{self, Table, counters};
use crate::verbs::submissions;
use crate::write::overlay::Overlay;
use async_trait::async_trait;
use fuelcell_domain::{Ordinal, Pipeline, PipelineId, ProjectRef, Schedule};
use fuelcell_store::pages::cut;
use fuelcell_store::schedules::{self, ScheduleStep};
use fuelcell_store::verbs::Pipelines;
use fuelcell_store::{NewJob, Page, Seek, StoreError};

#[async_trait]
impl Pipelines for SledStore {
    async fn put_pipeline(&self, pipeline: Pipeline) -> Result<Pipeline, StoreError> {
        self.write(move |overlay| put_pipeline(overlay, pipeline)).await
    }

    async fn pipeline(&self, project: ProjectRef, id: PipelineId) -> Result<Option<Pipeline>, StoreError> {
        pipeline(self.database()?, project, id)
    }

    async fn pipelines(&self, project: ProjectRef) -> Result<Vec<Pipeline>, StoreError> {
        self.read_many(move |shared| pipelines(&shared.database, project)).await
    }

    async fn pipelines_page(
        &self,
        project: ProjectRef,
        seek: Seek<Ordinal>,
    ) -> Result<Page<Pipeline>, StoreError> {
        self.read_many(move |shared| pipelines_page(&shared.database, project, &seek)).await
    }

    async fn delete_pipeline(&self, project: ProjectRef, id: PipelineId) -> Result<(), StoreError> {
        self.end(move |overlay| delete_pipeline(overlay, project, id)).await
    }

    async fn scheduled_pipelines(&self) -> Result<Vec<Pipeline>, StoreError> {
        self.read_many(move |shared| all_scheduled(&shared.database)).await
    }

    async fn advance_schedule(&self, step: ScheduleStep) -> Result<(), StoreError> {
        self.write(move |overlay| advance(overlay, step)).await
    }
}

pub(crate) fn put_pipeline(
    overlay: &mut Overlay<'_>,
    mut pipeline: Pipeline,
) -> Result<Pipeline, StoreError> {
    refuse_removed(overlay, pipeline.project)?;
    let key = keys::in_project(pipeline.project, *pipeline.id.0.as_bytes());
    match with_schedule(overlay, &key)? {
        Some(first) => pipeline.replaces(&first),
        None => pipeline.ordinal = overlay.next_number(&counters::pipelines(pipeline.project))?.into(),
    }
    overlay.put(Table::Pipelines, &key, &pipeline)?;
    put_schedule(overlay, &key, &pipeline)?;
    Ok(pipeline)
}

pub(crate) fn pipeline(
    database: &Database,
    project: ProjectRef,
    id: PipelineId,
) -> Result<Option<Pipeline>, StoreError> {
    with_schedule(database, &keys::in_project(project, *id.0.as_bytes()))
}

pub(crate) fn pipelines(database: &Database, project: ProjectRef) -> Result<Vec<Pipeline>, StoreError> {
    let keys = database.keys(Table::Pipelines, &keys::project(project))?;
    let found = keys.iter().filter_map(|key| with_schedule(database, key).transpose());
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

/// The pipeline under the key, with its schedule.
pub(crate) fn with_schedule(records: &impl Read, key: &[u8]) -> Result<Option<Pipeline>, StoreError> {
    let Some(pipeline) = records.get::<Pipeline>(Table::Pipelines, key)? else { return Ok(None) };
    Ok(Some(Pipeline { schedule: records.get(Table::Schedules, key)?, ..pipeline }))
}

/// Writes the pipeline's schedule, or removes what was there before.
pub(crate) fn put_schedule(
    overlay: &mut Overlay<'_>,
    key: &[u8],
    pipeline: &Pipeline,
) -> Result<(), StoreError> {
    match &pipeline.schedule {
        Some(schedule) => overlay.put(Table::Schedules, key, schedule),
        None => overlay.remove(Table::Schedules, key),
    }
}

/// All pipelines with a schedule.
pub(crate) fn all_scheduled(database: &Database) -> Result<Vec<Pipeline>, StoreError> {
    let keys = database.keys(Table::Schedules, &[])?;
    keys.iter().filter_map(|key| with_schedule(database, key).transpose()).collect()
}

pub(crate) fn advance(overlay: &mut Overlay<'_>, step: ScheduleStep) -> Result<(), StoreError> {
    let key = keys::in_project(step.project, *step.pipeline.0.as_bytes());
    let stored: Option<Schedule> = overlay.get(Table::Schedules, &key)?;
    schedules::check(&step, stored.as_ref())?;
    if let Some(job) = step.job {
        submissions::submit(overlay, NewJob::from(job))?;
    }
    if let Some((job, request)) = step.replaces {
        schedules::replaced(submissions::request_cancel(overlay, step.project, job, request))?;
    }
    overlay.put(Table::Schedules, &key, &step.after)
}

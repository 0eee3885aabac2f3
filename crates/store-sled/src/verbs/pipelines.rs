//! Schedules lie beside their pipelines, under the same key: a run moves the schedule on and leaves the pipeline alone.

use crate::database::{Database, Read};
use crate::jobs;
use crate::keys::{self, Table};
use crate::overlay::Overlay;
use fuelcell_domain::{Pipeline, Schedule};
use fuelcell_store::schedules::{self, ScheduleStep};
use fuelcell_store::{NewJob, StoreError};

/// The pipeline under the key, with its schedule.
pub(crate) fn pipeline(records: &impl Read, key: &[u8]) -> Result<Option<Pipeline>, StoreError> {
    let Some(pipeline) = records.get::<Pipeline>(Table::Pipelines, key)? else { return Ok(None) };
    Ok(Some(Pipeline { schedule: records.get(Table::Schedules, key)?, ..pipeline }))
}

/// Writes the pipeline's schedule, or removes what was there before.
pub(crate) fn put(overlay: &mut Overlay<'_>, key: &[u8], pipeline: &Pipeline) -> Result<(), StoreError> {
    match &pipeline.schedule {
        Some(schedule) => overlay.put(Table::Schedules, key, schedule),
        None => overlay.remove(Table::Schedules, key),
    }
}

/// All pipelines with a schedule.
pub(crate) fn all(database: &Database) -> Result<Vec<Pipeline>, StoreError> {
    let keys = database.keys(Table::Schedules, &[])?;
    keys.iter().filter_map(|key| pipeline(database, key).transpose()).collect()
}

pub(crate) fn advance(overlay: &mut Overlay<'_>, step: ScheduleStep) -> Result<(), StoreError> {
    let key = keys::in_project(step.project, *step.pipeline.0.as_bytes());
    let stored: Option<Schedule> = overlay.get(Table::Schedules, &key)?;
    schedules::check(&step, stored.as_ref())?;
    if let Some(job) = step.job {
        jobs::submit(overlay, NewJob::from(job))?;
    }
    if let Some((job, request)) = step.replaces {
        schedules::replaced(jobs::request_cancel(overlay, step.project, job, request))?;
    }
    overlay.put(Table::Schedules, &key, &step.after)
}

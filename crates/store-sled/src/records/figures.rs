//! Figures that follow from transitions: a tenant's day, a module's latest durations.

use crate::tables::database::Read;
use crate::tables::keys::{self, Table};
use crate::write::overlay::Overlay;
use fuelcell_domain::{Digest, Job, JobState, TenantId, Timestamp};
use fuelcell_store::jobs::{first_wait, run_micros, utc_day};
use fuelcell_store::{RECENT_DURATIONS, StoreError};
use serde::{Deserialize, Serialize};

/// What happened to a tenant's jobs in one UTC day. Absolute values, written with the transition that changes them.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct DayFigures {
    pub(crate) completed: u64,
    pub(crate) failed: u64,
    pub(crate) duration_micros: u64,
    pub(crate) started: u64,
    pub(crate) wait_micros: u64,
}

/// Counts a transition.
pub(crate) fn follow(overlay: &mut Overlay<'_>, before: &Job, after: &Job) -> Result<(), StoreError> {
    if before.state == after.state {
        return Ok(());
    }
    match after.state {
        JobState::Running if after.attempt == 1 => count_start(overlay, before, after),
        JobState::Completed => {
            remember_duration(overlay, after)?;
            count_end(overlay, after)
        }
        JobState::Failed => count_end(overlay, after),
        JobState::Queued | JobState::Running | JobState::Cancelled => Ok(()),
    }
}

fn count_start(overlay: &mut Overlay<'_>, before: &Job, after: &Job) -> Result<(), StoreError> {
    let Some(now) = after.started_at else { return Ok(()) };
    let wait = u64::try_from(first_wait(before, now).as_micros()).unwrap_or(u64::MAX);
    change_day(overlay, after, now, |day| {
        day.started += 1;
        day.wait_micros = day.wait_micros.saturating_add(wait);
    })
}

fn count_end(overlay: &mut Overlay<'_>, job: &Job) -> Result<(), StoreError> {
    let Some(now) = job.ended_at else { return Ok(()) };
    change_day(overlay, job, now, |day| match job.state {
        JobState::Completed => {
            day.completed += 1;
            day.duration_micros = day.duration_micros.saturating_add(run_micros(job));
        }
        _ => day.failed += 1,
    })
}

fn change_day(
    overlay: &mut Overlay<'_>,
    job: &Job,
    at: Timestamp,
    change: impl FnOnce(&mut DayFigures),
) -> Result<(), StoreError> {
    let mut figures = day(overlay, job.project.tenant, at)?;
    change(&mut figures);
    overlay.put(Table::DayFigures, &keys::tenant_day(job.project.tenant, utc_day(at)), &figures)
}

/// A tenant's figures of the UTC day of a moment.
pub(crate) fn day(records: &impl Read, tenant: TenantId, at: Timestamp) -> Result<DayFigures, StoreError> {
    Ok(records.get(Table::DayFigures, &keys::tenant_day(tenant, utc_day(at)))?.unwrap_or_default())
}

fn remember_duration(overlay: &mut Overlay<'_>, job: &Job) -> Result<(), StoreError> {
    if job.profile {
        return Ok(());
    }
    let mut durations = durations(overlay, job.module.digest)?;
    durations.truncate(RECENT_DURATIONS - 1);
    durations.insert(0, run_micros(job));
    overlay.put(Table::Durations, &job.module.digest.0, &durations)
}

/// Durations of a module's latest completed runs, newest first.
pub(crate) fn durations(records: &impl Read, module: Digest) -> Result<Vec<u64>, StoreError> {
    Ok(records.get(Table::Durations, &module.0)?.unwrap_or_default())
}

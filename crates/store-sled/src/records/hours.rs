//! What happened in each of a project's latest hours: a record for each, in a ring, brought forward with the sums of days.

use crate::tables::database::{Database, Read};
use crate::tables::keys::{self, Table};
use crate::write::overlay::Overlay;
use fuelcell_domain::{Job, ProjectRef, Timestamp};
use fuelcell_store::StoreError;
use fuelcell_store::hours::HourFigures;
use fuelcell_store::usage::UsageSums;

/// Counts what has happened to a job.
pub(crate) fn count(
    overlay: &mut Overlay<'_>,
    job: &Job,
    sums: UsageSums,
    at: Timestamp,
) -> Result<(), StoreError> {
    let hour = HourFigures::of(job, sums, at);
    let key = keys::hour(job.project, hour.hour);
    let mut figures: HourFigures = overlay.get(Table::Hours, &key)?.unwrap_or_default();
    figures.add(&hour);
    overlay.put(Table::Hours, &key, &figures)
}

/// What is kept of these hours, the earliest first.
pub(crate) fn report(
    database: &Database,
    project: ProjectRef,
    from: i64,
    to: i64,
) -> Result<Vec<HourFigures>, StoreError> {
    let mut hours: Vec<HourFigures> = database.scan(Table::Hours, &keys::project(project))?;
    hours.retain(|figures| (from..=to).contains(&figures.hour));
    hours.sort_by_key(|figures| figures.hour);
    Ok(hours)
}

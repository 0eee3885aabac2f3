//! What attempts used: a record for each project, day and value, brought forward by the transaction that writes a receipt
//! or ends a job. The record of the whole day knows how many values are told apart, so that there are not too many.

use crate::records::hours;
use crate::tables::database::{Database, Read};
use crate::tables::keys::{self, Table};
use crate::write::overlay::Overlay;
use fuelcell_domain::{Job, ProjectRef, Receipt, Timestamp};
use fuelcell_store::StoreError;
use fuelcell_store::jobs::utc_day;
use fuelcell_store::usage::{Dimension, UsageQuery, UsageReport, UsageSums, VALUES_A_DAY, values_of};
use serde::{Deserialize, Serialize};
use std::ops::Bound::{Excluded, Included};
use std::ops::ControlFlow;

/// Sums of a day on disk.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct StoredUsage {
    pub(crate) sums: UsageSums,
    /// In the record of the whole day: how many values of each other dimension have a record.
    pub(crate) named: [u32; 3],
}

/// Counts that an attempt has ended with this receipt, or the job, or both.
pub(crate) fn count(
    overlay: &mut Overlay<'_>,
    job: &Job,
    receipt: Option<&Receipt>,
    at: Timestamp,
) -> Result<(), StoreError> {
    let sums = UsageSums::of(job, receipt);
    hours::count(overlay, job, sums, at)?;
    enter(overlay, job, &sums, utc_day(at))
}

fn enter(overlay: &mut Overlay<'_>, job: &Job, sums: &UsageSums, day: i64) -> Result<(), StoreError> {
    let key = |dimension, value: Option<&str>| keys::usage(job.project, dimension, day, value);
    let whole_day = key(Dimension::Total, None);
    let mut whole = overlay.get::<StoredUsage>(Table::Usage, &whole_day)?.unwrap_or_default();
    whole.sums.add(sums);
    for (dimension, value) in values_of(job) {
        let named = &mut whole.named[dimension as usize - 1];
        let own = key(dimension, Some(&value));
        let (key, mut record) = match overlay.get::<StoredUsage>(Table::Usage, &own)? {
            Some(record) => (own, record),
            None if *named < VALUES_A_DAY => {
                *named += 1;
                (own, StoredUsage::default())
            }
            None => {
                let others = key(dimension, None);
                let record = overlay.get(Table::Usage, &others)?.unwrap_or_default();
                (others, record)
            }
        };
        record.sums.add(sums);
        overlay.put(Table::Usage, &key, &record)?;
    }
    overlay.put(Table::Usage, &whole_day, &whole)
}

/// Sums up. Of projects that nobody asks for, and of what is not to be told apart, nothing is read.
pub(crate) fn report(database: &Database, query: &UsageQuery) -> Result<UsageReport, StoreError> {
    let mut report = UsageReport::default();
    let tenant = query.tenant.map(|tenant| *tenant.0.as_bytes()).unwrap_or_default();
    let project = query.project.map(|project| *project.0.as_bytes()).unwrap_or_default();
    let mut before = [tenant, project].concat();
    while let Some(found) = next_project(database, &before)? {
        if query.is_about(found) {
            add(database, query, found, &mut report)?;
        } else if query.tenant.is_some_and(|tenant| found.tenant > tenant) || query.project.is_some() {
            break;
        }
        before = keys::behind_usage(found);
    }
    Ok(report)
}

fn next_project(database: &Database, before: &[u8]) -> Result<Option<ProjectRef>, StoreError> {
    let mut next = None;
    database.visit_values(Table::Usage, Some(before), |key, _| {
        next = keys::usage_of(key).map(|(project, ..)| project);
        Ok(ControlFlow::Break(()))
    })?;
    Ok(next)
}

fn add(
    database: &Database,
    query: &UsageQuery,
    project: ProjectRef,
    report: &mut UsageReport,
) -> Result<(), StoreError> {
    let from = keys::usage_day(project, query.dimension, query.from);
    let end = keys::usage_day(project, query.dimension, query.to.saturating_add(1));
    if from >= end {
        return Ok(());
    }
    database.visit_range(Table::Usage, (Included(from), Excluded(end)), |key, record: StoredUsage| {
        if let Some((_, _, day, value)) = keys::usage_of(key) {
            report.add(query.group(project, day, value), &record.sums);
        }
        ControlFlow::Continue(())
    })
}

/// What a job and its receipts add to the sums of which days.
pub(crate) fn kept_sums(records: &impl Read, job: &Job) -> Result<Vec<(i64, UsageSums)>, StoreError> {
    let mut kept = Vec::new();
    for attempt in 1..=job.attempt {
        if let Some(receipt) = records.get::<Receipt>(Table::Receipts, &keys::of_job(job.id, attempt))? {
            kept.push((utc_day(receipt.ended_at), UsageSums::of_attempt(&receipt)));
        }
    }
    kept.extend(job.ended_at.map(|at| (utc_day(at), UsageSums::of(job, None))));
    Ok(kept)
}

//! What attempts used: a record for each project, day and value, brought forward by the transaction that writes a receipt
//! or ends a job. The record of the whole day knows how many values are told apart, so that there are not too many.

use crate::offline::dump::Batch;
use crate::records::hours;
use crate::records::job as records;
use crate::tables::database::{Database, Read};
use crate::tables::keys::{self, JobKey, Table};
use crate::write::overlay::Overlay;
use fuelcell_domain::{Job, ProjectRef, Receipt, Timestamp};
use fuelcell_store::StoreError;
use fuelcell_store::jobs::utc_day;
use fuelcell_store::usage::{Dimension, UsageQuery, UsageReport, UsageSums, VALUES_A_DAY, values_of};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ops::Bound::{Excluded, Included};
use std::ops::ControlFlow;

/// Sums of a day on disk.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct StoredUsage {
    pub(crate) sums: UsageSums,
    /// In the record of the whole day: how many values of each other dimension have a record.
    pub(crate) named: [u32; 3],
}

/// Where such records are kept.
pub(crate) trait Book {
    fn read(&self, key: &[u8]) -> Result<Option<StoredUsage>, StoreError>;
    fn enter(&mut self, key: Vec<u8>, record: StoredUsage) -> Result<(), StoreError>;
}

impl Book for Overlay<'_> {
    fn read(&self, key: &[u8]) -> Result<Option<StoredUsage>, StoreError> {
        self.get(Table::Usage, key)
    }

    fn enter(&mut self, key: Vec<u8>, record: StoredUsage) -> Result<(), StoreError> {
        self.put(Table::Usage, &key, &record)
    }
}

impl Book for BTreeMap<Vec<u8>, StoredUsage> {
    fn read(&self, key: &[u8]) -> Result<Option<StoredUsage>, StoreError> {
        Ok(self.get(key).cloned())
    }

    fn enter(&mut self, key: Vec<u8>, record: StoredUsage) -> Result<(), StoreError> {
        self.insert(key, record);
        Ok(())
    }
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

fn enter(book: &mut impl Book, job: &Job, sums: &UsageSums, day: i64) -> Result<(), StoreError> {
    let key = |dimension, value: Option<&str>| keys::usage(job.project, dimension, day, value);
    let whole_day = key(Dimension::Total, None);
    let mut whole = book.read(&whole_day)?.unwrap_or_default();
    whole.sums.add(sums);
    for (dimension, value) in values_of(job) {
        let named = &mut whole.named[dimension as usize - 1];
        let own = key(dimension, Some(&value));
        let (key, mut record) = match book.read(&own)? {
            Some(record) => (own, record),
            None if *named < VALUES_A_DAY => {
                *named += 1;
                (own, StoredUsage::default())
            }
            None => {
                let others = key(dimension, None);
                let record = book.read(&others)?.unwrap_or_default();
                (others, record)
            }
        };
        record.sums.add(sums);
        book.enter(key, record)?;
    }
    book.enter(whole_day, whole)
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

/// Sums up the jobs and receipts of a store that was made before there were sums.
pub(crate) fn gather(database: &Database, batch: &mut Batch<'_>) -> Result<(), StoreError> {
    let mut book: BTreeMap<Vec<u8>, StoredUsage> = BTreeMap::new();
    for place in database.keys(Table::Jobs, &[])? {
        let Some(job) =
            JobKey::from_key(&place).map(|place| records::load(database, place)).transpose()?.flatten()
        else {
            continue;
        };
        for (day, sums) in kept_sums(database, &job)? {
            enter(&mut book, &job, &sums, day)?;
        }
    }
    book.into_iter().try_for_each(|(key, record)| batch.put(Table::Usage, &key, &record))
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

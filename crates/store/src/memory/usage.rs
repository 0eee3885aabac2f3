//! What attempts used: every event is kept, and every question answered by going through all of them.

use super::{Counted, Records};
use crate::hours::{HourFigures, place_of};
use crate::jobs::utc_day;
use crate::usage::{Dimension, UsageQuery, UsageReport, UsageSums, VALUES_A_DAY, values_of};
use fuelcell_domain::{Job, ProjectRef, Receipt, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

impl Records {
    /// Counts that an attempt has ended, or a job, or both.
    pub(super) fn count_usage(&mut self, job: &Job, receipt: Option<&Receipt>, at: Timestamp) {
        let (project, day, values) = (job.project, utc_day(at), values_of(job));
        let sums = UsageSums::of(job, receipt);
        let hour = HourFigures::of(job, sums, at);
        self.hours.entry((project, place_of(hour.hour))).or_default().add(&hour);
        self.counted.push(Counted { project, day, values, sums });
    }

    /// Forgets what the sums of a project are told apart by.
    pub(super) fn keep_totals(&mut self, project: ProjectRef) {
        self.counted.iter_mut().filter(|one| one.project == project).for_each(|one| one.values.clear());
    }

    pub(super) fn usage(&self, query: &UsageQuery) -> UsageReport {
        let mut report = UsageReport::default();
        let mut known: BTreeMap<(ProjectRef, i64), BTreeSet<&str>> = BTreeMap::new();
        for Counted { project, day, values, sums } in &self.counted {
            if query.dimension == Dimension::Total {
                add(&mut report, query, (*project, *day), None, sums);
            }
            for (_, value) in values.iter().filter(|(dimension, _)| *dimension == query.dimension) {
                let known = known.entry((*project, *day)).or_default();
                let is_named = known.contains(value.as_str()) || known.len() < VALUES_A_DAY as usize;
                if is_named {
                    known.insert(value);
                }
                add(&mut report, query, (*project, *day), is_named.then(|| value.clone()), sums);
            }
        }
        report
    }
}

fn add(
    report: &mut UsageReport,
    query: &UsageQuery,
    (project, day): (ProjectRef, i64),
    value: Option<String>,
    sums: &UsageSums,
) {
    if query.is_about(project) && (query.from..=query.to).contains(&day) {
        report.add(query.group(project, day, value), sums);
    }
}

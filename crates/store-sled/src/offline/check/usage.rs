//! Sums of what attempts used: each day's are those of its modules and of its subjects, and cover the receipts that are kept.

use super::Look;
use crate::records::job as records;
use crate::records::usage::{StoredUsage, kept_sums};
use crate::tables::keys::{self, JobKey, Table};
use fuelcell_domain::ProjectRef;
use fuelcell_store::usage::{Dimension, UsageSums};
use std::collections::BTreeMap;
use std::ops::ControlFlow;

/// What is known of a project's day.
#[derive(Default)]
struct Day {
    whole: StoredUsage,
    sums: [UsageSums; 3],
    named: [u32; 3],
}

impl Look<'_> {
    pub(super) fn usage(&mut self) {
        let mut days: BTreeMap<(ProjectRef, i64), Day> = BTreeMap::new();
        self.each(Table::Usage, |look, key, record: StoredUsage| {
            let Some((project, dimension, day, value)) = keys::usage_of(key) else {
                return look.require(false, || format!("sums lie wrongly under {}", keys::hexadecimal(key)));
            };
            let day = days.entry((project, day)).or_default();
            if dimension == Dimension::Total {
                day.whole = record;
            } else {
                let dimension = dimension as usize - 1;
                day.sums[dimension].add(&record.sums);
                day.named[dimension] += u32::from(value.is_some());
            }
        });
        let kept = self.kept_usage();
        for ((project, number), day) in &days {
            let whole = &day.whole;
            // A job has as many labels as it likes.
            // Of those that were deleted the sums of whole days stay.
            let is_going = self.is_taken_away(&keys::project(*project));
            let agree = is_going
                || day.sums[0] == whole.sums && day.sums[1] == whole.sums && day.named == whole.named;
            self.require(agree, || format!("sums of project {project} on day {number} do not agree"));
        }
        for ((project, number), kept) in kept {
            let counted = days.get(&(project, number)).map(|day| day.whole.sums).unwrap_or_default();
            // Of deleted jobs nothing else is kept.
            let fits = match self.has_deleted_jobs(project) {
                true => counted.covers(kept),
                false => counted == kept,
            };
            self.require(fits, || {
                format!("sums of project {project} on day {number} are not those of its receipts")
            });
        }
    }

    fn kept_usage(&mut self) -> BTreeMap<(ProjectRef, i64), UsageSums> {
        let mut kept: BTreeMap<(ProjectRef, i64), UsageSums> = BTreeMap::new();
        let database = self.database;
        // What cannot be read is told where its own table is looked at.
        let _ = database.visit_values(Table::Jobs, None, |key, _| {
            let job = JobKey::from_key(key).and_then(|place| records::load(database, place).ok().flatten());
            if let Some(job) = job
                && let Ok(sums) = kept_sums(database, &job)
            {
                sums.iter().for_each(|(day, sums)| kept.entry((job.project, *day)).or_default().add(sums));
            }
            Ok(ControlFlow::Continue(()))
        });
        kept
    }

    fn has_deleted_jobs(&self, project: ProjectRef) -> bool {
        let some = self.database.some_keys(Table::DeletedJobs, &keys::project(project), 0, 1);
        some.is_ok_and(|keys| !keys.is_empty())
    }
}

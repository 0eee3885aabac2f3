//! The order of queued jobs.

use fuelcell_domain::{ProjectRef, Timestamp};
use fuelcell_store::QueueOrder;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound::{Excluded, Unbounded};

/// Queued jobs in the order in which they start, those that may start at any time apart from those that have a time.
#[derive(Default)]
pub(crate) struct Queue {
    any_time: BTreeSet<QueueOrder>,
    timed: BTreeMap<Timestamp, BTreeSet<QueueOrder>>,
}

impl Queue {
    pub(crate) fn insert(&mut self, order: QueueOrder, not_before: Option<Timestamp>) {
        match not_before {
            None => self.any_time.insert(order),
            Some(at) => self.timed.entry(at).or_default().insert(order),
        };
    }

    pub(crate) fn remove(&mut self, order: QueueOrder, not_before: Option<Timestamp>) {
        let Some(at) = not_before else {
            self.any_time.remove(&order);
            return;
        };
        if let Some(timed) = self.timed.get_mut(&at) {
            timed.remove(&order);
            if timed.is_empty() {
                self.timed.remove(&at);
            }
        }
    }

    /// The first jobs that may start at `now`.
    pub(crate) fn ready(&self, now: Timestamp, limit: usize) -> Vec<QueueOrder> {
        let due = self.timed.range(..=now).flat_map(|(_, timed)| timed);
        let mut ready: Vec<_> = self.any_time.iter().take(limit).chain(due).copied().collect();
        ready.sort_unstable();
        ready.truncate(limit);
        ready
    }

    /// A project's jobs with the number of jobs before each, whether or not their time has come.
    pub(crate) fn of_project(&self, project: ProjectRef) -> Vec<(u64, QueueOrder)> {
        let mut all: Vec<_> = self.any_time.iter().chain(self.timed.values().flatten()).copied().collect();
        all.sort_unstable();
        (0..).zip(all).filter(|(_, order)| order.project == project).collect()
    }

    /// When the next job whose time has not come may start.
    pub(crate) fn next_time(&self, now: Timestamp) -> Option<Timestamp> {
        self.timed.range((Excluded(now), Unbounded)).next().map(|(at, _)| *at)
    }

    /// How many jobs come before this place, whether or not their time has come.
    pub(crate) fn before(&self, order: QueueOrder) -> u64 {
        let timed = self.timed.values().map(|timed| timed.range(..order).count() as u64);
        self.any_time.range(..order).count() as u64 + timed.sum::<u64>()
    }
}

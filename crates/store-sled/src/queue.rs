//! The order of queued jobs.

use fuelcell_domain::{ProjectRef, TenantId, Timestamp};
use fuelcell_store::jobs::share_of_lane;
use fuelcell_store::{Lane, QueueOrder};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound::{Excluded, Unbounded};
use uuid::Uuid;

/// Queued jobs in the order in which they start, those that may start at any time apart from those that have a time.
#[derive(Default)]
pub(crate) struct Queue {
    /// By lane, so that every tenant's first jobs are found at once. No lane is empty.
    any_time: BTreeMap<Lane, BTreeSet<QueueOrder>>,
    timed: BTreeMap<Timestamp, BTreeSet<QueueOrder>>,
}

impl Queue {
    pub(crate) fn insert(&mut self, order: QueueOrder, not_before: Option<Timestamp>) {
        match not_before {
            None => self.any_time.entry(order.lane()).or_default().insert(order),
            Some(at) => self.timed.entry(at).or_default().insert(order),
        };
    }

    pub(crate) fn remove(&mut self, order: QueueOrder, not_before: Option<Timestamp>) {
        match not_before {
            None => remove(&mut self.any_time, order.lane(), order),
            Some(at) => remove(&mut self.timed, at, order),
        }
    }

    /// The first jobs that may start at `now`.
    pub(crate) fn ready(&self, now: Timestamp, limit: usize) -> Vec<QueueOrder> {
        let any_time = self.any_time.values().flat_map(|lane| lane.iter().take(limit));
        let mut ready: Vec<_> = any_time.chain(self.due(now)).copied().collect();
        ready.sort_unstable();
        ready.truncate(limit);
        ready
    }

    /// The first jobs of each lane that may start at `now`, about `limit` in all.
    pub(crate) fn heads(&self, now: Timestamp, limit: usize) -> Vec<QueueOrder> {
        let mut due: BTreeMap<Lane, Vec<QueueOrder>> = BTreeMap::new();
        for order in self.due(now) {
            due.entry(order.lane()).or_default().push(*order);
        }
        let lanes: BTreeSet<Lane> = self.any_time.keys().chain(due.keys()).copied().collect();
        let share = share_of_lane(limit, lanes.len());
        let mut heads = Vec::new();
        for lane in lanes {
            let any_time = self.any_time.get(&lane).into_iter().flatten().take(share).copied();
            let mut own = due.remove(&lane).unwrap_or_default();
            own.extend(any_time);
            own.sort_unstable();
            heads.extend(own.into_iter().take(share));
        }
        heads.sort_unstable();
        heads
    }

    fn due(&self, now: Timestamp) -> impl Iterator<Item = &QueueOrder> {
        self.timed.range(..=now).flat_map(|(_, timed)| timed)
    }

    /// A project's jobs with the number of jobs before each, whether or not their time has come.
    pub(crate) fn of_project(&self, project: ProjectRef) -> Vec<(u64, QueueOrder)> {
        let any_time = self.any_time.values().flatten();
        let mut all: Vec<_> = any_time.chain(self.timed.values().flatten()).copied().collect();
        all.sort_unstable();
        (0..).zip(all).filter(|(_, order)| order.project == project).collect()
    }

    /// When the next job whose time has not come may start.
    pub(crate) fn next_time(&self, now: Timestamp) -> Option<Timestamp> {
        self.timed.range((Excluded(now), Unbounded)).next().map(|(at, _)| *at)
    }

    /// How many jobs come before this place, whether or not their time has come.
    pub(crate) fn before(&self, order: QueueOrder) -> u64 {
        let (priority, _) = order.lane();
        let any_time = self.any_time.range(..=(priority, LAST_TENANT)).map(|((urgency, _), lane)| {
            match *urgency < priority {
                true => lane.len(),
                false => lane.range(..order).count(),
            }
        });
        let timed = self.timed.values().map(|timed| timed.range(..order).count());
        any_time.chain(timed).map(|count| count as u64).sum()
    }
}

/// No tenant's id is greater.
const LAST_TENANT: TenantId = TenantId(Uuid::max());

fn remove<K: Ord>(sets: &mut BTreeMap<K, BTreeSet<QueueOrder>>, key: K, order: QueueOrder) {
    if let Some(set) = sets.get_mut(&key) {
        set.remove(&order);
        if set.is_empty() {
            sets.remove(&key);
        }
    }
}

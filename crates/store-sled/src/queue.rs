//! The order of queued jobs.

use crate::ranked::RankedSet;
use fuelcell_domain::{ProjectRef, Timestamp};
use fuelcell_store::jobs::share_of_lane;
use fuelcell_store::{Lane, QueueOrder};
use std::collections::{BTreeMap, BTreeSet};

/// Queued jobs in the order in which they start, those that may start at any time apart from those that have a time.
#[derive(Default)]
pub(crate) struct Queue {
    /// All of them, for places.
    all: RankedSet<QueueOrder>,
    /// The same by project. No set is empty, here and below.
    projects: BTreeMap<ProjectRef, RankedSet<QueueOrder>>,
    /// By lane, so that every tenant's first jobs are found at once.
    any_time: BTreeMap<Lane, RankedSet<QueueOrder>>,
    timed: RankedSet<(Timestamp, QueueOrder)>,
}

impl Queue {
    pub(crate) fn insert(&mut self, order: QueueOrder, not_before: Option<Timestamp>) {
        self.all.insert(order);
        self.projects.entry(order.project).or_default().insert(order);
        match not_before {
            None => self.any_time.entry(order.lane()).or_default().insert(order),
            Some(at) => self.timed.insert((at, order)),
        };
    }

    pub(crate) fn remove(&mut self, order: QueueOrder, not_before: Option<Timestamp>) {
        self.all.remove(&order);
        remove(&mut self.projects, order.project, order);
        match not_before {
            None => remove(&mut self.any_time, order.lane(), order),
            Some(at) => drop(self.timed.remove(&(at, order))),
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
            let any_time = self.any_time.get(&lane);
            let any_time = any_time.into_iter().flat_map(RankedSet::iter).take(share).copied();
            let mut own = due.remove(&lane).unwrap_or_default();
            own.extend(any_time);
            own.sort_unstable();
            heads.extend(own.into_iter().take(share));
        }
        heads.sort_unstable();
        heads
    }

    fn due(&self, now: Timestamp) -> impl Iterator<Item = &QueueOrder> {
        self.timed.iter().take_while(move |(at, _)| *at <= now).map(|(_, order)| order)
    }

    /// A project's jobs from a place among them on, each with the number of all jobs before it, whether or not their
    /// time has come.
    pub(crate) fn of_project(
        &self,
        project: ProjectRef,
        skip: usize,
        limit: usize,
    ) -> Vec<(u64, QueueOrder)> {
        let own = self.projects.get(&project).into_iter().flat_map(|own| own.from(skip)).take(limit);
        own.map(|order| (self.before(*order), *order)).collect()
    }

    /// The number of a project's jobs.
    pub(crate) fn count(&self, project: ProjectRef) -> u64 {
        self.projects.get(&project).map_or(0, |own| own.len() as u64)
    }

    /// When the next job whose time has not come may start.
    pub(crate) fn next_time(&self, now: Timestamp) -> Option<Timestamp> {
        self.timed.from(self.timed.count_while(|(at, _)| *at <= now)).next().map(|(at, _)| *at)
    }

    /// How many jobs come before this place, whether or not their time has come.
    pub(crate) fn before(&self, order: QueueOrder) -> u64 {
        self.all.rank(&order) as u64
    }
}

fn remove<K: Ord>(sets: &mut BTreeMap<K, RankedSet<QueueOrder>>, key: K, order: QueueOrder) {
    if let Some(set) = sets.get_mut(&key) {
        set.remove(&order);
        if set.is_empty() {
            sets.remove(&key);
        }
    }
}

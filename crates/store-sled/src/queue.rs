//! The order of queued jobs.

use crate::entries::{KnownEntries, place_of};
use crate::ranked::RankedSet;
use fuelcell_domain::{ProjectRef, Timestamp};
use fuelcell_store::jobs::share_of_lane;
use fuelcell_store::{Lane, QueueEntry, QueueOrder};
use std::collections::BTreeMap;

/// Queued jobs in the order in which they start.
#[derive(Default)]
pub(crate) struct Queue {
    /// All of them, for places.
    all: RankedSet<QueueOrder>,
    /// The same by project. No set is empty, here and below.
    projects: BTreeMap<ProjectRef, RankedSet<QueueOrder>>,
    /// Those that may start at any time, and those whose time has come by `arrived`, each with its time: by lane, so that
    /// every tenant's first jobs are found at once.
    lanes: BTreeMap<Lane, BTreeMap<QueueOrder, Option<Timestamp>>>,
    /// Those that have a time, whether or not it has come.
    timed: RankedSet<(Timestamp, QueueOrder)>,
    arrived: Timestamp,
    known: KnownEntries,
}

/// A job's place in the queue, with the time before which it does not start.
pub(crate) type Placed = (QueueOrder, Option<Timestamp>);

impl Queue {
    pub(crate) fn insert(&mut self, order: QueueOrder, not_before: Option<Timestamp>) {
        self.all.insert(order);
        self.projects.entry(order.project).or_default().insert(order);
        if let Some(at) = not_before {
            self.timed.insert((at, order));
        }
        if not_before.is_none_or(|at| at <= self.arrived) {
            self.lanes.entry(order.lane()).or_default().insert(order, not_before);
        }
    }

    pub(crate) fn remove(&mut self, order: QueueOrder, not_before: Option<Timestamp>) {
        self.known.remove((order, not_before));
        self.all.remove(&order);
        remove(&mut self.projects, order.project, order);
        if let Some(at) = not_before {
            self.timed.remove(&(at, order));
        }
        if let Some(lane) = self.lanes.get_mut(&order.lane()) {
            lane.remove(&order);
            if lane.is_empty() {
                self.lanes.remove(&order.lane());
            }
        }
    }

    /// What is known of who waits in this place.
    pub(crate) fn entry(&self, place: Placed) -> Option<&QueueEntry> {
        self.known.get(place)
    }

    /// Keeps what was learnt of somebody who waits here; of others nothing is kept.
    pub(crate) fn learn(&mut self, entry: QueueEntry) {
        let (order, _) = place_of(&entry);
        if self.before(order).is_some() {
            self.known.insert(entry);
        }
    }

    /// Whether jobs have a time that has come by `now` and are not in their lanes yet.
    pub(crate) fn awaits(&self, now: Timestamp) -> bool {
        self.due(now).next().is_some()
    }

    /// Brings those into their lanes, so that nobody has to look through all of them for the first.
    pub(crate) fn arrive(&mut self, now: Timestamp) {
        let due: Vec<_> = self.due(now).copied().collect();
        for (at, order) in due {
            self.lanes.entry(order.lane()).or_default().insert(order, Some(at));
        }
        self.arrived = self.arrived.max(now);
    }

    /// The first jobs that may start at `now`, once those have arrived whose time has come.
    pub(crate) fn ready(&self, now: Timestamp, limit: usize) -> Vec<Placed> {
        let mut ready: Vec<_> =
            self.lanes.values().flat_map(|lane| startable(lane, now).take(limit)).collect();
        ready.sort_unstable();
        ready.truncate(limit);
        ready
    }

    /// The first jobs of each lane that may start at `now`, about `limit` in all.
    pub(crate) fn heads(&self, now: Timestamp, limit: usize) -> Vec<Placed> {
        let lanes = || self.lanes.values().map(|lane| startable(lane, now));
        let share = share_of_lane(limit, lanes().filter_map(|mut lane| lane.next()).count());
        let mut heads: Vec<_> = lanes().flat_map(|lane| lane.take(share)).collect();
        heads.sort_unstable();
        heads
    }

    /// Jobs whose time has come after `arrived`, by `now`.
    fn due(&self, now: Timestamp) -> impl Iterator<Item = &(Timestamp, QueueOrder)> {
        let arrived = self.timed.count_while(|(at, _)| *at <= self.arrived);
        self.timed.from(arrived).take_while(move |(at, _)| *at <= now)
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
        own.map(|order| (self.all.rank(order) as u64, *order)).collect()
    }

    /// The number of a project's jobs.
    pub(crate) fn count(&self, project: ProjectRef) -> u64 {
        self.projects.get(&project).map_or(0, |own| own.len() as u64)
    }

    /// When the next job whose time has not come may start.
    pub(crate) fn next_time(&self, now: Timestamp) -> Option<Timestamp> {
        self.timed.from(self.timed.count_while(|(at, _)| *at <= now)).next().map(|(at, _)| *at)
    }

    /// How many jobs come before this place, whether or not their time has come; `None` when nobody has it.
    pub(crate) fn before(&self, order: QueueOrder) -> Option<u64> {
        let rank = self.all.rank(&order);
        (self.all.from(rank).next() == Some(&order)).then_some(rank as u64)
    }
}

/// Jobs of a lane that may start at `now`: all of them, unless the clock was set back.
fn startable(lane: &BTreeMap<QueueOrder, Option<Timestamp>>, now: Timestamp) -> impl Iterator<Item = Placed> {
    let placed = lane.iter().map(|(order, not_before)| (*order, *not_before));
    placed.filter(move |(_, not_before)| not_before.is_none_or(|at| at <= now))
}

fn remove<K: Ord>(sets: &mut BTreeMap<K, RankedSet<QueueOrder>>, key: K, order: QueueOrder) {
    if let Some(set) = sets.get_mut(&key) {
        set.remove(&order);
        if set.is_empty() {
            sets.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fuelcell_domain::{Priority, ProjectId, TenantId};
    use uuid::Uuid;

    fn order(ordinal: u32) -> QueueOrder {
        let project = ProjectRef { tenant: TenantId(Uuid::nil()), project: ProjectId(Uuid::nil()) };
        QueueOrder::new(Priority::Normal, false, Timestamp(i64::from(ordinal)), project, ordinal)
    }

    #[test]
    fn those_whose_time_has_come_wait_in_line_until_the_clock_is_set_back() {
        let mut queue = Queue::default();
        let (early, late, any) =
            ((order(1), Some(Timestamp(10))), (order(2), Some(Timestamp(20))), (order(3), None));
        for (order, not_before) in [any, late, early] {
            queue.insert(order, not_before);
        }
        assert!(queue.awaits(Timestamp(10)) && !queue.awaits(Timestamp(9)));
        queue.arrive(Timestamp(15));
        assert!(!queue.awaits(Timestamp(15)) && queue.awaits(Timestamp(20)));
        assert_eq!(queue.heads(Timestamp(15), 9), [early, any]);
        queue.arrive(Timestamp(30));
        assert_eq!(queue.heads(Timestamp(30), 2), [early, late]);
        assert_eq!(queue.ready(Timestamp(30), 9), [early, late, any]);
        // The clock was set back.
        assert_eq!(
            (queue.heads(Timestamp(5), 9), queue.next_time(Timestamp(5))),
            (vec![any], Some(Timestamp(10)))
        );
        queue.arrive(Timestamp(5));
        assert_eq!(queue.ready(Timestamp(12), 9), [early, any]);
        // Who comes now, with a time before the latest arrival, is in line at once.
        queue.remove(early.0, early.1);
        queue.insert(order(4), Some(Timestamp(25)));
        assert_eq!(queue.ready(Timestamp(30), 9), [late, any, (order(4), Some(Timestamp(25)))]);
        for (order, not_before) in [late, any, (order(4), Some(Timestamp(25)))] {
            queue.remove(order, not_before);
        }
        assert!(
            queue.lanes.is_empty()
                && queue.heads(Timestamp(30), 9).is_empty()
                && !queue.awaits(Timestamp(99))
        );
    }
}

//! The order of queued jobs.

use crate::index::entries::{KnownEntries, Placed, place_of};
use crate::index::ranked_set::RankedSet;
use fuelcell_domain::{Priority, ProjectId, ProjectRef, TenantId, Timestamp};
use fuelcell_store::jobs::share_of_lane;
use fuelcell_store::pages::QueueSpot;
use fuelcell_store::{Lane, QueueEntry, QueueFigures, QueueOrder};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// Queued jobs in the order in which they start. In line are those that may start at any time, and those whose time has come
/// by `arrived`; when the clock is set back, some of these may not start again.
#[derive(Default)]
pub(crate) struct Queue {
    /// Those in line, for places.
    line: RankedSet<QueueOrder>,
    /// All by project. Nothing in a map is empty, here and below.
    projects: BTreeMap<ProjectRef, OfProject>,
    /// Those in line, each with its time: by lane, so that every tenant's first jobs are found at once.
    lanes: BTreeMap<Lane, BTreeMap<QueueOrder, Option<Timestamp>>>,
    /// Those that have a time, whether or not it has come.
    timed: RankedSet<(Timestamp, QueueOrder)>,
    arrived: Timestamp,
    known: KnownEntries,
}

/// A project's queued jobs.
#[derive(Default)]
struct OfProject {
    /// Those in line.
    line: RankedSet<QueueOrder>,
    /// Those that have a time, whether or not it has come.
    timed: RankedSet<(Timestamp, QueueOrder)>,
    /// All of them.
    count: u64,
}

impl Queue {
    pub(crate) fn insert(&mut self, order: QueueOrder, not_before: Option<Timestamp>) {
        let own = self.projects.entry(order.project).or_default();
        own.count += 1;
        if let Some(at) = not_before {
            self.timed.insert((at, order));
            own.timed.insert((at, order));
        }
        if not_before.is_none_or(|at| at <= self.arrived) {
            self.line_up(order, not_before);
        }
    }

    fn line_up(&mut self, order: QueueOrder, not_before: Option<Timestamp>) {
        self.line.insert(order);
        self.projects.entry(order.project).or_default().line.insert(order);
        self.lanes.entry(order.lane()).or_default().insert(order, not_before);
    }

    pub(crate) fn remove(&mut self, order: QueueOrder, not_before: Option<Timestamp>) {
        self.known.remove((order, not_before));
        self.line.remove(&order);
        if let Some(at) = not_before {
            self.timed.remove(&(at, order));
        }
        if let Some(own) = self.projects.get_mut(&order.project) {
            own.line.remove(&order);
            if let Some(at) = not_before {
                own.timed.remove(&(at, order));
            }
            own.count -= 1;
            if own.count == 0 {
                self.projects.remove(&order.project);
            }
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
        if self.has(place_of(&entry)) {
            self.known.insert(entry);
        }
    }

    /// Whether jobs have a time that has come by `now` and are not in line yet.
    pub(crate) fn awaits(&self, now: Timestamp) -> bool {
        between(&self.timed, self.arrived, now).next().is_some()
    }

    /// Brings those into line, so that nobody has to look through all of them for the first.
    pub(crate) fn arrive(&mut self, now: Timestamp) {
        let due: Vec<_> = between(&self.timed, self.arrived, now).copied().collect();
        for (at, order) in due {
            self.line_up(order, Some(at));
        }
        self.arrived = self.arrived.max(now);
    }

    /// The first jobs that may start at `now`, once those have arrived whose time has come.
    pub(crate) fn ready(&self, now: Timestamp, limit: usize) -> Vec<Placed> {
        let mut ready: Vec<_> =
            self.lanes.values().flat_map(|lane| startable(lane.iter(), now).take(limit)).collect();
        ready.sort_unstable();
        ready.truncate(limit);
        ready
    }

    /// The first jobs of each lane that may start at `now`, about `limit` in all.
    pub(crate) fn heads(&self, now: Timestamp, limit: usize) -> Vec<Placed> {
        let lanes = || self.lanes.values().map(|lane| startable(lane.iter(), now));
        let share = share_of_lane(limit, lanes().filter_map(|mut lane| lane.next()).count());
        let mut heads: Vec<_> = lanes().flat_map(|lane| lane.take(share)).collect();
        heads.sort_unstable();
        heads
    }

    /// A project's jobs that may start at `now`, once those have arrived whose time has come, each with the number of all
    /// that may start before it; then those whose time has not come. `skip` of them are passed over.
    pub(crate) fn of_project(
        &self,
        project: ProjectRef,
        now: Timestamp,
        skip: usize,
        limit: usize,
    ) -> ProjectLine {
        let Some(own) = self.projects.get(&project) else { return ProjectLine::default() };
        let early: BTreeSet<_> = between(&own.timed, now, self.arrived).map(|(_, order)| *order).collect();
        let due = own.line.len() - early.len();
        let come = own.timed.count_while(|(at, _)| *at <= now);
        // With the clock set back, those in line have to be told apart one by one.
        let first = if early.is_empty() { skip } else { 0 };
        let in_line = own.line.from(first).filter(|order| !early.contains(order)).skip(skip - first);
        let scheduled = own.timed.from(come.saturating_add(skip.saturating_sub(due)));
        ProjectLine {
            jobs: in_line
                .map(|order| (Some(self.rank(*order, now)), *order))
                .chain(scheduled.map(|(_, order)| (None, *order)))
                .take(limit)
                .collect(),
            due: due as u64,
            scheduled: (own.timed.len() - come) as u64,
        }
    }

    /// A project's jobs behind a place, as they stand at `now`, once those have arrived whose time has come.
    pub(crate) fn behind(
        &self,
        project: ProjectRef,
        now: Timestamp,
        after: Option<QueueSpot>,
        limit: usize,
    ) -> Vec<QueueSpot> {
        let Some(own) = self.projects.get(&project) else { return Vec::new() };
        let early: BTreeSet<_> = between(&own.timed, now, self.arrived).map(|(_, order)| *order).collect();
        let (first, come) = match after {
            None => (0, own.timed.count_while(|(at, _)| *at <= now)),
            Some(QueueSpot { scheduled: None, order }) => {
                (own.line.count_while(|other| *other <= order), own.timed.count_while(|(at, _)| *at <= now))
            }
            Some(QueueSpot { scheduled: Some(at), order }) => {
                (own.line.len(), own.timed.count_while(|other| *other <= (at, order)))
            }
        };
        let in_line = own.line.from(first).filter(|order| !early.contains(order));
        let scheduled = own.timed.from(come);
        in_line
            .map(|order| QueueSpot { scheduled: None, order: *order })
            .chain(scheduled.map(|(at, order)| QueueSpot { scheduled: Some(*at), order: *order }))
            .take(limit)
            .collect()
    }

    /// The number of a project's jobs.
    pub(crate) fn count(&self, project: ProjectRef) -> u64 {
        self.projects.get(&project).map_or(0, |own| own.count)
    }

    /// A tenant's jobs that may start at `now`, once those have arrived whose time has come, by priority; and those whose
    /// time has not come.
    pub(crate) fn of_tenant(&self, tenant: TenantId, now: Timestamp) -> ([u64; 4], u64) {
        let due = Priority::ALL.map(|priority| {
            let lane = self.lanes.get(&(Reverse(priority), tenant)).map_or(0, |lane| lane.len() as u64);
            let is_early = |order: &&QueueOrder| order.lane() == (Reverse(priority), tenant);
            lane - self.early(now).filter(is_early).count() as u64
        });
        let from = ProjectRef { tenant, project: ProjectId(Uuid::nil()) };
        let own = self.projects.range(from..).take_while(|(project, _)| project.tenant == tenant);
        let all: u64 = own.map(|(_, own)| own.count).sum();
        (due, all - due.iter().sum::<u64>())
    }

    /// All jobs, once those have arrived whose time has come.
    pub(crate) fn figures(&self, now: Timestamp) -> QueueFigures {
        let mut figures = QueueFigures::default();
        for (lane, placed) in &self.lanes {
            let (Reverse(priority), _) = *lane;
            let first = startable(placed.iter(), now).next();
            let behind = startable(placed.range(QueueOrder::first_behind(*lane)..), now).next();
            let since = first.into_iter().chain(behind).map(|(order, _)| order.since()).min();
            let waiting = &mut figures.ready[priority as usize];
            waiting.jobs += placed.len() as u64;
            waiting.since = since.into_iter().chain(waiting.since).min();
        }
        for early in self.early(now) {
            let (Reverse(priority), _) = early.lane();
            figures.ready[priority as usize].jobs -= 1;
        }
        figures.scheduled = (self.timed.len() - self.timed.count_while(|(at, _)| *at <= now)) as u64;
        figures
    }

    /// When the next job whose time has not come may start.
    pub(crate) fn next_time(&self, now: Timestamp) -> Option<Timestamp> {
        self.timed.from(self.timed.count_while(|(at, _)| *at <= now)).next().map(|(at, _)| *at)
    }

    /// How many jobs that may start at `now`, once those have arrived whose time has come, are before this place; `None`
    /// when nobody has it.
    pub(crate) fn before(&self, place: Placed, now: Timestamp) -> Option<u64> {
        self.has(place).then(|| self.rank(place.0, now))
    }

    fn rank(&self, order: QueueOrder, now: Timestamp) -> u64 {
        let early = self.early(now).filter(|early| **early < order).count();
        (self.line.rank(&order) - early) as u64
    }

    fn has(&self, (order, not_before): Placed) -> bool {
        match not_before {
            None => self.lanes.get(&order.lane()).and_then(|lane| lane.get(&order)) == Some(&None),
            Some(at) => self.timed.contains(&(at, order)),
        }
    }

    /// Those in line that may not start at `now`, to which the clock was set back.
    fn early(&self, now: Timestamp) -> impl Iterator<Item = &QueueOrder> {
        between(&self.timed, now, self.arrived).map(|(_, order)| order)
    }
}

/// Places of a project's jobs, and their number.
#[derive(Default)]
pub(crate) struct ProjectLine {
    /// Those that may start, with the number of all before them, then those whose time has not come.
    pub(crate) jobs: Vec<(Option<u64>, QueueOrder)>,
    pub(crate) due: u64,
    pub(crate) scheduled: u64,
}

/// Jobs whose time comes after the one moment, by the other.
fn between(
    timed: &RankedSet<(Timestamp, QueueOrder)>,
    after: Timestamp,
    by: Timestamp,
) -> impl Iterator<Item = &(Timestamp, QueueOrder)> {
    let before = timed.count_while(|(at, _)| *at <= after);
    timed.from(before).take_while(move |(at, _)| *at <= by)
}

/// Jobs of a lane that may start at `now`: all of them, unless the clock was set back.
fn startable<'a>(
    lane: impl Iterator<Item = (&'a QueueOrder, &'a Option<Timestamp>)>,
    now: Timestamp,
) -> impl Iterator<Item = Placed> {
    let placed = lane.map(|(order, not_before)| (*order, *not_before));
    placed.filter(move |(_, not_before)| not_before.is_none_or(|at| at <= now))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(ordinal: u32) -> QueueOrder {
        let project = ProjectRef { tenant: TenantId(Uuid::nil()), project: ProjectId(Uuid::nil()) };
        QueueOrder::new(Priority::Normal, false, Timestamp(i64::from(ordinal)), project, ordinal.into())
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

//! What is kept in memory of every job: enough to answer lists, counts and the queue without reading records. It is
//! rebuilt from [`Table::JobIndex`](crate::tables::keys::Table::JobIndex) at open and changes only after a batch is durable.

use crate::index::entry::IndexEntry;
use crate::index::project_index::ProjectIndex;
use crate::index::queue::Queue;
use crate::tables::keys::JobKey;
use fuelcell_domain::{JobState, ProjectId, ProjectRef, TenantId, Timestamp};
use fuelcell_store::{QueueEntry, StateCounts};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// A job is new, moves, or is deleted. What does not move in a job's life is taken from `after` when it is new.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) place: JobKey,
    pub(crate) before: Option<IndexEntry>,
    pub(crate) after: Option<IndexEntry>,
    /// What the queue shows of the job, if it is queued and its record is at hand.
    pub(crate) entry: Option<QueueEntry>,
}

impl Change {
    /// Whether the job runs from now on.
    pub(crate) fn is_running(&self) -> bool {
        self.after.as_ref().is_some_and(|after| after.state == JobState::Running)
    }
}

/// See the module.
#[derive(Default)]
pub(crate) struct Image {
    projects: BTreeMap<ProjectRef, ProjectIndex>,
    queue: Queue,
    running: BTreeSet<JobKey>,
    counts: StateCounts,
}

impl Image {
    /// Follows one change. Changes of a project's new jobs come in the order of their ordinals.
    pub(crate) fn apply(&mut self, change: &Change) {
        let Change { place, before, after, entry } = change;
        let index = self.projects.entry(place.project).or_default();
        match (before, after) {
            (Some(before), Some(after)) => index.follow(place.ordinal, before, after),
            (None, Some(after)) => index.add(place.ordinal, after),
            (Some(before), None) => index.remove(place.ordinal, before),
            (None, None) => {}
        }
        if let Some(before) = before {
            *self.counts.of(before.state) -= 1;
        }
        if let Some(after) = after {
            *self.counts.of(after.state) += 1;
        }
        let queued = |entry: &&IndexEntry| entry.state == JobState::Queued;
        if let Some(before) = before.as_ref().filter(queued) {
            self.queue.remove(before.order(*place), before.not_before);
        }
        if let Some(after) = after.as_ref().filter(queued) {
            self.queue.insert(after.order(*place), after.not_before);
        }
        self.learn(entry.clone());
        match change.is_running() {
            true => self.running.insert(*place),
            false => self.running.remove(place),
        };
    }

    pub(crate) fn project_index(&self, project: ProjectRef) -> Option<&ProjectIndex> {
        self.projects.get(&project)
    }

    pub(crate) fn queue(&self) -> &Queue {
        &self.queue
    }

    /// See [`Queue::learn`]. It moves no job.
    pub(crate) fn learn(&mut self, entries: impl IntoIterator<Item = QueueEntry>) {
        entries.into_iter().for_each(|entry| self.queue.learn(entry));
    }

    /// See [`Queue::arrive`]. It moves no job.
    pub(crate) fn arrive(&mut self, now: Timestamp) {
        self.queue.arrive(now);
    }

    pub(crate) fn running(&self) -> &BTreeSet<JobKey> {
        &self.running
    }

    /// The number of jobs.
    pub(crate) fn len(&self) -> u64 {
        self.counts.total()
    }

    /// The indexes of a tenant's projects.
    pub(crate) fn of_tenant(&self, tenant: TenantId) -> impl Iterator<Item = &ProjectIndex> {
        let from = ProjectRef { tenant, project: ProjectId(Uuid::nil()) };
        let own = self.projects.range(from..).take_while(move |(project, _)| project.tenant == tenant);
        own.map(|(_, index)| index)
    }
}

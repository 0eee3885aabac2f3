//! A project's jobs as sets of ordinals: a filter is an intersection, a page is a range of it.

use crate::image::IndexEntry;
use crate::sorted::Sorted;
use fuelcell_domain::job::{JobType, Priority};
use fuelcell_domain::{JobState, Ordinal, PipelineId, Timestamp};
use fuelcell_store::{JobFilter, JobOrder, PageRequest, StateCounts};
use roaring::RoaringBitmap;
use std::collections::{BTreeMap, HashMap};

/// The sets of one project.
#[derive(Default)]
pub(crate) struct Catalog {
    all: RoaringBitmap,
    states: [RoaringBitmap; JobState::ALL.len()],
    types: [RoaringBitmap; JobType::ALL.len()],
    priorities: [RoaringBitmap; Priority::ALL.len()],
    subjects: HashMap<String, RoaringBitmap>,
    pipelines: HashMap<PipelineId, RoaringBitmap>,
    creation: CreationTimes,
    sorted: Sorted,
}

impl Catalog {
    /// Adds a job whose ordinal is the highest so far.
    pub(crate) fn add(&mut self, ordinal: Ordinal, entry: &IndexEntry) {
        self.all.insert(ordinal);
        self.states[entry.state as usize].insert(ordinal);
        self.types[entry.job_type as usize].insert(ordinal);
        self.priorities[entry.priority as usize].insert(ordinal);
        if let Some(subject) = self.subjects.get_mut(&entry.submitted_by) {
            subject.insert(ordinal);
        } else {
            self.subjects.insert(entry.submitted_by.clone(), RoaringBitmap::from_iter([ordinal]));
        }
        if let Some(pipeline) = entry.pipeline {
            self.pipelines.entry(pipeline).or_default().insert(ordinal);
        }
        self.sorted.add(ordinal, &entry.ranks);
        self.creation.push(ordinal, entry.created_at);
    }

    /// Takes a job away. Its time of creation stays, which no list shows.
    pub(crate) fn remove(&mut self, ordinal: Ordinal, entry: &IndexEntry) {
        self.all.remove(ordinal);
        self.states[entry.state as usize].remove(ordinal);
        self.types[entry.job_type as usize].remove(ordinal);
        self.priorities[entry.priority as usize].remove(ordinal);
        self.sorted.remove(ordinal, &entry.ranks);
        if let Some(subject) = self.subjects.get_mut(&entry.submitted_by) {
            subject.remove(ordinal);
        }
        if let Some(pipeline) = entry.pipeline.and_then(|pipeline| self.pipelines.get_mut(&pipeline)) {
            pipeline.remove(ordinal);
        }
    }

    /// Follows a job that moved.
    pub(crate) fn follow(&mut self, ordinal: Ordinal, before: &IndexEntry, after: &IndexEntry) {
        self.states[before.state as usize].remove(ordinal);
        self.states[after.state as usize].insert(ordinal);
        self.sorted.remove(ordinal, &before.ranks);
        self.sorted.add(ordinal, &after.ranks);
    }

    /// One page of the matches, newest first, and the number of all.
    pub(crate) fn page(&self, filter: &JobFilter, page: PageRequest) -> (Vec<Ordinal>, u64) {
        let matches = self.matches(filter);
        let total = matches.len();
        // The page's last rank, counted from the oldest; ranks of a set of u32 fit into a u32.
        let end = total.saturating_sub(page.offset);
        let start = end.saturating_sub(page.limit as u64);
        let Some(first) = u32::try_from(start).ok().and_then(|rank| matches.select(rank)) else {
            return (Vec::new(), total);
        };
        let count = usize::try_from(end - start).unwrap_or(usize::MAX);
        let mut ordinals: Vec<_> = matches.range(first..).take(count).collect();
        ordinals.reverse();
        (ordinals, total)
    }

    /// One page of the matches in another order, and the number of all.
    pub(crate) fn ordered_page(
        &self,
        filter: &JobFilter,
        order: &JobOrder,
        page: PageRequest,
    ) -> (Vec<Ordinal>, u64) {
        let matches = self.matches(filter);
        let total = matches.len();
        (self.sorted.page(matches, order, page), total)
    }

    /// How many matches are in which state.
    pub(crate) fn counts(&self, filter: &JobFilter) -> StateCounts {
        let matches = self.matches_in_any_state(filter);
        let mut counts = StateCounts::default();
        for state in JobState::ALL {
            *counts.of(state) = matches.intersection_len(self.state(state));
        }
        counts
    }

    pub(crate) fn running(&self) -> u64 {
        self.state(JobState::Running).len()
    }

    /// Jobs that have not ended.
    pub(crate) fn unfinished(&self) -> RoaringBitmap {
        self.state(JobState::Queued) | self.state(JobState::Running)
    }

    /// The youngest job; 0 when there is none.
    pub(crate) fn last(&self) -> Ordinal {
        self.all.max().unwrap_or(0)
    }

    /// Queued jobs by priority, the least urgent first.
    pub(crate) fn queued(&self) -> [u64; 4] {
        Priority::ALL
            .map(|priority| self.priorities[priority as usize].intersection_len(self.state(JobState::Queued)))
    }

    fn state(&self, state: JobState) -> &RoaringBitmap {
        &self.states[state as usize]
    }

    fn matches(&self, filter: &JobFilter) -> RoaringBitmap {
        let mut matches = self.matches_in_any_state(filter);
        if !filter.states.is_empty() {
            matches &=
                filter.states.iter().fold(RoaringBitmap::new(), |union, state| union | self.state(*state));
        }
        if !filter.standings.is_empty() {
            matches &= self.sorted.standing(&filter.standings);
        }
        matches
    }

    fn matches_in_any_state(&self, filter: &JobFilter) -> RoaringBitmap {
        let mut matches = match filter.created_from.is_some() || filter.created_to.is_some() {
            true => self.creation.between(filter.created_from, filter.created_to) & &self.all,
            false => self.all.clone(),
        };
        if let Some(job_type) = filter.job_type {
            matches &= &self.types[job_type as usize];
        }
        if let Some(priority) = filter.priority {
            matches &= &self.priorities[priority as usize];
        }
        if let Some(subject) = &filter.submitted_by {
            narrow(&mut matches, self.subjects.get(subject));
        }
        if let Some(pipeline) = &filter.pipeline {
            narrow(&mut matches, self.pipelines.get(pipeline));
        }
        if let Some(pipeline) = filter.pipeline_number {
            narrow(&mut matches, self.sorted.of_pipeline(pipeline));
        }
        matches
    }
}

fn narrow(matches: &mut RoaringBitmap, to: Option<&RoaringBitmap>) {
    match to {
        Some(set) => *matches &= set,
        None => matches.clear(),
    }
}

/// When jobs were created. Times rise with ordinals, save where a clock went back: those stragglers are kept apart.
#[derive(Default)]
struct CreationTimes {
    /// Each job with the latest time of it and all before it: rising, so that it can be searched.
    latest: Vec<(Ordinal, Timestamp)>,
    /// Jobs that are older than one before them.
    stragglers: BTreeMap<Ordinal, Timestamp>,
}

impl CreationTimes {
    fn push(&mut self, ordinal: Ordinal, at: Timestamp) {
        let latest = self.latest.last().map_or(at, |(_, latest)| at.max(*latest));
        if at < latest {
            self.stragglers.insert(ordinal, at);
        }
        self.latest.push((ordinal, latest));
    }

    /// Jobs created at `from` or later, and at `to` or earlier.
    fn between(&self, from: Option<Timestamp>, to: Option<Timestamp>) -> RoaringBitmap {
        let start = from.map_or(0, |from| self.latest.partition_point(|(_, at)| *at < from));
        let end = to.map_or(self.latest.len(), |to| self.latest.partition_point(|(_, at)| *at <= to));
        let mut jobs = RoaringBitmap::new();
        if let Some([(first, _), ..]) = self.latest.get(start..end) {
            let last = self.latest[end - 1].0;
            jobs.insert_range(*first..=last);
        }
        for (ordinal, at) in &self.stragglers {
            match from.is_none_or(|from| *at >= from) && to.is_none_or(|to| *at <= to) {
                true => jobs.insert(*ordinal),
                false => jobs.remove(*ordinal),
            };
        }
        jobs
    }
}

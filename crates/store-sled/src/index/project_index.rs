//! A project's jobs as sets of ordinals: a filter is an intersection, a page is a range of it.

use crate::index::entry::IndexEntry;
use crate::index::orders::Orders;
use crate::tables::keys::Number;
use fuelcell_domain::job::Priority;
use fuelcell_domain::{JobState, JobType, PipelineId, Timestamp};
use fuelcell_store::{JobFilter, JobOrder, PageRequest, StateCounts};
use roaring::RoaringBitmap;
use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;

/// The sets of one project.
#[derive(Default)]
pub(crate) struct ProjectIndex {
    all: RoaringBitmap,
    states: [RoaringBitmap; JobState::ALL.len()],
    types: BTreeMap<JobType, RoaringBitmap>,
    priorities: [RoaringBitmap; Priority::ALL.len()],
    subjects: HashMap<String, RoaringBitmap>,
    pipelines: HashMap<PipelineId, RoaringBitmap>,
    creation: CreationTimes,
    orders: Orders,
}

impl ProjectIndex {
    /// Adds a job whose ordinal is the highest so far.
    pub(crate) fn add(&mut self, ordinal: Number, entry: &IndexEntry) {
        self.all.insert(ordinal);
        self.states[entry.state as usize].insert(ordinal);
        self.types.entry(entry.job_type).or_default().insert(ordinal);
        self.priorities[entry.priority as usize].insert(ordinal);
        if let Some(subject) = self.subjects.get_mut(&entry.submitted_by) {
            subject.insert(ordinal);
        } else {
            self.subjects.insert(entry.submitted_by.clone(), RoaringBitmap::from_iter([ordinal]));
        }
        if let Some(pipeline) = entry.pipeline {
            self.pipelines.entry(pipeline).or_default().insert(ordinal);
        }
        self.orders.add(ordinal, &entry.ranks);
        self.creation.push(ordinal, entry.created_at);
    }

    /// Takes a job away. Its time of creation stays, which no list shows.
    pub(crate) fn remove(&mut self, ordinal: Number, entry: &IndexEntry) {
        self.all.remove(ordinal);
        self.states[entry.state as usize].remove(ordinal);
        if let Some(of_type) = self.types.get_mut(&entry.job_type) {
            of_type.remove(ordinal);
        }
        self.priorities[entry.priority as usize].remove(ordinal);
        self.orders.remove(ordinal, &entry.ranks);
        if let Some(subject) = self.subjects.get_mut(&entry.submitted_by) {
            subject.remove(ordinal);
        }
        if let Some(pipeline) = entry.pipeline.and_then(|pipeline| self.pipelines.get_mut(&pipeline)) {
            pipeline.remove(ordinal);
        }
    }

    /// Follows a job that moved.
    pub(crate) fn follow(&mut self, ordinal: Number, before: &IndexEntry, after: &IndexEntry) {
        self.states[before.state as usize].remove(ordinal);
        self.states[after.state as usize].insert(ordinal);
        self.orders.remove(ordinal, &before.ranks);
        self.orders.add(ordinal, &after.ranks);
    }

    /// One page of the matches, newest first, and the number of all.
    pub(crate) fn page(&self, filter: &JobFilter, page: PageRequest) -> (Vec<Number>, u64) {
        let parts = self.parts(filter);
        let total = parts.iter().map(|part| part.len()).sum::<u64>();
        // The page's ranks, counted from the oldest.
        let end = total.saturating_sub(page.offset);
        let start = end.saturating_sub(page.limit as u64);
        let count = usize::try_from(end - start).unwrap_or(usize::MAX);
        let first = member(&parts, start);
        let mut ordinals: Vec<_> = parts.iter().flat_map(|part| part.range(first..).take(count)).collect();
        ordinals.sort_unstable();
        ordinals.truncate(count);
        ordinals.reverse();
        (ordinals, total)
    }

    /// The newest matches that are older than a job.
    pub(crate) fn below(&self, filter: &JobFilter, before: Option<Number>, limit: usize) -> Vec<Number> {
        let end = before.map_or(Bound::Unbounded, Bound::Excluded);
        let parts = self.parts(filter);
        let older = parts.iter().flat_map(|part| part.range((Bound::Unbounded, end)).rev().take(limit));
        let mut ordinals: Vec<_> = older.collect();
        ordinals.sort_unstable_by_key(|ordinal| Reverse(*ordinal));
        ordinals.truncate(limit);
        ordinals
    }

    /// The oldest matches that are newer than a job.
    pub(crate) fn above(&self, filter: &JobFilter, after: Option<Number>, limit: usize) -> Vec<Number> {
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        let parts = self.parts(filter);
        let newer = parts.iter().flat_map(|part| part.range((start, Bound::Unbounded)).take(limit));
        let mut ordinals: Vec<_> = newer.collect();
        ordinals.sort_unstable();
        ordinals.truncate(limit);
        ordinals
    }

    /// One page of the matches in another order, and the number of all.
    pub(crate) fn ordered_page(
        &self,
        filter: &JobFilter,
        order: &JobOrder,
        page: PageRequest,
    ) -> (Vec<Number>, u64) {
        let matches = self.matches(filter);
        let total = matches.len();
        (self.orders.page(matches, order, page), total)
    }

    /// How many matches are in which state.
    pub(crate) fn counts(&self, filter: &JobFilter) -> StateCounts {
        let matches = self.matches_in_any_state(filter);
        let mut counts = StateCounts::default();
        for state in JobState::ALL {
            *counts.of(state) = match &matches {
                Some(matches) => matches.intersection_len(self.state(state)),
                None => self.state(state).len(),
            };
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
    pub(crate) fn last(&self) -> Number {
        self.all.max().unwrap_or(0)
    }

    fn state(&self, state: JobState) -> &RoaringBitmap {
        &self.states[state as usize]
    }

    fn matches(&self, filter: &JobFilter) -> RoaringBitmap {
        let parts = self.parts(filter).into_iter();
        parts.reduce(|one, other| Cow::Owned(&*one | &*other)).map(Cow::into_owned).unwrap_or_default()
    }

    /// The matches as sets that have no job in common. Who only looks need not unite them, which takes as much memory as
    /// all of them.
    fn parts(&self, filter: &JobFilter) -> Vec<Cow<'_, RoaringBitmap>> {
        let standing = match &filter.standings[..] {
            [] => None,
            standings => Some(Cow::Owned(self.orders.standing(standings))),
        };
        let others = self.matches_in_any_state(filter).into_iter().chain(standing);
        let wanted = JobState::ALL.into_iter().filter(|state| filter.states.contains(state));
        let states: Vec<_> = wanted.map(|state| Cow::Borrowed(self.state(state))).collect();
        if states.len() <= 1 {
            return vec![intersection(others.chain(states)).unwrap_or(Cow::Borrowed(&self.all))];
        }
        let others = intersection(others);
        states
            .into_iter()
            .filter_map(|state| intersection([state].into_iter().chain(others.clone())))
            .collect()
    }

    /// `None` = all jobs.
    fn matches_in_any_state(&self, filter: &JobFilter) -> Option<Cow<'_, RoaringBitmap>> {
        let in_time = (filter.created_from.is_some() || filter.created_to.is_some())
            .then(|| Cow::Owned(self.creation.between(filter.created_from, filter.created_to)));
        let existing = in_time.is_some().then_some(Cow::Borrowed(&self.all));
        let job_type = filter.job_type.map(|job_type| self.types.get(&job_type));
        let priority = filter.priority.map(|priority| &self.priorities[priority as usize]);
        let subject = filter.submitted_by.as_ref().map(|subject| self.subjects.get(subject));
        let pipeline = filter.pipeline.as_ref().map(|pipeline| self.pipelines.get(pipeline));
        let numbered = filter.pipeline_number.map(|number| self.orders.of_pipeline(number));
        let known = priority.into_iter().map(Cow::Borrowed);
        // Nobody has a value that is not known.
        let or_none = |set: Option<_>| set.map_or_else(Cow::default, Cow::Borrowed);
        let perhaps = [job_type, subject, pipeline, numbered].into_iter().flatten().map(or_none);
        intersection(in_time.into_iter().chain(existing).chain(known).chain(perhaps))
    }
}

/// What is in all of these sets; `None` when there are no sets.
fn intersection<'a>(sets: impl Iterator<Item = Cow<'a, RoaringBitmap>>) -> Option<Cow<'a, RoaringBitmap>> {
    sets.reduce(|one, other| match (one, other) {
        // In place: memory for another set of a million jobs costs more than the work on it.
        (Cow::Owned(own), set) | (set, Cow::Owned(own)) => Cow::Owned(own & &*set),
        (one, other) => Cow::Owned(&*one & &*other),
    })
}

/// The member with this rank, from 0, of sets that have none in common; behind the last rank a number behind all members.
fn member(parts: &[Cow<'_, RoaringBitmap>], rank: u64) -> Number {
    let has_enough = |ordinal: Number| parts.iter().map(|part| part.rank(ordinal)).sum::<u64>() > rank;
    let (mut low, mut high) = (0, Number::MAX);
    while low < high {
        let middle = low + (high - low) / 2;
        match has_enough(middle) {
            true => high = middle,
            false => low = middle + 1,
        }
    }
    low
}

/// When jobs were created. Times rise with ordinals, save where a clock went back: those stragglers are kept apart.
#[derive(Default)]
struct CreationTimes {
    /// Each job with the latest time of it and all before it: rising, so that it can be searched.
    latest: Vec<(Number, Timestamp)>,
    /// Jobs that are older than one before them.
    stragglers: BTreeMap<Number, Timestamp>,
}

impl CreationTimes {
    fn push(&mut self, ordinal: Number, at: Timestamp) {
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

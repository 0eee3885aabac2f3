//! A project's jobs in other orders than by ordinal: for each order the sets of jobs that are equal in it, or places in
//! time. A page takes from them what a filter leaves, so that only its own jobs are read.

use crate::index::ranked_set::RankedSet;
use crate::tables::keys::Number;
use fuelcell_domain::{Ordinal, Standing, Timestamp};
use fuelcell_store::{JobOrder, PageRequest, Ranks, SortKey};
use roaring::RoaringBitmap;
use std::borrow::Borrow;
use std::collections::BTreeMap;

/// See the module.
#[derive(Default)]
pub(crate) struct Orders {
    pipelines: BTreeMap<Ordinal, RoaringBitmap>,
    standings: [RoaringBitmap; Standing::ALL.len()],
    /// Skipped jobs by reason; those without one come first.
    skipped: BTreeMap<Option<String>, RoaringBitmap>,
    errors: BTreeMap<String, RoaringBitmap>,
    started: Times,
    ended: Times,
}

/// Jobs in the order of a time that they have.
#[derive(Default)]
struct Times {
    order: RankedSet<(Timestamp, Number)>,
    /// The same jobs.
    jobs: RoaringBitmap,
}

impl Times {
    fn add(&mut self, at: Option<Timestamp>, ordinal: Number) {
        if let Some(at) = at {
            self.order.insert((at, ordinal));
            self.jobs.insert(ordinal);
        }
    }

    fn remove(&mut self, at: Option<Timestamp>, ordinal: Number) {
        if let Some(at) = at {
            self.order.remove(&(at, ordinal));
            self.jobs.remove(ordinal);
        }
    }

    /// In their order or against it, passing over the first.
    fn ordinals(&self, descending: bool, skip: usize) -> Box<dyn Iterator<Item = Number> + '_> {
        match descending {
            true => Box::new(self.order.before(self.order.len().saturating_sub(skip)).map(|(_, job)| *job)),
            false => Box::new(self.order.from(skip).map(|(_, job)| *job)),
        }
    }
}

impl Orders {
    pub(crate) fn add(&mut self, ordinal: Number, ranks: &Ranks) {
        self.pipelines.entry(ranks.pipeline).or_default().insert(ordinal);
        self.standings[ranks.standing as usize].insert(ordinal);
        if ranks.standing == Standing::Skipped {
            self.skipped.entry(ranks.remark.clone()).or_default().insert(ordinal);
        }
        if let Some(error) = ranks.error() {
            self.errors.entry(error.to_owned()).or_default().insert(ordinal);
        }
        self.started.add(ranks.started_at, ordinal);
        self.ended.add(ranks.ended_at, ordinal);
    }

    pub(crate) fn remove(&mut self, ordinal: Number, ranks: &Ranks) {
        take_out(&mut self.pipelines, &ranks.pipeline, ordinal);
        self.standings[ranks.standing as usize].remove(ordinal);
        if ranks.standing == Standing::Skipped {
            take_out(&mut self.skipped, &ranks.remark, ordinal);
        }
        if let Some(error) = ranks.error() {
            take_out(&mut self.errors, error, ordinal);
        }
        self.started.remove(ranks.started_at, ordinal);
        self.ended.remove(ranks.ended_at, ordinal);
    }

    /// Jobs of the pipeline with this ordinal; 0 = without one.
    pub(crate) fn of_pipeline(&self, pipeline: Ordinal) -> Option<&RoaringBitmap> {
        self.pipelines.get(&pipeline)
    }

    /// Jobs that stand in one of these ways.
    pub(crate) fn standing(&self, standings: &[Standing]) -> RoaringBitmap {
        standings
            .iter()
            .fold(RoaringBitmap::new(), |union, standing| union | &self.standings[*standing as usize])
    }

    /// One page of these jobs.
    pub(crate) fn page(&self, matches: RoaringBitmap, order: &JobOrder, page: PageRequest) -> Vec<Number> {
        let mut cut = Cut::new(matches, order.descending, page);
        match &order.key {
            SortKey::Ordinal => {}
            SortKey::Pipeline => cut.take_sets(self.pipelines.values()),
            SortKey::Standing(standings) => cut.take_sets(self.by_standing(standings)),
            SortKey::StartedAt => cut.take_times(&self.started),
            SortKey::EndedAt => cut.take_times(&self.ended),
            SortKey::Error => cut.take_sets(self.errors.values()),
        }
        cut.take_rest()
    }

    fn by_standing<'a>(
        &'a self,
        order: &'a [Standing; 7],
    ) -> impl DoubleEndedIterator<Item = &'a RoaringBitmap> {
        order.iter().flat_map(|standing| -> Vec<&RoaringBitmap> {
            match standing {
                Standing::Skipped => self.skipped.values().collect(),
                other => vec![&self.standings[*other as usize]],
            }
        })
    }
}

fn take_out<K: Ord + Borrow<Q>, Q: Ord + ?Sized>(
    sets: &mut BTreeMap<K, RoaringBitmap>,
    key: &Q,
    ordinal: Number,
) {
    if let Some(set) = sets.get_mut(key) {
        set.remove(ordinal);
        if set.is_empty() {
            sets.remove(key);
        }
    }
}

/// A set that is asked about each of a million members: a bit for each number.
struct Members(Vec<u64>);

impl Members {
    fn of(set: &RoaringBitmap) -> Self {
        let mut words = vec![0; set.max().map_or(0, |max| max as usize / 64 + 1)];
        set.iter().for_each(|member| words[member as usize / 64] |= 1 << (member % 64));
        Self(words)
    }

    fn contains(&self, member: Number) -> bool {
        self.0.get(member as usize / 64).is_some_and(|word| word >> (member % 64) & 1 == 1)
    }
}

/// A page being cut out of an order.
struct Cut {
    /// Matches that did not come yet.
    rest: RoaringBitmap,
    descending: bool,
    /// Matches to pass over still.
    skip: u64,
    limit: usize,
    taken: Vec<Number>,
}

impl Cut {
    fn new(rest: RoaringBitmap, descending: bool, page: PageRequest) -> Self {
        Self { rest, descending, skip: page.offset, limit: page.limit, taken: Vec::new() }
    }

    /// Whether no further value can change the page.
    fn is_full(&self) -> bool {
        self.taken.len() >= self.limit || self.rest.is_empty()
    }

    /// Sets from the lowest value to the highest.
    fn take_sets<'a>(&mut self, sets: impl DoubleEndedIterator<Item = &'a RoaringBitmap>) {
        match self.descending {
            true => sets.rev().for_each(|set| self.take_set(set)),
            false => sets.for_each(|set| self.take_set(set)),
        }
    }

    fn take_set(&mut self, set: &RoaringBitmap) {
        if self.is_full() {
            return;
        }
        let own = &self.rest & set;
        self.rest -= &own;
        self.take(&own);
    }

    fn take_times(&mut self, times: &Times) {
        let own = &self.rest & &times.jobs;
        self.rest -= &own;
        let skip = usize::try_from(self.skip).unwrap_or(usize::MAX);
        self.skip = self.skip.saturating_sub(own.len());
        match own.len() == times.jobs.len() {
            // A place among all is found at once; among some of them, they have to be counted.
            true => self.taken.extend(times.ordinals(self.descending, skip).take(self.limit)),
            false => {
                let own = Members::of(&own);
                let ordinals = times.ordinals(self.descending, 0).filter(|ordinal| own.contains(*ordinal));
                self.taken.extend(ordinals.skip(skip).take(self.limit));
            }
        }
    }

    /// Those without a value, and the page.
    fn take_rest(mut self) -> Vec<Number> {
        let rest = std::mem::take(&mut self.rest);
        self.take(&rest);
        self.taken
    }

    fn take(&mut self, set: &RoaringBitmap) {
        let (skip, left) = (self.skip, self.limit - self.taken.len());
        self.skip = skip.saturating_sub(set.len());
        let Some(last) = set.len().checked_sub(skip.saturating_add(1)) else { return };
        // Ranks of a set of u32 fit into a u32.
        let from = if self.descending { last } else { skip };
        let Some(from) = u32::try_from(from).ok().and_then(|rank| set.select(rank)) else { return };
        match self.descending {
            true => self.taken.extend(set.range(..=from).rev().take(left)),
            false => self.taken.extend(set.range(from..).take(left)),
        }
    }
}

//! The part of a log that a block of a model is mined from: different traces with the number of cases.

use std::hash::BuildHasher;

use hashbrown::HashTable;
use rustc_hash::FxBuildHasher;

/// An activity in a part of a log.
pub(super) type Step = u16;

/// Different traces, one behind the other.
#[derive(Default)]
pub(super) struct Sublog {
    steps: Vec<Step>,
    ends: Vec<usize>,
    counts: Vec<u64>,
    table: HashTable<u32>,
    /// Cases without steps.
    pub(super) empty: u64,
}

impl Sublog {
    /// Adds cases of a trace.
    pub(super) fn add(&mut self, trace: impl IntoIterator<Item = Step>, cases: u64) {
        let begin = self.steps.len();
        self.steps.extend(trace);
        if self.steps.len() == begin {
            self.empty += cases;
            return;
        }
        let (steps, ends) = (&self.steps, &self.ends);
        let of = |number: u32| trace_at(steps, ends, number as usize);
        let hash = |trace: &[Step]| FxBuildHasher.hash_one(trace);
        let new = &steps[begin..];
        let known = self.table.find(hash(new), |&number| of(number) == new).copied();
        if let Some(known) = known {
            self.counts[known as usize] += cases;
            self.steps.truncate(begin);
            return;
        }
        let number = self.ends.len() as u32;
        let own = hash(new);
        self.ends.push(self.steps.len());
        self.counts.push(cases);
        let (steps, ends) = (&self.steps, &self.ends);
        self.table.insert_unique(own, number, |&number| hash(trace_at(steps, ends, number as usize)));
    }

    /// The traces that have steps, with their numbers of cases.
    pub(super) fn traces(&self) -> impl Iterator<Item = (&[Step], u64)> {
        self.counts
            .iter()
            .enumerate()
            .map(|(number, &count)| (trace_at(&self.steps, &self.ends, number), count))
    }

    /// Cases, those without steps included.
    pub(super) fn cases(&self) -> u64 {
        self.counts.iter().sum::<u64>() + self.empty
    }

    /// Steps of the different traces.
    pub(super) fn steps(&self) -> usize {
        self.steps.len()
    }

    /// The same traces with some steps only.
    pub(super) fn projected(&self, wanted: impl Fn(Step) -> bool) -> Self {
        let mut part = Self { empty: self.empty, ..Self::default() };
        for (trace, cases) in self.traces() {
            part.add(trace.iter().copied().filter(|&step| wanted(step)), cases);
        }
        part
    }
}

fn trace_at<'a>(steps: &'a [Step], ends: &[usize], number: usize) -> &'a [Step] {
    let begin = number.checked_sub(1).map_or(0, |before| ends[before]);
    &steps[begin..ends[number]]
}

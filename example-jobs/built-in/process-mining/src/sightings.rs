//! Deviations of cases: how often each was seen, in how many cases, and in which of them first.

use std::hash::Hash;

use rustc_hash::FxHashMap;

/// Cases named for each deviation.
const EXAMPLES: usize = 20;

/// How often a deviation was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen<D> {
    /// What was seen.
    pub deviation: D,
    /// How often.
    pub count: u64,
    /// In how many cases.
    pub cases: u64,
    /// The first of them.
    pub examples: Vec<usize>,
}

/// Deviations by number, and how often each occurs in a case.
pub(crate) type Counts = Vec<(usize, u64)>;

/// Numbers deviations, and counts them.
pub(crate) struct Sightings<D> {
    numbers: FxHashMap<D, usize>,
    seen: Vec<Seen<D>>,
}

impl<D: Copy + Ord + Hash> Sightings<D> {
    pub(crate) fn new() -> Self {
        Self { numbers: FxHashMap::default(), seen: Vec::new() }
    }

    /// The deviations of a case, or of all cases that do the same.
    pub(crate) fn number(&mut self, deviations: &[D]) -> Counts {
        let mut sorted = deviations.to_vec();
        sorted.sort_unstable();
        let same = sorted.chunk_by(|a, b| a == b);
        same.map(|same| (self.number_of(same[0]), same.len() as u64)).collect()
    }

    fn number_of(&mut self, deviation: D) -> usize {
        let number = *self.numbers.entry(deviation).or_insert(self.seen.len());
        if number == self.seen.len() {
            self.seen.push(Seen { deviation, count: 0, cases: 0, examples: Vec::new() });
        }
        number
    }

    /// Counts a case.
    pub(crate) fn add(&mut self, case: usize, counts: &Counts) {
        for &(number, count) in counts {
            let seen = &mut self.seen[number];
            seen.count += count;
            seen.cases += 1;
            if seen.examples.len() < EXAMPLES {
                seen.examples.push(case);
            }
        }
    }

    /// Those that were seen in a case, those of most cases first, equal ones in the order of `key`.
    pub(crate) fn ranked<K: Ord>(mut self, key: impl Fn(D) -> K) -> Vec<Seen<D>> {
        self.seen.retain(|seen| seen.cases > 0);
        self.seen.sort_by(|a, b| b.cases.cmp(&a.cases).then_with(|| key(a.deviation).cmp(&key(b.deviation))));
        self.seen
    }
}

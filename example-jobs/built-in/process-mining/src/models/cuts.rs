//! Cuts of a directly-follows graph: how its activities fall apart into the parts of a block (Leemans, Fahland, van der
//! Aalst 2013, definitions of the four cuts; infrequent edges: the same, "… Containing Infrequent Behaviour", 2014).

use super::sublog::{Step, Sublog};
use super::tree::Operator;

/// A directly-follows graph over a few activities. Places are the positions in `activities`.
#[derive(Clone)]
pub(super) struct Graph {
    /// The activities that occur, in order of their numbers.
    pub(super) activities: Vec<Step>,
    pub(super) starts: Vec<u64>,
    pub(super) ends: Vec<u64>,
    edges: Vec<u64>,
}

/// The parts of a block, each a list of places in the graph.
pub(super) struct Cut {
    pub(super) operator: Operator,
    pub(super) parts: Vec<Vec<usize>>,
}

impl Graph {
    pub(super) fn of(log: &Sublog) -> Self {
        Self::without(log, None)
    }

    /// The graph of the log as if one activity had not been recorded.
    pub(super) fn without(log: &Sublog, left_out: Option<Step>) -> Self {
        let kept = |step: &Step| Some(*step) != left_out;
        let mut place_of: Vec<usize> = Vec::new();
        for step in log.traces().flat_map(|(trace, _)| trace.iter().copied().filter(kept)) {
            let step = usize::from(step);
            if place_of.len() <= step {
                place_of.resize(step + 1, usize::MAX);
            }
            place_of[step] = 0;
        }
        let mut activities = Vec::new();
        for (step, place) in place_of.iter_mut().enumerate().filter(|(_, place)| **place == 0) {
            *place = activities.len();
            activities.push(step as Step);
        }
        let size = activities.len();
        let mut graph =
            Self { activities, starts: vec![0; size], ends: vec![0; size], edges: vec![0; size * size] };
        for (trace, cases) in log.traces() {
            let mut before = None;
            for step in trace.iter().filter(|step| kept(step)) {
                let place = place_of[usize::from(*step)];
                match before.replace(place) {
                    Some(before) => graph.edges[before * size + place] += cases,
                    None => graph.starts[place] += cases,
                }
            }
            if let Some(last) = before {
                graph.ends[last] += cases;
            }
        }
        graph
    }

    fn size(&self) -> usize {
        self.activities.len()
    }

    fn has(&self, from: usize, to: usize) -> bool {
        self.edges[from * self.size() + to] > 0
    }

    /// Leaves out edges that are infrequent beside the most frequent way on from the same activity (2014, section 3.2), and
    /// starts and ends that are so beside the most frequent one.
    pub(super) fn filter(&mut self, noise: f64) {
        let leave_out = |counts: &mut [u64], most: u64| {
            let infrequent = |count: &&mut u64| (**count as f64) < noise * most as f64;
            counts.iter_mut().filter(infrequent).for_each(|count| *count = 0);
        };
        let size = self.size();
        for place in 0..size {
            let row = &mut self.edges[place * size..(place + 1) * size];
            let most = row.iter().copied().max().unwrap_or(0).max(self.ends[place]);
            leave_out(row, most);
        }
        for counts in [&mut self.starts, &mut self.ends] {
            let most = counts.iter().copied().max().unwrap_or(0);
            leave_out(counts, most);
        }
    }

    /// The first cut that there is, in the order of the paper.
    pub(super) fn cut(&self) -> Option<Cut> {
        let cut = |operator, parts: Vec<Vec<usize>>| (parts.len() > 1).then_some(Cut { operator, parts });
        cut(Operator::Choice, self.choice())
            .or_else(|| cut(Operator::Sequence, self.sequence()))
            .or_else(|| cut(Operator::Parallel, self.parallel()))
            .or_else(|| cut(Operator::Loop, self.redo()))
    }

    /// Parts between which there is no edge.
    fn choice(&self) -> Vec<Vec<usize>> {
        let mut groups = Groups::new(self.size());
        for (from, to) in self.pairs().filter(|&(from, to)| self.has(from, to)) {
            groups.join(from, to);
        }
        groups.list()
    }

    fn pairs(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        let size = self.size();
        (0..size * size).map(move |pair| (pair / size, pair % size))
    }

    /// Parts of which each is reached from those before it and reaches none of them.
    fn sequence(&self) -> Vec<Vec<usize>> {
        let reach = Reach::of(self);
        let mut groups = Groups::new(self.size());
        for (a, b) in self.pairs().filter(|(a, b)| a < b) {
            if reach.has(a, b) == reach.has(b, a) {
                groups.join(a, b);
            }
        }
        let mut parts = groups.list();
        // Between two activities of different parts there is a way in one direction only; between the parts, too.
        while let Some((a, b)) = crossing(&reach, &parts) {
            let taken = parts.remove(b);
            parts[a].extend(taken);
        }
        // Whoever reaches more comes earlier.
        parts.sort_by_key(|part| std::cmp::Reverse(reach.count(part)));
        self.together(parts)
    }

    /// Puts parts of a sequence together that are only left out together (Leemans, "Robust Process Mining with
    /// Guarantees", 2017, strict sequence cut): beside a part that may be left out, those that never happen without it.
    fn together(&self, mut parts: Vec<Vec<usize>>) -> Vec<Vec<usize>> {
        let mut part_of = vec![0_i64; self.size()];
        for (number, part) in parts.iter().enumerate() {
            part.iter().for_each(|&place| part_of[place] = number as i64);
        }
        let last = parts.len() as i64;
        // Where the ways into a part come from, and where those out of it lead, at the farthest.
        let starts = |part: &Vec<usize>| part.iter().any(|&place| self.starts[place] > 0);
        let ends = |part: &Vec<usize>| part.iter().any(|&place| self.ends[place] > 0);
        let mut from: Vec<i64> = parts.iter().map(|part| if starts(part) { -1 } else { last }).collect();
        let mut to: Vec<i64> = parts.iter().map(|part| if ends(part) { last } else { -1 }).collect();
        let mut skipped = vec![false; parts.len()];
        let mut skip = |first: i64, second: i64| {
            ((first + 1).max(0)..second).for_each(|part| skipped[part as usize] = true);
        };
        for (a, b) in self.pairs().filter(|&(a, b)| self.has(a, b)) {
            let (a, b) = (part_of[a], part_of[b]);
            from[b as usize] = from[b as usize].min(a);
            to[a as usize] = to[a as usize].max(b);
            skip(a, b);
        }
        for (number, part) in (0..).zip(&parts) {
            if starts(part) {
                skip(-1, number);
            }
            if ends(part) {
                skip(number, last);
            }
        }
        for part in 0..parts.len() {
            if !skipped[part] || parts[part].is_empty() {
                continue;
            }
            let before = (0..part).rev().take_while(|&other| to[other] <= part as i64);
            let after = (part + 1..parts.len()).take_while(|&other| from[other] >= part as i64);
            for other in before.chain(after).collect::<Vec<_>>() {
                let taken = std::mem::take(&mut parts[other]);
                parts[part].extend(taken);
            }
        }
        parts.retain(|part| !part.is_empty());
        parts
    }

    /// Parts that follow each other in both directions everywhere, each with a start and an end.
    fn parallel(&self) -> Vec<Vec<usize>> {
        let mut groups = Groups::new(self.size());
        for (a, b) in self.pairs().filter(|(a, b)| a < b) {
            if !(self.has(a, b) && self.has(b, a)) {
                groups.join(a, b);
            }
        }
        let whole = |part: &Vec<usize>| {
            part.iter().any(|&place| self.starts[place] > 0) && part.iter().any(|&place| self.ends[place] > 0)
        };
        let (mut parts, rest): (Vec<_>, Vec<_>) = groups.list().into_iter().partition(whole);
        let Some(first) = parts.first_mut() else { return Vec::new() };
        first.extend(rest.into_iter().flatten());
        parts
    }

    /// What is done, and what leads from its ends back to its starts.
    fn redo(&self) -> Vec<Vec<usize>> {
        let size = self.size();
        let (start, end) = (|place: usize| self.starts[place] > 0, |place: usize| self.ends[place] > 0);
        let inner = |place: usize| !start(place) && !end(place);
        let mut groups = Groups::new(size);
        for (a, b) in self.pairs().filter(|&(a, b)| self.has(a, b) && inner(a) && inner(b)) {
            groups.join(a, b);
        }
        let (starts, ends): (Vec<usize>, Vec<usize>) = (
            (0..size).filter(|&place| start(place)).collect(),
            (0..size).filter(|&place| end(place)).collect(),
        );
        let outer: Vec<usize> = (0..size).filter(|&place| !inner(place)).collect();
        // A way back is entered from every end if from one, leads to every start if to one, and touches nothing else.
        let entered = |place: usize| {
            let from = |others: &[usize]| others.iter().filter(|&&other| self.has(other, place)).count();
            let known = from(&ends);
            from(&outer) == known && (known == 0 || known == ends.len())
        };
        let left = |place: usize| {
            let to = |others: &[usize]| others.iter().filter(|&&other| self.has(place, other)).count();
            let known = to(&starts);
            to(&outer) == known && (known == 0 || known == starts.len())
        };
        let is_back =
            |part: &Vec<usize>| inner(part[0]) && part.iter().all(|&place| entered(place) && left(place));
        let (back, body): (Vec<_>, Vec<_>) = groups.list().into_iter().partition(is_back);
        let parts = [body, back].map(|parts| parts.into_iter().flatten().collect::<Vec<_>>());
        parts.into_iter().filter(|part| !part.is_empty()).collect()
    }
}

/// Two parts, in order of their places, of which each is reached from the other.
fn crossing(reach: &Reach, parts: &[Vec<usize>]) -> Option<(usize, usize)> {
    let leads = |from: &[usize], to: &[usize]| from.iter().any(|&a| to.iter().any(|&b| reach.has(a, b)));
    let mut pairs = (0..parts.len()).flat_map(|a| (a + 1..parts.len()).map(move |b| (a, b)));
    pairs.find(|&(a, b)| leads(&parts[a], &parts[b]) && leads(&parts[b], &parts[a]))
}

/// What is reached from what, over one edge or more.
struct Reach {
    words: usize,
    bits: Vec<u64>,
}

impl Reach {
    fn of(graph: &Graph) -> Self {
        let size = graph.size();
        let words = size.div_ceil(64);
        let mut reach = Self { words, bits: vec![0; size * words] };
        for (from, to) in graph.pairs().filter(|&(from, to)| graph.has(from, to)) {
            reach.bits[from * words + to / 64] |= 1 << (to % 64);
        }
        // Warshall's algorithm, a row at a time.
        for over in 0..size {
            let row: Vec<u64> = reach.bits[over * words..(over + 1) * words].to_vec();
            for from in (0..size).filter(|&from| from != over) {
                if reach.has(from, over) {
                    let target = &mut reach.bits[from * words..(from + 1) * words];
                    target.iter_mut().zip(&row).for_each(|(bits, more)| *bits |= more);
                }
            }
        }
        reach
    }

    fn has(&self, from: usize, to: usize) -> bool {
        self.bits[from * self.words + to / 64] & (1 << (to % 64)) != 0
    }

    /// How many activities outside of a part are reached from it.
    fn count(&self, part: &[usize]) -> u32 {
        let row = |place: usize| &self.bits[place * self.words..(place + 1) * self.words];
        let mut all = vec![0_u64; self.words];
        part.iter().for_each(|&place| all.iter_mut().zip(row(place)).for_each(|(bits, more)| *bits |= more));
        part.iter().for_each(|&place| all[place / 64] &= !(1 << (place % 64)));
        all.iter().map(|bits| bits.count_ones()).sum()
    }
}

/// Disjoint sets of places.
struct Groups(Vec<usize>);

impl Groups {
    fn new(size: usize) -> Self {
        Self((0..size).collect())
    }

    fn root(&mut self, mut place: usize) -> usize {
        while self.0[place] != place {
            self.0[place] = self.0[self.0[place]];
            place = self.0[place];
        }
        place
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        self.0[a.max(b)] = a.min(b);
    }

    /// The sets, in order of their first places.
    fn list(mut self) -> Vec<Vec<usize>> {
        let size = self.0.len();
        let mut lists = vec![Vec::new(); size];
        for place in 0..size {
            let root = self.root(place);
            lists[root].push(place);
        }
        lists.retain(|list| !list.is_empty());
        lists
    }
}

//! What follows what: the directly-follows graph.

use rustc_hash::FxHashMap;

use super::stats::{Spread, spread_by_group};
use crate::log::EventLog;
use crate::names::Id;

/// Two activities, the second directly after the first in the same case.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Edge {
    /// The first activity.
    pub from: Id,
    /// The second activity.
    pub to: Id,
    /// The time between the two events' timestamps; its count is the frequency of the edge.
    pub time: Spread,
}

/// The directly-follows graph.
#[derive(Debug, Clone, PartialEq)]
pub struct Flow {
    /// Events per activity.
    pub activities: Vec<u64>,
    /// Cases that begin with the activity.
    pub starts: Vec<u64>,
    /// Cases that end with the activity.
    pub ends: Vec<u64>,
    /// The edges, most frequent first, then by names.
    pub edges: Vec<Edge>,
    numbers: Pairs,
}

/// Numbers pairs in order of their first appearance.
#[derive(Debug, Clone, PartialEq)]
struct Pairs {
    side: usize,
    dense: Vec<u32>,
    sparse: FxHashMap<(Id, Id), u32>,
    pairs: Vec<(Id, Id)>,
}

impl Pairs {
    /// Beyond this many names a table of all pairs would cost more than a map of those that occur.
    const DENSE: usize = 1024;

    fn new(names: usize) -> Self {
        let side = if names <= Self::DENSE { names } else { 0 };
        Self { side, dense: vec![u32::MAX; side * side], sparse: FxHashMap::default(), pairs: Vec::new() }
    }

    fn add(&mut self, from: Id, to: Id) {
        let new = self.pairs.len() as u32;
        let number = if self.side > 0 {
            &mut self.dense[from as usize * self.side + to as usize]
        } else {
            self.sparse.entry((from, to)).or_insert(u32::MAX)
        };
        if *number == u32::MAX {
            *number = new;
            self.pairs.push((from, to));
        }
    }

    fn number(&self, from: Id, to: Id) -> usize {
        let number = if self.side > 0 {
            self.dense[from as usize * self.side + to as usize]
        } else {
            self.sparse[&(from, to)]
        };
        number as usize
    }
}

impl Flow {
    /// Counts and measures.
    pub fn of(log: &EventLog) -> Self {
        Self::among(log, |_| true)
    }

    /// The graph of the log as if it had only the events of some activities: a step leads from one of them to the next,
    /// whatever happened between the two.
    pub fn among(log: &EventLog, wanted: impl Fn(Id) -> bool) -> Self {
        let names = log.names.activities.len();
        let (mut activities, mut starts, mut ends) = (vec![0; names], vec![0; names], vec![0; names]);
        let mut pairs = Pairs::new(names);
        for range in log.ranges() {
            let mut before = None;
            for &activity in log.activities[range].iter().filter(|&&activity| wanted(activity)) {
                activities[activity as usize] += 1;
                match before.replace(activity) {
                    Some(before) => pairs.add(before, activity),
                    None => starts[activity as usize] += 1,
                }
            }
            if let Some(last) = before {
                ends[last as usize] += 1;
            }
        }
        let times = spread_by_group(pairs.pairs.len(), |all| {
            for range in log.ranges() {
                let mut before = None;
                for event in range.filter(|&event| wanted(log.activities[event])) {
                    if let Some(before) = before.replace(event) {
                        let edge = pairs.number(log.activities[before], log.activities[event]);
                        all.take(edge, log.times[event] - log.times[before]);
                    }
                }
            }
        });
        let edge =
            |(&(from, to), time): (&(Id, Id), Option<Spread>)| time.map(|time| Edge { from, to, time });
        let mut edges: Vec<Edge> = pairs.pairs.iter().zip(times).filter_map(edge).collect();
        let key = |edge: &Edge| (log.activity_name(edge.from), log.activity_name(edge.to));
        edges.sort_by(|a, b| b.time.count.cmp(&a.time.count).then_with(|| key(a).cmp(&key(b))));
        let mut numbers = Pairs::new(names);
        edges.iter().for_each(|edge| numbers.add(edge.from, edge.to));
        Self { activities, starts, ends, edges, numbers }
    }

    /// The place in `edges` of a pair that occurs in the log.
    pub fn number(&self, from: Id, to: Id) -> usize {
        self.numbers.number(from, to)
    }

    /// How many activities occur.
    pub fn activity_count(&self) -> usize {
        self.activities.iter().filter(|&&count| count > 0).count()
    }

    /// Edges from an activity to itself.
    pub fn self_loops(&self) -> impl Iterator<Item = &Edge> {
        self.edges.iter().filter(|edge| edge.from == edge.to)
    }
}

/// Time since the event before, per activity that it leads to.
pub fn time_since_previous(log: &EventLog) -> Vec<Option<Spread>> {
    spread_by_group(log.names.activities.len(), |all| {
        for range in log.ranges() {
            for event in range.start + 1..range.end {
                all.take(log.activities[event] as usize, log.times[event] - log.times[event - 1]);
            }
        }
    })
}

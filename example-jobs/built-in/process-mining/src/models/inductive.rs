//! The inductive miner for logs with infrequent behaviour (Leemans, Fahland, van der Aalst, "Discovering Block-Structured
//! Process Models from Event Logs Containing Infrequent Behaviour", 2014).

use super::cuts::{Cut, Graph};
use super::sublog::{Step, Sublog};
use super::tree::{Operator, Tree};
use crate::names::Id;

/// Beyond so many steps, over all tries, it is not tried whether one activity is parallel to the others.
const TRIES: usize = 200_000_000;

/// Traces for which the table of [`ends_of_parts`] would be larger are not cut: every part has its steps.
const LARGEST_TABLE: usize = 1 << 20;

/// What is mined from the traces of a log.
pub(super) fn mine(log: Sublog, noise: f64, activities: &[Id]) -> Tree {
    Miner { noise, activities }.mine(log)
}

struct Miner<'a> {
    noise: f64,
    /// The activity of every step.
    activities: &'a [Id],
}

impl Miner<'_> {
    fn mine(&self, mut log: Sublog) -> Tree {
        if log.steps() == 0 {
            return Tree::Silent;
        }
        if log.empty as f64 > self.noise * log.cases() as f64 {
            log.empty = 0;
            return Tree::block(Operator::Choice, vec![Tree::Silent, self.mine(log)]);
        }
        log.empty = 0;
        let mut graph = Graph::of(&log);
        if graph.activities.len() == 1 && log.traces().all(|(trace, _)| trace.len() == 1) {
            return self.leaf(graph.activities[0]);
        }
        let found = graph.cut().or_else(|| {
            graph.filter(self.noise);
            graph.cut()
        });
        match found {
            Some(cut) => self.recurse(cut.operator, split(log, &graph, &cut)),
            None => self.fall_through(log, &graph.activities),
        }
    }

    fn leaf(&self, step: Step) -> Tree {
        Tree::Activity(self.activities[usize::from(step)])
    }

    fn recurse(&self, operator: Operator, parts: Vec<Sublog>) -> Tree {
        Tree::block(operator, parts.into_iter().map(|part| self.mine(part)).collect())
    }

    /// What is said of a log without a cut, the more precise before the less.
    fn fall_through(&self, log: Sublog, steps: &[Step]) -> Tree {
        let apart =
            |step: Step| vec![log.projected(|other| other == step), log.projected(|other| other != step)];
        if steps.len() > 1 {
            let once = steps.iter().find(|&&step| {
                log.traces().all(|(trace, _)| trace.iter().filter(|&&other| other == step).count() == 1)
            });
            let found = once.copied().or_else(|| parallel(&log, steps));
            if let Some(step) = found {
                return self.recurse(Operator::Parallel, apart(step));
            }
        }
        let (starts, ends) = bounds(&log);
        let again = repeated(&log, |before, step| ends.contains(&before) && starts.contains(&step))
            .or_else(|| repeated(&log, |_, step| starts.contains(&step)));
        if let Some(body) = again {
            return Tree::block(Operator::Loop, vec![self.mine(body), Tree::Silent]);
        }
        let any = steps.iter().map(|&step| self.leaf(step)).collect();
        Tree::block(Operator::Loop, vec![Tree::block(Operator::Choice, any), Tree::Silent])
    }
}

/// An activity without which the others have a cut.
fn parallel(log: &Sublog, steps: &[Step]) -> Option<Step> {
    if steps.len().saturating_mul(log.steps()) > TRIES {
        return None;
    }
    steps.iter().copied().find(|&step| Graph::without(log, Some(step)).cut().is_some())
}

/// What traces begin and end with.
fn bounds(log: &Sublog) -> (Vec<Step>, Vec<Step>) {
    let (mut starts, mut ends): (Vec<Step>, Vec<Step>) =
        log.traces().filter_map(|(trace, _)| Some((trace.first()?, trace.last()?))).unzip();
    for list in [&mut starts, &mut ends] {
        list.sort_unstable();
        list.dedup();
    }
    (starts, ends)
}

/// The traces cut where they begin again. None when none does.
fn repeated(log: &Sublog, begins: impl Fn(Step, Step) -> bool) -> Option<Sublog> {
    let mut parts = Sublog::default();
    let mut any = false;
    for (trace, cases) in log.traces() {
        for part in trace.chunk_by(|&before, &step| !begins(before, step)) {
            any |= part.len() < trace.len();
            parts.add(part.iter().copied(), cases);
        }
    }
    any.then_some(parts)
}

/// The log of each part of a cut. Steps where the cut does not have them are infrequent, and left out.
fn split(log: Sublog, graph: &Graph, cut: &Cut) -> Vec<Sublog> {
    let most = graph.activities.last().map_or(0, |&step| usize::from(step) + 1);
    let mut part_of = vec![0_usize; most];
    for (number, part) in cut.parts.iter().enumerate() {
        part.iter().for_each(|&place| part_of[usize::from(graph.activities[place])] = number);
    }
    let part_of = |step: Step| part_of[usize::from(step)];
    let mut parts: Vec<Sublog> = cut.parts.iter().map(|_| Sublog::default()).collect();
    for (trace, cases) in log.traces() {
        match cut.operator {
            Operator::Choice => choose(trace, cases, part_of, &mut parts),
            Operator::Sequence => follow(trace, cases, part_of, &mut parts),
            Operator::Parallel => project(trace, cases, part_of, &mut parts),
            Operator::Loop => turn(trace, cases, part_of, &mut parts),
        }
    }
    parts
}

/// A trace belongs to the part that has most of its steps.
fn choose(trace: &[Step], cases: u64, part_of: impl Fn(Step) -> usize, parts: &mut [Sublog]) {
    let mut counts = vec![0_usize; parts.len()];
    trace.iter().for_each(|&step| counts[part_of(step)] += 1);
    let best = (0..parts.len()).rev().max_by_key(|&part| counts[part]).unwrap_or(0);
    parts[best].add(trace.iter().copied().filter(|&step| part_of(step) == best), cases);
}

/// A trace is cut so that as few steps as possible lie outside of their part.
fn follow(trace: &[Step], cases: u64, part_of: impl Fn(Step) -> usize, parts: &mut [Sublog]) {
    if trace.len().saturating_mul(parts.len()) > LARGEST_TABLE {
        return project(trace, cases, part_of, parts);
    }
    let mut begin = 0;
    if trace.is_sorted_by_key(|&step| part_of(step)) {
        for (number, part) in parts.iter_mut().enumerate() {
            let length = trace[begin..].iter().take_while(|&&step| part_of(step) == number).count();
            part.add(trace[begin..begin + length].iter().copied(), cases);
            begin += length;
        }
        return;
    }
    let ends = ends_of_parts(trace, &part_of, parts.len());
    for (number, (part, end)) in parts.iter_mut().zip(ends).enumerate() {
        part.add(trace[begin..end].iter().copied().filter(|&step| part_of(step) == number), cases);
        begin = end;
    }
}

/// Where the parts of a trace end so that most steps lie in their own: a table of how many do, up to each step and with
/// each part as the last.
fn ends_of_parts(trace: &[Step], part_of: &impl Fn(Step) -> usize, parts: usize) -> Vec<usize> {
    let mut rows = vec![vec![0_u32; parts]];
    for (at, &step) in trace.iter().enumerate() {
        let mut best = 0;
        let row = rows[at].iter().enumerate().map(|(part, &own)| {
            best = best.max(own);
            best + u32::from(part_of(step) == part)
        });
        let row = row.collect();
        rows.push(row);
    }
    let mut ends = vec![trace.len(); parts];
    let mut most = parts;
    for at in (0..trace.len()).rev() {
        // The part of this step: the last of those with the most, up to the part of the step behind it.
        let row = &rows[at + 1];
        let part = (0..most).rev().max_by_key(|&part| row[part]).unwrap_or(0);
        ends[..part].iter_mut().for_each(|end| *end = at);
        most = part + 1;
    }
    ends
}

/// Every part has its steps of the trace.
fn project(trace: &[Step], cases: u64, part_of: impl Fn(Step) -> usize, parts: &mut [Sublog]) {
    for (number, part) in parts.iter_mut().enumerate() {
        part.add(trace.iter().copied().filter(|&step| part_of(step) == number), cases);
    }
}

/// A trace goes from what is done (the first part) to the way back and to the first part again.
fn turn(trace: &[Step], cases: u64, part_of: impl Fn(Step) -> usize, parts: &mut [Sublog]) {
    let runs = || trace.chunk_by(|&a, &b| part_of(a) == part_of(b));
    let part = |run: Option<&[Step]>| run.map_or(0, |run| part_of(run[0]));
    for run in runs() {
        parts[part_of(run[0])].add(run.iter().copied(), cases);
    }
    for outer in [runs().next(), runs().last()] {
        if part(outer) != 0 {
            parts[0].add([], cases);
        }
    }
}

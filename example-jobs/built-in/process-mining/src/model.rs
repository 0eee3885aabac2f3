//! A model that says what comes next: how often each activity followed the last two.

use std::cmp::Reverse;
use std::hash::Hash;

use rustc_hash::FxHashMap;
use serde_json::{Value, json};

use crate::figures::{Edge, Figures, Flow, Variants};
use crate::log::{EventLog, Level, Micros};
use crate::names::Id;

/// What a model file says it is.
pub const NAME: &str = "next-activity";
/// The version of its form.
pub const VERSION: u64 = 2;

/// What the key `level` says where activity instances were counted; events otherwise.
pub const INSTANCES: &str = "activity instances";
/// A log with more different steps repeats nothing, and a list of them would be larger than the log.
const STEPS: usize = 200_000;

/// Stands for "the case is over".
const END: Id = Id::MAX;
/// Stands for "before the first activity".
const BEGINNING: Id = Id::MAX - 1;
/// Without this many cases on both sides a hold-out says nothing.
const ENOUGH_CASES: u64 = 50;
/// Share of the cases, by their start, that come before the hold-out.
const TRAINING: f64 = 0.8;
/// More contexts than this are not written; the rarest are left out.
const CONTEXTS: usize = 5_000;
/// Of what followed a context, this many are written, most frequent first.
const NEXT: usize = 20;
/// More different successions than this are not learnt: such a log repeats nothing that could be predicted.
const SUCCESSIONS: usize = 1_000_000;

/// The last two activities.
type Pair = (Id, Id);

/// How often what followed the last two activities, the last one, and anything.
#[derive(Debug, Default)]
struct Counts {
    two: FxHashMap<(Pair, Id), u64>,
    one: FxHashMap<(Id, Id), u64>,
    all: FxHashMap<Id, u64>,
}

impl Counts {
    /// Learns what `cases` cases did.
    fn learn(&mut self, trace: &[Id], cases: u64) {
        let mut before = (BEGINNING, BEGINNING);
        for next in trace.iter().copied().chain([END]) {
            add(&mut self.two, (before, next), cases);
            add(&mut self.one, (before.1, next), cases);
            add(&mut self.all, next, cases);
            before = (before.1, next);
        }
    }
}

fn add<K: Eq + Hash>(counts: &mut FxHashMap<K, u64>, key: K, cases: u64) {
    if counts.len() < SUCCESSIONS {
        *counts.entry(key).or_default() += cases;
    } else if let Some(count) = counts.get_mut(&key) {
        *count += cases;
    }
}

/// The most frequent next activity of each context.
struct Predictor {
    two: FxHashMap<Pair, Id>,
    one: FxHashMap<Id, Id>,
    usual: Option<Id>,
}

impl Predictor {
    fn of(counts: &Counts) -> Self {
        Self {
            two: favourites(&counts.two),
            one: favourites(&counts.one),
            usual: counts
                .all
                .iter()
                .map(|(&next, &count)| (count, Reverse(next)))
                .max()
                .map(|(_, next)| next.0),
        }
    }

    fn predict(&self, before: Pair) -> Option<Id> {
        self.two.get(&before).or_else(|| self.one.get(&before.1)).copied().or(self.usual)
    }
}

/// The next activity with the highest count of every context; of equal ones the first in the log.
fn favourites<C: Eq + Hash + Copy>(counts: &FxHashMap<(C, Id), u64>) -> FxHashMap<C, Id> {
    let mut best: FxHashMap<C, (u64, Reverse<Id>)> = FxHashMap::default();
    for (&(context, next), &count) in counts {
        let best = best.entry(context).or_insert((count, Reverse(next)));
        *best = (*best).max((count, Reverse(next)));
    }
    best.into_iter().map(|(context, (_, next))| (context, next.0)).collect()
}

/// How well the model predicts cases that it has not seen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Evaluation {
    /// Share of the steps predicted right.
    pub accuracy: f64,
    /// Share that is right when always the most frequent next activity is said.
    pub baseline: f64,
    /// Cases learnt from: those that ended before the split.
    pub training_cases: u64,
    /// Cases predicted: those that began after the split.
    pub test_cases: u64,
    /// Steps predicted.
    pub test_steps: u64,
    /// When the split is.
    pub split: Micros,
}

/// Learns from the earlier cases and predicts the later ones. None when there are too few of either.
pub fn evaluate(log: &EventLog, variants: &Variants) -> Option<Evaluation> {
    let mut starts: Vec<Micros> = log.ranges().map(|range| log.times[range.start]).collect();
    starts.sort_unstable();
    let split = *starts.get((starts.len() as f64 * TRAINING) as usize)?;
    // Cases of one variant do the same, so each variant is learnt and predicted once.
    let mut cases = vec![(0_u64, 0_u64); variants.list.len()];
    for (&variant, range) in variants.of_case.iter().zip(log.ranges()) {
        let (training, tests) = &mut cases[variant as usize];
        *training += u64::from(log.times[range.end - 1] < split);
        *tests += u64::from(log.times[range.start] >= split);
    }
    let training_cases: u64 = cases.iter().map(|(training, _)| training).sum();
    let test_cases: u64 = cases.iter().map(|(_, tests)| tests).sum();
    if training_cases < ENOUGH_CASES || test_cases < ENOUGH_CASES {
        return None;
    }
    let traces = || variants.list.iter().map(|variant| log.trace(variant.case)).zip(&cases);
    let mut counts = Counts::default();
    for (trace, &(training, _)) in traces().filter(|(_, (training, _))| *training > 0) {
        counts.learn(trace, training);
    }
    let predictor = Predictor::of(&counts);
    let (mut right, mut usual_right, mut steps) = (0_u64, 0_u64, 0_u64);
    for (trace, &(_, tests)) in traces().filter(|(_, (_, tests))| *tests > 0) {
        let mut before = (BEGINNING, trace[0]);
        for next in trace[1..].iter().copied().chain([END]) {
            right += if predictor.predict(before) == Some(next) { tests } else { 0 };
            usual_right += if predictor.usual == Some(next) { tests } else { 0 };
            steps += tests;
            before = (before.1, next);
        }
    }
    Some(Evaluation {
        accuracy: right as f64 / steps as f64,
        baseline: usual_right as f64 / steps as f64,
        training_cases,
        test_cases,
        test_steps: steps,
        split,
    })
}

/// The activity before the last, the last one, what followed, how often.
type Row = (Option<Id>, Id, Id, u64);

fn context_document(log: &EventLog, rows: &[Row]) -> Value {
    let (first, last) = (rows[0].0, rows[0].1);
    let known = first.into_iter().chain([last]).filter(|&activity| activity != BEGINNING);
    let after: Vec<&str> = known.map(|activity| log.activity_name(activity)).collect();
    let next = |&(_, _, next, count): &Row| match next {
        END => json!({"activity": null, "count": count}),
        next => json!({"activity": log.activity_name(next), "count": count}),
    };
    json!({
        "after": after,
        "from_beginning": first == Some(BEGINNING) || last == BEGINNING,
        "next": rows.iter().take(NEXT).map(next).collect::<Value>(),
    })
}

/// How cases begin, what directly follows what, and how cases end, with counts. Activities are named by their place in
/// the list. None for a log with too many different steps.
fn directly_follows(log: &EventLog, flow: &Flow) -> Option<Value> {
    if flow.edges.len() > STEPS || flow.activity_count() > STEPS {
        return None;
    }
    let occurring: Vec<Id> =
        (0..flow.activities.len() as Id).filter(|&id| flow.activities[id as usize] > 0).collect();
    let mut places = vec![0; flow.activities.len()];
    occurring.iter().enumerate().for_each(|(place, &activity)| places[activity as usize] = place);
    let counted = |counts: &[u64]| -> Value {
        let all = occurring.iter().map(|&activity| (places[activity as usize], counts[activity as usize]));
        all.filter(|&(_, count)| count > 0).map(|(place, count)| json!([place, count])).collect()
    };
    let edge = |edge: &Edge| json!([places[edge.from as usize], places[edge.to as usize], edge.time.count]);
    Some(json!({
        "activities": occurring.iter().map(|&activity| log.activity_name(activity)).collect::<Value>(),
        "starts": counted(&flow.starts),
        "ends": counted(&flow.ends),
        "edges": flow.edges.iter().map(edge).collect::<Value>(),
    }))
}

/// The model learnt from all cases, as JSON that says how to use it.
pub fn document(log: &EventLog, figures: &Figures, evaluation: Option<&Evaluation>) -> Value {
    let mut counts = Counts::default();
    let variants = &figures.variants;
    variants.list.iter().for_each(|variant| counts.learn(log.trace(variant.case), variant.count));
    // A context is the last two activities, or the last one with nothing before it.
    let two = counts.two.iter().map(|(&((a, b), next), &count)| (Some(a), b, next, count));
    let one = counts.one.iter().map(|(&(last, next), &count)| (None, last, next, count));
    let mut rows: Vec<Row> = one.chain(two).collect();
    rows.sort_unstable_by_key(|&(first, last, next, count)| (first, last, Reverse(count), next));
    let mut contexts: Vec<&[Row]> = rows.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)).collect();
    if contexts.len() > CONTEXTS {
        contexts.sort_by_cached_key(|rows| Reverse(rows.iter().map(|row| row.3).sum::<u64>()));
        contexts.truncate(CONTEXTS);
        contexts.sort_unstable_by_key(|rows| (rows[0].0, rows[0].1));
    }
    json!({
        "model": NAME,
        "version": VERSION,
        "level": match log.level {
            Level::Events => "events",
            Level::Instances => INSTANCES,
        },
        "description": "contexts: counts of the activity that follows the last two activities, or the last one where the \
                        last two were never seen; the activity null is the end of the case. directly_follows: what later \
                        logs are compared with; starts and ends as [activity, cases], edges as [from, to, count], \
                        activities by their place in the list, from 0.",
        "cases": log.cases(),
        "directly_follows": directly_follows(log, &figures.flow),
        "contexts": contexts.iter().map(|rows| context_document(log, rows)).collect::<Value>(),
        "evaluation": evaluation.map(|e| json!({
            "method": "temporal hold-out: learnt from the cases that ended before the split, tested on those that began \
                       after it; the model in this file is learnt from all cases",
            "split": crate::read::format_time(e.split),
            "training_cases": e.training_cases,
            "test_cases": e.test_cases,
            "test_steps": e.test_steps,
            "accuracy": e.accuracy,
            "baseline_accuracy": e.baseline,
        })),
    })
}

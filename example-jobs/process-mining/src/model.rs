//! A model that says what comes next: how often each activity followed the last two.

use rustc_hash::FxHashMap;
use serde_json::{Value, json};

use crate::log::{EventLog, Micros};
use crate::names::Id;

/// Stands for "the case is over".
const END: Id = Id::MAX;
/// Stands for "before the first activity".
const BEGINNING: Id = Id::MAX - 1;
/// Without this many cases on both sides a hold-out says nothing.
const ENOUGH_CASES: usize = 50;
/// Share of the cases, by their start, that come before the hold-out.
const TRAINING: f64 = 0.8;
/// More contexts than this are not written; the rarest are left out.
const CONTEXTS: usize = 20_000;

type Counts = FxHashMap<Id, u64>;

/// Counts of what follows the last two activities, and the last one.
#[derive(Debug, Default)]
struct Model {
    two: FxHashMap<(Id, Id), Counts>,
    one: FxHashMap<Id, Counts>,
    all: Counts,
}

/// How well the model predicts cases that it has not seen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Evaluation {
    /// Share of the steps predicted right.
    pub accuracy: f64,
    /// Share that is right when always the most frequent next activity is said.
    pub baseline: f64,
    /// Cases learnt from: those that ended before the split.
    pub training_cases: usize,
    /// Cases predicted: those that began after the split.
    pub test_cases: usize,
    /// Steps predicted.
    pub test_steps: u64,
    /// When the split is.
    pub split: Micros,
}

impl Model {
    fn learn(&mut self, trace: &[Id]) {
        let mut before = (BEGINNING, BEGINNING);
        for next in trace.iter().copied().chain([END]) {
            *self.two.entry(before).or_default().entry(next).or_default() += 1;
            *self.one.entry(before.1).or_default().entry(next).or_default() += 1;
            *self.all.entry(next).or_default() += 1;
            before = (before.1, next);
        }
    }

    fn predict(&self, before: (Id, Id)) -> Option<Id> {
        self.two.get(&before).or_else(|| self.one.get(&before.1)).and_then(most).or_else(|| most(&self.all))
    }
}

fn most(counts: &Counts) -> Option<Id> {
    counts.iter().max_by_key(|&(&next, &count)| (count, std::cmp::Reverse(next))).map(|(&next, _)| next)
}

/// Learns from the earlier cases and predicts the later ones. None when there are too few of either.
pub fn evaluate(log: &EventLog) -> Option<Evaluation> {
    let mut starts: Vec<Micros> = log.ranges().map(|range| log.times[range.start]).collect();
    starts.sort_unstable();
    let split = *starts.get((starts.len() as f64 * TRAINING) as usize)?;
    let mut model = Model::default();
    let (mut training_cases, mut tests) = (0, Vec::new());
    for (case, range) in log.ranges().enumerate() {
        if log.times[range.end - 1] < split {
            model.learn(log.trace(case));
            training_cases += 1;
        } else if log.times[range.start] >= split {
            tests.push(case);
        }
    }
    if training_cases < ENOUGH_CASES || tests.len() < ENOUGH_CASES {
        return None;
    }
    let usual = most(&model.all);
    let (mut right, mut usual_right, mut steps) = (0_u64, 0_u64, 0_u64);
    for &case in &tests {
        let trace = log.trace(case);
        let mut before = (BEGINNING, trace[0]);
        for next in trace[1..].iter().copied().chain([END]) {
            right += u64::from(model.predict(before) == Some(next));
            usual_right += u64::from(usual == Some(next));
            steps += 1;
            before = (before.1, next);
        }
    }
    Some(Evaluation {
        accuracy: right as f64 / steps as f64,
        baseline: usual_right as f64 / steps as f64,
        training_cases,
        test_cases: tests.len(),
        test_steps: steps,
        split,
    })
}

/// The model learnt from all cases, as JSON that says how to use it.
pub fn document(log: &EventLog, evaluation: Option<&Evaluation>) -> Value {
    let mut model = Model::default();
    (0..log.cases()).for_each(|case| model.learn(log.trace(case)));
    let name = |id: Id| match id {
        END => Value::Null,
        id => json!(log.activity_name(id)),
    };
    let next = |counts: &Counts| -> Value {
        let mut next: Vec<(Id, u64)> = counts.iter().map(|(&id, &count)| (id, count)).collect();
        next.sort_by_key(|&(id, count)| (std::cmp::Reverse(count), id));
        next.into_iter().map(|(id, count)| json!({"activity": name(id), "count": count})).collect()
    };
    let mut contexts: Vec<(Vec<Id>, &Counts)> =
        model.one.iter().map(|(&last, counts)| (vec![last], counts)).collect();
    contexts.extend(model.two.iter().map(|(&(a, b), counts)| (vec![a, b], counts)));
    contexts
        .sort_by_key(|(context, counts)| (std::cmp::Reverse(counts.values().sum::<u64>()), context.clone()));
    contexts.truncate(CONTEXTS);
    contexts.sort_by(|a, b| (a.0.len(), &a.0).cmp(&(b.0.len(), &b.0)));
    let context = |(context, counts): &(Vec<Id>, &Counts)| {
        let after: Vec<&str> =
            context.iter().filter(|&&id| id != BEGINNING).map(|&id| log.activity_name(id)).collect();
        json!({"after": after, "from_beginning": context.contains(&BEGINNING), "next": next(counts)})
    };
    json!({
        "model": "next-activity",
        "version": 1,
        "description": "Counts of the activity that follows the last two activities, or the last one where the last two \
                        were never seen. The activity null is the end of the case.",
        "cases": log.cases(),
        "contexts": contexts.iter().map(context).collect::<Value>(),
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

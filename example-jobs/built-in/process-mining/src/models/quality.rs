//! How a log and a Petri net fit each other: fitness, precision, and where cases leave the net.

use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};
use serde_json::{Value, json};

use super::net::Net;
use super::replay::{Label, Player, Tokens};
use crate::figures::Figures;
use crate::log::EventLog;
use crate::names::{Id, NONE};
use crate::read::Facts;
use crate::sightings::{Counts, Seen, Sightings};

/// Deviations and cases listed in the figures.
const LISTED: usize = 1000;

/// What is counted, as the outputs say it.
pub const DEFINITION: &str = "Each case is replayed on the net; silent steps are taken where they let it go on. A case fits when no token is \
     missing and none is left behind. Fitness is ½ (1 − missing / consumed) + ½ (1 − remaining / produced) tokens, of all \
     cases together and as the mean over the cases. Precision is the share of the activities that the net allows after \
     what cases did that some case went on with.";

/// How a case leaves the net.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// An activity that the net does not have.
    UnknownActivity,
    /// An activity when the net does not allow it.
    NotAllowed,
    /// An end while the net is not at its end.
    NotAtEnd,
}

impl Kind {
    /// The stable word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::UnknownActivity => "UnknownActivity",
            Self::NotAllowed => "NotAllowed",
            Self::NotAtEnd => "NotAtEnd",
        }
    }
}

/// A step at which the net was left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Deviation {
    /// What is wrong.
    pub kind: Kind,
    /// The activity before; [`NONE`] at the begin.
    pub after: Id,
    /// The activity; [`NONE`] for the end of a case.
    pub activity: Id,
}

impl Deviation {
    /// In words, without a full stop.
    pub fn describe(&self, log: &EventLog) -> String {
        let (after, activity) = (log.activity_name(self.after), log.activity_name(self.activity));
        match self.kind {
            Kind::UnknownActivity => format!("\"{activity}\" is not in the model"),
            Kind::NotAllowed if self.after == NONE => format!("the case begins with \"{activity}\""),
            Kind::NotAllowed => {
                format!("\"{activity}\" after \"{after}\", where the model does not allow it")
            }
            Kind::NotAtEnd => format!("the case ends with \"{after}\", where the model goes on"),
        }
    }
}

/// How a log fits a net.
#[derive(Debug, Clone, PartialEq)]
pub struct Replayed {
    /// Cases judged, and those of them that fit.
    pub cases: (u64, u64),
    /// Tokens of all cases.
    pub tokens: Tokens,
    /// The mean fitness of a case; None without cases.
    pub mean: Option<f64>,
    /// The share of what the net allows that cases did; None where it allows nothing.
    pub precision: Option<f64>,
    /// Deviations, those of most cases first.
    pub seen: Vec<Seen<Deviation>>,
    /// Cases that do not fit, with their fitness, the worst first.
    pub deviating: Vec<(usize, f64)>,
    /// Searches for silent steps that were given up.
    pub cut_short: u64,
    /// Activities of the net that no case has.
    pub unseen: Vec<String>,
}

/// The activities of a log and the labels of a net under one numbering.
struct Labels {
    of_activity: Vec<Label>,
    /// Activities that the net has.
    known: Vec<bool>,
    numbers: FxHashMap<String, Label>,
}

impl Labels {
    fn of(log: &EventLog, net: &Net) -> Self {
        let mut numbers: FxHashMap<String, Label> = FxHashMap::default();
        for label in net.transitions.iter().filter_map(|transition| transition.label.as_ref()) {
            let next = numbers.len() as Label;
            numbers.entry(label.clone()).or_insert(next);
        }
        let names = &log.names.activities;
        let label = |id: Id| numbers.get(names.get(id).trim()).or_else(|| numbers.get(names.get(id)));
        let labels: Vec<Option<Label>> = (0..names.len() as Id).map(|id| label(id).copied()).collect();
        Self {
            known: labels.iter().map(Option::is_some).collect(),
            of_activity: labels.into_iter().map(Option::unwrap_or_default).collect(),
            numbers,
        }
    }
}

/// Replays every case of a log. Cases that lost rows are not judged: what is missing may be in those rows.
pub fn replay(log: &EventLog, figures: &Figures, facts: &Facts, net: &Net) -> Replayed {
    let labels = Labels::of(log, net);
    let mut player = Player::new(net, |label| labels.numbers[label], labels.numbers.len());
    let variants = &figures.variants;
    let mut judged = vec![0_u64; variants.list.len()];
    let counts = |case: usize| facts.incomplete_cases.is_empty() || !facts.is_incomplete(log.case_name(case));
    for (case, &variant) in variants.of_case.iter().enumerate() {
        judged[variant as usize] += u64::from(counts(case));
    }
    // In the order of their steps, what variants have in common at the beginning is looked at once.
    let mut order: Vec<usize> = (0..judged.len()).filter(|&variant| judged[variant] > 0).collect();
    let trace = |variant: usize| log.trace(variants.list[variant].case);
    order.sort_unstable_by(|&a, &b| trace(a).cmp(trace(b)));
    let mut escapes = Escapes::default();
    let mut seen = Sightings::new();
    let mut outcomes: Vec<(f64, Counts)> = vec![(1.0, Vec::new()); judged.len()];
    let (mut cases, mut tokens, mut sum) = ((0, 0), Tokens::default(), 0.0);
    for variant in order {
        let times = judged[variant];
        let (own, found) = replay_trace(trace(variant), times, &labels, &mut player, &mut escapes);
        tokens.add(own, times);
        sum += own.fitness() * times as f64;
        cases = (cases.0 + times, cases.1 + if own.fits() { times } else { 0 });
        outcomes[variant] = (own.fitness(), seen.number(&found));
    }
    let precision = escapes.precision();
    let mut deviating: Vec<(usize, f64)> = Vec::new();
    for case in (0..log.cases()).filter(|&case| counts(case)) {
        let (fitness, found) = &outcomes[variants.of_case[case] as usize];
        if !found.is_empty() {
            seen.add(case, found);
            deviating.push((case, *fitness));
        }
    }
    deviating.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
    let names = |Deviation { kind, after, activity }: Deviation| {
        (kind, log.activity_name(activity), log.activity_name(after))
    };
    let used: FxHashSet<Label> = (0..labels.known.len())
        .filter(|&id| labels.known[id] && figures.flow.activities[id] > 0)
        .map(|id| labels.of_activity[id])
        .collect();
    let mut unseen: Vec<String> = labels
        .numbers
        .iter()
        .filter(|(_, label)| !used.contains(label))
        .map(|(name, _)| name.clone())
        .collect();
    unseen.sort_unstable();
    Replayed {
        cases,
        tokens,
        mean: (cases.0 > 0).then(|| sum / cases.0 as f64),
        precision,
        seen: seen.ranked(names),
        deviating,
        cut_short: player.cut_short,
        unseen,
    }
}

fn replay_trace(
    trace: &[Id],
    times: u64,
    labels: &Labels,
    player: &mut Player<'_>,
    escapes: &mut Escapes,
) -> (Tokens, Vec<Deviation>) {
    escapes.keep_common(trace);
    let (mut marking, mut tokens) = player.begin();
    let (mut found, mut after, mut fits) = (Vec::new(), NONE, true);
    for (depth, &activity) in trace.iter().enumerate() {
        let label = labels.known[activity as usize].then(|| labels.of_activity[activity as usize]);
        if fits {
            escapes.visit(depth, activity, label, times, || player.allowed(marking));
        }
        let Some(label) = label else {
            // As if it stood beside the net: what it takes is missing, what it puts is left behind.
            tokens.add(Tokens { consumed: 1, produced: 1, missing: 1, remaining: 1 }, 1);
            found.push(Deviation { kind: Kind::UnknownActivity, after, activity });
            (after, fits) = (activity, false);
            continue;
        };
        let (next, counted) = player.step(marking, label);
        if counted.missing > 0 {
            found.push(Deviation { kind: Kind::NotAllowed, after, activity });
            fits = false;
        }
        tokens.add(counted, 1);
        (marking, after) = (next, activity);
    }
    let ended = player.end(marking);
    if !ended.fits() && found.iter().all(|deviation| deviation.kind == Kind::UnknownActivity) {
        found.push(Deviation { kind: Kind::NotAtEnd, after, activity: NONE });
    }
    tokens.add(ended, 1);
    (tokens, found)
}

/// The ways that cases went so far, as the last one went them: what the net allows after each beginning, and what cases
/// did.
#[derive(Default)]
struct Escapes {
    open: Vec<State>,
    allowed: u64,
    escaping: u64,
}

struct State {
    /// The activity that leads on in the trace that was looked at last.
    next: Id,
    allowed: Rc<[Label]>,
    /// What cases went on with, as far as the net has it.
    seen: Vec<Label>,
    cases: u64,
}

impl Escapes {
    /// Closes what the next trace does not begin with.
    fn keep_common(&mut self, trace: &[Id]) {
        let common =
            self.open.iter().zip(trace).take_while(|(state, activity)| state.next == **activity).count();
        // The state after the common beginning is open for other ways on.
        while self.open.len() > common + 1 {
            self.close();
        }
    }

    fn close(&mut self) {
        let Some(state) = self.open.pop() else { return };
        let allowed = state.allowed.len() as u64;
        let taken = state.allowed.iter().filter(|label| state.seen.contains(label)).count() as u64;
        self.allowed += state.cases * allowed;
        self.escaping += state.cases * (allowed - taken);
    }

    fn visit(
        &mut self,
        depth: usize,
        next: Id,
        label: Option<Label>,
        cases: u64,
        allowed: impl FnOnce() -> Rc<[Label]>,
    ) {
        if depth == self.open.len() {
            self.open.push(State { next, allowed: allowed(), seen: Vec::new(), cases: 0 });
        }
        let Some(state) = self.open.get_mut(depth) else { return };
        state.next = next;
        state.cases += cases;
        if let Some(label) = label
            && !state.seen.contains(&label)
        {
            state.seen.push(label);
        }
    }

    fn precision(mut self) -> Option<f64> {
        while !self.open.is_empty() {
            self.close();
        }
        (self.allowed > 0).then(|| 1.0 - self.escaping as f64 / self.allowed as f64)
    }
}

impl Replayed {
    /// Share of the cases that fit; None without cases.
    pub fn of_cases(&self) -> Option<f64> {
        (self.cases.0 > 0).then(|| self.cases.1 as f64 / self.cases.0 as f64)
    }

    /// Fitness of all cases together; None without cases.
    pub fn fitness(&self) -> Option<f64> {
        (self.cases.0 > 0).then(|| self.tokens.fitness())
    }

    /// The figures as JSON.
    pub fn document(&self, log: &EventLog) -> Value {
        let name = |activity: Id| (activity != NONE).then(|| log.activity_name(activity));
        let deviation = |seen: &Seen<Deviation>| {
            let cases: Value = seen.examples.iter().map(|&case| log.case_name(case)).collect();
            json!({
                "kind": seen.deviation.kind.name(),
                "activity": name(seen.deviation.activity),
                "after": name(seen.deviation.after),
                "description": seen.deviation.describe(log),
                "count": seen.count,
                "num_cases": seen.cases,
                "cases": cases,
            })
        };
        let case = |&(case, fitness): &(usize, f64)| json!({"case": log.case_name(case), "fitness": fitness});
        json!({
            "definition": DEFINITION,
            "num_cases_judged": self.cases.0,
            "num_cases_fitting": self.cases.1,
            "case_fitness": self.of_cases(),
            "log_fitness": self.fitness(),
            "average_case_fitness": self.mean,
            "precision": self.precision,
            "tokens": {
                "consumed": self.tokens.consumed,
                "produced": self.tokens.produced,
                "missing": self.tokens.missing,
                "remaining": self.tokens.remaining,
            },
            "searches_cut_short": self.cut_short,
            "activities_never_seen": self.unseen,
            "num_different_deviations": self.seen.len(),
            "deviations": self.seen.iter().take(LISTED).map(deviation).collect::<Value>(),
            "num_deviating_cases": self.deviating.len(),
            "deviating_cases": self.deviating.iter().take(LISTED).map(case).collect::<Value>(),
        })
    }
}

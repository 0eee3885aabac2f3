//! A model that an earlier run wrote, and how the cases of a log fit it.
//!
//! The model allows what its log did: how cases began, which activity directly followed which, how cases ended.

use rustc_hash::{FxHashMap, FxHashSet};
use serde::Deserialize;
use serde_json::error::Category;
use serde_json::{Value, json};

use crate::error::Stop;
use crate::figures::Figures;
use crate::log::{EventLog, Level};
use crate::model;
use crate::names::{Id, NONE};
use crate::read::Facts;
use crate::sightings::{Counts, Seen, Sightings};

/// A longer model file is refused.
pub const LONGEST_FILE: u64 = 32 << 20;

/// Deviations and cases listed in the figures.
const LISTED: usize = 1000;

/// What counts as fitting, as the outputs say it.
pub const DEFINITION: &str = "A case fits when the model knows its activities and allows its start, every directly-follows pair and its \
     end. An event fits when the model knows its activity and allows the pair that leads to it, or the start; after an \
     activity that the model does not know, everything that it knows is allowed. The fitness of a case is the share of \
     its events that fit.";

/// What an earlier log did.
#[derive(Debug)]
pub struct Reference {
    /// Cases of that log.
    pub cases: u64,
    /// What its rows were.
    pub level: Level,
    activities: FxHashMap<String, Id>,
    starts: FxHashSet<Id>,
    ends: FxHashSet<Id>,
    edges: FxHashSet<(Id, Id)>,
}

/// What says whether it is a model.
#[derive(Deserialize)]
struct Head {
    model: Option<String>,
    version: Option<u64>,
}

/// The parts of a model that matter here.
#[derive(Deserialize)]
struct File {
    cases: u64,
    /// Left out by models that count events.
    level: Option<String>,
    directly_follows: Option<DirectlyFollows>,
}

/// Activities are named by their place in the list; the last number is a count.
#[derive(Deserialize)]
struct DirectlyFollows {
    activities: Vec<String>,
    starts: Vec<(Id, u64)>,
    ends: Vec<(Id, u64)>,
    edges: Vec<(Id, Id, u64)>,
}

impl Reference {
    /// Reads a model file.
    ///
    /// # Errors
    /// `InvalidModel`, with what is wrong with it.
    pub fn parse(bytes: &[u8]) -> Result<Self, Stop> {
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Err(invalid("it is empty"));
        }
        let damaged = |error: serde_json::Error| match error.classify() {
            Category::Data => invalid(&format!("it has another form: {error}")),
            _ => invalid(&format!("it is no JSON, or damaged: {error}")),
        };
        let head: Head = serde_json::from_slice(bytes).map_err(damaged)?;
        if head.model.as_deref() != Some(model::NAME) {
            return Err(invalid(&format!("it is not of the kind \"{}\"", model::NAME)));
        }
        if head.version != Some(model::VERSION) {
            let version = head.version.map_or("missing".to_string(), |version| version.to_string());
            return Err(invalid(&format!(
                "its version is {version}, and this module reads {}",
                model::VERSION
            )));
        }
        let file: File = serde_json::from_slice(bytes).map_err(damaged)?;
        let Some(follows) = file.directly_follows else {
            return Err(invalid("the log that it comes from had too many different steps to be a model"));
        };
        let level = file.level.filter(|level| level == model::INSTANCES);
        Self::of(file.cases, level.map_or(Level::Events, |_| Level::Instances), follows)
    }

    fn of(cases: u64, level: Level, follows: DirectlyFollows) -> Result<Self, Stop> {
        let known = follows.activities.len();
        let steps = follows.edges.iter().flat_map(|&(from, to, _)| [from, to]);
        let named = follows.starts.iter().chain(&follows.ends).map(|&(activity, _)| activity);
        if let Some(wrong) = steps.chain(named).find(|&activity| activity as usize >= known) {
            return Err(invalid(&format!("it names activity number {wrong} of {known}")));
        }
        let activities: FxHashMap<String, Id> = follows.activities.into_iter().zip(0..).collect();
        if activities.len() < known {
            return Err(invalid("it lists an activity twice"));
        }
        if follows.starts.is_empty() || follows.ends.is_empty() {
            return Err(invalid("it allows no case to begin and end"));
        }
        Ok(Self {
            cases,
            level,
            activities,
            starts: follows.starts.into_iter().map(|(activity, _)| activity).collect(),
            ends: follows.ends.into_iter().map(|(activity, _)| activity).collect(),
            edges: follows.edges.into_iter().map(|(from, to, _)| (from, to)).collect(),
        })
    }

    /// What is wrong with a trace. `known` translates the log's activities to the model's.
    fn deviations(&self, trace: &[Id], known: &[Option<Id>]) -> Vec<Deviation> {
        let mut found = Vec::new();
        let mut before = None;
        for &activity in trace {
            let now = known[activity as usize];
            found.extend(match (before, now) {
                (_, None) => Some(Deviation { kind: Kind::UnknownActivity, from: NONE, to: activity }),
                (None, Some(now)) if !self.starts.contains(&now) => {
                    Some(Deviation { kind: Kind::Start, from: NONE, to: activity })
                }
                (Some((from, Some(before))), Some(now)) if !self.edges.contains(&(before, now)) => {
                    Some(Deviation { kind: Kind::Succession, from, to: activity })
                }
                _ => None,
            });
            before = Some((activity, now));
        }
        if let Some((from, Some(last))) = before
            && !self.ends.contains(&last)
        {
            found.push(Deviation { kind: Kind::End, from, to: NONE });
        }
        found
    }
}

/// The refusal of a file that is longer than [`LONGEST_FILE`].
pub fn too_long(bytes: u64) -> Stop {
    invalid(&format!("it has {bytes} bytes, and at most {LONGEST_FILE} are read"))
}

fn invalid(what: &str) -> Stop {
    let message = format!(
        "The model cannot be used: {what}. Give a model.json that an earlier ProcessMining job wrote, or leave modelId \
         out."
    );
    Stop::failed("InvalidModel", message)
}

/// How a case leaves the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// An activity that the model does not know.
    UnknownActivity,
    /// A start that it does not allow.
    Start,
    /// Two activities that do not follow one another in it.
    Succession,
    /// An end that it does not allow.
    End,
}

impl Kind {
    const ALL: [Self; 4] = [Self::UnknownActivity, Self::Start, Self::Succession, Self::End];

    /// The stable word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::UnknownActivity => "UnknownActivity",
            Self::Start => "Start",
            Self::Succession => "Succession",
            Self::End => "End",
        }
    }
}

/// A step that the model does not allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Deviation {
    /// What is wrong.
    pub kind: Kind,
    /// The activity before; [`NONE`] for a start and an unknown activity.
    pub from: Id,
    /// The activity that the step leads to; [`NONE`] for an end.
    pub to: Id,
}

impl Deviation {
    /// In words, without a full stop.
    pub fn describe(&self, log: &EventLog) -> String {
        let (from, to) = (log.activity_name(self.from), log.activity_name(self.to));
        match self.kind {
            Kind::UnknownActivity => format!("\"{to}\" is not in the model"),
            Kind::Start => format!("the case begins with \"{to}\""),
            Kind::Succession => format!("\"{to}\" comes directly after \"{from}\""),
            Kind::End => format!("the case ends with \"{from}\""),
        }
    }
}

/// A case that does not fit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Deviating {
    /// The case, by its number in the log.
    pub case: usize,
    /// Share of its events that fit.
    pub fitness: f64,
    /// Deviations in it.
    pub deviations: u64,
}

/// How a log fits a model. Cases that lost rows are not judged: what is missing may be in those rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Fitness {
    /// Cases of the log that the model comes from.
    pub model_cases: u64,
    /// Cases judged, and those of them that fit.
    pub cases: (u64, u64),
    /// Events of these cases, and those of them that fit.
    pub events: (u64, u64),
    /// Deviations, those of most cases first.
    pub seen: Vec<Seen<Deviation>>,
    /// Cases that do not fit, the worst first.
    pub deviating: Vec<Deviating>,
}

/// Judges every case of a log.
pub fn judge(log: &EventLog, figures: &Figures, facts: &Facts, reference: &Reference) -> Fitness {
    let names = &log.names.activities;
    let known: Vec<Option<Id>> =
        (0..names.len() as Id).map(|id| reference.activities.get(names.get(id)).copied()).collect();
    // Cases of one variant do the same.
    let variants = figures.variants.list.iter();
    let traces = variants.map(|variant| reference.deviations(log.trace(variant.case), &known));
    let mut seen = Sightings::new();
    let outcome = |deviations: Vec<Deviation>| Outcome {
        counts: seen.number(&deviations),
        events: deviations.iter().filter(|deviation| deviation.kind != Kind::End).count() as u64,
    };
    let variants: Vec<Outcome> = traces.map(outcome).collect();
    let (mut cases, mut events, mut deviating) = ((0, 0), (0, 0), Vec::new());
    for (case, &variant) in figures.variants.of_case.iter().enumerate() {
        if !facts.incomplete_cases.is_empty() && facts.is_incomplete(log.case_name(case)) {
            continue;
        }
        let (outcome, length) = (&variants[variant as usize], log.range(case).len() as u64);
        let fitting = length - outcome.events;
        cases = (cases.0 + 1, cases.1 + u64::from(outcome.counts.is_empty()));
        events = (events.0 + length, events.1 + fitting);
        if !outcome.counts.is_empty() {
            seen.add(case, &outcome.counts);
            let deviations = outcome.counts.iter().map(|&(_, count)| count).sum();
            deviating.push(Deviating { case, fitness: fitting as f64 / length as f64, deviations });
        }
    }
    deviating.sort_by(|a, b| a.fitness.total_cmp(&b.fitness).then(a.case.cmp(&b.case)));
    let names =
        |Deviation { kind, from, to }: Deviation| (kind, log.activity_name(from), log.activity_name(to));
    Fitness { model_cases: reference.cases, cases, events, seen: seen.ranked(names), deviating }
}

/// What is wrong with the cases of a variant.
struct Outcome {
    counts: Counts,
    /// Events that do not fit.
    events: u64,
}

impl Fitness {
    /// Share of the cases that fit; None without cases.
    pub fn of_cases(&self) -> Option<f64> {
        share(self.cases)
    }

    /// Share of the events that fit; None without events.
    pub fn of_events(&self) -> Option<f64> {
        share(self.events)
    }

    /// The figures as JSON.
    pub fn document(&self, log: &EventLog) -> Value {
        let name = |activity: Id| (activity != NONE).then(|| log.activity_name(activity));
        let deviation = |seen: &Seen<Deviation>| {
            let cases: Value = seen.examples.iter().map(|&case| log.case_name(case)).collect();
            json!({
                "kind": seen.deviation.kind.name(),
                "from": name(seen.deviation.from),
                "to": name(seen.deviation.to),
                "description": seen.deviation.describe(log),
                "count": seen.count,
                "num_cases": seen.cases,
                "cases": cases,
            })
        };
        let of_kind = |kind: Kind| {
            let seen = self.seen.iter().filter(|seen| seen.deviation.kind == kind);
            (kind.name().to_string(), Value::from(seen.map(|seen| seen.count).sum::<u64>()))
        };
        let case = |bad: &Deviating| json!({"case": log.case_name(bad.case), "fitness": bad.fitness, "num_deviations": bad.deviations});
        json!({
            "definition": DEFINITION,
            "model_cases": self.model_cases,
            "num_cases_judged": self.cases.0,
            "num_cases_fitting": self.cases.1,
            "case_fitness": self.of_cases(),
            "num_events_judged": self.events.0,
            "num_events_fitting": self.events.1,
            "event_fitness": self.of_events(),
            "deviations_per_kind": Kind::ALL.map(of_kind).into_iter().collect::<Value>(),
            "num_different_deviations": self.seen.len(),
            "deviations": self.seen.iter().take(LISTED).map(deviation).collect::<Value>(),
            "deviating_cases": self.deviating.iter().take(LISTED).map(case).collect::<Value>(),
        })
    }
}

fn share((all, fitting): (u64, u64)) -> Option<f64> {
    (all > 0).then(|| fitting as f64 / all as f64)
}

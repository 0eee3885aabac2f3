//! Which cases are completed, and what is told of these alone: the happy path, cycle times, variants.

use serde_json::{Value, json};

use crate::figures::{Durations, Figures, SECOND, Variant, counts, duration_figures, longest};
use crate::log::{EventLog, Micros};
use crate::names::Id;

/// How end activities are guessed, as a sentence.
pub const RULE: &str = "An activity ends cases when at least a fifth of the cases that have it end with it, and 0.2 % of all cases or \
                        more. Where no activity does, every case counts as completed.";

/// Share of the cases that must end with an activity, if it is to be guessed as one that ends them.
const FEWEST: f64 = 0.002;
const TOP_VARIANTS: usize = 25;
const OLDEST: usize = 10;

/// How it is known what ends a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// The request says it.
    Given,
    /// By [`RULE`].
    Guessed,
}

/// The completed cases of a log.
#[derive(Debug)]
pub struct Completed {
    /// Activities that end a case, in alphabetical order. Without any, every case is completed.
    pub ends: Vec<Id>,
    /// How these are known.
    pub known: Known,
    /// How long completed cases take.
    pub durations: Durations,
    /// Variants of completed cases, most frequent first. The first one is the happy path.
    pub variants: Vec<Variant>,
    completed: Vec<bool>,
}

impl Completed {
    /// Finds the cases whose last activity is one of `given`, or of those that are guessed, and is not still under way.
    pub fn of(log: &EventLog, figures: &Figures, given: Option<&[String]>) -> Self {
        let (known, mut ends) = match given {
            Some(names) => (Known::Given, named(log, names)),
            None => (Known::Guessed, guessed(log, figures)),
        };
        ends.sort_by_key(|&activity| log.activity_name(activity));
        let mut ending = vec![known == Known::Guessed && ends.is_empty(); log.names.activities.len()];
        ends.iter().for_each(|&activity| ending[activity as usize] = true);
        let is_completed = |range: std::ops::Range<usize>| {
            let last = range.end - 1;
            ending[log.activities[last] as usize] && !log.is_open(last)
        };
        let completed: Vec<bool> = log.ranges().map(is_completed).collect();
        let finished = || (0..log.cases()).filter(|&case| completed[case]);
        let durations = Durations::measured(finished().map(|case| log.lead_time(case)));
        let mut variants: Vec<Variant> =
            figures.variants.list.iter().map(|variant| Variant { count: 0, ..*variant }).collect();
        finished().for_each(|case| variants[figures.variants.of_case[case] as usize].count += 1);
        variants.retain(|variant| variant.count > 0);
        // The list is in alphabetical order where counts are equal, which a stable sort keeps.
        variants.sort_by_key(|variant| std::cmp::Reverse(variant.count));
        Self { ends, known, durations, variants, completed }
    }

    /// Whether a case is completed.
    pub fn is_completed(&self, case: usize) -> bool {
        self.completed[case]
    }

    /// Completed cases.
    pub fn cases(&self) -> usize {
        self.durations.ascending.len()
    }

    /// Cases that are not completed.
    pub fn unfinished(&self) -> usize {
        self.completed.len() - self.cases()
    }

    /// What completed cases are called: all of them are just cases where none is unfinished.
    pub fn noun(&self) -> &'static str {
        if self.unfinished() == 0 { "case" } else { "completed case" }
    }

    /// How many variants cover this share (0 to 1) of the completed cases, at least.
    pub fn covering(&self, share: f64) -> usize {
        crate::figures::covering(&self.variants, share)
    }

    /// Unfinished cases by their last activity, most first, each with the ages of its cases.
    pub fn unfinished_by_last(&self, log: &EventLog) -> Vec<(Id, Vec<Micros>)> {
        let mut ages = vec![Vec::new(); log.names.activities.len()];
        let now = log.bounds().1;
        for case in (0..log.cases()).filter(|&case| !self.completed[case]) {
            let last = log.activities[log.range(case).end - 1];
            ages[last as usize].push(age(log, case, now));
        }
        let mut found: Vec<(Id, Vec<Micros>)> =
            (0..).zip(ages).filter(|(_, ages)| !ages.is_empty()).collect();
        found.sort_by_key(|(activity, ages)| (std::cmp::Reverse(ages.len()), log.activity_name(*activity)));
        found
    }

    /// The unfinished cases that were begun first, and their ages.
    pub fn oldest_unfinished(&self, log: &EventLog) -> Vec<(usize, Micros)> {
        let now = log.bounds().1;
        let measure =
            |log: &EventLog, case: usize| if self.completed[case] { -1 } else { age(log, case, now) };
        let oldest = longest(log, OLDEST, measure).into_iter();
        oldest.filter(|&case| !self.completed[case]).map(|case| (case, age(log, case, now))).collect()
    }

    /// `completion` of `process-mining.json`.
    pub fn document(&self, log: &EventLog, with_variants: bool) -> Value {
        let names = |variant: &Variant| {
            let trace = log.trace(variant.case).iter();
            trace.map(|&activity| log.activity_name(activity)).collect::<Vec<_>>()
        };
        let share = |variant: &Variant| variant.count as f64 / self.cases() as f64;
        let mut last = vec![0; log.names.activities.len()];
        let by_last = self.unfinished_by_last(log);
        by_last.iter().for_each(|(activity, ages)| last[*activity as usize] = ages.len() as u64);
        let ages = Durations::measured(by_last.into_iter().flat_map(|(_, ages)| ages));
        let oldest = self.oldest_unfinished(log).into_iter().map(|(case, age)| {
            let last = log.activities[log.range(case).end - 1];
            json!({
                "case": log.case_name(case),
                "last_activity": log.activity_name(last),
                "age_seconds": age as f64 / SECOND,
            })
        });
        let mut document = json!({
            "end_activities": self.ends.iter().map(|&end| log.activity_name(end)).collect::<Vec<_>>(),
            "guessed": self.known == Known::Guessed,
            "cases_completed": self.cases(),
            "cases_unfinished": self.unfinished(),
            "cycle_time": duration_figures(&self.durations),
            "num_variants": self.variants.len(),
            "happy_path": self.variants.first().map(|variant| {
                json!({"activities": names(variant), "count": variant.count, "share": share(variant)})
            }),
            "unfinished": {
                "last_activities": counts(log, &last),
                "age": duration_figures(&ages),
                "oldest_cases": oldest.collect::<Value>(),
            },
        });
        if self.known == Known::Guessed {
            document["rule"] = json!(RULE);
        }
        if with_variants {
            let top = self.variants.iter().take(TOP_VARIANTS);
            document["top_variants"] =
                top.map(|variant| json!({"activities": names(variant), "count": variant.count})).collect();
        }
        document
    }
}

/// From the first begin of a case to the end of the log.
fn age(log: &EventLog, case: usize, now: Micros) -> Micros {
    now.saturating_sub(log.span(case).0)
}

fn named(log: &EventLog, names: &[String]) -> Vec<Id> {
    let given = |&activity: &Id| names.iter().any(|name| name == log.activity_name(activity));
    (0..log.names.activities.len() as Id).filter(given).collect()
}

/// Names of end activities that no activity of the log has.
pub fn unknown_ends<'a>(log: &EventLog, names: &'a [String]) -> Vec<&'a str> {
    let known = |name: &str| (0..log.names.activities.len() as Id).any(|id| log.activity_name(id) == name);
    names.iter().map(String::as_str).filter(|name| !known(name)).collect()
}

fn guessed(log: &EventLog, figures: &Figures) -> Vec<Id> {
    let ends = &figures.flow.ends;
    let mut having = vec![0_u64; ends.len()];
    let mut seen_in = vec![usize::MAX; ends.len()];
    for (number, variant) in figures.variants.list.iter().enumerate() {
        for &activity in log.trace(variant.case) {
            let seen = std::mem::replace(&mut seen_in[activity as usize], number);
            having[activity as usize] += if seen == number { 0 } else { variant.count };
        }
    }
    let fewest = (log.cases() as f64 * FEWEST).ceil().max(1.0) as u64;
    let ends_cases = |&activity: &Id| {
        let (ends, having) = (ends[activity as usize], having[activity as usize]);
        ends >= fewest && ends >= having.div_ceil(5)
    };
    (0..ends.len() as Id).filter(ends_cases).collect()
}

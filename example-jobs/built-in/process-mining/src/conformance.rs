//! Whether cases keep the rules that a request states.
//!
//! The rules are templates of Declare (Pesic, Schonenberg, van der Aalst, "DECLARE: Full Support for Loosely-Structured
//! Processes", 2007).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::figures::{Figures, Variants};
use crate::log::EventLog;
use crate::names::Id;
use crate::read::Facts;

/// More rules than this are refused.
pub const MOST_RULES: usize = 100;

/// What every case must keep. Activities are named as in the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "camelCase", deny_unknown_fields)]
pub enum Rule {
    /// `then` happens only after `first` has happened.
    Precedence {
        /// What must come before.
        first: String,
        /// What needs it.
        then: String,
    },
    /// Whenever `first` happens, `then` happens after it.
    Response {
        /// What asks for an answer.
        first: String,
        /// The answer.
        then: String,
    },
    /// `activity` happens.
    Existence {
        /// What must happen.
        activity: String,
    },
    /// `activity` never happens.
    Absence {
        /// What must not happen.
        activity: String,
    },
}

impl Rule {
    /// The rule as a sentence without its full stop.
    pub fn describe(&self) -> String {
        match self {
            Self::Precedence { first, then } => format!("\"{then}\" happens only after \"{first}\""),
            Self::Response { first, then } => format!("\"{first}\" is followed by \"{then}\""),
            Self::Existence { activity } => format!("\"{activity}\" happens"),
            Self::Absence { activity } => format!("\"{activity}\" never happens"),
        }
    }

    /// What is wrong with a case that breaks the rule.
    fn broken(&self) -> String {
        match self {
            Self::Precedence { first, then } => format!("\"{then}\" happened without \"{first}\" before it"),
            Self::Response { first, then } => format!("\"{first}\" was not followed by \"{then}\""),
            Self::Existence { activity } => format!("\"{activity}\" did not happen"),
            Self::Absence { activity } => format!("\"{activity}\" happened"),
        }
    }

    /// The activities that it names.
    pub fn activities(&self) -> impl Iterator<Item = &str> {
        let (first, second) = match self {
            Self::Precedence { first, then } | Self::Response { first, then } => (first, Some(then)),
            Self::Existence { activity } | Self::Absence { activity } => (activity, None),
        };
        std::iter::once(first).chain(second).map(String::as_str)
    }

    /// Whether a case keeps the rule; None when the rule does not concern it.
    fn kept(&self, trace: &[Id], number: &impl Fn(&str) -> Option<Id>) -> Option<bool> {
        let first_of = |name| number(name).and_then(|id| trace.iter().position(|&activity| activity == id));
        let last_of = |name| number(name).and_then(|id| trace.iter().rposition(|&activity| activity == id));
        match self {
            Self::Precedence { first, then } => {
                let needs = first_of(then)?;
                Some(first_of(first).is_some_and(|comes| comes < needs))
            }
            Self::Response { first, then } => {
                let asks = last_of(first)?;
                Some(last_of(then).is_some_and(|answers| answers > asks))
            }
            Self::Existence { activity } => Some(first_of(activity).is_some()),
            Self::Absence { activity } => Some(first_of(activity).is_none()),
        }
    }
}

/// How a log keeps a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// The rule.
    pub rule: Rule,
    /// Cases that it concerns: all, or those with the activity that it is about.
    pub concerned: u64,
    /// The cases that break it, in order of the file.
    pub cases: Vec<usize>,
    /// What is wrong with them.
    pub reason: String,
}

impl Checked {
    /// Share of the cases concerned that keep the rule; None without any.
    pub fn fitness(&self) -> Option<f64> {
        let concerned = self.concerned;
        (concerned > 0).then(|| (concerned - self.cases.len() as u64) as f64 / concerned as f64)
    }
}

/// Checks the rules, in the order in which they are stated. Cases that lost rows are not judged: what is missing may be
/// in those rows.
pub fn check(log: &EventLog, figures: &Figures, facts: &Facts, rules: &[Rule]) -> Vec<Checked> {
    let judged: Vec<bool> = if rules.is_empty() || facts.incomplete_cases.is_empty() {
        vec![true; log.cases()]
    } else {
        (0..log.cases()).map(|case| !facts.is_incomplete(log.case_name(case))).collect()
    };
    rules.iter().map(|rule| check_rule(log, &figures.variants, &judged, rule)).collect()
}

fn check_rule(log: &EventLog, variants: &Variants, judged: &[bool], rule: &Rule) -> Checked {
    let numbers: Vec<(&str, Id)> =
        rule.activities().filter_map(|name| Some((name, number(log, name)?))).collect();
    let number = |name: &str| numbers.iter().find(|(known, _)| *known == name).map(|&(_, id)| id);
    // Cases of one variant do the same.
    let kept: Vec<Option<bool>> =
        variants.list.iter().map(|variant| rule.kept(log.trace(variant.case), &number)).collect();
    let of_case = || {
        let cases = variants.of_case.iter().enumerate().filter(|&(case, _)| judged[case]);
        cases.map(|(case, &variant)| (case, kept[variant as usize]))
    };
    Checked {
        rule: rule.clone(),
        concerned: of_case().filter(|(_, kept)| kept.is_some()).count() as u64,
        cases: of_case().filter(|&(_, kept)| kept == Some(false)).map(|(case, _)| case).collect(),
        reason: rule.broken(),
    }
}

fn number(log: &EventLog, name: &str) -> Option<Id> {
    (0..log.names.activities.len() as Id).find(|&activity| log.activity_name(activity) == name)
}

/// Names in the rules that no event has.
pub fn unknown_names<'a>(log: &EventLog, figures: &Figures, rules: &'a [Rule]) -> Vec<&'a str> {
    let occurs = |name: &str| number(log, name).is_some_and(|id| figures.flow.activities[id as usize] > 0);
    let mut unknown: Vec<&str> =
        rules.iter().flat_map(Rule::activities).filter(|name| !occurs(name)).collect();
    unknown.sort_unstable();
    unknown.dedup();
    unknown
}

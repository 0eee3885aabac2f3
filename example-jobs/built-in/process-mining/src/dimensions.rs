//! Cases by the values of their attributes: which attributes tell groups of cases, and the figures of these.

use serde_json::{Value, json};

use crate::attributes::{Attributes, LeftOut, Values, is_named};
use crate::completion::Completed;
use crate::figures::{Durations, Figures, SECOND, duration_figures};
use crate::log::{EventLog, Micros};
use crate::names::Id;

/// Attributes by which cases are grouped, at most.
pub const MOST: usize = 12;
/// Groups of an attribute, at most.
pub const MOST_GROUPS: usize = 50;
/// Numbers with more different values than this are grouped by their quartiles.
const FEW_NUMBERS: usize = 10;

/// Cases with the same value.
#[derive(Debug)]
pub struct Group {
    /// The value, or the range of values.
    pub value: String,
    /// Its cases, ascending.
    pub cases: Vec<u32>,
}

/// An attribute that tells groups of cases.
#[derive(Debug)]
pub struct Dimension {
    /// Its name.
    pub attribute: String,
    /// Largest group first; ranges of numbers in their order.
    pub groups: Vec<Group>,
    /// Whether no case is in two of them.
    pub exclusive: bool,
}

/// What cases are grouped by.
#[derive(Debug, Default)]
pub struct Dimensions {
    /// The attributes.
    pub list: Vec<Dimension>,
    /// Whether the request names them.
    pub given: bool,
    /// Attributes that group no cases, and why.
    pub passed_over: Vec<LeftOut>,
    /// Names in the request that no attribute has.
    pub unknown: Vec<String>,
}

impl Dimensions {
    /// Groups the cases of a log of events by the attributes that are named, or else by those that tell something.
    pub fn of(log: &EventLog, given: Option<&[String]>) -> Self {
        let attributes = &log.attributes;
        let mut found = Self { given: given.is_some(), ..Self::default() };
        let named = |name: &str| given.is_none_or(|names| names.iter().any(|given| is_named(name, given)));
        let of_cases = attributes.of_cases.iter().map(|attribute| {
            let pairs =
                (0..log.cases()).filter_map(|case| Some((case as u32, log.case_value(attribute, case)?)));
            (&attribute.name, &attribute.values, pairs.collect())
        });
        for (name, values, pairs) in of_cases.filter(|(name, ..)| named(name)) {
            found.add(name, values, pairs);
        }
        for attribute in attributes.of_events.iter().filter(|attribute| named(&attribute.name)) {
            let cases = log.ranges().enumerate();
            let events = cases.flat_map(|(case, range)| range.map(move |event| (case as u32, event)));
            let pairs = events.filter_map(|(case, event)| Some((case, attribute.code(event)?)));
            found.add(&attribute.name, &attribute.values, each_once(pairs, attribute.values.len()));
        }
        found.unknown = unknown(attributes, given.unwrap_or_default());
        found
    }

    fn add(&mut self, name: &str, values: &Values, pairs: Vec<(u32, Id)>) {
        let groups = match values {
            _ if self.list.len() == MOST => Err(format!("cases are grouped by {MOST} others")),
            Values::Times(_) => Err("it is a time".to_string()),
            Values::Numbers(numbers) if numbers.len() > FEW_NUMBERS => Ok(by_quartile(numbers, pairs)),
            _ => by_value(values, pairs),
        };
        match groups {
            Ok(groups) if groups.len() >= 2 => {
                let exclusive = are_exclusive(&groups);
                self.list.push(Dimension { attribute: name.to_string(), groups, exclusive });
            }
            Ok(_) => self.pass_over(name, "all cases have the same value".to_string()),
            Err(reason) => self.pass_over(name, reason),
        }
    }

    fn pass_over(&mut self, name: &str, reason: String) {
        self.passed_over.push(LeftOut { name: name.to_string(), reason });
    }
}

/// The values of cases, each once in a case, of pairs that are in order of their cases.
fn each_once(pairs: impl Iterator<Item = (u32, Id)>, values: usize) -> Vec<(u32, Id)> {
    let mut seen_in = vec![None; values];
    pairs.filter(|&(case, value)| seen_in[value as usize].replace(case) != Some(case)).collect()
}

fn by_value(values: &Values, pairs: Vec<(u32, Id)>) -> Result<Vec<Group>, String> {
    let mut is_there = vec![false; values.len()];
    pairs.iter().for_each(|&(_, value)| is_there[value as usize] = true);
    let present: Vec<Id> = (0..).zip(is_there).filter_map(|(value, there)| there.then_some(value)).collect();
    if present.len() > MOST_GROUPS {
        let count = present.len();
        return Err(format!("it has {count} different values, and more than {MOST_GROUPS} make no groups"));
    }
    let group = |&value: &Id| Group { value: values.text(value).into_owned(), cases: Vec::new() };
    let mut groups: Vec<Group> = present.iter().map(group).collect();
    for (case, value) in pairs {
        let place = present.partition_point(|&other| other < value);
        groups[place].cases.push(case);
    }
    groups.sort_by(|a, b| b.cases.len().cmp(&a.cases.len()).then_with(|| a.value.cmp(&b.value)));
    Ok(groups)
}

/// Groups of about as many cases each. Of an event's attribute, the first value of a case counts.
fn by_quartile(numbers: &[f64], pairs: Vec<(u32, Id)>) -> Vec<Group> {
    let mut pairs = pairs;
    pairs.dedup_by_key(|&mut (case, _)| case);
    let mut ascending: Vec<f64> = pairs.iter().map(|&(_, value)| numbers[value as usize]).collect();
    ascending.sort_by(f64::total_cmp);
    let Some(&last) = ascending.last() else { return Vec::new() };
    let mut limits: Vec<f64> =
        [1, 2, 3].map(|quarter| ascending[(ascending.len() - 1) * quarter / 4]).to_vec();
    limits.dedup();
    limits.retain(|&limit| limit < last);
    let range = |place: usize| match (place.checked_sub(1).map(|before| limits[before]), limits.get(place)) {
        (None, Some(limit)) => format!("up to {limit}"),
        (Some(before), Some(limit)) => format!("above {before}, up to {limit}"),
        (Some(before), None) => format!("above {before}"),
        (None, None) => "all".to_string(),
    };
    let mut groups: Vec<Group> =
        (0..=limits.len()).map(|place| Group { value: range(place), cases: Vec::new() }).collect();
    for (case, value) in pairs {
        let value = numbers[value as usize];
        groups[limits.partition_point(|&limit| limit < value)].cases.push(case);
    }
    groups
}

fn are_exclusive(groups: &[Group]) -> bool {
    let mut cases: Vec<u32> = groups.iter().flat_map(|group| &group.cases).copied().collect();
    let all = cases.len();
    cases.sort_unstable();
    cases.dedup();
    cases.len() == all
}

fn unknown(attributes: &Attributes, names: &[String]) -> Vec<String> {
    let left_out = attributes.left_out.iter().map(|attribute| attribute.name.as_str());
    let known: Vec<&str> = attributes.names().chain(left_out).collect();
    names.iter().filter(|name| !known.iter().any(|known| is_named(known, name))).cloned().collect()
}

/// The figures of a group.
#[derive(Debug)]
pub struct GroupFigures {
    /// Its completed cases.
    pub completed: usize,
    /// How long these take.
    pub durations: Durations,
    /// Cases that repeat an activity.
    pub rework: u64,
    /// Ways through the process.
    pub variants: usize,
    /// The activity before which its cases spend most time, that time, and the share of all their time between events.
    pub slowest: Option<(Id, Micros, f64)>,
}

impl GroupFigures {
    /// Measures the cases of a group.
    pub fn of(
        log: &EventLog,
        figures: &Figures,
        completed: &Completed,
        repeats: &[bool],
        group: &Group,
    ) -> Self {
        let cases = || group.cases.iter().map(|&case| case as usize);
        let finished: Vec<usize> = cases().filter(|&case| completed.is_completed(case)).collect();
        let mut variants: Vec<u32> = cases().map(|case| figures.variants.of_case[case]).collect();
        variants.sort_unstable();
        variants.dedup();
        let mut before = vec![0; log.names.activities.len()];
        for case in cases() {
            let range = log.range(case);
            for event in range.start + 1..range.end {
                before[log.activities[event] as usize] += log.times[event] - log.times[event - 1];
            }
        }
        let all: Micros = before.iter().sum();
        let slowest = (0..).zip(before).max_by_key(|&(_, time)| time).filter(|&(_, time)| time > 0);
        Self {
            completed: finished.len(),
            durations: Durations::measured(finished.into_iter().map(|case| log.lead_time(case))),
            rework: cases().filter(|&case| repeats[case]).count() as u64,
            variants: variants.len(),
            slowest: slowest.map(|(activity, time)| (activity, time, time as f64 / all as f64)),
        }
    }

    fn document(&self, log: &EventLog, group: &Group) -> Value {
        json!({
            "value": group.value,
            "cases": group.cases.len(),
            "cases_completed": self.completed,
            "cycle_time": duration_figures(&self.durations),
            "cases_with_rework": self.rework,
            "num_variants": self.variants,
            "most_time_before": self.slowest.map(|(activity, time, share)| json!({
                "activity": log.activity_name(activity),
                "sum_seconds": time as f64 / SECOND,
                "share": share,
            })),
        })
    }
}

/// Per case, whether it repeats an activity.
pub fn repeats(log: &EventLog) -> Vec<bool> {
    let mut seen = vec![usize::MAX; log.names.activities.len()];
    let repeats = |case: usize| {
        let mut again = false;
        for &activity in log.trace(case) {
            again |= std::mem::replace(&mut seen[activity as usize], case) == case;
        }
        again
    };
    (0..log.cases()).map(repeats).collect()
}

/// `attributes` of `process-mining.json`: those of the log of events, the groups by the log that is shown.
pub fn document(
    (events, log): (&EventLog, &EventLog),
    figures: &Figures,
    completed: &Completed,
    dimensions: &Dimensions,
) -> Value {
    let repeats = repeats(log);
    let kept = |name: &str, level: &str, values: &Values| {
        json!({
            "name": name,
            "level": level,
            "type": values.kind(),
            "num_values": values.len(),
            "groups_cases": dimensions.list.iter().any(|dimension| dimension.attribute == name),
        })
    };
    let of_cases = events.attributes.of_cases.iter().map(|one| kept(&one.name, "case", &one.values));
    let of_events = events.attributes.of_events.iter().map(|one| kept(&one.name, "event", &one.values));
    let reasons = |list: &[LeftOut]| -> Value {
        list.iter().map(|one| json!({"name": one.name, "reason": one.reason})).collect()
    };
    let group =
        |group: &Group| GroupFigures::of(log, figures, completed, &repeats, group).document(log, group);
    let by = dimensions.list.iter().map(|dimension| {
        json!({
            "attribute": dimension.attribute,
            "exclusive": dimension.exclusive,
            "groups": dimension.groups.iter().map(group).collect::<Value>(),
        })
    });
    json!({
        "kept": of_cases.chain(of_events).collect::<Value>(),
        "left_out": reasons(&events.attributes.left_out),
        "chosen_by": if dimensions.given { "request" } else { "rule" },
        "passed_over": reasons(&dimensions.passed_over),
        "by_attribute": by.collect::<Value>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_counts_once_in_each_case() {
        let pairs = [(0, 1), (0, 0), (0, 1), (2, 1), (2, 1)];
        assert_eq!(each_once(pairs.into_iter(), 2), [(0, 1), (0, 0), (2, 1)]);
    }
}

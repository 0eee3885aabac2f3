//! Findings as sentences, most important first. Every sentence has its number, what to compare it with, and the cases it
//! concerns.

use crate::anomalies::Group;
use crate::completion::Completed;
use crate::conformance::Checked;
use crate::effects::{Effect, Effects, Measure};
use crate::figures::{Figures, SECOND, Spread};
use crate::log::{EventLog, Micros};
use crate::names::NONE;
use fuelcell_report_kit::text::{count, counted, duration, percent, shorten};

/// A finding.
#[derive(Debug, Clone, PartialEq)]
pub struct Insight {
    /// What it is about: a stable word.
    pub kind: &'static str,
    /// The sentence, with number and baseline.
    pub text: String,
    /// Cases that it concerns.
    pub cases: u64,
    /// Rank: the share (0 to 1) of all case time that it moves; of a finding that moves no time, of the cases or rows that
    /// it concerns. What only describes the log comes last, broken rules go first.
    pub weight: f64,
}

/// What describes a log and moves nothing counts this much of the share that it concerns.
const DESCRIBES: f64 = 0.01;

/// Too few cases carry no sentence.
const FEWEST: u64 = 5;

/// Writes the sentences that the figures support; there may be none.
pub fn write(
    log: &EventLog,
    figures: &Figures,
    completion: &Completed,
    anomalies: &[Group],
    checked: &[Checked],
    effects: &Effects,
) -> Vec<Insight> {
    let mut insights: Vec<Insight> = Vec::new();
    insights.extend(slowest_step(log, figures));
    insights.extend(rework(log, figures, completion));
    insights.extend(long_tail(figures, completion));
    insights.extend(waiting(figures));
    insights.extend(longest_waiting(log, figures));
    insights.extend(main_way(log, figures, completion));
    insights.extend(variety(log, figures));
    insights.extend(repeated_activity(log, figures));
    insights.extend(busiest_resource(log, figures));
    insights.extend(other_hours(log, figures));
    insights.extend(checked.iter().filter_map(|rule| broken_rule(log, rule)));
    insights.extend(anomalies.iter().filter_map(|group| anomaly(log, group)));
    insights.extend(told_effects(log, figures, effects));
    insights.sort_by(|a, b| b.weight.total_cmp(&a.weight));
    insights
}

/// Differences between groups of cases that are told, those that move most.
const TOLD_EFFECTS: usize = 8;
/// A difference that moves less is in the table of effects, and no insight.
const LEAST_MOVED: f64 = 0.001;

fn told_effects(log: &EventLog, figures: &Figures, effects: &Effects) -> Vec<Insight> {
    let weight = |effect: &Effect| match effect.measure {
        Measure::Rework => {
            (effect.medians[0] - effect.medians[1]) * effect.cases[0] as f64 / log.cases() as f64
        }
        _ => effect.moved / SECOND / all_time(figures),
    };
    let mut told: Vec<_> = effects.found.iter().map(|effect| (weight(effect), effect)).collect();
    told.retain(|(weight, _)| *weight >= LEAST_MOVED);
    told.sort_by(|a, b| b.0.total_cmp(&a.0));
    let told = told.into_iter().take(TOLD_EFFECTS);
    told.map(|(weight, effect)| told_effect(log, effect, effects.comparisons, weight)).collect()
}

/// What the cases with a value of an attribute have more of.
fn told_effect(log: &EventLog, effect: &Effect, comparisons: usize, weight: f64) -> Insight {
    let Effect { attribute, value, cases: [cases, others], medians: [mine, theirs], .. } = effect;
    let who = format!("with {} \"{}\"", shorten(attribute, 60), shorten(value, 80));
    let times = || (duration(mine / SECOND), duration(theirs / SECOND));
    let (kind, what, (mine, theirs), median) = match effect.measure {
        Measure::CycleTime => {
            ("CycleTimeByAttribute", format!("Completed cases {who} take longer"), times(), "a median of ")
        }
        Measure::TimeBefore(activity) => {
            let what =
                format!("In cases {who}, the time before \"{}\" is longer", log.activity_name(activity));
            ("StepByAttribute", what, times(), "a median of ")
        }
        Measure::Rework => {
            let shares = (percent(*mine), percent(*theirs));
            ("ReworkByAttribute", format!("Cases {who} repeat activities more often"), shares, "")
        }
    };
    let chance = match effect.p_value {
        p if p < 0.001 => "p < 0.001".to_string(),
        p => format!("p = {p:.3}"),
    };
    Insight {
        kind,
        text: format!(
            "{what}: {median}{mine}, against {theirs} in the others ({} against {}; {chance}, corrected for {}).",
            counted(*cases, "case"),
            count(*others),
            counted(comparisons as u64, "comparison")
        ),
        cases: *cases,
        weight: weight.min(1.0),
    }
}

fn slowest_step(log: &EventLog, figures: &Figures) -> Option<Insight> {
    let edges = &figures.flow.edges;
    let all: i128 = edges.iter().map(|edge| edge.time.sum).sum();
    let steps: u64 = edges.iter().map(|edge| edge.time.count).sum();
    let slowest = edges.iter().max_by_key(|edge| edge.time.sum).filter(|edge| edge.time.sum > 0)?;
    let share = slowest.time.sum as f64 / all as f64;
    let cases = cases_with(log, slowest.from, slowest.to);
    let fair = slowest.time.count as f64 / steps as f64;
    (cases >= FEWEST && share > fair * 1.5).then(|| Insight {
        kind: "Bottleneck",
        text: format!(
            "The step from \"{}\" to \"{}\" takes {} of all case time but is only {} of all steps: {} on average, against {} \
             over all steps.",
            log.activity_name(slowest.from),
            log.activity_name(slowest.to),
            percent(share),
            percent(fair),
            duration(slowest.time.mean() / SECOND),
            duration(all as f64 / steps as f64 / SECOND)
        ),
        cases,
        weight: share,
    })
}

fn cases_with(log: &EventLog, from: u32, to: u32) -> u64 {
    log.ranges()
        .filter(|range| log.activities[range.clone()].windows(2).any(|pair| pair == [from, to]))
        .count() as u64
}

fn rework(log: &EventLog, figures: &Figures, completion: &Completed) -> Option<Insight> {
    let (mut with, mut without) = (Vec::new(), Vec::new());
    let mut seen = vec![usize::MAX; log.names.activities.len()];
    for case in 0..log.cases() {
        let mut again = false;
        for &activity in log.trace(case) {
            again |= seen[activity as usize] == case;
            seen[activity as usize] = case;
        }
        if !completion.is_completed(case) {
            continue;
        }
        if again { with.push(log.lead_time(case)) } else { without.push(log.lead_time(case)) }
    }
    let (with, without) = (median(&mut with)?, median(&mut without)?);
    // What the repetitions cost, if it were that which makes their cases longer.
    let moved = (with - without).max(0.0) * figures.rework.any as f64 / all_time(figures);
    let cases = figures.rework.any;
    let share = cases as f64 / log.cases() as f64;
    (cases >= FEWEST && log.cases() as u64 - cases >= FEWEST).then(|| Insight {
        kind: "Rework",
        text: format!(
            "{} ({}) repeat at least one activity; the median cycle time of {} is {} with and {} without repetition.",
            counted(cases, "case"),
            percent(share),
            all_of(completion),
            duration(with),
            duration(without)
        ),
        cases,
        weight: moved.min(1.0),
    })
}

/// Completed cases, as what they are called.
fn all_of(completion: &Completed) -> &'static str {
    if completion.unfinished() == 0 { "cases" } else { "completed cases" }
}

/// All cases' time, in seconds; never 0.
fn all_time(figures: &Figures) -> f64 {
    let sum: i128 = figures.durations.ascending.iter().map(|&duration| i128::from(duration)).sum();
    (sum as f64 / SECOND).max(1e-6)
}

fn median(values: &mut [Micros]) -> Option<f64> {
    Spread::of(values).map(|spread| spread.median / SECOND)
}

fn long_tail(figures: &Figures, completion: &Completed) -> Option<Insight> {
    let durations = &completion.durations;
    let (median, late) = (durations.quantile(0.5), durations.quantile(0.95));
    let cases = durations.above(late);
    let all: i128 = durations.ascending.iter().map(|&d| i128::from(d)).sum();
    let beyond = |tail: i128| tail as f64 - cases as f64 * median * SECOND;
    let tail: i128 = durations.ascending.iter().rev().take(cases as usize).map(|&d| i128::from(d)).sum();
    let share = tail as f64 / all.max(1) as f64;
    (cases >= FEWEST && late > 2.0 * median && completion.cases() >= 20).then(|| Insight {
        kind: "LongTail",
        text: format!(
            "The slowest 5 % of the {} take more than {}, while half of all are done within {}; they hold {} of their time.",
            all_of(completion),
            duration(late),
            duration(median),
            percent(share)
        ),
        cases,
        weight: (beyond(tail) / SECOND / all_time(figures)).min(1.0),
    })
}

fn waiting(figures: &Figures) -> Option<Insight> {
    let sum =
        |spreads: &[Option<Spread>]| spreads.iter().flatten().map(|spread| spread.sum).sum::<i128>() as f64;
    let (service, waiting) = (sum(figures.service.as_ref()?), sum(figures.waiting.as_ref()?));
    let share = waiting / (service + waiting);
    (share > 0.0).then(|| Insight {
        kind: "Waiting",
        text: format!(
            "{} of the time is waiting and {} is work: {} of waiting per case, against {} of work.",
            percent(share),
            percent(1.0 - share),
            duration(waiting / SECOND / figures.durations.ascending.len().max(1) as f64),
            duration(service / SECOND / figures.durations.ascending.len().max(1) as f64)
        ),
        cases: figures.durations.ascending.len() as u64,
        weight: (waiting / SECOND / all_time(figures)).min(1.0) * DESCRIBES,
    })
}

/// The activity whose work waits longest before it is begun.
fn longest_waiting(log: &EventLog, figures: &Figures) -> Option<Insight> {
    let waiting = figures.waiting.as_ref()?;
    let all: i128 = waiting.iter().flatten().map(|spread| spread.sum).sum();
    let times: u64 = waiting.iter().flatten().map(|spread| spread.count).sum();
    let each = waiting.iter().enumerate().filter_map(|(activity, spread)| Some((activity, (*spread)?)));
    let (activity, longest) =
        each.max_by_key(|(_, spread)| spread.sum).filter(|(_, spread)| spread.sum > 0)?;
    let (share, fair) = (longest.sum as f64 / all as f64, longest.count as f64 / times as f64);
    let cases =
        log.ranges().filter(|range| log.activities[range.clone()].contains(&(activity as u32))).count()
            as u64;
    (cases >= FEWEST && share > fair * 1.5).then(|| Insight {
        kind: "WaitingBottleneck",
        text: format!(
            "Work on \"{}\" waits longest: it holds {} of all waiting but is only {} of all work that could wait; {} on average, \
             against {} over all.",
            log.activity_name(activity as u32),
            percent(share),
            percent(fair),
            duration(longest.mean() / SECOND),
            duration(all as f64 / times as f64 / SECOND)
        ),
        cases,
        weight: (longest.sum as f64 / SECOND / all_time(figures)).min(1.0),
    })
}

fn main_way(log: &EventLog, figures: &Figures, completion: &Completed) -> Option<Insight> {
    let way = completion.variants.first().filter(|way| way.count >= FEWEST)?;
    let variant = figures.variants.of_case[way.case];
    let mut own: Vec<Micros> = (0..log.cases())
        .filter(|&case| figures.variants.of_case[case] == variant && completion.is_completed(case))
        .map(|case| log.lead_time(case))
        .collect();
    let share = way.count as f64 / completion.cases() as f64;
    Some(Insight {
        kind: "MainVariant",
        text: format!(
            "The happy path (the most frequent variant) has {} and covers {} of the {}; its median cycle time is {}, that of all of \
             them {}.",
            counted(log.trace(way.case).len() as u64, "step"),
            percent(share),
            all_of(completion),
            duration(median(&mut own)?),
            duration(completion.durations.quantile(0.5))
        ),
        cases: way.count,
        weight: share * DESCRIBES,
    })
}

fn variety(log: &EventLog, figures: &Figures) -> Option<Insight> {
    let (all, most) = (figures.variants.list.len(), figures.variants.covering(0.8));
    let singles = figures.variants.singles() as u64;
    (all >= 10).then(|| Insight {
        kind: "Variety",
        text: format!(
            "{} of {} variants cover 80 % of the cases; {} of all cases are the only one of their variant.",
            count(most as u64),
            count(all as u64),
            percent(singles as f64 / log.cases() as f64)
        ),
        cases: singles,
        weight: singles as f64 / log.cases() as f64 * DESCRIBES,
    })
}

fn repeated_activity(log: &EventLog, figures: &Figures) -> Option<Insight> {
    let repetitions = &figures.rework.repetitions;
    let activity = (0..repetitions.len())
        .max_by_key(|&activity| (repetitions[activity], std::cmp::Reverse(activity)))?;
    let (repeated, cases) = (repetitions[activity], figures.rework.cases[activity]);
    let all = figures.flow.activities[activity];
    (cases >= FEWEST).then(|| Insight {
        kind: "RepeatedActivity",
        text: format!(
            "\"{}\" is repeated most: {} of its {} are repetitions inside of {}.",
            log.activity_name(activity as u32),
            count(repeated),
            counted(all, log.row()),
            counted(cases, "case")
        ),
        cases,
        weight: repeated as f64 / log.events() as f64,
    })
}

fn busiest_resource(log: &EventLog, figures: &Figures) -> Option<Insight> {
    let resources = figures.resources.as_ref()?;
    let &(resource, events) = resources.workload.first()?;
    let known = log.events() as u64 - resources.unknown;
    let (share, even) = (events as f64 / known as f64, 1.0 / resources.workload.len() as f64);
    let cases = log.ranges().filter(|range| log.resources[range.clone()].contains(&resource)).count() as u64;
    (resources.workload.len() >= 3 && share > 3.0 * even && cases >= FEWEST).then(|| Insight {
        kind: "ResourceLoad",
        text: format!(
            "\"{}\" does {} of all work with a known resource; an even share among {} would be {}.",
            log.resource_name(resource),
            percent(share),
            count(resources.workload.len() as u64),
            percent(even)
        ),
        cases,
        weight: (share - even) * DESCRIBES,
    })
}

/// The resource that works most at hours of the day at which the others hardly work.
fn other_hours(log: &EventLog, figures: &Figures) -> Option<Insight> {
    const DAY: usize = 24;
    const FEWEST_EVENTS: u64 = 50;
    // A table of more resources than this would be larger than what it tells.
    const RESOURCES: usize = 10_000;
    let resources = figures.resources.as_ref().filter(|_| log.names.resources.len() <= RESOURCES)?;
    let mut hours = vec![[0_u64; DAY]; log.names.resources.len()];
    let mut all = [0_u64; DAY];
    for (&time, &resource) in log.times.iter().zip(&log.resources) {
        if resource != NONE {
            let hour = log.local(time).div_euclid(3_600_000_000).rem_euclid(DAY as i64) as usize;
            hours[resource as usize][hour] += 1;
            all[hour] += 1;
        }
    }
    let known: u64 = all.iter().sum();
    let judge = |&(resource, events): &(u32, u64)| {
        let own = &hours[resource as usize];
        let others = (known - events).max(1) as f64;
        // Hours in which the others do less than half of an even share.
        let quiet = (0..DAY).filter(|&h| ((all[h] - own[h]) as f64) < others / (2 * DAY) as f64);
        let (mine, theirs) =
            quiet.fold((0, 0), |(mine, theirs), h| (mine + own[h], theirs + all[h] - own[h]));
        (resource, events, mine as f64 / events as f64, theirs as f64 / others)
    };
    let enough =
        resources.workload.iter().filter(|&&(_, events)| events >= FEWEST_EVENTS && events * 2 < known);
    let odd = enough.map(judge).find(|&(_, _, mine, theirs)| mine >= 0.8 && theirs <= 0.2)?;
    let (resource, events, mine, theirs) = odd;
    let cases = log.ranges().filter(|range| log.resources[range.clone()].contains(&resource)).count() as u64;
    Some(Insight {
        kind: "OtherHours",
        text: format!(
            "\"{}\" does {} of its {} at hours of the day ({}) at which all others do {} of theirs.",
            log.resource_name(resource),
            percent(mine),
            counted(events, log.row()),
            log.clock.name(),
            percent(theirs)
        ),
        cases,
        weight: events as f64 / log.events() as f64 * DESCRIBES,
    })
}

/// A rule that a request states matters more than anything found by itself.
fn broken_rule(log: &EventLog, checked: &Checked) -> Option<Insight> {
    let first = *checked.cases.first()?;
    let cases = checked.cases.len() as u64;
    let share = cases as f64 / checked.concerned as f64;
    Some(Insight {
        kind: "BrokenRule",
        text: format!(
            "{} ({} of the {} concerned) {} the rule that {}; for example case {}.",
            counted(cases, "case"),
            percent(share),
            count(checked.concerned),
            if cases == 1 { "breaks" } else { "break" },
            checked.rule.describe(),
            log.case_name(first)
        ),
        cases,
        weight: 1.0 + share,
    })
}

fn anomaly(log: &EventLog, group: &Group) -> Option<Insight> {
    let first = group.cases.first()?;
    let cases = group.cases.len() as u64;
    if !matches!(group.kind, "SkippedStep" | "DelayedStep" | "PingPong") {
        return None;
    }
    let weight = cases as f64 / log.cases() as f64;
    Some(Insight {
        kind: group.kind,
        text: format!(
            "{} ({} of {}) {}; for example case {}: {}.",
            counted(cases, "case"),
            percent(cases as f64 / log.cases() as f64),
            count(log.cases() as u64),
            match (group.kind, cases) {
                ("SkippedStep", 1) => "skips a step that nearly all others have",
                ("SkippedStep", _) => "skip a step that nearly all others have",
                ("DelayedStep", 1) => "has a step with an extreme delay",
                ("DelayedStep", _) => "have a step with an extreme delay",
                (_, 1) => "goes back and forth between two activities",
                (_, _) => "go back and forth between two activities",
            },
            log.case_name(first.case),
            first.reason
        ),
        cases,
        weight,
    })
}

//! Cases that are not like the others, each with the reason.

mod delays;
mod group;

pub use group::{Anomaly, Group};

use rustc_hash::FxHashSet;

use crate::calendar::{WEEK, hour_of_week};
use crate::figures::{Figures, SECOND};
use crate::log::EventLog;
use crate::names::{Id, NONE};
use crate::read::Facts;
use fuelcell_report_kit::text::{count, duration, percent};

/// Fewer cases say nothing about what is usual.
const ENOUGH: usize = 50;
/// An activity counts as a rule's premise when at least this many cases have it.
const ENOUGH_CASES: u64 = 50;
/// What happens first in this share of the cases, but not in all, is a step that the others skipped.
const NEARLY_ALWAYS: f64 = 0.98;
/// A-B-A-B-A is ping-pong: two returns.
const PING_PONG: usize = 5;

/// Looks for all sorts. Groups without cases are left out.
pub fn find(log: &EventLog, figures: &Figures, facts: &Facts) -> Vec<Group> {
    let mut groups = vec![
        skipped_steps(log, figures, facts),
        delays::find(log, figures, facts),
        ping_pong(log, figures),
        slow_cases(log, figures),
        rare_variants(log, figures),
        off_hours(log),
    ];
    for group in &mut groups {
        group.cases.sort_by(|a, b| b.size.total_cmp(&a.size).then(a.case.cmp(&b.case)));
    }
    groups.retain(|group| !group.cases.is_empty());
    groups
}

/// Beyond this many activities the table of pairs would be larger than the log.
const MOST_ACTIVITIES: usize = 1500;

fn skipped_steps(log: &EventLog, figures: &Figures, facts: &Facts) -> Group {
    let rules = precedences(log, figures);
    let mut cases = Vec::new();
    let mut seen = vec![usize::MAX; log.names.activities.len()];
    let mut by_variant: Vec<Option<(Id, Id, f64)>> = Vec::with_capacity(figures.variants.list.len());
    for (number, variant) in figures.variants.list.iter().enumerate() {
        by_variant.push(first_violation(log.trace(variant.case), &rules, &mut seen, number));
    }
    for (case, &variant) in figures.variants.of_case.iter().enumerate() {
        let violation = by_variant[variant as usize].filter(|_| !facts.is_incomplete(log.case_name(case)));
        if let Some((skipped, then, share)) = violation {
            let reason = format!(
                "\"{}\" happened without \"{}\" before it, which {} of the cases have",
                log.activity_name(then),
                log.activity_name(skipped),
                percent(share)
            );
            cases.push(Anomaly { case, reason, size: share });
        }
    }
    let mut definition = format!(
        "A step came without one that precedes it in {} or more of the cases.",
        percent(NEARLY_ALWAYS)
    );
    if !facts.incomplete_cases.is_empty() {
        definition.push_str(" Cases with rows that were left out are not judged.");
    }
    Group { kind: "SkippedStep", title: "Skipped steps", definition, cases }
}

/// Rules per activity: (activity that nearly always comes before, share of the cases in which it does).
type Rules = Vec<Vec<(Id, f64)>>;

fn precedences(log: &EventLog, figures: &Figures) -> Rules {
    let names = log.names.activities.len();
    let mut rules = vec![Vec::new(); names];
    if names > MOST_ACTIVITIES {
        return rules;
    }
    let mut cases_with = vec![0_u64; names];
    let mut before = vec![0_u64; names * names];
    let mut order: Vec<usize> = Vec::new();
    let mut seen = vec![usize::MAX; names];
    for (number, variant) in figures.variants.list.iter().enumerate() {
        order.clear();
        for &activity in log.trace(variant.case) {
            let activity = activity as usize;
            if seen[activity] == number {
                continue;
            }
            seen[activity] = number;
            cases_with[activity] += variant.count;
            order.iter().for_each(|&earlier| before[activity * names + earlier] += variant.count);
            order.push(activity);
        }
    }
    for then in (0..names).filter(|&then| cases_with[then] >= ENOUGH_CASES) {
        for first in 0..names {
            let share = before[then * names + first] as f64 / cases_with[then] as f64;
            if (NEARLY_ALWAYS..1.0).contains(&share) {
                rules[then].push((first as Id, share));
            }
        }
    }
    rules
}

fn first_violation(trace: &[Id], rules: &Rules, seen: &mut [usize], number: usize) -> Option<(Id, Id, f64)> {
    let mut found = None;
    for &activity in trace {
        if seen[activity as usize] == number {
            continue;
        }
        let missing = rules[activity as usize].iter().find(|(first, _)| seen[*first as usize] != number);
        if let (Some(&(first, share)), None) = (missing, found) {
            found = Some((first, activity, share));
        }
        seen[activity as usize] = number;
    }
    found
}

fn ping_pong(log: &EventLog, figures: &Figures) -> Group {
    let runs: Vec<(usize, (Id, Id))> =
        figures.variants.list.iter().map(|variant| longest_alternation(log.trace(variant.case))).collect();
    let mut cases = Vec::new();
    for (case, &variant) in figures.variants.of_case.iter().enumerate() {
        let (longest, pair) = runs[variant as usize];
        if longest >= PING_PONG {
            let reason = format!(
                "{longest} steps in a row go back and forth between \"{}\" and \"{}\"",
                log.activity_name(pair.0),
                log.activity_name(pair.1)
            );
            cases.push(Anomaly { case, reason, size: longest as f64 });
        }
    }
    let definition = "Two activities alternate at least five times in a row (A-B-A-B-A).".to_string();
    Group { kind: "PingPong", title: "Ping-pong", definition, cases }
}

fn slow_cases(log: &EventLog, figures: &Figures) -> Group {
    let (first, third) = (figures.durations.quantile(0.25), figures.durations.quantile(0.75));
    let fence = third + 3.0 * (third - first);
    let median = figures.durations.quantile(0.5);
    let slow = (0..log.cases()).map(|case| (case, log.lead_time(case) as f64 / SECOND));
    let slow = slow.filter(|&(_, seconds)| log.cases() >= ENOUGH && third > first && seconds > fence);
    let cases = slow.map(|(case, seconds)| {
        let reason = format!("took {}; the median is {}", duration(seconds), duration(median));
        Anomaly { case, reason, size: seconds }
    });
    let definition =
        format!("The case took longer than {} (third quartile + 3 × interquartile range).", duration(fence));
    Group { kind: "SlowCase", title: "Slow cases", definition, cases: cases.collect() }
}

/// How many steps in a row alternate between two activities, and which; the first of the longest.
fn longest_alternation(trace: &[Id]) -> (usize, (Id, Id)) {
    let (mut run, mut longest, mut pair) = (2, 0, (NONE, NONE));
    for at in 2..trace.len() {
        run = if trace[at] == trace[at - 2] && trace[at] != trace[at - 1] { run + 1 } else { 2 };
        if run > longest {
            (longest, pair) = (run, (trace[at - 1], trace[at]));
        }
    }
    (longest, pair)
}

/// Variants are rare when they are alone in a log whose variants usually repeat.
fn rare_variants(log: &EventLog, figures: &Figures) -> Group {
    let variants = &figures.variants;
    let singles = variants.singles();
    // Where every tenth case or more is a variant of its own, being one is not unusual.
    let usual = log.cases() < ENOUGH || singles * 10 > log.cases();
    let alone =
        variants.of_case.iter().enumerate().filter(|&(_, &v)| !usual && variants.list[v as usize].count == 1);
    let edges: FxHashSet<(Id, Id)> = figures
        .flow
        .edges
        .iter()
        .filter(|edge| edge.time.count == 1)
        .map(|edge| (edge.from, edge.to))
        .collect();
    let cases = alone.map(|(case, _)| {
        let trace = log.trace(case);
        let unique = trace.windows(2).find(|pair| edges.contains(&(pair[0], pair[1])));
        let reason = match unique {
            Some(pair) => format!(
                "the only case in which \"{}\" directly follows \"{}\"",
                log.activity_name(pair[1]),
                log.activity_name(pair[0])
            ),
            None => format!("no other case has this order of its {} steps", count(trace.len() as u64)),
        };
        let size = trace.len() as f64 + if unique.is_some() { 1e6 } else { 0.0 };
        Anomaly { case, reason, size }
    });
    let cases = cases.collect();
    let definition = format!(
        "The case is the only one with its order of steps; {} of the cases share theirs with another.",
        percent(1.0 - singles as f64 / log.cases().max(1) as f64)
    );
    Group { kind: "RareVariant", title: "Rare variants", definition, cases }
}

/// Work at hours of the week at which hardly anybody works.
fn off_hours(log: &EventLog) -> Group {
    let mut hours = [0_u64; WEEK];
    log.times.iter().for_each(|&time| hours[hour_of_week(log.local(time))] += 1);
    let mut busiest: Vec<usize> = (0..WEEK).collect();
    busiest.sort_by_key(|&h| (std::cmp::Reverse(hours[h]), h));
    let total = log.events() as u64;
    // The quietest hours that together hold at most 1 % of the events.
    let mut quiet = [false; WEEK];
    let mut held = 0;
    for &h in busiest.iter().rev() {
        held += hours[h];
        if held as f64 > 0.01 * total as f64 {
            break;
        }
        quiet[h] = true;
    }
    let quiet_hours = quiet.iter().filter(|&&quiet| quiet).count();
    // Only when such hours make up a third of the week is there something like working hours.
    let exists = log.cases() >= ENOUGH && quiet_hours * 3 >= WEEK;
    let mut cases = Vec::new();
    for (case, range) in log.ranges().enumerate() {
        let at = |event: usize| match &log.working {
            Some(working) => working.is_open(log.times[event]) == Some(false),
            None => exists && quiet[hour_of_week(log.local(log.times[event]))],
        };
        let Some(event) = range.clone().find(|&event| at(event)) else { continue };
        let events = range.filter(|&event| at(event)).count();
        let who = log.resources[event];
        let by = if who == NONE { String::new() } else { format!(" by \"{}\"", log.resource_name(who)) };
        let when = chrono::DateTime::from_timestamp_micros(log.local(log.times[event]));
        let when = when.map_or(String::new(), |when| when.format("%a %Y-%m-%d %H:%M").to_string());
        let reason = format!("\"{}\"{by} on {when}", log.activity_name(log.activities[event]));
        cases.push(Anomaly { case, reason, size: events as f64 });
    }
    let zone = log.clock.name();
    let definition = match log.working {
        Some(_) => format!("An event falls outside of the working hours of the calendar ({zone})."),
        None => format!(
            "An event falls into the {quiet_hours} quietest hours of the week ({zone}), which together hold less than 1 % of all \
             events."
        ),
    };
    Group { kind: "OffHours", title: "Off-hours activity", definition, cases }
}

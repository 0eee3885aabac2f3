//! What the report points at, planted in logs made by hand: all of it is found, and nothing else.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::fmt::Write as _;

use fuelcell_sdk::Completion;
use fuelcell_sdk::testing::TestHost;
use process_mining::Job;
use serde_json::{Value, json};

/// Cases of the log. With so many, three are less than the 2 % that make a step no rule.
const CASES: usize = 200;
const MINUTE: i64 = 60;
const DAY: i64 = 86_400;
/// 2024-01-01, a Monday.
const MONDAY: i64 = 1_704_067_200;

/// A step of a case.
#[derive(Clone)]
struct Step {
    activity: String,
    resource: String,
    /// Minutes since the step before, or since the start of the case.
    after: i64,
    /// Minutes of work in them, where the log tells.
    work: Option<i64>,
}

/// A case: when it starts, and its steps.
#[derive(Clone)]
struct Case {
    start: i64,
    steps: Vec<Step>,
}

fn step(activity: &str, resource: &str, after: i64) -> Step {
    Step { activity: activity.to_string(), resource: resource.to_string(), after, work: None }
}

/// Orders that are taken in the morning of a working day, checked, packed and sent, each by somebody else in turn. All go
/// the same way in about the same time, so that nothing about them is worth a word.
fn orders() -> Vec<Case> {
    let order = |number: usize| {
        let who = |place: usize| ["ann", "bob", "cy", "dee"][(number + place) % 4];
        let number = number as i64;
        let (week, weekday) = (number / 5, number % 5);
        let steps = vec![
            step("take", who(0), 0),
            step("check", who(1), 50 + number % 13),
            step("pack", who(2), 45 + number % 7),
            step("send", who(3), 45 + number % 11),
        ];
        Case { start: MONDAY + (week * 7 + weekday) * DAY + (8 * 60 + number * 7 % 50) * MINUTE, steps }
    };
    (0..CASES).map(order).collect()
}

/// The log as a table; case 7 is named `c007`.
fn table(cases: &[Case]) -> String {
    let mut text = "case_id,activity,timestamp,resource,start_timestamp\n".to_string();
    for (number, case) in cases.iter().enumerate() {
        let mut time = case.start;
        for step in &case.steps {
            time += step.after * MINUTE;
            let at = |time: i64| chrono::DateTime::from_timestamp(time, 0).unwrap().to_rfc3339();
            let start = step.work.map_or(String::new(), |work| at(time - work * MINUTE));
            writeln!(text, "c{number:03},{},{},{},{start}", step.activity, at(time), step.resource).unwrap();
        }
    }
    text
}

fn mined(cases: &[Case], parameters: Value) -> Value {
    let run =
        TestHost::new().input("dataset", "orders.csv", table(cases)).parameters(parameters).run::<Job>();
    assert_eq!(run.end, Ok(Completion::Done));
    serde_json::from_str(run.text("process-mining.json").unwrap()).unwrap()
}

/// All unusual cases, by the sort of anomaly.
fn anomalies(cases: &[Case]) -> BTreeMap<String, Vec<usize>> {
    let figures = mined(cases, json!({}));
    let group = |group: &Value| {
        let cases = group["cases"].as_array().unwrap().iter();
        let mut cases: Vec<usize> =
            cases.map(|case| case["case"].as_str().unwrap()[1..].parse().unwrap()).collect();
        cases.sort_unstable();
        (group["kind"].as_str().unwrap().to_string(), cases)
    };
    figures["anomalies"].as_array().unwrap().iter().map(group).collect()
}

fn expected<const N: usize>(groups: [(&str, &[usize]); N]) -> BTreeMap<String, Vec<usize>> {
    groups.into_iter().map(|(kind, cases)| (kind.to_string(), cases.to_vec())).collect()
}

/// All insights with the cases that they concern; the text of `wanted`.
fn insights(figures: &Value, wanted: &str) -> (BTreeMap<String, u64>, String) {
    let all = figures["insights"].as_array().unwrap();
    let kind = |insight: &Value| insight["kind"].as_str().unwrap().to_string();
    let text =
        all.iter().find(|insight| kind(insight) == wanted).unwrap()["text"].as_str().unwrap().to_string();
    (all.iter().map(|insight| (kind(insight), insight["num_cases"].as_u64().unwrap())).collect(), text)
}

fn kinds<const N: usize>(kinds: [(&str, u64); N]) -> BTreeMap<String, u64> {
    kinds.into_iter().map(|(kind, cases)| (kind.to_string(), cases)).collect()
}

#[test]
fn where_nothing_is_unusual_nothing_is_told() {
    assert_eq!(anomalies(&orders()), expected([]));
    let (found, text) = insights(&mined(&orders(), json!({})), "MainVariant");
    assert_eq!(found, kinds([("MainVariant", 200)]));
    assert!(text.contains("has 4 steps and covers 100 % of the cases"), "{text}");
}

#[test]
fn skipped_steps() {
    let mut cases = orders();
    for skips in [7, 50, 190] {
        cases[skips].steps.remove(1);
    }
    assert_eq!(anomalies(&cases), expected([("SkippedStep", &[7, 50, 190])]));
    let (found, text) = insights(&mined(&cases, json!({})), "SkippedStep");
    assert_eq!(found, kinds([("MainVariant", 197), ("SkippedStep", 3)]));
    assert!(text.starts_with("3 cases (1.5 % of 200) skip a step"), "{text}");
}

#[test]
fn extreme_delays() {
    let mut cases = orders();
    for late in [20, 130] {
        cases[late].steps[3].after += 28 * 24 * 60;
    }
    // What is late by weeks is slow as well.
    assert_eq!(anomalies(&cases), expected([("DelayedStep", &[20, 130]), ("SlowCase", &[20, 130])]));
    let (_, text) = insights(&mined(&cases, json!({})), "DelayedStep");
    assert!(text.starts_with("2 cases (1.0 % of 200) have a step with an extreme delay"), "{text}");
}

#[test]
fn ping_pong() {
    let mut cases = orders();
    for torn in [30, 31, 99] {
        let back_and_forth = ["check", "pack", "check", "pack"].map(|activity| step(activity, "bob", 1));
        cases[torn].steps.splice(3..3, back_and_forth);
    }
    // Once there and back again is not yet ping-pong.
    for rework in [5, 6, 7] {
        cases[rework].steps.insert(3, step("check", "bob", 1));
        cases[rework].steps.insert(4, step("pack", "cy", 1));
    }
    assert_eq!(anomalies(&cases), expected([("PingPong", &[30, 31, 99])]));
    let (_, text) = insights(&mined(&cases, json!({})), "PingPong");
    assert!(text.contains("6 steps in a row go back and forth between \"check\" and \"pack\""), "{text}");
}

#[test]
fn slow_cases() {
    let mut cases = orders();
    for slow in [50, 150] {
        // No step alone is out of the common; taken first in the morning, they are done when all others are.
        cases[slow].steps.iter_mut().for_each(|step| step.after = step.after * 27 / 20);
    }
    assert_eq!(anomalies(&cases), expected([("SlowCase", &[50, 150])]));
}

#[test]
fn rare_variants() {
    let mut cases = orders();
    cases[60].steps.insert(3, step("call", "cy", 1));
    cases[61].steps.swap(2, 3);
    assert_eq!(anomalies(&cases)["RareVariant"], [60, 61]);
    // Sending before packing is also packing before sending skipped.
    assert_eq!(anomalies(&cases), expected([("RareVariant", &[60, 61]), ("SkippedStep", &[61])]));
}

#[test]
fn off_hours() {
    let mut cases = orders();
    cases[70].start = MONDAY + 6 * DAY + 3 * 60 * MINUTE;
    assert_eq!(anomalies(&cases), expected([("OffHours", &[70])]));
}

#[test]
fn a_bottleneck() {
    let mut cases = orders();
    cases.iter_mut().for_each(|case| case.steps[2].after += 240);
    let (found, text) = insights(&mined(&cases, json!({})), "Bottleneck");
    assert_eq!(found, kinds([("Bottleneck", 200), ("MainVariant", 200)]));
    assert!(text.starts_with("The step from \"check\" to \"pack\" takes 73 % of all case time"), "{text}");
}

#[test]
fn rework_and_what_is_repeated() {
    let mut cases = orders();
    for again in 0..20 {
        cases[again * 3].steps.insert(2, step("check", "bob", 10));
    }
    let (found, text) = insights(&mined(&cases, json!({})), "RepeatedActivity");
    assert_eq!(found, kinds([("MainVariant", 180), ("RepeatedActivity", 20), ("Rework", 20)]));
    assert!(text.contains("20 of its 220 events"), "{text}");
}

#[test]
fn a_long_tail() {
    let mut cases = orders();
    for slow in 0..16 {
        // No two of them take equally long.
        cases[slow * 12].steps.iter_mut().for_each(|step| step.after *= 4 + slow as i64);
    }
    let (found, text) = insights(&mined(&cases, json!({})), "LongTail");
    assert_eq!(found, kinds([("LongTail", 10), ("MainVariant", 200)]));
    assert!(text.starts_with("The slowest 5 % of the cases take more than"), "{text}");
}

#[test]
fn waiting_and_who_waits_longest() {
    let mut cases = orders();
    for case in &mut cases {
        case.steps.iter_mut().for_each(|step| step.work = Some(if step.activity == "send" { 5 } else { 25 }));
        case.steps[3].after += 120;
    }
    let (found, text) = insights(&mined(&cases, json!({})), "WaitingBottleneck");
    let told =
        kinds([("Bottleneck", 200), ("MainVariant", 200), ("Waiting", 200), ("WaitingBottleneck", 200)]);
    assert_eq!(found, told);
    assert!(text.starts_with("Work on \"send\" waits longest"), "{text}");
}

#[test]
fn many_ways() {
    let mut cases = orders();
    for (number, case) in cases.iter_mut().step_by(20).enumerate() {
        case.steps.insert(3, step(&format!("extra {number}"), "cy", 1));
    }
    let (found, text) = insights(&mined(&cases, json!({})), "Variety");
    assert_eq!(found, kinds([("MainVariant", 190), ("Variety", 10)]));
    assert!(text.starts_with("1 of 11 variants cover 80 % of the cases; 5.0 % of all cases"), "{text}");
}

#[test]
fn one_who_does_most() {
    let mut cases = orders();
    for (number, case) in cases.iter_mut().enumerate() {
        for (place, step) in case.steps.iter_mut().enumerate() {
            step.resource = if place > 0 { "max".to_string() } else { format!("helper {}", number % 5) };
        }
    }
    let (found, text) = insights(&mined(&cases, json!({})), "ResourceLoad");
    assert_eq!(found, kinds([("MainVariant", 200), ("ResourceLoad", 200)]));
    assert!(text.starts_with("\"max\" does 75 % of all work"), "{text}");
}

#[test]
fn one_who_works_at_other_hours() {
    let mut cases = orders();
    for case in cases.iter_mut().step_by(2) {
        // Sent the night after, by a machine.
        let noon = (case.start - MONDAY).rem_euclid(DAY) / MINUTE
            + case.steps.iter().map(|step| step.after).sum::<i64>();
        case.steps[3].after += 27 * 60 - noon;
        case.steps[3].resource = "bot".to_string();
    }
    let (found, text) = insights(&mined(&cases, json!({})), "OtherHours");
    assert_eq!(found["OtherHours"], 100);
    assert!(text.starts_with("\"bot\" does 100 % of its 100 events at hours of the day (UTC)"), "{text}");
}

#[test]
fn a_broken_rule() {
    let mut cases = orders();
    for skips in [7, 50, 190] {
        cases[skips].steps.remove(1);
    }
    let rules = json!([
        {"kind": "precedence", "first": "check", "then": "pack"},
        {"kind": "existence", "activity": "send"},
    ]);
    let (found, text) = insights(&mined(&cases, json!({"rules": rules})), "BrokenRule");
    assert_eq!(found, kinds([("BrokenRule", 3), ("MainVariant", 197), ("SkippedStep", 3)]));
    assert!(text.contains("break the rule that \"pack\" happens only after \"check\""), "{text}");
}

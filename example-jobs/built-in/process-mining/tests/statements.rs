//! What the report says is what the figures are.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use fuelcell_sdk::testing::{TestHost, TestRun};
use process_mining::Job;
use serde_json::{Value, json};

const SAMPLE: &str = include_str!("../sample/order-to-cash.csv");

fn run(log: &str, parameters: Value) -> (TestRun, Value, String) {
    let run = TestHost::new().input("dataset", "log.csv", log).parameters(parameters).run::<Job>();
    let figures = serde_json::from_str(run.text("process-mining.json").unwrap()).unwrap();
    let text = text(run.text("report.html").unwrap());
    (run, figures, text)
}

/// The words of a page.
fn text(page: &str) -> String {
    let body = page.split_once("<body").unwrap().1;
    let pieces = body.split('<').map(|piece| piece.split_once('>').map_or("", |(_, text)| text));
    let text = pieces.collect::<Vec<_>>().join(" ").replace("&quot;", "\"").replace("&amp;", "&");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Twenty cases of three executions, each with its begin and end as events; every fourth case repeats one.
fn life_cycle() -> String {
    let mut log = "case_id,activity,lifecycle:transition,timestamp,resource\n".to_string();
    for case in 0..20 {
        let steps: &[&str] = if case % 4 == 0 { &["check", "check", "pay"] } else { &["check", "pay"] };
        for (hour, step) in (8..).zip(steps) {
            log += &format!("{case},{step},start,2024-05-06T{hour:02}:00:00Z,ann\n");
            log += &format!("{case},{step},complete,2024-05-06T{hour:02}:{:02}:00Z,ann\n", 10 + case);
        }
    }
    log
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap()
}

#[test]
fn tiles_and_sentences_are_those_of_the_figures() {
    for (log, parameters) in [
        (SAMPLE.to_string(), json!({})),
        (SAMPLE.to_string(), json!({"endActivities": ["Receive payment"]})),
        (life_cycle(), json!({})),
        (life_cycle(), json!({"granularity": "events"})),
    ] {
        let (_, figures, report) = run(&log, parameters);
        let events =
            figures["granularity"] == "events" || figures["instances"]["source"] != "life-cycle transitions";
        let shown = if events { &figures } else { &figures["instances"] };
        let cases = number(&figures["num_cases"]);
        let says =
            |sentence: String| assert!(report.contains(&sentence), "\"{sentence}\" is not in {report}");
        let grouped = |number: u64| fuelcell_report_kit::text::count(number);
        says(format!("{} cases", grouped(cases)));
        says(format!("{} events", grouped(number(&figures["num_events"]))));
        says(format!("{} variants", grouped(number(&shown["num_variants"]))));
        if !events {
            says(format!("{} activity instances", grouped(number(&shown["num_instances"]))));
        }
        let rework = number(&shown["cases_with_rework"]);
        let share = fuelcell_report_kit::text::percent(rework as f64 / cases as f64);
        says(format!(
            "{} of {} cases ({share}) repeat at least one activity.",
            grouped(rework),
            grouped(cases)
        ));
        says(format!("{share} of cases with rework"));
        let completed = &figures["completion"];
        let median = completed["cycle_time"]["median_seconds"].as_f64().unwrap();
        says(format!("{} median cycle time", fuelcell_report_kit::text::duration(median)));
        let unfinished = number(&completed["cases_unfinished"]);
        assert_eq!(number(&completed["cases_completed"]) + unfinished, cases);
        let told = format!("{} unfinished cases", grouped(unfinished));
        assert_eq!(report.contains(&told), unfinished > 0, "{told}");
        let insights = figures["insights"].as_array().unwrap();
        for insight in insights.iter().take(10) {
            says(insight["text"].as_str().unwrap().to_string());
            assert!(number(&insight["num_cases"]) <= cases, "{insight} concerns more cases than there are");
        }
        assert_eq!(insights.iter().any(|insight| insight["kind"] == "RepeatedActivity"), rework >= 5);
        let perfect = figures["data_quality_score"] == 100.0;
        assert!(perfect || !report.contains("No fault was found"), "a fault was found");
    }
}

#[test]
fn a_log_with_faults_says_so() {
    let swapped = "case,activity,timestamp\n1,b,2024-01-01T09:00:00Z\n1,a,2024-01-01T08:00:00Z\n";
    let (_, figures, report) = run(swapped, json!({}));
    assert!(figures["data_quality_score"].as_f64().unwrap() < 100.0);
    assert!(!report.contains("No fault was found"));
    let (run, figures, report) = run(
        "case,activity,timestamp\n1,a,2024-01-01T08:00:00Z\n1,,2024-01-01T09:00:00Z\n,a,2024-01-01T09:00:00Z\n",
        json!({}),
    );
    assert_eq!(figures["dropped_rows"], 2);
    assert!(
        report.contains("2 rows of 3 rows were left out")
            && report.contains("Rows without an activity were left out, first row 3")
    );
    let told: String = run.logs.iter().map(|line| line.message.clone()).collect();
    assert!(told.contains("Rows without a case were left out, first row 4 (1 row)"), "{told}");
}

/// Eleven orders that are paid, five of them after a second check, and two that wait for it.
fn orders() -> String {
    let mut log = "case_id,activity,timestamp\n".to_string();
    for case in 0..13 {
        let steps: &[&str] = match case {
            0..6 => &["take", "check", "pay"],
            6..11 => &["take", "check", "check", "pay"],
            _ => &["take", "check"],
        };
        for (day, step) in (1..).zip(steps) {
            log += &format!("{case},{step},2024-05-{:02}T08:00:00Z\n", day + case);
        }
    }
    log
}

#[test]
fn what_is_told_of_completed_cases_leaves_unfinished_ones_out() {
    let (_, figures, report) = run(&orders(), json!({}));
    let completed = &figures["completion"];
    assert_eq!((&completed["guessed"], &completed["end_activities"]), (&json!(true), &json!(["pay"])));
    assert_eq!((&completed["cases_completed"], &completed["cases_unfinished"]), (&json!(11), &json!(2)));
    let happy = json!({"activities": ["take", "check", "pay"], "count": 6, "share": 6.0 / 11.0});
    assert_eq!(completed["happy_path"], happy);
    assert_eq!((&completed["num_variants"], &figures["num_variants"]), (&json!(2), &json!(3)));
    assert_eq!(completed["cycle_time"]["median_seconds"], 172_800.0);
    assert_eq!(figures["case_lead_time"]["min_seconds"], 86_400.0);
    assert_eq!(completed["unfinished"]["last_activities"], json!({"check": 2}));
    // The log ends on the 14th; the first unfinished case begins on the 12th.
    let oldest = &completed["unfinished"]["oldest_cases"][0];
    assert_eq!(oldest, &json!({"case": "11", "last_activity": "check", "age_seconds": 172_800.0}));
    for says in [
        "11 cases are completed: the last activity is pay.",
        "These activities are guessed. An activity ends cases when at least a fifth of the cases that have it end with it",
        "2 variants of 11 completed cases; 2 cover 80 % of them.",
        "6 cases happy path 55 % of completed cases",
        "2 unfinished cases (15 % of all cases).",
        "covers 55 % of the completed cases",
    ] {
        assert!(report.contains(says), "\"{says}\" is not in {report}");
    }
}

#[test]
fn end_activities_are_those_that_are_named() {
    let (done, figures, report) = run(&orders(), json!({"endActivities": ["check", "bill"]}));
    let completed = &figures["completion"];
    assert_eq!((&completed["guessed"], &completed["cases_completed"]), (&json!(false), &json!(2)));
    assert_eq!(completed["rule"], Value::Null);
    assert!(!report.contains("These activities are guessed"));
    let warnings = done.report.unwrap().warnings;
    let warned = warnings
        .iter()
        .any(|warning| warning.kind == "UnknownActivity" && warning.message.contains("such as \"bill\""));
    assert!(warned, "{warnings:?}");
    let (_, figures, report) = run(&orders(), json!({"endActivities": ["bill"]}));
    assert_eq!(
        (&figures["completion"]["cases_completed"], &figures["completion"]["cycle_time"]),
        (&json!(0), &Value::Null)
    );
    assert!(report.contains("No case is completed") && !report.contains("median cycle time"), "{report}");
}

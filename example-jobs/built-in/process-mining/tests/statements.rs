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
        let median = figures["case_lead_time"]["median_seconds"].as_f64().unwrap();
        says(format!("{} median cycle time", fuelcell_report_kit::text::duration(median)));
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

//! Logs compared with the model of an earlier run.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use fuelcell_sdk::Completion;
use fuelcell_sdk::testing::{TestHost, TestRun};
use process_mining::Job;
use serde_json::{Value, json};

/// A log of cases, each a line of activities an hour apart.
fn log(cases: &[&str]) -> String {
    let mut text = "case_id,activity,timestamp\n".to_string();
    for (number, case) in cases.iter().enumerate() {
        for (hour, activity) in case.split(' ').enumerate() {
            text += &format!("c{},{activity},2024-01-{:02}T{hour:02}:00:00Z\n", number + 1, number + 1);
        }
    }
    text
}

fn figures(run: &TestRun) -> Value {
    assert_eq!(run.end, Ok(Completion::Done));
    serde_json::from_str(run.text("process-mining.json").unwrap()).unwrap()
}

/// The model of a log in which an order is taken, checked (perhaps again) and paid or refused.
fn model() -> String {
    let run =
        TestHost::new().input("dataset", "log.csv", log(&["take check pay", "take check check refuse"]));
    run.run::<Job>().text("model.json").unwrap().to_string()
}

fn compared(log: &str, model: &str) -> TestRun {
    TestHost::new().input("dataset", "log.csv", log).input("model", "model.json", model).run::<Job>()
}

#[test]
fn a_log_fits_its_own_model() {
    let cases = log(&["take check pay", "take check check refuse"]);
    let found = &figures(&compared(&cases, &model()))["model_conformance"];
    assert_eq!((&found["case_fitness"], &found["event_fitness"]), (&json!(1.0), &json!(1.0)));
    assert_eq!(
        (&found["num_cases_judged"], &found["num_events_judged"], &found["model_cases"]),
        (&json!(2), &json!(7), &json!(2))
    );
    assert_eq!((&found["deviations"], &found["deviating_cases"]), (&json!([]), &json!([])));
}

#[test]
fn every_deviation_is_found_and_none_invented() {
    let cases = [
        "take check check check pay", // allowed, though never seen like this
        "take pay",                   // skipped
        "check pay",                  // wrong start
        "take check",                 // wrong end
        "take ask check pay",         // unknown activity: what follows it is not held against it
        "take check pay ask",
        "take pay check pay check pay", // take pay once, pay check twice
    ];
    let run = compared(&log(&cases), &model());
    let found = &figures(&run)["model_conformance"];
    let deviation =
        |kind: &str, from: Value, to: Value, count: u64, cases: Value| json!([kind, from, to, count, cases]);
    let listed = found["deviations"].as_array().unwrap().iter();
    let listed: Vec<Value> =
        listed.map(|d| json!([d["kind"], d["from"], d["to"], d["count"], d["cases"]])).collect();
    assert_eq!(
        listed,
        [
            deviation("UnknownActivity", Value::Null, json!("ask"), 2, json!(["c5", "c6"])),
            deviation("Succession", json!("take"), json!("pay"), 2, json!(["c2", "c7"])),
            deviation("Start", Value::Null, json!("check"), 1, json!(["c3"])),
            deviation("Succession", json!("pay"), json!("check"), 2, json!(["c7"])),
            deviation("End", json!("check"), Value::Null, 1, json!(["c4"])),
        ]
    );
    assert_eq!(
        found["deviations_per_kind"],
        json!({"UnknownActivity": 2, "Start": 1, "Succession": 4, "End": 1})
    );
    assert_eq!(found["deviations"][1]["description"], "\"pay\" comes directly after \"take\"");
    assert_eq!((&found["num_cases_judged"], &found["num_cases_fitting"]), (&json!(7), &json!(1)));
    assert_eq!((&found["num_events_judged"], &found["num_events_fitting"]), (&json!(25), &json!(18)));
    let worst = found["deviating_cases"].as_array().unwrap();
    let worst: Vec<Value> =
        worst.iter().map(|c| json!([c["case"], c["fitness"], c["num_deviations"]])).collect();
    let expected = json!([
        ["c2", 0.5, 1],
        ["c3", 0.5, 1],
        ["c7", 0.5, 3],
        ["c5", 0.75, 1],
        ["c6", 0.75, 1],
        ["c4", 1.0, 1]
    ]);
    assert_eq!(Value::from(worst), expected);
    let report = run.text("report.html").unwrap();
    assert!(report.contains("Against the model") && report.contains("&quot;ask&quot; is not in the model"));
}

#[test]
fn cases_that_lost_rows_are_not_judged() {
    let broken = log(&["take check pay", "take pay"]) + "c2,check,\n";
    let found = &figures(&compared(&broken, &model()))["model_conformance"];
    assert_eq!((&found["num_cases_judged"], &found["case_fitness"]), (&json!(1), &json!(1.0)));
}

#[test]
fn without_a_model_nothing_is_judged() {
    let run = TestHost::new().input("dataset", "log.csv", log(&["take check pay"])).run::<Job>();
    assert!(figures(&run).get("model_conformance").is_none());
    assert!(!run.text("report.html").unwrap().contains("Against the model"));
}

#[test]
fn what_is_no_model_is_refused_with_the_reason() {
    let good = model();
    let mut wide: Value = serde_json::from_str(&good).unwrap();
    wide["directly_follows"]["edges"][0] = json!([0, 99, 1]);
    let mut twice: Value = serde_json::from_str(&good).unwrap();
    twice["directly_follows"]["activities"][1] = twice["directly_follows"]["activities"][0].clone();
    let mut endless: Value = serde_json::from_str(&good).unwrap();
    endless["directly_follows"]["ends"] = json!([]);
    let mut many: Value = serde_json::from_str(&good).unwrap();
    many["directly_follows"] = Value::Null;
    for (file, why) in [
        (String::new(), "it is empty"),
        ("case_id,activity\n1,a\n".to_string(), "it is no JSON, or damaged"),
        (good[..good.len() / 2].to_string(), "it is no JSON, or damaged: EOF"),
        ("[1, 2]".to_string(), "it has another form"),
        ("{\"num_events\": 3}".to_string(), "it is not of the kind \"next-activity\""),
        (good.replace("\"version\":2", "\"version\":7"), "its version is 7, and this module reads 2"),
        (good.replace("\"starts\"", "\"begins\""), "missing field `starts`"),
        (wide.to_string(), "it names activity number 99 of 4"),
        (twice.to_string(), "it lists an activity twice"),
        (endless.to_string(), "it allows no case to begin and end"),
        (many.to_string(), "too many different steps"),
    ] {
        let failure = compared(&log(&["take check pay"]), &file).end.unwrap_err();
        assert_eq!(failure.code, "InvalidModel", "{file}");
        assert!(
            failure.message.contains(why) && failure.message.contains("model.json"),
            "{}",
            failure.message
        );
    }
}

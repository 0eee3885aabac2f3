//! Two groups of cases side by side.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Write as _;

use fuelcell_sdk::Completion;
use fuelcell_sdk::testing::{TestHost, TestRun};
use process_mining::Job;
use serde_json::{Value, json};

/// 120 cases: those from the north wait two days for their payment instead of one, and half of them are checked twice.
fn log() -> String {
    let mut log = "case,activity,timestamp,region\n".to_string();
    for case in 0..120_u32 {
        let north = case % 3 == 0;
        let region = if north {
            "north"
        } else if case % 3 == 1 {
            "south"
        } else {
            "east"
        };
        let mut add = |activity: &str, hour: u32| {
            let (day, hour) = (1 + hour / 24, hour % 24);
            writeln!(log, "{case},{activity},2024-01-{day:02}T{hour:02}:{:02}:00Z,{region}", case % 60)
                .unwrap();
        };
        add("take", 8);
        add("check", 10);
        if north && case % 2 == 0 {
            add("check", 12);
        }
        add("pay", if north { 60 } else { 36 } + case % 5);
    }
    log
}

fn run(parameters: Value) -> TestRun {
    TestHost::new().input("dataset", "log.csv", log()).parameters(parameters).run::<Job>()
}

fn comparison(run: &TestRun) -> Value {
    assert!(matches!(run.end, Ok(Completion::Done)), "{:?}", run.end);
    let figures: Value = serde_json::from_str(run.text("process-mining.json").unwrap()).unwrap();
    figures["comparison"].clone()
}

fn north() -> Value {
    json!({"name": "North", "filters": [{"attribute": "region", "values": ["north"]}]})
}

#[test]
fn what_differs_is_told_with_its_interval() {
    let run = run(json!({"compare": [north()]}));
    let compared = comparison(&run);
    assert_eq!(compared["groups"][0]["name"], "North");
    assert_eq!((&compared["groups"][0]["cases"], &compared["groups"][1]["cases"]), (&json!(40), &json!(80)));
    let figure = |name: &str| {
        let all = compared["figures"].as_array().unwrap();
        all.iter().find(|one| one["figure"] == name).unwrap().clone()
    };
    let cycle = figure("cycle_time");
    // Medians of 52 to 56 and of 28 to 32 hours.
    assert_eq!(cycle["values"], json!([54.0 * 3600.0, 30.0 * 3600.0]));
    let interval: Vec<f64> =
        cycle["interval"].as_array().unwrap().iter().map(|end| end.as_f64().unwrap()).collect();
    assert!(
        interval[0] <= 24.0 * 3600.0 && interval[1] >= 24.0 * 3600.0 && interval[0] > 20.0 * 3600.0,
        "{interval:?}"
    );
    assert_eq!((&cycle["differs"], &cycle["small_numbers"]), (&json!(true), &json!(false)));
    let rework = figure("rework");
    assert_eq!((&rework["values"], &rework["counts"]), (&json!([0.5, 0.0]), &json!([40, 80])));
    assert_eq!(rework["differs"], true);
    let completed = figure("completed_cases");
    assert_eq!((&completed["difference"], &completed["differs"]), (&json!(0.0), &json!(false)));
    let pay = &compared["time_before_activity"][0];
    assert_eq!((&pay["activity"], &pay["differs"]), (&json!("pay"), &json!(true)));
    let path = |from: Value, to: Value| {
        let paths = compared["paths"].as_array().unwrap();
        paths.iter().find(|path| path["from"] == from && path["to"] == to).unwrap().clone()
    };
    let start = path(Value::Null, json!("take"));
    assert_eq!((&start["cases"]["values"], &start["time"]), (&json!([1.0, 1.0]), &Value::Null));
    assert_eq!(path(json!("check"), json!("pay"))["time"]["differs"], true);
    assert_eq!(path(json!("take"), json!("check"))["time"]["differs"], false);
    let report = run.text("report.html").unwrap();
    for words in
        ["Two groups of cases", "A is North (40 cases, region is north); B is all other cases", "+24 h"]
    {
        assert!(report.contains(words), "{words}");
    }
    let map = run.text("comparison-map.svg").unwrap();
    assert!(map.contains("A: North (40)") && map.contains("class=\"edge ta\""), "{map}");
}

#[test]
fn small_numbers_are_marked_and_no_case_is_in_both_groups() {
    let few = json!({"filters": [{"attribute": "case", "values": ["0", "3", "6"]}]});
    let compared = comparison(&run(json!({"compare": [few, north()]})));
    assert_eq!((&compared["cases_in_both"], &compared["cases_in_neither"]), (&json!(3), &json!(80)));
    assert_eq!(compared["groups"][0]["cases"], 0);
    let few = json!({"filters": [{"attribute": "case", "values": ["0", "3", "6", "1"]}]});
    let south = json!({"filters": [{"attribute": "region", "values": ["east"]}]});
    let run = run(json!({"compare": [few, south]}));
    let compared = comparison(&run);
    let cycle = &compared["figures"][0];
    assert_eq!((&cycle["interval"], &cycle["small_numbers"]), (&Value::Null, &json!(true)));
    assert!(run.text("report.html").unwrap().contains("too few to say"));
}

#[test]
fn groups_that_are_none_are_refused() {
    let refused = |compare: Value| {
        let failure = run(json!({"compare": compare})).end.unwrap_err();
        assert_eq!(failure.code, "InvalidParameter");
        failure.message
    };
    let event = json!({"filters": [{"attribute": "activity", "values": ["pay"], "level": "event"}]});
    assert!(refused(json!([event])).contains("compare[0].filters[0].level is about events"));
    let unknown = json!({"filters": [{"attribute": "colour", "values": ["red"]}]});
    assert!(refused(json!([north(), unknown])).contains("compare[1].filters[0].attribute is \"colour\""));
    let empty = run(json!({"compare": [{"filters": [{"attribute": "region", "values": ["west"]}]}]}));
    let warnings = &empty.report.as_ref().unwrap().warnings;
    assert!(warnings.iter().any(|finding| finding.kind == "EmptyGroup"), "{warnings:?}");
}

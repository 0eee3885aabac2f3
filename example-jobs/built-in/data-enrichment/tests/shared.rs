//! The words that all jobs share: filters, time window, columns, time zone, calendar, quality checks.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use data_enrichment::Job;
use fuelcell_sdk::testing::{TestHost, TestRun};
use serde_json::{Value, json};

/// Three orders, the second of which reaches into February; 2024-01-05 was a Friday.
const LOG: &str = "order,step,at,begun,region\n\
    a,create,2024-01-05T15:00:00Z,2024-01-05T14:00:00Z,north\n\
    a,pay,2024-01-08T09:30:00Z,,north\n\
    b,Create,2024-01-20T10:00:00Z,,south\n\
    b,pay,2024-02-02T10:00:00Z,,north\n\
    c,create,2024-01-10T10:00:00Z,2023-12-31T10:00:00Z,\n";

fn run(parameters: Value) -> TestRun {
    TestHost::new().parameters(parameters).input("dataset", "log.csv", LOG).run::<Job>()
}

/// The enriched file without its header, cut to its first columns, and how many rows were left out.
fn kept(parameters: Value) -> (Vec<String>, u64) {
    let mut parameters = parameters;
    parameters["columns"] =
        json!({"case": "order", "activity": "step", "timestamp": "at", "startTimestamp": "begun"});
    let run = run(parameters);
    assert!(run.end.is_ok(), "{:?}", run.end);
    let rows = run.report.as_ref().and_then(|report| report.validation).expect("rows are accounted for");
    assert_eq!((rows.total, rows.valid), (5, 5), "what a filter leaves out is valid");
    let profile: Value = serde_json::from_str(run.text("profile.json").unwrap()).unwrap();
    let file = run.text("enriched.csv").unwrap();
    let first = |line: &str| line.split(',').take(2).collect::<Vec<_>>().join(" ");
    (file.lines().skip(1).map(first).collect(), profile["filteredRecords"].as_u64().unwrap())
}

fn refused(parameters: Value) -> String {
    run(parameters).end.expect_err("the parameters are refused").message
}

#[test]
fn filters_keep_rows_or_whole_cases() {
    let one = |filter: Value| kept(json!({"filters": [filter]}));
    let (rows, left_out) = one(json!({"attribute": "region", "values": ["north"]}));
    assert_eq!((rows, left_out), (vec!["a create".into(), "a pay".into(), "b pay".into()], 2));
    // The first value of the case counts.
    let (rows, left_out) = one(json!({"attribute": "region", "values": ["north"], "level": "case"}));
    assert_eq!((rows, left_out), (vec!["a create".into(), "a pay".into()], 3));
    let (rows, _) = one(json!({"attribute": "activity", "values": ["pay"], "level": "event"}));
    assert_eq!(rows, ["a pay", "b pay"]);
    let (rows, _) = one(json!({"attribute": "timestamp", "comparison": "atMost", "values": ["2024-01-08"]}));
    assert_eq!(rows, ["a create", "a pay"]);
}

#[test]
fn a_time_window_keeps_cases_that_lie_completely_inside() {
    let window = json!({"startDate": "2024-01-01", "endDate": "2024-01-31"});
    let (rows, left_out) = kept(json!({"timeWindow": window}));
    assert_eq!((rows, left_out), (vec!["a create".into(), "a pay".into()], 3));
    // A table that is no event log is judged row by row.
    let run = run(
        json!({"timeWindow": {"startDate": "2024-02-01"}, "steps": [{"select": {"columns": ["order"]}}]}),
    );
    assert_eq!(run.text("enriched.csv").unwrap(), "order\nb\n");
}

#[test]
fn working_time_stands_beside_wall_time() {
    let day = json!([{"from": "08:00", "to": "17:00"}]);
    let hours = json!({"monday": day, "tuesday": day, "wednesday": day, "thursday": day, "friday": day});
    let parameters = json!({
        "columns": {"case": "order", "activity": "step", "timestamp": "at"},
        "timeZone": "Europe/Berlin",
        "calendar": {"workingHours": hours, "holidays": ["2024-01-22"]},
        "filters": [{"attribute": "order", "values": ["a", "b"]}],
        "steps": [
            {"eventLog": {"add": ["hour", "caseDuration", "caseWorkingTime", "workingTimeSincePrevious", "offHours"]}},
            {"drop": {"columns": ["begun", "region", "at"]}},
        ],
    });
    let run = run(parameters);
    assert!(run.end.is_ok(), "{:?}", run.end);
    // Friday 16:00 to Monday 10:30 in Berlin; Saturday the 20th to Friday the 2nd, without the Monday that is a holiday.
    let expected = [
        "order,step,hour,case_duration_seconds,case_working_seconds,working_seconds_since_previous,is_off_hours",
        "a,create,16,239400,12600,,false",
        "a,pay,10,239400,12600,12600,false",
        "b,Create,11,1123200,270000,,true",
        "b,pay,11,1123200,270000,270000,false",
    ];
    assert_eq!(run.text("enriched.csv").unwrap().lines().collect::<Vec<_>>(), expected);
}

#[test]
fn what_does_not_fit_the_table_is_refused_with_what_is_allowed() {
    let filter = |filter: Value| refused(json!({"filters": [filter]}));
    assert!(
        filter(json!({"attribute": "area", "values": ["x"]})).contains("filters[0].attribute is \"area\"")
    );
    assert!(
        filter(json!({"attribute": "region", "comparison": "above", "values": [1]})).contains("holds text")
    );
    let level = filter(json!({"attribute": "region", "values": ["north"], "level": "case"}));
    assert!(level.contains("filters[0].level is for event logs"), "{level}");
    let columns = json!({"case": "order", "activity": "step", "timestamp": "at"});
    let step = |step: Value| refused(json!({"columns": columns, "steps": [{"eventLog": step}]}));
    assert!(
        step(json!({"add": ["offHours"]}))
            .contains("steps/0/eventLog: working time and off-hours need a calendar")
    );
    assert!(step(json!({"timeZone": "CEST"})).contains("steps/0/eventLog/timeZone is \"CEST\""));
    assert!(step(json!({"calendar": {}})).contains("steps/0/eventLog/calendar.workingHours names no hours"));
    let nameless = refused(json!({"steps": [{"eventLog": {}}]}));
    assert!(nameless.contains("no column for the case was found"), "{nameless}");
}

#[test]
fn checks_name_what_is_odd_and_steps_keep_their_numbers() {
    let run = run(json!({
        "columns": {"case": "order", "activity": "step", "timestamp": "at"},
        "qualityChecks": {"checkDuplicates": true},
        "steps": [{"validate": {"rules": [{"column": "region", "notNull": true, "severity": "warn"}]}}],
    }));
    let profile: Value = serde_json::from_str(run.text("profile.json").unwrap()).unwrap();
    let messages: Vec<&str> =
        profile["warnings"].as_array().unwrap().iter().filter_map(|w| w["message"].as_str()).collect();
    assert!(messages.iter().any(|message| message.starts_with("steps/0/validate")), "{messages:?}");
    let spelling = "Activities differ only in spelling: \"Create\" (1), \"create\" (2)";
    assert!(messages.contains(&spelling), "{messages:?}");
}

//! Filters on events and cases.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use fuelcell_sdk::Completion;
use fuelcell_sdk::testing::{TestHost, TestRun};
use process_mining::Job;
use serde_json::{Value, json};

const LOG: &str = "case_id,activity,timestamp,org:resource\n\
    1,register,2024-01-01T08:00:00Z,ann\n\
    1,pay,2024-01-02T08:00:00Z,ann\n\
    2,register,2024-01-03T08:00:00Z,bob\n\
    2,check,2024-01-03T10:00:00Z,\n\
    2,check,2024-01-03T11:00:00Z,cy\n\
    2,pay,2024-01-14T08:00:00Z,ann\n";

fn run(filters: Value) -> TestRun {
    let parameters = json!({"filters": filters});
    TestHost::new().input("dataset", "log.csv", LOG).parameters(parameters).run::<Job>()
}

/// Events and cases that stay, and those that were left out.
fn kept(filter: Value) -> [u64; 4] {
    let run = run(json!([filter]));
    assert_eq!(run.end, Ok(Completion::Done));
    assert_eq!(
        run.report.as_ref().unwrap().validation.unwrap().valid,
        6,
        "what a filter leaves out is valid"
    );
    let figures: Value = serde_json::from_str(run.text("process-mining.json").unwrap()).unwrap();
    let of = |place: &str| figures.pointer(place).and_then(Value::as_u64).unwrap();
    let [events, cases] = ["/num_events", "/num_cases"].map(of);
    [events, cases, of("/filters/events_left_out"), of("/filters/cases_left_out")]
}

#[test]
fn events_are_kept_by_activity_resource_and_time() {
    let of_events = |attribute: &str, comparison: &str, values: Value| {
        kept(json!({"attribute": attribute, "comparison": comparison, "values": values, "level": "event"}))
    };
    assert_eq!(of_events("activity", "isNot", json!(["check"])), [4, 2, 2, 0]);
    assert_eq!(of_events("org:resource", "isMissing", json!([])), [1, 1, 5, 1]);
    assert_eq!(of_events("resource", "is", json!(["bob", "cy"])), [2, 1, 4, 1]);
    assert_eq!(of_events("timestamp", "atMost", json!(["2024-01-03"])), [5, 2, 1, 0]);
}

#[test]
fn cases_are_kept_by_what_they_are() {
    let of_cases = |attribute: &str, comparison: &str, values: Value| {
        kept(json!({"attribute": attribute, "comparison": comparison, "values": values}))
    };
    assert_eq!(of_cases("duration", "above", json!([86_400])), [4, 1, 2, 1]);
    assert_eq!(of_cases("rework", "is", json!(["no"])), [2, 1, 4, 1]);
    assert_eq!(of_cases("variant", "is", json!(["register → pay"])), [2, 1, 4, 1]);
    assert_eq!(of_cases("last activity", "contains", json!(["pa"])), [6, 2, 0, 0]);
    assert_eq!(of_cases("end", "between", json!(["2024-01-02", "2024-01-02"])), [2, 1, 4, 1]);
}

#[test]
fn what_a_log_does_not_know_is_refused_and_nothing_left_is_said() {
    let refused = |filter: Value| run(json!([filter])).end.unwrap_err().message;
    let message = refused(json!({"attribute": "region", "values": ["north"]}));
    assert!(
        message.contains("filters[0].attribute is \"region\"") && message.contains("DataEnrichment"),
        "{message}"
    );
    assert!(refused(json!({"attribute": "activity", "values": ["pay"]})).contains("(level event)"));
    assert!(
        refused(json!({"attribute": "duration", "comparison": "above", "values": ["long"]}))
            .contains("a number")
    );
    let empty = run(json!([{"attribute": "case", "values": ["3"]}]));
    assert_eq!(empty.end, Ok(Completion::NoItems));
    let warnings = empty.report.unwrap().warnings;
    assert!(warnings.iter().any(|warning| warning.kind == "NothingMeetsFilters"), "{warnings:?}");
}

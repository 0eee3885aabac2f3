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

const ORDERS: &str = "case,activity,timestamp,region,amount,due,desk\n\
    1,take,2024-01-01T08:00:00Z,north,10,2024-02-01,front\n\
    1,pay,2024-01-02T08:00:00Z,north,10,2024-02-01,back\n\
    2,take,2024-01-03T08:00:00Z,south,250,2024-02-02,front\n\
    2,check,2024-01-03T10:00:00Z,south,250,2024-02-02,\n\
    2,pay,2024-01-14T08:00:00Z,south,250,2024-02-02,back\n\
    3,take,2024-01-20T08:00:00Z,north,30,,front\n\
    3,pay,2024-01-21T08:00:00Z,north,30,,front\n";

fn of_orders(parameters: Value) -> TestRun {
    TestHost::new().input("dataset", "log.csv", ORDERS).parameters(parameters).run::<Job>()
}

/// Events and cases that stay.
fn left(run: &TestRun) -> [u64; 2] {
    let figures: Value = serde_json::from_str(run.text("process-mining.json").unwrap()).unwrap();
    ["num_events", "num_cases"].map(|key| figures[key].as_u64().unwrap())
}

#[test]
fn attributes_of_the_log_are_compared_as_what_they_are() {
    let kept = |filter: Value| left(&of_orders(json!({"filters": [filter]})));
    assert_eq!(kept(json!({"attribute": "region", "values": ["north"]})), [4, 2]);
    assert_eq!(kept(json!({"attribute": "amount", "comparison": "above", "values": [10]})), [5, 2]);
    assert_eq!(kept(json!({"attribute": "due", "comparison": "atMost", "values": ["2024-02-01"]})), [2, 1]);
    assert_eq!(kept(json!({"attribute": "due", "comparison": "isMissing"})), [2, 1]);
    // Of a case, an event's value is that of any of its events, or none of them has it.
    assert_eq!(kept(json!({"attribute": "desk", "values": ["back"]})), [5, 2]);
    assert_eq!(kept(json!({"attribute": "desk", "comparison": "isNot", "values": ["back"]})), [2, 1]);
    assert_eq!(kept(json!({"attribute": "desk", "values": ["back"], "level": "event"})), [2, 2]);
    assert_eq!(kept(json!({"attribute": "region", "values": ["south"], "level": "event"})), [3, 1]);
    let refused = |filter: Value| of_orders(json!({"filters": [filter]})).end.unwrap_err().message;
    let message = refused(json!({"attribute": "colour", "values": ["red"]}));
    assert!(message.contains("the attributes of this log: \"region\", \"amount\""), "{message}");
    let message = refused(json!({"attribute": "region", "comparison": "above", "values": ["a"]}));
    assert!(message.contains("\"region\" holds text"), "{message}");
}

#[test]
fn cases_are_kept_by_their_way() {
    let kept = |filter: Value| left(&of_orders(json!({"filters": [filter]})));
    assert_eq!(kept(json!({"attribute": "activities", "values": ["check"]})), [3, 1]);
    assert_eq!(kept(json!({"attribute": "activities", "comparison": "isNot", "values": ["check"]})), [4, 2]);
    assert_eq!(kept(json!({"attribute": "directly follows", "values": ["take → pay"]})), [4, 2]);
    assert_eq!(kept(json!({"attribute": "eventually follows", "values": ["take → pay"]})), [7, 3]);
    let never = json!({"attribute": "directly follows", "comparison": "isNot", "values": ["take → pay"]});
    assert_eq!(kept(never), [3, 1]);
    let coverage = json!({"attribute": "variant coverage", "comparison": "below", "values": [0.6]});
    assert_eq!(kept(coverage), [4, 2]);
    let refused = |filter: Value| of_orders(json!({"filters": [filter]})).end.unwrap_err().message;
    let message = refused(json!({"attribute": "directly follows", "values": ["take"]}));
    assert!(message.contains("a path is two activities: \"A → B\""), "{message}");
}

#[test]
fn each_condition_says_what_it_left_out() {
    let run = of_orders(json!({"filters": [
        {"attribute": "region", "values": ["north"]},
        {"attribute": "activity", "comparison": "isNot", "values": ["check"], "level": "event"},
    ]}));
    let figures: Value = serde_json::from_str(run.text("process-mining.json").unwrap()).unwrap();
    let expected = json!({"events_left_out": 3, "cases_left_out": 1, "conditions": [
        {"condition": "activity is not check", "events_left_out": 1, "cases_left_out": 0},
        {"condition": "region is north", "events_left_out": 2, "cases_left_out": 1},
    ]});
    assert_eq!(figures["filters"], expected);
    let report = run.text("report.html").unwrap();
    assert!(report.contains("activity is not check (1 event and 0 cases left out) and region is north"));
}

#[test]
fn a_time_window_keeps_cases_by_its_mode() {
    let kept = |mode: &str| {
        let window = json!({"startDate": "2024-01-02", "endDate": "2024-01-13"});
        left(&of_orders(json!({"timeWindow": window, "timeWindowMode": mode})))[1]
    };
    assert_eq!(["contained", "intersecting", "started"].map(kept), [0, 2, 1]);
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

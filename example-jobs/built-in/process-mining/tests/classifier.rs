//! Classifiers of XES logs.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use fuelcell_sdk::Completion;
use fuelcell_sdk::testing::{TestHost, TestRun};
use process_mining::Job;
use serde_json::{Value, json};

/// Two events of one activity, by different people and with different transitions and costs; the last one has no cost.
const LOG: &str = r#"<log>
<classifier name="Event Name" keys="concept:name"/>
<classifier keys="concept:name lifecycle:transition" name="Legacy &amp; all"/>
<classifier name="Cost" keys="'cost centre' org:resource"></classifier>
<trace><string key="concept:name" value="1"/>
<event><string key="concept:name" value="a"/><string key="lifecycle:transition" value="start"/><string key="org:resource" value="ann"/><int key="cost centre" value="7"/><date key="time:timestamp" value="2024-01-01T08:00:00Z"/></event>
<event><string key="cost centre" value="7"/><string key="concept:name" value="a"/><string key="lifecycle:transition" value="complete"/><string key="org:resource" value="ann"/><date key="time:timestamp" value="2024-01-01T09:00:00Z"/></event>
<event><string key="concept:name" value="b"/><string key="lifecycle:transition" value="complete"/><string key="org:resource" value="bob"/><date key="time:timestamp" value="2024-01-01T10:00:00Z"/></event>
</trace></log>"#;

fn run(log: &str, classifier: Value) -> TestRun {
    TestHost::new()
        .input("dataset", "log.xes", log)
        .parameters(json!({"classifier": classifier}))
        .run::<Job>()
}

fn counts(classifier: Value) -> Value {
    let run = run(LOG, classifier);
    assert_eq!(run.end, Ok(Completion::Done));
    let figures: Value = serde_json::from_str(run.text("process-mining.json").unwrap()).unwrap();
    figures["activity_counts"].clone()
}

#[test]
fn activities_are_named_by_the_classifier_that_is_asked_for() {
    assert_eq!(counts(Value::Null), json!({"a": 2, "b": 1}));
    assert_eq!(counts(json!("Event Name")), json!({"a": 2, "b": 1}));
    assert_eq!(counts(json!("Legacy & all")), json!({"a+complete": 1, "a+start": 1, "b+complete": 1}));
    assert_eq!(counts(json!("Cost")), json!({"+bob": 1, "7+ann": 2}));
}

#[test]
fn a_classifier_that_tells_transitions_apart_leaves_no_instances() {
    let run = run(LOG, json!("Legacy & all"));
    let figures: Value = serde_json::from_str(run.text("process-mining.json").unwrap()).unwrap();
    assert_eq!(figures["instances"]["source"], "events");
    assert_eq!(figures["instances"]["activity_counts"], figures["activity_counts"]);
}

#[test]
fn a_classifier_that_there_is_not_is_refused_with_those_that_there_are() {
    let failure = run(LOG, json!("Nothing")).end.unwrap_err();
    assert_eq!(failure.code, "InvalidParameter");
    let expected = "It declares \"Event Name\", \"Legacy & all\", \"Cost\".";
    assert!(
        failure.message.contains("\"Nothing\"") && failure.message.contains(expected),
        "{}",
        failure.message
    );
    let table = "case_id,activity,timestamp\n1,a,2024-01-01T08:00:00Z\n";
    let failure = run(table, json!("Event Name")).end.unwrap_err();
    assert!(failure.message.contains("columns.activity"), "{}", failure.message);
}

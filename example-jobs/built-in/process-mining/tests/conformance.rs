//! Rules that a request states.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use fuelcell_sdk::Completion;
use fuelcell_sdk::testing::{TestHost, TestRun};
use process_mining::Job;
use serde_json::{Value, json};

/// 1 is as it should be; 2 pays unchecked; 3 checks again after paying; 4 is refused; 5 lost a row.
const LOG: &str = "\
case_id,activity,timestamp
1,check,2024-01-01T08:00:00Z
1,pay,2024-01-01T09:00:00Z
2,pay,2024-01-02T08:00:00Z
2,check,2024-01-02T09:00:00Z
3,check,2024-01-03T08:00:00Z
3,pay,2024-01-03T09:00:00Z
3,check,2024-01-03T10:00:00Z
4,check,2024-01-04T08:00:00Z
4,refuse,2024-01-04T09:00:00Z
5,pay,2024-01-05T08:00:00Z
5,check,
";

fn run(log: &str, rules: Value) -> TestRun {
    TestHost::new().input("dataset", "log.csv", log).parameters(json!({"rules": rules})).run::<Job>()
}

fn figures(run: &TestRun) -> Value {
    assert_eq!(run.end, Ok(Completion::Done));
    serde_json::from_str(run.text("process-mining.json").unwrap()).unwrap()
}

/// Cases concerned, and those that break the rule.
fn checked(rule: &Value) -> (u64, Value) {
    let figures = figures(&run(LOG, json!([rule])));
    let checked = &figures["conformance"][0];
    assert_eq!(&checked["rule"], rule);
    assert_eq!(
        checked["num_cases_broken"].as_u64().unwrap() as usize,
        checked["cases"].as_array().unwrap().len()
    );
    (checked["num_cases_concerned"].as_u64().unwrap(), checked["cases"].clone())
}

#[test]
fn each_kind_of_rule_finds_its_cases() {
    let pair = |kind: &str| json!({"kind": kind, "first": "check", "then": "pay"});
    assert_eq!(checked(&pair("precedence")), (3, json!(["2"])));
    assert_eq!(checked(&pair("response")), (4, json!(["2", "3", "4"])));
    assert_eq!(checked(&json!({"kind": "existence", "activity": "pay"})), (4, json!(["4"])));
    assert_eq!(checked(&json!({"kind": "absence", "activity": "refuse"})), (4, json!(["4"])));
}

#[test]
fn a_broken_rule_is_told_first_and_a_kept_one_is_not() {
    let rules = json!([
        {"kind": "precedence", "first": "check", "then": "pay"},
        {"kind": "existence", "activity": "check"},
    ]);
    let run = run(LOG, rules);
    let figures = figures(&run);
    assert_eq!(figures["conformance"][1]["fitness"], 1.0);
    let insights = figures["insights"].as_array().unwrap();
    let told = insights.iter().filter(|insight| insight["kind"] == "BrokenRule").count();
    assert_eq!((told, &insights[0]["kind"]), (1, &json!("BrokenRule")));
    let expected = "1 case (33 % of the 3 concerned) breaks the rule that \"pay\" happens only after \"check\"; for \
                    example case 2.";
    assert_eq!(insights[0]["text"], expected);
    let report = run.text("report.html").unwrap();
    assert!(
        report.contains("id=\"conformance\"")
            && report.contains("happened without &quot;check&quot; before it")
    );
}

#[test]
fn a_name_that_no_event_has_is_a_warning() {
    let run = run(LOG, json!([{"kind": "precedence", "first": "inspect", "then": "pay"}]));
    assert_eq!(figures(&run)["conformance"][0]["num_cases_broken"], 3);
    let warnings = run.report.unwrap().warnings;
    let warning = warnings.iter().find(|warning| warning.kind == "UnknownActivity").unwrap();
    assert!(warning.message.contains("\"inspect\""), "{}", warning.message);
}

#[test]
fn without_rules_nothing_is_said_about_them() {
    let run = run(LOG, json!([]));
    assert!(figures(&run).get("conformance").is_none());
    assert!(!run.text("report.html").unwrap().contains("id=\"conformance\""));
}

#[test]
fn rules_that_cannot_be_read_are_refused() {
    let many = vec![json!({"kind": "existence", "activity": "pay"}); 101];
    let refused = [
        (json!([{"kind": "sometimes", "activity": "pay"}]), "InvalidParameters"),
        (json!([{"kind": "absence"}]), "InvalidParameters"),
        (json!(many), "InvalidParameters"),
    ];
    for (rules, code) in refused {
        let failure = run(LOG, rules).end.unwrap_err();
        assert_eq!(failure.code, code, "{}", failure.message);
        assert!(failure.message.contains("rules"), "{}", failure.message);
    }
}

//! New rows are passed on once.

use fuelcell_sdk::Completion;
use fuelcell_sdk::testing::{TestHost, TestRun};
use serde_json::{Value, json};

const TABLE: &str = "id,name\n1,ada\n2,\"b,ob\"\n1,ada again\n3,eve\n";

fn run(parameters: Value, processed: &[&str]) -> TestRun {
    let host = TestHost::new().parameters(parameters).input("dataset", "table.csv", TABLE);
    processed.iter().fold(host, |host, key| host.processed(*key)).run::<new_rows::Job>()
}

#[test]
fn rows_are_told_apart_by_their_key_columns() {
    let first = run(json!({"keyColumns": ["id"]}), &[]);
    assert_eq!(first.end, Ok(Completion::Done));
    assert_eq!(first.text("new-rows.csv"), Some("id,name\n1,ada\n2,\"b,ob\"\n3,eve\n"));
    let second = run(json!({"keyColumns": ["id"]}), &["1", "3"]);
    assert_eq!(second.text("new-rows.csv"), Some("id,name\n2,\"b,ob\"\n"));
    assert_eq!(second.report.map(|report| report.records_processed), Some(4));
}

#[test]
fn all_columns_are_the_key_when_none_are_named() {
    let run = run(json!({}), &["1,ada", "2,\"b,ob\"", "3,eve"]);
    assert_eq!(run.text("new-rows.csv"), Some("id,name\n1,ada again\n"));
}

#[test]
fn nothing_new_is_no_items() {
    let run = run(json!({"keyColumns": ["id"]}), &["1", "2", "3"]);
    assert_eq!(run.end, Ok(Completion::NoItems));
    assert!(run.artifacts.is_empty());
}

#[test]
fn the_rest_is_left_to_the_next_job() {
    let run = run(json!({"keyColumns": ["id"], "atMost": 1}), &["1"]);
    assert_eq!(run.text("new-rows.csv"), Some("id,name\n2,\"b,ob\"\n"));
}

#[test]
fn what_cannot_be_read_is_said() {
    let wrong = run(json!({"keyColumns": ["key"]}), &[]).end.expect_err("there is no such column");
    assert_eq!(wrong.code, "UnknownColumn");
    let ragged = TestHost::new().parameters(json!({})).input("dataset", "table.csv", "a,b\n1\n");
    assert_eq!(ragged.run::<new_rows::Job>().end.expect_err("a row is short").code, "InvalidTable");
}

#[test]
fn long_keys_are_hashed() {
    let table = format!("id\n{}\n", "x".repeat(5000));
    let run = TestHost::new().parameters(json!({})).input("dataset", "t.csv", table).run::<new_rows::Job>();
    assert_eq!(run.end, Ok(Completion::Done));
    assert!(run.marks.iter().all(|key| key.len() == 64), "{:?}", run.marks);
}

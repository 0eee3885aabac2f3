//! The table of fields names tests that are there, and they name the field.

use fuelcell_tests::built;
use std::collections::BTreeSet;
use std::fs;

/// The fields that the protocol documents.
const DOCUMENTED: [&str; 21] = [
    "orderby",
    "order",
    "per_page",
    "offset",
    "pipeline_id",
    "flow_id",
    "status",
    "success",
    "data",
    "total",
    "job_id",
    "started_at",
    "completed_at",
    "error_message",
    "type",
    "cleanup_processed",
    "message",
    "code",
    "data.status",
    "created_at",
    "base_status",
];

#[test]
fn every_field_has_a_test_that_names_it() {
    let table = fs::read_to_string(built::source("tests/all/datamachine/README.md")).unwrap();
    let mut listed = BTreeSet::new();
    for line in table.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<_> = line.split('|').map(|cell| cell.trim().trim_matches('`')).collect();
        let [_, field, test, _] = cells[..] else { panic!("{line}") };
        let (file, function) = test.split_once("::").unwrap();
        let code = fs::read_to_string(built::source(&format!("tests/all/datamachine/{file}.rs"))).unwrap();
        assert!(code.contains(&format!("fn {function}()")), "there is no test {test}");
        let word = field.rsplit('.').next().unwrap();
        assert!(code.contains(word), "{test} does not name {field}");
        listed.insert(field.to_owned());
    }
    for field in DOCUMENTED {
        assert!(listed.contains(field), "{field} is not in the table");
    }
}

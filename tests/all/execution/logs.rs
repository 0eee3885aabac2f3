//! `GET execution/job/{jobId}/logs`

use fuelcell_tests::{Project, Server};
use serde_json::json;

#[test]
fn lines_are_kept_in_order_filtered_by_level_and_made_harmless() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let job = project.probe(json!([
        {"do": "log", "level": "info", "message": "first"},
        {"do": "log", "level": "warn", "message": "second\nforged line"},
        {"do": "log", "level": "debug", "message": "third"},
    ]));
    project.wait_for(&job, "Completed");
    let get = |query: &str| project.client.get(&format!("{}/logs?{query}", project.job_path(&job)));
    let lines = get("").ok()["logs"].clone();
    let messages: Vec<_> =
        lines.as_array().unwrap().iter().map(|line| line["message"].as_str().unwrap()).collect();
    assert_eq!(messages.len(), 3, "{lines:#}");
    assert_eq!((messages[0], messages[2]), ("first", "third"));
    assert!(!messages[1].contains('\n'), "a line stays one line: {}", messages[1]);
    assert_eq!(get("level=warn").ok()["logs"].as_array().unwrap().len(), 1);
    assert_eq!(get("format=raw").text().lines().count(), 3);
    assert_eq!(get("limit=1").ok()["logs"].as_array().unwrap().len(), 1);
    assert!(get("level=loud").problem(400).1.contains("Warn"));
    assert!(get("limit=10001").problem(400).1.contains("10000"));
}

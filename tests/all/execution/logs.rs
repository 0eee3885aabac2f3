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

#[test]
fn a_flood_leaves_the_beginning_the_end_and_the_reason_page_by_page() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let job = project.probe(json!([
        {"do": "log", "level": "info", "message": "the beginning"},
        {"do": "log", "level": "info", "message": "flood", "times": 30_000},
        {"do": "log", "level": "warn", "message": "the reason"},
        {"do": "log", "level": "info", "message": "flood", "times": 30_000},
        {"do": "log", "level": "info", "message": "the end"},
        {"do": "fail", "code": "x", "message": "it failed"},
    ]));
    project.wait_for(&job, "Failed");
    let get = |query: &str| project.client.get(&format!("{}/logs?{query}", project.job_path(&job))).ok();
    let (mut messages, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = get(&format!("cursor={cursor}"));
        let lines = page["logs"].as_array().unwrap();
        assert!(lines.len() <= 1000);
        messages.extend(lines.iter().map(|line| line["message"].as_str().unwrap().to_owned()));
        cursor = page["nextCursor"].as_str().unwrap().to_owned();
        if page["hasMore"] == false {
            break;
        }
    }
    assert!(messages.len() > 3000 && messages.len() < 20_000, "{}", messages.len());
    let end = get(&format!("cursor={cursor}"));
    assert_eq!(
        (&end["logs"], &end["hasMore"], &end["nextCursor"]),
        (&json!([]), &json!(false), &json!(cursor))
    );
    assert_eq!(messages[0], "the beginning");
    assert_eq!(
        messages.iter().filter(|message| message.contains("lines from here on were dropped")).count(),
        1
    );
    let place = |text: &str| messages.iter().position(|message| message.contains(text)).expect(text);
    assert!(place("the reason") < place("the end") && place("the end") < place("it failed"));
    // Whoever looks for errors only finds why it failed.
    let errors = get("level=error")["logs"].clone();
    assert_eq!(
        (errors[0]["message"].as_str(), errors.as_array().map(Vec::len)),
        (Some("GuestError: it failed"), Some(1))
    );
    assert_eq!(get("level=error")["hasMore"], false);
}

#[test]
fn the_text_of_a_panic_is_the_errors_message() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let job = project.probe(json!([{"do": "panic", "message": "no column amount"}]));
    let error = project.wait_for(&job, "Failed")["error"].clone();
    assert_eq!(error["code"], "Trap");
    let message = error["message"].as_str().unwrap();
    assert!(message.starts_with("the module panicked: no column amount"), "{error:#}");
    assert!(error["details"].as_str().unwrap().starts_with("at "), "{error:#}");
}

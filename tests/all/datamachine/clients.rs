//! The clients of the protocol's documentation, as they are written there: curl, Python, JavaScript with axios, PHP.

use super::{JOBS, Scene};
use fuelcell_tests::built;
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Output};

/// Jobs as the examples expect them: some failed, some completed, in pipelines 5 and 42.
fn scene() -> Scene {
    let scene = Scene::set();
    let pipelines: Vec<_> =
        (1..=42).map(|number| scene.pipeline(&format!("Pipeline {number}"), "Analysis", "probe")).collect();
    scene.completed(Some(&pipelines[4]), json!([]));
    scene.failed(Some(&pipelines[4]), "The source is gone");
    scene.completed(Some(&pipelines[41]), json!([]));
    scene.completed(Some(&pipelines[41]), json!([{"do": "noItems"}]));
    scene.failed(Some(&pipelines[41]), "Handler configuration missing");
    scene
}

fn output(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|error| panic!("cannot run {command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

/// Runs a script of `tests/clients/datamachine`; returns what it printed, and what it wrote to its log.
fn run(scene: &Scene, program: &Path, script: &str) -> (String, String) {
    let output = output(
        Command::new(program)
            .arg(built::source(&format!("tests/clients/datamachine/{script}")))
            .env("JOBS_URL", format!("{}{JOBS}", scene.server.base()))
            .env("JOBS_USER", &scene.user)
            .env("JOBS_PASSWORD", &scene.password)
            .env("NODE_PATH", built::target().join("tools/npm/node_modules")),
    );
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}

/// Runs curl as the examples do.
fn curl(scene: &Scene, query: &str, more: &[&str]) -> Value {
    let login = format!("{}:{}", scene.user, scene.password);
    let url = format!("{}{JOBS}{query}", scene.server.base());
    let output =
        output(Command::new("curl").args(["--silent", "--show-error", &url, "-u", &login]).args(more));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn numbers(answer: &Value) -> Vec<u64> {
    assert_eq!(answer["success"], true, "{answer}");
    answer["data"].as_array().unwrap().iter().map(|job| job["job_id"].as_u64().unwrap()).collect()
}

#[test]
fn every_curl_example_that_reads() {
    let scene = scene();
    for (query, expected) in [
        ("", &[5, 4, 3, 2, 1][..]),
        ("?status=failed", &[5, 2]),
        ("?flow_id=42&per_page=25&offset=0", &[5, 4, 3]),
        ("?pipeline_id=5", &[2, 1]),
        ("?flow_id=42&per_page=10", &[5, 4, 3]),
        ("?status=completed&per_page=100", &[3, 1]),
    ] {
        assert_eq!(numbers(&curl(&scene, query, &[])), expected, "{query}");
    }
    let by_end = curl(&scene, "?orderby=completed_at&order=DESC", &[]);
    let ends: Vec<_> =
        by_end["data"].as_array().unwrap().iter().map(|job| job["completed_at"].to_string()).collect();
    assert!(ends.len() == 5 && ends.is_sorted_by(|later, earlier| later >= earlier), "{ends:?}");
}

#[test]
fn every_curl_example_that_clears() {
    let scene = scene();
    let clear =
        |body: &str| curl(&scene, "", &["-X", "DELETE", "-H", "Content-Type: application/json", "-d", body]);
    let check = |answer: Value, deleted: u64| {
        assert_eq!(
            (&answer["success"], &answer["message"]),
            (&json!(true), &json!("Jobs cleared successfully."))
        );
        assert_eq!(answer["jobs_deleted"], deleted, "{answer}");
    };
    check(clear(r#"{"type": "failed"}"#), 2);
    check(clear(r#"{"type": "all"}"#), 3);
    check(clear(r#"{"type": "all", "cleanup_processed": true}"#), 0);
    let refused = clear(r#"{"type": "some"}"#);
    let message = "Invalid type parameter. Must be 'all' or 'failed'.";
    assert_eq!(refused, json!({"code": "invalid_type", "message": message, "data": {"status": 400}}));
}

#[test]
fn the_python_example() {
    let scene = scene();
    let (printed, _) = run(&scene, &built::python(), "jobs.py");
    let expected = "Found 2 failed jobs\nJob 5: Handler configuration missing\nJob 2: The source is gone\n";
    assert_eq!(printed, expected);
    let refused = Scene { password: "wrong".into(), ..scene };
    let (printed, _) = run(&refused, &built::python(), "jobs.py");
    assert_eq!(printed, "Error: You do not have permission to manage jobs.\n");
}

#[test]
fn the_javascript_example() {
    let scene = scene();
    let (printed, _) = run(&scene, Path::new("node"), "jobs.mjs");
    assert_eq!(printed, "Flow 42: 1 completed, 1 failed\nFailed jobs cleared\n");
    assert_eq!(scene.get("?status=failed").ok()["total"], 0);
    assert_eq!(scene.get("").ok()["total"], 3);
}

#[test]
fn the_php_example() {
    let scene = scene();
    let (_, logged) = run(&scene, Path::new("php"), "jobs.php");
    assert!(logged.ends_with("Job 5 failed: Handler configuration missing\n"), "{logged}");
    assert_eq!(logged.matches("failed:").count(), 1, "{logged}");
}

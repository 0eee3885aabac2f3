//! Clients as the contract's examples write them, in Python and JavaScript, run to the end against the server.

use fuelcell_tests::{Project, Server, built};
use serde_json::json;
use std::path::Path;
use std::process::Command;

/// Runs a client with the place to work in, and returns what it printed.
fn run(program: &Path, script: &str) -> String {
    let server = Server::start();
    let project = Project::new(&server);
    let log = std::fs::read(built::source("example-jobs/built-in/process-mining/sample/order-to-cash.csv"))
        .expect("the sample is there");
    let dataset = project.dataset("order-to-cash.csv", &log);
    let pipeline = project.pipeline("ProcessMining");
    let output = Command::new(program)
        .arg(built::source(script))
        .env("FUELCELL_URL", server.base())
        .env("FUELCELL_TENANT", &project.tenant)
        .env("FUELCELL_PROJECT", &project.project)
        .env("FUELCELL_TOKEN", &project.token)
        .env("FUELCELL_PIPELINE", &pipeline)
        .env("FUELCELL_DATASET", &dataset)
        .output()
        .unwrap_or_else(|error| panic!("cannot run {}: {error}", program.display()));
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{printed}\n{}", String::from_utf8_lossy(&output.stderr));
    let listed = project.client.get(&project.path("execution/jobs")).ok();
    assert_eq!(listed["jobs"][0]["status"], json!("Completed"));
    printed
}

#[test]
fn the_python_client_runs_to_the_end() {
    let printed = run(&built::python(), "tests/clients/workflow.py");
    assert!(printed.contains("Job completed"), "{printed}");
    assert!(printed.contains("<!doctype html>"), "the primary report was downloaded: {printed}");
}

#[test]
fn the_javascript_client_runs_to_the_end() {
    let printed = run(Path::new("node"), "tests/clients/workflow.mjs");
    assert!(printed.contains("Job completed"), "{printed}");
    assert!(printed.contains("<!doctype html>"), "the primary report was downloaded: {printed}");
}

//! Telling of the ends of jobs: webhooks and e-mail.

mod kill;
mod mail;
mod webhooks;

use fuelcell_tests::{Project, eventually};
use serde_json::Value;
use std::time::Duration;

/// How long a message may take in a test.
const PATIENCE: Duration = Duration::from_secs(120);
/// Settings with which what failed is tried again soon, at hosts of this machine.
const SOON: [(&str, &str); 3] = [
    ("OUTBOUND__ALLOW_NETWORKS", "[\"127.0.0.0/8\"]"),
    ("NOTIFICATIONS__RETRIES", "[1]"),
    ("NOTIFICATIONS__TRY_SECONDS", "2"),
];

/// Deliveries about a job, the latest first.
fn deliveries(project: &Project, job: &str) -> Vec<Value> {
    let path = project.path(&format!("deliveries?jobId={job}"));
    project.client.get(&path).ok()["deliveries"].as_array().unwrap().clone()
}

/// Waits until the only delivery about a job is as wanted.
fn delivery_that(project: &Project, job: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    eventually(&format!("a delivery of {job} gets there"), PATIENCE, || {
        let all = deliveries(project, job);
        assert!(all.len() < 2, "one recipient: {all:#?}");
        all.into_iter().find(|delivery| wanted(delivery))
    })
}

/// Waits until it stands there.
fn delivery_at(project: &Project, job: &str, status: &str) -> Value {
    delivery_that(project, job, |delivery| delivery["status"] == status)
}

/// The word for what came of the latest try.
fn latest_code(delivery: &Value) -> &str {
    let tries = delivery["latestTries"].as_array().unwrap();
    tries.last().map_or("", |tried| tried["code"].as_str().unwrap())
}

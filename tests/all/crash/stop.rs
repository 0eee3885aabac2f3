//! A server that stands still for longer than its leases last, and goes on: the jobs that it runs are its own still, and
//! end once. Two nodes on one store are simulated (`scheduler/src/tests`): no two servers open one data directory.

use fuelcell_tests::{Project, Server};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use std::time::Duration;

/// Leases last for 30 s.
const PAST_THE_LEASE: Duration = Duration::from_secs(33);

#[test]
fn a_server_that_stood_still_past_its_leases_goes_on_with_its_jobs() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    // One is still at work when the server goes on, one was to end while it stood still.
    let waits = project.probe(json!([
        {"do": "progress", "done": 1, "total": 2, "stage": "waiting"},
        {"do": "waitForCancel"},
    ]));
    let ends = project.probe(json!([
        {"do": "progress", "done": 1, "total": 2, "stage": "sleeping"},
        {"do": "sleep", "milliseconds": 20_000},
        {"do": "artifact", "name": "out.txt", "text": "made"},
    ]));
    project.wait_for_stage(&waits, "waiting");
    project.wait_for_stage(&ends, "sleeping");
    let process = Pid::from_raw(server.pid().try_into().unwrap()).unwrap();
    kill_process(process, Signal::STOP).unwrap();
    std::thread::sleep(PAST_THE_LEASE);
    kill_process(process, Signal::CONT).unwrap();
    let ended = project.wait_for(&ends, "Completed");
    assert_eq!((&ended["attempt"], ended["receipts"].as_array().unwrap().len()), (&json!(1), 1));
    assert_eq!(project.status(&waits)["attempt"], 1, "nobody took it away");
    project.client.delete(&project.job_path(&waits), None).ok();
    let cancelled = project.wait_for(&waits, "Cancelled");
    assert_eq!((&cancelled["attempt"], cancelled["receipts"].as_array().unwrap().len()), (&json!(1), 1));
}

//! `kill -9`

use fuelcell_tests::{Project, Server, eventually};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::process::Command;
use std::time::Duration;

#[test]
fn a_job_that_ran_when_the_server_was_killed_runs_again_and_completes() {
    let mut server = Server::start();
    let project = Project::new(&server).with_probe();
    let job = project.probe(json!([
        {"do": "progress", "done": 1, "total": 2, "stage": "working"},
        {"do": "sleep", "milliseconds": 3000},
        {"do": "artifact", "name": "out.txt", "text": "done", "primary": true},
    ]));
    project.wait_for_stage(&job, "working");
    server.kill();
    server.restart();
    let project = project.after_restart(&server);
    let status = project.wait_for(&job, "Completed");
    assert_eq!(status["attempt"], 2, "{status:#}");
    assert_eq!(project.results(&job)["results"]["primaryOutput"]["name"], "out.txt");
}

#[test]
fn a_checkpoint_is_there_for_the_next_attempt_after_a_kill() {
    let mut server = Server::start();
    let project = Project::new(&server).with_probe();
    // The first attempt saves a checkpoint and fails in a passing way; only an attempt that finds it goes on.
    let job = project.probe(json!([{"do": "failOnce"}]));
    eventually("the first attempt failed and backs off", Duration::from_secs(120), || {
        (project.status(&job)["waitReason"]["code"] == "Backoff").then_some(())
    });
    server.kill();
    server.restart();
    let project = project.after_restart(&server);
    assert_eq!(project.wait_for(&job, "Completed")["attempt"], 2);
}

#[test]
fn every_acknowledged_job_is_there_after_kills_at_random_moments() {
    let mut server = Server::start();
    let mut project = Project::new(&server).with_probe();
    let mut acknowledged = BTreeSet::new();
    let mut moment = 37_u64;
    for _ in 0..5 {
        // A scrambled but repeatable moment between 30 and 430 ms.
        moment = moment.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let until = Duration::from_millis(30 + (moment >> 33) % 400);
        let submitted: Vec<String> = std::thread::scope(|scope| {
            let project = &project;
            let clients: Vec<_> =
                (0..4).map(|_| scope.spawn(move || submit_until_refused(project))).collect();
            std::thread::sleep(until);
            server.kill();
            clients.into_iter().flat_map(|client| client.join().unwrap()).collect()
        });
        acknowledged.extend(submitted);
        server.restart();
        project = project.after_restart(&server);
    }
    assert!(acknowledged.len() > 20, "the clients got somewhere: {}", acknowledged.len());
    for job in &acknowledged {
        project.wait_for(job, "Completed");
    }
    let listed = project.client.get(&project.path("execution/jobs?pageSize=1")).ok();
    let (total, newest) = (listed["summary"]["totalJobs"].as_u64(), listed["jobs"][0]["jobNumber"].as_u64());
    assert_eq!(total, newest, "job numbers have no gaps");
}

/// Submits no-op jobs until the server is gone; returns those that were acknowledged.
fn submit_until_refused(project: &Project) -> Vec<String> {
    let body = json!({"jobName": "j", "jobType": "Analysis", "module": {"name": "probe"}}).to_string();
    let mut acknowledged = Vec::new();
    while let Ok(answer) =
        project.client.try_send("POST", &project.path("execution/job"), &[], body.as_bytes())
    {
        let job: Value = answer.ok();
        acknowledged.push(job["jobId"].as_str().unwrap().to_owned());
    }
    acknowledged
}

#[test]
fn a_stop_in_good_order_gives_running_jobs_back() {
    let mut server = Server::start();
    let project = Project::new(&server).with_probe();
    let quick = project.probe(json!([
        {"do": "progress", "done": 1, "total": 2, "stage": "quick"}, {"do": "sleep", "milliseconds": 1500},
    ]));
    project.wait_for_stage(&quick, "quick");
    assert!(server.terminate(), "SIGTERM ends the server with 0");
    server.restart();
    let project = project.after_restart(&server);
    assert_eq!(project.wait_for(&quick, "Completed")["attempt"], 1, "it was let to its end");
}

#[test]
fn a_second_server_on_the_same_data_is_refused() {
    let server = Server::start();
    let output = Command::new(fuelcell_tests::built::fuelcell())
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(server.data())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "{said}");
    assert!(said.contains("another process") || said.contains("already"), "{said}");
    eventually("the first goes on", Duration::from_secs(120), || {
        (server.client(None).get("/healthz").status == 200).then_some(())
    });
}

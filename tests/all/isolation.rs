//! Jobs in processes of their own.

use fuelcell_tests::project::text;
use fuelcell_tests::{Project, Server, eventually};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::fs;
use std::time::Duration;

/// Steps that use every call of the job interface.
fn everything() -> Value {
    json!([
        {"do": "progress", "done": 1, "total": 2, "stage": "busy"},
        {"do": "log", "message": "a line"},
        {"do": "report", "recordsProcessed": 7, "recordsTotal": 20, "errors": 0},
        {"do": "expectCheckpoint"},
        {"do": "checkpoint", "text": "here"},
        {"do": "expectCheckpoint", "text": "here"},
        {"do": "work", "rounds": 10_000},
        {"do": "entropy", "artifact": "entropy.txt"},
        {"do": "echoInput", "artifact": "copy.csv"},
    ])
}

fn deterministic(project: &Project) -> Value {
    // What a deterministic job makes follows from its parameters, and the dataset's id is one of them.
    let dataset = "11111111-1111-4111-8111-111111111111";
    let path = project.path(&format!("datasets/{dataset}?name=orders.csv"));
    project.client.put_bytes(&path, &b"a,b\n1,2\n".repeat(100_000)).ok();
    let body = json!({
        "jobName": "a probe", "jobType": "Analysis", "module": {"name": "probe"}, "deterministic": true,
        "parameters": {"steps": everything(), "datasetId": dataset},
    });
    let job = text(&project.submit(&body).ok(), "jobId");
    project.wait_for(&job, "Completed")
}

#[test]
fn the_same_job_gives_the_same_account_on_both_levels() {
    let server = Server::start();
    let apart = Server::start_with(&["--isolation", "process"]);
    let here = deterministic(&Project::new(&server).with_probe());
    let there = deterministic(&Project::new(&apart).with_probe());
    let (one, other) = (&here["receipt"], &there["receipt"]);
    assert_eq!((&one["isolation"], &one["fences"]), (&json!("in-process"), &json!([])));
    assert_eq!(other["isolation"], "process");
    let fences = other["fences"].as_array().unwrap();
    assert!(fences.contains(&json!("rlimits")), "{other:#}");
    for figure in
        ["outputs", "fuel", "peakMemoryBytes", "bytesRead", "bytesWritten", "ioOperations", "engine"]
    {
        assert_eq!(one[figure], other[figure], "{figure}");
    }
    assert_eq!(here["metrics"]["recordsProcessed"], there["metrics"]["recordsProcessed"]);
}

/// Every program in Rust, Python or Go may bring the imports; what they are for is refused.
#[test]
fn no_job_gets_a_socket() {
    for level in ["in-process", "process"] {
        let server = Server::start_with(&["--isolation", level]);
        let project = Project::new(&server).with_probe();
        let job = project.probe(json!([{"do": "sockets", "artifact": "sockets.txt"}]));
        project.wait_for(&job, "Completed");
        let url = text(&project.results(&job)["results"]["primaryOutput"], "downloadUrl");
        let answer = project.client.with_token(None).get(&url);
        let refused =
            "connect PermissionDenied\nlisten PermissionDenied\nbind PermissionDenied\nresolve refused\n";
        assert_eq!(answer.text(), refused, "{level}");
    }
}

#[test]
fn relative_paths_serve_as_absolute_ones_do() {
    let mut server = Server::start_relative(&["--isolation", "process"]);
    let project = Project::new(&server).with_probe();
    let status = deterministic(&project);
    assert_eq!(status["receipt"]["isolation"], "process", "{status:#}");
    server.kill();
    server.restart();
    let project = project.after_restart(&server);
    let job = project.probe(json!([{"do": "artifact", "name": "a.txt", "text": "a", "primary": true}]));
    project.wait_for(&job, "Completed");
    assert_eq!(project.results(&job)["results"]["primaryOutput"]["name"], "a.txt");
}

#[test]
fn a_cancel_reaches_a_job_in_its_own_process() {
    let server = Server::start_with(&["--isolation", "process"]);
    let project = Project::new(&server).with_probe();
    let job = project.probe(json!([
        {"do": "progress", "done": 1, "total": 2, "stage": "halfway"},
        {"do": "waitForCancel"},
    ]));
    project.wait_for_stage(&job, "halfway");
    let wish = json!({"preservePartialResults": true});
    project.client.delete(&project.job_path(&job), Some(&wish)).ok();
    project.wait_for(&job, "Cancelled");
    let results = project.results(&job);
    let checkpoint = &results["results"]["additionalOutputs"][0];
    let saved = project.client.with_token(None).get(checkpoint["downloadUrl"].as_str().unwrap());
    assert_eq!(saved.text(), "stopped: user");
}

/// The processes that run cells for a server.
fn cells(server: &Server) -> Vec<Pid> {
    let parent = format!("PPid:\t{}", server.pid());
    let entries = fs::read_dir("/proc").unwrap();
    let numbers = entries.filter_map(|entry| entry.unwrap().file_name().to_str()?.parse().ok());
    let runs_a_cell = |pid: &i32| {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        let command = fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        status.lines().any(|line| line == parent) && command.contains("run-cell")
    };
    numbers.filter(runs_a_cell).filter_map(Pid::from_raw).collect()
}

#[test]
fn a_process_that_dies_takes_one_attempt_with_it() {
    let server = Server::start_with(&["--isolation", "process", "--slots", "2"]);
    let project = Project::new(&server).with_probe();
    let job = project.probe(json!([
        {"do": "progress", "done": 1, "total": 2, "stage": "halfway"},
        {"do": "waitForCancel"},
    ]));
    project.wait_for_stage(&job, "halfway");
    // The one of the job, and those that are started ahead: nobody is given one that is dead.
    let processes = cells(&server);
    assert!(!processes.is_empty(), "the job has no process");
    for process in processes {
        kill_process(process, Signal::KILL).unwrap();
    }
    eventually("the job backs off", Duration::from_secs(120), || {
        (project.status(&job)["waitReason"]["code"] == "Backoff").then_some(())
    });
    let neighbour = project.probe(json!([]));
    project.wait_for(&neighbour, "Completed");
    project.client.delete(&project.job_path(&job), None).ok();
    project.wait_for(&job, "Cancelled");
}

#[test]
fn a_process_that_stands_still_past_its_time_is_ended() {
    let server = Server::start_with(&["--isolation", "process"]);
    let project = Project::new(&server).with_probe();
    let steps = json!([
        {"do": "progress", "done": 1, "total": 2, "stage": "halfway"},
        {"do": "waitForCancel"},
    ]);
    let job = project.probe_with(steps, json!({"limits": {"timeoutSeconds": 20}}));
    project.wait_for_stage(&job, "halfway");
    let processes = cells(&server);
    assert!(!processes.is_empty(), "the job has no process");
    for process in &processes {
        kill_process(*process, Signal::STOP).unwrap();
    }
    let failed = project.wait_for(&job, "Failed");
    assert_eq!((&failed["error"]["code"], &failed["attempt"]), (&json!("Timeout"), &json!(1)));
    // Those that were started ahead stood still, too; the job's own is gone.
    for process in &processes {
        let _ = kill_process(*process, Signal::CONT);
    }
    eventually("the job's process is ended", Duration::from_secs(120), || {
        let alive = cells(&server);
        processes.iter().any(|process| !alive.contains(process)).then_some(())
    });
}

/// Ends the server twice while a job runs, whose third attempt then has a process of its own and works there.
fn rescued_in_its_own_process(mut server: Server) {
    let mut project = Project::new(&server).with_probe();
    let job = project.probe(json!([
        {"do": "progress", "done": 1, "total": 2, "stage": "halfway"},
        {"do": "waitForCancel"},
    ]));
    for attempt in 1..=3 {
        eventually("the attempt is at work", Duration::from_secs(120), || {
            let status = project.status(&job);
            let at_work = status["attempt"] == attempt && status["progress"]["currentStage"] == "halfway";
            at_work.then_some(())
        });
        assert_eq!(cells(&server).is_empty(), attempt < 3, "attempt {attempt}");
        if attempt < 3 {
            server.kill();
            server.restart();
            project = project.after_restart(&server);
        }
    }
    let wish = json!({"preservePartialResults": true});
    project.client.delete(&project.job_path(&job), Some(&wish)).ok();
    let status = project.wait_for(&job, "Cancelled");
    assert_eq!(status["receipt"]["isolation"], "process", "{status:#}");
    // It was not stopped by force: the guest heard of it.
    let checkpoint = text(&project.results(&job)["results"]["additionalOutputs"][0], "downloadUrl");
    assert_eq!(project.client.with_token(None).get(&checkpoint).text(), "stopped: user");
}

#[test]
fn a_job_that_was_lost_twice_runs_in_its_own_process() {
    rescued_in_its_own_process(Server::start());
}

#[test]
fn a_job_that_was_lost_twice_is_rescued_with_relative_paths_as_well() {
    rescued_in_its_own_process(Server::start_relative(&[]));
}

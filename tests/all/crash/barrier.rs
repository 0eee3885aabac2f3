//! The barrier between a change and its acknowledgement, seen from outside: without it a power cut loses acknowledged jobs
//! (a crash of the process alone does not, so `kill -9` cannot see it missing).

use fuelcell_tests::{Project, Server};
use serde_json::json;
use std::fs;
use std::path::Path;

/// Jobs that are submitted one after another: no two can share a barrier.
const JOBS: usize = 20;

#[test]
fn each_acknowledged_submit_waits_for_a_barrier_of_the_store() {
    let trace = tempfile::NamedTempFile::new().unwrap();
    let arguments = ["--follow-forks", "--decode-fds=path", "--trace=fdatasync,fsync", "--output"];
    let mut arguments: Vec<String> = arguments.iter().map(ToString::to_string).collect();
    arguments.push(trace.path().display().to_string());
    arguments.push("--".into());
    let server = Server::start_under(Path::new("strace"), &arguments);
    let project = Project::new(&server).with_probe();
    // Scheduled for later, so that nothing but the submit itself writes.
    let body = json!({
        "jobName": "j", "jobType": "Analysis", "module": {"name": "probe"}, "scheduling": {"scheduledTime": "2999-01-01"},
    });
    for _ in 0..JOBS {
        let before = barriers(trace.path(), &server);
        project.submit(&body).ok();
        let after = barriers(trace.path(), &server);
        assert!(after > before, "a submit was acknowledged without a barrier");
    }
}

/// Calls so far that force the store's log onto the medium.
fn barriers(trace: &Path, server: &Server) -> usize {
    let store = server.data().join("store/records/db").display().to_string();
    let traced = fs::read_to_string(trace).expect("strace writes the trace");
    traced
        .lines()
        .filter(|line| line.contains("sync(") && line.contains(&store) && line.ends_with("= 0"))
        .count()
}

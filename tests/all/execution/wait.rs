//! `GET execution/job/{jobId}?wait=30s`

use fuelcell_tests::project::text;
use fuelcell_tests::{Project, Server};
use serde_json::{Value, json};
use std::thread;
use std::time::{Duration, Instant};

/// A request that waited for its whole minute took longer than this.
const LONGEST: Duration = Duration::from_secs(55);

fn waited(project: &Project, job: &str, wait: &str) -> (Value, Duration) {
    let start = Instant::now();
    let status = project.client.get(&format!("{}?wait={wait}", project.job_path(job))).ok();
    (status, start.elapsed())
}

#[test]
fn a_waiting_request_is_answered_when_the_job_moves() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let job = project.probe(json!([
        {"do": "progress", "done": 1, "total": 2, "stage": "working"}, {"do": "sleep", "milliseconds": 1500},
    ]));
    project.wait_for_stage(&job, "working");
    let (status, time) = waited(&project, &job, "60s");
    assert_eq!(status["status"], "Completed");
    assert!(time < LONGEST, "{time:?}");
    let (status, time) = waited(&project, &job, "60");
    assert_eq!(status["status"], "Completed");
    assert!(time < LONGEST, "an ended job is answered at once: {time:?}");
}

#[test]
fn when_the_time_is_over_the_job_is_answered_as_it_stands() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let job = project.probe_with(json!([]), json!({"scheduling": {"scheduledTime": "2999-01-01"}}));
    let (status, time) = waited(&project, &job, "1s");
    assert_eq!(status["status"], "Queued");
    assert!((Duration::from_secs(1)..LONGEST).contains(&time), "{time:?}");
    for wrong in ["61s", "-1", "1m", "soon", "0.5s", "99999999999999999999"] {
        let (_, detail) =
            project.client.get(&format!("{}?wait={wrong}", project.job_path(&job))).problem(400);
        assert!(detail.contains("0s to 60s"), "{wrong}: {detail}");
    }
}

#[test]
fn a_server_that_stops_does_not_keep_waiting_clients() {
    let mut server = Server::start();
    let project = Project::new(&server).with_probe();
    let job = project.probe_with(json!([]), json!({"scheduling": {"scheduledTime": "2999-01-01"}}));
    thread::scope(|scope| {
        let waiting = scope.spawn(|| waited(&project, &job, "60s"));
        thread::sleep(Duration::from_secs(3));
        assert!(server.terminate());
        let (status, time) = waiting.join().unwrap();
        assert_eq!(status["status"], "Queued");
        assert!(time < LONGEST, "{time:?}");
    });
}

#[test]
fn a_revoked_token_waits_no_longer() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let job = project.probe_with(json!([]), json!({"scheduling": {"scheduledTime": "2999-01-01"}}));
    let body = json!({"subject": "a viewer", "role": "viewer", "tenantId": project.tenant, "projectId": project.project});
    let made = server.operator().post("/api/admin/tokens", &body).ok();
    let viewer = server.client(Some(&text(&made, "token")));
    thread::scope(|scope| {
        let waiting = scope.spawn(|| viewer.get(&format!("{}?wait=60s", project.job_path(&job))));
        thread::sleep(Duration::from_secs(1));
        let revoke = format!("/api/admin/tokens/{}", text(&made, "tokenId"));
        assert_eq!(server.operator().delete(&revoke, None).status, 204);
        assert_eq!(waiting.join().unwrap().problem(401).0, "Unauthenticated");
    });
}

#[test]
fn a_tenants_waiting_requests_are_bounded() {
    let server = Server::start_set(&[("SERVICE__MAX_WAITING_REQUESTS", "0")]);
    let project = Project::new(&server).with_probe();
    let job = project.probe_with(json!([]), json!({"scheduling": {"scheduledTime": "2999-01-01"}}));
    let refused = project.client.get(&format!("{}?wait=60s", project.job_path(&job)));
    assert_eq!(refused.problem(429).0, "TooManyWaiters");
    assert_eq!(project.status(&job)["status"], "Queued");
}

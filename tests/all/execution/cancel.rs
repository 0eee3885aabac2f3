//! `DELETE execution/job/{jobId}`

use fuelcell_tests::{Project, Server};
use serde_json::json;
use uuid::Uuid;

#[test]
fn a_queued_job_is_cancelled_at_once() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let job = project.probe_with(json!([]), json!({"scheduling": {"scheduledTime": "2999-01-01"}}));
    let answer = project.client.delete(&project.job_path(&job), Some(&json!({"reason": "not needed"}))).ok();
    assert_eq!(answer["status"], "Cancelled");
    assert_eq!(project.status(&job)["status"], "Cancelled");
    let error = &project.results(&job)["error"];
    assert_eq!(error, &json!({"code": "Cancelled", "message": "not needed", "details": null}));
    assert_eq!(project.client.delete(&project.job_path(&job), None).problem(409).0, "JobEnded");
}

#[test]
fn who_cancelled_when_and_why_stays_known() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let later = json!({"scheduling": {"scheduledTime": "2999-01-01"}});
    let job = project.probe_with(json!([]), later);
    let before = project.status(&job);
    for name in ["cancelReason", "cancelledBy", "cancelRequestedAt"] {
        assert_eq!(before.get(name), Some(&json!(null)), "{name}");
    }
    project.client.delete(&project.job_path(&job), None).ok();
    let status = project.status(&job);
    assert_eq!(status["cancelledBy"], before["execution"]["submittedBy"]);
    assert_eq!(status["cancelReason"], json!(null));
    assert_eq!(status["cancelRequestedAt"], status["execution"]["endTime"]);
    let message = format!("cancelled by {}", status["cancelledBy"].as_str().unwrap());
    assert_eq!(project.results(&job)["error"]["message"], message);
}

#[test]
fn a_running_job_may_end_by_itself_and_leaves_its_checkpoint() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let job = project.probe(json!([
        {"do": "artifact", "name": "half.txt", "text": "half"},
        {"do": "progress", "done": 1, "total": 2, "stage": "halfway"},
        {"do": "waitForCancel"},
    ]));
    project.wait_for_stage(&job, "halfway");
    let answer =
        project.client.delete(&project.job_path(&job), Some(&json!({"preservePartialResults": true}))).ok();
    assert_eq!(answer["cancelRequested"], true);
    project.wait_for(&job, "Cancelled");
    let results = project.results(&job);
    assert_eq!((&results["success"], &results["partial"]), (&json!(false), &json!(true)));
    assert_eq!(results["results"]["additionalOutputs"][0]["name"], "half.txt");
    assert_eq!(results["results"]["primaryOutput"], json!(null));
    let checkpoint = &results["results"]["additionalOutputs"][1];
    assert_eq!(checkpoint["type"], "Checkpoint");
    let saved = project.client.with_token(None).get(checkpoint["downloadUrl"].as_str().unwrap());
    assert_eq!(saved.text(), "stopped: user");
}

#[test]
fn a_guest_that_does_not_listen_is_stopped_by_force() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    for (steps, force) in [
        (
            json!([{"do": "progress", "done": 1, "total": 2, "stage": "deaf"}, {"do": "spin", "forever": true}]),
            false,
        ),
        (
            json!([{"do": "progress", "done": 1, "total": 2, "stage": "deaf"}, {"do": "sleep", "milliseconds": 600_000}]),
            true,
        ),
    ] {
        let job = project.probe(steps);
        project.wait_for_stage(&job, "deaf");
        project.client.delete(&project.job_path(&job), Some(&json!({"forceTermination": force}))).ok();
        project.wait_for(&job, "Cancelled");
        let results = project.results(&job);
        assert_eq!(
            (&results["partial"], &results["summary"]["outputsGenerated"]),
            (&json!(false), &json!(0))
        );
    }
}

#[test]
fn completed_jobs_cannot_be_cancelled_and_unknown_ones_are_not_found() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let job = project.probe(json!([]));
    project.wait_for(&job, "Completed");
    assert_eq!(project.client.delete(&project.job_path(&job), None).problem(409).0, "JobEnded");
    let unknown = project.job_path(&Uuid::new_v4().to_string());
    assert_eq!(project.client.delete(&unknown, None).problem(404).0, "NotFound");
    assert_eq!(project.status(&job)["status"], "Completed");
}

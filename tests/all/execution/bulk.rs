//! `POST execution/jobs/bulk`

use fuelcell_tests::project::{text, token};
use fuelcell_tests::{Project, Server};
use serde_json::{Value, json};
use uuid::Uuid;

#[expect(clippy::too_many_lines, reason = "one life, told in its order")]
#[test]
fn many_jobs_are_cancelled_retried_and_deleted_each_with_its_outcome() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let later = json!({"executeImmediately": false, "scheduledTime": "2999-01-01T00:00:00Z"});
    let waiting: Vec<_> =
        (0..3).map(|_| project.probe_with(json!([]), json!({"scheduling": later}))).collect();
    let ended = project.probe(json!([]));
    project.wait_for(&ended, "Completed");
    let other = Uuid::new_v4().to_string();
    let bulk = |action: &str, jobs: &[String]| {
        let mut body = json!({"action": action, "jobIds": jobs, "reason": "the source was wrong"});
        if action == "delete" {
            body.as_object_mut().unwrap().remove("reason");
        }
        project.client.post(&project.path("execution/jobs/bulk"), &body)
    };
    let codes = |answer: &Value| -> Vec<String> {
        let jobs = answer["jobs"].as_array().unwrap();
        jobs.iter().map(|job| job["error"]["code"].as_str().unwrap_or("").to_owned()).collect()
    };

    let jobs = [waiting[0].clone(), ended.clone(), waiting[1].clone(), other.clone()];
    let cancelled = bulk("cancel", &jobs).ok();
    assert_eq!((&cancelled["done"], &cancelled["refused"]), (&json!(2), &json!(2)));
    assert_eq!(codes(&cancelled), ["", "JobEnded", "", "NotFound"], "in the order in which they came");
    for job in [&waiting[0], &waiting[1]] {
        assert_eq!(project.wait_for(job, "Cancelled")["cancelReason"], "the source was wrong");
    }
    assert_eq!(project.status(&waiting[2])["status"], "Queued", "one that was not named");

    let retried = bulk("retry", &[waiting[0].clone(), waiting[2].clone()]).ok();
    assert_eq!(codes(&retried), ["", "NotRetryable"]);
    let new = text(&retried["jobs"][0], "newJobId");
    assert_eq!(project.status(&new)["retryOf"], json!(waiting[0]));

    // What deletes needs another role, and nothing is done by halves for want of it.
    let submitter = token(&server.operator(), "submitter", &project.tenant, Some(&project.project));
    let body = json!({"action": "delete", "jobIds": [waiting[1]]});
    let refused =
        server.client(Some(&submitter)).post(&project.path("execution/jobs/bulk"), &body).problem(403);
    assert_eq!(refused.0, "Forbidden");
    let deleted = bulk("delete", &[ended.clone(), waiting[1].clone(), waiting[2].clone()]).ok();
    assert_eq!(codes(&deleted), ["", "", "JobNotEnded"]);
    assert_eq!(project.client.get(&project.job_path(&ended)).problem(404).0, "NotFound");

    for jobs in [vec![], vec![other.clone(), other.clone()], vec![other; 501]] {
        assert_eq!(bulk("cancel", &jobs).problem(400).0, "InvalidJobIds");
    }
    let body = json!({"action": "cancel", "jobIds": [new], "reason": "x".repeat(1025)});
    let refused = project.client.post(&project.path("execution/jobs/bulk"), &body).problem(400);
    assert_eq!(refused.0, "InvalidReason");
    let body = json!({"action": "delete", "jobIds": [new], "reason": "nobody would ever read it"});
    let refused = project.client.post(&project.path("execution/jobs/bulk"), &body).problem(400);
    assert_eq!(refused.0, "InvalidReason");
    assert_eq!(bulk("forget", std::slice::from_ref(&ended)).problem(400).0, "InvalidBody");
    // Each job stands in the audit log by its address, as often as something was done with it.
    let audit = server.operator().get(&format!("/api/admin/audit?tenantId={}", project.tenant)).ok();
    let entries = audit["entries"].as_array().unwrap();
    let of = |target: &str| {
        let bulk = entries.iter().filter(|entry| {
            entry["action"] == "POST /api/{tenant_id}/{project_id}/execution/jobs/bulk"
                && entry["outcome"] == "done"
                && entry["target"] == target
        });
        bulk.count()
    };
    assert_eq!(of(&project.path("execution/jobs/bulk")), 3, "{audit}");
    let done = [(&waiting[0], 1), (&waiting[1], 2), (&waiting[2], 0), (&ended, 1), (&new, 1)];
    for (job, times) in done {
        assert_eq!(of(&project.job_path(job)), times, "{job}: {audit}");
    }
    // Another project's jobs are as absent as they are one by one.
    let stranger = Project::new(&server);
    let body = json!({"action": "cancel", "jobIds": [waiting[2]]});
    let answer = stranger.client.post(&stranger.path("execution/jobs/bulk"), &body).ok();
    assert_eq!(codes(&answer), ["NotFound"]);
}

#[test]
fn a_bulk_retry_that_is_sent_again_queues_nothing_twice() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let later = json!({"executeImmediately": false, "scheduledTime": "2999-01-01T00:00:00Z"});
    let jobs: Vec<_> = (0..2).map(|_| project.probe_with(json!([]), json!({"scheduling": later}))).collect();
    let send = |key: &str, body: &Value| {
        let headers = [("content-type", "application/json"), ("idempotency-key", key)];
        let body = body.to_string();
        project.client.send("POST", &project.path("execution/jobs/bulk"), &headers, body.as_bytes())
    };
    send("any", &json!({"action": "cancel", "jobIds": jobs})).ok();
    let key = "k".repeat(255);
    let body = json!({"action": "retry", "jobIds": jobs});
    let first = send(&key, &body).ok();
    assert_eq!(first["done"], 2);
    assert_eq!(send(&key, &body).ok(), first, "the answer was lost, and the same was sent again");
    let total = || project.client.get(&project.path("execution/jobs")).ok()["summary"]["totalJobs"].clone();
    assert_eq!(total(), 4);
    // The key of something else, and another key.
    let other = send(&key, &json!({"action": "retry", "jobIds": [jobs[0]]})).ok();
    assert_eq!(other["jobs"][0]["error"]["code"], "IdempotencyKeyReused");
    assert_eq!(send("another", &body).ok()["done"], 2);
    assert_eq!(total(), 6);
    for key in [String::new(), "k".repeat(256), "two words".to_owned()] {
        assert_eq!(send(&key, &body).problem(400).0, "InvalidIdempotencyKey");
    }
}

//! `POST execution/job/{jobId}/retry`

use fuelcell_tests::project::text;
use fuelcell_tests::{Answer, Project, Server};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::thread;
use uuid::Uuid;

fn retry(project: &Project, job: &str, body: &Value) -> Answer {
    project.client.post(&format!("{}/retry", project.job_path(job)), body)
}

fn failing() -> Value {
    json!([{"do": "fail", "code": "Nope", "message": "no luck"}])
}

fn failed(project: &Project) -> String {
    let job = project.probe(failing());
    project.wait_for(&job, "Failed");
    job
}

#[test]
fn a_retry_is_a_new_job_that_points_at_the_old_one() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let first = failed(&project);
    let body = json!({
        "retryReason": "Infrastructure issue resolved",
        "modifyParameters": true,
        "updatedParameters": {"steps": [{"do": "artifact", "name": "out.txt", "text": "now", "primary": true}]},
        "priority": "High",
        "immediateExecution": false,
    });
    let answer = retry(&project, &first, &body).ok();
    assert_eq!(answer["status"], "Queued");
    assert_eq!(answer["priority"], "High");
    assert_eq!(answer["retryOf"], first.as_str());
    assert_eq!(answer["retryReason"], "Infrastructure issue resolved");
    assert_eq!(answer["attempt"], 2);
    assert_eq!(answer["jobName"], "a probe");
    let second = text(&answer, "jobId");
    assert_ne!(second, first);
    let status = project.wait_for(&second, "Completed");
    assert_eq!((&status["retryOf"], &status["generation"]), (&json!(first), &json!(2)));
    assert_eq!(status["retryReason"], "Infrastructure issue resolved");
    let listed = project.client.get(&project.path("execution/jobs")).ok()["jobs"].clone();
    assert_eq!((&listed[0]["retryOf"], &listed[0]["generation"]), (&json!(first), &json!(2)));
    assert_eq!((&listed[1]["retryOf"], &listed[1]["generation"]), (&json!(null), &json!(1)));
    let old = project.status(&first);
    assert_eq!(
        (&old["status"], &old["retryOf"]),
        (&json!("Failed"), &json!(null)),
        "the old job stays as it is"
    );
}

#[test]
fn only_failed_and_cancelled_jobs_can_be_retried() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let completed = project.probe(json!([]));
    project.wait_for(&completed, "Completed");
    let queued = project.probe_with(json!([]), json!({"scheduling": {"scheduledTime": "2999-01-01"}}));
    for job in [&completed, &queued] {
        let (code, detail) = retry(&project, job, &json!({})).problem(409);
        assert_eq!(code, "NotRetryable");
        assert!(detail.contains("only a Failed or Cancelled job"), "{detail}");
    }
    project.client.delete(&project.job_path(&queued), None).ok();
    let again = text(&retry(&project, &queued, &json!({"immediateExecution": true})).ok(), "jobId");
    project.wait_for(&again, "Completed");
    assert_eq!(retry(&project, &Uuid::new_v4().to_string(), &json!({})).problem(404).0, "NotFound");
    let stranger = Project::new(&server);
    let foreign = stranger.client.post(&stranger.path(&format!("execution/job/{queued}/retry")), &json!({}));
    assert_eq!(foreign.problem(404).0, "NotFound", "a job of another tenant is not there");
}

#[test]
fn parameters_change_by_merge_patch_unless_modify_parameters_is_false() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let job = failed(&project);
    let good = json!({"steps": []});
    let ignored = retry(&project, &job, &json!({"modifyParameters": false, "updatedParameters": good})).ok();
    project.wait_for(&text(&ignored, "jobId"), "Failed");
    let changed = retry(&project, &job, &json!({"updatedParameters": good})).ok();
    project.wait_for(&text(&changed, "jobId"), "Completed");
    let without_body = project.client.send("POST", &format!("{}/retry", project.job_path(&job)), &[], b"");
    project.wait_for(&text(&without_body.ok(), "jobId"), "Failed");
}

#[test]
fn reserved_parameters_change_limits_up_to_the_caps() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let steps = json!([
        {"do": "artifact", "name": "rejects.csv", "text": "line 7", "failedRecords": true},
        {"do": "fail", "code": "Nope", "message": "no luck"},
    ]);
    let limits = json!({"memoryBytes": 600 << 20, "timeoutSeconds": 60});
    let job = project.probe_with(steps.clone(), json!({"limits": limits, "keepPartialOnFailure": true}));
    project.wait_for(&job, "Failed");
    let updated = json!({"timeoutMinutes": 180, "retryFailedRecords": true, "increaseMemoryLimit": true});
    let second = text(
        &retry(&project, &job, &json!({"modifyParameters": true, "updatedParameters": updated})).ok(),
        "jobId",
    );
    let status = project.wait_for(&second, "Failed");
    assert_eq!(status["limits"]["timeoutSeconds"], 180 * 60);
    assert_eq!(status["limits"]["memoryBytes"], 1 << 30, "doubled, up to the cap of 1 GiB");
    let results = project.client.get(&format!("{}/results?format=detailed", project.job_path(&second))).ok();
    assert_eq!(results["parameters"], json!({"steps": steps}), "reserved words are no parameters of the job");
    for (wrong, mentioned) in [
        (json!({"timeoutMinutes": 0}), "updatedParameters.timeoutMinutes must be from 1"),
        (json!({"timeoutMinutes": -1}), "updatedParameters.timeoutMinutes must be from 1"),
        (json!({"timeoutMinutes": 1_000_000_000}), "updatedParameters.timeoutMinutes must be from 1"),
    ] {
        let (_, detail) = retry(&project, &job, &json!({"updatedParameters": wrong})).problem(400);
        assert!(detail.contains(mentioned), "{detail}");
    }
    let wrong = json!({"updatedParameters": {"retryFailedRecords": "yes"}});
    assert_eq!(retry(&project, &job, &wrong).problem(400).0, "InvalidBody");
    let unknown = retry(&project, &job, &json!({"priority": "Urgent"})).problem(400);
    assert!(unknown.1.contains("Critical"), "{}", unknown.1);
}

#[test]
fn the_module_and_the_inputs_stay_those_of_the_job_before() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let dataset = project.dataset("in.txt", b"old");
    let steps = json!([
        {"do": "echoInput", "input": "dataset", "artifact": "copy.txt"},
        {"do": "fail", "code": "x", "message": "y"},
    ]);
    let body = json!({"datasetId": dataset, "steps": steps});
    let job = project.probe_with(json!([]), json!({"parameters": body, "keepPartialOnFailure": true}));
    project.wait_for(&job, "Failed");
    // Newer bytes for both, which the retry must not see.
    project.client.put_bytes(&project.path(&format!("datasets/{dataset}?name=in.txt")), b"newer").ok();
    project
        .client
        .put_bytes(&project.path("modules/probe/versions/2"), &fuelcell_tests::built::module("probe"))
        .ok();
    let again = text(&retry(&project, &job, &json!({})).ok(), "jobId");
    let status = project.wait_for(&again, "Failed");
    assert_eq!((&status["module"]["version"], &status["receipt"]["bytesRead"]), (&json!("1"), &json!(3)));
    // Another dataset is looked up as it is now.
    let other = project.dataset("other.txt", b"other bytes");
    let changed = json!({"updatedParameters": {"datasetId": other}});
    let third = text(&retry(&project, &again, &changed).ok(), "jobId");
    let status = project.wait_for(&third, "Failed");
    assert_eq!((&status["generation"], &status["receipt"]["bytesRead"]), (&json!(3), &json!(11)));
    let nowhere = json!({"updatedParameters": {"datasetId": Uuid::new_v4()}});
    assert_eq!(retry(&project, &job, &nowhere).problem(404).0, "NotFound");
}

#[test]
fn failed_records_are_handed_in_on_request() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let steps = json!([
        {"do": "artifact", "name": "rejects.csv", "text": "line 7", "failedRecords": true},
        {"do": "fail", "code": "x", "message": "y"},
    ]);
    let job = project.probe_with(steps, json!({"keepPartialOnFailure": true}));
    project.wait_for(&job, "Failed");
    let echo = json!([{"do": "echoInput", "input": "failed-records", "artifact": "again.csv"}]);
    let with = json!({"updatedParameters": {"retryFailedRecords": true, "steps": echo}});
    let done = text(&retry(&project, &job, &with).ok(), "jobId");
    project.wait_for(&done, "Completed");
    let url = text(&project.results(&done)["results"]["primaryOutput"], "downloadUrl");
    assert_eq!(project.client.get(&url).text(), "line 7");
    let without = text(&retry(&project, &job, &json!({"updatedParameters": {"steps": echo}})).ok(), "jobId");
    project.wait_for(&without, "Failed");
}

#[test]
fn failed_records_stay_when_a_retry_publishes_no_newer_list() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let fail = json!({"do": "fail", "code": "x", "message": "y"});
    let rejects = json!({"do": "artifact", "name": "rejects.csv", "text": "line 7", "failedRecords": true});
    let job = project.probe_with(json!([rejects, fail]), json!({"keepPartialOnFailure": true}));
    project.wait_for(&job, "Failed");
    let again = |job: &str, steps: Value| {
        let body = json!({"updatedParameters": {"retryFailedRecords": true, "steps": steps}});
        retry(&project, job, &body)
    };
    let second = text(&again(&job, json!([fail])).ok(), "jobId");
    project.wait_for(&second, "Failed");
    let echo = json!([{"do": "echoInput", "input": "failed-records", "artifact": "again.csv"}]);
    let third = text(&again(&second, echo).ok(), "jobId");
    project.wait_for(&third, "Completed");
    let url = text(&project.results(&third)["results"]["primaryOutput"], "downloadUrl");
    assert_eq!(project.client.get(&url).text(), "line 7");
    let without = failed(&project);
    again(&without, failing()).ok();
}

#[test]
fn fifty_retries_at_once_are_fifty_jobs_and_a_key_makes_them_one() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let job = project.probe_with(json!([]), json!({"scheduling": {"scheduledTime": "2999-01-01"}}));
    project.client.delete(&project.job_path(&job), None).ok();
    let all = |headers: &[(&str, &str)]| -> BTreeSet<String> {
        thread::scope(|scope| {
            let retries: Vec<_> = (0..50)
                .map(|_| {
                    scope.spawn(|| {
                        let path = format!("{}/retry", project.job_path(&job));
                        let answer = project.client.send("POST", &path, headers, b"{}").ok();
                        assert_eq!((&answer["retryOf"], &answer["attempt"]), (&json!(job), &json!(2)));
                        text(&answer, "jobId")
                    })
                })
                .collect();
            retries.into_iter().map(|retry| retry.join().unwrap()).collect()
        })
    };
    assert_eq!(all(&[]).len(), 50);
    assert_eq!(all(&[("idempotency-key", "once")]).len(), 1);
    let path = format!("{}/retry", project.job_path(&job));
    let other =
        project.client.send("POST", &path, &[("idempotency-key", "once")], b"{\"priority\": \"Low\"}");
    assert_eq!(other.problem(409).0, "IdempotencyKeyReused");
}

#[test]
fn a_repeated_retry_finds_its_job_also_when_the_job_before_is_gone() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let job = failed(&project);
    let path = format!("{}/retry", project.job_path(&job));
    let again = |key: &str| project.client.send("POST", &path, &[("idempotency-key", key)], b"{}");
    let first = text(&again("once").ok(), "jobId");
    project.wait_for(&first, "Failed");
    let deleted = project.client.delete(&format!("{}/data", project.job_path(&job)), None);
    assert_eq!(deleted.status, 204, "{}", deleted.text());
    assert_eq!(text(&again("once").ok(), "jobId"), first);
    assert_eq!(again("twice").problem(404).0, "NotFound");
}

#[test]
fn a_retry_of_a_job_that_was_cancelled_before_its_time_waits_for_it() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let job = project.probe_with(json!([]), json!({"scheduling": {"scheduledTime": "2999-01-01T00:00:00Z"}}));
    project.client.delete(&project.job_path(&job), None).ok();
    let retry = |body: Value| {
        let answer = project.client.post(&format!("{}/retry", project.job_path(&job)), &body).ok();
        text(&answer, "jobId")
    };
    for body in [json!({}), json!({"immediateExecution": false})] {
        let waiting = project.status(&retry(body));
        assert_eq!(waiting["scheduledTime"], "2999-01-01T00:00:00Z");
        assert_eq!(waiting["waitReason"]["code"], "Scheduled");
    }
    let now = project.wait_for(&retry(json!({"immediateExecution": true})), "Completed");
    assert_eq!(now["scheduledTime"], json!(null));
}

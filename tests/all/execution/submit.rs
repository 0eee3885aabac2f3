//! `POST execution/job`

use fuelcell_tests::{Project, Server, built};
use serde_json::{Value, json};
use uuid::Uuid;

fn valid() -> Value {
    json!({"jobName": "a job", "jobType": "Analysis", "module": {"name": "probe"}, "parameters": {"steps": []}})
}

fn with(changes: Value) -> Value {
    let mut body = valid();
    body.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    body
}

#[test]
fn the_answer_has_the_fields_of_the_contract() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let answer = project.submit(&with(json!({"priority": "High"}))).ok();
    assert_eq!(answer["status"], "Queued");
    assert_eq!(answer["priority"], "High");
    assert_eq!(answer["jobName"], "a job");
    assert_eq!(answer["submittedBy"], "a administrator");
    assert!(answer["queuePosition"].is_u64(), "{answer}");
    assert!(answer["dateSubmitted"].as_str().unwrap().ends_with('Z'), "{answer}");
    assert!(answer["estimatedDuration"].is_null(), "no run of this module was measured yet: {answer}");
    assert!(answer.get("estimatedStartTime").is_some());
    assert!(answer["jobId"].as_str().unwrap().parse::<Uuid>().is_ok());
}

#[test]
fn what_was_asked_for_can_be_read_again() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let labels = json!({"team": "finance", "quarter": "3"});
    let asked = json!({
        "labels": labels, "keepPartialOnFailure": true, "scheduling": {"scheduledTime": "2999-01-01T00:00:00Z"},
    });
    let job = project.probe_with(json!([]), asked);
    let status = project.status(&job);
    assert_eq!((&status["labels"], &status["keepPartialOnFailure"]), (&labels, &json!(true)));
    let moment = status["scheduledTime"].as_str().unwrap();
    assert!(moment.starts_with("2999-01-01T00:00:00"), "{moment}");
    let listed = project.client.get(&project.path("execution/jobs")).ok();
    assert_eq!(listed["jobs"][0]["labels"], labels);
    let plain = project.probe(json!([]));
    let status = project.status(&plain);
    assert_eq!((&status["labels"], &status["keepPartialOnFailure"]), (&json!({}), &json!(false)));
    assert_eq!(status.get("scheduledTime"), Some(&json!(null)));
}

#[test]
fn a_measured_module_has_an_estimate_for_people_and_one_for_machines() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let first = project.probe(json!([]));
    project.wait_for(&first, "Completed");
    let answer = project.submit(&valid()).ok();
    assert_eq!(answer["estimatedDuration"], "1 second");
    assert!(answer["estimatedDurationSeconds"][1].as_f64().unwrap() < 60.0);
}

#[test]
fn bad_bodies_are_refused_with_what_was_wrong_and_what_is_allowed() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let cases = [
        (json!({"jobType": "Divination"}), 400, "InvalidJobType", "ProcessMining"),
        (json!({"jobType": "a b"}), 400, "InvalidBody", "/jobType"),
        (json!({"priority": "Urgent"}), 400, "InvalidBody", "Critical"),
        (json!({"jobName": ""}), 400, "InvalidName", "jobName"),
        (json!({"jobName": 7}), 400, "InvalidBody", "jobName"),
        (json!({"parameters": []}), 400, "InvalidBody", "parameters"),
        (json!({"scheduling": {"executeImmediately": "yes"}}), 400, "InvalidBody", "boolean"),
        (json!({"scheduling": {"timeoutMinutes": 0}}), 400, "InvalidTimeout", "from 1"),
        (json!({"scheduling": {"timeoutMinutes": -1}}), 400, "InvalidTimeout", "from 1"),
        (json!({"scheduling": {"timeoutMinutes": 1_000_000_000}}), 400, "InvalidTimeout", "from 1"),
        (
            json!({"scheduling": {"scheduledTime": "tomorrow"}}),
            400,
            "InvalidScheduledTime",
            "2024-01-31T09:00:00Z",
        ),
        (json!({"limits": {"fuel": 0}}), 400, "InvalidLimits", "limits.fuel"),
        (
            json!({"resource": {"resourceType": "Teapot", "resourceId": Uuid::new_v4()}}),
            400,
            "InvalidBody",
            "Pipeline",
        ),
        (
            json!({"resource": {"resourceType": "Pipeline", "resourceId": "x"}}),
            400,
            "InvalidBody",
            "resourceId",
        ),
        (
            json!({"resource": {"resourceType": "Pipeline", "resourceId": Uuid::new_v4()}}),
            404,
            "NotFound",
            "pipeline",
        ),
        (json!({"parameters": {"datasetId": "x"}}), 400, "InvalidParameter", "parameters.datasetId"),
        (json!({"parameters": {"datasetId": Uuid::new_v4()}}), 404, "NotFound", "dataset"),
        (json!({"module": {"name": "nobody"}}), 404, "NotFound", "module version"),
        (json!({"jobType": "Notebook", "module": null}), 400, "ResourceRequired", "resource"),
        (json!({"jobType": "Notebook"}), 400, "JobTypeMismatch", "Analysis"),
        (
            json!({"notifications": {"emailRecipients": ["a@b.c\r\nBcc: d@e.f"]}}),
            400,
            "InvalidRecipients",
            "plain address",
        ),
    ];
    for (changes, status, code, mentioned) in cases {
        let (found, detail) = project.submit(&with(changes.clone())).problem(status);
        assert_eq!(found, code, "{changes}: {detail}");
        assert!(detail.contains(mentioned), "{changes}: {detail}");
    }
}

#[test]
fn what_is_no_json_is_400_and_what_is_too_large_is_413() {
    let server = Server::start();
    let project = Project::new(&server);
    let path = project.path("execution/job");
    let deep = "[".repeat(100_000);
    for body in ["", "{", "{\"jobName\": \"x\"", "nonsense", "{} {}", "{\"jobName\": 1e400}", &deep] {
        let (code, _) = project.client.send("POST", &path, &[], body.as_bytes()).problem(400);
        assert!(["MalformedJson", "InvalidBody"].contains(&code.as_str()), "{code}");
    }
    let large = format!("{{\"jobName\": \"{}\"}}", "x".repeat(10 << 20));
    assert_eq!(project.client.send("POST", &path, &[], large.as_bytes()).problem(413).0, "TooLarge");
    server.client(None).get("/healthz").status.eq(&200).then_some(()).expect("the server goes on");
}

#[test]
fn a_type_without_a_module_says_so() {
    let server = Server::start();
    let project = Project::new(&server);
    let manifest = json!({"interface": "0.1", "title": "Looks for fraud", "jobType": "FraudCheck"});
    let module = built::module_with_manifest("probe", &manifest.to_string());
    project.client.put_bytes(&project.path("modules/fraud/versions/1.0.0"), &module).ok();
    let pipeline = project.pipeline("FraudCheck");
    let body = json!({"jobName": "n", "jobType": "FraudCheck", "resource": {"resourceType": "Pipeline", "resourceId": pipeline}});
    assert_eq!(project.submit(&body).problem(422).0, "NoModuleBound");
}

#[test]
fn a_job_type_other_than_the_pipelines_is_refused() {
    let server = Server::start();
    let project = Project::new(&server);
    let pipeline = project.pipeline("ProcessMining");
    let body = json!({"jobName": "n", "jobType": "Analysis", "resource": {"resourceType": "Pipeline", "resourceId": pipeline}});
    let (code, detail) = project.submit(&body).problem(400);
    assert_eq!(code, "JobTypeMismatch");
    assert!(detail.contains("ProcessMining"), "{detail}");
}

#[test]
fn the_same_idempotency_key_makes_one_job_however_often_it_is_sent() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let path = project.path("execution/job");
    let send = |body: &Value| {
        let headers = [("idempotency-key", "monday"), ("content-type", "application/json")];
        project.client.send("POST", &path, &headers, body.to_string().as_bytes())
    };
    let ids: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..20).map(|_| scope.spawn(|| send(&valid()).ok()["jobId"].clone())).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!(send(&with(json!({"jobName": "another"}))).problem(409).0, "IdempotencyKeyReused");
    let listed = project.client.get(&project.path("execution/jobs")).ok();
    assert_eq!(listed["summary"]["totalJobs"], 1);
}

#[test]
fn a_repeat_is_told_by_what_it_means_and_marked() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let send = |body: &str| {
        let headers = [("idempotency-key", "monday")];
        project.client.send("POST", &project.path("execution/job"), &headers, body.as_bytes())
    };
    let with_number = |number: &str| {
        format!(
            r#"{{"jobName": "a job", "jobType": "Analysis", "parameters": {{"n": {number}, "steps": []}}, "module": {{"name": "probe"}}}}"#
        )
    };
    let first = send(&with_number("10"));
    let job = first.ok()["jobId"].as_str().unwrap().to_owned();
    assert_eq!(first.header("idempotent-replayed"), "");
    let again = send(
        r#"{"module":{"name":"probe"},"jobType":"Analysis","parameters":{"steps":[],"n":10},"jobName":"a\u0020job"}"#,
    );
    assert_eq!((&again.ok()["jobId"], again.header("idempotent-replayed")), (&json!(job), "true"));
    for number in ["10.0", "1e1", "\"10\""] {
        assert_eq!(send(&with_number(number)).problem(409).0, "IdempotencyKeyReused", "{number}");
    }
    // The key lives on when its job is deleted.
    project.wait_for(&job, "Completed");
    let deleted = project.client.delete(&format!("{}/data", project.job_path(&job)), None);
    assert_eq!(deleted.status, 204, "{}", deleted.text());
    let (code, detail) = send(&with_number("10")).problem(410);
    assert!(code == "JobDeleted" && detail.contains(&job), "{code}: {detail}");
    assert_eq!(send(&with_number("11")).problem(409).0, "IdempotencyKeyReused");
}

#[test]
fn a_repeat_finds_its_job_also_when_what_it_names_is_gone() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let pipeline = project.pipeline("Analysis");
    let body = with(json!({"resource": {"resourceType": "Pipeline", "resourceId": pipeline}}));
    let send = |key: &str| {
        let headers = [("idempotency-key", key), ("content-type", "application/json")];
        project.client.send("POST", &project.path("execution/job"), &headers, body.to_string().as_bytes())
    };
    let first = send("monday").ok()["jobId"].as_str().unwrap().to_owned();
    project.wait_for(&first, "Completed");
    let deleted = project.client.delete(&project.path(&format!("pipelines/{pipeline}")), None);
    assert_eq!(deleted.status, 204, "{}", deleted.text());
    assert_eq!(send("monday").ok()["jobId"], first.as_str());
    assert_eq!(send("tuesday").problem(404).0, "NotFound");
}

#[test]
fn a_scheduled_job_waits_for_its_time_and_says_so() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let later =
        with(json!({"scheduling": {"executeImmediately": false, "scheduledTime": "2999-01-01T00:00:00Z"}}));
    let job = project.submit(&later).ok()["jobId"].as_str().unwrap().to_owned();
    let status = project.status(&job);
    assert_eq!(status["status"], "Queued");
    assert_eq!(status["waitReason"]["code"], "Scheduled");
    let now = project.probe(json!([]));
    project.wait_for(&now, "Completed");
    assert_eq!(project.status(&job)["status"], "Queued");
}

#[test]
fn members_that_only_the_server_may_set_are_refused() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let body = with(json!({"submittedBy": "root", "status": "Completed", "tenantId": Uuid::nil()}));
    let (code, detail) = project.submit(&body).problem(400);
    assert_eq!(code, "InvalidBody");
    for member in ["/submittedBy", "/status", "/tenantId"] {
        assert!(detail.contains(member), "{detail}");
    }
}

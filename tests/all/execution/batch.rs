//! `POST execution/jobs`: many submissions in one request.

use fuelcell_tests::limits::limit;
use fuelcell_tests::{Answer, Project, Server};
use serde_json::{Value, json};

fn body(name: &str) -> Value {
    json!({"jobName": name, "jobType": "Analysis", "module": {"name": "probe"}, "parameters": {"steps": []}})
}

fn keyed(name: &str, key: &str) -> Value {
    let mut job = body(name);
    job["idempotencyKey"] = key.into();
    job
}

fn send(project: &Project, jobs: &[Value]) -> Answer {
    project.client.post(&project.path("execution/jobs"), &json!({"jobs": jobs}))
}

fn statuses(answer: &Value) -> Vec<u64> {
    answer["jobs"].as_array().unwrap().iter().map(|job| job["httpStatus"].as_u64().unwrap()).collect()
}

fn total(project: &Project) -> u64 {
    project.client.get(&project.path("execution/jobs")).ok()["summary"]["totalJobs"].as_u64().unwrap()
}

#[test]
fn the_valid_ones_are_queued_and_each_of_the_others_says_why() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let mut bad_type = body("b");
    bad_type["jobType"] = "Divination".into();
    let mut unknown = body("c");
    unknown["module"]["name"] = "nobody".into();
    let jobs = [
        keyed("a", "one"),
        bad_type,
        unknown,
        json!(7),
        keyed("", "two"),
        keyed("d", "ä"),
        keyed("z", "three"),
    ];
    let answer = send(&project, &jobs).ok();
    assert_eq!(statuses(&answer), [200, 400, 404, 400, 400, 400, 200], "{answer:#}");
    assert_eq!(
        (&answer["queued"], &answer["replayed"], &answer["refused"]),
        (&json!(2), &json!(0), &json!(5))
    );
    let of = |index: usize| &answer["jobs"][index];
    assert_eq!(
        (&of(0)["index"], &of(0)["idempotencyKey"], &of(0)["status"]),
        (&json!(0), &json!("one"), &json!("Queued"))
    );
    assert_eq!(
        (&of(0)["jobName"], &of(0)["error"], &of(0)["replayed"]),
        (&json!("a"), &json!(null), &json!(false))
    );
    assert_eq!(of(0)["module"]["name"], "probe");
    let said = |index: usize| of(index)["error"]["message"].as_str().unwrap().to_owned();
    assert!(said(1).contains("ProcessMining") && said(2).contains("module version"), "{answer:#}");
    assert_eq!((&of(4)["error"]["code"], &of(4)["idempotencyKey"]), (&json!("InvalidName"), &json!("two")));
    assert_eq!(of(4).get("jobId"), None);
    for index in [0, 6] {
        project.wait_for(of(index)["jobId"].as_str().unwrap(), "Completed");
    }
    assert_eq!(total(&project), 2);

    // The same again gives the same answers, marked, and makes nothing; so does one of them sent alone.
    let again = send(&project, &jobs).ok();
    assert_eq!((&again["queued"], &again["replayed"], &again["refused"]), (&json!(0), &json!(2), &json!(5)));
    for index in 0..jobs.len() {
        for name in ["index", "httpStatus", "idempotencyKey", "jobId", "jobName", "dateSubmitted", "error"] {
            assert_eq!(again["jobs"][index].get(name), of(index).get(name), "{index} {name}");
        }
    }
    let headers = [("idempotency-key", "one")];
    let alone = project.client.send(
        "POST",
        &project.path("execution/job"),
        &headers,
        body("a").to_string().as_bytes(),
    );
    assert_eq!((&alone.ok()["jobId"], alone.header("idempotent-replayed")), (&of(0)["jobId"], "true"));
    assert_eq!(total(&project), 2);
}

#[test]
fn a_key_of_the_request_keys_its_jobs_by_their_places() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let send = |jobs: &[Value]| {
        let path = project.path("execution/jobs");
        let body = json!({"jobs": jobs}).to_string();
        project.client.send("POST", &path, &[("idempotency-key", "night")], body.as_bytes()).ok()
    };
    let first = send(&[body("a"), keyed("b", "own"), body("c")]);
    let keys: Vec<_> = first["jobs"].as_array().unwrap().iter().map(|job| &job["idempotencyKey"]).collect();
    assert_eq!(keys, ["night:0", "own", "night:2"]);
    assert_eq!(send(&[body("a"), keyed("b", "own"), body("c")])["replayed"], 3);
    let other = send(&[body("another"), keyed("b", "own"), body("c")]);
    assert_eq!(statuses(&other), [409, 200, 200]);
    assert_eq!(other["jobs"][0]["error"]["code"], "IdempotencyKeyReused");
    assert_eq!(total(&project), 3);
}

#[test]
fn quotas_hold_within_a_batch_and_each_job_is_in_the_audit_log() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let limits = format!("/api/admin/tenants/{}/projects/{}/limits", project.tenant, project.project);
    server
        .operator()
        .put(&limits, &json!({"quotas": {"queuedJobs": 3}, "caps": {"memoryBytes": 1 << 20}}))
        .ok();
    let later = |name: &str| {
        let mut job = body(name);
        job["scheduling"] = json!({"scheduledTime": "2999-01-01T00:00:00Z"});
        job
    };
    let jobs: Vec<_> = ["a", "b", "c", "d", "e"].map(later).into();
    let answer = send(&project, &jobs).ok();
    assert_eq!(statuses(&answer), [200, 200, 200, 429, 429], "{answer:#}");
    assert_eq!(answer["jobs"][3]["error"]["code"], "QueueQuotaExceeded");
    assert_eq!(answer["jobs"][0]["limits"]["memoryBytes"], 1 << 20);
    let entries = project.client.get("/api/admin/audit?limit=10").ok();
    let entries: Vec<_> = entries["entries"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|entry| entry["action"].as_str().unwrap().ends_with("execution/jobs"))
        .map(|entry| entry["target"].as_str().unwrap().to_owned())
        .collect();
    let mut expected = vec![project.path("execution/jobs")];
    let ids = answer["jobs"].as_array().unwrap().iter().filter_map(|job| job["jobId"].as_str());
    let mut addresses: Vec<_> = ids.map(|id| project.job_path(id)).collect();
    addresses.reverse();
    expected.extend(addresses);
    assert_eq!(entries, expected, "one of each job, and one of the call, because some were refused");
}

#[test]
fn a_batch_has_as_many_jobs_and_bytes_as_the_document_says() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let most = limit("jobs of a batch").most;
    let jobs = vec![body("a"); most + 1];
    assert_eq!(send(&project, &jobs[..most]).ok()["queued"], most);
    for jobs in [&jobs[..], &[]] {
        let (code, detail) = send(&project, jobs).problem(400);
        assert!(code == "InvalidBatch" && detail.contains("1 to 1000"), "{code}: {detail}");
    }
    for wrong in [json!({}), json!([]), json!({"jobs": {}}), json!({"jobs": [], "job": 1}), json!(null)] {
        project.client.post(&project.path("execution/jobs"), &wrong).problem(400);
    }
    let empty = r#"{"jobs":[]}"#.len();
    let padded = |bytes: usize| format!("{{\"jobs\":[{}]}}", " ".repeat(bytes - empty));
    let post =
        |body: &str| project.client.send("POST", &project.path("execution/jobs"), &[], body.as_bytes());
    let most = limit("the body of a batch of jobs").most;
    assert_eq!(post(&padded(most)).problem(400).0, "InvalidBatch");
    let (code, detail) = post(&padded(most + 1)).problem(413);
    assert!(code == "TooLarge" && detail.contains("4 MiB"), "{code}: {detail}");
    // One job of a batch is at most as large as one alone.
    let mut large = body("large");
    large["parameters"]["pad"] = "x".repeat(1 << 20).into();
    assert_eq!(statuses(&send(&project, &[large, body("a")]).ok()), [413, 200]);
}

#[test]
fn all_that_is_wrong_with_a_job_of_a_batch_is_told_and_a_coded_batch_is_refused() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let good = body("a").to_string();
    let twice =
        r#"{"jobName": "b", "jobType": "Analysis", "jobType": "Analysis", "module": {"name": "probe"}}"#;
    let wrong = r#"{"jobName": 7, "jobTyp": "Analysis", "module": {"name": "probe", "versoin": "1"}}"#;
    let sent = format!(r#"{{"jobs": [{good}, {twice}, {wrong}]}}"#);
    let path = project.path("execution/jobs");
    let answer = project.client.send("POST", &path, &[], sent.as_bytes()).ok();
    assert_eq!(statuses(&answer), [200, 400, 400], "{answer:#}");
    let errors = |index: usize| answer["jobs"][index]["error"]["errors"].clone();
    assert_eq!(errors(1)[0]["pointer"], "/jobType", "{answer:#}");
    let mut pointers: Vec<_> =
        errors(2).as_array().unwrap().iter().map(|error| error["pointer"].clone()).collect();
    pointers.sort_by_key(Value::to_string);
    for pointer in ["/jobName", "/jobTyp", "/module/versoin"] {
        assert!(pointers.contains(&json!(pointer)), "{pointer}: {answer:#}");
    }
    let coded = project.client.send("POST", &path, &[("content-encoding", "gzip")], sent.as_bytes());
    assert_eq!(coded.problem(415).0, "UnsupportedEncoding");
    // Of many wrong ones the first are looked through.
    let most = limit("refused jobs of a batch of which all faults are told").most;
    let many = format!(r#"{{"jobs": [{}]}}"#, vec![wrong; most + 1].join(","));
    let answer = project.client.send("POST", &path, &[], many.as_bytes()).ok();
    let told = |index: usize| answer["jobs"][index]["error"]["errors"].as_array().unwrap().len();
    assert!(told(most - 1) >= 3 && told(most) == 0, "{} {}", answer["jobs"][most - 1], answer["jobs"][most]);
}

/// A pipeline's parameters stand for each of its jobs: a small batch must not become a large commit.
#[test]
fn what_pipelines_lend_to_a_batch_is_bounded() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let most = limit("parameters of a batch's jobs, with what their pipelines lend them").most;
    // A job of a pipeline that lends so many bytes, and that says `{}` itself.
    let job = |lent: usize| {
        let pipeline = uuid::Uuid::new_v4();
        let pad = "x".repeat(lent - r#"{"pad":"","steps":[]}"#.len());
        let lends = json!({
            "name": "p", "jobType": "Analysis", "module": {"name": "probe"},
            "parameters": {"steps": [], "pad": pad},
        });
        project.client.put(&project.path(&format!("pipelines/{pipeline}")), &lends).ok();
        let mut job = body("a");
        job["parameters"] = json!({});
        job["resource"] = json!({"resourceType": "Pipeline", "resourceId": pipeline});
        job["scheduling"] = json!({"scheduledTime": "2999-01-01T00:00:00Z"});
        job
    };
    let each = limit("`parameters` of a pipeline, or of its schedule").most;
    let whole = most / (each + 2);
    let rest = most % (each + 2) - 2;
    // What is refused takes nothing: the next one fits to the byte.
    let last = [job(rest + 1), job(rest)];
    let jobs: Vec<_> = std::iter::repeat_n(job(each), whole).chain(last).collect();
    let answer = send(&project, &jobs).ok();
    assert_eq!((&answer["queued"], &answer["refused"]), (&json!(whole + 1), &json!(1)));
    let refused = &answer["jobs"][whole];
    assert_eq!((&refused["httpStatus"], &refused["error"]["code"]), (&json!(413), &json!("BatchTooLarge")));
}

//! Numbers of parameters stay as they were sent, whatever way they take.

use fuelcell_tests::project::text;
use fuelcell_tests::{Project, Server};
use serde_json::Value;
use uuid::Uuid;

const NUMBERS: &str =
    r#""big":18446744073709551616,"exponent":1e2,"long":123456789012345678901234567890,"minus":-0"#;
const STEPS: &str = r#""steps":[{"artifact":"seen.json","do":"echoParameters"}]"#;

fn send(project: &Project, method: &str, path: &str, body: &str) -> Value {
    project.client.send(method, &project.path(path), &[], body.as_bytes()).ok()
}

/// What the job was given.
fn seen(project: &Project, job: &str) -> String {
    project.wait_for(job, "Completed");
    let results = project.results(job);
    let output = &results["results"]["primaryOutput"];
    assert_eq!(output["name"], "seen.json", "{results:#}");
    let url = text(output, "downloadUrl");
    let path = &url[url.find("/downloads").unwrap()..];
    project.client.get(path).text()
}

#[test]
fn a_job_gets_the_numbers_that_were_sent() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let body = format!(
        r#"{{"jobName":"j","jobType":"Analysis","module":{{"name":"probe"}},"parameters":{{{NUMBERS}, {STEPS}}}}}"#
    );
    let job = text(&send(&project, "POST", "execution/job", &body), "jobId");
    let expected = format!("{{{NUMBERS},{STEPS}}}");
    assert_eq!(seen(&project, &job), expected);
    let detailed = project.client.get(&format!("{}/results?format=detailed", project.job_path(&job)));
    assert!(detailed.text().contains(NUMBERS), "{}", detailed.text());
    let many = format!("{{\"jobs\":[{body}]}}");
    let batch = send(&project, "POST", "execution/jobs", &many);
    assert_eq!(seen(&project, &text(&batch["jobs"][0], "jobId")), expected);
}

#[test]
fn pipelines_and_retries_merge_to_the_digit() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let pipeline = Uuid::new_v4();
    let put = format!(
        r#"{{"name":"p","jobType":"Analysis","module":{{"name":"probe"}},"parameters":{{{NUMBERS},"inner":{{"a":1.10,"b":2}}}}}}"#
    );
    let path = format!("pipelines/{pipeline}");
    project.client.send("PUT", &project.path(&path), &[], put.as_bytes()).ok();
    let shown = project.client.get(&project.path(&path)).text();
    for number in ["18446744073709551616", ":1e2", "123456789012345678901234567890", ":-0}", ":1.10"] {
        assert!(shown.contains(number), "no {number} in {shown}");
    }
    let body = format!(
        r#"{{"jobName":"j","jobType":"Analysis","resource":{{"resourceType":"Pipeline","resourceId":"{pipeline}"}},
            "parameters":{{"minus":-0.0,{STEPS}}},"scheduling":{{"scheduledTime":"2999-01-01T00:00:00Z"}}}}"#
    );
    let job = text(&send(&project, "POST", "execution/job", &body), "jobId");
    project.client.delete(&project.job_path(&job), None).ok();
    let patch = r#"{"immediateExecution":true,"updatedParameters":{"timeoutMinutes":3,"long":1E-7,"inner":{"b":null,"c":9007199254740993}}}"#;
    let retry = send(&project, "POST", &format!("execution/job/{job}/retry"), patch);
    assert_eq!(retry["limits"]["timeoutSeconds"], 180);
    let expected = format!(
        r#"{{"big":18446744073709551616,"exponent":1e2,"inner":{{"a":1.10,"c":9007199254740993}},"long":1E-7,"minus":-0.0,{STEPS}}}"#
    );
    assert_eq!(seen(&project, &text(&retry, "jobId")), expected);
}

#[test]
fn what_no_machine_number_can_stand_for_is_refused() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    for number in ["1e400", "01", "+1", ".5", "0x1", "NaN", "1.", "--1"] {
        let body = format!(
            r#"{{"jobName":"j","jobType":"Analysis","module":{{"name":"probe"}},"parameters":{{"steps":[],"a":{number}}}}}"#
        );
        project.client.send("POST", &project.path("execution/job"), &[], body.as_bytes()).problem(400);
    }
}

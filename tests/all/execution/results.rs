//! `GET execution/job/{jobId}/results`

use fuelcell_tests::{Project, Server};
use serde_json::{Value, json};

fn steps() -> Value {
    json!([
        {"do": "artifact", "name": "notes.txt", "text": "some notes", "kind": "data"},
        {"do": "artifact", "name": "report.html", "text": "<h1>hello</h1>", "kind": "report", "primary": true},
    ])
}

#[test]
fn every_field_of_the_contract_is_there() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let job = project.probe(steps());
    project.wait_for(&job, "Completed");
    let results = project.results(&job);
    assert_eq!(
        (&results["jobId"], &results["status"], &results["success"]),
        (&json!(job), &json!("Completed"), &json!(true))
    );
    assert!(results["completionTime"].is_string() && results["totalDuration"].is_string());
    let summary = &results["summary"];
    assert_eq!((&summary["recordsProcessed"], &summary["outputsGenerated"]), (&json!(0), &json!(2)));
    assert!(summary["dataQualityScore"].is_null(), "this module measures no quality");
    assert!(summary["processingEfficiency"].is_number());
    let primary = &results["results"]["primaryOutput"];
    assert_eq!(
        (&primary["format"], &primary["size"], &primary["sizeBytes"]),
        (&json!("html"), &json!("14 bytes"), &json!(14))
    );
    assert!(primary["type"].is_string() && primary["title"].is_string());
    let download = project.client.with_token(None).get(primary["downloadUrl"].as_str().unwrap());
    assert_eq!((download.status, download.text().as_str()), (200, "<h1>hello</h1>"));
    assert_eq!(results["results"]["additionalOutputs"][0]["name"], "notes.txt");
    let execution = &results["executionMetrics"];
    assert!(execution["totalCpuTime"].is_string() && execution["peakMemoryUsage"].is_string(), "{execution}");
    assert!(execution["diskIoOperations"].as_u64().unwrap() >= 2, "{execution}");
    assert!(execution["networkDataTransfer"].is_null(), "a cell has no network, so nothing measures one");
    let quality = &results["qualityMetrics"];
    assert!(quality["dataValidation"].get("totalRecords").is_some());
    assert_eq!((&quality["processingErrors"], &quality["warnings"]), (&json!([]), &json!([])));
}

#[test]
fn outputs_are_filtered_by_type_and_left_out_on_request() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let job = project.probe(steps());
    project.wait_for(&job, "Completed");
    let get = |query: &str| project.client.get(&format!("{}/results?{query}", project.job_path(&job)));
    let data = get("outputType=data").ok();
    assert_eq!(data["results"]["primaryOutput"]["name"], "notes.txt");
    let none = get("includeArtifacts=false").ok();
    assert_eq!(none["results"], json!({"primaryOutput": null, "additionalOutputs": []}));
    assert!(get("format=detailed").ok()["parameters"]["steps"].is_array());
    assert!(get("outputType=songs").problem(400).1.contains("visualizations"));
    assert!(get("format=tape").problem(400).1.contains("detailed"));
}

#[test]
fn a_job_without_outputs_has_the_hosts_summary() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let job = project.probe(json!([]));
    project.wait_for(&job, "Completed");
    let results = project.results(&job);
    let url = results["results"]["primaryOutput"]["downloadUrl"]
        .as_str()
        .expect("clients follow it unguarded")
        .to_owned();
    let summary = project.client.with_token(None).get(&url).ok();
    assert_eq!(summary["jobId"], job.as_str());
    assert!(summary["usage"]["fuel"].is_u64(), "{summary}");
}

#[test]
fn results_before_the_end_are_409_and_of_a_failed_job_200() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let waiting = project.probe_with(json!([]), json!({"scheduling": {"scheduledTime": "2999-01-01"}}));
    let answer = project.client.get(&format!("{}/results", project.job_path(&waiting)));
    assert_eq!(answer.problem(409).0, "JobNotEnded");
    let unfinished = json!([
        {"do": "artifact", "name": "done.txt", "text": "done"},
        {"do": "artifact", "name": "half.txt", "text": "half", "unfinished": true},
        {"do": "fail", "code": "x", "message": "y"},
    ]);
    let failed = project.probe(unfinished.clone());
    project.wait_for(&failed, "Failed");
    let results = project.results(&failed);
    assert_eq!((&results["success"], &results["error"]["code"]), (&json!(false), &json!("GuestError")));
    assert_eq!(results["results"], json!({"primaryOutput": null, "additionalOutputs": []}));
    let kept = project.probe_with(unfinished, json!({"keepPartialOnFailure": true}));
    project.wait_for(&kept, "Failed");
    let results = project.results(&kept);
    assert_eq!((&results["partial"], &results["summary"]["outputsGenerated"]), (&json!(true), &json!(1)));
    assert_eq!(results["results"]["additionalOutputs"][0]["name"], "done.txt");
}

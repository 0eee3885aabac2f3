//! `GET execution/job/{jobId}`

use fuelcell_tests::project::text;
use fuelcell_tests::{Project, Server};
use serde_json::{Value, json};
use uuid::Uuid;

fn is_text_and_number(object: &Value, text: &str, number: &str) {
    assert!(object[text].is_string() && object[number].is_number(), "{text} and {number} in {object:#}");
}

#[test]
fn every_field_of_the_contract_is_there_while_it_runs() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let job = project.probe(json!([
        {"do": "report", "recordsProcessed": 65, "recordsTotal": 100, "errors": 3},
        {"do": "progress", "done": 65, "total": 100, "stage": "Data Processing"},
        {"do": "waitForCancel"},
    ]));
    let status = project.wait_for_stage(&job, "Data Processing");
    assert_eq!(status["jobId"], job.as_str());
    assert_eq!(status["projectId"], project.project.as_str());
    assert_eq!((&status["jobType"], &status["jobName"]), (&json!("Analysis"), &json!("a probe")));
    assert_eq!((&status["status"], &status["priority"]), (&json!("Running"), &json!("Normal")));
    assert!(status["jobDescription"].is_string());
    let progress = &status["progress"];
    assert_eq!(progress["percentage"], 65);
    assert!(
        progress["estimatedCompletion"].is_string(),
        "65 % of a measured time gives an estimate: {progress}"
    );
    is_text_and_number(progress, "elapsedTime", "elapsedSeconds");
    assert_eq!(status["resource"]["resourceName"], "probe");
    let execution = &status["execution"];
    assert!(execution["startTime"].is_string() && execution["executionNode"].is_string());
    assert_eq!(execution["submittedBy"], "a administrator");
    is_text_and_number(execution, "memoryUsage", "memoryBytes");
    is_text_and_number(execution, "cpuUsage", "cpuPercent");
    is_text_and_number(execution, "diskUsage", "diskBytes");
    let metrics = &status["metrics"];
    assert_eq!((&metrics["recordsProcessed"], &metrics["totalRecords"]), (&json!(65), &json!(100)));
    assert_eq!((&metrics["errorCount"], &metrics["warningCount"]), (&json!(3), &json!(0)));
    is_text_and_number(metrics, "averageProcessingRate", "recordsPerSecond");
    assert!(status["dateCreated"].is_string() && status["lastUpdated"].is_string());
    assert!(status.get("error").is_none(), "only failed jobs have an error");
}

#[test]
fn a_job_over_a_limit_says_so_and_starts_when_there_is_room() {
    let server = Server::start_set(&[("SLOTS", "2"), ("CONCURRENCY__PER_PROJECT", "1")]);
    let project = Project::new(&server).with_probe();
    let holder = project.probe(
        json!([{"do": "progress", "done": 1, "total": 2, "stage": "holding"}, {"do": "waitForCancel"}]),
    );
    project.wait_for_stage(&holder, "holding");
    let held = project.probe(json!([]));
    let status = project.status(&held);
    assert_eq!(
        (&status["status"], &status["waitReason"]["code"]),
        (&json!("Queued"), &json!("ConcurrencyLimit"))
    );
    let other = Project::new(&server).with_probe();
    other.wait_for(&other.probe(json!([])), "Completed");
    project.client.delete(&project.job_path(&holder), None).ok();
    project.wait_for(&held, "Completed");
}

#[test]
fn a_queued_job_has_its_progress_object_and_says_why_it_waits() {
    let server = Server::start_with(&["--slots", "1"]);
    let project = Project::new(&server).with_probe();
    let holder = project.probe(
        json!([{"do": "progress", "done": 1, "total": 2, "stage": "holding"}, {"do": "waitForCancel"}]),
    );
    project.wait_for_stage(&holder, "holding");
    let first = project.probe(json!([]));
    let second = project.probe(json!([]));
    let status = project.status(&second);
    assert_eq!(status["status"], "Queued");
    assert_eq!(status["queuePosition"], 2);
    assert_eq!(status["waitReason"]["code"], "NoFreeSlot");
    assert_eq!(status["progress"]["percentage"], 0);
    assert_eq!(status["progress"]["currentStage"], "Queued");
    assert_eq!(status["progress"]["elapsedTime"], "0 seconds");
    assert!(status["execution"]["startTime"].is_null());
    project.client.delete(&project.job_path(&holder), None).ok();
    project.wait_for(&first, "Completed");
    project.wait_for(&second, "Completed");
}

#[test]
fn a_failed_job_has_code_message_and_details() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let told = project.probe(json!([{"do": "fail", "code": "MissingColumn", "message": "no column `case`"}]));
    let status = project.wait_for(&told, "Failed");
    assert_eq!(status["error"]["code"], "GuestError");
    assert!(status["error"]["message"].as_str().unwrap().contains("no column `case`"), "{status:#}");
    let trapped = project.probe(json!([{"do": "panic", "message": "on purpose"}]));
    let status = project.wait_for(&trapped, "Failed");
    assert_eq!(status["error"]["code"], "Trap");
    assert!(
        status["error"]["details"].as_str().unwrap().contains("panic"),
        "a readable backtrace: {status:#}"
    );
}

#[test]
fn unknown_jobs_are_404_and_what_is_no_guid_is_400() {
    let server = Server::start();
    let project = Project::new(&server);
    assert_eq!(project.client.get(&project.job_path(&Uuid::new_v4().to_string())).problem(404).0, "NotFound");
    assert_eq!(project.client.get(&project.job_path("42")).problem(400).0, "InvalidId");
}

#[test]
fn a_receipt_accounts_for_the_run() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let dataset = project.dataset("in.txt", b"0123456789");
    let job = project.probe_with(
        json!([{"do": "echoInput", "input": "dataset", "artifact": "copy.txt"}]),
        json!({"limits": {"fuel": 100_000_000}, "parameters": {
            "datasetId": dataset, "steps": [{"do": "echoInput", "input": "dataset", "artifact": "copy.txt"}],
        }}),
    );
    let status = project.wait_for(&job, "Completed");
    let receipt = &status["receipt"];
    assert_eq!(status["receipts"], json!([receipt]), "one for each attempt");
    assert_eq!((&receipt["bytesRead"], &receipt["bytesWritten"]), (&json!(10), &json!(10)));
    assert_eq!(receipt["inputs"][0]["digest"], receipt["outputs"][0]["digest"], "the copy is the input");
    assert!(
        receipt["fuel"].as_u64().unwrap() > 0 && receipt["peakMemoryBytes"].as_u64().unwrap() > 0,
        "{receipt:#}"
    );
    assert_eq!(receipt["limits"]["fuel"], 100_000_000);
    assert_eq!((&receipt["deterministic"], text(receipt, "parameters").len()), (&Value::Null, 64));
    assert_eq!((&receipt["peakDiskBytes"], &receipt["peakFiles"]), (&json!(10), &json!(0)));
    assert_eq!((&receipt["logBytes"], &receipt["droppedLogLines"]), (&json!(0), &json!(0)));
    assert!(receipt["randomBytes"].is_u64(), "{receipt:#}");
    assert!(receipt["engine"].as_str().unwrap().starts_with("wasmtime-48"));
}

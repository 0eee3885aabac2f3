//! Fields of the protocol that no other test has a reason to read: what is in them.

use fuelcell_tests::project::text;
use fuelcell_tests::{Project, Server};
use serde_json::{Value, json};
use uuid::Uuid;

#[test]
fn a_whole_submission_is_taken_and_shown() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let pipeline = Uuid::new_v4().to_string();
    let put = json!({"name": "Customer Analytics", "jobType": "Analysis", "module": {"name": "probe"}});
    project.client.put(&project.path(&format!("pipelines/{pipeline}")), &put).ok();
    let measured = project.probe(json!([]));
    project.wait_for(&measured, "Completed");
    let answer = project.submit(&json!({
        "jobName": "Weekly Process Analysis",
        "jobDescription": "Automated weekly analysis",
        "jobType": "Analysis",
        "priority": "High",
        "resource": {"resourceType": "Pipeline", "resourceId": pipeline},
        "parameters": {"steps": [{"do": "sleep", "milliseconds": 1}]},
        "scheduling": {"executeImmediately": true, "scheduledTime": null, "timeoutMinutes": 120},
        "notifications": {"onCompletion": true, "onFailure": true, "emailRecipients": ["analyst@example.com"]},
    }));
    let answer = answer.ok();
    assert_eq!((&answer["status"], &answer["priority"]), (&json!("Queued"), &json!("High")));
    assert_eq!(answer["jobName"], "Weekly Process Analysis");
    assert!(answer["queuePosition"].as_u64().is_some_and(|place| place >= 1), "{answer}");
    for name in ["estimatedStartTime", "estimatedDuration", "dateSubmitted", "submittedBy"] {
        assert!(answer[name].is_string(), "{name} in {answer}");
    }
    let job = text(&answer, "jobId");
    let status = project.wait_for(&job, "Completed");
    assert_eq!(status["jobDescription"], "Automated weekly analysis");
    assert_eq!(status["resource"]["resourceId"], pipeline.as_str());
    let limits = &status["limits"];
    assert_eq!(limits["timeoutSeconds"], 7200);
    assert_eq!(limits, &answer["limits"], "they are resolved when the job is accepted");
    assert_eq!(limits, &status["receipt"]["limits"]);
    assert_eq!((&limits["fuel"], &limits["memoryBytes"]), (&Value::Null, &json!(512 << 20)));
    assert_eq!(limits["artifactBytes"], limits["diskBytes"]);
    for name in [
        "diskBytes",
        "stackBytes",
        "instances",
        "memories",
        "tables",
        "handles",
        "hostCallBytes",
        "randomBytes",
        "files",
        "artifacts",
        "artifactBytes",
        "checkpointBytes",
        "logBytes",
        "tableElements",
    ] {
        assert!(limits[name].as_u64().is_some_and(|limit| limit > 0), "{name} in {limits}");
    }
}

#[test]
fn status_has_every_field() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let report = json!({
        "do": "report", "recordsProcessed": 10, "recordsTotal": 20, "errors": 3,
        "warnings": [{"type": "DataQuality", "message": "m", "count": 12}],
    });
    let job = project.probe(json!([report, {"do": "sleep", "milliseconds": 20}]));
    let status = project.wait_for(&job, "Completed");
    assert_eq!(status["projectId"], project.project.as_str());
    for (name, value) in
        [("jobId", job.as_str()), ("jobType", "Analysis"), ("jobName", "a probe"), ("priority", "Normal")]
    {
        assert_eq!(status[name], value, "{name}");
    }
    assert_eq!(status["resource"]["resourceType"], "Module");
    let progress = &status["progress"];
    assert_eq!((&progress["percentage"], &progress["currentStage"]), (&json!(100), &json!("Completed")));
    assert!(progress["estimatedCompletion"].is_string() && progress["elapsedTime"].is_string(), "{progress}");
    assert_eq!(status["resource"]["resourceName"], "probe");
    for name in ["startTime", "submittedBy", "executionNode", "memoryUsage", "cpuUsage", "diskUsage"] {
        assert!(status["execution"][name].is_string(), "{name} in {status:#}");
    }
    let metrics = &status["metrics"];
    let expected = [("recordsProcessed", 10), ("totalRecords", 20), ("errorCount", 3), ("warningCount", 12)];
    for (name, value) in expected {
        assert_eq!(metrics[name], value, "{name}");
    }
    let rate = metrics["averageProcessingRate"].as_str().unwrap();
    assert!(rate.ends_with(" records/second"), "{rate}");
    assert!(status["dateCreated"].is_string() && status["lastUpdated"].is_string());
}

#[test]
fn an_output_may_have_records() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let job = project.probe(json!([{"do": "artifact", "name": "a.csv", "text": "x", "recordCount": 7}]));
    project.wait_for(&job, "Completed");
    assert_eq!(project.results(&job)["results"]["primaryOutput"]["recordCount"], 7);
}

#[test]
fn a_model_may_have_an_accuracy() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let model = json!({"do": "artifact", "name": "model.bin", "text": "x", "kind": "model", "accuracy": 0.89, "primary": true});
    let plain = json!({"do": "artifact", "name": "plain.txt", "text": "x"});
    let job = project.probe(json!([model, plain]));
    project.wait_for(&job, "Completed");
    let results = &project.results(&job)["results"];
    assert_eq!(results["primaryOutput"]["accuracy"], 0.89);
    assert_eq!(results["additionalOutputs"][0].get("accuracy"), None, "unmeasured is left out");
}

#[test]
fn findings_and_validation_are_what_the_job_reported() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let warning =
        json!({"type": "DataQuality", "message": "Some timestamps had to be inferred", "count": 125});
    let report = json!({
        "do": "report", "recordsProcessed": 8, "recordsTotal": 10, "errors": 0, "warnings": [warning],
        "validation": {"total": 10, "valid": 8, "duplicatesRemoved": 1, "invalid": 1},
    });
    let job = project.probe(json!([report]));
    project.wait_for(&job, "Completed");
    let quality = project.results(&job)["qualityMetrics"].clone();
    assert_eq!(quality["warnings"], json!([warning]));
    let expected =
        json!({"totalRecords": 10, "validRecords": 8, "duplicatesRemoved": 1, "invalidRecords": 1});
    assert_eq!(quality["dataValidation"], expected);
}

#[test]
fn operators_see_how_busy_nodes_are() {
    let server = Server::start();
    let project = Project::new(&server);
    let path = format!("/api/{}/execution/system/status", project.tenant);
    // Processor use is a mean over a second.
    server.operator().get(&path).ok();
    std::thread::sleep(std::time::Duration::from_millis(1200));
    let seen = server.operator().get(&path).ok();
    let node = &seen["executionNodes"][0];
    assert_eq!(node["status"], "Active");
    assert!(node["cpuUsage"].is_u64() && node["memoryUsage"].is_u64(), "{node}");
    assert!(seen["resourceUtilization"]["usedCpuCapacity"].is_u64(), "{seen:#}");
}

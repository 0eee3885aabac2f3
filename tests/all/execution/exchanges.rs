//! Every exchange of the protocol, whole, as a snapshot below `snapshots`: a field that changes, comes or goes shows there.
//! `INSTA_UPDATE=always` writes them anew.

use fuelcell_tests::exchange::{exchange, members};
use fuelcell_tests::project::text;
use fuelcell_tests::{Project, Server};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;
use uuid::Uuid;

/// The fields of the protocol by snapshots, as its examples and tables of parameters name them. What `parameters` holds is the
/// module's own.
const PROTOCOL: [(&[&str], &str); 7] = [
    (
        &["submit"],
        "jobName jobDescription jobType priority resource resourceType resourceId parameters scheduling \
         executeImmediately scheduledTime timeoutMinutes notifications onCompletion onFailure emailRecipients \
         jobId status queuePosition estimatedStartTime estimatedDuration dateSubmitted submittedBy",
    ),
    (
        &["status", "status-of-a-failed-job"],
        "jobId projectId jobType jobName jobDescription status priority progress percentage currentStage \
         estimatedCompletion elapsedTime resource resourceType resourceId resourceName execution startTime \
         submittedBy executionNode memoryUsage cpuUsage diskUsage metrics recordsProcessed totalRecords \
         errorCount warningCount averageProcessingRate dateCreated lastUpdated error",
    ),
    (
        &["list"],
        "status jobType priority submittedBy dateFrom dateTo page pageSize jobs jobId jobName progress \
         startTime endTime duration estimatedCompletion resourceName summary totalJobs runningJobs queuedJobs \
         completedJobs failedJobs hasNextPage",
    ),
    (&["cancel"], "reason forceTermination preservePartialResults"),
    (
        &["results", "results-of-a-kind"],
        "format includeArtifacts outputType jobId status completionTime totalDuration success summary \
         recordsProcessed outputsGenerated dataQualityScore processingEfficiency results primaryOutput \
         additionalOutputs type title size downloadUrl recordCount accuracy executionMetrics totalCpuTime \
         peakMemoryUsage diskIoOperations networkDataTransfer qualityMetrics dataValidation totalRecords \
         validRecords duplicatesRemoved invalidRecords processingErrors warnings message count",
    ),
    (
        &["retry"],
        "retryReason modifyParameters updatedParameters timeoutMinutes retryFailedRecords increaseMemoryLimit \
         priority immediateExecution",
    ),
    (
        &["system-status"],
        "systemStatus timestamp executionNodes nodeId status cpuUsage memoryUsage activeJobs jobCapacity \
         queueStatistics totalQueuedJobs highPriorityJobs normalPriorityJobs lowPriorityJobs averageWaitTime \
         estimatedProcessingTime performanceMetrics jobsCompletedToday averageJobDuration successRate \
         throughputPerHour resourceUtilization totalCpuCapacity usedCpuCapacity totalMemoryCapacity \
         usedMemoryCapacity diskSpaceAvailable",
    ),
];

#[test]
fn the_snapshots_show_every_field_of_the_protocol() {
    for (snapshots, fields) in PROTOCOL {
        let shown: BTreeSet<_> =
            snapshots.iter().flat_map(|snapshot| members("execution", snapshot)).collect();
        let missing: Vec<_> = fields.split_whitespace().filter(|field| !shown.contains(*field)).collect();
        assert!(missing.is_empty(), "{snapshots:?} show no {missing:?}");
    }
}

#[test]
fn the_life_of_a_job_is_told_in_full() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let pipeline = Uuid::new_v4().to_string();
    let put = json!({"name": "Customer Analytics", "jobType": "Analysis", "module": {"name": "probe"}});
    project.client.put(&project.path(&format!("pipelines/{pipeline}")), &put).ok();
    // So that a duration is known.
    project.wait_for(&project.probe(json!([])), "Completed");
    project.settle();

    let submission = json!({
        "jobName": "Weekly Process Analysis",
        "jobDescription": "Automated weekly analysis",
        "jobType": "Analysis",
        "priority": "High",
        "resource": {"resourceType": "Pipeline", "resourceId": pipeline},
        "parameters": {"steps": [
            {"do": "report", "recordsProcessed": 8, "recordsTotal": 10, "errors": 1,
             "warnings": [{"type": "DataQuality", "message": "Some timestamps had to be inferred", "count": 125}],
             "validation": {"total": 10, "valid": 8, "duplicatesRemoved": 1, "invalid": 1}},
            {"do": "artifact", "name": "rows.csv", "text": "x", "recordCount": 7, "primary": true},
            {"do": "artifact", "name": "model.bin", "text": "x", "kind": "model", "accuracy": 0.89},
        ]},
        "scheduling": {"executeImmediately": true, "scheduledTime": null, "timeoutMinutes": 120},
        "notifications": {"onCompletion": true, "onFailure": true, "emailRecipients": ["analyst@example.com"]},
    });
    let answer = project.submit(&submission);
    insta::assert_json_snapshot!("submit", exchange(submission, &answer));
    let job = text(&answer.json(), "jobId");
    project.wait_for(&job, "Completed");
    let path = project.job_path(&job);
    insta::assert_json_snapshot!("status", exchange(json!({}), &project.client.get(&path)));

    let path = format!("{path}/results");
    let query = json!({"format": "detailed", "includeArtifacts": "true"});
    insta::assert_json_snapshot!("results", get(&project, &path, &query));
    let query = json!({"outputType": "data"});
    insta::assert_json_snapshot!("results-of-a-kind", get(&project, &path, &query));
    let query = json!({
        "status": "Completed", "jobType": "Analysis", "priority": "High", "submittedBy": "a%20administrator",
        "dateFrom": "2020-01-01T00:00:00Z", "dateTo": "2999-01-01T00:00:00Z", "page": "1", "pageSize": "10",
    });
    project.settle();
    insta::assert_json_snapshot!("list", get(&project, &project.path("execution/jobs"), &query));
}

#[test]
fn a_failure_is_told_in_full() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let job = project.probe(json!([{"do": "fail", "message": "the table has no rows"}]));
    project.wait_for(&job, "Failed");
    let status = project.client.get(&project.job_path(&job));
    insta::assert_json_snapshot!("status-of-a-failed-job", exchange(json!({}), &status));
}

#[test]
fn a_cancel_and_a_retry_are_told_in_full() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let job = project.probe(json!([
        {"do": "progress", "done": 0, "total": 1, "stage": "Held"},
        {"do": "waitForCancel"},
    ]));
    project.wait_for_stage(&job, "Held");
    let request =
        json!({"reason": "no longer needed", "forceTermination": true, "preservePartialResults": false});
    let answer = project.client.delete(&project.job_path(&job), Some(&request));
    insta::assert_json_snapshot!("cancel", exchange(request, &answer));
    project.wait_for(&job, "Cancelled");

    let request = json!({
        "retryReason": "without the wait",
        "modifyParameters": true,
        "updatedParameters": {"steps": [], "timeoutMinutes": 5, "retryFailedRecords": false, "increaseMemoryLimit": false},
        "priority": "High",
        "immediateExecution": true,
    });
    let answer = project.client.post(&format!("{}/retry", project.job_path(&job)), &request);
    insta::assert_json_snapshot!("retry", exchange(request, &answer));
}

#[test]
fn the_state_of_the_system_is_told_in_full() {
    let server = Server::start();
    let project = Project::new(&server);
    // Processor use is a mean over a second.
    let path = format!("/api/{}/execution/system/status", project.tenant);
    server.operator().get(&path).ok();
    std::thread::sleep(Duration::from_millis(1200));
    insta::assert_json_snapshot!("system-status", exchange(json!({}), &server.operator().get(&path)));
}

fn get(project: &Project, path: &str, query: &Value) -> Value {
    let pairs = query.as_object().into_iter().flatten();
    let pairs: Vec<_> = pairs.map(|(name, value)| format!("{name}={}", value.as_str().unwrap())).collect();
    exchange(query.clone(), &project.client.get(&format!("{path}?{}", pairs.join("&"))))
}

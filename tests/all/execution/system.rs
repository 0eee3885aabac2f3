//! `GET /api/{tenantId}/execution/system/status`

use fuelcell_tests::{Project, Server};
use serde_json::json;

#[test]
fn every_field_of_the_contract_is_there_and_figures_are_the_tenants_own() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let other = Project::new(&server);
    let job = project.probe(json!([]));
    project.wait_for(&job, "Completed");
    let status = |project: &Project| {
        project.client.get(&format!("/api/{}/execution/system/status", project.tenant)).ok()
    };
    let own = status(&project);
    assert_eq!(own["systemStatus"], "Healthy");
    assert!(own["timestamp"].is_string());
    let node = &own["executionNodes"][0];
    assert!(node["nodeId"].is_string() && node["jobCapacity"].is_u64(), "{node}");
    assert!(node["activeJobs"].is_null(), "how busy a node is, is for operators: {node}");
    for name in [
        "totalQueuedJobs",
        "highPriorityJobs",
        "criticalPriorityJobs",
        "normalPriorityJobs",
        "lowPriorityJobs",
    ] {
        assert_eq!(own["queueStatistics"][name], 0, "{name}");
    }
    assert!(own["queueStatistics"]["averageWaitTime"].is_string());
    assert_eq!(own["queueStatistics"]["estimatedProcessingTime"], "0 seconds");
    assert_eq!(own["performanceMetrics"]["jobsCompletedToday"], 1);
    assert_eq!(own["performanceMetrics"]["successRate"], 100.0);
    assert!(own["performanceMetrics"]["averageJobDuration"].is_string());
    assert!(own["performanceMetrics"]["throughputPerHour"].is_number());
    let resources = &own["resourceUtilization"];
    assert!(resources["totalCpuCapacity"].as_u64().unwrap() >= 100, "{resources}");
    for name in ["totalMemoryCapacity", "usedMemoryCapacity", "diskSpaceAvailable"] {
        assert!(resources[name].is_string(), "{name} in {resources}");
    }
    assert_eq!(status(&other)["performanceMetrics"]["jobsCompletedToday"], 0);
    assert!(status(&other)["performanceMetrics"]["successRate"].is_null(), "of no jobs there is no rate");
    let seen = server.operator().get(&format!("/api/{}/execution/system/status", project.tenant)).ok();
    assert!(seen["executionNodes"][0]["activeJobs"].is_u64(), "{seen:#}");
    assert_eq!(seen["executionNodes"][0]["droppedResults"], 0);
    assert_eq!(
        project.client.get(&format!("/api/{}/execution/system/status", other.tenant)).problem(404).0,
        "NotFound"
    );
}

#[test]
fn how_much_others_have_queued_moves_no_estimate() {
    let server = Server::start_with(&["--slots", "1"]);
    let (own, other) = (Project::new(&server).with_probe(), Project::new(&server).with_probe());
    let queue_job = |project: &Project| project.probe(json!([]));
    let estimate = || {
        let status = own.client.get(&format!("/api/{}/execution/system/status", own.tenant)).ok();
        status["queueStatistics"]["estimatedProcessingSeconds"].as_f64().unwrap()
    };
    let done = own.probe(json!([]));
    own.wait_for(&done, "Completed");
    let holder = own.probe(
        json!([{"do": "progress", "done": 1, "total": 2, "stage": "holding"}, {"do": "waitForCancel"}]),
    );
    own.wait_for_stage(&holder, "holding");
    queue_job(&own);
    let alone = estimate();
    assert!(alone > 0.0);
    for _ in 0..5 {
        queue_job(&other);
    }
    assert_eq!(estimate(), alone);
    let scheduled = json!({"scheduling": {"scheduledTime": "2999-01-01"}});
    own.probe_with(json!([]), scheduled);
    assert_eq!(estimate(), alone, "what may not start takes no time now");
    queue_job(&own);
    assert!(estimate() > alone);
    own.client.delete(&own.job_path(&holder), None).ok();
}

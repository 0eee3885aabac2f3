//! `GET execution/queue`

use fuelcell_tests::{Project, Server};
use serde_json::{Value, json};

fn names(queue: &Value) -> Vec<&str> {
    queue["jobs"].as_array().unwrap().iter().map(|job| job["jobName"].as_str().unwrap()).collect()
}

#[test]
fn queued_jobs_come_in_order_with_place_reason_and_time() {
    let server = Server::start();
    let (project, other) = (Project::new(&server).with_probe(), Project::new(&server).with_probe());
    let later = |name: &str, priority: &str| {
        json!({
            "jobName": name, "priority": priority, "scheduling": {"scheduledTime": "2999-01-01"},
        })
    };
    project.probe_with(json!([]), later("low", "Low"));
    project.probe_with(json!([]), later("normal", "Normal"));
    other.probe_with(json!([]), later("foreign", "High"));
    let critical = project.probe_with(json!([]), later("critical", "Critical"));
    let done = project.probe(json!([]));
    project.wait_for(&done, "Completed");
    let queue = |query: &str| project.client.get(&project.path(&format!("execution/queue{query}"))).ok();
    let all = queue("");
    assert_eq!(names(&all), ["critical", "normal", "low"]);
    assert_eq!(
        (&all["totalQueuedJobs"], &all["page"], &all["hasNextPage"]),
        (&json!(3), &json!(1), &json!(false))
    );
    let places: Vec<_> = all["jobs"].as_array().unwrap().iter().map(|job| &job["queuePosition"]).collect();
    assert_eq!(places, [1, 3, 4], "jobs of others count, but are not shown");
    let first = &all["jobs"][0];
    assert_eq!((&first["jobId"], &first["priority"]), (&json!(critical), &json!("Critical")));
    assert_eq!(first["waitReason"]["code"], "Scheduled");
    assert_eq!(first["scheduledTime"], "2999-01-01T00:00:00Z");
    assert_eq!(first["estimatedStartTime"], "2999-01-01T00:00:00Z");
    assert!(first["estimatedDuration"].is_string(), "this module has run before: {first}");
    assert_eq!((&first["resourceName"], &first["submittedBy"]), (&json!("probe"), &json!("a administrator")));
    let page = queue("?page=2&pageSize=1");
    assert_eq!((names(&page), &page["hasNextPage"]), (vec!["normal"], &json!(true)));
    let wrong = project.client.get(&project.path("execution/queue?pageSize=101")).problem(400);
    assert!(wrong.1.contains("from 1 to 100"), "{}", wrong.1);
}

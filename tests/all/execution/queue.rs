//! `GET execution/queue`

use fuelcell_tests::{Project, Server};
use serde_json::{Value, json};

fn names(queue: &Value) -> Vec<&str> {
    queue["jobs"].as_array().unwrap().iter().map(|job| job["jobName"].as_str().unwrap()).collect()
}

#[test]
fn queued_jobs_come_in_order_with_place_reason_and_time() {
    let server = Server::start_with(&["--slots", "1"]);
    let (project, other) = (Project::new(&server).with_probe(), Project::new(&server).with_probe());
    let done = project.probe(json!([]));
    project.wait_for(&done, "Completed");
    let holder = project.probe(
        json!([{"do": "progress", "done": 1, "total": 2, "stage": "holding"}, {"do": "waitForCancel"}]),
    );
    project.wait_for_stage(&holder, "holding");
    let with = |name: &str, priority: &str| json!({"jobName": name, "priority": priority});
    project.probe_with(json!([]), with("low", "Low"));
    project.probe_with(json!([]), with("normal", "Normal"));
    other.probe_with(json!([]), with("foreign", "High"));
    let critical = project.probe_with(json!([]), with("critical", "Critical"));
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
    assert_eq!(first["waitReason"]["code"], "NoFreeSlot");
    assert_eq!(first["scheduledTime"], Value::Null);
    assert!(first["estimatedDuration"].is_string(), "this module has run before: {first}");
    assert_eq!((&first["resourceName"], &first["submittedBy"]), (&json!("probe"), &json!("a administrator")));
    let page = queue("?page=2&pageSize=1");
    assert_eq!((names(&page), &page["hasNextPage"]), (vec!["normal"], &json!(true)));
    let wrong = project.client.get(&project.path("execution/queue?pageSize=101")).problem(400);
    assert!(wrong.1.contains("from 1 to 100"), "{}", wrong.1);
    project.client.delete(&project.job_path(&holder), None).ok();
}

#[test]
fn jobs_whose_time_has_not_come_stand_apart_by_their_time() {
    let server = Server::start_with(&["--slots", "1"]);
    let project = Project::new(&server).with_probe();
    let holder = project.probe(
        json!([{"do": "progress", "done": 1, "total": 2, "stage": "holding"}, {"do": "waitForCancel"}]),
    );
    project.wait_for_stage(&holder, "holding");
    let submit = |name: &str, priority: &str, time: Option<&str>| {
        let body = json!({
            "jobName": name, "jobType": "Analysis", "module": {"name": "probe"}, "parameters": {"steps": []},
            "priority": priority, "scheduling": {"scheduledTime": time},
        });
        project.submit(&body).ok()
    };
    let first = submit("low", "Low", None);
    let latest = submit("9999", "High", Some("9999-12-31T23:59:59Z"));
    let critical = submit("2031", "Critical", Some("2031-01-01T00:00:00Z"));
    submit("2029", "Low", Some("2029-01-01T00:00:00Z"));
    let second = submit("lower", "Low", None);
    let places = [&first, &second, &critical, &latest].map(|answer| &answer["queuePosition"]);
    assert_eq!(places, [&json!(1), &json!(2), &Value::Null, &Value::Null]);
    let queue = |query: &str| project.client.get(&project.path(&format!("execution/queue{query}"))).ok();
    let all = queue("");
    assert_eq!(names(&all), ["low", "lower", "2029", "2031", "9999"]);
    assert_eq!((&all["totalQueuedJobs"], &all["totalScheduledJobs"]), (&json!(2), &json!(3)));
    let places: Vec<_> = all["jobs"].as_array().unwrap().iter().map(|job| &job["queuePosition"]).collect();
    assert_eq!(places, [&json!(1), &json!(2), &Value::Null, &Value::Null, &Value::Null]);
    let of_2031 = &all["jobs"][3];
    assert_eq!(of_2031["waitReason"]["code"], "Scheduled");
    assert_eq!(of_2031["scheduledTime"], "2031-01-01T00:00:00Z");
    assert_eq!(of_2031["estimatedStartTime"], "2031-01-01T00:00:00Z");
    let page = queue("?page=2&pageSize=2");
    assert_eq!((names(&page), &page["hasNextPage"]), (vec!["2029", "2031"], &json!(true)));
    let status = project.status(critical["jobId"].as_str().unwrap());
    assert_eq!((&status["status"], &status["queuePosition"]), (&json!("Queued"), &Value::Null));
    let system = project.client.get(&format!("/api/{}/execution/system/status", project.tenant)).ok();
    let statistics = &system["queueStatistics"];
    let counted = ["totalQueuedJobs", "scheduledJobs", "highPriorityJobs", "lowPriorityJobs"];
    assert_eq!(counted.map(|name| &statistics[name]), [&json!(2), &json!(3), &json!(0), &json!(2)]);
    let batch = json!({"jobs": [
        {"jobName": "now", "jobType": "Analysis", "module": {"name": "probe"}, "parameters": {"steps": []}},
        {"jobName": "then", "jobType": "Analysis", "module": {"name": "probe"}, "parameters": {"steps": []},
         "priority": "Critical", "scheduling": {"scheduledTime": "2031-01-01T00:00:00Z"}},
    ]});
    let answers = project.client.post(&project.path("execution/jobs"), &batch).ok()["jobs"].clone();
    let places = [0, 1].map(|place: usize| &answers[place]["queuePosition"]);
    assert_eq!(places, [&json!(1), &Value::Null], "{answers}");
    project.client.delete(&project.job_path(&holder), None).ok();
}

//! `GET execution/jobs`

use fuelcell_tests::{Project, Server};
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn names(listed: &Value) -> Vec<&str> {
    listed["jobs"].as_array().unwrap().iter().map(|job| job["jobName"].as_str().unwrap()).collect()
}

/// Five ended jobs: four that completed, one that failed; two of them of high priority.
fn project_with_jobs(server: &Server) -> Project {
    let project = Project::new(server).with_probe();
    for (name, priority, steps, end) in [
        ("first", "Normal", json!([]), "Completed"),
        ("second", "High", json!([]), "Completed"),
        ("third", "Normal", json!([{"do": "fail", "code": "x", "message": "y"}]), "Failed"),
        ("fourth", "High", json!([]), "Completed"),
        ("fifth", "Low", json!([]), "Completed"),
    ] {
        let job = project.probe_with(steps, json!({"jobName": name, "priority": priority}));
        project.wait_for(&job, end);
    }
    project
}

#[test]
fn jobs_are_listed_newest_first_with_filters_pages_and_a_summary() {
    let server = Server::start();
    let project = project_with_jobs(&server);
    let list = |query: &str| project.client.get(&project.path(&format!("execution/jobs{query}"))).ok();
    let all = list("");
    assert_eq!(names(&all), ["fifth", "fourth", "third", "second", "first"]);
    assert_eq!((&all["page"], &all["pageSize"], &all["hasNextPage"]), (&json!(1), &json!(20), &json!(false)));
    let summary = json!({
        "totalJobs": 5, "runningJobs": 0, "queuedJobs": 0, "completedJobs": 4, "failedJobs": 1, "cancelledJobs": 0,
    });
    assert_eq!(all["summary"], summary);
    assert_eq!(names(&list("?status=Failed")), ["third"]);
    assert_eq!(list("?status=Failed")["summary"], summary, "the summary ignores the status filter");
    assert_eq!(names(&list("?priority=High")), ["fourth", "second"]);
    assert_eq!(names(&list("?jobType=Notebook")), [""; 0]);
    assert_eq!(names(&list("?submittedBy=nobody")), [""; 0]);
    let page = list("?page=2&pageSize=2");
    assert_eq!((names(&page), &page["hasNextPage"]), (vec!["third", "second"], &json!(true)));
    assert_eq!(
        names(&list("?dateFrom=2020-01-01T00:00:00&dateTo=2020-01-02")),
        [""; 0],
        "a date without zone is UTC"
    );
    assert_eq!(names(&list("?dateFrom=2020-01-01")).len(), 5);
}

/// Answers show whole seconds: an end that was taken from one holds what happened within it.
#[test]
fn an_end_in_time_holds_what_is_shown_as_it() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let jobs: Vec<_> =
        (0..5).map(|n| project.probe(json!([{"do": "log", "message": format!("line {n}")}]))).collect();
    for job in &jobs {
        project.wait_for(job, "Completed");
        let status = project.client.get(&project.job_path(job)).ok();
        let created = status["dateCreated"].as_str().unwrap();
        for query in [format!("dateTo={created}"), format!("dateFrom={created}&dateTo={created}")] {
            let found = project.client.get(&project.path(&format!("execution/jobs?{query}"))).ok();
            let ids: Vec<_> =
                found["jobs"].as_array().unwrap().iter().map(|one| one["jobId"].clone()).collect();
            assert!(ids.contains(&json!(job)), "{query}: {ids:?}");
        }
        let logs = |query: &str| project.client.get(&format!("{}/logs{query}", project.job_path(job))).ok();
        let lines = logs("")["logs"].as_array().unwrap().clone();
        let last = lines.last().unwrap();
        let until = logs(&format!("?toTime={}", last["timestamp"].as_str().unwrap()));
        assert_eq!(until["logs"].as_array().unwrap().last(), Some(last));
    }
}

/// What happened within one of those seconds has an order, too.
#[test]
fn times_are_told_to_the_microsecond_beside_the_protocols_whole_seconds() {
    let server = Server::start_with(&["--slots", "1"]);
    let project = Project::new(&server).with_probe();
    let jobs: Vec<_> = (0..20).map(|_| project.probe(json!([]))).collect();
    for job in &jobs {
        project.wait_for(job, "Completed");
    }
    let later = project.probe_with(json!([]), json!({"scheduling": {"scheduledTime": "2090-01-01"}}));
    assert_eq!(project.status(&later)["preciseTimes"]["started"], Value::Null);
    let listed = project.client.get(&project.path("execution/jobs?status=Completed&pageSize=100")).ok();
    let listed = listed["jobs"].as_array().unwrap();
    let time = |job: &Value, name: &str| job["preciseTimes"][name].as_str().unwrap().to_owned();
    for job in listed {
        let status = project.status(job["jobId"].as_str().unwrap());
        assert_eq!(status["preciseTimes"], job["preciseTimes"]);
        let [created, started, ended] = ["created", "started", "ended"].map(|name| time(job, name));
        assert!(created < started && started < ended, "{job:#}");
        let digits = started.split_once('.').unwrap().1;
        assert_eq!(digits.len(), "123456Z".len(), "{started}");
        // The protocol's words are the same moments.
        for (precise, whole) in [(&created, "dateCreated"), (&started, "startTime"), (&ended, "endTime")] {
            assert_eq!(format!("{}Z", precise.split_once('.').unwrap().0), job[whole].as_str().unwrap());
        }
    }
    // Each job is made and ends at a moment of its own; what is taken from the queue in one step starts at one.
    let times = |name: &str| listed.iter().map(|job| time(job, name)).collect::<BTreeSet<_>>();
    assert_eq!((times("created").len(), times("ended").len()), (jobs.len(), jobs.len()));
    let mut in_order: Vec<_> = listed.iter().map(|job| (time(job, "ended"), time(job, "started"))).collect();
    in_order.sort();
    assert!(in_order.is_sorted_by_key(|(_, started)| started), "one slot: {in_order:?}");
    assert!(listed.iter().rev().is_sorted_by_key(|job| time(job, "created")));
}

#[test]
fn a_listed_job_has_the_fields_of_the_contract() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let job = project.probe(json!([]));
    project.wait_for(&job, "Completed");
    let listed = project.client.get(&project.path("execution/jobs")).ok()["jobs"][0].clone();
    for (name, value) in [
        ("jobId", json!(job)),
        ("jobType", json!("Analysis")),
        ("jobName", json!("a probe")),
        ("status", json!("Completed")),
        ("priority", json!("Normal")),
        ("progress", json!(100)),
        ("duration", json!("0 seconds")),
        ("submittedBy", json!("a administrator")),
        ("resourceName", json!("probe")),
    ] {
        assert_eq!(listed[name], value, "{name}");
    }
    assert!(listed["startTime"].is_string() && listed["endTime"].is_string());
    assert_eq!(listed["estimatedCompletion"], listed["endTime"], "what has ended needs no estimate");
}

#[test]
fn wrong_queries_are_400_and_name_what_is_allowed() {
    let server = Server::start();
    let project = Project::new(&server);
    for (query, mentioned) in [
        ("status=Sleeping", "Queued, Running"),
        ("jobType=x", "ProcessMining"),
        ("priority=x", "Critical"),
        ("pageSize=101", "from 1 to 100"),
        ("pageSize=0", "from 1 to 100"),
        ("page=-1", "page"),
        ("page=18446744073709551616", "page"),
        ("dateFrom=yesterday", "dateFrom"),
        ("dateFrom=2024-02-01&dateTo=2024-01-01", "later"),
        ("status=Failed&status=Queued", "twice"),
    ] {
        let (_, detail) = project.client.get(&project.path(&format!("execution/jobs?{query}"))).problem(400);
        assert!(detail.contains(mentioned), "{query}: {detail}");
    }
}

//! Schedules of pipelines.

use fuelcell_tests::{Project, Server, eventually};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;
use uuid::Uuid;

const PATIENCE: Duration = Duration::from_secs(120);

/// Puts a pipeline of the probe with this schedule.
fn put(project: &Project, id: &str, schedule: Value) -> fuelcell_tests::Answer {
    let body = json!({
        "name": "Nightly", "jobType": "Analysis", "module": {"name": "probe"}, "parameters": {"steps": []},
        "schedule": schedule,
    });
    project.client.put(&project.path(&format!("pipelines/{id}")), &body)
}

fn schedule(project: &Project, id: &str) -> Value {
    project.client.get(&project.path(&format!("pipelines/{id}"))).ok()["schedule"].clone()
}

/// The moments of all scheduled jobs so far, newest first.
fn moments(project: &Project) -> Vec<String> {
    let jobs = project.client.get(&project.path("execution/jobs?pageSize=100")).ok();
    let moment = |job: &Value| job["labels"]["scheduledFor"].as_str().unwrap().to_owned();
    jobs["jobs"].as_array().unwrap().iter().map(moment).collect()
}

#[test]
fn a_schedule_is_shown_with_what_it_will_do() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let id = Uuid::new_v4().to_string();
    let answer = put(&project, &id, json!({"cron": "0 6 1 1 *", "timeZone": "Europe/Berlin"})).ok();
    let shown = &answer["schedule"];
    assert_eq!(
        (&shown["overlap"], &shown["catchUpSeconds"], &shown["enabled"], &shown["priority"], &shown["setBy"]),
        (&json!("Skip"), &json!(3600), &json!(true), &json!("Normal"), &json!("a administrator"))
    );
    let runs: Vec<&str> =
        shown["nextRuns"].as_array().unwrap().iter().map(|run| run.as_str().unwrap()).collect();
    assert_eq!(runs.len(), 5);
    assert!(
        runs.iter().all(|run| run.ends_with("-01-01T05:00:00Z")),
        "Berlin is an hour ahead in winter: {runs:?}"
    );
    assert_eq!((&shown["lastRun"], &shown["lastSkipped"]), (&Value::Null, &Value::Null));
    assert_eq!(&schedule(&project, &id), shown);
    // A pipeline put without a schedule has none any more.
    project
        .client
        .put(&project.path(&format!("pipelines/{id}")), &json!({"name": "p", "jobType": "Analysis"}))
        .ok();
    assert_eq!(schedule(&project, &id), Value::Null);
}

#[test]
fn a_schedule_that_cannot_be_followed_is_refused() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let id = Uuid::new_v4().to_string();
    for (wrong, said) in [
        (json!({"cron": "61 * * * *"}), "schedule.cron"),
        (json!({"cron": "0 0 30 2 *"}), "never due"),
        (json!({"cron": "0 6 * * *", "timeZone": "Mars/Olympus"}), "schedule.timeZone"),
        (json!({"cron": "0 6 * * *", "overlap": "Sometimes"}), "Replace"),
        (json!({"cron": "0 6 * * *", "catchUpSeconds": -1}), "catchUpSeconds"),
        (json!({"cron": "0 6 * * *", "timezone": "UTC"}), "timezone"),
        (json!({"cron": "0 6 * * *", "parameters": {"steps": 5}}), "steps"),
        (json!({"timeZone": "UTC"}), "cron"),
    ] {
        let answer = put(&project, &id, wrong.clone());
        assert!((400..500).contains(&answer.status), "{wrong}: {}", answer.text());
        assert!(answer.text().contains(said), "{wrong}: {}", answer.text());
    }
    project.client.get(&project.path(&format!("pipelines/{id}"))).problem(404);
}

#[test]
fn scheduled_jobs_run_and_none_twice_whenever_the_server_is_killed() {
    let mut server = Server::start();
    let mut project = Project::new(&server).with_probe();
    let id = Uuid::new_v4().to_string();
    put(&project, &id, json!({"cron": "* * * * * *", "overlap": "Allow", "priority": "High"})).ok();
    let mut seen = 0;
    for _ in 0..4 {
        eventually("two more runs", PATIENCE, || (moments(&project).len() >= seen + 2).then_some(()));
        server.kill();
        server.restart();
        project = project.after_restart(&server);
        seen = moments(&project).len();
    }
    put(&project, &id, json!({"cron": "* * * * * *", "enabled": false})).ok();
    let last = &schedule(&project, &id)["lastRun"];
    let status = project.wait_for(last["jobId"].as_str().unwrap(), "Completed");
    assert_eq!((&status["submittedBy"], &status["priority"]), (&json!("a administrator"), &json!("High")));
    assert_eq!(status["labels"]["scheduledFor"], last["dueAt"]);
    let moments = moments(&project);
    let distinct: BTreeSet<&String> = moments.iter().collect();
    assert_eq!(distinct.len(), moments.len(), "no moment has two jobs: {moments:?}");
    assert!(moments.is_sorted_by(|later, earlier| later > earlier), "{moments:?}");
}

#[test]
fn a_run_is_skipped_while_the_one_before_has_not_ended_and_after_its_token_is_revoked() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let id = Uuid::new_v4().to_string();
    let held = json!({
        "cron": "* * * * * *",
        "parameters": {"steps": [{"do": "progress", "done": 1, "total": 2, "stage": "held"}, {"do": "sleep", "milliseconds": 100_000}]},
    });
    put(&project, &id, held).ok();
    let skipped = |code: &str| {
        eventually(&format!("a run is skipped: {code}"), PATIENCE, || {
            let shown = schedule(&project, &id);
            (shown["lastSkipped"]["code"] == code).then_some(shown)
        })
    };
    let shown = skipped("PreviousRunUnfinished");
    let job = shown["lastRun"]["jobId"].as_str().unwrap();
    assert!(shown["lastSkipped"]["reason"].as_str().unwrap().contains(job), "{shown:#}");
    assert_eq!(moments(&project).len(), 1);
    project.client.delete(&project.job_path(job), Some(&json!({"forceTermination": true}))).ok();
    project.wait_for(job, "Cancelled");
    // Whoever reads on does so with another token.
    let operator = server.operator();
    let own = operator.get("/api/admin/tokens").ok();
    let own =
        own["tokens"].as_array().unwrap().iter().find(|token| token["projectId"] == project.project).unwrap();
    let other =
        fuelcell_tests::project::token(&operator, "administrator", &project.tenant, Some(&project.project));
    operator.delete(&format!("/api/admin/tokens/{}", own["tokenId"].as_str().unwrap()), None);
    let project = Project { client: server.client(Some(&other)), ..project };
    eventually("a run is skipped: NotAllowed", PATIENCE, || {
        (schedule(&project, &id)["lastSkipped"]["code"] == "NotAllowed").then_some(())
    });
}

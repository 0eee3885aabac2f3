//! `execution/bulk…`: what is done with many jobs, as a record of the server.

use fuelcell_tests::limits::limit;
use fuelcell_tests::project::{text, token};
use fuelcell_tests::{Answer, Project, Server, eventually};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;
use uuid::Uuid;

const PATIENCE: Duration = Duration::from_secs(60);

/// Jobs that wait for a time far ahead.
fn waiting(project: &Project, count: usize) -> Vec<String> {
    let job = json!({
        "jobName": "waits", "jobType": "Analysis", "module": {"name": "probe"}, "parameters": {"steps": []},
        "scheduling": {"executeImmediately": false, "scheduledTime": "2999-01-01T00:00:00Z"},
    });
    let body = json!({"jobs": vec![job; count]});
    let told = project.client.post(&project.path("execution/jobs"), &body).ok();
    told["jobs"].as_array().unwrap().iter().map(|job| text(job, "jobId")).collect()
}

fn preview(project: &Project, action: &str, query: &str) -> Answer {
    project.client.post(&project.path(&format!("execution/bulk/preview{query}")), &json!({"action": action}))
}

fn begin(project: &Project, set: &Value) -> Value {
    let answer = project.client.post(&project.path("execution/bulk"), &json!({"set": set}));
    assert_eq!(answer.status, 202, "{}", answer.text());
    answer.json()
}

/// Begins what the preview of a filter is of, and returns its id.
fn begun(project: &Project, action: &str, query: &str) -> String {
    text(&begin(project, &preview(project, action, query).ok()["set"]), "bulkId")
}

fn run(project: &Project, id: &str) -> Value {
    project.client.get(&project.path(&format!("execution/bulk/{id}"))).ok()
}

fn ended(project: &Project, id: &str) -> Value {
    eventually("a bulk action ends", PATIENCE, || {
        let run = run(project, id);
        (run["status"] != "Running").then_some(run)
    })
}

/// Waits until something was done, and not all.
fn in_the_middle(project: &Project, id: &str) -> Value {
    eventually("something was done", PATIENCE, || {
        let run = run(project, id);
        (run["done"].as_u64() > Some(0)).then_some(run)
    })
}

/// All outcomes, page by page.
fn outcomes(project: &Project, id: &str, query: &str) -> Vec<Value> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = project.path(&format!("execution/bulk/{id}/jobs?limit=7{query}{cursor}"));
        let page = project.client.get(&path).ok();
        all.extend(page["jobs"].as_array().unwrap().iter().cloned());
        match page["nextCursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return all,
        }
    }
}

fn summary(project: &Project) -> Value {
    project.client.get(&project.path("execution/jobs?pageSize=1")).ok()["summary"].clone()
}

#[test]
fn what_a_preview_was_of_is_done_and_nothing_else() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let jobs = waiting(&project, 9);
    let ended_job = project.probe(json!([]));
    project.wait_for(&ended_job, "Completed");

    let seen = preview(&project, "cancel", "?jobType=Analysis").ok();
    assert_eq!((&seen["jobs"], &seen["willChange"]), (&json!(10), &json!(9)), "{seen:#}");
    assert_eq!((&seen["summary"]["queuedJobs"], &seen["summary"]["completedJobs"]), (&json!(9), &json!(1)));
    assert_eq!((&seen["skips"][0]["code"], &seen["skips"][0]["jobs"]), (&json!("JobEnded"), &json!(1)));
    assert!(seen["oldestJob"].as_str() <= seen["newestJob"].as_str(), "{seen:#}");
    assert_eq!(summary(&project)["queuedJobs"], 9, "nothing was done");

    // What comes later is not among them, and what changes meanwhile is left as it is.
    let later = waiting(&project, 1);
    project.client.delete(&project.job_path(&jobs[0]), None).ok();
    let begun = begin(&project, &seen["set"]);
    let id = text(&begun, "bulkId");
    assert_eq!((&begun["action"], &begun["jobs"]), (&json!("cancel"), &json!(10)));
    let run = ended(&project, &id);
    assert_eq!(
        (&run["status"], &run["done"], &run["skipped"]),
        (&json!("Done"), &json!(8), &json!(2)),
        "{run:#}"
    );
    assert_eq!((&run["left"], &run["stop"]), (&json!(0), &json!(null)));
    assert!(run["keptUntil"].as_str() > run["endTime"].as_str());
    assert_eq!(project.status(&later[0])["status"], "Queued");
    assert_eq!(begin(&project, &seen["set"]), run, "the same again begins nothing");

    let all = outcomes(&project, &id, "");
    let of = |job: &str| all.iter().find(|one| one["jobId"] == job).unwrap();
    assert_eq!(all.len(), 10);
    assert_eq!(of(&jobs[1])["outcome"], "Done");
    for job in [&jobs[0], &ended_job] {
        assert_eq!((&of(job)["outcome"], &of(job)["error"]["code"]), (&json!("Skipped"), &json!("JobEnded")));
    }
    assert_eq!(outcomes(&project, &id, "&outcome=Skipped").len(), 2);
    assert_eq!(outcomes(&project, &id, "&outcome=Open"), Vec::<Value>::new());
    let listed = project.client.get(&project.path("execution/bulk")).ok();
    assert_eq!(listed["bulkActions"], json!([run]));
    stands_in_the_audit_log(&server, &project, &id, &jobs[1]);
}

fn stands_in_the_audit_log(server: &Server, project: &Project, id: &str, job: &str) {
    let audit =
        server.operator().get(&format!("/api/admin/audit?tenantId={}&limit=1000", project.tenant)).ok();
    let targets = |target: &str| {
        let action = "POST /api/{tenant_id}/{project_id}/execution/bulk";
        let entries = audit["entries"].as_array().unwrap().iter();
        entries.filter(|entry| entry["action"] == action && entry["target"] == target).count()
    };
    let address = project.path(&format!("execution/bulk/{id}"));
    assert_eq!(targets(&format!("{address}?action=cancel&jobs=10")), 1, "its beginning: {audit:#}");
    let end = format!("{address}?status=Done&done=8&skipped=2&failed=0");
    // Its end, and the call that was sent again then.
    assert_eq!(targets(&end), 2, "{audit:#}");
    assert_eq!(targets(&project.job_path(job)), 1, "{audit:#}");
}

#[test]
fn it_goes_on_after_a_kill_with_each_job_once() {
    let mut server = Server::start();
    let project = Project::new(&server).with_probe();
    waiting(&project, 160);
    let cancelled = ended(&project, &begun(&project, "cancel", "?status=Queued"));
    assert_eq!((&cancelled["done"], &cancelled["failed"]), (&json!(160), &json!(0)), "{cancelled:#}");
    let id = begun(&project, "retry", "?status=Cancelled");
    let middle = in_the_middle(&project, &id);
    server.kill();
    assert_eq!(middle["status"], "Running", "{middle:#}");
    server.restart();
    let project = project.after_restart(&server);
    let run = ended(&project, &id);
    assert_eq!(
        (&run["status"], &run["done"], &run["left"]),
        (&json!("Done"), &json!(160), &json!(0)),
        "{run:#}"
    );
    let all = outcomes(&project, &id, "");
    let new: BTreeSet<_> = all.iter().map(|job| text(job, "newJobId")).collect();
    assert_eq!((all.len(), new.len()), (160, 160));
    assert_eq!(summary(&project)["totalJobs"], 320, "no job was retried twice");
}

#[test]
fn it_is_stopped_and_what_was_done_stays_done() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    waiting(&project, 200);
    let id = begun(&project, "cancel", "?status=Queued");
    in_the_middle(&project, &id);
    let stop = || project.client.post(&project.path(&format!("execution/bulk/{id}/stop")), &json!({})).ok();
    let stopped = stop();
    assert_eq!((&stopped["status"], &stopped["stop"]["code"]), (&json!("Stopped"), &json!("Stopped")));
    // A step that was under way is told of, too.
    let waits = eventually("all that was done is told", PATIENCE, || {
        let run = stop();
        let waits = summary(&project)["queuedJobs"].clone();
        (run["left"] == waits).then_some(waits)
    });
    assert!(waits.as_u64() > Some(0), "{waits}");
    assert_eq!(outcomes(&project, &id, "&outcome=Open").len() as u64, waits.as_u64().unwrap());
}

#[test]
fn others_see_nothing_of_it_and_whoever_may_not_does_nothing() {
    let server = Server::start();
    let (project, stranger) = (Project::new(&server).with_probe(), Project::new(&server));
    waiting(&project, 1);
    let set = preview(&project, "cancel", "?status=Queued").ok()["set"].clone();
    let with = |role: &str| {
        let token = token(&server.operator(), role, &project.tenant, Some(&project.project));
        server.client(Some(&token))
    };
    let (viewer, submitter) = (with("viewer"), with("submitter"));
    let path = |rest: &str| project.path(&format!("execution/bulk{rest}"));
    let cancel = json!({"action": "cancel"});
    for answer in [
        viewer.post(&path("/preview?status=Queued"), &cancel),
        viewer.post(&path(""), &json!({"set": set})),
        submitter.post(&path("/preview?status=Queued"), &json!({"action": "delete"})),
    ] {
        assert_eq!(answer.problem(403).0, "Forbidden");
    }
    // A set of somebody else's preview gives nobody their rights.
    let deletes = preview(&project, "delete", "?status=Queued").ok()["set"].clone();
    assert_eq!(submitter.post(&path(""), &json!({"set": deletes})).problem(403).0, "Forbidden");
    assert_eq!(summary(&project)["queuedJobs"], 1);
    let id = text(&begin(&project, &set), "bulkId");
    ended(&project, &id);
    assert_eq!(viewer.get(&path("")).ok()["bulkActions"].as_array().unwrap().len(), 1);
    assert_eq!(viewer.post(&path(&format!("/{id}/stop")), &json!({})).problem(403).0, "Forbidden");

    assert_eq!(stranger.client.get(&path(&format!("/{id}"))).problem(404).0, "NotFound");
    let own = |rest: &str| stranger.path(&format!("execution/bulk{rest}"));
    assert_eq!(stranger.client.get(&own("")).ok()["bulkActions"], json!([]));
    for rest in [format!("/{id}"), format!("/{id}/jobs")] {
        assert_eq!(stranger.client.get(&own(&rest)).problem(404).0, "NotFound");
    }
    assert_eq!(stranger.client.post(&own(""), &json!({"set": set})).problem(400).0, "InvalidSet");
}

#[test]
fn a_bulk_action_is_refused_without_a_filter_and_has_as_many_jobs_as_the_document_says() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let job = project.probe(json!([]));
    for query in ["", "?text=", "?label="] {
        assert_eq!(preview(&project, "cancel", query).problem(400).0, "EmptyFilter", "{query}");
    }
    for query in ["?state=Queued", "?status=queueing", "?pipelineId=7", "?status=Queued&notStatus=Failed"] {
        assert_eq!(preview(&project, "cancel", query).problem(400).0, "InvalidQuery", "{query}");
    }
    let named = |query: &str, jobs: Vec<String>| {
        let body = json!({"action": "retry", "jobIds": jobs});
        project.client.post(&project.path(&format!("execution/bulk/preview{query}")), &body)
    };
    assert_eq!(named("?status=Queued", vec![job.clone()]).problem(400).0, "InvalidJobIds");
    assert_eq!(named("", vec![job.clone(); 2]).problem(400).0, "InvalidJobIds");
    let none = preview(&project, "cancel", "?label=nobody").ok();
    assert_eq!((&none["jobs"], &none["set"], &none["oldestJob"]), (&json!(0), &json!(null), &json!(null)));

    let most = limit("jobs of a bulk action");
    let others = |count: usize| (1..count).map(|_| Uuid::new_v4().to_string());
    let seen = named("", others(most.most).chain([job.clone()]).collect()).ok();
    assert_eq!((&seen["jobs"], &seen["absent"]), (&json!(1), &json!(most.most - 1)));
    let beyond = named("", others(most.most + 1).chain([job]).collect());
    assert!(most.is_refused_by(&beyond), "{}", beyond.text());

    let set = seen["set"].as_str().unwrap();
    let begin = |body: Value| project.client.post(&project.path("execution/bulk"), &body);
    for wrong in ["", "nonsense", &format!("{set}A")] {
        assert_eq!(begin(json!({"set": wrong})).problem(400).0, "InvalidSet", "{wrong}");
    }
    let reason = "x".repeat(1025);
    assert_eq!(begin(json!({"set": set, "reason": reason})).problem(400).0, "InvalidReason");
}

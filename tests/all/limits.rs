//! The limits of `docs/limits.md` that requests meet: each as many as are taken, and one more.

use fuelcell_tests::{Project, Server, built};
use serde_json::{Value, json};
use std::collections::HashMap;

/// The numbers of the document, by what they limit.
fn stated() -> HashMap<String, usize> {
    let text = std::fs::read_to_string(built::source("docs/limits.md")).unwrap();
    let rows = text.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| ---"));
    rows.skip(1)
        .map(|row| {
            let cells: Vec<_> = row.split('|').map(str::trim).collect();
            let number = cells[2].split(' ').next().unwrap().replace(',', "");
            (cells[1].to_owned(), number.parse().unwrap())
        })
        .collect()
}

fn job(more: Value) -> Value {
    let mut body = json!({
        "jobName": "j", "jobType": "Analysis", "module": {"name": "probe"}, "parameters": {"steps": []},
        "scheduling": {"scheduledTime": "2090-01-01T00:00:00Z"},
    });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

#[test]
fn as_many_as_the_document_says_are_taken_and_one_more_is_refused() {
    let limits = stated();
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let client = &project.client;
    let text = |length: usize| "x".repeat(length);
    let submit = |more: Value| project.submit(&job(more)).status;
    let operator = server.operator();
    let get = |path: String| operator.get(&path).status;
    let address = |length: usize| format!("{}@{}", "a".repeat(60), "b".repeat(length - 61));
    let labels =
        |count: usize| (0..count).map(|n| (n.to_string(), json!(""))).collect::<serde_json::Map<_, _>>();
    type Try<'t> = Box<dyn Fn(usize) -> u16 + 't>;
    let tries: Vec<(&str, u16, Try<'_>)> = vec![
        (
            "names of tenants, projects, pipelines, jobs and subjects",
            400,
            Box::new(|n| submit(json!({"jobName": text(n)}))),
        ),
        ("`jobDescription`", 400, Box::new(|n| submit(json!({"jobDescription": text(n)})))),
        ("`labels` of a job", 400, Box::new(|n| submit(json!({"labels": labels(n)})))),
        ("a label's key, or its value", 400, Box::new(|n| submit(json!({"labels": {text(n): text(n)}})))),
        (
            "`emailRecipients`",
            400,
            Box::new(|n| submit(json!({"notifications": {"emailRecipients": vec!["a@b.example"; n]}}))),
        ),
        (
            "an address of `emailRecipients`",
            400,
            Box::new(|n| submit(json!({"notifications": {"emailRecipients": [address(n)]}}))),
        ),
        (
            "`Idempotency-Key`",
            400,
            Box::new(|n| {
                let body = job(json!({})).to_string();
                let key = text(n);
                let headers = [("idempotency-key", &key[..])];
                client.send("POST", &project.path("execution/job"), &headers, body.as_bytes()).status
            }),
        ),
        (
            "`timeoutMinutes`",
            400,
            Box::new(|n| submit(json!({"scheduling": {"timeoutMinutes": n, "scheduledTime": "2090-01-01"}}))),
        ),
        (
            "`retryReason`",
            400,
            Box::new(|n| {
                let job = project.submit(&job(json!({}))).ok()["jobId"].as_str().unwrap().to_owned();
                client.delete(&project.job_path(&job), None).ok();
                client
                    .post(&format!("{}/retry", project.job_path(&job)), &json!({"retryReason": text(n)}))
                    .status
            }),
        ),
        (
            "`reason` of a cancel",
            400,
            Box::new(|n| {
                let job = project.submit(&job(json!({}))).ok()["jobId"].as_str().unwrap().to_owned();
                client.delete(&project.job_path(&job), Some(&json!({"reason": text(n)}))).status
            }),
        ),
        (
            "`catchUpSeconds`",
            400,
            Box::new(|n| {
                let schedule = json!({"cron": "0 6 * * *", "catchUpSeconds": n});
                let body = json!({"name": "p", "jobType": "Analysis", "module": {"name": "probe"}, "parameters": {"steps": []}, "schedule": schedule});
                client.put(&project.path("pipelines/6f9619ff-8b86-d011-b42d-00c04fc964ff"), &body).status
            }),
        ),
        (
            "`parameters` of a pipeline, or of its schedule",
            400,
            Box::new(|n| {
                // {"steps":[],"fill":""} without the filling.
                let parameters = json!({"steps": [], "fill": text(n - 22)});
                let body = json!({"name": "p", "jobType": "Notebook", "parameters": parameters});
                client.put(&project.path("pipelines/7f9619ff-8b86-d011-b42d-00c04fc964ff"), &body).status
            }),
        ),
        (
            "a secret's value",
            400,
            Box::new(|n| client.put(&project.path("secrets/NAME"), &json!({"value": text(n)})).status),
        ),
        (
            "a JSON body",
            413,
            Box::new(|n| {
                let body = job(json!({})).to_string();
                let padded = body.clone() + &" ".repeat(n - body.len());
                client.send("POST", &project.path("execution/job"), &[], padded.as_bytes()).status
            }),
        ),
        (
            "`pageSize` of jobs and of what teams keep",
            400,
            Box::new(|n| get(project.path(&format!("execution/jobs?pageSize={n}")))),
        ),
        ("`limit` of the audit log", 400, Box::new(|n| get(format!("/api/admin/audit?limit={n}")))),
    ];
    for (what, refused, ask) in tries {
        let most = *limits.get(what).unwrap_or_else(|| panic!("no {what} in the document"));
        let taken = ask(most);
        assert!((200..300).contains(&taken), "{what}: {most} is {taken}");
        assert_eq!(ask(most + 1), refused, "{what}: {}", most + 1);
    }
}

//! The limits of `docs/limits.md` that requests meet: each as many as are taken, and one more.

use fuelcell_tests::{Project, Server, built};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A manifest that says nothing.
const SMALLEST: &str = r#"{"interface":"0.1"}"#;

/// A text that many limits are tried with.
fn text(length: usize) -> String {
    "x".repeat(length)
}

/// A manifest that says this.
fn with(said: &Value) -> String {
    let mut manifest = json!({"interface": "0.1"});
    manifest.as_object_mut().unwrap().extend(said.as_object().unwrap().clone());
    manifest.to_string()
}

/// The least that is a module.
fn bare() -> Vec<u8> {
    wat::parse_str(r#"(module (memory (export "memory") 1) (func (export "_start")))"#).unwrap()
}

/// So many days of a usage report, from the beginning of a leap year.
fn days(count: usize) -> String {
    let mut day = count;
    for (month, length) in [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31].into_iter().enumerate() {
        if day <= length {
            return format!("from=2024-01-01&to=2024-{:02}-{day:02}", month + 1);
        }
        day -= length;
    }
    format!("from=2024-01-01&to=2025-01-{day:02}")
}

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
    let submit = |more: Value| project.submit(&job(more)).status;
    let operator = server.operator();
    let get = |path: String| operator.get(&path).status;
    let address = |length: usize| format!("{}@{}", "a".repeat(60), "b".repeat(length - 61));
    let labels =
        |count: usize| (0..count).map(|n| (n.to_string(), json!(""))).collect::<serde_json::Map<_, _>>();
    type Try<'t> = Box<dyn Fn(usize) -> u16 + 't>;
    let versions = AtomicUsize::new(0);
    let manifest = |make: &'static dyn Fn(usize) -> String| -> Try<'_> {
        let (project, versions) = (&project, &versions);
        Box::new(move |n| {
            let version = versions.fetch_add(1, Ordering::Relaxed);
            let path = project.path(&format!("modules/tried/versions/1.0.{version}"));
            project.client.put_bytes(&path, &built::with_manifest(bare(), &make(n))).status
        })
    };
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
                // {"values":{"fill":""}} without the filling.
                let parameters = json!({"values": {"fill": text(n - 22)}});
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
        (
            "`cron` of a schedule",
            400,
            Box::new(|n| {
                let cron = format!("0 6 * *{}*", " ".repeat(n - 8));
                let body = json!({"name": "p", "jobType": "Analysis", "module": {"name": "probe"}, "parameters": {"steps": []}, "schedule": {"cron": cron}});
                client.put(&project.path("pipelines/8f9619ff-8b86-d011-b42d-00c04fc964ff"), &body).status
            }),
        ),
        (
            "a job type",
            400,
            Box::new(|n| {
                let body = json!({"interface": "0.1", "jobType": text(n)}).to_string();
                client.put_bytes(
                    &project.path("modules/typed/versions/1.0.0"),
                    &built::with_manifest(bare(), &body),
                );
                get(project.path(&format!("execution/jobs?jobType={}", text(n))))
            }),
        ),
        (
            "headers that may carry a secret",
            400,
            Box::new(|n| {
                let headers: Vec<_> = (0..n).map(|n| format!("X-Key-{n}")).collect();
                client.put(&project.path("secrets/KEY"), &json!({"value": "v", "headers": headers})).status
            }),
        ),
        (
            "the name of such a header",
            400,
            Box::new(|n| {
                client.put(&project.path("secrets/KEY"), &json!({"value": "v", "headers": [text(n)]})).status
            }),
        ),
        ("days of `GET usage`", 400, Box::new(|n| get(format!("/api/admin/usage?{}", days(n))))),
        (
            "days of `GET usage` by day and module, subject or label",
            400,
            Box::new(|n| get(format!("/api/admin/usage?{}&groupBy=day,module", days(n)))),
        ),
        (
            "a module's manifest",
            422,
            manifest(&|n| format!("{}{}", " ".repeat(n - SMALLEST.len()), SMALLEST)),
        ),
        ("a title, name or other word of a manifest", 422, manifest(&|n| with(&json!({"title": text(n)})))),
        ("the description in a manifest", 422, manifest(&|n| with(&json!({"description": text(n)})))),
        (
            "inputs, or outputs, in a manifest",
            422,
            manifest(&|n| with(&json!({"outputs": vec![json!({"name": "a"}); n]}))),
        ),
        (
            "the schema of a module's parameters",
            422,
            // {"description":""} without the text.
            manifest(&|n| with(&json!({"parameters": {"description": text(n - 18)}}))),
        ),
        (
            "nesting of that schema",
            422,
            manifest(&|n| {
                with(&json!({"parameters": (1..n).fold(json!({}), |inner, _| json!({"not": inner}))}))
            }),
        ),
        (
            "objects of that schema, references written out",
            422,
            manifest(&|n| with(&json!({"parameters": {"allOf": vec![json!({}); n - 1]}}))),
        ),
        (
            "different patterns of that schema",
            422,
            manifest(&|n| {
                let patterns = (0..n).map(|n| json!({"pattern": format!("^x{n}$")}));
                with(&json!({"parameters": {"allOf": patterns.collect::<Vec<_>>()}}))
            }),
        ),
        (
            "text of all these patterns",
            422,
            // A class of one letter, written many times, is one state.
            manifest(&|n| with(&json!({"parameters": {"pattern": format!("[{}]", "a".repeat(n - 2))}}))),
        ),
        ("`limit` of all other lists", 400, Box::new(|n| get(format!("/api/admin/audit?limit={n}")))),
    ];
    for (what, refused, ask) in tries {
        let most = *limits.get(what).unwrap_or_else(|| panic!("no {what} in the document"));
        let taken = ask(most);
        assert!((200..300).contains(&taken), "{what}: {most} is {taken}");
        assert_eq!(ask(most + 1), refused, "{what}: {}", most + 1);
    }
}

//! Renaming and deleting tenants and projects.

use fuelcell_tests::project::{text, token};
use fuelcell_tests::{Answer, Client, Project, Server, built, eventually};
use serde_json::{Value, json};
use std::process::{Command, Output};
use std::time::Duration;
use uuid::Uuid;

/// What the log says at the end of a deletion.
const ALL_GONE: &str = "nothing of what was deleted is left";
const LONG: Duration = Duration::from_secs(120);

fn tenant_path(project: &Project) -> String {
    format!("/api/admin/tenants/{}", project.tenant)
}

fn project_path(project: &Project) -> String {
    format!("{}/projects/{}", tenant_path(project), project.project)
}

fn patch(client: &Client, path: &str, name: &str) -> Answer {
    client.send("PATCH", path, &[], json!({"name": name}).to_string().as_bytes())
}

fn fuelcell(server: &Server, arguments: &[&str]) -> Output {
    Command::new(built::fuelcell())
        .args(arguments)
        .args(["--server", server.base(), "--token-file"])
        .arg(server.data().join("operator-token"))
        .output()
        .unwrap()
}

#[track_caller]
fn check(server: &Server) -> String {
    let checked = Command::new(built::fuelcell()).args(["check", "--data"]).arg(server.data()).output();
    let checked = checked.unwrap();
    let told = String::from_utf8_lossy(&checked.stdout).into_owned();
    assert!(checked.status.success(), "{told}");
    told
}

/// Jobs whose time is far away, as many as a batch takes.
fn queue(project: &Project, count: usize) {
    let job = json!({
        "jobName": "later", "jobType": "Analysis", "module": {"name": "probe"},
        "parameters": {"steps": []}, "scheduling": {"scheduledTime": "2999-01-01"},
    });
    let jobs = json!({"jobs": vec![job; count]});
    project.client.post(&project.path("execution/jobs"), &jobs).ok();
}

#[test]
fn two_tenants_or_projects_of_one_name_are_not_made() {
    let server = Server::start();
    let operator = server.operator();
    let made = operator.post("/api/admin/tenants", &json!({"name": "Acme"})).ok();
    for same in ["Acme", " acme ", "ACME"] {
        let (code, why) = operator.post("/api/admin/tenants", &json!({"name": same})).problem(409);
        assert!(code == "Conflict" && why.contains(&text(&made, "tenantId")), "{why}");
    }
    let other = operator.post("/api/admin/tenants", &json!({"name": "Bcme"})).ok();
    let at = |tenant: &Value| format!("/api/admin/tenants/{}", text(tenant, "tenantId"));
    assert!(patch(&operator, &at(&other), "ACME").problem(409).1.contains("\"Acme\""));
    assert_eq!(patch(&operator, &at(&other), "").problem(400).0, "InvalidName");
    assert_eq!(patch(&operator, &at(&other), "Ccme").ok()["name"], "Ccme");
    assert_eq!(operator.get(&at(&other)).ok()["name"], "Ccme");

    let admin = server.client(Some(&token(&operator, "administrator", &text(&made, "tenantId"), None)));
    let projects = format!("{}/projects", at(&made));
    let orders = admin.post(&projects, &json!({"name": "Orders"})).ok();
    assert_eq!(admin.post(&projects, &json!({"name": "orders"})).problem(409).0, "Conflict");
    let bills = admin.post(&projects, &json!({"name": "Bills"})).ok();
    let bills = format!("{projects}/{}", text(&bills, "projectId"));
    assert!(patch(&admin, &bills, "ORDERS").problem(409).1.contains(&text(&orders, "projectId")));
    assert_eq!(patch(&admin, &bills, "Invoices").ok()["name"], "Invoices");
    // Elsewhere the name is free.
    operator.post(&format!("{}/projects", at(&other)), &json!({"name": "Orders"})).ok();
    assert_eq!(patch(&admin, &at(&made), "Mine").problem(403).0, "Forbidden");
}

#[expect(clippy::too_many_lines, reason = "one life, told in its order")]
#[test]
fn a_deleted_project_is_gone_at_once_with_all_that_is_its() {
    let mut server = Server::start();
    let project = Project::new(&server).with_probe();
    let sister = Project::new(&server).with_probe();
    let kept = sister.probe(json!([]));
    let done = project.probe(json!([{"do": "artifact", "name": "a.txt", "text": "abc", "primary": true}]));
    project.wait_for(&done, "Completed");
    let link = text(&project.results(&done)["results"]["primaryOutput"], "downloadUrl");
    let running = project.probe(json!([
        {"do": "progress", "done": 1, "total": 2, "stage": "working"}, {"do": "sleep", "milliseconds": 600_000},
    ]));
    project.wait_for_stage(&running, "working");
    queue(&project, 3);
    project.dataset("a.csv", b"a,b");
    project.client.put(&project.path("secrets/KEY"), &json!({"value": "hush"})).ok();
    project.client.post(&project.path("webhooks"), &json!({"url": "https://hooks.example.com/x"})).ok();
    let pipeline =
        json!({"resource": {"resourceType": "Pipeline", "resourceId": project.pipeline("Analysis")}});
    let marking = project.probe_with(json!([{"do": "mark", "key": "seen"}]), pipeline);
    project.wait_for(&marking, "Completed");
    let operator = server.operator();
    let admin = server.client(Some(&token(&operator, "administrator", &project.tenant, None)));
    let path = project_path(&project);

    // What goes is said first, and nothing goes without its name.
    let contents = admin.get(&format!("{path}/contents")).ok();
    assert_eq!(contents["jobs"], json!({"queued": 3, "running": 1, "ended": 2}), "{contents:#}");
    let counts = [
        "artifacts",
        "datasets",
        "moduleVersions",
        "pipelines",
        "processedItems",
        "secrets",
        "tokens",
        "webhooks",
    ];
    assert!(counts.iter().all(|name| contents[*name] == 1), "{contents:#}");
    assert!(contents["bytes"].as_u64().unwrap() > 6);
    let (code, why) = admin.delete(&path, None).problem(400);
    assert_eq!(code, "ConfirmationNeeded");
    assert!(why.contains("\"a project\"") && why.contains("3 queued jobs"), "{why}");
    assert!(why.contains("1 processed items, 1 webhooks"), "{why}");
    assert_eq!(admin.delete(&format!("{path}?confirm=another"), None).problem(400).0, "ConfirmationNeeded");
    // A token for the project alone does not do.
    assert_eq!(
        project.client.delete(&format!("{path}?confirm=a%20project"), None).problem(404).0,
        "NotFound"
    );
    let attempts = || {
        let only = format!("tenantId={}&projectId={}", project.tenant, project.project);
        operator.get(&format!("/api/admin/usage?{only}")).ok()["total"]["attempts"].clone()
    };
    assert_eq!(attempts(), 2);

    let gone = admin.delete(&format!("{path}?confirm=a%20project"), None);
    assert_eq!((gone.status, gone.json()), (202, contents));
    for client in [&operator, &admin] {
        assert_eq!(client.get(&path).problem(404).0, "NotFound");
        assert_eq!(client.get(&project.path("execution/jobs")).problem(404).0, "NotFound");
        assert_eq!(client.get(&project.job_path(&done)).problem(404).0, "NotFound");
    }
    assert_eq!(project.client.get(&project.path("execution/jobs")).problem(401).0, "Unauthenticated");
    assert_eq!(server.client(None).get(&link).problem(404).0, "NotFound");
    assert_eq!(admin.delete(&format!("{path}?confirm=a%20project"), None).problem(404).0, "NotFound");
    assert_eq!(admin.get(&format!("{}/projects", tenant_path(&project))).ok()["projects"], json!([]));
    eventually("nothing is left", LONG, || server.log().contains(ALL_GONE).then_some(()));
    // The running one was cancelled, and its attempt is counted.
    assert_eq!(attempts(), 3);
    let all = operator.get(&format!("/api/admin/audit?tenantId={}", project.tenant)).ok();
    let is_deletion =
        |entry: &&Value| entry["outcome"] == "done" && text(entry, "action").starts_with("DELETE");
    assert_eq!(all["entries"].as_array().unwrap().iter().filter(is_deletion).count(), 1, "{all:#}");
    // The name is free again, the id is not.
    let again = json!({"name": "a project", "id": project.project});
    let projects = format!("{}/projects", tenant_path(&project));
    assert!(admin.post(&projects, &again).problem(409).1.contains("was deleted"));
    admin.post(&projects, &json!({"name": "a project"})).ok();
    sister.wait_for(&kept, "Completed");
    assert!(server.terminate());
    let told = check(&server);
    assert!(told.contains("no problems") && told.contains("1 jobs"), "{told}");
}

#[test]
fn a_deletion_that_kills_interrupt_goes_on_and_nothing_of_it_is_seen() {
    let mut server = Server::start();
    let mut project = Project::new(&server).with_probe();
    for _ in 0..4 {
        queue(&project, 1000);
    }
    let path = tenant_path(&project);
    let name = text(&server.operator().get(&path).ok(), "name").replace(' ', "%20");
    let gone = server.operator().delete(&format!("{path}?confirm={name}"), None);
    assert_eq!((gone.status, &gone.json()["jobs"]["queued"]), (202, &json!(4000)));
    let mut interrupted = 0;
    loop {
        server.kill();
        let told = check(&server);
        let is_going = !told.starts_with("0 jobs");
        interrupted += usize::from(is_going);
        server.restart();
        project = project.after_restart(&server);
        assert_eq!(server.operator().get(&path).problem(404).0, "NotFound");
        assert_eq!(server.operator().get(&project.path("execution/jobs")).problem(404).0, "NotFound");
        if !is_going {
            break;
        }
    }
    assert!(interrupted > 0, "every kill came too late");
    eventually("nothing is left", LONG, || server.log().contains(ALL_GONE).then_some(()));
    assert!(server.terminate());
    check(&server);
    server.restart();
    Project::new(&server).with_probe().probe(json!([]));
}

/// Every command that deletes more than what it names, or something that others use, says first what would go.
#[expect(clippy::too_many_lines, reason = "a table of commands")]
#[test]
fn what_a_command_would_delete_is_said_and_stays() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let client = &project.client;
    let dataset = project.dataset("orders.csv", b"a,b");
    let pipeline = Uuid::new_v4().to_string();
    let nightly = json!({"name": "nightly", "jobType": "Analysis", "schedule": {"cron": "0 6 * * MON-FRI"}});
    client.put(&project.path(&format!("pipelines/{pipeline}")), &nightly).ok();
    let named = json!({"resource": {"resourceType": "Pipeline", "resourceId": pipeline}});
    let steps = json!([{"do": "mark", "key": "seen"}, {"do": "artifact", "name": "a.txt", "text": "a"}]);
    let job = project.probe_with(steps, named);
    project.wait_for(&job, "Completed");
    let webhook = client.post(&project.path("webhooks"), &json!({"url": "https://hooks.example.com/x"})).ok();
    let webhook = text(&webhook, "webhookId");
    client.put(&project.path("modules/probe/capabilities"), &json!({"hmac": ["PROBE_KEY"]})).ok();
    let run = |words: &str, more: &[&str]| {
        let arguments: Vec<_> = words.split(' ').chain(more.iter().copied()).collect();
        let scope = ["--tenant", &project.tenant, "--project", &project.project];
        let output = fuelcell(&server, &[&arguments[..], &scope].concat());
        let told = [output.stderr, output.stdout].map(|told| String::from_utf8(told).unwrap()).concat();
        assert!(output.status.success(), "{words}: {told}");
        told
    };
    let grant = project.path("modules/probe/capabilities");
    let deletions: [(String, String, &str, &[&str]); 8] = [
        (
            format!("dataset delete {dataset}"),
            project.path(&format!("datasets/{dataset}")),
            "what ended jobs read stays",
            &["orders.csv"],
        ),
        (
            format!("pipeline processed {pipeline} --forget"),
            project.path(&format!("pipelines/{pipeline}/processed")),
            "the pipeline's next job would process these again",
            &["1 items"],
        ),
        ("grant revoke probe".into(), grant, "jobs of the module would reach nothing", &["PROBE_KEY"]),
        (
            format!("webhook delete {webhook}"),
            project.path(&format!("webhooks/{webhook}")),
            "it would not be told",
            &["https://hooks.example.com/x"],
        ),
        (
            format!("pipeline delete {pipeline}"),
            project.path(&format!("pipelines/{pipeline}")),
            "with 1 items that its jobs marked as processed; the jobs stay",
            &["nightly", "0 6 * * MON-FRI"],
        ),
        (
            "module delete probe@1".into(),
            project.path("modules/probe/versions/1"),
            "with what the module is granted: it has no other version",
            &["probe"],
        ),
        (
            format!("job bulk delete {job}"),
            project.job_path(&job),
            "nothing was done; delete would be asked for these",
            &["a probe", "Completed"],
        ),
        (
            format!("job delete {job}"),
            project.job_path(&job),
            "with 1 outputs, 1 receipts and the log",
            &["a probe", "Completed"],
        ),
    ];
    for (words, path, with, shown) in &deletions {
        let told = run(words, &["--dry-run"]);
        assert!(told.contains("nothing was d") && told.contains(with), "{words}: {told}");
        assert!(shown.iter().all(|word| told.contains(word)), "{words}: {told}");
        client.get(path).ok();
        let json = run(words, &["--dry-run", "--output", "json"]);
        let (_, document) = json.split_once('\n').unwrap();
        serde_json::from_str::<Value>(document).unwrap_or_else(|error| panic!("{words}: {error}: {json}"));
    }
    assert_eq!(client.get(&deletions[1].1).ok()["pagination"]["total"], 1);
    assert!(client.get(&deletions[2].1).ok()["granted"]["hmac"][0] == "PROBE_KEY");
    // Without it they go.
    for (words, ..) in &deletions[..7] {
        run(words, &[]);
    }
    assert_eq!(client.get(&project.path("datasets")).ok()["datasets"], json!([]));
    assert_eq!(client.get(&project.path("pipelines")).ok()["pipelines"], json!([]));
    assert_eq!(client.get(&project.path("webhooks")).ok()["webhooks"], json!([]));
    client.get(&project.path("modules/probe/versions/1")).problem(404);
    client.get(&project.job_path(&job)).problem(404);
}

#[test]
fn the_command_line_makes_renames_and_deletes_them() {
    let server = Server::start();
    let run = |arguments: &[&str]| {
        let output = fuelcell(&server, arguments);
        let told =
            String::from_utf8_lossy(if output.status.success() { &output.stdout } else { &output.stderr });
        (output.status.success(), told.trim().to_owned())
    };
    let (made, tenant) = run(&["tenant", "create", "Acme & Sons"]);
    assert!(made, "{tenant}");
    let (made, project) = run(&["project", "create", "--tenant", &tenant, "Orders"]);
    assert!(made, "{project}");
    let (made, told) = run(&["tenant", "create", "acme & sons"]);
    assert!(!made && told.contains("409") && told.contains(&tenant), "{told}");
    assert!(run(&["tenant", "rename", &tenant, "Acme & Daughters"]).0);
    assert!(run(&["tenant", "list"]).1.contains("Acme & Daughters"));
    assert!(run(&["project", "rename", "--tenant", &tenant, &project, "Bills"]).0);
    assert!(run(&["project", "list", "--tenant", &tenant]).1.contains("Bills"));
    let (gone, told) = run(&["project", "delete", "--tenant", &tenant, &project]);
    assert!(!gone && told.contains("nothing was deleted"), "{told}");
    assert!(run(&["project", "delete", "--tenant", &tenant, &project, "--confirm", "Bills"]).0);
    assert_eq!(run(&["project", "list", "--tenant", &tenant, "--output", "json"]).1, "[]");
    assert!(!run(&["tenant", "delete", &tenant, "--confirm", "Acme"]).0);
    assert!(run(&["tenant", "delete", &tenant, "--confirm", "Acme & Daughters"]).0);
    assert_eq!(run(&["tenant", "list", "--output", "json"]).1, "[]");
}

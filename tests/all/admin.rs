//! `/api/admin/…`

use fuelcell_tests::project::{text, token};
use fuelcell_tests::{Client, Project, Server, built, eventually};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::time::Duration;
use uuid::Uuid;

#[test]
fn the_first_start_writes_an_operator_token_for_its_owner_only() {
    let mut server = Server::start();
    let path = server.data().join("operator-token");
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let before = std::fs::read(&path).unwrap();
    assert!(server.terminate());
    server.restart();
    assert_eq!(std::fs::read(&path).unwrap(), before, "a later start makes no second one");
    server.operator().get("/api/admin/tenants").ok();
}

#[test]
fn tokens_are_shown_once_and_end_when_revoked() {
    let server = Server::start();
    let project = Project::new(&server);
    let body =
        json!({"subject": "s", "role": "viewer", "tenantId": project.tenant, "projectId": project.project});
    let made = server.operator().post("/api/admin/tokens", &body).ok();
    let viewer = server.client(Some(&text(&made, "token")));
    viewer.get(&project.path("execution/jobs")).ok();
    let revoked = server.operator().delete(&format!("/api/admin/tokens/{}", text(&made, "tokenId")), None);
    assert_eq!(revoked.status, 204);
    assert_eq!(viewer.get(&project.path("execution/jobs")).problem(401).0, "Unauthenticated");
}

#[test]
fn nobody_grants_more_than_they_have() {
    let server = Server::start();
    let project = Project::new(&server);
    let other = Project::new(&server);
    let grant = |role: &str, project: &Project| json!({"subject": "s", "role": role, "tenantId": project.tenant, "projectId": project.project});
    let own = &project.client;
    own.post("/api/admin/tokens", &grant("submitter", &project)).ok();
    assert_eq!(own.post("/api/admin/tokens", &grant("submitter", &other)).problem(404).0, "NotFound");
    assert_eq!(
        own.post("/api/admin/tokens", &json!({"subject": "s", "role": "operator"})).problem(403).0,
        "Forbidden"
    );
    assert_eq!(own.post("/api/admin/tenants", &json!({"name": "t"})).problem(403).0, "Forbidden");
    let submitter = server.client(Some(&token(own, "submitter", &project.tenant, Some(&project.project))));
    assert_eq!(submitter.post("/api/admin/tokens", &grant("viewer", &project)).problem(403).0, "Forbidden");
}

#[test]
fn the_last_operator_token_stays_and_a_dead_one_leaves_its_file() {
    let server = Server::start();
    let (first, file) = (server.operator(), server.data().join("operator-token"));
    let own = first.get("/api/admin/tokens").ok()["tokens"][0].clone();
    let path = |id: &str| format!("/api/admin/tokens/{id}");
    let (code, why) = first.delete(&path(&text(&own, "tokenId")), None).problem(409);
    assert!(code == "LastOperatorToken" && why.contains("another one first"), "{why}");
    // One that ends soon is one as long as it holds.
    let body = json!({"subject": "ops", "role": "operator", "expiresInSeconds": 3600});
    let made = first.post("/api/admin/tokens", &body).ok();
    let second = server.client(Some(&text(&made, "token")));
    assert!(file.exists());
    assert_eq!(second.delete(&path(&text(&own, "tokenId")), None).status, 204);
    assert!(!file.exists(), "a secret that opens nothing is kept");
    assert_eq!(first.get("/api/admin/tokens").status, 401);
    assert_eq!(second.delete(&path(&text(&made, "tokenId")), None).problem(409).0, "LastOperatorToken");
}

#[test]
fn two_deletions_at_once_leave_one_operator() {
    let server = Server::start();
    let first = server.operator();
    let own = text(&first.get("/api/admin/tokens").ok()["tokens"][0], "tokenId");
    let made = first.post("/api/admin/tokens", &json!({"subject": "ops", "role": "operator"})).ok();
    let second = server.client(Some(&text(&made, "token")));
    let other = text(&made, "tokenId");
    let delete = |client: &Client, id: &str| client.delete(&format!("/api/admin/tokens/{id}"), None).status;
    let statuses = std::thread::scope(|scope| {
        let one = scope.spawn(|| delete(&first, &other));
        let two = scope.spawn(|| delete(&second, &own));
        [one.join().unwrap(), two.join().unwrap()]
    });
    // The slower one is told that it was the last, or its own token was gone before it was let in.
    assert_eq!(statuses.iter().filter(|status| **status == 204).count(), 1, "{statuses:?}");
    let lives = [&first, &second].map(|client| client.get("/api/admin/tenants").status);
    assert_eq!(lives.iter().filter(|status| **status == 200).count(), 1, "{lives:?}");
}

#[test]
fn tokens_and_passwords_end_when_their_time_is_over() {
    let server = Server::start();
    let project = Project::new(&server);
    let place = json!({"tenantId": project.tenant, "projectId": project.project});
    let with = |more: Value| {
        let mut body = json!({"subject": "s", "role": "administrator"});
        for object in [&place, &more] {
            body.as_object_mut().unwrap().extend(object.as_object().unwrap().clone());
        }
        body
    };
    let make = |more: Value| server.operator().post("/api/admin/tokens", &with(more));
    let brief = make(json!({"expiresInSeconds": 2})).ok();
    let user = json!({"userName": "ann", "tenantId": project.tenant, "projectId": project.project, "expiresInSeconds": 2});
    let password = server.operator().post("/api/admin/application-passwords", &user).ok();
    assert!(brief["expiresAt"].is_string() && password["expiresAt"].is_string(), "{brief} {password}");
    let holder = server.client(Some(&text(&brief, "token")));
    // What a token makes does not outlive it.
    let lasting = make(json!({"expiresInSeconds": 3600})).ok();
    let lasting_holder = server.client(Some(&text(&lasting, "token")));
    let heir = lasting_holder.post("/api/admin/tokens", &with(json!({}))).ok();
    assert_eq!(heir["expiresAt"], lasting["expiresAt"]);
    let longer = with(json!({"expiresAt": "2091-01-01T00:00:00Z"}));
    let (code, why) = lasting_holder.post("/api/admin/tokens", &longer).problem(400);
    assert!(code == "InvalidExpiry" && why.contains("cannot hold longer"), "{why}");
    eventually("the token ends", Duration::from_secs(60), || {
        (holder.get(&project.path("execution/jobs")).status == 401).then_some(())
    });
    for (more, word) in [
        (json!({"expiresInSeconds": 0}), "future"),
        (json!({"expiresAt": "2001-01-01T00:00:00Z"}), "future"),
        (json!({"expiresAt": "soon"}), "date-time"),
        (json!({"expiresInSeconds": u64::MAX, "expiresAt": "2091-01-01T00:00:00Z"}), "not both"),
    ] {
        let (code, why) = make(more.clone()).problem(400);
        assert!(code == "InvalidExpiry" && why.contains(word), "{more}: {why}");
    }
    let made = make(json!({"expiresAt": "2091-01-01T00:00:00Z"})).ok();
    assert_eq!(made["expiresAt"], "2091-01-01T00:00:00Z");
}

#[test]
fn who_is_refused_all_the_time_fills_no_audit_log() {
    let mut server = Server::start();
    let project = Project::new(&server);
    let viewer =
        server.client(Some(&token(&server.operator(), "viewer", &project.tenant, Some(&project.project))));
    for _ in 0..100 {
        assert_eq!(viewer.post(&project.path("execution/job"), &json!({})).status, 403);
    }
    assert_eq!(
        viewer.delete(&project.path("datasets/11111111-1111-4111-8111-111111111111"), None).status,
        403
    );
    let refused = |server: &Server| entries(&server.operator(), "subject=a%20viewer");
    let before = refused(&server);
    let singles = before.iter().filter(|entry| entry["repeated"].is_null()).count();
    assert!(before.len() < 10 && singles >= 2, "{before:#?}");
    // What was counted is written down when a server stops; each call is in the log once, alone or in a number.
    assert!(server.terminate());
    server.restart();
    let after = refused(&server);
    let calls: u64 = after.iter().map(|entry| entry["repeated"].as_u64().unwrap_or(1)).sum();
    assert_eq!(calls, 101, "{after:#?}");
    assert!(after.iter().all(|entry| entry["outcome"] == "refused" && entry["code"] == "Forbidden"));
}

#[test]
fn nobody_is_called_as_a_role_is() {
    let server = Server::start();
    let project = Project::new(&server);
    for name in ["operator", "Administrator", "MODULE_AUTHOR"] {
        let body = json!({"subject": name, "role": "viewer", "tenantId": project.tenant});
        let (code, why) = server.operator().post("/api/admin/tokens", &body).problem(400);
        assert!(code == "InvalidName" && why.contains("role"), "{name}: {why}");
        let body = json!({"userName": name, "tenantId": project.tenant, "projectId": project.project});
        assert_eq!(
            server.operator().post("/api/admin/application-passwords", &body).problem(400).0,
            "InvalidName"
        );
    }
}

#[test]
fn tokens_are_listed_within_ones_own_scope_without_their_secrets() {
    let server = Server::start();
    let project = Project::new(&server);
    let stranger = Project::new(&server);
    let list = |client: &Client| client.get("/api/admin/tokens").ok()["tokens"].as_array().unwrap().clone();
    let all = list(&server.operator());
    assert_eq!(all.len(), 3, "the operator's and each project's");
    for token in &all {
        let members: Vec<_> = token.as_object().unwrap().keys().cloned().collect();
        assert_eq!(
            members,
            [
                "dateCreated",
                "dateRevoked",
                "expiresAt",
                "projectId",
                "role",
                "subject",
                "tenantId",
                "tokenId"
            ]
        );
    }
    assert!(!server.operator().get("/api/admin/tokens").text().contains(&project.token));
    let own = list(&project.client);
    assert_eq!(own.len(), 1);
    assert_eq!(own[0]["projectId"], project.project);
    let tenant = server.client(Some(&token(&server.operator(), "administrator", &project.tenant, None)));
    assert_eq!(list(&tenant).len(), 2);
    assert!(list(&tenant).iter().all(|token| token["tenantId"] == project.tenant));
    let revoked = all.iter().find(|token| token["projectId"] == stranger.project).unwrap();
    server.operator().delete(&format!("/api/admin/tokens/{}", text(revoked, "tokenId")), None);
    let again =
        list(&server.operator()).into_iter().find(|token| token["tokenId"] == revoked["tokenId"]).unwrap();
    assert!(again["dateRevoked"].is_string());
}

#[test]
fn tenants_and_projects_can_be_looked_up() {
    let server = Server::start();
    let operator = server.operator();
    let made = operator.post("/api/admin/tenants", &json!({"name": "Acme"}));
    assert_eq!(made.status, 201);
    let at = made.header("location").to_owned();
    assert_eq!(operator.get(&at).ok(), made.json());
    let project = operator.post(&format!("{at}/projects"), &json!({"name": "Orders"}));
    assert_eq!(operator.get(project.header("location")).ok(), project.json());
    assert_eq!(operator.get(&format!("{at}/projects")).ok()["projects"], json!([project.json()]));
    let unknown = Uuid::new_v4();
    assert_eq!(operator.get(&format!("/api/admin/tenants/{unknown}")).problem(404).0, "NotFound");
    assert_eq!(operator.get(&format!("{at}/projects/{unknown}")).problem(404).0, "NotFound");
    assert_eq!(operator.get("/api/admin/tenants/7").problem(400).0, "InvalidId");
}

fn limits_path(project: &Project) -> String {
    format!("/api/admin/tenants/{}/projects/{}/limits", project.tenant, project.project)
}

#[test]
fn a_projects_caps_clamp_what_its_jobs_ask_for() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let path = limits_path(&project);
    let caps = json!({"memoryBytes": 33_554_432, "timeoutSeconds": 100, "fuel": 5_000_000_000_u64});
    let set = server.operator().put(&path, &json!({"caps": caps})).ok();
    assert_eq!(set["caps"]["diskBytes"], json!(null));
    assert_eq!(project.client.get(&path).ok(), set, "administrators see what holds for them");
    let asked =
        json!({"limits": {"memoryBytes": 1_000_000_000, "timeoutSeconds": 50, "diskBytes": 1_000_000}});
    let job = project.probe_with(json!([]), asked);
    let limits = project.wait_for(&job, "Completed")["limits"].clone();
    assert_eq!(limits["memoryBytes"], 33_554_432);
    assert_eq!(limits["timeoutSeconds"], 50, "less than the cap is left alone");
    assert_eq!((&limits["diskBytes"], &limits["fuel"]), (&json!(1_000_000), &json!(5_000_000_000_u64)));
    for wrong in
        [json!({"caps": {"memoryBytes": 0}}), json!({"quotas": {"queuedJobs": -1}}), json!({"quota": {}})]
    {
        server.operator().put(&path, &wrong).problem(400);
    }
    let held = project.client.get(&path).ok();
    for part in ["caps", "quotas"] {
        assert_eq!(held[part], set[part], "what is refused changes nothing");
    }
}

#[test]
fn a_full_queue_is_429_until_a_place_is_free_also_for_parallel_clients() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    server.operator().put(&limits_path(&project), &json!({"quotas": {"queuedJobs": 3}})).ok();
    let body = json!({
        "jobName": "later", "jobType": "Analysis", "module": {"name": "probe"},
        "parameters": {"steps": []}, "scheduling": {"scheduledTime": "2999-01-01"},
    });
    let answers: Vec<_> = std::thread::scope(|scope| {
        let senders: Vec<_> = (0..20).map(|_| scope.spawn(|| project.submit(&body))).collect();
        senders.into_iter().map(|sender| sender.join().unwrap()).collect()
    });
    let (accepted, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 200);
    assert_eq!(accepted.len(), 3);
    for answer in &refused {
        assert_eq!(answer.problem(429).0, "QueueQuotaExceeded");
        assert!(answer.header("retry-after").parse::<u64>().unwrap() >= 1);
    }
    assert_eq!(project.client.get(&limits_path(&project)).ok()["usage"]["queuedJobs"], 3);
    let queued = text(&accepted[0].json(), "jobId");
    project.client.delete(&project.job_path(&queued), None).ok();
    project.submit(&body).ok();
    assert_eq!(project.submit(&body).status, 429);
    let other = Project::new(&server).with_probe();
    other.submit(&body).ok();
}

#[test]
fn a_full_store_is_507_until_something_is_deleted() {
    let server = Server::start();
    let project = Project::new(&server);
    let first = project.dataset("a", &[0; 600]);
    server.operator().put(&limits_path(&project), &json!({"quotas": {"storedBytes": 1000}})).ok();
    let path = project.path(&format!("datasets/{}?name=b", Uuid::new_v4()));
    assert_eq!(project.client.put_bytes(&path, &[0; 401]).problem(507).0, "StorageQuotaExceeded");
    let chunked = project.client.put_stream(&path, &[], std::io::repeat(0).take(401));
    assert_eq!(chunked.problem(507).0, "StorageQuotaExceeded");
    let module = project.client.put_bytes(&project.path("modules/probe/versions/1"), &built::module("probe"));
    assert_eq!(module.problem(507).0, "StorageQuotaExceeded");
    let replaced = project.path(&format!("datasets/{first}?name=a"));
    project.client.put_bytes(&replaced, &[1; 1000]).ok();
    let usage = project.client.get(&limits_path(&project)).ok()["usage"].clone();
    let [parts, all] = ["storedParts", "storedBytes"].map(|name| &usage[name]);
    assert_eq!((&parts["datasets"], &parts["replaced"], all), (&json!(1000), &json!(600), &json!(1600)));
    assert_eq!(project.client.put_bytes(&path, &[0; 1]).status, 507);
    assert_eq!(project.client.delete(&project.path(&format!("datasets/{first}")), None).status, 204);
    project.client.put_bytes(&path, &[0; 400]).ok();
}

#[test]
fn replaced_bytes_count_until_they_are_swept() {
    let mut server = Server::start();
    let project = Project::new(&server);
    let dataset = project.dataset("a", &[0; 600]);
    server.operator().put(&limits_path(&project), &json!({"quotas": {"storedBytes": 1000}})).ok();
    let path = project.path(&format!("datasets/{dataset}?name=a"));
    for byte in [1, 2] {
        project.client.put_bytes(&path, &[byte; 600]).ok();
    }
    project.client.put_bytes(&path, &[2; 200]).ok();
    let chunked = project.client.put_stream(&path, &[], std::io::repeat(3).take(600));
    for refused in [project.client.put_bytes(&path, &[3; 600]), chunked] {
        let (code, why) = refused.problem(507);
        assert_eq!(code, "StorageQuotaExceeded");
        assert!(why.contains("it stores 2000 (replaced or deleted 1800, datasets 200)"), "{why}");
    }
    assert_eq!(project.client.delete(&project.path(&format!("datasets/{dataset}")), None).status, 204);
    assert_eq!(project.client.put_bytes(&path, &[3; 600]).status, 507, "a deletion is no way around it");
    assert!(server.terminate());
    let checked = Command::new(built::fuelcell()).arg("check").arg("--data").arg(server.data()).output();
    let checked = checked.expect("the binary can be started");
    assert!(checked.status.success(), "{checked:?}");
    server.restart_set(&[
        ("RETENTION__EVERY_SECONDS", "1"),
        ("RETENTION__SWEEP_EVERY_SECONDS", "1"),
        ("RETENTION__BLOB_GRACE_SECONDS", "1"),
    ]);
    let project = project.after_restart(&server);
    eventually("the bytes are swept", Duration::from_secs(60), || {
        let usage = project.client.get(&limits_path(&project)).ok()["usage"].clone();
        (usage["storedBytes"] == 0).then_some(())
    });
    project.client.put_bytes(&path, &[3; 600]).ok();
}

#[test]
fn what_jobs_leave_behind_counts_and_a_full_project_is_told_what_fills_it() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let usage = || project.client.get(&limits_path(&project)).ok()["usage"].clone();
    let empty = usage();
    let module = empty["storedParts"]["modules"].as_u64().unwrap();
    assert_eq!((&empty["storedBytes"], &empty["storedParts"]["records"]), (&json!(module), &json!(0)));
    project.dataset("a", &[0; 600]);
    let artifact = json!({"do": "artifact", "name": "large.bin", "bytes": 50_000});
    let steps = json!([{"do": "log", "level": "info", "message": "a line"}, artifact]);
    let job = project.probe(steps);
    project.wait_for(&job, "Completed");
    let full = usage();
    let parts = &full["storedParts"];
    assert_eq!((&parts["datasets"], &parts["artifacts"]), (&json!(600), &json!(50_000)), "{full}");
    assert!(parts["logs"].as_u64().unwrap() > 6 && parts["records"].as_u64().unwrap() > 1024, "{full}");
    let sum: u64 = parts.as_object().unwrap().values().map(|part| part.as_u64().unwrap()).sum();
    assert_eq!(full["storedBytes"], sum);
    server.operator().put(&limits_path(&project), &json!({"quotas": {"storedBytes": sum}})).ok();
    let submission = json!({
        "jobName": "b", "jobType": "Analysis", "module": {"name": "probe"}, "parameters": {"steps": []},
    });
    let path = project.path(&format!("datasets/{}?name=b", Uuid::new_v4()));
    for refused in [project.submit(&submission), project.client.put_bytes(&path, b"x")] {
        let (code, why) = refused.problem(507);
        assert_eq!(code, "StorageQuotaExceeded");
        let told = format!("may store {sum} bytes and stores {sum} (modules {module}, artifacts 50000,");
        assert!(why.contains(&told), "{why}");
    }
    // Deleted jobs make room.
    project.client.delete(&format!("{}/data", project.job_path(&job)), None);
    let left = usage()["storedParts"].clone();
    assert_eq!([&left["artifacts"], &left["logs"], &left["records"]], [0, 0, 0]);
    project.submit(&submission).ok();
}

fn entries(client: &Client, query: &str) -> Vec<Value> {
    client.get(&format!("/api/admin/audit?{query}")).ok()["entries"].as_array().unwrap().clone()
}

#[test]
fn every_call_that_asks_for_a_change_is_in_the_audit_log() {
    let mut server = Server::start();
    let project = Project::new(&server).with_probe();
    let operator = server.operator();
    let viewer = server.client(Some(&token(&operator, "viewer", &project.tenant, Some(&project.project))));
    let module = project.path("modules/probe/versions/1");
    let refused = viewer.delete(&module, None);
    refused.problem(403);
    let done = project.client.delete(&module, None);
    assert_eq!(done.status, 204);
    viewer.get(&project.path("modules")).ok();

    let log = entries(&project.client, "");
    let [newest, before, ..] = &log[..] else { panic!("{log:#?}") };
    let action = "DELETE /api/{tenant_id}/{project_id}/modules/{name}/versions/{version}";
    assert_eq!((&newest["action"], &newest["target"]), (&json!(action), &json!(module)));
    assert_eq!((&newest["outcome"], &newest["subject"]), (&json!("done"), &json!("a administrator")));
    assert_eq!(
        (&newest["tenantId"], &newest["projectId"]),
        (&json!(project.tenant), &json!(project.project))
    );
    assert_eq!(newest["requestId"], done.header("x-request-id"));
    assert_eq!((&before["outcome"], &before["code"]), (&json!("refused"), &json!("Forbidden")));
    assert_eq!(
        (&before["subject"], &before["requestId"]),
        (&json!("a viewer"), &json!(refused.header("x-request-id")))
    );
    // What an operator made for the project is its matter, too, and is named by its address.
    let made = log.iter().find(|entry| entry["action"] == "POST /api/admin/tokens").unwrap();
    assert!(text(made, "target").starts_with("/api/admin/tokens/"), "{made}");
    assert!(!log.iter().any(|entry| entry.to_string().contains(&project.token)), "no secret is in the log");

    server.kill();
    server.restart();
    let kept = entries(&server.client(Some(&project.token)), "");
    assert_eq!(kept, log);
}

#[test]
fn each_submission_is_in_the_audit_log_once_whatever_came_of_it() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let path = project.path("execution/job");
    let body = |name: &str| {
        json!({"jobName": name, "jobType": "Analysis", "module": {"name": "probe"}, "parameters": {"steps": [{"do": "fail"}]}})
            .to_string()
    };
    let send = |name: &str| {
        let headers = [("idempotency-key", "monday"), ("content-type", "application/json")];
        project.client.send("POST", &path, &headers, body(name).as_bytes())
    };
    let first = text(&send("one").ok(), "jobId");
    assert_eq!(text(&send("one").ok(), "jobId"), first);
    send("another").problem(409);
    project.wait_for(&first, "Failed");
    let second =
        text(&project.client.post(&format!("{}/retry", project.job_path(&first)), &json!({})).ok(), "jobId");

    let entries = entries(&project.client, "");
    let told = |entry: &Value| {
        let keys = ["action", "target", "outcome", "code"];
        keys.map(|key| entry[key].as_str().unwrap_or("-").to_owned()).join(" ")
    };
    let (submit, retry) = (
        "POST /api/{tenant_id}/{project_id}/execution/job",
        "POST /api/{tenant_id}/{project_id}/execution/job/{job_id}/retry",
    );
    let newest: Vec<_> = entries.iter().take(4).map(told).collect();
    let expected = [
        format!("{retry} {} done -", project.job_path(&second)),
        format!("{submit} {path} refused IdempotencyKeyReused"),
        format!("{submit} {} done -", project.job_path(&first)),
        format!("{submit} {} done -", project.job_path(&first)),
    ];
    assert_eq!(newest, expected);
    assert_eq!(entries.iter().filter(|entry| told(entry).contains("execution/job")).count(), 4);
}

#[test]
fn the_audit_log_is_shown_in_pages_to_those_whose_matter_it_is() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let stranger = Project::new(&server);
    let operator = server.operator();
    // A stranger's attempt is the stranger's matter: those whom it was aimed at must not learn who exists elsewhere.
    stranger.client.delete(&project.path("modules/probe/versions/1"), None).problem(404);
    let attempt = entries(&stranger.client, "")[0].clone();
    assert_eq!((&attempt["code"], &attempt["projectId"]), (&json!("NotFound"), &json!(stranger.project)));
    assert!(!entries(&operator, &format!("tenantId={}", project.tenant)).contains(&attempt));
    let tenant = server.client(Some(&token(&operator, "administrator", &project.tenant, None)));
    for (client, query) in [(&tenant, String::new()), (&operator, format!("tenantId={}", project.tenant))] {
        let seen = entries(client, &query);
        assert!(seen.len() >= 3);
        assert!(seen.iter().all(|entry| entry["tenantId"] == project.tenant), "{seen:#?}");
    }
    assert!(entries(&operator, "").len() > entries(&tenant, "").len());
    assert!(entries(&operator, "subject=operator").iter().all(|entry| entry["subject"] == "operator"));
    assert_eq!(
        tenant.get(&format!("/api/admin/audit?tenantId={}", stranger.tenant)).problem(404).0,
        "NotFound"
    );
    assert_eq!(
        project.client.get(&format!("/api/admin/audit?projectId={}", stranger.project)).problem(404).0,
        "NotFound"
    );
    let viewer = server.client(Some(&token(&operator, "viewer", &project.tenant, None)));
    assert_eq!(viewer.get("/api/admin/audit").problem(403).0, "Forbidden");

    let whole = entries(&operator, "");
    let (mut paged, mut before) = (Vec::new(), String::new());
    loop {
        let page = operator.get(&format!("/api/admin/audit?limit=2{before}")).ok();
        paged.extend(page["entries"].as_array().unwrap().iter().cloned());
        let Some(next) = page["nextBefore"].as_u64() else { break };
        before = format!("&before={next}");
    }
    assert_eq!(paged, whole);
    for wrong in ["limit=0", "limit=1001", "before=0", "before=x", "tenantId=7"] {
        assert_eq!(
            operator.get(&format!("/api/admin/audit?{wrong}")).problem(400).0,
            "InvalidQuery",
            "{wrong}"
        );
    }
}

#[test]
fn what_a_client_began_is_written_down_though_it_went_away() {
    let server = Server::start();
    let project = Project::new(&server);
    let path = project.path(&format!("datasets/{}?name=a", Uuid::new_v4()));
    let mut connection = TcpStream::connect(server.base().trim_start_matches("http://")).unwrap();
    let head = format!(
        "PUT {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-length: 1000\r\n\r\n",
        project.token
    );
    connection.write_all(head.as_bytes()).unwrap();
    connection.write_all(b"not all of it").unwrap();
    drop(connection);
    let entry = eventually("the attempt is in the log", Duration::from_secs(120), || {
        entries(&project.client, "")
            .into_iter()
            .find(|entry| path.starts_with(entry["target"].as_str().unwrap()))
    });
    assert_eq!((&entry["outcome"], &entry["code"]), (&json!("refused"), &json!("BrokenUpload")));
}

#[test]
fn an_operator_sees_the_whole_server_and_nobody_else_does() {
    let server = Server::start_with(&["--slots", "1"]);
    let project = Project::new(&server).with_probe();
    let sleep = json!([{"do": "progress", "done": 1, "total": 2, "stage": "asleep"}, {"do": "sleep", "milliseconds": 600_000}]);
    let running = project.probe(sleep.clone());
    project.wait_for_stage(&running, "asleep");
    let waiting = project.probe_with(sleep, json!({"priority": "High"}));
    let later = json!({"executeImmediately": false, "scheduledTime": "2999-01-01T00:00:00Z"});
    project.probe_with(json!([]), json!({"scheduling": later}));
    // Figures of nodes come with the scheduler's pulse.
    let seen = eventually("the node says that it runs a job", Duration::from_secs(60), || {
        let seen = server.operator().get("/api/admin/system").ok();
        (seen["nodes"][0]["activeJobs"] == 1).then_some(seen)
    });
    let node = &seen["nodes"][0];
    assert_eq!(
        (&node["jobCapacity"], &node["active"], &seen["storeHealthy"]),
        (&json!(1), &json!(true), &json!(true))
    );
    assert!(node["jobMemoryReservedBytes"].as_u64() > Some(0), "{node}");
    let lanes: Vec<_> =
        seen["queue"].as_array().unwrap().iter().map(|lane| (&lane["priority"], &lane["jobs"])).collect();
    let [critical, high, normal, low] = &lanes[..] else { panic!("{lanes:?}") };
    assert_eq!(*high, (&json!("High"), &json!(1)));
    assert_eq!([critical, normal, low].map(|lane| lane.1), [&json!(0); 3]);
    assert_eq!(seen["scheduledJobs"], 1);
    let first = &seen["waiting"][0];
    assert_eq!(
        (&first["jobId"], &first["tenantId"], &first["module"]),
        (&json!(waiting), &json!(project.tenant), &json!("probe"))
    );
    let tenant = &seen["tenants"][0];
    assert_eq!(
        (&tenant["queuedJobs"], &tenant["runningJobs"], &tenant["scheduledJobs"]),
        (&json!(1), &json!(1), &json!(1))
    );
    assert_eq!(seen["hasMoreTenants"], false);
    assert_eq!(project.client.get("/api/admin/system").problem(403).0, "Forbidden");
}

//! Cursors: every list goes on behind the last entry that was shown, whatever comes and goes meanwhile.

use fuelcell_tests::project::{text, token};
use fuelcell_tests::{Client, Project, Server};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use uuid::Uuid;

/// The address of a list with further parameters.
fn with(list: &str, more: &str) -> String {
    let mark = if list.contains('?') { '&' } else { '?' };
    format!("{list}{mark}{more}")
}

fn encoded(cursor: &Value) -> &str {
    cursor.as_str().unwrap_or_else(|| panic!("no cursor: {cursor}"))
}

/// Reads a list page by page; `between` is done after each page. Returns the values of `id` in the order of the list.
fn read(client: &Client, list: &str, member: &str, id: &str, mut between: impl FnMut()) -> Vec<Value> {
    let (mut seen, mut address) = (Vec::new(), list.to_owned());
    loop {
        let page = client.get(&address).ok();
        seen.extend(page[member].as_array().unwrap().iter().map(|entry| entry[id].clone()));
        assert!(seen.len() < 1000, "the list does not end: {address}");
        if page["nextCursor"].is_null() {
            return seen;
        }
        address = with(list, &format!("cursor={}", encoded(&page["nextCursor"])));
        between();
    }
}

/// A project in which every list has some entries, and those lists: address, member, id.
fn lists(server: &Server, project: &Project) -> Vec<(Client, String, &'static str, &'static str)> {
    let client = || server.client(Some(&project.token));
    for n in 0..5 {
        project.dataset(&format!("{n}.csv"), b"x");
        project.pipeline("Notebook");
        client().put(&project.path(&format!("secrets/NAME_{n}")), &json!({"value": "x"})).ok();
        client().put(&project.path(&format!("saved/views/{n}")), &json!({"query": "status=Failed"})).ok();
        for module in ["probe", "other"] {
            let path = project.path(&format!("modules/{module}/versions/1.{n}"));
            client().put_bytes(&path, &fuelcell_tests::built::module("probe")).ok();
        }
        let path = project.path(&format!("modules/probe/versions/1.{n}/activate"));
        client().post(&path, &json!({"jobType": "Analysis"})).ok();
        let submission = json!({"scheduling": {"scheduledTime": "2999-01-01"}, "module": {"name": "probe"}});
        project.probe_with(json!([]), submission);
        let (tenant, own) = (&project.tenant, &project.project);
        let password = json!({"userName": format!("user {n}"), "tenantId": tenant, "projectId": own});
        client().post("/api/admin/application-passwords", &password).ok();
        token(&client(), "viewer", tenant, Some(own));
        let operator = server.operator();
        let name = json!({"name": format!("another {n}")});
        operator.post("/api/admin/tenants", &name).ok();
        operator.post(&format!("/api/admin/tenants/{tenant}/projects"), &name).ok();
    }
    let own = |path: &str| (client(), project.path(path));
    let global = |path: &str| (client(), path.to_owned());
    let operator = |path: String| (server.operator(), path);
    let lists = [
        (own("execution/jobs?pageSize=2"), "jobs", "jobId"),
        (own("execution/jobs?pageSize=2&priority=Normal&dateFrom=2020-01-01"), "jobs", "jobId"),
        (own("execution/queue?pageSize=2"), "jobs", "jobId"),
        (own("datasets?pageSize=2"), "datasets", "datasetId"),
        (own("pipelines?pageSize=2"), "pipelines", "pipelineId"),
        (own("modules?limit=1"), "modules", "name"),
        (own("modules/probe?limit=2"), "versions", "version"),
        (own("activations?limit=2"), "activations", "dateActivated"),
        (own("secrets?limit=2"), "secrets", "name"),
        (own("saved/views?limit=2"), "saved", "name"),
        (global("/api/admin/tokens?limit=2"), "tokens", "tokenId"),
        (global("/api/admin/application-passwords?limit=2"), "applicationPasswords", "passwordId"),
        (global("/api/admin/audit?limit=3"), "entries", "number"),
        (operator("/api/admin/tenants?limit=2".into()), "tenants", "tenantId"),
        (
            operator(format!("/api/admin/tenants/{}/projects?limit=2", project.tenant)),
            "projects",
            "projectId",
        ),
    ];
    lists.into_iter().map(|((client, path), member, id)| (client, path, member, id)).collect()
}

#[test]
fn every_list_is_read_to_its_end_and_refuses_cursors_that_are_not_its_own() {
    let server = Server::start();
    let project = Project::new(&server);
    let lists = lists(&server, &project);
    let mut cursors = Vec::new();
    for (client, list, member, id) in &lists {
        let whole = client.get(&list.replace("Size=2", "Size=100").replace("limit=", "limit=10")).ok();
        assert!(whole["nextCursor"].is_null(), "{list}: {whole}");
        let whole: Vec<_> = whole[member].as_array().unwrap().iter().map(|entry| entry[id].clone()).collect();
        let mut seen = read(client, list, member, id, || ());
        if list.contains("/modules?") {
            // A module goes on with its further versions.
            assert_eq!(seen.len(), 10, "a page for each version");
            seen.dedup();
        }
        assert_eq!(seen, whole, "{list}");
        assert!(whole.len() >= 2, "{list}");
        cursors.push(client.get(list).ok()["nextCursor"].clone());
    }
    for (number, (client, list, ..)) in lists.iter().enumerate() {
        let own = encoded(&cursors[number]).to_owned();
        let foreign = cursors.iter().enumerate().filter(|(other, _)| *other != number);
        let foreign = foreign.map(|(_, cursor)| encoded(cursor).to_owned());
        let mut changed = own.clone().into_bytes();
        changed[7] = if changed[7] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).unwrap();
        let made_up = ["0", "7", "nonsense", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"].map(String::from);
        for wrong in foreign.chain(made_up).chain([changed, own[1..].to_owned(), own.clone() + "AAAA"]) {
            let (code, why) = client.get(&with(list, &format!("cursor={wrong}"))).problem(400);
            assert_eq!(code, "InvalidCursor", "{list} {wrong}");
            assert!(why.contains("begin again without one"), "{why}");
        }
        if list.contains("pageSize") {
            let both = client.get(&with(list, &format!("page=1&cursor={own}"))).problem(400);
            assert!(both.1.contains("page or cursor"), "{}", both.1);
        }
        // The length of a page is not what a cursor belongs to.
        let longer = list.replace("Size=2", "Size=3").replace("limit=", "limit=1");
        client.get(&with(&longer, &format!("cursor={own}"))).ok();
    }
    let job_cursor = encoded(&cursors[0]);
    let other = Project::new(&server);
    let elsewhere = other.client.get(&other.path(&format!("execution/jobs?pageSize=2&cursor={job_cursor}")));
    assert_eq!(elsewhere.problem(400).0, "InvalidCursor", "another project's list");
    let filtered = project.path(&format!("execution/jobs?pageSize=2&status=Queued&cursor={job_cursor}"));
    assert_eq!(project.client.get(&filtered).problem(400).0, "InvalidCursor", "other filters");
    // Whoever has the same scope may go on, and so may the same reader after the server was started again.
    let colleague =
        server.client(Some(&token(&project.client, "viewer", &project.tenant, Some(&project.project))));
    let path = project.path(&format!("execution/jobs?pageSize=2&cursor={job_cursor}"));
    let page = colleague.get(&path).ok();
    assert_eq!((&page["page"], page["jobs"].as_array().unwrap().len()), (&Value::Null, 2));
}

#[test]
fn jobs_that_come_and_go_while_they_are_read_are_shown_once() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let jobs: Vec<_> = (0..12).map(|_| project.probe(json!([]))).collect();
    for job in &jobs {
        project.wait_for(job, "Completed");
    }
    let list = project.path("execution/jobs?pageSize=3");
    // After each page one job comes, one that was shown goes, and so does one that was not.
    let (mut gone, mut turn) = (BTreeSet::new(), 0);
    let seen = read(&project.client, &list, "jobs", "jobId", || {
        project.probe_with(json!([]), json!({"scheduling": {"scheduledTime": "2999-01-01"}}));
        for place in [11 - turn, turn] {
            if gone.insert(jobs[place].clone()) {
                let deleted =
                    project.client.delete(&format!("{}/data", project.job_path(&jobs[place])), None);
                assert_eq!(deleted.status, 204);
            }
        }
        turn += 1;
    });
    assert!(gone.len() >= 4, "{gone:?}");
    let stayed: Vec<_> = jobs.iter().rev().filter(|job| !gone.contains(*job)).map(|job| json!(job)).collect();
    let of_those: Vec<_> = seen.iter().filter(|job| stayed.contains(job)).cloned().collect();
    assert_eq!(of_those, stayed);
    let once: BTreeSet<_> = seen.iter().map(|job| job.as_str().unwrap()).collect();
    assert_eq!(once.len(), seen.len());
}

#[test]
fn a_numbered_page_leads_on_by_cursor() {
    let server = Server::start();
    let project = Project::new(&server);
    let ids: Vec<_> = (0..5).map(|n| project.dataset(&format!("{n}.csv"), b"x")).collect();
    let page = project.client.get(&project.path("datasets?page=2&pageSize=2")).ok();
    assert_eq!(page["pagination"]["total"], 5);
    let cursor = encoded(&page["nextCursor"]);
    // The second page again would show one that was shown, once one before it has gone.
    assert_eq!(project.client.delete(&project.path(&format!("datasets/{}", ids[0])), None).status, 204);
    let rest = project.client.get(&project.path(&format!("datasets?pageSize=2&cursor={cursor}"))).ok();
    assert_eq!(
        (text(&rest["datasets"][0], "datasetId"), &rest["pagination"]),
        (ids[4].clone(), &Value::Null)
    );
    assert_eq!((rest["datasets"].as_array().unwrap().len(), &rest["nextCursor"]), (1, &Value::Null));
}

#[test]
fn a_page_by_cursor_ends_where_it_is_large() {
    let server = Server::start();
    let project = Project::new(&server);
    let body =
        json!({"name": "p", "jobType": "Notebook", "parameters": {"values": {"fill": "x".repeat(60_000)}}});
    for _ in 0..40 {
        let path = project.path(&format!("pipelines/{}", Uuid::new_v4()));
        project.client.put(&path, &body).ok();
    }
    let first = project.client.get(&project.path("pipelines?pageSize=1")).ok();
    let cursor = encoded(&first["nextCursor"]);
    let page = project.client.get(&project.path(&format!("pipelines?pageSize=100&cursor={cursor}")));
    let bytes = page.text().len();
    assert!((1 << 20..(1 << 20) + 70_000).contains(&bytes), "{bytes}");
    assert!(page.ok()["nextCursor"].is_string());
    let list = project.path("pipelines?pageSize=100");
    let numbered = read(&project.client, &list, "pipelines", "pipelineNumber", || ());
    assert_eq!(numbered, (1..=40).map(Value::from).collect::<Vec<_>>());
}

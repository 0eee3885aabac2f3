//! The dashboard: its files, its sessions, and its pages in a real browser.

use fuelcell_tests::project::{text, token};
use fuelcell_tests::{Answer, Client, Project, Server, built};
use serde_json::{Value, json};
use std::fs;
use std::net::TcpListener;
use std::process::Command;
use uuid::Uuid;

const SAMPLE: &str = "example-jobs/built-in/process-mining/sample/order-to-cash.csv";

/// Runs a script of the browser's tests in a project, and returns what it printed.
fn browse(server: &Server, project: &Project, script: &str, more: &[(&str, &str)]) -> String {
    let output = Command::new("node")
        .arg(built::source(&format!("tests/clients/dashboard/{script}")))
        .env("FUELCELL_URL", server.base())
        .env("FUELCELL_TENANT", &project.tenant)
        .env("FUELCELL_PROJECT", &project.project)
        .env("FUELCELL_TOKEN", &project.token)
        .envs(more.iter().copied())
        .output()
        .expect("`cargo xtask test` makes sure that there is Node.js");
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{printed}\n{}", String::from_utf8_lossy(&output.stderr));
    printed
}

fn sample(project: &Project) -> String {
    project.dataset("order-to-cash.csv", &fs::read(built::source(SAMPLE)).unwrap())
}

fn mining(project: &Project, more: Value) -> String {
    let mut body =
        json!({"jobName": "Orders", "jobType": "ProcessMining", "module": {"name": "process-mining"}});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    text(&project.submit(&body).ok(), "jobId")
}

#[test]
fn a_stranger_goes_from_the_sign_in_to_a_mended_job() {
    let server = Server::start();
    let printed = browse(&server, &Project::new(&server), "tour.mjs", &[]);
    assert!(printed.contains("the tour went to its end"), "{printed}");
}

#[test]
fn no_page_has_a_fault_that_axe_finds_or_is_too_wide() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let dataset = sample(&project);
    let completed = mining(&project, json!({"parameters": {"datasetId": dataset}}));
    let failed = mining(&project, json!({"parameters": {"datasetId": dataset, "columns": {"case": "none"}}}));
    let later = json!({"executeImmediately": false, "scheduledTime": "2999-01-01T00:00:00Z"});
    let waiting = mining(&project, json!({"parameters": {"datasetId": dataset}, "scheduling": later}));
    project.wait_for(&completed, "Completed");
    project.wait_for(&failed, "Failed");
    project.client.put_bytes(&project.path("modules/probe/versions/2"), &built::module("fetch")).ok();
    project.client.put(&project.path("secrets/CRM_TOKEN"), &json!({"value": "a value"})).ok();
    let schedule = json!({"cron": "0 6 * * MON-FRI", "timeZone": "Europe/Berlin"});
    let pipeline = json!({"name": "Each morning", "jobType": "ProcessMining", "datasetId": dataset, "schedule": schedule});
    project.client.put(&project.path(&format!("pipelines/{}", Uuid::new_v4())), &pipeline).ok();
    let jobs = json!({"completed": completed, "failed": failed, "waiting": waiting, "dataset": dataset});
    let viewer = token(&server.operator(), "viewer", &project.tenant, Some(&project.project));
    let more = [("JOBS", &jobs.to_string()[..]), ("FUELCELL_VIEWER", &viewer)];
    let printed = browse(&server, &project, "pages.mjs", &more);
    assert!(printed.contains("nothing was found"), "{printed}");
}

#[test]
fn the_list_lives_by_events_and_survives_a_server_that_is_away() {
    let server = Server::start();
    let printed = browse(&server, &Project::new(&server).with_probe(), "live.mjs", &[]);
    assert!(printed.contains("the list lives"), "{printed}");
}

#[test]
fn a_project_is_kept_going_by_its_pages() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    project.client.put_bytes(&project.path("modules/probe/versions/2"), &built::module("fetch")).ok();
    let steps = r#"[{"do": "report", "qualityScore": 99.123456789012345678901}]"#;
    let pipeline = format!(
        r#"{{"name": "Nightly", "jobType": "Analysis", "module": {{"name": "probe", "version": "1"}}, "parameters": {{"steps": {steps}}}}}"#
    );
    let path = project.path(&format!("pipelines/{}", Uuid::new_v4()));
    project.client.send("PUT", &path, &[("content-type", "application/json")], pipeline.as_bytes()).ok();
    let viewer = token(&server.operator(), "viewer", &project.tenant, Some(&project.project));
    let operator = fs::read_to_string(server.data().join("operator-token")).unwrap();
    let more = [("FUELCELL_VIEWER", &viewer[..]), ("FUELCELL_OPERATOR", operator.trim())];
    let printed = browse(&server, &project, "operate.mjs", &more);
    assert!(printed.contains("the project keeps going"), "{printed}");
}

#[test]
fn many_jobs_are_found_compared_and_changed_together() {
    let server = Server::start();
    let printed = browse(&server, &Project::new(&server).with_probe(), "many.mjs", &[]);
    assert!(printed.contains("many jobs are no trouble"), "{printed}");
}

#[test]
fn a_log_of_several_parts_is_read_to_its_end_and_figures_are_told() {
    let server = Server::start_set(&[("JOB_LOG_BYTES", "64MiB")]);
    let few = [("FUELCELL_LINES", "250000"), ("FUELCELL_JOBS", "1000")];
    let printed = browse(&server, &Project::new(&server).with_probe(), "figures.mjs", &few);
    let told = |line: &str| serde_json::from_str::<Value>(line).unwrap()["figure"].is_string();
    assert!(printed.lines().count() == 6 && printed.lines().all(told), "{printed}");
}

#[test]
fn views_and_parameters_are_kept_and_figures_shown_by_the_hour() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let activate = project.path("modules/probe/versions/1/activate");
    project.client.post(&activate, &json!({"jobType": "Analysis"})).ok();
    let failed = project.probe(json!([{"do": "fail", "code": "Nope", "message": "no luck"}]));
    project.wait_for(&failed, "Failed");
    let printed = browse(&server, &project, "saved.mjs", &[]);
    assert!(printed.contains("it was all kept"), "{printed}");
}

#[test]
fn what_others_wrote_does_no_harm() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let script = "<script>globalThis.harmed=true</script>";
    let page =
        "<body>a report<script>document.body.dataset.ran='yes';parent.postMessage('x','*')</script></body>";
    let picture = format!("<svg xmlns='http://www.w3.org/2000/svg' width='40' height='40'>{script}</svg>");
    let name = format!("<img src=x onerror=globalThis.harmed=true> \u{202e}gnp.exe\u{200b} {script}");
    let markdown = format!(
        "# A heading\n\n### Below\n\n{script} and **bold** &lt;b&gt; with <img src=x onerror=globalThis.harmed=true>\n\n\
         [runs](javascript:globalThis.harmed=true) [leads out](https://example.com/a) ![picture](https://example.com/p.png)\n\n\
         | a | b |\n|---|---|\n| `1` | {script} |\n\n```\n{script}\n```\n"
    );
    let deep = format!("{}the deepest {script}", "> ".repeat(3_000));
    let cells = json!([
        {"cell_type": "markdown", "source": ["## Cells\n", script]},
        {"cell_type": "code", "source": "print(1)", "outputs": [
            {"output_type": "stream", "text": ["said\n"]},
            {"output_type": "display_data", "data": {"image/svg+xml": picture, "text/html": script}},
            {"output_type": "execute_result", "data": {"text/html": script}},
            {"output_type": "error", "ename": "E", "evalue": script, "traceback": ["\u{1b}[31mtraced\u{1b}[0m"]},
        ]},
    ]);
    let notebook = json!({"cells": cells, "nbformat": 4}).to_string();
    let steps = format!(
        r#"[
            {{"do": "report", "qualityScore": 99.123456789012345678901}},
            {{"do": "artifact", "name": "notes.md", "text": {}}},
            {{"do": "artifact", "name": "deep.md", "text": {}}},
            {{"do": "artifact", "name": "run.ipynb", "text": {}}},
            {{"do": "log", "message": {script:?}}},
            {{"do": "log", "message": {:?}}},
            {{"do": "log", "message": "\u202eneedle\u0007"}},
            {{"do": "artifact", "name": "picture.svg", "text": {picture:?}, "kind": "visualization"}},
            {{"do": "artifact", "name": "bad &lt; 'report'.html", "text": {page:?}, "kind": "report", "primary": true}}
        ]"#,
        json!(markdown),
        json!(deep),
        json!(notebook),
        "x".repeat(300_000),
    );
    let body = format!(
        r#"{{"jobName": {}, "jobType": "Analysis", "module": {{"name": "probe"}}, "labels": {{"<b>": "{script}"}}, "parameters": {{"steps": {steps}}}}}"#,
        json!(name)
    );
    let submitted = project.client.send("POST", &project.path("execution/job"), &[], body.as_bytes());
    let job = text(&submitted.ok(), "jobId");
    project.wait_for(&job, "Completed");
    let table = "name,link\n\"<img src=x onerror=globalThis.harmed=true>\",=HYPERLINK\n";
    let dataset = project.dataset("a%22%3E%3Cimg%20src=x%3E.csv", table.as_bytes());
    let hostile =
        json!({"job": job, "dataset": dataset, "name": name, "output": "bad%20%26lt%3B%20'report'.html"});
    let printed = browse(&server, &project, "hostile.mjs", &[("HOSTILE", &hostile.to_string())]);
    assert!(printed.contains("nothing did any harm"), "{printed}");
}

#[test]
fn below_a_path_of_a_proxy_everything_is_found() {
    // Free a moment ago: the server must know its public address before the proxy listens.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let public = format!("http://127.0.0.1:{port}/tools/fuelcell");
    let server = Server::start_set(&[("SERVICE__PUBLIC_URL", &public)]);
    let project = Project::new(&server);
    let printed = browse(&server, &project, "proxied.mjs", &[("PROXY_PORT", &port.to_string())]);
    assert!(printed.contains("it works below a path"), "{printed}");
}

#[test]
fn the_files_are_named_by_their_contents_compressed_and_locked_down() {
    let server = Server::start();
    let nobody = server.client(None);
    let page = nobody.get("/");
    assert_eq!((page.status, page.header("cache-control")), (200, "no-cache"));
    let policy = page.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'; ") && !policy.contains("unsafe"), "{policy}");
    assert!(policy.contains("require-trusted-types-for 'script'"), "{policy}");
    let html = page.text();
    let names: Vec<_> = html.split("\"./assets/").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(names.len() > 3, "{html}");
    for name in names {
        let path = format!("/assets/{name}");
        let plain = nobody.get(&path);
        assert_eq!((plain.status, plain.header("content-encoding")), (200, ""), "{path}");
        let hashed = !["theme.js", "icon.svg"].contains(&name);
        assert_eq!(plain.header("cache-control").contains("immutable"), hashed, "{path}");
        for coding in ["br", "gzip"] {
            let coded = nobody.send("GET", &path, &[("accept-encoding", coding)], &[]);
            assert!(coded.status == 200 && coded.header("vary") == "accept-encoding", "{path}");
        }
        let known = nobody.send("GET", &path, &[("if-none-match", plain.header("etag"))], &[]);
        assert_eq!((known.status, known.body.len()), (304, 0), "{path}");
    }
    for other in ["/assets/none.js", "/assets/index.html", "/assets/..%2findex.html"] {
        assert_eq!(nobody.get(other).problem(404).0, "NotFound", "{other}");
    }
}

/// Signs in as a page of this server would, and returns the cookie.
fn sign_in(server: &Server, token: &str) -> String {
    let answer =
        server.client(Some(token)).send("POST", "/api/session", &[("sec-fetch-site", "same-origin")], &[]);
    answer.ok();
    let cookie = answer.header("set-cookie").to_owned();
    for word in ["; Path=/;", "; HttpOnly;", "; SameSite=Strict;", "; Expires="] {
        assert!(cookie.contains(word), "{cookie}");
    }
    cookie.split(';').next().unwrap().to_owned()
}

/// Asks as a browser does that has the cookie, for a page of `site`.
fn ask(client: &Client, method: &str, path: &str, cookie: &str, site: &str) -> Answer {
    client.send(method, path, &[("cookie", cookie), ("sec-fetch-site", site)], &[])
}

#[test]
fn a_session_may_what_its_token_may_for_pages_of_this_server_only() {
    let server = Server::start();
    let project = Project::new(&server);
    let cookie = sign_in(&server, &project.token);
    let nobody = server.client(None);
    let who = ask(&nobody, "GET", "/api/session", &cookie, "same-origin");
    assert_eq!(who.header("cache-control"), "no-store");
    let who = who.ok();
    assert_eq!((&who["role"], &who["projectId"]), (&json!("administrator"), &json!(project.project)));
    assert_eq!(who["projects"][0]["projectName"], "a project");
    assert_eq!(server.client(Some(&project.token)).get("/api/session").ok(), who);

    let (jobs, dataset) =
        (project.path("execution/jobs"), project.path("datasets/6f9619ff-8b86-d011-b42d-00c04fc964ff"));
    assert_eq!(ask(&nobody, "GET", &jobs, &cookie, "same-origin").status, 200);
    ask(&nobody, "PUT", &format!("{dataset}?name=a.csv"), &cookie, "same-origin").ok();
    for site in ["cross-site", "same-site"] {
        assert_eq!(ask(&nobody, "GET", &jobs, &cookie, site).problem(403).0, "CrossSite", "{site}");
        assert_eq!(ask(&nobody, "DELETE", &dataset, &cookie, site).problem(403).0, "CrossSite", "{site}");
    }
    let without_tls =
        |origin| nobody.send("DELETE", &dataset, &[("cookie", &cookie), ("origin", origin)], &[]);
    assert_eq!(without_tls("http://evil.example").problem(403).0, "CrossSite");
    assert_eq!(without_tls(server.base()).status, 204);
    // Nobody is signed in by a page of somebody else, and a session begins no other one.
    let foreign = [("sec-fetch-site", "cross-site")];
    let refused = server.client(Some(&project.token)).send("POST", "/api/session", &foreign, &[]);
    assert_eq!(refused.problem(403).0, "CrossSite");
    assert_eq!(ask(&nobody, "POST", "/api/session", &cookie, "same-origin").problem(400).0, "TokenNeeded");
    // Another tenant's project is as absent as with a token, and passwords' addresses take no session.
    let stranger = Project::new(&server);
    assert_eq!(ask(&nobody, "GET", &stranger.path("datasets"), &cookie, "same-origin").status, 404);
    let other_protocol = ask(&nobody, "GET", "/wp-json/datamachine/v1/jobs", &cookie, "same-origin");
    assert_eq!(other_protocol.status, 401);
    let audit = server.operator().get(&format!("/api/admin/audit?tenantId={}", project.tenant)).text();
    assert!(
        audit.contains("POST /api/session") && !audit.contains(cookie.split('=').nth(1).unwrap()),
        "{audit}"
    );
}

#[test]
fn a_cookie_of_a_server_behind_tls_goes_over_tls_only() {
    let public = "https://jobs.example.com/tools/fuelcell";
    let server = Server::start_set(&[("SERVICE__PUBLIC_URL", public)]);
    let project = Project::new(&server);
    let client = server.client(Some(&project.token));
    let cookie_for = |origin: &str| {
        let answer = client.send("POST", "/api/session", &[("origin", origin)], &[]);
        answer.ok();
        answer.header("set-cookie").to_owned()
    };
    let cookie = cookie_for("https://jobs.example.com");
    assert!(cookie.contains("; Path=/tools/fuelcell;") && cookie.contains("; Secure"), "{cookie}");
    // Somebody on the machine itself, without TLS: a browser would not keep one that is for TLS.
    assert!(!cookie_for(server.base()).contains("Secure"));
}

#[test]
fn an_operator_of_more_tenants_than_are_listed_is_told_so() {
    let server = Server::start();
    Project::new(&server);
    let operator = server.operator();
    let session = || operator.get("/api/session").ok();
    assert_eq!(
        (&session()["hasMoreProjects"], session()["projects"].as_array().unwrap().len()),
        (&json!(false), 1)
    );
    for number in 0..200 {
        operator.post("/api/admin/tenants", &json!({"name": format!("without projects {number}")})).ok();
    }
    assert_eq!(
        (&session()["hasMoreProjects"], session()["projects"].as_array().unwrap().len()),
        (&json!(true), 1)
    );
}

#[test]
fn a_session_outlasts_the_server_and_ends_when_somebody_signs_out_or_the_token_is_revoked() {
    let mut server = Server::start();
    let body = |project: &Project| json!({"subject": "ann", "role": "viewer", "tenantId": project.tenant, "projectId": project.project});
    let project = Project::new(&server);
    let made = server.operator().post("/api/admin/tokens", &body(&project)).ok();
    let secret = text(&made, "token");
    let cookies = [(); 3].map(|()| sign_in(&server, &secret));
    let other = sign_in(&server, &project.token);
    assert!(server.terminate());
    server.restart();
    let nobody = server.client(None);
    let status = |cookie: &str| ask(&nobody, "GET", "/api/session", cookie, "same-origin").status;
    assert!(cookies.iter().all(|cookie| status(cookie) == 200) && status(&other) == 200);

    let gone = ask(&nobody, "DELETE", "/api/session", &cookies[0], "same-origin");
    assert!(gone.status == 204 && gone.header("set-cookie").contains("Max-Age=0"), "{gone:?}");
    assert_eq!([&cookies[0], &cookies[1], &cookies[2]].map(|cookie| status(cookie)), [401, 200, 200]);
    ask(&nobody, "DELETE", "/api/session?everywhere=true", &cookies[1], "same-origin");
    assert_eq!([&cookies[1], &cookies[2], &other].map(|cookie| status(cookie)), [401, 401, 200]);

    let again = sign_in(&server, &secret);
    let revoke = format!("/api/admin/tokens/{}", text(&made, "tokenId"));
    assert_eq!(server.operator().delete(&revoke, None).status, 204);
    assert_eq!(status(&again), 401);
    // What ended stays so when the server was killed.
    server.kill();
    server.restart();
    let status =
        |cookie: &str| ask(&server.client(None), "GET", "/api/session", cookie, "same-origin").status;
    assert_eq!([&cookies[0], &cookies[2], &again, &other].map(|cookie| status(cookie)), [401, 401, 401, 200]);
}

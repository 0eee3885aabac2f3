//! Views and sets of parameters, by the API and by the command line.

use crate::cli_client::Home;
use fuelcell_tests::project::{text, token};
use fuelcell_tests::{Project, Server};
use serde_json::json;

#[test]
fn nobody_overwrites_what_they_did_not_see() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let other = Project::new(&server);
    let role = |role: &str| {
        let own = token(&server.operator(), role, &project.tenant, Some(&project.project));
        server.client(Some(&own))
    };
    let (viewer, submitter) = (role("viewer"), role("submitter"));
    let view = project.path("saved/views/our%20failures%20%E2%82%AC");
    let failures = json!({"query": "status=Failed&text=a%20b"});
    assert_eq!(viewer.put(&view, &failures).problem(403).0, "Forbidden");
    let made = submitter.put(&view, &failures).ok();
    assert_eq!(
        (&made["name"], &made["revision"], &made["setBy"]),
        (&json!("our failures €"), &json!(1), &json!("a submitter"))
    );
    assert_eq!(viewer.get(&view).ok(), made);
    assert_eq!(viewer.get(&project.path("saved/views")).ok()["saved"], json!([made]));

    let wider = json!({"query": "text=a%20b"});
    let (code, detail) = submitter.put(&view, &wider).problem(409);
    assert!(code == "SavedChanged" && detail.contains("revision 1"), "{code}: {detail}");
    assert_eq!(submitter.put(&view, &failures).ok(), made, "the same again");
    let seen = json!({"query": "text=a%20b", "revision": 1});
    assert_eq!(project.client.put(&view, &seen).ok()["revision"], 2);
    let late = json!({"query": "status=Queued", "revision": 1});
    assert_eq!(submitter.put(&view, &late).problem(409).0, "SavedChanged");
    assert_eq!(submitter.get(&view).ok()["setBy"], "a administrator");
    let absent = project.path("saved/views/other");
    assert_eq!(submitter.put(&absent, &seen).problem(404).0, "NotFound");
    assert_eq!(other.client.get(&view).status, 404, "whoever is elsewhere hears nothing of it");

    for (path, body, code) in [
        ("saved/views/x", json!({"query": "page=2"}), "InvalidSaved"),
        ("saved/views/x", json!({"module": "probe", "parameters": {}}), "InvalidBody"),
        ("saved/parameters/x", json!({"query": "status=Failed"}), "InvalidBody"),
        ("saved/views/%07", failures.clone(), "InvalidName"),
        ("saved/words/x", failures, "InvalidId"),
    ] {
        assert_eq!(submitter.put(&project.path(path), &body).problem(400).0, code, "{path} {body}");
    }
    assert_eq!(viewer.delete(&view, None).problem(403).0, "Forbidden");
    assert_eq!(submitter.delete(&view, None).status, 204);
    assert_eq!(submitter.delete(&view, None).problem(404).0, "NotFound");
    let audit = project.client.get("/api/admin/audit").ok().to_string();
    assert!(audit.contains("/saved/views/"), "{audit}");
}

#[test]
fn parameters_are_kept_to_the_digit() {
    let server = Server::start();
    let project = Project::new(&server);
    let path = project.path("saved/parameters/exact");
    let body =
        br#"{"module": "probe", "parameters": {"n": 1.00000000000000000001, "big": 123456789012345678901}}"#;
    let made = project.client.send("PUT", &path, &[("content-type", "application/json")], body);
    assert_eq!(made.status, 200, "{}", made.text());
    let kept = project.client.get(&path).text();
    assert!(kept.contains("1.00000000000000000001") && kept.contains("123456789012345678901"), "{kept}");
}

#[test]
fn the_command_line_saves_lists_and_uses_them() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let home = Home::of(&server, &project);
    let failed = project.probe(json!([{"do": "fail", "code": "Nope", "message": "no luck"}]));
    project.wait_for(&failed, "Failed");
    let steps = r#"steps=[{"do": "artifact", "name": "a.txt", "text": "saved"}]"#;
    home.say(&["parameters", "save", "made", "--module", "probe", "--param", steps]);
    let job = home.json(&[
        "job",
        "submit",
        "--module",
        "probe",
        "--type",
        "Analysis",
        "--parameters-from",
        "made",
        "--watch",
    ]);
    assert_eq!(job["receipt"]["outputs"][0]["name"], "a.txt");

    home.say(&["view", "save", "bad", "--status", "completed"]);
    let (exit, said) = home.fail(&["view", "save", "bad", "--status", "failed"]);
    assert!(exit == 5 && said.contains("--replace"), "{exit}: {said}");
    home.say(&["view", "save", "bad", "--status", "failed", "--replace"]);
    let listed = home.json(&["job", "list", "--view", "bad"]);
    assert_eq!(listed.as_array().unwrap().len(), 1);
    assert_eq!(text(&listed[0], "jobId"), failed);
    // A flag stands in the place of what the view says.
    let listed = home.json(&["job", "list", "--view", "bad", "--status", "completed"]);
    assert_eq!(listed[0]["jobId"], job["jobId"]);
    assert!(home.say(&["view", "list"]).contains("status=Failed"));
    home.say(&["view", "delete", "bad"]);
    assert_eq!(home.json(&["view", "list"]), json!([]));

    let hours = home.json(&["usage", "--hours", "2"]);
    let sum = |name: &str| {
        hours["hours"].as_array().unwrap().iter().map(|hour| hour[name].as_u64().unwrap()).sum::<u64>()
    };
    assert_eq!((sum("completed"), sum("failed"), sum("cancelled")), (1, 1, 0));
    let told = hours["hours"].to_string();
    assert!(told.contains(r#""failures":{"GuestError":1}"#), "{told}");
    assert!(home.say(&["usage", "--hours", "2"]).lines().count() >= 3);
}

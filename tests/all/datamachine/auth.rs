//! Application passwords and what they open.

use super::{JOBS, Scene, basic, error, make_password};
use fuelcell_tests::project::text;
use fuelcell_tests::{Answer, Project, Server, built};
use serde_json::json;
use std::process::Command;

fn get(server: &Server, authorization: &str) -> Answer {
    server.client(None).send("GET", JOBS, &[("authorization", authorization)], b"")
}

#[test]
fn a_password_opens_its_project_and_nothing_else() {
    let scene = Scene::set();
    let Scene { server, project, user, password } = &scene;
    scene.pending();
    let other = Project::new(server);
    let (_, others) = make_password(server, &other, user, "administrator");
    let seen = |password: &str| get(server, &basic(user, password)).ok()["total"].clone();
    assert_eq!(seen(password), 1);
    assert_eq!(seen(&others), 0, "the same user name in another project");

    assert_eq!(password.len(), 29, "six groups of four");
    assert_eq!(seen(&password.replace(' ', "")), 1);
    assert_eq!(seen(&format!(" {}\u{a0}", password.replace(' ', "  "))), 1, "white space does not count");

    let authorization = basic(user, password);
    let headers = [("authorization", &authorization[..])];
    let elsewhere = server.client(None).send("GET", &project.path("execution/jobs"), &headers, b"");
    assert_eq!(elsewhere.problem(401).0, "Unauthenticated");
    let compact = password.replace(' ', "");
    let as_token = server.client(Some(&compact)).get(&project.path("execution/jobs"));
    assert_eq!(as_token.problem(401).0, "Unauthenticated");
}

#[test]
fn everybody_else_is_refused_on_every_address() {
    let scene = Scene::set();
    let Scene { server, project, user, password } = &scene;
    let (id, revoked) = make_password(server, project, user, "administrator");
    let revoke = format!("/api/admin/application-passwords/{id}");
    assert_eq!(server.operator().delete(&revoke, None).status, 204);
    let operator = std::fs::read_to_string(server.data().join("operator-token")).unwrap();
    let strangers = [
        String::new(),
        "Basic".into(),
        "Basic !!!".into(),
        basic("", ""),
        basic(user, "wrong"),
        basic(user, &revoked),
        basic("bert", password),
        basic("Ann", password),
        basic(user, &password.to_lowercase()),
        basic(user, &project.token),
        basic("operator", operator.trim()),
        format!("Bearer {}", operator.trim()),
        format!("Bearer {}", project.token),
    ];
    let roles = std::fs::read_to_string(built::source("docs/roles.md")).unwrap();
    let mut rows = 0;
    for line in roles.lines().filter(|line| line.ends_with("| an application password of an administrator |"))
    {
        let mut cells = line.split('|').map(str::trim).skip(1);
        let (method, path) =
            (cells.next().unwrap(), cells.next().unwrap().trim_matches('`').replace("{id}", "1"));
        rows += 1;
        for stranger in &strangers {
            let headers = [("authorization", &stranger[..])];
            let answer = server.client(None).send(method, &path, &headers, br#"{"type": "all"}"#);
            assert_eq!(error(&answer, 401).0, "rest_forbidden", "{stranger}: {method} {path}");
            assert!(answer.header("www-authenticate").starts_with("Basic "), "{method} {path}");
        }
        assert_eq!(error(&server.client(None).send(method, &path, &[], b""), 401).0, "rest_forbidden");
        for role in ["viewer", "submitter", "module-author"] {
            let (_, weak) = make_password(server, project, user, role);
            let headers = [("authorization", &basic(user, &weak)[..])];
            let answer = server.client(None).send(method, &path, &headers, br#"{"type": "all"}"#);
            assert_eq!(error(&answer, 403).0, "rest_forbidden", "{role}: {method} {path}");
        }
    }
    assert_eq!(rows, 3, "all addresses were tried");
    assert_eq!(server.client(None).send("HEAD", JOBS, &[], b"").status, 401);
}

#[test]
fn what_is_not_there_is_said_in_the_same_shape() {
    let scene = Scene::set();
    for path in ["/wp-json/", "/wp-json/datamachine/v1/flows", "/wp-json/datamachine/v1/jobs/1/2"] {
        assert_eq!(error(&scene.send("GET", path, &[], b""), 404).0, "rest_no_route", "{path}");
    }
    for method in ["PUT", "POST", "PATCH"] {
        assert_eq!(error(&scene.send(method, JOBS, &[], b""), 405).0, "rest_no_route", "{method}");
    }
    assert_eq!(error(&scene.send("DELETE", &format!("{JOBS}/1"), &[], b""), 405).0, "rest_no_route");
    let large = vec![b' '; 2 << 20];
    assert_eq!(error(&scene.send("DELETE", JOBS, &[], &large), 413).0, "rest_too_large");
}

#[test]
fn wrong_passwords_are_throttled_and_right_ones_pass() {
    let server = Server::start_set(&[("API__AUTH_FAILURES_PER_MINUTE", "3")]);
    let project = Project::new(&server);
    let (_, password) = make_password(&server, &project, "ann", "administrator");
    let answers: Vec<_> = (0..8).map(|_| get(&server, &basic("ann", "wrong"))).collect();
    assert_eq!(error(&answers[0], 401).0, "rest_forbidden");
    let told_to_wait = answers.iter().find(|answer| answer.status == 429).expect("eight are too many");
    assert_eq!(error(told_to_wait, 429).0, "rest_too_many_requests");
    assert!(told_to_wait.header("retry-after").parse::<u64>().unwrap() > 0);
    assert_eq!(get(&server, &basic("ann", &password)).status, 200);
}

#[test]
fn passwords_are_listed_without_themselves_and_kept_hashed() {
    let scene = Scene::set();
    let Scene { server, project, password, .. } = &scene;
    let listed = project.client.get("/api/admin/application-passwords").ok();
    let own = &listed["applicationPasswords"][0];
    assert_eq!((&own["userName"], &own["role"]), (&json!("ann"), &json!("administrator")));
    assert_eq!(own["projectId"], project.project.as_str());
    assert!(own["dateRevoked"].is_null() && own.get("password").is_none(), "{own}");
    let tokens = project.client.get("/api/admin/tokens").ok();
    assert!(!tokens.to_string().contains(own["passwordId"].as_str().unwrap()), "they are no bearer tokens");
    let address = format!("/api/admin/tokens/{}", text(own, "passwordId"));
    assert_eq!(project.client.delete(&address, None).problem(404).0, "NotFound");
    for letters in [password.clone(), password.replace(' ', "")] {
        assert!(!server.log().contains(&letters), "not in the log");
        assert!(!any_file_contains(&server.data(), letters.as_bytes()), "not on the disk");
    }
    for (body, code) in [
        (json!({"userName": "a:b", "tenantId": project.tenant, "projectId": project.project}), "InvalidName"),
        (json!({"userName": "", "tenantId": project.tenant, "projectId": project.project}), "InvalidName"),
        (json!({"userName": "a", "tenantId": project.tenant}), "MalformedJson"),
        (
            json!({"userName": "a", "tenantId": project.tenant, "projectId": project.project, "role": "operator"}),
            "InvalidScope",
        ),
    ] {
        let answer = server.operator().post("/api/admin/application-passwords", &body);
        let found = answer.problem(400).0;
        assert!(found == code || (code == "MalformedJson" && found == "InvalidBody"), "{body}: {found}");
    }
}

fn any_file_contains(folder: &std::path::Path, needle: &[u8]) -> bool {
    std::fs::read_dir(folder).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        match std::fs::symlink_metadata(&path).unwrap().file_type() {
            kind if kind.is_dir() => any_file_contains(&path, needle),
            // The socket by which tools reach the server.
            kind if !kind.is_file() => false,
            _ => std::fs::read(&path).unwrap().windows(needle.len()).any(|window| window == needle),
        }
    })
}

#[test]
fn the_command_line_makes_lists_and_revokes_passwords() {
    let server = Server::start();
    let project = Project::new(&server);
    let token = server.data().join("operator-token");
    let run = |arguments: &[&str]| {
        let output = Command::new(built::fuelcell())
            .arg("password")
            .args(arguments)
            .args(["--server", server.base(), "--token-file"])
            .arg(&token)
            .output()
            .unwrap();
        let told = String::from_utf8(output.stdout).unwrap();
        (output.status.success(), told, String::from_utf8(output.stderr).unwrap())
    };
    let place = ["--tenant", &project.tenant[..], "--project", &project.project[..]];
    let (fine, password, told) = run(&[&["create", "--user", "ann"], &place[..]].concat());
    assert!(fine, "{told}");
    let authorization = basic("ann", password.trim());
    assert_eq!(get(&server, &authorization).status, 200);
    let (_, listed, _) = run(&["list", "--output", "json"]);
    let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
    assert_eq!(listed[0]["userName"], "ann");
    assert!(run(&["revoke", listed[0]["passwordId"].as_str().unwrap()]).0);
    assert_eq!(get(&server, &authorization).status, 401);
    let (fine, _, told) = run(&["revoke", "not-an-id"]);
    assert!(!fine && told.contains("GUID"), "{told}");
}

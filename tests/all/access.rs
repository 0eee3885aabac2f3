//! Who may do what, and that nothing of others can be seen.

use fuelcell_tests::project::token;
use fuelcell_tests::{Project, Server};
use serde_json::json;

#[test]
fn without_a_valid_token_everything_is_401() {
    let server = Server::start();
    let project = Project::new(&server);
    for wrong in [None, Some(""), Some("fc_nonsense"), Some("\u{1}")] {
        let Some(wrong) = wrong.filter(|token| token.chars().all(|c| !c.is_control())) else {
            assert_eq!(
                server.client(None).get(&project.path("execution/jobs")).problem(401).0,
                "Unauthenticated"
            );
            continue;
        };
        let answer = server.client(Some(wrong)).get(&project.path("execution/jobs"));
        assert_eq!(answer.problem(401).0, "Unauthenticated", "{wrong:?}");
        assert_eq!(answer.header("www-authenticate"), "Bearer");
    }
}

#[test]
fn a_strangers_token_finds_nothing_anywhere() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let stranger = Project::new(&server).client;
    let job = project.probe(json!([]));
    project.wait_for(&job, "Completed");
    let job_path = project.job_path(&job);
    let gets = [
        job_path.clone(),
        format!("{job_path}/results"),
        format!("{job_path}/logs"),
        project.path("execution/jobs"),
        project.path("modules/probe/versions/1"),
    ];
    for path in gets {
        assert_eq!(stranger.get(&path).problem(404).0, "NotFound", "{path}");
    }
    assert_eq!(stranger.delete(&job_path, None).problem(404).0, "NotFound");
    let submit = json!({"jobName": "j", "jobType": "Analysis", "module": {"name": "probe"}});
    assert_eq!(stranger.post(&project.path("execution/job"), &submit).problem(404).0, "NotFound");
}

#[test]
fn weaker_roles_are_told_which_role_is_needed() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let job = project.probe(json!([]));
    let holder = |role: &str| {
        server.client(Some(&token(&server.operator(), role, &project.tenant, Some(&project.project))))
    };
    let (viewer, submitter) = (holder("viewer"), holder("submitter"));
    let submit = json!({"jobName": "j", "jobType": "Analysis", "module": {"name": "probe"}});
    viewer.get(&project.job_path(&job)).ok();
    assert!(viewer.post(&project.path("execution/job"), &submit).problem(403).1.contains("submitter"));
    assert!(viewer.delete(&project.job_path(&job), None).problem(403).1.contains("submitter"));
    submitter.post(&project.path("execution/job"), &submit).ok();
    assert!(
        submitter
            .put_bytes(&project.path("modules/m/versions/1"), b"x")
            .problem(403)
            .1
            .contains("module-author")
    );
    let pipeline = project.path("pipelines/6f9619ff-8b86-d011-b42d-00cf4fc964ff");
    let body = json!({"name": "p", "jobType": "Analysis"});
    assert!(submitter.put(&pipeline, &body).problem(403).1.contains("administrator"));
}

#[test]
fn unknown_addresses_and_methods_are_problems_too() {
    let server = Server::start();
    let client = server.client(None);
    assert_eq!(client.get("/nowhere").problem(404).0, "NotFound");
    assert_eq!(client.delete("/healthz", None).problem(405).0, "MethodNotAllowed");
}

#[test]
fn wrong_tokens_are_counted_by_peer_and_right_ones_pass() {
    let server = Server::start_set(&[("API__AUTH_FAILURES_PER_MINUTE", "5")]);
    let project = Project::new(&server);
    let path = project.path("execution/jobs");
    let wrong = server.client(Some("fc_guess"));
    for n in 0..5 {
        assert_eq!(wrong.get(&path).problem(401).0, "Unauthenticated", "{n}");
    }
    let refused = wrong.get(&path);
    assert_eq!(refused.problem(429).0, "TooManyFailures");
    assert!((1..=60).contains(&refused.header("retry-after").parse::<u64>().unwrap()));
    // Whatever a client says of where it comes from, the connection tells.
    for n in 0..5 {
        let elsewhere = format!("203.0.113.{n}");
        let headers = [("x-forwarded-for", &elsewhere[..]), ("forwarded", "for=198.51.100.7")];
        assert_eq!(wrong.send("GET", &path, &headers, &[]).status, 429, "{elsewhere}");
    }
    project.client.get(&path).ok();
    assert_eq!(server.client(None).get(&path).problem(401).0, "Unauthenticated", "no token is no guess");
}

#[test]
fn a_revoked_token_ends_at_once_and_stays_revoked() {
    let mut server = Server::start();
    let project = Project::new(&server);
    let operator = server.operator();
    let body =
        json!({"subject": "s", "role": "viewer", "tenantId": project.tenant, "projectId": project.project});
    let made = operator.post("/api/admin/tokens", &body).ok();
    let secret = made["token"].as_str().unwrap();
    let path = project.path("execution/jobs");
    server.client(Some(secret)).get(&path).ok();
    let revoke = format!("/api/admin/tokens/{}", made["tokenId"].as_str().unwrap());
    assert_eq!(operator.delete(&revoke, None).status, 204);
    assert_eq!(server.client(Some(secret)).get(&path).problem(401).0, "Unauthenticated");
    assert_eq!(operator.delete(&revoke, None).status, 204, "twice is as once");
    server.kill();
    server.restart();
    assert_eq!(server.client(Some(secret)).get(&path).problem(401).0, "Unauthenticated");
}

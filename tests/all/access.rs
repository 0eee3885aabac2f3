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

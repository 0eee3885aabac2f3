//! `/api/admin/…`

use fuelcell_tests::project::{text, token};
use fuelcell_tests::{Project, Server};
use serde_json::json;
use std::os::unix::fs::PermissionsExt;

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

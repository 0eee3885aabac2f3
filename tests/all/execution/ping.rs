//! `GET execution/ping`

use fuelcell_tests::{Project, Server};

#[test]
fn a_ping_says_whether_the_token_reaches_the_project() {
    let server = Server::start();
    let (project, other) = (Project::new(&server), Project::new(&server));
    let path = project.path("execution/ping");
    let pong = project.client.get(&path).ok();
    assert_eq!(pong["message"], "pong");
    assert!(pong["timestamp"].is_string() && pong["version"].is_string(), "{pong}");
    assert_eq!(other.client.get(&path).problem(404).0, "NotFound");
    assert_eq!(server.client(None).get(&path).problem(401).0, "Unauthenticated");
}

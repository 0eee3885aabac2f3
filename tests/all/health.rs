//! Health checks, as a supervisor and a load balancer ask for them.

use fuelcell_tests::{Project, Server, eventually};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

const WELL: [&str; 4] = ["store", "blobs", "disk", "notDraining"];

/// What `/readyz` answers, and the names of what is not well.
fn asked(server: &Server) -> (u16, Vec<String>) {
    let answer = server.client(None).get("/readyz");
    (answer.status, not_well(&answer.json()))
}

fn not_well(answer: &Value) -> Vec<String> {
    let checks = answer["checks"].as_array().unwrap();
    let names: Vec<_> = checks.iter().map(|check| check["name"].as_str().unwrap()).collect();
    assert_eq!(names, WELL);
    let wrong: Vec<_> = checks.iter().filter(|check| check["well"] == false).collect();
    assert_eq!(answer["ready"], wrong.is_empty());
    assert!(wrong.iter().all(|check| check["detail"].is_string()), "{answer:#}");
    wrong.iter().map(|check| check["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn readiness_names_what_is_not_well_and_life_goes_on() {
    let server = Server::start();
    assert_eq!(server.client(None).get("/livez").text(), "ok\n");
    assert_eq!(asked(&server), (200, vec![]));
    // Nobody can stage bytes where there is no place for them.
    let staging = server.data().join("blobs/staging");
    fs::rename(&staging, server.data().join("blobs/elsewhere")).unwrap();
    eventually("bytes cannot be stored", Duration::from_secs(30), || {
        (asked(&server) == (503, vec!["blobs".into()])).then_some(())
    });
    assert_eq!(server.client(None).get("/livez").status, 200);
    assert_eq!(server.client(None).get("/healthz").status, 200, "the store can be written");
    fs::rename(server.data().join("blobs/elsewhere"), &staging).unwrap();
    eventually("it is well again", Duration::from_secs(30), || {
        (asked(&server) == (200, vec![])).then_some(())
    });
}

#[test]
fn a_disk_with_less_room_than_wanted_is_not_ready_and_jobs_go_on() {
    let server = Server::start_set(&[("SERVICE__READY_FREE_BYTES", "1000000TiB")]);
    assert_eq!(asked(&server), (503, vec!["disk".into()]));
    let project = Project::new(&server).with_probe();
    project.wait_for(&project.probe(json!([])), "Completed");
}

#[test]
fn a_server_that_drains_lives_and_is_not_ready() {
    let server = Server::start();
    let mut waiting = ["/readyz", "/livez"].map(|path| {
        let mut stream = TcpStream::connect(server.base().trim_start_matches("http://")).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nhost: x\r\n").unwrap();
        stream
    });
    // A connection that was taken before: its server has begun to listen to the others, too.
    assert_eq!(asked(&server), (200, vec![]));
    let pid = Pid::from_raw(i32::try_from(server.pid()).unwrap()).unwrap();
    kill_process(pid, Signal::TERM).unwrap();
    eventually("it was told to stop", Duration::from_secs(30), || {
        server.log().contains("told to stop").then_some(())
    });
    let [ready, lives] = waiting.each_mut().map(|stream| {
        stream.write_all(b"\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    });
    assert!(lives.starts_with("HTTP/1.1 200"), "{lives}");
    let (head, body) = ready.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 503"), "{ready}");
    assert_eq!(not_well(&serde_json::from_str(body).unwrap()), ["notDraining"]);
}

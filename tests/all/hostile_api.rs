//! Requests that nobody sends by accident.

use fuelcell_tests::register::{rows, tests_of};
use fuelcell_tests::{Project, Server};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::json;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

/// Connections that say nothing.
const IDLE: usize = 5000;
/// What the server allows between bytes, and some room.
const PATIENCE: Duration = Duration::from_secs(120);

fn connect(server: &Server) -> TcpStream {
    let stream = TcpStream::connect(server.base().trim_start_matches("http://")).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// Reads until the server closes the connection.
fn read_to_close(mut stream: TcpStream) -> String {
    let mut told = Vec::new();
    match stream.read_to_end(&mut told) {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
        Err(error) => panic!("the server did not close the connection: {error}"),
    }
    String::from_utf8_lossy(&told).into_owned()
}

fn submit_raw(project: &Project, body: &[u8]) -> (u16, String) {
    let answer = project.client.send("POST", &project.path("execution/job"), &[], body);
    (answer.status, answer.text())
}

#[test]
fn malformed_bodies_are_400_or_413_and_never_5xx() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let job = |parameters: &str| {
        format!(
            r#"{{"jobName": "j", "jobType": "Analysis", "module": {{"name": "probe"}}, "parameters": {parameters}}}"#
        )
    };
    let deep = job(&format!("{}{}", "[".repeat(100_000), "]".repeat(100_000)));
    let deep_object = job(&r#"{"a":"#.repeat(100_000));
    for (name, body) in [
        ("nothing", String::new()),
        ("half", r#"{"jobName": "#.into()),
        ("deep arrays", deep),
        ("deep objects", deep_object),
        ("a number beyond all floats", job(r#"{"steps": [], "n": 1e400}"#)),
        ("a lone surrogate", job(r#"{"steps": [], "s": "\ud800"}"#)),
        ("the same member twice", r#"{"jobName": "a", "jobName": "b", "jobType": "Analysis"}"#.into()),
        ("something after the document", job("{}") + "{}"),
        ("an array", "[]".into()),
        ("NaN", job(r#"{"n": NaN}"#)),
        ("an unknown word", r#"{"jobName": "j", "jobType": "Astrology"}"#.into()),
    ] {
        let (status, text) = submit_raw(&project, body.as_bytes());
        assert_eq!(status, 400, "{name}: {text}");
    }
    assert_eq!(submit_raw(&project, b"{\"jobName\": \"\xff\"}").0, 400, "not UTF-8");
    assert_eq!(submit_raw(&project, "x".repeat(10 << 20).as_bytes()).0, 413);
    let (_, text) = submit_raw(&project, br#"{"jobName": "j", "jobType": "Astrology"}"#);
    assert!(text.contains("ProcessMining"), "the allowed words are named: {text}");
    let next = project.probe(json!([]));
    project.wait_for(&next, "Completed");
}

#[test]
fn both_lengths_at_once_never_smuggle_a_second_request() {
    let server = Server::start();
    let mut stream = connect(&server);
    let smuggled = "GET /openapi.json HTTP/1.1\r\nhost: x\r\n\r\n";
    let request = format!(
        "POST /nowhere HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n{smuggled}",
        5 + smuggled.len(),
    );
    stream.write_all(request.as_bytes()).unwrap();
    let told = read_to_close(stream);
    assert_eq!(told.matches("HTTP/1.1 ").count(), 1, "{told}");
    assert!(told.starts_with("HTTP/1.1 4"), "{told}");
}

#[test]
fn slow_heads_slow_bodies_and_idle_connections_are_closed_while_health_answers() {
    let server = Server::start();
    let project = Project::new(&server);
    let started = Instant::now();
    let files = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: files.maximum, ..files }).unwrap();
    let idle: Vec<_> = (0..IDLE).map(|_| connect(&server)).collect();
    let mut slow_head = connect(&server);
    slow_head.write_all(b"GET /healthz HTTP/1.1\r\nhost: ").unwrap();
    let mut slow_body = connect(&server);
    let head = format!(
        "POST {} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-length: 100\r\n\r\n{{",
        project.path("execution/job"),
        project.token,
    );
    slow_body.write_all(head.as_bytes()).unwrap();
    assert_eq!(server.client(None).get("/healthz").status, 200);
    thread::scope(|scope| {
        scope.spawn(|| read_to_close(slow_head));
        scope.spawn(|| {
            let told = read_to_close(slow_body);
            assert!(told.is_empty() || told.starts_with("HTTP/1.1 4"), "{told}");
        });
        for stream in idle {
            assert_eq!(read_to_close(stream), "");
        }
    });
    assert!(started.elapsed() > Duration::from_secs(5), "they were given some time");
    assert_eq!(server.client(None).get("/healthz").status, 200);
}

#[test]
fn addresses_with_something_else_for_an_id_are_400_or_404() {
    let server = Server::start();
    let project = Project::new(&server);
    for id in ["1", "not-a-guid", "..%2f..%2fadmin", "%00", "{jobId}", "6f9619ff-8b86-d011-b42d"] {
        for path in [
            project.path(&format!("execution/job/{id}")),
            format!("/api/{id}/{}/execution/jobs", project.project),
            format!("/api/{}/{id}/execution/jobs", project.tenant),
        ] {
            let answer = project.client.get(&path);
            assert!([400, 404].contains(&answer.status), "{path}: {}", answer.text());
            assert!(!answer.header("content-type").is_empty(), "{path}");
        }
    }
}

#[test]
fn markup_and_control_characters_in_names_forge_no_log_line_and_no_secret_is_logged() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    for (name, status) in
        [("a\r\n2026-01-01 INFO forged", 400), ("\u{1b}[31mred", 400), ("<script>x</script>", 200)]
    {
        let body = json!({
            "jobName": name, "jobType": "Analysis", "module": {"name": "probe"}, "parameters": {"steps": []},
        });
        let answer = project.client.post(&project.path("execution/job"), &body);
        assert_eq!(answer.status, status, "{name:?}: {}", answer.text());
    }
    let forged =
        project.client.get(&project.path("execution/jobs?submittedBy=a%0d%0aINFO%20forged%1b%5b31m"));
    assert_eq!(forged.status, 200, "{}", forged.text());
    let log = server.log();
    assert!(
        !log.lines().any(|line| line.starts_with("2026-01-01") || line.starts_with("INFO forged")),
        "{log}"
    );
    assert!(!log.contains("\u{1b}[31mred"), "{log}");
    let operator = std::fs::read_to_string(server.data().join("operator-token")).unwrap();
    assert!(!log.contains(operator.trim()) && !log.contains(&project.token), "a token is in the log");
}

#[test]
fn cancelling_and_completing_at_once_ends_in_exactly_one_state() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    for pause in [0, 1, 2, 4, 8, 16, 32, 64] {
        let job = project.probe(json!([]));
        thread::sleep(Duration::from_millis(pause));
        let cancel = project.client.delete(&project.job_path(&job), None);
        assert!([200, 409].contains(&cancel.status), "{}", cancel.text());
        let expected = if cancel.status == 200 { "Cancelled" } else { "Completed" };
        project.wait_for(&job, expected);
        let again = project.client.delete(&project.job_path(&job), None);
        assert_eq!(again.status, 409, "an ended job stays as it ended: {}", again.text());
        assert_eq!(project.status(&job)["status"], expected);
    }
}

/// The table of hostile cases names tests that exist.
#[test]
fn every_hostile_case_has_its_test() {
    let cases: usize = rows("tests/all/hostile.md").iter().map(|cells| tests_of(&cells[2]).len()).sum();
    assert!(cases > 25, "{cases}");
}

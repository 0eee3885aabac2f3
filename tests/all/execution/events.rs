//! `GET /api/{tenantId}/{projectId}/execution/job/{jobId}/events` and `GET …/execution/events`

use fuelcell_tests::{Client, Project, Server, eventually, project};
use rustix::net::sockopt::set_socket_recv_buffer_size;
use rustix::net::{AddressFamily, SocketType, connect, socket};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// Listeners who read nothing.
const DEAF: usize = 60;
/// Bytes of events that no connection takes while nobody reads.
const LARGE: usize = 400_000;
/// Events of more bytes count in `api.max_tenant_unread_bytes`.
const COUNTED: usize = 64 << 10;

/// An event as a listener hears it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Heard {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) data: Value,
}

/// A listener. It speaks HTTP/1.0, whose answers come as they are.
pub(crate) struct Listener {
    answer: BufReader<TcpStream>,
    status: u16,
    head: String,
}

impl Listener {
    fn open(server: &Server, path: &str, token: &str, last: Option<u64>) -> Self {
        let mut stream = TcpStream::connect(address(server)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let last = last.map_or_else(String::new, |last| format!("last-event-id: {last}\r\n"));
        ask(&mut stream, path, token, &last);
        let mut answer = BufReader::new(stream);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert_ne!(answer.read_line(&mut head).unwrap(), 0, "the head is whole: {head}");
        }
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Self { answer, status, head }
    }

    /// The next event; `None` when the stream is over or breaks. Heartbeats and times to come back are no events.
    pub(crate) fn next(&mut self) -> Option<Heard> {
        let (mut id, mut name, mut data) = (None, String::new(), String::new());
        loop {
            let mut line = String::new();
            if self.answer.read_line(&mut line).unwrap_or(0) == 0 {
                return None;
            }
            match line.trim_end().split_once(": ") {
                Some(("id", value)) => id = value.parse().ok(),
                Some(("event", value)) => name = value.to_owned(),
                Some(("data", value)) => data += value,
                Some(_) => {}
                None if id.is_some() => {
                    let data = serde_json::from_str(&data).unwrap();
                    return Some(Heard { id: id.unwrap(), name, data });
                }
                None => {}
            }
        }
    }

    pub(crate) fn rest(mut self) -> Vec<Heard> {
        std::iter::from_fn(|| self.next()).collect()
    }

    fn body(mut self) -> String {
        let mut body = String::new();
        self.answer.read_to_string(&mut body).unwrap();
        body
    }
}

fn address(server: &Server) -> SocketAddr {
    server.base().trim_start_matches("http://").parse().unwrap()
}

fn ask(stream: &mut TcpStream, path: &str, token: &str, more: &str) {
    write!(stream, "GET {path} HTTP/1.0\r\nhost: x\r\nauthorization: Bearer {token}\r\n{more}\r\n").unwrap();
}

pub(crate) fn of_job(server: &Server, project: &Project, job: &str, last: Option<u64>) -> Listener {
    Listener::open(server, &format!("{}/events", project.job_path(job)), &project.token, last)
}

pub(crate) fn of_project(server: &Server, project: &Project, last: Option<u64>) -> Listener {
    Listener::open(server, &project.path("execution/events"), &project.token, last)
}

fn names(heard: &[Heard]) -> Vec<&str> {
    heard.iter().map(|event| event.name.as_str()).collect()
}

#[test]
fn a_job_is_heard_from_its_beginning_to_its_end() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let job = project.probe(json!([
        {"do": "log", "stage": "load", "message": "one"},
        {"do": "progress", "done": 1, "total": 2, "stage": "half"},
        {"do": "log", "level": "warn", "message": "two"},
        {"do": "fail", "code": "Broken", "message": "no"},
    ]));
    let listener = of_job(&server, &project, &job, None);
    assert_eq!(listener.status, 200);
    for header in ["content-type: text/event-stream", "cache-control: no-store", "x-accel-buffering: no"] {
        assert!(listener.head.to_lowercase().contains(header), "{}", listener.head);
    }
    // The stream ends by itself.
    let heard = listener.rest();
    assert_eq!(names(&heard)[..2], ["queued", "started"]);
    let end = heard.last().unwrap();
    assert_eq!((end.name.as_str(), &end.data["errorCode"]), ("failed", &json!("GuestError")));
    assert!(heard.iter().all(|event| event.data["jobId"] == job.as_str()), "{heard:#?}");
    let lines = heard.iter().flat_map(|event| event.data["lines"].as_array().cloned().unwrap_or_default());
    let logged = project.client.get(&format!("{}/logs", project.job_path(&job))).ok();
    assert_eq!(json!(lines.collect::<Vec<_>>()), logged["logs"], "all lines, as the log has them");
    // It is told again to whoever comes later, from any place on.
    assert_eq!(of_job(&server, &project, &job, None).rest(), heard);
    assert_eq!(of_job(&server, &project, &job, Some(heard[0].id)).rest(), heard[1..]);
    assert_eq!(
        of_job(&server, &project, &job, Some(end.id)).status,
        204,
        "there is nothing to come back for"
    );
}

#[test]
fn a_stream_read_through_reconnects_and_restarts_tells_each_event_once_and_in_order() {
    let settings = [("PULSE_MILLISECONDS", "20"), ("SLOTS", "1")];
    let mut server = Server::start_set(&settings);
    let mut project = Project::new(&server).with_probe();
    let mut steps: Vec<_> = (1..=12)
        .flat_map(|n| {
            [
                json!({"do": "progress", "done": n, "total": 12, "stage": format!("part {n}")}),
                json!({"do": "log", "message": format!("line {n}")}),
                json!({"do": "sleep", "milliseconds": 100}),
            ]
        })
        .collect();
    steps.push(json!({"do": "waitForCancel"}));
    let job = project.probe(json!(steps));
    let mut heard: Vec<Heard> = Vec::new();
    for connection in 1..=20 {
        let mut listener = of_job(&server, &project, &job, heard.last().map(|event| event.id));
        heard.extend(listener.next());
        heard.extend(listener.next().filter(|_| connection % 2 == 0));
        if connection % 6 == 0 {
            // While somebody listens.
            server.kill();
            server.restart();
            project = project.after_restart(&server);
        }
    }
    let listener = of_job(&server, &project, &job, heard.last().map(|event| event.id));
    project.wait_for_stage(&job, "part 12");
    project.client.delete(&project.job_path(&job), None).ok();
    heard.extend(listener.rest());

    assert!(heard.is_sorted_by(|one, next| one.id < next.id), "{heard:#?}");
    let whole = of_job(&server, &project, &job, None).rest();
    assert_eq!(heard, whole, "nothing is lost, nothing told twice");
    let moves: Vec<_> =
        names(&heard).into_iter().filter(|name| !["progress", "log"].contains(name)).collect();
    let lost = ["started", "requeued"].repeat(3);
    let expected = [&["queued"][..], &lost, &["started", "cancelRequested", "cancelled"]].concat();
    // A guest that waits to be asked ends well.
    let completed = [&["queued"][..], &lost, &["started", "cancelRequested", "completed"]].concat();
    assert!(moves == expected || moves == completed, "{moves:?}");
}

#[test]
fn a_project_is_heard_from_now_on_and_only_its_own() {
    let server = Server::start();
    let (project, other) = (Project::new(&server).with_probe(), Project::new(&server).with_probe());
    project.wait_for(&project.probe(json!([])), "Completed");
    let mut listener = of_project(&server, &project, None);
    other.wait_for(&other.probe(json!([])), "Completed");
    let job = project.probe(json!([{"do": "log", "message": "unheard"}]));
    let heard: Vec<_> = (0..3).map_while(|_| listener.next()).collect();
    assert_eq!(names(&heard), ["queued", "started", "completed"]);
    assert!(heard.iter().all(|event| event.data["jobId"] == job.as_str()));
    // Whoever comes back hears what was missed.
    let mut again = of_project(&server, &project, Some(heard[0].id));
    assert_eq!([again.next(), again.next()], [Some(heard[1].clone()), Some(heard[2].clone())]);
    // A place that was not given out is none to go on from.
    let reset = of_project(&server, &project, Some(1 << 40)).next().unwrap();
    assert_eq!((reset.name.as_str(), reset.id), ("reset", heard[2].id));
}

#[test]
fn who_may_not_see_hears_nothing() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let job = project.probe(json!([{"do": "waitForCancel"}]));
    let invalid =
        project.client.send("GET", &project.path("execution/events"), &[("last-event-id", "x")], &[]);
    assert_eq!(invalid.problem(400).0, "InvalidEventId");
    let unknown = project.path("execution/job/01a2272e-dfcc-7026-8e27-959b5938cf9b/events");
    assert_eq!(project.client.get(&unknown).status, 404);
    let stranger = Project::new(&server);
    let path = format!("{}/events", project.job_path(&job));
    assert_eq!(Listener::open(&server, &path, &stranger.token, None).status, 404);

    let viewer = server.operator().post(
        "/api/admin/tokens",
        &json!({"subject": "v", "role": "viewer", "tenantId": project.tenant, "projectId": project.project}),
    );
    let viewer = viewer.ok();
    let (token, id) = (project::text(&viewer, "token"), project::text(&viewer, "tokenId"));
    let listeners =
        [path, project.path("execution/events")].map(|path| Listener::open(&server, &path, &token, None));
    assert!(server.operator().delete(&format!("/api/admin/tokens/{id}"), None).status < 300);
    for listener in listeners {
        assert_eq!(listener.status, 200);
        let _until_its_end = listener.body();
    }
}

#[test]
fn streams_leave_places_to_requests_and_end_with_the_server() {
    let mut server =
        Server::start_set(&[("API__MAX_CONNECTIONS", "16"), ("API__MAX_CONNECTIONS_PER_PEER", "16")]);
    let project = Project::new(&server);
    let mut listeners: Vec<_> = (0..8).map(|_| of_project(&server, &project, None)).collect();
    assert!(listeners.iter().all(|listener| listener.status == 200));
    let refused = of_project(&server, &project, None);
    assert_eq!(refused.status, 503);
    assert!(refused.body().contains("TooManyConnections"));
    assert_eq!(project.client.get(&project.path("execution/jobs")).status, 200);
    listeners.pop();
    eventually("a place is given back", Duration::from_secs(30), || {
        let listener = of_project(&server, &project, None);
        (listener.status == 200).then(|| listeners.push(listener))
    });
    assert!(server.terminate(), "it waits for no listener");
    for listener in listeners {
        assert!(listener.body().contains("the server stops"));
    }
}

#[test]
fn a_tenant_has_so_many_streams() {
    let server = Server::start_set(&[("SERVICE__MAX_STREAMS", "1")]);
    let (project, other) = (Project::new(&server), Project::new(&server));
    let _open = of_project(&server, &project, None);
    let refused = project.client.get(&project.path("execution/events"));
    assert_eq!(refused.problem(429).0, "TooManyStreams");
    assert_eq!(of_project(&server, &other, None).status, 200);
}

#[test]
fn a_silent_stream_says_that_it_is_alive() {
    let server = Server::start_set(&[("API__HEARTBEAT_SECONDS", "1")]);
    let project = Project::new(&server).with_probe();
    let mut listener = of_project(&server, &project, None);
    let mut beats = 0;
    while beats < 2 {
        let mut line = String::new();
        assert_ne!(listener.answer.read_line(&mut line).unwrap(), 0, "it goes on");
        assert!(["", ":"].contains(&line.trim()) || line.starts_with("retry: "), "nothing happened: {line}");
        beats += usize::from(line.starts_with(':'));
    }
    // Whoever reads events does not see them.
    let job = project.probe(json!([]));
    let heard = listener.next().unwrap();
    assert_eq!((heard.name.as_str(), &heard.data["jobId"]), ("queued", &json!(job)));
}

/// Streams that are open, as the server's figures say.
fn open_streams(server: &Server) -> u64 {
    let log = server.log();
    let figures = log.lines().find_map(|line| line.split_once("figures are served at ")).unwrap().1;
    let url = figures.split_whitespace().next().unwrap();
    let figures = Client::new(url, None).get(url).text();
    let open = figures.lines().find_map(|line| line.strip_prefix("fuelcell_streams_open ")).unwrap();
    open.parse().unwrap()
}

/// A listener for whom the kernel keeps little, and who reads nothing.
fn deaf(server: &Server, path: &str, token: &str) -> TcpStream {
    let own = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    set_socket_recv_buffer_size(&own, 4096).unwrap();
    connect(&own, &address(server)).unwrap();
    let mut stream = TcpStream::from(own);
    ask(&mut stream, path, token, "");
    stream
}

#[test]
fn listeners_who_never_read_are_closed_and_others_hear_as_before() {
    let server = Server::start_set(&[("API__STALLED_SECONDS", "1"), ("METRICS__LISTEN", "127.0.0.1:0")]);
    let project = Project::new(&server).with_probe();
    let lines = json!({"do": "log", "message": "x".repeat(1000), "times": 1000});
    let job = project.probe(json!([lines]));
    project.wait_for(&job, "Completed");
    // One who reads hears all of it.
    let heard = of_job(&server, &project, &job, None).rest();
    let sizes: Vec<_> = heard.iter().map(|event| event.data.to_string().len()).collect();
    assert!(sizes.iter().sum::<usize>() > LARGE, "{sizes:?}");
    assert!(sizes.iter().filter(|size| **size > COUNTED).count() > 1, "{sizes:?}");
    assert_eq!(heard.last().unwrap().name, "completed");
    let path = format!("{}/events", project.job_path(&job));
    let listeners: Vec<_> = (0..DEAF).map(|_| deaf(&server, &path, &project.token)).collect();
    eventually("the server is done with them", Duration::from_secs(60), || {
        (open_streams(&server) == 0).then_some(())
    });
    // They are still there, and have not read a byte.
    assert_eq!(of_job(&server, &project, &job, None).rest(), heard);
    drop(listeners);
}

#[test]
fn a_stream_ends_with_the_life_of_its_token_and_with_its_project() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    project.probe(json!([{"do": "waitForCancel"}]));
    let operator = server.operator();
    let brief = operator.post(
        "/api/admin/tokens",
        &json!({
            "subject": "v", "role": "viewer", "tenantId": project.tenant, "projectId": project.project,
            "expiresInSeconds": 1,
        }),
    );
    let brief = project::text(&brief.ok(), "token");
    let expired = Listener::open(&server, &project.path("execution/events"), &brief, None);
    let lasting = of_project(&server, &project, None);
    assert_eq!((expired.status, lasting.status), (200, 200));
    let _until_its_end = expired.body();
    let path = format!("/api/admin/tenants/{}/projects/{}", project.tenant, project.project);
    assert!(operator.delete(&format!("{path}?confirm=a%20project"), None).status < 300);
    let _until_its_end = lasting.body();
}

#[test]
fn listeners_of_one_project_share_its_looks_and_each_hears_everything() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let mut listeners: Vec<_> = (0..40).map(|_| of_project(&server, &project, None)).collect();
    let job = project.probe(json!([{"do": "progress", "done": 1, "total": 2, "stage": "half"}]));
    let mut late = of_job(&server, &project, &job, None);
    project.wait_for(&job, "Completed");
    let told = std::iter::from_fn(|| late.next()).collect::<Vec<_>>();
    assert_eq!(told.last().unwrap().name, "completed");
    for listener in &mut listeners {
        let heard: Vec<_> = (0..told.len()).map_while(|_| listener.next()).collect();
        assert_eq!(heard, told);
    }
}

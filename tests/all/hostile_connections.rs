//! Clients that take connections, or answers, and never give them back.

use fuelcell_tests::{Project, Server, eventually};
use rustix::net::sockopt::set_socket_recv_buffer_size;
use rustix::net::{AddressFamily, SocketType, bind, connect, socket};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpStream};
use std::path::Path;
use std::time::{Duration, Instant};

/// What the attackers take.
const CONNECTIONS: usize = 300;
/// Jobs on a page.
const JOBS: usize = 100;
/// What a neighbour's request may take meanwhile, on a machine that runs other tests.
const NEIGHBOUR: Duration = Duration::from_secs(30);
/// What unread answers may hold, by the settings below, and room for connections, buffers and the allocator.
const MEMORY: u64 = (16 + 150) << 20;

/// A server with few descriptors that loses patience soon.
fn few_descriptors() -> Server {
    let script = "ulimit -n 420; export FUELCELL_API__STALLED_SECONDS=3 FUELCELL_API__MAX_UNREAD_BYTES=16777216 \
                  FUELCELL_API__MAX_TENANT_UNREAD_BYTES=8388608; exec \"$0\" \"$@\"";
    Server::start_under(Path::new("/bin/sh"), &["-c".into(), script.into()])
}

/// A connection from this address.
fn connection(server: &Server, from: Ipv4Addr) -> TcpStream {
    let to: SocketAddr = server.base().trim_start_matches("http://").parse().unwrap();
    let own = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    // The kernel is to keep little of an answer.
    set_socket_recv_buffer_size(&own, 4096).unwrap();
    bind(&own, &SocketAddrV4::new(from, 0)).unwrap();
    connect(&own, &to).unwrap();
    TcpStream::from(own)
}

fn descriptors(server: &Server) -> usize {
    std::fs::read_dir(format!("/proc/{}/fd", server.pid())).unwrap().count()
}

/// A project whose list of jobs is as long as a page of it can be.
fn with_long_pages(server: &Server) -> Project {
    let project = Project::new(server).with_probe();
    let labels: serde_json::Map<_, _> =
        (0..32).map(|n| (format!("{n:0>120}"), Value::from("x".repeat(120)))).collect();
    let more = json!({"labels": labels, "scheduling": {"scheduledTime": "2090-01-01T00:00:00Z"}});
    for _ in 0..JOBS {
        project.probe_with(json!([]), more.clone());
    }
    project
}

#[test]
fn answers_that_nobody_reads_hold_no_memory_and_no_place_and_neighbours_go_on() {
    let server = few_descriptors();
    let (hostile, neighbour) = (with_long_pages(&server), Project::new(&server).with_probe());
    let own = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: own.maximum, ..own }).unwrap();
    let (memory, before) = (server.peak_memory(), descriptors(&server));
    let request = format!(
        "GET {} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n\r\n",
        hostile.path("execution/jobs?pageSize=100"),
        hostile.token,
    );
    let attackers: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            let mut stream = connection(&server, Ipv4Addr::new(127, 0, 0, 2));
            // Refused ones are closed already.
            let _ = stream.write_all(request.as_bytes());
            stream
        })
        .collect();
    for _ in 0..5 {
        let started = Instant::now();
        assert_eq!(server.client(None).get("/healthz").status, 200);
        let job = neighbour.probe(json!([]));
        neighbour.wait_for(&job, "Completed");
        assert_eq!(neighbour.client.get(&neighbour.path("execution/jobs")).status, 200);
        assert!(started.elapsed() < NEIGHBOUR, "{:?}", started.elapsed());
    }
    let taken = server.peak_memory() - memory;
    assert!(taken < MEMORY, "{taken} bytes");
    // Nobody reads, and yet the server is done with them.
    eventually("unread connections are closed", Duration::from_secs(60), || {
        (descriptors(&server) < before + 20).then_some(())
    });
    drop(attackers);
}

#[test]
fn beyond_the_caps_health_and_operators_are_answered_and_others_told() {
    let server = few_descriptors();
    let project = Project::new(&server);
    let operator = std::fs::read_to_string(server.data().join("operator-token")).unwrap();
    let here = Ipv4Addr::new(127, 0, 0, 3);
    let idle: Vec<_> = (0..CONNECTIONS).map(|_| connection(&server, here)).collect();
    let ask = |path: &str, token: &str| {
        let mut stream = connection(&server, here);
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut told = String::new();
        // There is one request to a connection here: the server closes it.
        stream.read_to_string(&mut told).unwrap();
        told
    };
    let health = ask("/healthz", "");
    assert!(health.starts_with("HTTP/1.1 200") && health.contains("connection: close"), "{health}");
    assert!(ask("/api/admin/tenants", operator.trim()).starts_with("HTTP/1.1 200"));
    let refused = ask(&project.path("execution/jobs"), &project.token);
    assert!(refused.starts_with("HTTP/1.1 503") && refused.contains("TooManyConnections"), "{refused}");
    assert!(refused.contains("retry-after: "), "{refused}");
    assert!(ask("/docs", "").starts_with("HTTP/1.1 503"));
    // Who leaves a body unsent is answered, and keeps no seat while the body does not come.
    let unfinished: Vec<_> = (0..100)
        .map(|_| {
            let mut stream = connection(&server, here);
            let head = "PUT /nowhere HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n";
            stream.write_all(head.as_bytes()).unwrap();
            let mut told = String::new();
            stream.read_to_string(&mut told).unwrap();
            assert!(told.starts_with("HTTP/1.1 404"), "{told:?}");
            stream
        })
        .collect();
    assert!(ask("/healthz", "").starts_with("HTTP/1.1 200"));
    // Others have their places.
    assert_eq!(project.client.get(&project.path("execution/jobs")).status, 200);
    drop((idle, unfinished));
}

#[test]
fn clients_behind_a_trusted_proxy_are_told_apart_and_strangers_not_believed() {
    let settings = [
        ("API__TRUSTED_PROXIES", "[\"127.0.0.1/32\"]"),
        ("API__AUTH_FAILURES_PER_MINUTE", "3"),
        ("API__MAX_CONNECTIONS_PER_PEER", "2"),
    ];
    let server = Server::start_set(&settings);
    let guess = |client: &str| {
        let headers = [("x-forwarded-for", client), ("authorization", "Bearer wrong")];
        server.client(None).send("GET", "/api/admin/tenants", &headers, &[]).status
    };
    let many = |client: &str| (0..5).map(|_| guess(client)).collect::<Vec<_>>();
    assert_eq!(many("198.51.100.1"), [401, 401, 401, 429, 429]);
    // What the client itself says stands before what the proxy says of it.
    assert_eq!(guess("192.0.2.99, 198.51.100.1"), 429);
    assert_eq!(many("198.51.100.2"), [401, 401, 401, 429, 429]);
    // The proxy has as many connections as it likes; requests count for its clients.
    let project = Project::new(&server).with_probe();
    let job = project.probe_with(json!([]), json!({"scheduling": {"scheduledTime": "2090-01-01T00:00:00Z"}}));
    let request = |client: &str, wait: &str| {
        let mut stream = connection(&server, Ipv4Addr::LOCALHOST);
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let head = format!(
            "GET {}?wait={wait} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nx-forwarded-for: {client}\r\nauthorization: Bearer {}\r\n\r\n",
            project.job_path(&job),
            project.token,
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream
    };
    let mut waiting = Vec::new();
    let told = |mut stream: TcpStream| {
        let mut told = String::new();
        stream.read_to_string(&mut told).unwrap();
        told
    };
    eventually("the third is refused", Duration::from_secs(10), || {
        waiting.push(request("203.0.113.1", "50s"));
        told(request("203.0.113.1", "0s")).starts_with("HTTP/1.1 503").then_some(())
    });
    assert!(told(request("203.0.113.2", "0s")).starts_with("HTTP/1.1 200"));
    // A connection that is closed gives its place back.
    drop(waiting);
    eventually("there is a place again", Duration::from_secs(10), || {
        told(request("203.0.113.1", "0s")).starts_with("HTTP/1.1 200").then_some(())
    });
}

/// Sends a head and then a body that nobody may want, and reads only when all is sent.
fn sent_to_the_end(server: &Server, head: &str, pause: Duration, body: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(server.base().trim_start_matches("http://")).unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    std::thread::sleep(pause);
    stream.write_all(body).unwrap();
    let mut answer = Vec::new();
    let mut piece = vec![0; 64 * 1024];
    loop {
        // An answer whose length is known does not end with its connection.
        let head_end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").map(|at| at + 4);
        let text = head_end.map(|end| String::from_utf8(answer[..end].to_vec()).unwrap());
        let length = text.as_deref().and_then(|text| text.split_once("content-length: "));
        let length = length.and_then(|(_, rest)| rest.split("\r\n").next()?.parse::<usize>().ok());
        if let (Some(end), Some(length)) = (head_end, length)
            && answer.len() >= end + length
        {
            assert_eq!(answer.len(), end + length);
            return answer;
        }
        match stream.read(&mut piece).unwrap() {
            0 => panic!("it ends in the middle: {}", String::from_utf8_lossy(&answer)),
            count => answer.extend(&piece[..count]),
        }
    }
}

#[test]
fn an_answer_arrives_as_a_whole_whatever_its_peer_still_sends() {
    let server = Server::start_set(&[("API__AUTH_FAILURES_PER_MINUTE", "100000")]);
    let project = Project::new(&server).with_probe();
    let before = descriptors(&server);
    let large = vec![b'x'; 20_000_000];
    let head = |method: &str, path: &str, token: &str, length: usize| {
        format!(
            "{method} {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\ncontent-length: {length}\r\n\r\n"
        )
    };
    let dataset = project.path("datasets/01a2272e-dfcc-7026-8e27-959b5938cf9b?name=a.csv");
    for (path, status) in [(&dataset[..], 401), ("/nowhere", 404)] {
        let answer =
            sent_to_the_end(&server, &head("PUT", path, "fc_nonsense", large.len()), Duration::ZERO, &large);
        let answer = String::from_utf8(answer).unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{path}: {answer}");
    }
    // A body that comes late where none is read, beside a long answer.
    let content = project.path("modules/probe/versions/1/content");
    let module = fuelcell_tests::built::module("probe");
    for milliseconds in [0, 1, 2, 5, 20] {
        let pause = Duration::from_millis(milliseconds);
        let answer = sent_to_the_end(&server, &head("GET", &content, &project.token, 2), pause, b"{}");
        assert!(answer.ends_with(&module), "{milliseconds} ms");
    }
    let answer = sent_to_the_end(&server, "GET / HTTP/1.1\r\nhost: x\r\nx: ", Duration::ZERO, &large);
    assert!(answer.starts_with(b"HTTP/1.1 431 "), "a head without an end");
    // One that neither sends the rest nor goes is let go.
    let mut idle: Vec<_> = (0..20)
        .map(|_| {
            let mut stream = TcpStream::connect(server.base().trim_start_matches("http://")).unwrap();
            stream.write_all(head("PUT", &dataset, "fc_nonsense", 1000).as_bytes()).unwrap();
            stream
        })
        .collect();
    for stream in &mut idle {
        let mut status = [0; 12];
        stream.read_exact(&mut status).unwrap();
        assert_eq!(&status, b"HTTP/1.1 401");
    }
    eventually("the connections are given back", NEIGHBOUR, || {
        (descriptors(&server) <= before + 2).then_some(())
    });
    drop(idle);
}

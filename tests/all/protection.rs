//! What keeps one client from taking the server from others, and what browsers are told.

mod tls;

use fuelcell_tests::{Answer, Project, Server};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

/// Asks until it is refused. A limit of one request a second is met by whoever asks without a pause.
fn refused(mut ask: impl FnMut(usize) -> Answer) -> Answer {
    (0..1000).map(&mut ask).find(|answer| answer.status != 200).expect("one of a thousand is too many")
}

#[test]
fn a_token_that_asks_too_often_is_told_when_it_may_ask_again() {
    let server = Server::start_set(&[("API__TOKEN_REQUESTS_PER_SECOND", "1")]);
    let project = Project::new(&server);
    let path = project.path("execution/ping");
    // Each request claims to come from elsewhere: nobody believes it, and it would change nothing.
    let ask = |n: usize| {
        let from = format!("198.51.{}.{}", n / 250, n % 250);
        let forwarded = format!("for={from}");
        let headers = [("x-forwarded-for", &from[..]), ("forwarded", &forwarded[..])];
        project.client.send("GET", &path, &headers, &[])
    };
    let answer = refused(ask);
    let (code, detail) = answer.problem(429);
    assert_eq!(code, "TooManyRequests");
    assert!(detail.contains("this token makes more than 1 requests a second"), "{detail}");
    // Operators and health checks come through meanwhile.
    for _ in 0..5 {
        server.operator().get("/api/admin/tenants").ok();
        assert_eq!(server.client(None).get("/livez").status, 200);
    }
    thread::sleep(Duration::from_secs(answer.header("retry-after").parse().unwrap()));
    assert_eq!(ask(0).status, 200, "it was told the truth");
}

#[test]
fn a_tenant_is_limited_by_all_its_tokens_together_and_others_are_not_touched() {
    let server = Server::start_set(&[
        ("API__TENANT_REQUESTS_PER_SECOND", "1"),
        ("API__TOKEN_REQUESTS_PER_SECOND", "1000"),
    ]);
    let (project, other) = (Project::new(&server), Project::new(&server));
    let operator = server.operator();
    let token =
        || fuelcell_tests::project::token(&operator, "viewer", &project.tenant, Some(&project.project));
    let clients = [token(), token(), token()].map(|token| server.client(Some(&token)));
    let path = project.path("execution/ping");
    let answer = refused(|n| clients[n % clients.len()].get(&path));
    assert!(answer.problem(429).1.contains("this tenant"), "{}", answer.text());
    other.client.get(&other.path("execution/ping")).ok();
}

#[test]
fn what_a_stranger_says_of_where_it_comes_from_changes_nothing_though_proxies_are_trusted() {
    let server = Server::start_set(&[
        ("API__TRUSTED_PROXIES", "[\"10.0.0.0/8\", \"fd00::/8\"]"),
        ("API__AUTH_FAILURES_PER_MINUTE", "60"),
        ("API__MAX_CONNECTIONS_PER_PEER", "4"),
    ]);
    // Neither a client that the proxy would name, nor the proxy itself.
    let claim = |n: usize| match n % 3 {
        0 => format!("198.51.100.{}", n % 250),
        1 => format!("198.51.100.{}, 10.0.0.1", n % 250),
        _ => format!("10.0.0.{}", n % 250),
    };
    let guess = |n: usize| {
        let (listed, forwarded) = (claim(n), format!("for={}", claim(n)));
        let headers = [
            ("authorization", "Bearer fc_guess"),
            ("x-forwarded-for", &listed[..]),
            ("forwarded", &forwarded[..]),
        ];
        server.client(None).send("GET", "/api/admin/tenants", &headers, &[])
    };
    let refused = (0..600).map(guess).find(|answer| answer.status != 401).expect("600 guesses are too many");
    assert_eq!(refused.problem(429).0, "TooManyFailures");
    thread::sleep(Duration::from_secs(refused.header("retry-after").parse().unwrap()));
    assert_eq!(guess(1).status, 401, "it was told the truth");

    let address = server.base().trim_start_matches("http://");
    let mut held: Vec<TcpStream> = Vec::new();
    let told = fuelcell_tests::eventually("the peer has as many as it may", Duration::from_secs(30), || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let from = claim(held.len());
        let head = format!("GET /docs HTTP/1.1\r\nhost: x\r\nx-forwarded-for: {from}\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        let mut begin = [0; 12];
        stream.read_exact(&mut begin).unwrap();
        held.push(stream);
        let told = String::from_utf8_lossy(&begin).into_owned();
        (!told.ends_with("200")).then_some(told)
    });
    assert_eq!((told.as_str(), held.len()), ("HTTP/1.1 503", 5), "the fifth is one too many");
}

/// A connection that has sent a request's head and nothing of its body.
fn begun(server: &Server, project: &Project, length: usize) -> TcpStream {
    let mut stream = TcpStream::connect(server.base().trim_start_matches("http://")).unwrap();
    write!(
        stream,
        "POST {} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-length: {length}\r\nexpect: 100-continue\r\n\r\n",
        project.path("execution/job"),
        project.token
    )
    .unwrap();
    // The server asks for the body when it has let the request in.
    let mut told = [0; 25];
    stream.read_exact(&mut told).unwrap();
    assert!(told.starts_with(b"HTTP/1.1 100 Continue"), "{}", String::from_utf8_lossy(&told));
    stream
}

#[test]
fn bodies_that_arrive_are_bounded_and_make_room_when_they_are_gone() {
    let server = Server::start_set(&[("API__MAX_TENANT_ARRIVING_BYTES", "2000")]);
    let (project, other) = (Project::new(&server), Project::new(&server).with_probe());
    let body = |length: usize| {
        let body = json!({"jobName": "j", "jobType": "Analysis", "module": {"name": "none"}}).to_string();
        format!("{body}{}", " ".repeat(length - body.len()))
    };
    let send =
        |length| project.client.send("POST", &project.path("execution/job"), &[], body(length).as_bytes());
    let slow = begun(&server, &project, 1000);
    assert_eq!(send(1001).problem(429).0, "TooMuchArriving");
    let asked = Instant::now();
    assert_eq!(send(1001).header("retry-after"), "1");
    assert!(
        asked.elapsed() >= Duration::from_millis(200),
        "whoever asks again too early waits for that answer"
    );
    assert_ne!(send(1000).status, 429, "as many as may be");
    other.wait_for(&other.probe(json!([])), "Completed");
    drop(slow);
    let room = || (send(2000).status != 429).then_some(());
    fuelcell_tests::eventually("there is room again", Duration::from_secs(60), room);
}

#[test]
fn changes_beyond_those_that_are_carried_out_are_shed_and_slow_clients_keep_nobody_out() {
    let server = Server::start_set(&[("API__MAX_CHANGES", "2"), ("API__MAX_TENANT_CHANGES", "2")]);
    let project = Project::new(&server).with_probe();
    let slow: Vec<_> = (0..8).map(|_| begun(&server, &project, 100)).collect();
    let later = json!({"scheduling": {"scheduledTime": "2090-01-01T00:00:00Z"}});
    let body = |n: usize| {
        let mut body = json!({"jobName": n.to_string(), "jobType": "Analysis", "module": {"name": "probe"}});
        body.as_object_mut().unwrap().extend(later.as_object().unwrap().clone());
        body
    };
    let answers: Vec<Answer> = thread::scope(|scope| {
        let submitting: Vec<_> = (0..16)
            .map(|client| {
                let (project, body) = (&project, &body);
                scope.spawn(move || {
                    (0..20).map(|n| project.submit(&body(client * 20 + n))).collect::<Vec<_>>()
                })
            })
            .collect();
        submitting.into_iter().flat_map(|submitting| submitting.join().unwrap()).collect()
    });
    let taken = answers.iter().filter(|answer| answer.status == 200).count();
    let shed: Vec<_> = answers.iter().filter(|answer| answer.status != 200).collect();
    assert!(taken > 0 && !shed.is_empty(), "{taken} of {} were taken", answers.len());
    for answer in shed {
        assert_eq!((answer.problem(429).0, answer.header("retry-after")), ("TooManyChanges".into(), "1"));
    }
    let jobs = project.client.get(&project.path("execution/jobs?pageSize=1")).ok();
    assert_eq!(jobs["summary"]["totalJobs"], taken, "what was taken is there, and nothing else");
    drop(slow);
}

#[test]
fn a_queue_that_is_full_takes_no_more_and_gives_way_to_nobody() {
    let server = Server::start_set(&[("SERVICE__MAX_QUEUED_JOBS", "3")]);
    let project = Project::new(&server).with_probe();
    let body = json!({
        "jobName": "j", "jobType": "Analysis", "module": {"name": "probe"}, "scheduling": {"scheduledTime": "2090-01-01T00:00:00Z"},
    });
    let batch = |count: usize| {
        project.client.post(&project.path("execution/jobs"), &json!({"jobs": vec![&body; count]}))
    };
    assert_eq!(batch(4).problem(503).0, "QueueFull", "one too many");
    let job = project.submit(&body).ok()["jobId"].as_str().unwrap().to_owned();
    assert_eq!(batch(2).ok()["queued"], 2, "as many as may wait");
    let refused = project.submit(&body);
    assert_eq!((refused.problem(503).0, refused.header("retry-after")), ("QueueFull".into(), "5"));
    project.client.delete(&project.job_path(&job), None).ok();
    let retry = format!("{}/retry", project.job_path(&job));
    project.submit(&body).ok();
    assert_eq!(project.client.post(&retry, &json!({})).problem(503).0, "QueueFull");
}

/// An answer with a header of a request.
fn asked(server: &Server, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
    server.client(None).send(method, path, headers, &[])
}

#[test]
fn pages_of_other_origins_ask_where_they_are_configured_and_nowhere_else() {
    let preflight = [
        ("origin", "https://app.example.com"),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "authorization,content-type,idempotency-key"),
    ];
    let server = Server::start();
    let answer = asked(&server, "OPTIONS", "/api/admin/tenants", &preflight);
    assert_eq!(
        (answer.status, answer.header("access-control-allow-origin")),
        (405, ""),
        "off unless it is set"
    );

    let server = Server::start_set(&[("API__CORS_ORIGINS", r#"["https://app.example.com"]"#)]);
    let answer = asked(&server, "OPTIONS", "/api/admin/tenants", &preflight);
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("access-control-allow-origin"), "https://app.example.com");
    assert_eq!(answer.header("access-control-allow-credentials"), "", "cookies are for its own pages");
    assert!(answer.header("access-control-allow-headers").contains("idempotency-key"));
    let operator = server.operator();
    let answer = operator.send("GET", "/api/admin/tenants", &preflight[..1], &[]);
    assert_eq!(answer.header("access-control-allow-origin"), "https://app.example.com");
    assert!(answer.header("access-control-expose-headers").contains("retry-after"));
    // Refusals can be read there, too.
    let answer = asked(&server, "GET", "/api/admin/tenants", &preflight[..1]);
    assert_eq!(
        (answer.status, answer.header("access-control-allow-origin")),
        (401, "https://app.example.com")
    );
    for stranger in ["https://app.example.com.evil.example", "http://app.example.com", "null"] {
        let answer = operator.send("GET", "/api/admin/tenants", &[("origin", stranger)], &[]);
        assert_eq!(answer.header("access-control-allow-origin"), "", "{stranger}");
    }
}

#[test]
fn every_answer_says_what_a_browser_may_make_of_it() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let answers = [
        server.client(None).get("/"),
        server.client(None).get("/livez"),
        server.client(None).get("/nowhere"),
        server.client(None).get("/api/admin/tenants"),
        server.operator().get("/api/admin/tenants"),
        project.submit(&json!({})),
    ];
    for answer in &answers {
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
        assert!(answer.header("content-security-policy").contains("frame-ancestors 'none'"));
        assert_eq!(answer.header("cross-origin-resource-policy"), "same-origin");
        assert_eq!(
            answer.header("strict-transport-security"),
            "",
            "browsers would not come back by plain HTTP"
        );
    }
    assert!(answers[0].header("content-security-policy").contains("style-src"), "pages have their own");
    for answer in &answers[1..] {
        assert_eq!(answer.header("cache-control"), "no-store");
    }
    let job = project.probe(json!([{"do": "artifact", "name": "a.html", "text": "<p>", "primary": true}]));
    let results = results(&project, &job);
    let link = results["results"]["primaryOutput"]["downloadUrl"].as_str().unwrap();
    let answer = server.client(None).get(link);
    assert!(answer.header("content-security-policy").starts_with("sandbox"));
    assert_eq!(answer.header("cache-control"), "private, no-cache");
}

fn results(project: &Project, job: &str) -> Value {
    project.wait_for(job, "Completed");
    project.results(job)
}

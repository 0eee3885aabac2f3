//! Requests of jobs over HTTP: granted per module, sent by the server, to a real host on this machine.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use fuelcell_tests::project::{text, token};
use fuelcell_tests::{Answer, Project, Server, built, eventually};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

const SECRET: &str = "hunter2-and-more";
const LOOPBACK: &[(&str, &str)] = &[("OUTBOUND__ALLOW_NETWORKS", "[\"127.0.0.0/8\"]")];
/// One byte more than a response may have.
const TOO_LONG: usize = (8 << 20) + 1;

/// Memory of a job that has no room for a response of that length, in bytes.
const TIGHT: u64 = 4 << 20;

/// A host of the world: it answers by the path, and remembers what came.
struct World {
    port: u16,
    heard: Arc<Mutex<Vec<String>>>,
}

impl World {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard = Arc::<Mutex<Vec<String>>>::default();
        let ears = heard.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let ears = ears.clone();
                // A client that breaks off is what some tests are about.
                thread::spawn(move || drop(answer(stream, &ears)));
            }
        });
        Self { port, heard }
    }

    /// As lists of hosts write it.
    fn host(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// A request to it.
    fn request(&self, path: &str, headers: Value) -> Value {
        let host = format!("127.0.0.1:{}", self.port);
        json!({"scheme": "http", "host": host, "path": path, "headers": headers})
    }

    /// Whole requests, in the order in which they came.
    fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }
}

fn answer(mut stream: TcpStream, heard: &Mutex<Vec<String>>) -> std::io::Result<()> {
    let mut from = BufReader::new(stream.try_clone()?);
    let mut request = String::new();
    while from.read_line(&mut request)? > 2 {}
    let length = request.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |length| length.trim().parse().unwrap())];
    from.read_exact(&mut body)?;
    request.push_str(&String::from_utf8_lossy(&body));
    let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
    heard.lock().unwrap().push(request);
    if path == "/echo" {
        let heard = heard.lock().unwrap().last().cloned().unwrap_or_default();
        let token = heard.lines().find_map(|line| line.strip_prefix("authorization: ")).unwrap_or_default();
        let body = format!("{heard}|{token}|{}", BASE64_STANDARD.encode(token));
        let length = body.len();
        return write!(
            stream,
            "HTTP/1.1 200 OK\r\nx-echo: {token}\r\ncontent-length: {length}\r\n\r\n{body}"
        );
    }
    match path.split_once("?to=").unwrap_or((&path, "")) {
        ("/elsewhere", to) => {
            write!(stream, "HTTP/1.1 302 Found\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n")
        }
        ("/large", _) => {
            write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {TOO_LONG}\r\n\r\n")?;
            stream.write_all(&vec![b'x'; TOO_LONG])
        }
        ("/nonsense", _) => write!(stream, "this is no HTTP\r\n\r\n"),
        // Silent until the other side goes away.
        ("/silent", _) => from.read(&mut [0; 1]).map(drop),
        _ => write!(stream, "HTTP/1.1 200 OK\r\nx-kind: test\r\ncontent-length: 5\r\n\r\nhello"),
    }
}

/// A project with the module `fetch`.
fn project(server: &Server) -> Project {
    let project = Project::new(server);
    upload(&project, "1", &built::module("fetch")).ok();
    project
}

fn upload(project: &Project, version: &str, bytes: &[u8]) -> Answer {
    project.client.put_bytes(&project.path(&format!("modules/fetch/versions/{version}")), bytes)
}

fn grant(project: &Project, hosts: &[&str], secrets: &[&str]) -> Value {
    let body = json!({"http": {"hosts": hosts, "secrets": secrets}});
    project.client.put(&project.path("modules/fetch/capabilities"), &body).ok()
}

fn body(requests: &[Value]) -> Value {
    json!({
        "jobName": "fetches", "jobType": "DataEnrichment", "module": {"name": "fetch"},
        "parameters": {"requests": requests},
    })
}

fn submit(project: &Project, requests: &[Value]) -> String {
    text(&project.submit(&body(requests)).ok(), "jobId")
}

/// What came of each request, as the guest saw it.
fn responses(project: &Project, job: &str) -> Value {
    project.wait_for(job, "Completed");
    let url = text(&project.results(job)["results"]["primaryOutput"], "downloadUrl");
    project.client.get(&url).json()
}

fn fetch(project: &Project, requests: &[Value]) -> Value {
    responses(project, &submit(project, requests))
}

/// The texts of a job's log.
fn log(project: &Project, job: &str) -> String {
    project.client.get(&format!("{}/logs", project.job_path(job))).text()
}

/// A granted host gets the request with the secret, and nobody else ever sees it.
fn a_granted_request(server: &Server, isolation: &str) {
    let (world, project) = (World::start(), project(server));
    let set = json!({"value": SECRET});
    project.client.put(&project.path("secrets/CRM_TOKEN"), &set).ok();
    grant(&project, &[&world.host()], &["CRM_TOKEN"]);
    let mut post = world.request("/items?a=b", json!({"authorization": "Bearer {{secret:CRM_TOKEN}}"}));
    post["method"] = json!("POST");
    post["body"] = json!("a body {{secret:CRM_TOKEN}}");
    let job = submit(&project, &[post, world.request("/again", json!({}))]);
    let came = responses(&project, &job);
    assert_eq!((&came[0]["status"], &came[0]["body"]), (&json!(200), &json!("hello")), "{came:#}");
    assert_eq!(came[0]["headers"]["x-kind"], "test");
    assert_eq!(came[1]["status"], 200, "{came:#}");

    let heard = world.heard();
    assert!(heard[0].starts_with("POST /items?a=b HTTP/1.1\r\n"), "{heard:#?}");
    assert!(heard[0].contains(&format!("host: 127.0.0.1:{}\r\n", world.port)), "{heard:#?}");
    assert!(heard[0].contains(&format!("authorization: Bearer {SECRET}\r\n")), "{heard:#?}");
    assert!(
        heard[0].ends_with("\r\n\r\na body {{secret:CRM_TOKEN}}"),
        "only headers carry secrets: {heard:#?}"
    );

    let status = project.status(&job);
    assert_eq!(status["receipt"]["isolation"], isolation);
    let account = json!([{
        "host": world.host(), "requests": 2, "refused": 0, "bytesSent": 27, "bytesReceived": 10,
    }]);
    assert_eq!(status["receipt"]["contacts"], account);
    let secrets = project.client.get(&project.path("secrets")).ok();
    assert_eq!(secrets["secrets"][0]["name"], "CRM_TOKEN");
    let audit = server.operator().get("/api/admin/audit").text();
    assert!(audit.contains("/secrets/CRM_TOKEN"), "{audit}");
    let shown =
        [came.to_string(), status.to_string(), secrets.to_string(), audit, log(&project, &job), server.log()];
    for text in shown {
        assert!(!text.contains(SECRET), "{text}");
    }
    project.client.delete(&project.path("secrets/CRM_TOKEN"), None);
    let request = world.request("/", json!({"authorization": "{{secret:CRM_TOKEN}}"}));
    let job = submit(&project, &[request]);
    assert_eq!(responses(&project, &job)[0]["error"], "ErrorCode::HttpRequestDenied");
    assert!(log(&project, &job).contains("CRM_TOKEN"), "the log names what is missing");
}

#[test]
fn a_granted_host_gets_the_secret_and_nobody_else() {
    a_granted_request(&Server::start_set(LOOPBACK), "in-process");
    let apart = [LOOPBACK, &[("ISOLATION", "process")]].concat();
    a_granted_request(&Server::start_set(&apart), "process");
}

#[test]
fn a_secret_goes_into_its_header_only_and_does_not_come_back() {
    let server = Server::start_set(LOOPBACK);
    let (world, project) = (World::start(), project(&server));
    let set = json!({"value": SECRET});
    let set = project.client.put(&project.path("secrets/CRM_TOKEN"), &set).ok();
    assert_eq!(set["headers"], json!(["Authorization"]));
    let key = json!({"value": "x-".repeat(4_000), "headers": ["X-Api-Key", "x-other-key"]});
    project.client.put(&project.path("secrets/LONG"), &key).ok();
    grant(&project, &[&world.host()], &["CRM_TOKEN", "LONG"]);
    let secret = "{{secret:CRM_TOKEN}}";
    let mut trace = world.request("/", json!({"authorization": secret}));
    trace["method"] = json!("trace");
    let long = "{{secret:LONG}}";
    let requests = [
        world.request(
            "/echo",
            json!({"authorization": format!("Bearer {secret}"), "accept-encoding": "gzip"}),
        ),
        world.request("/", json!({"x-note": secret})),
        world.request("/", json!({"authorization": long})),
        world.request("/ok", json!({"X-API-KEY": long, "x-other-key": long})),
        // Some kilobytes that would become some megabytes.
        world.request("/", json!({"x-api-key": long.repeat(1_000)})),
        trace,
    ];
    let job = submit(&project, &requests);
    let came = responses(&project, &job);
    assert_eq!(came[0]["status"], 200, "{came:#}");
    let covered = "*".repeat(SECRET.len());
    assert_eq!(came[0]["headers"]["x-echo"], format!("Bearer {covered}"), "{came:#}");
    let body = came[0]["body"].as_str().unwrap();
    assert!(
        body.contains(&covered) && body.contains("accept-encoding: identity") && !body.contains("gzip"),
        "{body}"
    );
    let encoded = BASE64_STANDARD.encode(format!("Bearer {SECRET}"));
    assert!(!body.contains(SECRET) && !body.contains(&encoded), "{body}");
    for refused in [1, 2, 5] {
        assert_eq!(came[refused]["error"], "ErrorCode::HttpRequestDenied", "{refused}: {came:#}");
    }
    assert_eq!(came[3]["status"], 200, "{came:#}");
    assert_eq!((&came[4]["status"], came[4]["error"].is_string()), (&Value::Null, true), "{came:#}");
    assert_eq!(world.heard().len(), 2);
    assert!(
        log(&project, &job).contains("the secret CRM_TOKEN is for Authorization"),
        "{}",
        log(&project, &job)
    );
    for headers in [json!([]), json!(["a b"]), json!(["a:"]), json!(vec!["a"; 9]), json!(["a".repeat(65)])] {
        let body = json!({"value": "v", "headers": headers});
        let (code, detail) = project.client.put(&project.path("secrets/X"), &body).problem(400);
        assert!(code == "InvalidSecret" && detail.contains("such as Authorization"), "{detail}");
    }
}

#[test]
fn a_module_waits_until_an_administrator_grants() {
    let server = Server::start_set(LOOPBACK);
    let (world, project) = (World::start(), project(&server));
    let version = project.client.get(&project.path("modules/fetch/versions/1")).ok();
    let nothing_named = json!({"http": {"hosts": [], "secrets": []}});
    assert_eq!((&version["capabilities"], &version["waitingFor"]), (&nothing_named, &nothing_named));
    let requests = [world.request("/", json!({}))];
    let (code, detail) = project.submit(&body(&requests)).problem(422);
    assert_eq!(code, "CapabilityNotGranted");
    assert!(detail.contains("it needs http"), "{detail}");
    let activate = json!({"jobType": "DataEnrichment"});
    let activation = project.path("modules/fetch/versions/1/activate");
    assert_eq!(project.client.post(&activation, &activate).problem(422).0, "CapabilityNotGranted");

    let capabilities = project.path("modules/fetch/capabilities");
    for role in ["viewer", "submitter", "module-author"] {
        let token = token(&server.operator(), role, &project.tenant, Some(&project.project));
        let client = server.client(Some(&token));
        assert_eq!(client.put(&capabilities, &nothing_named).problem(403).0, "Forbidden", "{role}");
        assert_eq!(
            client.put(&project.path("secrets/A"), &json!({"value": "a"})).problem(403).0,
            "Forbidden"
        );
        assert_eq!(client.get(&project.path("secrets")).problem(403).0, "Forbidden", "{role}");
        assert_eq!(client.get(&capabilities).ok()["granted"]["http"], Value::Null, "{role}");
    }
    let granted = grant(&project, &[&world.host()], &[]);
    assert_eq!(
        (&granted["granted"]["http"]["hosts"][0], &granted["waiting"]),
        (&json!(world.host()), &json!([]))
    );
    assert_eq!(fetch(&project, &requests)[0]["status"], 200);
    project.client.post(&activation, &activate).ok();
    // Withdrawn, it waits again; a job that was accepted before starts with what holds then.
    assert_eq!(project.client.delete(&capabilities, None).status, 204);
    assert_eq!(project.submit(&body(&requests)).problem(422).0, "CapabilityNotGranted");
    assert_eq!(project.client.delete(&capabilities, None).problem(404).0, "NotFound");
    assert_eq!(world.heard().len(), 1);
}

#[test]
fn a_secret_that_is_sent_wrongly_is_repeated_nowhere() {
    let server = Server::start();
    let project = Project::new(&server);
    for body in [
        json!(SECRET),
        json!({"value": [SECRET]}),
        json!({SECRET: 1}),
        json!({"value": {SECRET: SECRET}}),
        json!([SECRET]),
        json!(null),
    ] {
        let answer = project.client.put(&project.path("secrets/TOKEN"), &body);
        let (code, detail) = answer.problem(400);
        assert_eq!(
            (code.as_str(), detail.as_str()),
            ("InvalidBody", r#"the body is {"value": TEXT, "headers"?: [NAME, …]}"#),
            "{body}"
        );
        assert!(!answer.text().contains(SECRET), "{body}");
    }
    assert_eq!(project.client.put(&project.path("secrets/TOKEN"), &json!({"value": 424_242})).status, 400);
    let log = server.log();
    assert!(!log.contains(SECRET) && !log.contains("424242"), "{log}");
}

/// The manifest of a version that declares what it wants.
fn manifest(hosts: &[String], secrets: &[&str]) -> String {
    json!({"interface": "0.1", "title": "Fetch", "http": {"hosts": hosts, "secrets": secrets}}).to_string()
}

#[test]
fn a_new_version_that_wants_more_waits_for_approval() {
    let server = Server::start_set(LOOPBACK);
    let (world, other, project) = (World::start(), World::start(), project(&server));
    grant(&project, &[&world.host()], &[]);
    let same = built::module_with_manifest("fetch", &manifest(&[world.host()], &[]));
    assert_eq!(upload(&project, "2", &same).ok()["waitingFor"], Value::Null, "it declares what is granted");
    let more = built::module_with_manifest("fetch", &manifest(&[world.host(), other.host()], &["TOKEN"]));
    let beyond = json!({"http": {"hosts": [other.host()], "secrets": ["TOKEN"]}});
    assert_eq!(upload(&project, "3", &more).ok()["waitingFor"], beyond);
    let capabilities = project.client.get(&project.path("modules/fetch/capabilities")).ok();
    assert_eq!(capabilities["waiting"], json!([{"version": "3", "waitingFor": beyond}]));

    // Whoever names no version gets the newest that may run.
    let requests = [world.request("/", json!({}))];
    let job = submit(&project, &requests);
    assert_eq!(project.wait_for(&job, "Completed")["module"]["version"], "2");
    let mut named = body(&requests);
    named["module"]["version"] = json!("3");
    let (code, detail) = project.submit(&named).problem(422);
    assert_eq!(code, "CapabilityNotGranted");
    assert!(detail.contains(&other.host()) && detail.contains("TOKEN"), "{detail}");
    grant(&project, &[&world.host(), &other.host()], &["TOKEN"]);
    let job = submit(&project, &requests);
    assert_eq!(project.wait_for(&job, "Completed")["module"]["version"], "3");
}

#[test]
fn what_is_not_granted_is_refused_and_logged() {
    let server = Server::start_set(LOOPBACK);
    let (world, other, project) = (World::start(), World::start(), project(&server));
    grant(&project, &[&world.host(), "localhost"], &[]);
    let mut secure = world.request("/", json!({}));
    secure["scheme"] = json!("https");
    let mut user = world.request("/", json!({}));
    user["host"] = json!(format!("user:word@127.0.0.1:{}", world.port));
    let secret = json!({"authorization": "{{secret:CRM_TOKEN}}"});
    let elsewhere = world.request(&format!("/elsewhere?to={}/", other.host()), json!({}));
    let mut tunnel = world.request("/", json!({}));
    tunnel["method"] = json!("CONNECT");
    let requests =
        [other.request("/", json!({})), secure, world.request("/", secret), tunnel, user, elsewhere];
    let job = submit(&project, &requests);
    let came = responses(&project, &job);
    for refused in 0..4 {
        assert_eq!(came[refused]["error"], "ErrorCode::HttpRequestDenied", "{refused}: {came:#}");
    }
    assert_eq!(came[4]["status"], Value::Null, "no user and no password in a URL: {came:#}");
    assert_eq!(
        (&came[5]["status"], &came[5]["headers"]["location"]),
        (&json!(302), &json!(format!("{}/", other.host())))
    );
    assert_eq!(other.heard(), Vec::<String>::new(), "nobody follows a redirect but the guest");
    assert_eq!(world.heard().len(), 1);
    let log = log(&project, &job);
    assert!(log.contains(&format!("{} is not among the hosts", other.host())), "{log}");
    let contacts = project.status(&job)["receipt"]["contacts"].clone();
    let refused: u64 =
        contacts.as_array().unwrap().iter().map(|contact| contact["refused"].as_u64().unwrap()).sum();
    assert_eq!(refused, 4, "{contacts:#}");

    let mut deterministic = body(&requests);
    deterministic["deterministic"] = json!(true);
    assert_eq!(project.submit(&deterministic).problem(422).0, "NotDeterministic");
    for (hosts, secrets) in
        [(json!(["*"]), json!([])), (json!(["a b"]), json!([])), (json!([]), json!(["A-B"]))]
    {
        let body = json!({"http": {"hosts": hosts, "secrets": secrets}});
        let answer = project.client.put(&project.path("modules/fetch/capabilities"), &body);
        assert_eq!(answer.problem(400).0, "InvalidCapabilities", "{body}");
    }
    for value in ["", "a\r\nx: y", "\u{e4}"] {
        let answer = project.client.put(&project.path("secrets/A"), &json!({"value": value}));
        assert_eq!(answer.problem(400).0, "InvalidSecret", "{value:?}");
    }
}

#[test]
fn addresses_that_are_not_public_are_refused_unless_the_operator_allows_them() {
    let server = Server::start();
    let (world, project) = (World::start(), project(&server));
    let names = [
        format!("127.0.0.1:{}", world.port),
        format!("localhost:{}", world.port),
        format!("[::ffff:127.0.0.1]:{}", world.port),
        "169.254.169.254".into(),
    ];
    let hosts: Vec<String> = names.iter().map(|name| format!("http://{name}")).collect();
    grant(&project, &hosts.iter().map(String::as_str).collect::<Vec<_>>(), &[]);
    let requests: Vec<Value> = names.iter().map(|name| json!({"scheme": "http", "host": name})).collect();
    let job = submit(&project, &requests);
    for (came, name) in responses(&project, &job).as_array().unwrap().iter().zip(&names) {
        assert_eq!(came["error"], "ErrorCode::HttpRequestDenied", "{name}");
    }
    assert!(log(&project, &job).contains("no public address"), "{}", log(&project, &job));
    assert_eq!(world.heard(), Vec::<String>::new());
}

/// What hosts and guests try: none of it harms the server, and each has its own end.
fn hostile(server: &Server) {
    let (world, project) = (World::start(), project(server));
    grant(&project, &[&world.host()], &[]);
    let smuggled = world.request("/", json!({"x-a": "b\r\nx-c: d"}));
    let came = fetch(
        &project,
        &[smuggled, world.request("/large", json!({})), world.request("/nonsense", json!({}))],
    );
    assert_eq!(came[0]["status"], Value::Null, "{came:#}");
    let error = came[1]["error"].as_str().unwrap();
    assert!(error.contains("HttpResponseBodySize"), "{error}");
    assert_eq!(came[2]["error"], "ErrorCode::HttpProtocolError");
    assert_eq!(world.heard().len(), 2, "no smuggled header was sent");

    let silent = [world.request("/silent", json!({}))];
    let mut short = body(&silent);
    short["limits"] = json!({"timeoutSeconds": 1});
    let job = text(&project.submit(&short).ok(), "jobId");
    assert_eq!(project.wait_for(&job, "Failed")["error"]["code"], "Timeout");
    let contacts = project.status(&job)["receipt"]["contacts"].clone();
    assert_eq!(contacts[0]["requests"], 1, "what was given up counts too: {contacts:#}");

    let mut nobody = world.request("/", json!({}));
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    (nobody["host"], nobody["method"], nobody["body"]) = (json!(closed), json!("POST"), json!("a body"));
    grant(&project, &[&world.host(), &format!("http://{closed}")], &[]);
    let job = submit(&project, &[nobody]);
    assert_eq!(responses(&project, &job)[0]["error"], "ErrorCode::ConnectionRefused");
    let contacts = project.status(&job)["receipt"]["contacts"].clone();
    assert_eq!((&contacts[0]["requests"], &contacts[0]["bytesSent"]), (&json!(1), &json!(0)), "{contacts:#}");

    let job = submit(&project, &silent);
    eventually("the host hears the job", Duration::from_secs(60), || {
        (world.heard().len() == 4).then_some(())
    });
    project.client.delete(&project.job_path(&job), Some(&json!({"forceTermination": true}))).ok();
    project.wait_for(&job, "Cancelled");
    bodies_are_memory(&project, &world);
}

/// What the host holds of a response counts against the job's memory: it is given what there is room for.
fn bodies_are_memory(project: &Project, world: &World) {
    let mut tight = body(&[world.request("/large", json!({})), world.request("/", json!({}))]);
    tight["limits"] = json!({"memoryBytes": TIGHT});
    let job = text(&project.submit(&tight).ok(), "jobId");
    let came = responses(project, &job);
    let error = came[0]["error"].as_str().unwrap();
    let room =
        error.strip_prefix("ErrorCode::HttpResponseBodySize(Some(").and_then(|rest| rest.strip_suffix("))"));
    let room: u64 = room.unwrap_or_else(|| panic!("{error}")).parse().unwrap();
    assert!(room > 0 && room < TIGHT, "{room}");
    assert_eq!((&came[1]["status"], &came[1]["body"]), (&json!(200), &json!("hello")));
    let peak = project.status(&job)["receipt"]["peakMemoryBytes"].as_u64().unwrap();
    assert!(peak <= TIGHT, "{peak}");
}

#[test]
fn hostile_hosts_and_guests_reach_nothing() {
    hostile(&Server::start_set(LOOPBACK));
    hostile(&Server::start_set(&[LOOPBACK, &[("ISOLATION", "process")]].concat()));
}

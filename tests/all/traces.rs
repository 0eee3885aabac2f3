//! Spans, as a collector of OpenTelemetry gets them: read by the official definitions.

use fuelcell_tests::project::text;
use fuelcell_tests::receiver::Receiver;
use fuelcell_tests::{Project, Server, built, eventually};
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use uuid::Uuid;

const PATIENCE: Duration = Duration::from_secs(60);
/// What a client says of its place.
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

/// A collector, and what it was sent.
struct Collector {
    process: Child,
    said: Arc<Mutex<Vec<Value>>>,
    folder: TempDir,
}

impl Collector {
    fn start() -> Self {
        let mut command = Command::new(built::python());
        command.arg(built::source("tests/clients/collector.py"));
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let said = Arc::<Mutex<Vec<Value>>>::default();
        let ears = said.clone();
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                ears.lock().unwrap().push(serde_json::from_str(&line).unwrap());
            }
        });
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("headers"), "x-key: a secret\n").unwrap();
        Self { process, said, folder }
    }

    fn endpoint(&self) -> String {
        let port = eventually("the collector listens", PATIENCE, || {
            self.said.lock().unwrap().iter().find_map(|said| said["port"].as_u64())
        });
        format!("http://127.0.0.1:{port}")
    }

    fn headers(&self) -> String {
        self.folder.path().join("headers").display().to_string()
    }

    /// The spans of a trace, once there is one of each of these names.
    fn spans(&self, trace: &str, names: &[&str]) -> Vec<Value> {
        eventually(&format!("spans {names:?} come"), PATIENCE, || {
            let spans = self.all(trace);
            names.iter().all(|name| spans.iter().any(|span| span["name"] == *name)).then_some(spans)
        })
    }

    fn all(&self, trace: &str) -> Vec<Value> {
        let said = self.said.lock().unwrap();
        said.iter().filter(|span| span["trace"] == trace).cloned().collect()
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.process.kill().expect("our own child can be killed");
        self.process.wait().expect("a killed child can be waited for");
    }
}

fn named<'a>(spans: &'a [Value], name: &str) -> &'a Value {
    spans.iter().find(|span| span["name"] == name).unwrap_or_else(|| panic!("no {name} in {spans:#?}"))
}

/// The settings of a server that sends its spans there.
fn settings<'a>(endpoint: &'a str, headers: &'a str, sample: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("TRACES__ENDPOINT", endpoint),
        ("TRACES__HEADERS_FILE", headers),
        ("TRACES__SAMPLE", sample),
        ("LOG_FORMAT", "json"),
        ("OUTBOUND__ALLOW_NETWORKS", "[\"127.0.0.0/8\"]"),
    ]
}

/// A project with the module `fetch`, which may ask this receiver; the receiver is told of the ends of jobs too.
fn project(server: &Server, receiver: &Receiver) -> Project {
    let project = Project::new(server).with_probe();
    project.client.put_bytes(&project.path("modules/fetch/versions/1"), &built::module("fetch")).ok();
    let grant = json!({"http": {"hosts": [receiver.url("")], "secrets": []}});
    project.client.put(&project.path("modules/fetch/capabilities"), &grant).ok();
    let hook = json!({"url": receiver.url("/told")});
    assert_eq!(project.client.post(&project.path("webhooks"), &hook).status, 201);
    project
}

/// Submits a job, with a client's place in a trace.
fn submit(project: &Project, traceparent: Option<&str>, body: &Value) -> String {
    let headers = traceparent.map(|value| ("traceparent", value));
    let headers: Vec<_> = [("content-type", "application/json")].into_iter().chain(headers).collect();
    let body = body.to_string();
    text(
        &project.client.send("POST", &project.path("execution/job"), &headers, body.as_bytes()).ok(),
        "jobId",
    )
}

fn probe(steps: Value) -> Value {
    json!({"jobName": "probe", "jobType": "Analysis", "module": {"name": "probe"}, "parameters": {"steps": steps}})
}

#[expect(clippy::too_many_lines, reason = "one trace, span by span")]
#[test]
fn a_trace_goes_from_the_clients_request_to_the_notification() {
    let collector = Collector::start();
    let (endpoint, headers) = (collector.endpoint(), collector.headers());
    let mut server = Server::start_set(&settings(&endpoint, &headers, "0"));
    let receiver = Receiver::start();
    let project = project(&server, &receiver);
    let port = receiver.url("").rsplit(':').next().unwrap().to_owned();
    let request = json!({"scheme": "http", "host": format!("127.0.0.1:{port}"), "path": "/asked?secret=x"});
    let traceparent = format!("00-{TRACE}-{PARENT}-01");
    let long = json!({"scheme": "http", "host": format!("127.0.0.1:{port}"), "path": "/".repeat(2_000)});
    let body = json!({
        "jobName": "followed", "jobType": "DataEnrichment", "module": {"name": "fetch"},
        "limits": {"fuel": 1_000_000_000}, "parameters": {"requests": [request, long]},
    });
    let job = submit(&project, Some(&traceparent), &body);
    project.wait_for(&job, "Completed");

    let stations = ["commit", "wait", "claim", "attempt", "open", "load", "run", "request", "end", "notify"];
    let spans = collector.spans(TRACE, &stations);
    let server_span = spans.iter().find(|span| span["kind"] == "SPAN_KIND_SERVER").unwrap();
    let below = |name: &str| {
        let parent = named(&spans, name)["parent"].clone();
        spans.iter().find(|span| span["id"] == parent).map(|span| span["name"].as_str().unwrap())
    };
    assert_eq!(server_span["parent"], PARENT, "the client's span");
    assert_eq!(server_span["attributes"]["http.response.status_code"], 200);
    assert_eq!(server_span["attributes"]["http.request.method"], "POST");
    let route = server_span["attributes"]["http.route"].as_str().unwrap();
    assert_eq!(server_span["name"], format!("POST {route}"));
    for name in ["commit", "wait", "claim", "attempt", "notify"] {
        assert_eq!(below(name), server_span["name"].as_str(), "{name}");
    }
    for name in ["open", "load", "run", "end"] {
        assert_eq!(below(name), Some("attempt"), "{name}");
    }
    let asked = spans.iter().find(|span| span["attributes"]["url.path"] == "/asked").unwrap();
    assert_eq!((&asked["parent"], &asked["kind"]), (&named(&spans, "run")["id"], &json!("SPAN_KIND_CLIENT")));
    assert_eq!(asked["attributes"]["server.port"].to_string(), port);
    assert_eq!(asked["attributes"]["http.response.status_code"], 204);
    let long = |span: &&Value| span["attributes"]["url.path"] == "/".repeat(512);
    assert!(spans.iter().any(|span| long(&span)), "what a guest says is cut: {spans:#?}");
    let heard = receiver.received().into_iter().find(|heard| heard.path.starts_with("/asked")).unwrap();
    let id = asked["id"].as_str().unwrap();
    assert_eq!(
        heard.headers["traceparent"],
        format!("00-{TRACE}-{id}-01"),
        "the world is asked with its place"
    );

    let run = &named(&spans, "run")["attributes"];
    let receipt = &project.status(&job)["receipts"][0];
    assert_eq!(run["fuelcell.usage.fuel"], receipt["fuel"]);
    assert_eq!(run["fuelcell.usage.memory.peak"], receipt["peakMemoryBytes"]);
    assert_eq!(run["fuelcell.limits.fuel"], 1_000_000_000);
    assert!(run["fuelcell.limits.memory"].as_u64().unwrap() > 0);
    let attempt = named(&spans, "attempt");
    assert_eq!(attempt["attributes"]["fuelcell.job.id"], job.as_str());
    assert_eq!(attempt["attributes"]["fuelcell.job.state"], "Completed");
    assert_eq!(attempt["kind"], "SPAN_KIND_CONSUMER");
    assert_eq!(named(&spans, "notify")["attributes"]["fuelcell.delivery.outcome"], "Delivered");
    assert_eq!(attempt["resource"]["service.name"], "fuelcell");
    for span in &spans {
        assert!(span["start"].as_u64() <= span["end"].as_u64(), "{span:#}");
        assert!(span["flags"] == 1 && !span.to_string().contains("secret"), "{span:#}");
    }

    // A client that wants no spans gets none, and its trace is in the log all the same.
    let quiet = TRACE.replace("4bf9", "4bfa");
    let job = submit(&project, Some(&format!("00-{quiet}-{PARENT}-00")), &probe(json!([])));
    project.wait_for(&job, "Completed");
    // Of traces that begin here none is told.
    let unasked = submit(&project, None, &probe(json!([])));
    project.wait_for(&unasked, "Completed");
    assert!(server.terminate(), "the server stops in good order, when all spans are sent");
    let told = collector.said.lock().unwrap();
    assert!(told.iter().all(|said| said["port"].is_u64() || said["trace"] == TRACE), "{told:#?}");
    let lines: Vec<Value> = server.log().lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    for message in ["a job was queued", "Attempt ended"] {
        let line = lines
            .iter()
            .find(|line| line["fields"]["message"] == message && line["spans"].to_string().contains(&quiet));
        assert!(line.is_some_and(|line| line.to_string().contains(&job)), "{message}");
    }
}

#[test]
fn a_trace_goes_on_when_the_server_was_killed_and_failures_say_why() {
    let collector = Collector::start();
    let (endpoint, headers) = (collector.endpoint(), collector.headers());
    let all = settings(&endpoint, &headers, "1");
    let mut server = Server::start_set(&all);
    let project = Project::new(&server).with_probe();
    let traceparent = format!("00-{TRACE}-{PARENT}-01");
    let job = submit(&project, Some(&traceparent), &probe(json!([{"do": "sleep", "milliseconds": 600_000}])));
    project.wait_for(&job, "Running");
    collector.spans(TRACE, &["commit", "wait", "claim"]);
    server.kill();
    server.restart_set(&all);
    let project = project.after_restart(&server);
    let attempt_of = |number: u64| {
        let spans = collector.all(TRACE);
        spans
            .into_iter()
            .find(|span| span["name"] == "attempt" && span["attributes"]["fuelcell.job.attempt"] == number)
    };
    eventually("the second attempt runs", PATIENCE, || {
        let status = project.status(&job);
        let is_second = status["receipts"].as_array().is_some_and(|receipts| receipts.len() == 1);
        (is_second && status["status"] == "Running").then_some(())
    });
    project.client.delete(&project.job_path(&job), None).ok();
    let second = eventually("the second attempt is told", PATIENCE, || attempt_of(2));
    assert_eq!(second["attributes"]["fuelcell.job.state"], "Cancelled");
    assert!(attempt_of(1).is_none(), "of the first nobody knows the end");

    // Without a client's word a trace begins here.
    let failing = submit(&project, None, &probe(json!([{"do": "fail", "code": "Broken", "message": "no"}])));
    project.wait_for(&failing, "Failed");
    let failed = eventually("the failure is told", PATIENCE, || {
        let said = collector.said.lock().unwrap();
        let mine =
            |span: &&Value| span["name"] == "attempt" && span["attributes"]["fuelcell.job.id"] == failing;
        said.iter().find(mine).cloned()
    });
    assert_eq!(failed["status"], "STATUS_CODE_ERROR");
    assert!(failed["message"].as_str().unwrap().contains("no"), "{failed:#}");
    let spans = collector.spans(failed["trace"].as_str().unwrap(), &["commit", "run", "end"]);
    let root: Vec<_> = spans.iter().filter(|span| span["parent"] == "").collect();
    assert_eq!(root.len(), 1);
    assert_eq!(root[0]["kind"], "SPAN_KIND_SERVER");
}

#[test]
fn an_attempt_that_cannot_begin_says_why_and_only_the_first_says_how_long_it_waited() {
    let collector = Collector::start();
    let (endpoint, headers) = (collector.endpoint(), collector.headers());
    let server = Server::start_set(&settings(&endpoint, &headers, "0"));
    let project = Project::new(&server).with_probe();
    let bytes = Uuid::new_v4().to_string();
    let dataset = project.dataset("in.txt", bytes.as_bytes());
    remove(&server.data().join("blobs"), bytes.as_bytes());
    let mut body = probe(json!([]));
    body["parameters"]["datasetId"] = dataset.into();
    let job = submit(&project, Some(&format!("00-{TRACE}-{PARENT}-01")), &body);
    project.wait_for(&job, "Failed");
    let spans = collector.spans(TRACE, &["open", "attempt"]);
    let open = named(&spans, "open");
    assert_eq!(
        (&open["status"], &open["attributes"]["error.type"]),
        (&json!("STATUS_CODE_ERROR"), &json!("InputGone"))
    );
    assert_eq!(open["parent"], named(&spans, "attempt")["id"]);

    let again = TRACE.replace("4bf9", "4bfa");
    let job = submit(&project, Some(&format!("00-{again}-{PARENT}-01")), &probe(json!([{"do": "failOnce"}])));
    assert_eq!(project.wait_for(&job, "Completed")["attempt"], 2);
    let spans = eventually("both attempts are told", PATIENCE, || {
        let spans = collector.all(&again);
        (spans.iter().filter(|span| span["name"] == "attempt").count() == 2).then_some(spans)
    });
    assert_eq!(spans.iter().filter(|span| span["name"] == "wait").count(), 1, "{spans:#?}");
}

/// Removes the file below a folder that holds these bytes.
fn remove(folder: &Path, bytes: &[u8]) {
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if fs::read(&path).unwrap() == bytes {
                return fs::remove_file(path).unwrap();
            }
        }
    }
    panic!("no file in {} holds them", folder.display());
}

#[test]
fn the_trace_of_a_scheduled_job_begins_with_the_making_of_it() {
    let collector = Collector::start();
    let (endpoint, headers) = (collector.endpoint(), collector.headers());
    let server = Server::start_set(&settings(&endpoint, &headers, "1"));
    let project = Project::new(&server).with_probe();
    let schedule = |cron: &str| {
        let path = project.path("pipelines/6f9619ff-8b86-4011-b42d-00c04fc964ff");
        let body = json!({
            "name": "Often", "jobType": "Analysis", "module": {"name": "probe"}, "parameters": {"steps": []},
            "schedule": {"cron": cron},
        });
        project.client.put(&path, &body).ok();
    };
    schedule("* * * * * *");
    let first = eventually("a scheduled job is told", PATIENCE, || {
        let said = collector.said.lock().unwrap();
        said.iter().find(|span| span["name"] == "schedule").cloned()
    });
    schedule("0 6 1 1 *");
    assert_eq!((&first["parent"], &first["kind"]), (&json!(""), &json!("SPAN_KIND_INTERNAL")));
    let spans = collector.spans(first["trace"].as_str().unwrap(), &["wait", "claim", "attempt"]);
    for name in ["wait", "claim", "attempt"] {
        assert_eq!(named(&spans, name)["parent"], first["id"], "{name}");
    }
    let job = &named(&spans, "attempt")["attributes"]["fuelcell.job.id"];
    assert_eq!(&first["attributes"]["fuelcell.job.id"], job);
}

#[test]
fn a_collector_that_hangs_does_not_keep_the_server_from_stopping() {
    // Connections wait here for somebody who takes them.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let mut server = Server::start_set(&[("TRACES__ENDPOINT", &endpoint)]);
    let project = Project::new(&server);
    for _ in 0..1_200 {
        project.client.get(&project.path("execution/jobs")).ok();
    }
    let began = Instant::now();
    assert!(server.terminate());
    // A request that is under way, and at most one more.
    assert!(began.elapsed() < Duration::from_secs(40), "{:?}", began.elapsed());
    assert!(server.log().contains("spans are lost"), "{}", server.log());
}

#[test]
fn a_job_that_waits_for_a_compiler_says_for_how_long() {
    let collector = Collector::start();
    let (endpoint, headers) = (collector.endpoint(), collector.headers());
    let compiled = collector.folder.path().join("compiled").display().to_string();
    let mut all = settings(&endpoint, &headers, "0");
    all.push(("COMPILED", &compiled));
    let mut server = Server::start_set(&all);
    let project = Project::new(&server).with_probe();
    assert!(server.terminate());
    fs::remove_dir_all(&compiled).unwrap();
    server.restart_set(&all);
    let project = project.after_restart(&server);
    let job = submit(&project, Some(&format!("00-{TRACE}-{PARENT}-01")), &probe(json!([])));
    project.wait_for(&job, "Completed");
    let spans = collector.spans(TRACE, &["wait", "compile", "attempt"]);
    let (wait, compile) = (named(&spans, "wait"), named(&spans, "compile"));
    assert_eq!(compile["parent"], wait["id"]);
    assert_eq!(compile["attributes"]["fuelcell.module.name"], "probe");
    let (began, ended) = (compile["start"].as_u64().unwrap(), compile["end"].as_u64().unwrap());
    assert!(began < ended && ended <= wait["end"].as_u64().unwrap(), "{wait:#} {compile:#}");
}

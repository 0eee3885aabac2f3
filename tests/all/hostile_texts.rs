//! What a client says is bounded before it is kept, and refused where nobody knows it.

use fuelcell_tests::project::token;
use fuelcell_tests::{Client, Project, Server};
use serde_json::{Value, json};
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

/// Bytes of an error answer.
const MAX_ANSWER: usize = 8 * 1024;

/// Who attacks at once, and how often each says everything.
const ATTACKERS: usize = 4;
const ROUNDS: usize = 12;
/// Bytes of a text in the head of a request: near what a head may have.
const LONG: usize = 60_000;
/// Bytes of a text in a body: near what a body may have.
const LONGEST: usize = 1_000_000;
/// What an attack may leave in the data directory, however much it says. The store writes segments of half a megabyte.
const LEFT_ON_DISK: u64 = 4 << 20;
/// What it may leave in the process's log for each request.
const LEFT_IN_LOG: usize = 2048;
/// What the server may take for what is under way: some bodies and answers, and the allocator's room.
const MEMORY: u64 = 150 << 20;
/// What a neighbour's usual request may take meanwhile, and what any may, on a machine that runs other tests.
const USUAL: Duration = Duration::from_secs(2);
const ANY: Duration = Duration::from_secs(30);

fn job(more: Value) -> Value {
    let mut body = json!({
        "jobName": "j", "jobType": "Analysis", "module": {"name": "probe"}, "parameters": {"steps": []},
    });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

/// The pointers of a refusal, sorted.
fn pointers(problem: &Value) -> Vec<&str> {
    let faults = problem["errors"].as_array().unwrap_or_else(|| panic!("no errors in {problem:#}"));
    let mut pointers: Vec<_> = faults.iter().map(|fault| fault["pointer"].as_str().unwrap()).collect();
    pointers.sort_unstable();
    pointers
}

#[test]
fn ids_of_requests_are_short_and_plain_or_minted() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let cancel = |id: &str| {
        let path = project.job_path("6f9619ff-8b86-d011-b42d-00c04fc964ff");
        project.client.send("DELETE", &path, &[("x-request-id", id)], &[])
    };
    let (kept, long) = ("k".repeat(64), "l".repeat(30_000));
    assert_eq!(cancel(&kept).header("x-request-id"), kept);
    for id in [&long[..], &"m".repeat(65), "with space", "{}"] {
        let answer = cancel(id);
        assert_eq!(answer.header("x-request-id").len(), 36, "{}", answer.text());
        answer.problem(404);
    }
    let audit = server.operator().get("/api/admin/audit?limit=1000").text();
    let (log, store) = (server.log(), audit.len());
    assert!(audit.contains(&kept) && !audit.contains("lll") && !log.contains("lll"), "{store}");
}

#[test]
fn what_is_refused_is_neither_echoed_nor_logged_nor_kept_whole() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let long = "z".repeat(1_000_000);
    let path = |part: &str| project.path(&format!("execution/job/{part}"));
    let short = &long[..20_000];
    let answers = [
        project.submit(&job(json!({"priority": long}))),
        project.submit(&job(json!({"jobName": long}))),
        project.submit(&job(json!({"labels": {"a": long}}))),
        project.submit(&job(json!({ long.clone(): 1 }))),
        project.submit(&job(json!({"module": {"name": long}}))),
        project.submit(&job(json!({"parameters": {"datasetId": long}}))),
        project.client.get(&path(short)),
        project.client.delete(&path(short), None),
        project.client.get(&format!("/nowhere/{short}")),
        project.client.get(&project.path(&format!("execution/jobs?status={short}"))),
        project.client.get(&project.path(&format!("execution/jobs?{short}=1"))),
        project.client.put_bytes(&project.path(&format!("modules/{short}/versions/1")), b"x"),
        project.client.delete(&project.path(&format!("modules/{short}/capabilities")), None),
    ];
    for answer in answers {
        assert!((400..500).contains(&answer.status), "{}", answer.text());
        assert!(answer.body.len() <= MAX_ANSWER, "{}", answer.body.len());
    }
    let audit = server.operator().get("/api/admin/audit?limit=1000").text();
    let run = "z".repeat(1025);
    assert!(!audit.contains(&run), "the audit log has it whole");
    assert!(!server.log().contains(&run), "the log has it whole");
}

/// Bytes of all files in a folder and below it.
fn bytes_in(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    // What a running server takes away meanwhile has no bytes.
    let size = |path: &Path| fs::symlink_metadata(path).map_or(0, |file| file.len());
    entries.map(|path| if path.is_dir() { bytes_in(&path) } else { size(&path) }).sum()
}

/// A request: its method, path, headers and body.
type Said<'a> = (&'a str, String, &'a [(&'a str, &'a str)], &'a [u8]);

/// Says long texts at every place where one can be said, each time others, and returns how many bytes they had, and in how
/// many requests.
fn say_much(viewer: &Client, project: &Project) -> (usize, usize) {
    let job = project.job_path("6f9619ff-8b86-d011-b42d-00c04fc964ff");
    let (submit, jobs) = (project.path("execution/job"), project.path("execution/jobs"));
    let (mut bytes, mut requests) = (0, 0);
    for round in 0..ROUNDS {
        let [long, longest] = [LONG, LONGEST].map(|length| "z".repeat(length) + &round.to_string());
        let body =
            format!(r#"{{"jobName": "j", "jobType": "Analysis", "priority": "{longest}"}}"#).into_bytes();
        let (id, media_type) = ([("x-request-id", &long[..])], [("content-type", &long[..])]);
        let said: [Said<'_>; 8] = [
            ("DELETE", job.clone(), &id, b""),
            ("POST", format!("{job}/retry"), &id, b"{}"),
            ("DELETE", project.job_path(&long), &[], b""),
            ("PUT", project.path(&format!("modules/{long}/versions/1")), &[], b"x"),
            ("GET", format!("{jobs}?status={long}"), &[], b""),
            ("GET", format!("{jobs}?{long}=1"), &[], b""),
            ("POST", submit.clone(), &[], &body),
            ("POST", submit.clone(), &media_type, b"{}"),
        ];
        for (method, path, headers, body) in said {
            let answer = viewer.send(method, &path, headers, body);
            assert!((400..500).contains(&answer.status), "{method} {path:.80}: {}", answer.text());
            bytes += LONG.max(body.len());
            requests += 1;
        }
    }
    (bytes, requests)
}

#[test]
fn whatever_a_viewer_says_fills_no_disk_and_holds_up_no_neighbour() {
    let server = Server::start();
    let (hostile, neighbour) = (Project::new(&server).with_probe(), Project::new(&server).with_probe());
    let role = token(&server.operator(), "viewer", &hostile.tenant, Some(&hostile.project));
    let viewer = server.client(Some(&role));
    let warm = neighbour.probe(json!([]));
    neighbour.wait_for(&warm, "Completed");
    let (disk, log, memory) = (bytes_in(&server.data()), server.log().len(), server.peak_memory());
    let ((bytes, requests), mut times) = thread::scope(|scope| {
        let attack = || scope.spawn(|| say_much(&viewer, &hostile));
        let attackers: Vec<_> = (0..ATTACKERS).map(|_| attack()).collect();
        let mut times = Vec::new();
        while attackers.iter().any(|attacker| !attacker.is_finished()) {
            let begun = Instant::now();
            neighbour.client.get(&neighbour.path("execution/jobs")).ok();
            neighbour.client.get(&neighbour.job_path(&warm)).ok();
            times.push(begun.elapsed() / 2);
        }
        let said = attackers.into_iter().map(|attacker| attacker.join().unwrap());
        (said.fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1)), times)
    });
    let left = bytes_in(&server.data()).saturating_sub(disk);
    let logged = server.log().len() - log;
    let taken = server.peak_memory() - memory;
    times.sort_unstable();
    let told = format!(
        "{requests} requests said {bytes} bytes; left on disk: {left}, logged: {logged}, memory: {taken}, a neighbour's \
         requests: {:?}, at most {:?}",
        times[times.len() / 2],
        times[times.len() - 1],
    );
    assert!(bytes as u64 > 10 * LEFT_ON_DISK, "it is much: {told}");
    assert!(left < LEFT_ON_DISK && logged < LEFT_IN_LOG * requests && taken < MEMORY, "{told}");
    assert!(times[times.len() / 2] < USUAL && times[times.len() - 1] < ANY, "{told}");
    // Of each kind the first refusal is listed, and after a minute the number of the others.
    let entries =
        server.operator().get(&format!("/api/admin/audit?limit=1000&projectId={}", hostile.project));
    let entries = entries.ok()["entries"].clone();
    let of_viewer = entries.as_array().unwrap().iter().filter(|entry| entry["subject"] == "a viewer");
    let refused: Vec<_> = of_viewer.map(|entry| (&entry["action"], &entry["code"])).collect();
    assert!((1..=30).contains(&refused.len()), "{} of {requests}: {refused:?}", refused.len());
    let next = neighbour.probe(json!([]));
    neighbour.wait_for(&next, "Completed");
}

#[test]
fn a_thousand_faults_are_fifty_and_a_count() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let strangers: serde_json::Map<_, _> = (0..1000).map(|n| (format!("m\u{1}{n}"), json!(1))).collect();
    let answer = project.submit(&job(Value::Object(strangers)));
    assert!(answer.body.len() <= MAX_ANSWER, "{}", answer.body.len());
    answer.problem(400);
    let problem = answer.json();
    assert_eq!(problem["errorCount"], 1000);
    let shown = problem["errors"].as_array().unwrap().len();
    assert!((10..=50).contains(&shown), "{shown}");
}

#[test]
fn all_that_is_wrong_with_a_body_is_told_at_once() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let body = job(json!({
        "priority": "Urgent",
        "limits": {"timeoutSecond": 5, "fuel": 0},
        "scheduling": {"scheduleTime": "2030-01-01T00:00:00Z", "timeoutMinutes": 0, "scheduledTime": "soon"},
        "resource": {"resourceType": "Pipeline", "resourceId": "x"},
    }));
    let answer = project.submit(&body);
    let (code, detail) = answer.problem(400);
    assert_eq!(code, "InvalidBody");
    let problem = answer.json();
    assert_eq!(
        pointers(&problem),
        [
            "/limits/fuel",
            "/limits/timeoutSecond",
            "/priority",
            "/resource/resourceId",
            "/scheduling/scheduleTime",
            "/scheduling/scheduledTime",
            "/scheduling/timeoutMinutes",
        ]
    );
    for told in ["did you mean \"timeoutSeconds\"", "did you mean \"scheduledTime\"", "\"Critical\"", "GUID"]
    {
        assert!(problem.to_string().replace("\\\"", "\"").contains(told), "{told}: {problem:#}");
    }
    assert!(!detail.contains("oneOf"), "{detail}");
    // What serde takes and a use case refuses comes with the rest too.
    let answer = project.submit(&job(json!({"jobName": "", "scheduling": {"timeoutMinutes": 0}})));
    assert_eq!(answer.problem(400).0, "InvalidTimeout");
    assert_eq!(pointers(&answer.json()), ["/jobName", "/scheduling/timeoutMinutes"]);
}

#[test]
fn what_nobody_knows_is_refused_with_the_nearest_name_and_what_the_contracts_show_passes() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let waiting =
        project.probe_with(json!([]), json!({"scheduling": {"scheduledTime": "2090-01-01T00:00:00Z"}}));
    let pipeline = project.pipeline("Analysis");
    let client = &project.client;
    let retry = format!("{}/retry", project.job_path(&waiting));
    for (answer, nearest) in [
        (client.delete(&project.job_path(&waiting), Some(&json!({"force": true}))), "forceTermination"),
        (client.post(&retry, &json!({"updatedParams": {}})), "updatedParameters"),
        (project.submit(&job(json!({"moduel": {"name": "probe"}}))), "module"),
        (project.submit(&job(json!({"module": {"name": "probe", "versoin": "1"}}))), "version"),
        (project.submit(&job(json!({"notifications": {"onComplete": true}}))), "onCompletion"),
        (client.get(&project.path("execution/jobs?state=Failed")), "status"),
        (client.get(&project.path("execution/jobs?pagesize=5")), "pageSize"),
        (client.get(&project.path("pipelines?pageSise=5")), "pageSize"),
        (client.get(&format!("{}/results?fromat=detailed", project.job_path(&waiting))), "format"),
        (client.delete(&project.path(&format!("pipelines/{pipeline}?forse=1")), None), ""),
        (server.operator().get("/api/admin/audit?tenant=x"), "tenantId"),
    ] {
        let (_, detail) = answer.problem(400);
        assert!(detail.contains(nearest), "{nearest}: {detail}");
    }
    assert_eq!(
        client.get(&project.path(&format!("pipelines/{pipeline}"))).status,
        200,
        "nothing was deleted"
    );
    assert_eq!(project.status(&waiting)["status"], "Queued");
    let submitted = json!({
        "jobName": "Weekly Process Analysis",
        "jobDescription": "Automated weekly analysis of process performance",
        "jobType": "Analysis",
        "priority": "Normal",
        "resource": {"resourceType": "Pipeline", "resourceId": pipeline},
        "module": {"name": "probe"},
        "parameters": {"steps": []},
        "scheduling": {"executeImmediately": true, "scheduledTime": null, "timeoutMinutes": 120},
        "notifications": {"onCompletion": true, "onFailure": true, "emailRecipients": ["analyst@company.com"]},
    });
    let job = project.submit(&submitted).ok()["jobId"].as_str().unwrap().to_owned();
    project.wait_for(&job, "Completed");
    client.get(&project.path("execution/jobs?status=Completed&jobType=Analysis&priority=Normal&submittedBy=a&dateFrom=2024-01-01&dateTo=2090-01-01T00:00:00&page=1&pageSize=20")).ok();
    client
        .get(&format!(
            "{}/results?format=detailed&includeArtifacts=true&outputType=reports",
            project.job_path(&job)
        ))
        .ok();
    let cancel = json!({"reason": "User requested cancellation", "forceTermination": false, "preservePartialResults": true});
    client.delete(&project.job_path(&waiting), Some(&cancel)).ok();
    let again = json!({
        "retryReason": "Infrastructure issue resolved",
        "modifyParameters": true,
        "updatedParameters": {"timeoutMinutes": 180, "retryFailedRecords": true, "increaseMemoryLimit": true},
        "priority": "High",
        "immediateExecution": false,
    });
    client.post(&retry, &again).ok();
}

#[test]
fn a_member_that_stands_twice_is_refused_wherever_it_is() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let body = r#"{"jobName": "j", "jobType": "Analysis", "module": {"name": "probe"},
                   "parameters": {"steps": [], "deep": [{"a/b": 1, "a/b": 2}]}}"#;
    let answer = project.client.send("POST", &project.path("execution/job"), &[], body.as_bytes());
    assert_eq!(answer.problem(400).0, "DuplicateMember");
    assert_eq!(pointers(&answer.json()), ["/parameters/deep/0/a~1b"]);
}

#[test]
fn coded_bodies_are_415_and_addresses_say_which_part_is_missing_or_wrong() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let gzip = [("content-encoding", "gzip")];
    for (method, path) in [
        ("POST", project.path("execution/job")),
        ("PUT", project.path("secrets/NAME")),
        ("DELETE", project.job_path("6f9619ff-8b86-d011-b42d-00c04fc964ff")),
    ] {
        let answer = project.client.send(method, &path, &gzip, b"\x1f\x8b");
        assert_eq!(answer.problem(415).0, "UnsupportedEncoding", "{path}");
    }
    let client = &project.client;
    for (path, status, told) in [
        (format!("/api//{}/execution/jobs", project.project), 400, "tenantId is missing"),
        (format!("/api/{}//execution/jobs", project.tenant), 400, "projectId is missing"),
        (
            format!("/api/{}/undefined/execution/jobs", project.tenant),
            400,
            "projectId in the address is \"undefined\"",
        ),
        (project.job_path("{jobId}"), 400, "jobId in the address is \"{jobId}\""),
        (project.job_path(""), 404, "jobId is missing"),
    ] {
        let (_, detail) = client.get(&path).problem(status);
        assert!(detail.contains(told), "{path}: {detail}");
    }
    let root = server.client(None).get("/");
    assert!(root.status == 200 && root.text().contains("<title>Fuelcell</title>"), "{}", root.text());
}

/// A client on a pool of connections sends its next request on the same one, unless it is told not to.
#[test]
fn after_a_full_quota_the_connection_goes_on_or_says_that_it_does_not() {
    let server = Server::start();
    let project = Project::new(&server);
    let limits = format!("/api/admin/tenants/{}/projects/{}/limits", project.tenant, project.project);
    server.operator().put(&limits, &json!({"quotas": {"storedBytes": 1000}})).ok();
    let dataset = project.path("datasets/6f9619ff-8b86-d011-b42d-00c04fc964ff?name=a.csv");
    let put = |length: usize, expect: &str| {
        format!(
            "PUT {dataset} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-length: {length}\r\n{expect}\r\n",
            project.token
        )
    };
    let head = |stream: &mut TcpStream| {
        let mut told = Vec::new();
        let mut byte = [0];
        while !told.ends_with(b"\r\n\r\n") {
            stream.read_exact(&mut byte).unwrap();
            told.push(byte[0]);
        }
        String::from_utf8(told).unwrap().to_lowercase()
    };
    let connect = || {
        let stream = TcpStream::connect(server.base().trim_start_matches("http://")).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        stream
    };
    // Read to its end: the connection goes on.
    let mut stream = connect();
    stream.write_all(put(1 << 20, "").as_bytes()).unwrap();
    stream.write_all(&vec![b'x'; 1 << 20]).unwrap();
    let refused = head(&mut stream);
    assert!(refused.starts_with("http/1.1 507") && !refused.contains("connection: close"), "{refused}");
    let length = refused.split("content-length: ").nth(1).unwrap().split("\r\n").next().unwrap();
    let mut body = vec![0; length.parse().unwrap()];
    stream.read_exact(&mut body).unwrap();
    stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    assert!(head(&mut stream).starts_with("http/1.1 200"));
    // Not begun: the client is told.
    let mut stream = connect();
    stream.write_all(put(1 << 20, "expect: 100-continue\r\n").as_bytes()).unwrap();
    let refused = head(&mut stream);
    assert!(refused.starts_with("http/1.1 507") && refused.contains("connection: close"), "{refused}");
    assert!(!server.log().contains("ERROR"), "{}", server.log());
}

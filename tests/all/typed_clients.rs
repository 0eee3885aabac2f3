//! The typed clients for Python and TypeScript: what their pages show, and what they do while answers are lost, streams
//! break off, and the server is killed.

use crate::execution::events::of_job;
use fuelcell_tests::page::{Block, blocks};
use fuelcell_tests::proxy::{Fate, Proxy};
use fuelcell_tests::script::write;
use fuelcell_tests::{Project, Server, built, eventually, project::text as word};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread;
use std::time::Duration;
use uuid::Uuid;

const SAMPLE: &str = "example-jobs/built-in/process-mining/sample/order-to-cash.csv";
const BUSY: &str = "HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\ncontent-type: application/problem+json\r\n\
     content-length: 54\r\nconnection: close\r\n\r\n{\"code\": \"Busy\", \"detail\": \"later\", \"requestId\": \"x-1\"}";
const BAD_GATEWAY: &str = "HTTP/1.1 502 Bad Gateway\r\ncontent-length: 4\r\nconnection: close\r\n\r\nnope";

const GONE: &str = "HTTP/1.1 410 Gone\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
const MUCH_LATER: &str = "HTTP/1.1 429 Too Many Requests\r\nretry-after: 1000\r\ncontent-type: application/problem+json\r\n\
     content-length: 27\r\nconnection: close\r\n\r\n{\"code\": \"TooManyRequests\"}";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Language {
    Python,
    TypeScript,
}

const LANGUAGES: [Language; 2] = [Language::Python, Language::TypeScript];

/// Does these on one server for both, all at the same time.
fn on(server: &Server, what: &[fn(&Server, Language)]) {
    in_each(|language| {
        thread::scope(|scope| {
            for what in what {
                scope.spawn(move || what(server, language));
            }
        });
    });
}

/// Does it for both, at the same time.
fn in_each(what: impl Fn(Language) + Sync) {
    thread::scope(|scope| {
        for language in LANGUAGES {
            let what = &what;
            scope.spawn(move || what(language));
        }
    });
}

fn node_modules() -> PathBuf {
    built::source("crates/dashboard/web/node_modules")
}

/// The search path with the compiler that the dashboard is built with.
fn tools() -> OsString {
    let path = std::env::var_os("PATH").unwrap();
    let folders = [node_modules().join(".bin")].into_iter().chain(std::env::split_paths(&path));
    std::env::join_paths(folders).unwrap()
}

/// The folder of the client for TypeScript as `npm pack` leaves it, made of these sources.
fn packed() -> PathBuf {
    let folder = built::target().join("tests-clients/typescript");
    fs::create_dir_all(folder.join("src")).unwrap();
    // Tests that begin together wait for the one that compiles.
    let lock = File::create(folder.join("lock")).unwrap();
    lock.lock().unwrap();
    let source = built::source("clients/typescript");
    let listed =
        |place: &Path| fs::read_dir(place).unwrap().map(|file| file.unwrap().path()).collect::<Vec<_>>();
    let mut files = listed(&source.join("src"));
    files.extend(["README.md", "package.json", "tsconfig.json"].map(|name| source.join(name)));
    files.sort();
    let sources: Vec<u8> = files.iter().flat_map(|file| fs::read(file).unwrap()).collect();
    let stamp = folder.join("packed-from");
    if !fs::read(&stamp).is_ok_and(|from| from == sources) {
        for stale in listed(&folder.join("src")) {
            fs::remove_file(stale).unwrap();
        }
        for file in files {
            fs::copy(&file, folder.join(file.strip_prefix(&source).unwrap())).unwrap();
        }
        follow(Command::new("npm").args(["pack", "--offline"]).env("PATH", tools()).current_dir(&folder));
        fs::write(stamp, sources).unwrap();
    }
    folder
}

/// A client at work.
struct Running {
    process: Child,
    lines: BufReader<ChildStdout>,
}

/// What the client is told of its server and project.
fn settings(command: &mut Command, address: &str, project: &Project) {
    command
        .env("FUELCELL_SERVER", address)
        .env("FUELCELL_TENANT", &project.tenant)
        .env("FUELCELL_PROJECT", &project.project)
        .env("FUELCELL_TOKEN", &project.token);
}

impl Running {
    fn start(language: Language, address: &str, project: &Project, arguments: &[&str]) -> Self {
        Self::set(language, address, project, arguments, &[])
    }

    /// The same with further variables.
    fn set(
        language: Language,
        address: &str,
        project: &Project,
        arguments: &[&str],
        more: &[(&str, &str)],
    ) -> Self {
        let mut command = match language {
            Language::Python => {
                let mut command = Command::new(built::python());
                command.arg(built::source("tests/clients/typed/scenario.py"));
                command.env("PYTHONPATH", built::source("clients/python/src"));
                command.env("PYTHONDONTWRITEBYTECODE", "1");
                command
            }
            Language::TypeScript => {
                let mut command = Command::new("node");
                command.arg(built::source("tests/clients/typed/scenario.mjs"));
                command.env("FUELCELL_CLIENT", packed().join("dist/index.js"));
                command
            }
        };
        settings(&mut command, address, project);
        command.envs(more.iter().copied());
        let mut process = command.args(arguments).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap());
        Self { process, lines }
    }

    /// What it tells next.
    fn next(&mut self) -> Option<Value> {
        let mut line = String::new();
        (self.lines.read_line(&mut line).unwrap() > 0).then(|| serde_json::from_str(&line).unwrap())
    }

    /// What else it tells.
    fn rest(mut self) -> Vec<Value> {
        let told = std::iter::from_fn(|| self.next()).collect();
        assert!(self.process.wait().unwrap().success(), "{told:#?}");
        told
    }
}

fn run(language: Language, address: &str, project: &Project, arguments: &[&str]) -> Vec<Value> {
    Running::start(language, address, project, arguments).rest()
}

#[test]
fn answers_that_are_lost_and_connections_that_break_off_do_no_harm() {
    let server = Server::start_set(&[("SLOTS", "4")]);
    on(
        &server,
        &[
            a_submit_whose_answer_is_lost_makes_one_job,
            who_listens_to_a_project_is_told_when_events_may_be_missing,
            a_stream_that_is_silent_for_too_long_is_taken_for_broken,
            files_arrive_whole_over_connections_that_break_off,
        ],
    );
}

fn a_submit_whose_answer_is_lost_makes_one_job(server: &Server, language: Language) {
    let (project, proxy) = (Project::new(server).with_probe(), Proxy::start(server));
    let fates = [Fate::Answered(BUSY), Fate::AnswerLost, Fate::Answered(BAD_GATEWAY)];
    proxy.plan("POST", "/execution/job", fates);
    proxy.plan("DELETE", "/datasets/", [Fate::AnswerLost]);
    proxy.plan("DELETE", "/execution/job/", [Fate::AnswerLost]);
    proxy.plan("POST", "/execution/jobs", [Fate::AnswerLost]);
    let told = run(language, &proxy.url(), &project, &["submit"]);
    let submits = proxy.passed("POST", "/execution/job");
    let (first, rest) = submits.split_first_chunk::<4>().unwrap();
    let keys: BTreeSet<_> = first.iter().map(|passed| &passed.headers["idempotency-key"]).collect();
    assert_eq!(keys.len(), 1, "{language:?}");
    assert!(rest.iter().all(|passed| !keys.contains(&passed.headers["idempotency-key"])), "{language:?}");
    assert!(first[1].at - first[0].at >= Duration::from_secs(1), "{language:?} came back too soon");
    let jobs = project.client.get(&project.path("execution/jobs?text=once")).ok();
    assert_eq!((jobs["jobs"].as_array().unwrap().len(), &jobs["jobs"][0]["jobId"]), (1, &told[0]["job"]));
    let ended = told[1]["status"].as_str().unwrap();
    assert!(["Cancelled", "Completed"].contains(&ended), "{language:?} {ended}");
    assert_eq!(told[2], json!({"queued": 0, "replayed": 2}), "{language:?}");
    assert_eq!(project.client.get(&project.path("datasets")).ok()["datasets"], json!([]));
}

#[test]
fn events_are_told_once_and_in_order_through_cuts_and_restarts() {
    let mut server = Server::start_set(&[("PULSE_MILLISECONDS", "20")]);
    let steps: Vec<_> = (1..=8)
        .flat_map(|n| {
            [
                json!({"do": "progress", "done": n, "total": 8, "stage": format!("part {n}")}),
                json!({"do": "sleep", "milliseconds": 60}),
            ]
        })
        .chain([json!({"do": "waitForCancel"})])
        .collect();
    let mut all = LANGUAGES.map(|language| {
        let (project, proxy) = (Project::new(&server).with_probe(), Proxy::start(&server));
        let job = project.probe(json!(steps));
        proxy.plan("GET", "/events", [Fate::AnswerCut(400), Fate::AnswerCut(500), Fate::AnswerLost]);
        let client = Running::start(language, &proxy.url(), &project, &["follow", &job]);
        (language, project, proxy, job, client, Vec::new())
    });
    for (.., client, heard) in &mut all {
        heard.extend(client.next());
        heard.extend(client.next());
    }
    server.kill();
    server.restart();
    thread::scope(|scope| {
        for (language, project, proxy, job, client, heard) in all {
            let server = &server;
            scope.spawn(move || {
                proxy.lead_to(server);
                let project = project.after_restart(server);
                project.wait_for_stage(&job, "part 8");
                project.client.delete(&project.job_path(&job), None).ok();
                let heard: Vec<Value> = heard.into_iter().chain(client.rest()).collect();
                let (end, heard) = heard.split_last().unwrap();
                let whole: Vec<_> = of_job(server, &project, &job, None).rest();
                let whole: Vec<_> = whole
                    .iter()
                    .map(|event| json!({"id": event.id.to_string(), "event": event.name}))
                    .collect();
                assert_eq!(heard, whole, "{language:?}: nothing is lost, nothing told twice");
                assert_eq!(end["seen"], whole.len(), "{language:?}: who waits hears all of it");
                assert_eq!(end["status"], project.status(&job)["status"], "{language:?}");
            });
        }
    });
}

fn who_listens_to_a_project_is_told_when_events_may_be_missing(server: &Server, language: Language) {
    let (project, proxy) = (Project::new(server).with_probe(), Proxy::start(server));
    proxy.plan("GET", "/events", [Fate::AnswerCut(1)]);
    let told = run(language, &proxy.url(), &project, &["project"]);
    let names: Vec<_> = told.iter().map(|told| told["event"].as_str().unwrap()).collect();
    assert_eq!(names, ["reset", "queued", "started", "completed"], "{language:?}");
    assert!(told[1..].iter().all(|told| told["own"] == true), "{language:?}");
}

fn a_stream_that_is_silent_for_too_long_is_taken_for_broken(server: &Server, language: Language) {
    let (project, proxy) = (Project::new(server).with_probe(), Proxy::start(server));
    proxy.plan("GET", "/events", [Fate::AnswerHeld(0), Fate::AnswerHeld(150)]);
    let mut client = Running::start(language, &proxy.url(), &project, &["silent"]);
    let job = word(&client.next().unwrap(), "job");
    eventually("it waits without a stream", Duration::from_secs(60), || {
        (!proxy.passed("GET", "?wait=").is_empty()).then_some(())
    });
    project.client.delete(&project.job_path(&job), None).ok();
    let told = client.rest();
    assert_eq!(told[0], json!({"ended": true}), "{language:?}");
    let heard = told[1]["heard"].as_array().unwrap();
    assert_eq!(heard[..3], ["queued", "started", "cancelRequested"], "{language:?}");
    assert!(proxy.passed("GET", "/events").len() >= 3, "{language:?}");
}

#[test]
fn a_server_is_trusted_for_its_certificate() {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: String| {
        write(&folder.path().join(name), &text);
        folder.path().join(name).display().to_string()
    };
    let certificate = file("certificate.pem", made.cert.pem());
    let key = file("key.pem", made.signing_key.serialize_pem());
    let server = Server::start_set(&[("API__TLS__CERTIFICATE", &certificate), ("API__TLS__KEY", &key)]);
    let unknown = || Uuid::new_v4().to_string();
    let stranger = Project {
        client: server.client(None),
        tenant: unknown(),
        project: unknown(),
        token: "none".to_owned(),
    };
    in_each(|language| {
        let told =
            |more: &[(&str, &str)]| Running::set(language, server.base(), &stranger, &["tls"], more).rest();
        let trusted = told(&[("SSL_CERT_FILE", &certificate), ("NODE_EXTRA_CA_CERTS", &certificate)]);
        assert_eq!((&trusted[0]["status"], &trusted[0]["code"]), (&json!(401), &json!("Unauthenticated")));
        assert_eq!(told(&[]), [json!({"error": "NoAnswer"})], "{language:?}");
    });
}

#[test]
fn who_waits_does_without_a_stream() {
    let server = Server::start_set(&[("SERVICE__MAX_STREAMS", "1"), ("SLOTS", "4")]);
    in_each(|language| {
        let project = Project::new(&server).with_probe();
        let held = project.probe(json!([{"do": "waitForCancel"}]));
        let _only = of_job(&server, &project, &held, None);
        let proxy = Proxy::start(&server);
        let told = run(language, &proxy.url(), &project, &["wait"]);
        let mut expected = vec![
            json!({"status": "Completed"}),
            json!({"error": "JobNotCompleted", "status": "Failed", "code": "GuestError"}),
            json!({"error": "WaitTimeout"}),
            json!({"error": "TimeoutError"}),
        ];
        if language == Language::Python {
            // It has no signals.
            expected.pop();
        }
        assert_eq!(told[..expected.len()], expected, "{language:?}");
        assert!(!proxy.passed("GET", "?wait=").is_empty(), "{language:?}");
    });
}

fn files_arrive_whole_over_connections_that_break_off(server: &Server, language: Language) {
    let (project, proxy) = (Project::new(server).with_probe(), Proxy::start(server));
    let folder = tempfile::tempdir().unwrap();
    let large: Vec<u8> = (0..5_000_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    fs::write(folder.path().join("large.bin"), &large).unwrap();
    proxy.plan("PUT", "/datasets/", [Fate::RequestCut(1_000_000), Fate::Answered(BUSY)]);
    let cuts = [Fate::AnswerCut(700_000), Fate::AnswerLost, Fate::AnswerCut(900_000)];
    proxy.plan("GET", "/content", cuts);
    let fates = [Fate::Answered(GONE), Fate::AnswerCut(100_000), Fate::AnswerCut(0)];
    proxy.plan("GET", "/downloads/", fates);
    let told = run(language, &proxy.url(), &project, &["files", folder.path().to_str().unwrap()]);
    let stored = project.client.get(&project.path("datasets")).ok();
    assert_eq!(told[0]["digest"], stored["datasets"][0]["digest"], "{language:?}");
    assert_eq!((&told[0]["size"], &told[0]["progress"]), (&json!(5_000_000), &json!([5_000_000, 5_000_000])));
    assert!(fs::read(folder.path().join("dataset.bin")).unwrap() == large, "{language:?}");
    assert_eq!(proxy.passed("PUT", "/datasets/").len(), 3, "{language:?}");
    let ranges = |part| {
        let passed = proxy.passed("GET", part);
        passed.iter().map(|passed| passed.headers.get("range").cloned()).collect::<Vec<_>>()
    };
    let at = |n: u32| Some(format!("bytes={n}-"));
    // What a connection brought last before it broke off, its reader may not have seen.
    let begins: Vec<u32> = ranges("/content")
        .iter()
        .map(|range| range.as_ref().map_or(0, |range| range[6..range.len() - 1].parse().unwrap()))
        .collect();
    let [0, second, third, last] = begins[..] else { panic!("{language:?}: {begins:?}") };
    assert!(second <= 700_000 && second == third && third < last && last <= second + 900_000, "{begins:?}");
    assert!(
        proxy.passed("GET", "/downloads/").iter().all(|passed| !passed.headers.contains_key("authorization"))
    );
    let (same, bytes) = (&told[1]["same"], &told[1]["bytes"]);
    assert_eq!((same, bytes), (&json!(true), &json!(3_000_000)), "{language:?}");
    assert_eq!(told[2], json!({"part": true, "none": true}), "{language:?}");
    if language == Language::Python {
        assert!(ranges("/downloads/").contains(&at(1_000_000)), "what was there is not fetched again");
        assert_eq!(told[3], json!({"error": "DigestMismatch"}));
        assert_eq!(told[4]["left"], json!(["dataset.bin", "large.bin", "out.bin"]), "and removed");
        assert_eq!(told[5], json!({"error": "KeyError"}));
    } else {
        assert_eq!(told[3], json!({"error": "RangeError"}));
    }
}

#[test]
fn refusals_are_typed_and_pages_are_whole() {
    let server = Server::start_set(&[("SLOTS", "4")]);
    on(&server, &[refusals_have_their_code_and_places, pages_show_what_stays_once_while_jobs_come_and_go]);
}

fn refusals_have_their_code_and_places(server: &Server, language: Language) {
    let project = Project::new(server).with_probe();
    let proxy = Proxy::start(server);
    proxy.plan("GET", "/job-types", [Fate::Answered(MUCH_LATER)]);
    proxy.plan("POST", "/webhooks", [Fate::AnswerLost]);
    let told = run(language, &proxy.url(), &project, &["errors"]);
    let shown = |told: &Value| (told["error"].clone(), told["status"].clone(), told["code"].clone());
    let refused = |status: u16, code: &str| (json!("ApiError"), json!(status), json!(code));
    assert_eq!(shown(&told[0]), refused(404, "NotFound"), "{language:?}");
    assert_eq!(shown(&told[1]), refused(400, "InvalidParameters"), "{language:?}");
    assert_eq!(told[1]["errors"][0]["pointer"], "/steps");
    assert_eq!(shown(&told[2]), refused(400, "InvalidBody"), "{language:?}");
    assert!(told[2]["errors"][0]["message"].as_str().unwrap().contains("jobType"), "{}", told[2]);
    assert_eq!(shown(&told[3]), refused(401, "Unauthenticated"), "{language:?}");
    assert!(told[..4].iter().all(|told| told["requestId"] == true), "{language:?}");
    assert_eq!(told[4]["error"], "NoAnswer", "{language:?}");
    let invalid = if language == Language::Python { "ValueError" } else { "TypeError" };
    assert_eq!((&told[5]["error"], &told[6]["error"]), (&json!(invalid), &json!(invalid)));
    assert_eq!(shown(&told[7]), refused(429, "TooManyRequests"), "{language:?}");
    assert_eq!(told[8], json!({"error": "NoAnswer"}), "{language:?}");
    let sent = ["/job-types", "/webhooks"]
        .map(|part| proxy.passed("GET", part).len() + proxy.passed("POST", part).len());
    assert_eq!(sent, [1, 1], "{language:?}: neither is worth another try");
    if language == Language::TypeScript {
        assert_eq!(told[9], json!({"exact": true}));
    }
}

fn pages_show_what_stays_once_while_jobs_come_and_go(server: &Server, language: Language) {
    let project = Project::new(server).with_probe();
    let jobs: Vec<_> = (0..14).map(|_| project.probe(json!([]))).collect();
    for job in &jobs {
        project.wait_for(job, "Completed");
    }
    // The oldest go before they were seen, and the newest after it.
    let doomed = [&jobs[0], &jobs[1], &jobs[13], &jobs[12]];
    let arguments: Vec<_> = ["pages"].into_iter().chain(doomed.map(String::as_str)).collect();
    let told = run(language, server.base(), &project, &arguments);
    let seen: Vec<_> = told.iter().map(|told| told["job"].as_str().unwrap()).collect();
    let once: BTreeSet<_> = seen.iter().collect();
    assert_eq!(once.len(), seen.len(), "{language:?}: nothing twice");
    let staying: Vec<_> = jobs[2..12].iter().rev().collect();
    let among: Vec<_> = jobs[2..12].iter().rev().filter(|job| seen.contains(&job.as_str())).collect();
    assert_eq!(among, staying, "{language:?}: all that stay, the newest first");
    assert_eq!(run(language, server.base(), &project, &["threads"]), [json!({"done": true})]);
}

/// Runs a command in a folder, and returns what it printed.
fn follow(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("cannot run {command:?}: {error}"));
    let (printed, said) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}\n{printed}\n{said}");
    printed.into_owned()
}

/// The programs of a page, in an empty folder with the sample.
fn programs(page: &str, folder: &Path) -> Vec<String> {
    let page = fs::read_to_string(built::source(page)).unwrap();
    fs::copy(built::source(SAMPLE), folder.join("order-to-cash.csv")).unwrap();
    let named = |block: Block<'_>| {
        let Some((name, text)) = block.file() else {
            assert_eq!(block.language, "sh", "a block is a program or commands");
            return None;
        };
        write(&folder.join(name), text);
        Some(name.to_owned())
    };
    blocks(&page).filter_map(named).collect()
}

/// What each program of a page printed, in their order.
fn printed(names: &[String], mut start: impl FnMut(&str) -> Command) -> Vec<String> {
    let server = Server::start();
    let project = Project::new(&server);
    names
        .iter()
        .map(|name| {
            let mut command = start(name);
            settings(&mut command, server.base(), &project);
            follow(&mut command)
        })
        .collect()
}

/// The first four programs are the same in both languages.
fn check_programs(printed: &[String], folder: &Path) {
    let [first, followed, errors, many, ..] = printed else { panic!("a page has four programs at least") };
    assert!(first.contains("177477 of 177477 bytes") && first.contains("Orders Completed"), "{first}");
    let report = fs::read_to_string(folder.join("report.html")).unwrap();
    assert!(
        report.to_lowercase().starts_with("<!doctype html>") && first.contains("report.html 1"),
        "{first}"
    );
    assert_eq!(followed.matches("completed").count(), 2, "{followed}");
    assert!(errors.starts_with("400 InvalidParameters\n/outputFormat "), "{errors}");
    assert!(errors.trim().lines().count() >= 3, "{errors}");
    assert_eq!(many, "3\n");
}

#[test]
fn the_page_of_the_python_client_is_followed_word_for_word() {
    let folder = tempfile::tempdir().unwrap();
    let names = programs("clients/python/README.md", folder.path());
    // An environment of its own, which has nothing but this package. What builds it comes from the tests' environment.
    let (python, home) = (built::python(), folder.path().join("environment"));
    follow(Command::new(&python).args(["-m", "venv", "--without-pip"]).arg(&home));
    let packages =
        fs::read_dir(home.join("lib")).unwrap().next().unwrap().unwrap().path().join("site-packages");
    let mut install = Command::new(&python);
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
    install.args(["--no-index", "--no-build-isolation", "--no-deps", "--target"]).arg(packages);
    follow(install.arg(built::source("clients/python")));
    let printed = printed(&names, |name| {
        let mut command = Command::new(home.join("bin/python"));
        command.arg(name).current_dir(folder.path());
        command
    });
    check_programs(&printed, folder.path());
    assert_eq!(printed[4].matches(": Completed").count(), 5, "{}", printed[4]);
    assert_eq!(printed[5], "[]\n");
    let mut mypy = Command::new(python.with_file_name("mypy"));
    mypy.args(["--strict", "--python-executable"]).arg(home.join("bin/python")).args(&names);
    mypy.arg("--cache-dir").arg(built::target().join("tests-clients/mypy")).current_dir(folder.path());
    follow(&mut mypy);
}

#[test]
fn the_page_of_the_typescript_client_is_followed_word_for_word() {
    let versions = ["clients/typescript", "crates/dashboard/web"].map(|folder| {
        let manifest = fs::read_to_string(built::source(folder).join("package.json")).unwrap();
        serde_json::from_str::<Value>(&manifest).unwrap()["devDependencies"]["typescript"].clone()
    });
    assert_eq!(versions[0], versions[1], "one compiler is pinned");
    let folder = tempfile::tempdir().unwrap();
    let names = programs("clients/typescript/README.md", folder.path());
    write(&folder.path().join("package.json"), r#"{"type": "module"}"#);
    let archive = packed().join("fuelcell-client-0.1.0.tgz");
    let npm = ["install", "--offline", "--no-audit", "--no-fund"];
    follow(Command::new("npm").args(npm).arg(archive).current_dir(folder.path()));
    // Those of Node.js that the page uses; a project has @types/node.
    let node = "declare module \"node:fs\" { export function openAsBlob(path: string): Promise<Blob>; }\n\
         declare module \"node:fs/promises\" { export function writeFile(to: string, data: AsyncIterable<Uint8Array>): Promise<void>; }\n";
    write(&folder.path().join("node.d.ts"), node);
    let mut compiler = Command::new("tsc");
    compiler.args([
        "--strict",
        "--skipLibCheck",
        "--module",
        "nodenext",
        "--target",
        "es2022",
        "--lib",
        "es2022,dom,dom.asynciterable",
    ]);
    follow(compiler.args(&names).arg("node.d.ts").env("PATH", tools()).current_dir(folder.path()));
    let printed = printed(&names, |name| {
        let mut command = Command::new("node");
        command.arg(Path::new(name).with_extension("js")).current_dir(folder.path());
        command
    });
    check_programs(&printed, folder.path());
    assert_eq!(printed[4], "[]\n");
}

#[test]
fn the_typescript_client_works_on_a_page_of_another_origin() {
    let server = Server::start_set(&[("API__CORS_ORIGINS", "[\"*\"]")]);
    let project = Project::new(&server).with_probe();
    let mut browser = Command::new("node");
    browser.arg(built::source("tests/clients/typed/browser.mjs"));
    browser.env("FUELCELL_CLIENT", packed().join("dist/index.js"));
    settings(&mut browser, server.base(), &project);
    assert_eq!(follow(&mut browser), "the page did all of it\n");
}

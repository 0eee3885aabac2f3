//! Script modules: archives of sources that an engine runs. The engine of these tests is added as an operator adds one.

use fuelcell_tests::project::text;
use fuelcell_tests::script::archive;
use fuelcell_tests::{Project, Server, built};
use serde_json::{Value, json};
use std::fs;
use std::io::{Cursor, Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

/// The engine as operators name it.
const ENGINE: [&str; 4] = ["--name", "echo", "--version", "1.0"];

fn fuelcell(arguments: &[&str]) -> Output {
    let mut command = Command::new(built::fuelcell());
    command.args(arguments).env("XDG_CACHE_HOME", fuelcell_tests::cache());
    command.output().expect("the binary can be started")
}

fn engine_command(command: &str, arguments: &[&str], data: &Path) -> Output {
    fuelcell(&[&["engine", command], arguments, &["--data", data.to_str().unwrap()]].concat())
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// A server that has the engine `echo@1.0`.
fn server(settings: &[(&str, &str)]) -> Server {
    Server::start_prepared(settings, |data| {
        let engine = built::module_path("echo-engine");
        let arguments = [&[engine.to_str().unwrap()][..], &ENGINE].concat();
        let added = engine_command("add", &arguments, data);
        assert!(added.status.success(), "{}", said(&added));
    })
}

fn manifest(more: &Value) -> String {
    let mut manifest =
        json!({"interface": "0.1", "title": "A script", "jobType": "Analysis", "engine": "echo@1.0"});
    manifest.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    manifest.to_string()
}

/// A script of these lines.
fn script(more: &Value, lines: &str) -> Vec<u8> {
    archive(&[
        ("fuelcell.json", manifest(more).as_bytes()),
        ("main.txt", lines.as_bytes()),
        ("lib/words.txt", b"some words"),
    ])
}

fn upload(project: &Project, version: &str, bytes: &[u8]) -> Value {
    project.client.put_bytes(&project.path(&format!("modules/script/versions/{version}")), bytes).ok()
}

fn submit(project: &Project, more: Value) -> String {
    let mut body =
        json!({"jobName": "a script", "jobType": "Analysis", "module": {"name": "script"}, "parameters": {}});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    text(&project.submit(&body).ok(), "jobId")
}

/// An artifact of a completed job.
fn artifact(project: &Project, job: &str, name: &str) -> String {
    let outputs = project.client.get(&format!("{}/results?format=download", project.job_path(job)));
    let mut zip = zip::ZipArchive::new(Cursor::new(outputs.body)).unwrap();
    let mut found = String::new();
    zip.by_name(name).unwrap_or_else(|_| panic!("no {name}")).read_to_string(&mut found).unwrap();
    found
}

#[test]
fn a_script_is_uploaded_and_run_as_a_module_is() {
    let server = server(&[]);
    let project = Project::new(&server);
    let lines =
        "log hello\nlist paths\ncopy lib/words.txt words\nparameters given\nchange main.txt changed\n";
    let bytes = script(&json!({}), lines);
    let answer = upload(&project, "1.0.0", &bytes);
    assert_eq!(
        (&answer["manifest"]["engine"], &answer["manifest"]["title"]),
        (&json!("echo@1.0"), &json!("A script"))
    );
    assert_eq!(
        (&answer["imports"], &answer["warnings"], &answer["waitingFor"]),
        (&json!([]), &json!([]), &Value::Null)
    );
    assert!(answer["compile"].is_null(), "nothing of a script is compiled: {answer:#}");
    let engine = answer["engine"].clone();
    assert_eq!((&engine["name"], &engine["version"]), (&json!("echo"), &json!("1.0")));
    assert_eq!(upload(&project, "1.0.0", &bytes)["digest"], answer["digest"]);
    let other = script(&json!({}), "log other");
    let path = project.path("modules/script/versions/1.0.0");
    assert_eq!(project.client.put_bytes(&path, &other).problem(409).0, "ModuleVersionExists");
    assert_eq!(
        project.client.get(&project.path("modules")).ok()["modules"][0]["versions"][0]["engine"],
        engine
    );
    let content = project.client.get(&format!("{path}/content"));
    assert_eq!(content.body, bytes);
    assert!(content.header("content-disposition").contains("script-1.0.0.zip"));

    project.client.post(&format!("{path}/activate"), &json!({"jobType": "Analysis"})).ok();
    let job = submit(&project, json!({"parameters": {"a": 1}}));
    let status = project.wait_for(&job, "Completed");
    // The engine is compiled by now, and knows nothing of checks.
    let again = upload(&project, "1.0.0", &bytes);
    let unchecked = (&again["syntax"], &again["syntaxReason"]);
    assert_eq!(unchecked, (&json!("unchecked"), &json!("its engine checks no sources")));
    assert_eq!((&status["module"]["digest"], &status["module"]["engine"]), (&answer["digest"], &engine));
    assert_eq!(status["receipt"]["module"], answer["digest"]);
    assert_eq!(status["receipt"]["scriptEngine"], engine["digest"]);
    // None of several outputs is the primary one, so that it is the host's summary.
    let summary = text(&project.results(&job)["results"]["primaryOutput"], "downloadUrl");
    assert_eq!(project.client.get(&summary).json()["engine"], engine);
    assert_eq!(
        artifact(&project, &job, "paths"),
        "/script/fuelcell.json\n/script/lib/words.txt\n/script/main.txt"
    );
    assert_eq!(artifact(&project, &job, "words"), "some words");
    assert_eq!(artifact(&project, &job, "given"), r#"{"a":1}"#);
    assert!(artifact(&project, &job, "changed").starts_with("Err("), "nobody changes a script");
    project.client.get(&format!("{}/logs", project.job_path(&job))).text().find("hello").unwrap();
    assert_eq!(project.client.delete(&path, None).problem(409).0, "InUse");
    project.client.delete(&project.path("activations/Analysis"), None).ok();
    assert_eq!(project.client.delete(&path, None).status, 204);
}

#[test]
fn a_script_runs_in_a_process_of_its_own_and_fails_with_its_place() {
    let server = server(&[("ISOLATION", "process")]);
    let project = Project::new(&server);
    let more = json!({"entry": "start/here.txt", "parameters": {"type": "object", "required": ["a"]}});
    let lines = "list paths\nfail Broken no luck\n";
    let files = [("fuelcell.json", manifest(&more)), ("start/here.txt", lines.to_owned())];
    let files = files.each_ref().map(|(path, text)| (*path, text.as_bytes()));
    upload(&project, "1", &archive(&files));
    let body =
        json!({"jobName": "a script", "jobType": "Analysis", "module": {"name": "script"}, "parameters": {}});
    assert_eq!(project.submit(&body).problem(400).0, "InvalidParameters");
    let job = submit(&project, json!({"parameters": {"a": 1}, "keepPartialOnFailure": true}));
    let status = project.wait_for(&job, "Failed");
    assert_eq!(status["error"]["message"], "/script/start/here.txt:2: no luck");
    assert_eq!(status["receipt"]["isolation"], "process");
    assert_eq!(artifact(&project, &job, "paths"), "/script/fuelcell.json\n/script/start/here.txt");
}

#[test]
fn what_is_no_script_is_422_and_says_why() {
    let server = server(&[]);
    let project = Project::new(&server);
    let good = script(&json!({}), "log a");
    let with = |path: &str| archive(&[("fuelcell.json", manifest(&json!({})).as_bytes()), (path, b"x")]);
    let manifested = |manifest: &str| archive(&[("fuelcell.json", manifest.as_bytes()), ("main.txt", b"")]);
    let bomb = archive(&[("fuelcell.json", manifest(&json!({})).as_bytes()), ("zeros", &vec![0; 17 << 20])]);
    let twice = {
        let bytes =
            archive(&[("fuelcell.json", manifest(&json!({})).as_bytes()), ("a.txt", b"x"), ("b.txt", b"y")]);
        let places: Vec<_> = (0..bytes.len()).filter(|at| bytes[*at..].starts_with(b"b.txt")).collect();
        let mut bytes = bytes;
        places.into_iter().for_each(|at| bytes[at] = b'a');
        bytes
    };
    let cases = [
        (good[..good.len() / 2].to_vec(), "ScriptInvalid", "zip"),
        ([&good[..], b"more"].concat(), "ScriptInvalid", "behind"),
        (twice, "ScriptInvalid", "twice"),
        (with("../main.txt"), "ScriptInvalid", "../main.txt"),
        (with("/etc/passwd"), "ScriptInvalid", "/etc/passwd"),
        (with("Fuelcell.json"), "ScriptInvalid", "case"),
        (with("fast.cpython-314-x86_64-linux-gnu.so"), "NativeCode", "fast.cpython"),
        (with("numpy-2.0-cp314-linux_x86_64.whl"), "NativeCode", "seaborn, sklearn"),
        (bomb, "ScriptLimit", "16777216"),
        (archive(&[("main.txt", b"log a")]), "ScriptInvalid", "fuelcell.json"),
        (manifested("{"), "ManifestInvalid", "EOF"),
        (manifested(r#"{"interface":"0.1"}"#), "ManifestInvalid", "engine"),
        (manifested(r#"{"interface":"0.1","engine":"Echo 1"}"#), "ManifestInvalid", "python@3.14"),
        (manifested(&manifest(&json!({"interface": "9.0"}))), "ManifestInvalid", "speaks 0.1"),
        (manifested(&manifest(&json!({"entry": "other.txt"}))), "ManifestInvalid", "other.txt"),
        (manifested(&manifest(&json!({"parameters": {"$ref": "http://x"}}))), "ManifestInvalid", "schema"),
        (manifested(&manifest(&json!({"engine": "echo@2.0"}))), "EngineUnknown", "echo@1.0"),
        (manifested(&manifest(&json!({"engine": "cobol"}))), "EngineUnknown", "echo@1.0"),
    ];
    let path = project.path("modules/bad/versions/1");
    for (bytes, code, told) in cases {
        let (found, detail) = project.client.put_bytes(&path, &bytes).problem(422);
        assert_eq!(found, code, "{detail}");
        assert!(detail.contains(told), "{told}: {detail}");
        project.client.get(&path).problem(404);
    }
    let module = built::module_with_manifest("echo_engine", &manifest(&json!({})));
    assert_eq!(
        project.client.put_bytes(&path, &module).problem(422).0,
        "ManifestInvalid",
        "a module is no script"
    );
}

/// A host that counts who calls.
fn host() -> (String, Arc<AtomicU32>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (host, calls) =
        (format!("127.0.0.1:{}", listener.local_addr().unwrap().port()), Arc::new(AtomicU32::new(0)));
    let counter = calls.clone();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            counter.fetch_add(1, Ordering::SeqCst);
            let mut head = [0; 1024];
            // A client that is gone is not what is tested.
            let _ = stream.read(&mut head);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
        }
    });
    (host, calls)
}

/// The engine can send requests and compute with secrets whatever the script is.
#[test]
fn a_script_has_what_it_asks_for_and_its_project_grants() {
    let server = server(&[("OUTBOUND__ALLOW_NETWORKS", "[\"127.0.0.0/8\"]")]);
    let project = Project::new(&server);
    let (host, calls) = host();
    let lines = format!("http {host} / sent\nhmac KEY computed\n");
    let (hosts, http) = (format!("http://{host}"), "modules/script/capabilities");
    upload(&project, "1", &script(&json!({}), &lines));
    project.client.put(&project.path("secrets/KEY"), &json!({"value": "a key"})).ok();
    let granted = json!({"http": {"hosts": [hosts], "secrets": []}, "hmac": ["KEY"]});
    project.client.put(&project.path(http), &granted).ok();
    let outcome = |job: &str| {
        project.wait_for(job, "Completed");
        (artifact(&project, job, "sent"), artifact(&project, job, "computed"))
    };

    // Granted, and not asked for.
    let (sent, computed) = outcome(&submit(&project, json!({})));
    assert!(sent.contains("HttpRequestDenied") && computed != "done", "{sent}, {computed}");
    assert_eq!(calls.load(Ordering::SeqCst), 0);
    // Asked for, and not granted.
    project.client.delete(&project.path(http), None);
    let asking = json!({"http": {"hosts": [hosts]}, "hmac": ["KEY"]});
    let second = upload(&project, "2", &script(&asking, &lines));
    assert_eq!(second["waitingFor"]["http"]["hosts"], json!([hosts]));
    let named = json!({"jobName": "a", "jobType": "Analysis", "module": {"name": "script", "version": "2"}});
    assert_eq!(project.submit(&named).problem(422).0, "CapabilityNotGranted");
    // Both.
    project.client.put(&project.path(http), &granted).ok();
    let both = outcome(&submit(&project, json!({"module": {"name": "script", "version": "2"}})));
    assert_eq!(both, ("200".to_owned(), "done".to_owned()));
    assert_eq!(calls.load(Ordering::SeqCst), 1);
}

#[test]
fn an_engine_that_is_gone_is_named_and_comes_back_with_a_backup() {
    let mut server = server(&[]);
    let project = Project::new(&server);
    upload(&project, "1", &script(&json!({"engine": "echo"}), "artifact a b"));
    let job = submit(&project, json!({}));
    project.wait_for(&job, "Completed");
    assert!(server.terminate());
    let (data, backup) = (server.data(), server.scratch("backup"));
    let listed = engine_command("list", &[], &data);
    let listed: Value = serde_json::from_slice(&listed.stdout).unwrap();
    assert!(listed["engines"].as_array().unwrap().iter().any(|engine| engine["name"] == "echo"), "{listed}");
    let saved = fuelcell(&["backup", backup.to_str().unwrap(), "--data", data.to_str().unwrap()]);
    assert!(saved.status.success(), "{}", said(&saved));
    assert!(backup.join("engines/echo@1.0.wasm").is_file());
    let other = built::module_path("probe");
    let changed = engine_command("add", &[&[other.to_str().unwrap()][..], &ENGINE].concat(), &data);
    assert!(!changed.status.success() && said(&changed).contains("other bytes"), "{}", said(&changed));
    let removed = engine_command("remove", &["echo@1.0"], &data);
    assert!(removed.status.success(), "{}", said(&removed));

    server.restart();
    let project = project.after_restart(&server);
    let version = project.client.get(&project.path("modules/script/versions/1")).ok();
    assert_eq!(version["engine"], Value::Null);
    assert!(version["warnings"][0].as_str().unwrap().contains("engine echo is not here"), "{version}");
    let body = json!({"jobName": "a", "jobType": "Analysis", "module": {"name": "script"}});
    assert_eq!(project.submit(&body).problem(422).0, "EngineUnknown");
    assert_eq!(project.status(&job)["module"]["engine"]["name"], "echo", "what ran stays known");
}

#[test]
fn a_script_runs_without_a_server() {
    let folder = tempfile::tempdir().unwrap();
    let (sources, out) = (folder.path().join("script"), folder.path().join("out"));
    fs::create_dir_all(sources.join("__pycache__")).unwrap();
    fs::write(sources.join("fuelcell.json"), manifest(&json!({}))).unwrap();
    fs::write(sources.join("main.txt"), "list paths").unwrap();
    fs::write(sources.join("__pycache__/main.pyc"), "x").unwrap();
    let (shown, engine) = (sources.to_str().unwrap(), built::module_path("echo-engine"));
    let engine = engine.to_str().unwrap();
    let run =
        |arguments: &[&str]| fuelcell(&[&["run", shown, "--out", out.to_str().unwrap()], arguments].concat());
    let ran = run(&["--engine", engine, "--json"]);
    assert!(ran.status.success(), "{}", said(&ran));
    assert_eq!(fs::read_to_string(out.join("paths")).unwrap(), "/script/fuelcell.json\n/script/main.txt");
    let told: Value = serde_json::from_slice(&ran.stdout).unwrap();
    assert_eq!(text(&told["receipt"], "scriptEngine").len(), 64);
    let without = run(&["--force"]);
    assert!(said(&without).contains("asks for the engine echo@1.0"), "{}", said(&without));

    let packed = fuelcell(&["module", "pack", shown]);
    assert!(packed.status.success(), "{}", said(&packed));
    let archive = folder.path().join("script.zip");
    for module in [shown, archive.to_str().unwrap()] {
        let seen = fuelcell(&["module", "inspect", module, "--output", "json"]);
        let seen: Value = serde_json::from_slice(&seen.stdout).unwrap();
        assert_eq!(seen["digest"], told["receipt"]["module"], "folder and archive are the same bytes");
        assert_eq!((&seen["manifest"]["engine"], &seen["engine"]), (&json!("echo@1.0"), &Value::Null));
        assert_eq!(seen["files"][1], json!({"path": "main.txt", "size": 10}));
    }
}

/// The engine of these tests with a file, as engines bring them: in a custom section before all others.
fn engine_with_file(name: &str, content: &[u8]) -> Vec<u8> {
    let engine = fs::read(built::module_path("echo-engine")).unwrap();
    let (header, rest) = engine.split_at(8);
    let length =
        |length: usize| [0x80 | u8::try_from(length & 0x7f).unwrap(), u8::try_from(length >> 7).unwrap()];
    let named = [&length(name.len())[..], name.as_bytes(), content].concat();
    [header, &[0], &length(named.len()), &named, rest].concat()
}

#[test]
fn an_engine_brings_files_that_its_scripts_read_and_nobody_changes() {
    let folder = tempfile::tempdir().unwrap();
    let (sources, engine) = (folder.path().join("script"), folder.path().join("engine.wasm"));
    fs::write(&engine, engine_with_file("fuelcell:file /usr/share//words/list.txt", b"three short words"))
        .unwrap();
    fs::create_dir_all(&sources).unwrap();
    fs::write(sources.join("fuelcell.json"), manifest(&json!({}))).unwrap();
    let lines = "copy /usr/share/words/list.txt read\nchange /usr/share/words/list.txt changed\ncopy /usr/share/words/list.txt after";
    fs::write(sources.join("main.txt"), lines).unwrap();
    for isolation in ["in-process", "process"] {
        let out = folder.path().join(isolation);
        let ran = fuelcell(&[
            "run",
            sources.to_str().unwrap(),
            "--engine",
            engine.to_str().unwrap(),
            "--isolation",
            isolation,
            "--out",
            out.to_str().unwrap(),
        ]);
        assert!(ran.status.success(), "{isolation}: {}", said(&ran));
        let made = |name: &str| fs::read_to_string(out.join(name)).unwrap();
        assert_eq!((made("read"), made("after")), ("three short words".into(), "three short words".into()));
        assert!(made("changed").starts_with("Err(Os"), "{}", made("changed"));
    }
}

/// An engine that nobody has compiled before, and that takes a compiler seconds.
fn slow_engine() -> Vec<u8> {
    let title = uuid::Uuid::new_v4().to_string();
    built::module_with_manifest("analysis", &json!({"interface": "0.1", "title": title}).to_string())
}

#[test]
fn engines_are_listed_and_jobs_wait_for_one_that_is_not_compiled() {
    let server = Server::start_prepared(&[], |data| {
        let slow = tempfile::NamedTempFile::new().unwrap();
        fs::write(slow.path(), slow_engine()).unwrap();
        let echo = built::module_path("echo-engine");
        for (file, name) in [(slow.path(), "slow"), (&echo, "echo")] {
            let arguments = [file.to_str().unwrap(), "--name", name, "--version", "1.0"];
            assert!(engine_command("add", &arguments, data).status.success());
        }
    });
    let project = Project::new(&server);
    let engine = |name: &str| {
        let list = project.client.get("/api/admin/engines").ok();
        let engines = list["engines"].as_array().unwrap().clone();
        engines
            .into_iter()
            .find(|engine| engine["name"] == name)
            .unwrap_or_else(|| panic!("no {name}: {list:#}"))
    };
    let slow = engine("slow");
    assert_eq!(
        (&slow["version"], &slow["compiled"], &slow["error"]),
        (&json!("1.0"), &json!(false), &Value::Null)
    );
    assert!(slow["sizeBytes"].as_u64().unwrap() > 1 << 20 && text(&slow, "digest").len() == 64, "{slow:#}");
    upload(&project, "1", &script(&json!({"engine": "echo"}), "log hello"));
    project.wait_for(&submit(&project, json!({})), "Completed");
    assert_eq!((&engine("echo")["compiled"], &engine("slow")["compiled"]), (&json!(true), &json!(false)));
    assert!(engine("echo")["machineCodeBytes"].as_u64().unwrap() > 1 << 10);
    assert!(engine("slow")["machineCodeBytes"].is_null());
    upload(&project, "2", &script(&json!({"engine": "slow"}), ""));
    let waits = submit(&project, json!({"module": {"name": "script", "version": "2"}}));
    let status = project.status(&waits);
    assert_eq!(
        (&status["status"], &status["waitReason"]["code"]),
        (&json!("Queued"), &json!("ModuleCompiling"))
    );
    let message = text(&status["waitReason"], "message");
    assert!(message.contains("its engine slow@1.0 is being compiled"), "{message}");
    assert_eq!(engine("slow")["compiled"], false);
}

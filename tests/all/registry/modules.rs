//! `modules…` and `activations…`

use fuelcell_tests::limits::limit;
use fuelcell_tests::{Project, Server, built};
use serde_json::{Value, json};
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use uuid::Uuid;

#[test]
fn a_versions_bytes_never_change() {
    let server = Server::start();
    let project = Project::new(&server);
    let path = project.path("modules/probe/versions/1.0.0");
    let bytes = built::module("probe");
    let first = project.client.put_bytes(&path, &bytes);
    assert_eq!(first.status, 201, "{}", first.text());
    assert_eq!(first.json()["manifest"]["jobType"], "Analysis");
    assert_eq!(project.client.put_bytes(&path, &bytes).ok()["digest"], first.json()["digest"]);
    let other = built::module("process-mining");
    assert_eq!(project.client.put_bytes(&path, &other).problem(409).0, "ModuleVersionExists");
    let kept = project.client.get(&path).ok();
    assert_eq!(kept, first.json());
    // What compiling it took, and what its code takes of the memory of all its runs together.
    let compile = &kept["compile"];
    let bytes = |name: &str| compile[name].as_u64().unwrap_or_else(|| panic!("no {name}: {compile}"));
    assert!(bytes("codeBytes") < bytes("machineCodeBytes"), "{compile}");
    let seconds: Vec<f64> = serde_json::from_value(compile["cpuSeconds"].clone()).unwrap();
    assert!(seconds.len() == 2 && 0.0 < seconds[0] && seconds[0] < seconds[1], "{compile}");
}

#[test]
fn what_is_no_job_module_is_422_and_says_why() {
    let server = Server::start();
    let project = Project::new(&server);
    let good = built::module("probe");
    let cases: [(&[u8], &str); 6] = [
        (b"", "ModuleInvalid"),
        (b"\0asm", "ModuleInvalid"),
        (b"(module)", "ModuleInvalid"),
        (b"\0asm\x01\0\0\0", "ModuleUnsupported"),
        (b"\x7fELF\x02\x01\x01\0", "ModuleInvalid"),
        (&good[..good.len() / 2], "ModuleInvalid"),
    ];
    for (bytes, code) in cases {
        let (found, detail) =
            project.client.put_bytes(&project.path("modules/bad/versions/1"), bytes).problem(422);
        assert_eq!(found, code, "{detail}");
    }
    let name = project.client.put_bytes(&project.path("modules/-bad/versions/1"), &good).problem(400);
    assert_eq!(name.0, "InvalidName");
}

#[test]
fn what_cannot_be_compiled_is_refused_when_it_is_uploaded() {
    let server = Server::start();
    let project = Project::new(&server);
    // A valid module with more tables than cells have.
    let tables = "(table 1 funcref)".repeat(20);
    let text = format!(r#"(module {tables} (memory (export "memory") 1) (func (export "_start")))"#);
    let path = project.path("modules/large/versions/1");
    let (code, detail) = project.client.put_bytes(&path, &wat::parse_str(&text).unwrap()).problem(422);
    assert_eq!(code, "ModuleUnsupported", "{detail}");
    project.client.get(&path).problem(404);
}

/// A program that has these parts and does nothing.
fn program(parts: &str) -> Vec<u8> {
    wat::parse_str(format!(r#"(module {parts} (memory (export "memory") 1) (func (export "_start")))"#))
        .unwrap()
}

#[test]
fn what_is_switched_off_is_refused_when_it_is_uploaded_and_inspected_and_named() {
    let server = Server::start();
    let project = Project::new(&server);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("module.wasm");
    for (parts, named) in [
        ("(type $f (func)) (table 1 (ref null $f))", "reference"),
        ("(type $f (func)) (func (param (ref $f)))", "reference"),
        ("(type $f (func)) (func (param (ref null $f)) (call_ref $f (local.get 0)))", "reference"),
        ("(type (struct))", "gc"),
        ("(tag (export \"t\"))", "exceptions"),
        ("(table 50001 funcref)", "50001 elements; at most 50000"),
        ("(table i64 1 funcref)", "64"),
    ] {
        let module = program(parts);
        let path = project.path("modules/off/versions/1");
        let (code, detail) = project.client.put_bytes(&path, &module).problem(422);
        assert!(code == "ModuleUnsupported" && detail.contains(named), "{parts}: {code}: {detail}");
        project.client.get(&path).problem(404);
        fs::write(&file, &module).unwrap();
        let inspected =
            Command::new(built::fuelcell()).args(["module", "inspect"]).arg(&file).output().unwrap();
        let told = String::from_utf8_lossy(&inspected.stderr).into_owned();
        assert!(!inspected.status.success() && told.contains(named), "{parts}: {told}");
    }
}

#[test]
fn a_table_may_have_as_many_elements_as_limits_and_receipts_say() {
    let server = Server::start();
    let project = Project::new(&server);
    let path = project.path("modules/table/versions/1");
    assert_eq!(project.client.put_bytes(&path, &program("(table 50000 funcref)")).status, 201);
    let body = json!({"jobName": "j", "jobType": "Analysis", "module": {"name": "table"}});
    let job = project.submit(&body).ok();
    assert_eq!(job["limits"]["tableElements"], 50_000);
    let status = project.wait_for(job["jobId"].as_str().unwrap(), "Completed");
    for limits in [&status["limits"], &status["receipt"]["limits"]] {
        assert_eq!(limits["tableElements"], 50_000, "{status:#}");
    }
}

#[test]
fn the_newest_version_runs_unless_one_is_named() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    project.client.put_bytes(&project.path("modules/probe/versions/2"), &built::module("probe")).ok();
    let newest = project.probe(json!([]));
    assert_eq!(project.wait_for(&newest, "Completed")["module"]["version"], "2");
    let named = project.probe_with(json!([]), json!({"module": {"name": "probe", "version": "1"}}));
    assert_eq!(project.wait_for(&named, "Completed")["module"]["version"], "1");
}

/// What was activated last, for whatever type; else the highest version, not the latest upload.
#[test]
fn a_job_that_names_no_version_runs_the_current_one_and_is_told_which() {
    let server = Server::start();
    let project = Project::new(&server);
    let path = |version: &str| project.path(&format!("modules/probe/versions/{version}"));
    let upload = |version: &str| project.client.put_bytes(&path(version), &built::module("probe")).ok();
    let activate = |version: &str| {
        project.client.post(&format!("{}/activate", path(version)), &json!({"jobType": "Analysis"})).ok()
    };
    let body = json!({"jobName": "j", "jobType": "Analysis", "module": {"name": "probe"}, "parameters": {"steps": []}});
    let runs = |expected: &str| {
        let told = project.submit(&body).ok();
        assert_eq!(told["module"]["version"], expected, "{told:#}");
        let status = project.wait_for(told["jobId"].as_str().unwrap(), "Completed");
        assert_eq!(status["module"]["version"], expected);
        let current = project.client.get(&project.path("modules/probe")).ok()["current"].clone();
        assert_eq!(current, expected);
    };
    upload("1.10.0");
    upload("1.9.0");
    upload("2.0.0-rc.1");
    runs("1.10.0");
    activate("1.10.0");
    upload("1.11.0");
    runs("1.10.0");
    activate("1.11.0");
    runs("1.11.0");
    // Rolled back.
    activate("1.9.0");
    runs("1.9.0");
}

#[test]
fn modules_are_listed_with_their_versions_and_what_they_import() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    project.client.put_bytes(&project.path("modules/probe/versions/0.9"), &built::module("probe")).ok();
    project
        .client
        .put_bytes(&project.path("modules/miner/versions/1"), &built::module("process-mining"))
        .ok();
    let list = project.client.get(&project.path("modules")).ok();
    let names: Vec<_> =
        list["modules"].as_array().unwrap().iter().map(|module| module["name"].clone()).collect();
    assert_eq!(names, ["miner", "probe"]);
    let mut probe = project.client.get(&project.path("modules/probe")).ok();
    assert_eq!(probe.as_object_mut().unwrap().remove("nextCursor"), Some(Value::Null));
    assert_eq!(probe, list["modules"][1]);
    assert_eq!(
        (&probe["versions"][0]["version"], &probe["versions"][1]["version"]),
        (&json!("1"), &json!("0.9"))
    );
    assert_eq!(probe["versions"][0]["activeFor"], json!([]));
    assert_eq!(project.client.get(&project.path("modules/nobody")).problem(404).0, "NotFound");
    let version = project.client.get(&project.path("modules/probe/versions/1")).ok();
    assert_eq!(version["hasManifest"], true);
    let warnings = version["warnings"].as_array().unwrap();
    assert!(warnings.len() == 1 && warnings[0].as_str().unwrap().contains("counts as 1.0.0"), "{warnings:?}");
    let path = project.path("modules/bare/versions/1.0.0");
    let bare = wat::parse_str(r#"(module (memory (export "memory") 1) (func (export "_start")))"#).unwrap();
    let uploaded = project.client.put_bytes(&path, &bare).ok();
    assert_eq!(uploaded["hasManifest"], false);
    assert!(uploaded["warnings"][0].as_str().unwrap().contains("no manifest"), "{uploaded:#}");
    assert_eq!(uploaded["warnings"].as_array().unwrap().len(), 1);
    for version in ["latest", "2024-01", "1.2.3.4"] {
        let path = project.path(&format!("modules/bare/versions/{version}"));
        let (code, detail) = project.client.put_bytes(&path, &bare).problem(400);
        assert!(code == "InvalidVersion" && detail.contains("MAJOR.MINOR.PATCH"), "{detail}");
    }
    let imports = version["imports"].as_array().unwrap();
    assert!(
        imports.iter().any(|import| import.as_str().unwrap().starts_with("fuelcell:job/")),
        "{version:#}"
    );
}

#[test]
fn a_versions_bytes_can_be_fetched_again() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let bytes = built::module("probe");
    let path = project.path("modules/probe/versions/1/content");
    let answer = project.client.get(&path);
    assert_eq!((answer.status, answer.body == bytes), (200, true));
    assert_eq!(answer.header("content-type"), "application/wasm");
    assert_eq!(answer.header("content-disposition"), "attachment; filename=\"probe-1.wasm\"");
    let part = project.client.send("GET", &path, &[("range", "bytes=0-3")], &[]);
    assert_eq!((part.status, part.body), (206, b"\0asm".to_vec()));
    assert_eq!(
        project.client.get(&project.path("modules/probe/versions/2/content")).problem(404).0,
        "NotFound"
    );
}

#[test]
fn an_activated_version_serves_its_job_type_until_another_one_does() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    project.client.put_bytes(&project.path("modules/probe/versions/2"), &built::module("probe")).ok();
    let pipeline = project.pipeline("Analysis");
    let submit = || {
        let resource = json!({"resourceType": "Pipeline", "resourceId": pipeline});
        project.submit(&json!({"jobName": "j", "jobType": "Analysis", "resource": resource}))
    };
    let served_by = || {
        let job = submit().ok()["jobId"].as_str().unwrap().to_owned();
        project.wait_for(&job, "Completed")["module"]["version"].clone()
    };
    let activate = |version: &str, job_type: &str| {
        project.client.post(
            &project.path(&format!("modules/probe/versions/{version}/activate")),
            &json!({"jobType": job_type}),
        )
    };
    assert_eq!(submit().problem(400).0, "DatasetRequired", "the built-in one serves, and wants a table");
    let first = activate("1", "Analysis").ok();
    assert_eq!((&first["jobType"], &first["module"]["version"]), (&json!("Analysis"), &json!("1")));
    assert_eq!(served_by(), "1");
    activate("2", "Analysis").ok();
    assert_eq!(served_by(), "2");
    activate("1", "Analysis").ok();
    assert_eq!(served_by(), "1", "rolled back");
    let versions = project.client.get(&project.path("modules/probe")).ok()["versions"].clone();
    assert_eq!((&versions[0]["activeFor"], &versions[1]["activeFor"]), (&json!(["Analysis"]), &json!([])));
    let reset = project.client.delete(&project.path("activations/Analysis"), None).ok();
    assert_eq!(reset["module"], json!(null));
    assert_eq!(submit().problem(400).0, "DatasetRequired", "the built-in one serves again");
    let history = project.client.get(&project.path("activations")).ok();
    let shown: Vec<_> = history["activations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["module"]["version"].clone())
        .collect();
    assert_eq!(json!(shown), json!([null, "1", "2", "1"]));

    assert_eq!(activate("3", "Analysis").problem(404).0, "NotFound");
    assert_eq!(activate("1", "Notebook").problem(400).0, "JobTypeMismatch");
    assert!(activate("1", "Nonsense").problem(400).1.contains("ProcessMining"), "allowed words are named");
    assert!(project.client.delete(&project.path("activations/x"), None).problem(400).1.contains("Notebook"));
}

#[test]
fn a_version_in_use_stays_and_the_refusal_names_its_users() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let path = project.path("modules/probe/versions/1");
    let delete = || project.client.delete(&path, None);
    let job = project.probe_with(json!([]), json!({"scheduling": {"scheduledTime": "2999-01-01"}}));
    let pipeline = Uuid::new_v4().to_string();
    let pipeline_path = project.path(&format!("pipelines/{pipeline}"));
    let body = json!({"name": "Uses it", "jobType": "Analysis", "module": {"name": "probe"}});
    project.client.put(&pipeline_path, &body).ok();
    project.client.post(&format!("{path}/activate"), &json!({"jobType": "Analysis"})).ok();

    let (code, detail) = delete().problem(409);
    assert_eq!(code, "InUse");
    for user in [&job[..], &pipeline, "Uses it", "Analysis"] {
        assert!(detail.contains(user), "{user} is not named in {detail}");
    }
    assert_eq!(project.client.delete(&pipeline_path, None).status, 204);
    project.client.delete(&project.path("activations/Analysis"), None).ok();
    assert!(delete().problem(409).1.contains(&job));
    project.client.delete(&project.job_path(&job), None).ok();
    assert_eq!(delete().status, 204);
    assert_eq!(project.client.get(&path).problem(404).0, "NotFound");
    assert_eq!(delete().problem(404).0, "NotFound");
    let other = built::module("process-mining");
    assert_eq!(project.client.put_bytes(&path, &other).problem(409).0, "ModuleVersionExists");
    assert_eq!(project.client.put_bytes(&path, &built::module("probe")).status, 201);
}

/// An upload that waits with its bytes. The server has asked for them, so it stands in its tenant's line.
fn held_upload(server: &Server, project: &Project, number: usize, length: usize) -> TcpStream {
    let mut stream = TcpStream::connect(server.base().trim_start_matches("http://")).unwrap();
    let (path, token) = (project.path(&format!("modules/held-{number}/versions/1")), &project.token);
    let head = format!(
        "PUT {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\nexpect: 100-continue\r\n\
         content-length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut asked = [0; b"HTTP/1.1 100 Continue\r\n\r\n".len()];
    stream.read_exact(&mut asked).unwrap();
    assert!(asked.starts_with(b"HTTP/1.1 100 "), "{}", String::from_utf8_lossy(&asked));
    stream
}

#[test]
fn a_tenants_line_of_modules_is_as_long_as_the_document_says() {
    let server = Server::start();
    let (project, other) = (Project::new(&server), Project::new(&server));
    let module = built::module("probe");
    let most = limit("a tenant's modules that arrive or wait for their compiler").most;
    let mut held: Vec<_> =
        (0..most).map(|number| held_upload(&server, &project, number, module.len())).collect();
    let path = project.path("modules/one-more/versions/1");
    let (code, detail) = project.client.put_bytes(&path, &module).problem(429);
    assert_eq!(code, "TooManyUploads", "{detail}");
    assert!(detail.contains(&format!("{most} modules of this tenant")), "{detail}");
    assert_eq!(other.client.put_bytes(&other.path("modules/probe/versions/1"), &module).status, 201);
    let mut first = held.remove(0);
    first.write_all(&module).unwrap();
    let mut status = [0; b"HTTP/1.1 201".len()];
    first.read_exact(&mut status).unwrap();
    assert_eq!(&status, b"HTTP/1.1 201");
    assert_eq!(project.client.put_bytes(&path, &module).status, 201);
}

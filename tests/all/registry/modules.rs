//! `modules/{name}/versions/{version}`

use fuelcell_tests::{Project, Server, built};
use serde_json::json;

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
    assert_eq!(project.client.get(&path).ok()["digest"], first.json()["digest"]);
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
fn the_newest_version_runs_unless_one_is_named() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    project.client.put_bytes(&project.path("modules/probe/versions/2"), &built::module("probe")).ok();
    let newest = project.probe(json!([]));
    assert_eq!(project.wait_for(&newest, "Completed")["module"]["version"], "2");
    let named = project.probe_with(json!([]), json!({"module": {"name": "probe", "version": "1"}}));
    assert_eq!(project.wait_for(&named, "Completed")["module"]["version"], "1");
}

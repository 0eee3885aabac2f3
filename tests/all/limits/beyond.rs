//! Limits beyond which something is cut, or that no answer of the API refuses.

use super::{World, text};
use fuelcell_tests::limits::{self, limit};
use fuelcell_tests::{Project, Server, built};
use serde_json::json;
use std::fs::File;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use tempfile::TempDir;

/// The status of the answer to these bytes.
fn status(server: &Server, sent: &[u8]) -> u16 {
    let mut stream = TcpStream::connect(server.base().trim_start_matches("http://")).unwrap();
    stream.write_all(sent).unwrap();
    let mut begin = [0; b"HTTP/1.1 200".len()];
    stream.read_exact(&mut begin).unwrap();
    std::str::from_utf8(&begin[9..]).unwrap().parse().unwrap()
}

/// The head of a request that has so many bytes.
fn head(bytes: usize) -> String {
    let rest = "GET /livez HTTP/1.1\r\nhost: x\r\nx: \r\n\r\n".len();
    format!("GET /livez HTTP/1.1\r\nhost: x\r\nx: {}\r\n\r\n", text(bytes - rest))
}

#[test]
fn a_head_has_as_many_bytes_and_headers_as_the_document_says() {
    let server = Server::start();
    let most = limit("the head of a request").most;
    assert_eq!(status(&server, head(most).as_bytes()), 200);
    // Of a longer one as many bytes come without its end.
    assert_eq!(status(&server, &head(most + 1).as_bytes()[..most]), 431);
    let most = limit("headers of a request").most;
    let headers = |count: usize| {
        let others = (1..count).map(|n| format!("x-{n}: y\r\n")).collect::<String>();
        format!("GET /livez HTTP/1.1\r\nhost: x\r\n{others}\r\n")
    };
    assert_eq!(status(&server, headers(most).as_bytes()), 200);
    assert_eq!(status(&server, headers(most + 1).as_bytes()), 431);
}

#[test]
fn an_address_is_whole_in_the_audit_log_as_far_as_the_document_says() {
    let World { server, operator, .. } = World::new();
    let most = limit("an address in the audit log").most;
    for bytes in [most, most + 1] {
        // Refusals of one caller are counted, not written one by one.
        let project = Project::new(&server);
        let path = |name: &str| project.path(&format!("modules/{name}/versions/1"));
        let long = path(&text(bytes - path("").len()));
        project.client.put_bytes(&long, b"x").problem(400);
        let audit = operator.get(&format!("/api/admin/audit?tenantId={}", project.tenant)).ok();
        let kept = format!("{}{}", &long[..most], if bytes > most { "…" } else { "" });
        assert!(audit["entries"].as_array().unwrap().iter().any(|entry| entry["target"] == kept), "{audit}");
    }
}

#[test]
fn the_name_of_an_output_is_as_long_as_the_document_says() {
    let world = World::new();
    let run = |name: &str, end: &str| {
        let job = world.project.probe(json!([{"do": "artifact", "name": name, "text": "x"}]));
        world.project.wait_for(&job, end);
    };
    let whole = |bytes: usize| {
        let folders = "abc/".repeat(bytes / 4 - 1);
        format!("{folders}{}", text(bytes - folders.len()))
    };
    let most = limit("one folder or file in the name of an output").most;
    run(&text(most), "Completed");
    run(&text(most + 1), "Failed");
    let most = limit("the name of an output, folders included").most;
    run(&whole(most), "Completed");
    run(&whole(most + 1), "Failed");
}

#[test]
fn an_engine_is_as_large_as_the_document_says() {
    let most = limit("an engine").most as u64;
    let (data, folder) = (Server::start(), TempDir::new().unwrap());
    let file = folder.path().join("engine.wasm");
    let said = |bytes: u64| {
        // It takes no room on the disk.
        File::create(&file).unwrap().set_len(bytes).unwrap();
        let mut command = Command::new(built::fuelcell());
        command.args(["engine", "add", file.to_str().unwrap(), "--name", "empty", "--version", "1"]);
        let output = command.arg("--data").arg(data.data()).output().unwrap();
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(said(most).contains("is no engine"), "{}", said(most));
    assert!(said(most + 1).contains("an engine has at most"), "{}", said(most + 1));
}

/// Rows that name a setting say what holds where nobody set it.
#[test]
fn the_document_says_the_defaults_of_settings() {
    let output = Command::new(built::fuelcell()).arg("config").output().unwrap();
    let config: toml::Value = toml::from_str(&String::from_utf8(output.stdout).unwrap()).unwrap();
    let rows = limits::all().into_iter().filter_map(|limit| {
        let setting = limit.what.split_once("(`")?.1.strip_suffix("`)")?.to_owned();
        Some((setting, limit))
    });
    let rows: Vec<_> = rows.collect();
    assert!(!rows.is_empty());
    for (setting, limit) in rows {
        let value = setting.split('.').try_fold(&config, |at, name| at.get(name));
        assert_eq!(value.and_then(toml::Value::as_integer), i64::try_from(limit.most).ok(), "{limit:?}");
    }
}

//! Plain WASI programs as modules.

use fuelcell_tests::project::text;
use fuelcell_tests::{Project, Server};
use serde_json::{Value, json};
use wasi_preview1_component_adapter_provider::{
    WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME, WASI_SNAPSHOT_PREVIEW1_COMMAND_ADAPTER,
};
use wit_component::ComponentEncoder;

/// A command of WASI preview 1: copies `/in/dataset` to `/out/copy.csv`, says "copied", and exits with the code.
fn command(exit_code: u32) -> Vec<u8> {
    let text = format!(
        r#"(module
        (import "wasi_snapshot_preview1" "path_open"
            (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
        (memory (export "memory") 2)
        (data (i32.const 100) "dataset")
        (data (i32.const 120) "copy.csv")
        (data (i32.const 140) "copied\n")
        (func $must (param i32) (if (local.get 0) (then unreachable)))
        (func $open (param $directory i32) (param $path i32) (param $length i32) (param $flags i32) (param $rights i64)
            (result i32)
            (call $must (call $path_open (local.get $directory) (i32.const 0) (local.get $path) (local.get $length)
                (local.get $flags) (local.get $rights) (i64.const 0) (i32.const 0) (i32.const 0)))
            (i32.load (i32.const 0)))
        (func $write (param $file i32) (param $address i32) (param $length i32)
            (i32.store (i32.const 8) (local.get $address))
            (i32.store (i32.const 12) (local.get $length))
            (call $must (call $fd_write (local.get $file) (i32.const 8) (i32.const 1) (i32.const 16))))
        (func (export "_start")
            ;; At 8 where to read to, and at most how much; at 16 how much it was.
            (i32.store (i32.const 8) (i32.const 4096))
            (i32.store (i32.const 12) (i32.const 4096))
            (call $must (call $fd_read
                (call $open (i32.const 3) (i32.const 100) (i32.const 7) (i32.const 0) (i64.const 2))
                (i32.const 8) (i32.const 1) (i32.const 16)))
            (call $write (call $open (i32.const 4) (i32.const 120) (i32.const 8) (i32.const 1) (i64.const 64))
                (i32.const 4096) (i32.load (i32.const 16)))
            (call $write (i32.const 1) (i32.const 140) (i32.const 7))
            (call $proc_exit (i32.const {exit_code}))))"#
    );
    wat::parse_str(text).unwrap()
}

/// The same as a command of preview 2.
fn component(exit_code: u32) -> Vec<u8> {
    let encoder = ComponentEncoder::default().module(&command(exit_code)).unwrap();
    let adapter = (WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME, WASI_SNAPSHOT_PREVIEW1_COMMAND_ADAPTER);
    encoder.adapter(adapter.0, adapter.1).unwrap().encode().unwrap()
}

fn submit(project: &Project, module: &[u8], dataset: &str) -> String {
    let digest = project.client.put_bytes(&project.path("modules/copy/versions/1"), module).ok();
    assert_eq!(digest["hasManifest"], false, "{digest:#}");
    let body = json!({
        "jobName": "a program", "jobType": "Analysis", "module": {"name": "copy"}, "parameters": {"datasetId": dataset},
    });
    text(&project.submit(&body).ok(), "jobId")
}

fn lines(project: &Project, job: &str) -> Vec<String> {
    let logs = project.client.get(&format!("{}/logs", project.job_path(job))).ok();
    let message = |line: &Value| line["message"].as_str().unwrap_or_default().to_owned();
    logs["logs"].as_array().unwrap().iter().map(message).collect()
}

#[test]
fn a_program_of_either_preview_runs_and_is_accounted_for() {
    let server = Server::start();
    for module in [command(0), component(0)] {
        let project = Project::new(&server);
        let dataset = project.dataset("orders.csv", b"a,b\n1,2\n");
        let job = submit(&project, &module, &dataset);
        let status = project.wait_for(&job, "Completed");
        let output = project.results(&job)["results"]["primaryOutput"].clone();
        assert_eq!(output["name"], "copy.csv", "{output:#}");
        let copy = project.client.with_token(None).get(output["downloadUrl"].as_str().unwrap());
        assert_eq!(copy.text(), "a,b\n1,2\n");
        let receipt = &status["receipt"];
        let version = project.client.get(&project.path("modules/copy/versions/1")).ok();
        assert_eq!(receipt["module"], version["digest"], "the bytes that were uploaded, not those that ran");
        assert_eq!(receipt["outputs"][0]["digest"], receipt["inputs"][0]["digest"], "{receipt:#}");
        assert_eq!((&receipt["bytesRead"], &receipt["bytesWritten"]), (&json!(8), &json!(8)));
        assert_eq!((&receipt["isolation"], &receipt["fences"]), (&json!("in-process"), &json!([])));
        assert!(receipt["fuel"].as_u64().unwrap() > 0);
        assert!(lines(&project, &job).contains(&"copied".to_owned()));
    }
}

#[test]
fn a_program_that_exits_with_a_failure_fails_its_job() {
    let server = Server::start();
    let project = Project::new(&server);
    let dataset = project.dataset("orders.csv", b"a,b\n");
    let job = submit(&project, &command(3), &dataset);
    let status = project.wait_for(&job, "Failed");
    assert_eq!(status["error"]["code"], "GuestError", "{status:#}");
    assert_eq!(status["error"]["message"], "the module exited with code 3");
    assert!(status["receipt"]["fuel"].as_u64().unwrap() > 0);
    // A component that calls `exit` of WASI 0.2 says only that it failed.
    let project = Project::new(&server);
    let dataset = project.dataset("orders.csv", b"a,b\n");
    let job = submit(&project, &component(3), &dataset);
    let message = project.wait_for(&job, "Failed")["error"]["message"].clone();
    assert_eq!(message, "the module exited with a failure, and did not say its code");
}

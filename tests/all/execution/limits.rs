//! Limits that hold, seen from outside.

use fuelcell_tests::{Project, Server};
use serde_json::{Value, json};

fn failure(project: &Project, steps: Value, limits: Value) -> Value {
    let job = project.probe_with(steps, json!({"limits": limits}));
    project.wait_for(&job, "Failed")["error"].clone()
}

#[test]
fn each_ration_ends_a_job_with_its_own_code_and_the_next_job_passes() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let cases = [
        (json!([{"do": "spin", "forever": true}]), json!({"fuel": 1_000_000}), "FuelExhausted"),
        (json!([{"do": "spin", "forever": true}]), json!({"timeoutSeconds": 1}), "Timeout"),
        (json!([{"do": "sleep", "milliseconds": 600_000}]), json!({"timeoutSeconds": 1}), "Timeout"),
        (json!([{"do": "allocate", "bytes": 64 << 20}]), json!({"memoryBytes": 16 << 20}), "MemoryLimit"),
        (json!([{"do": "recurse"}]), json!({}), "StackOverflow"),
        (
            json!([{"do": "artifact", "name": "a.bin", "bytes": 1001}]),
            json!({"diskBytes": 1000}),
            "DiskQuota",
        ),
        (json!([{"do": "spill", "bytes": 1001}]), json!({"diskBytes": 1000}), "DiskQuota"),
        (json!([{"do": "exit", "code": 3}]), json!({}), "GuestError"),
    ];
    for (steps, limits, code) in cases {
        assert_eq!(failure(&project, steps.clone(), limits)["code"], code, "{steps}");
        let next = project.probe(json!([]));
        project.wait_for(&next, "Completed");
    }
}

#[test]
fn what_does_not_fit_into_memory_goes_to_temporary_files() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let mib = 1 << 20;
    let limits = json!({"memoryBytes": 8 * mib, "diskBytes": 41 * mib});
    for deterministic in [false, true] {
        // The second attempt finds nothing of the first.
        let steps = json!([{"do": "spill", "bytes": 40 * mib}, {"do": "failOnce"}]);
        let steps = if deterministic { json!([steps[0]]) } else { steps };
        let more = json!({"limits": limits, "deterministic": deterministic});
        let status = project.wait_for(&project.probe_with(steps, more), "Completed");
        let disk = status["receipt"]["peakDiskBytes"].as_i64().unwrap();
        assert!((40 * mib..41 * mib).contains(&disk), "{:#}", status["receipt"]);
        assert_eq!(status["receipt"]["outputs"], json!([]), "nothing of it is an output");
    }
}

#[test]
fn the_disk_ration_is_exact() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let job = project.probe_with(
        json!([{"do": "artifact", "name": "a.bin", "bytes": 600}, {"do": "artifact", "name": "b.bin", "bytes": 400}]),
        json!({"limits": {"diskBytes": 1000}}),
    );
    project.wait_for(&job, "Completed");
}

//! Hostile notebooks of one tenant beside the work of another: each ends as it must, and the other's jobs do not wait for all
//! of them.

use super::notebook::{Notebooks, cells};
use fuelcell_tests::{Server, eventually, project::text as word};
use serde_json::{Value, json};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(60);
/// What a loop may take: some seconds of a processor, however busy the machine is.
const FUEL: u64 = 8_000_000_000;
/// What a notebook may take that takes all it gets.
const MEMORY: u64 = 128 << 20;

/// What a cell does, and what the error says that ends its job.
const HOSTILE: [(&str, &str); 12] = [
    // They hold both slots while everything else is submitted.
    ("n = 0\nwhile True: n += 1", "FuelExhausted"),
    ("while True:\n    try:\n        while True: pass\n    except BaseException: pass", "FuelExhausted"),
    ("x = []\nwhile True: x.append(bytearray(10_000_000))", "Memory"),
    ("for _ in range(1_000): print('x' * 1_000_000)", "Memory"),
    ("print(open('/proc/self/maps').read())", "FileNotFoundError"),
    ("import os\nprint(os.listdir('/proc'))", "FileNotFoundError"),
    ("import ctypes\nctypes.CDLL(None)", "a cell loads no native libraries"),
    ("import os\nos.system('id')", "a cell runs no other programs"),
    ("import os\nos.fork()", "a cell runs no other programs"),
    ("import socket\nsocket.create_connection(('127.0.0.1', 80), 2)", "a cell has no sockets"),
    ("def f(n): return f(n + 1)\nf(0)", "RecursionError"),
    ("x = []\nfor _ in range(100_000): x = [x]\nrepr(x)", "StackOverflow"),
];

#[test]
fn hostile_notebooks_end_as_they_must_and_another_tenants_jobs_complete_before_them() {
    let server = Server::start_set(&[("SLOTS", "2")]);
    let (attacker, neighbour) = (Notebooks::new(&server), Notebooks::new(&server));
    let attacks = HOSTILE.map(|(source, told)| {
        let limits = match told {
            "FuelExhausted" => json!({"fuel": FUEL, "memoryBytes": MEMORY}),
            _ => json!({"memoryBytes": MEMORY}),
        };
        attacker.submit(&cells(&[source]), json!({}), json!({"limits": limits}))
    });
    for job in &attacks[..2] {
        attacker.project.wait_for_stage(job, "Cell 1 of 1");
    }
    let work = cells(&["print(sum(n * n for n in range(100_000)))"]);
    let work: Vec<_> = (0..3).map(|_| neighbour.submit(&work, json!({}), json!({}))).collect();
    for job in &work {
        neighbour.project.wait_for(job, "Completed");
    }
    let waiting = |job: &&String| attacker.project.status(job)["status"] == "Queued";
    let waiting = attacks.iter().filter(waiting).count();
    assert!(waiting >= HOSTILE.len() / 2, "the neighbour waited until only {waiting} were left");
    for (job, (source, told)) in attacks.iter().zip(HOSTILE) {
        let error = ended(&attacker, job)["error"].clone();
        assert!(error.to_string().contains(told), "{source}\n{told}: {error:#}");
    }
    // And the server serves the next one.
    let next = neighbour.submit(&cells(&["print('after')"]), json!({}), json!({}));
    neighbour.project.wait_for(&next, "Completed");
    let executed = neighbour.output(&next, "notebook.ipynb");
    assert_eq!(word(&executed["cells"][0]["outputs"][0], "text"), "after\n");
}

fn ended(notebooks: &Notebooks, job: &str) -> Value {
    eventually(job, PATIENCE, || {
        let status = notebooks.project.status(job);
        assert_ne!(status["status"], "Completed", "{status:#}");
        (status["status"] == "Failed").then_some(status)
    })
}

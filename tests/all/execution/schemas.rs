//! Schemas and patterns of hostile modules: their budget, and what neighbours see meanwhile.

use fuelcell_tests::{Project, Server, built};
use serde_json::{Map, Value, json};
use std::time::{Duration, Instant};

/// Far more than a neighbour's request takes, far less than the attacks took.
const SOON: Duration = Duration::from_secs(2);

/// Memory that the attacks may take together. The first took 1.4 GB.
const MEMORY: u64 = 300 << 20;

fn upload(project: &Project, schema: &Value) -> fuelcell_tests::Answer {
    let manifest = json!({"interface": "0.1", "title": "t", "parameters": schema}).to_string();
    let bytes = built::module_with_manifest("probe", &manifest);
    project.client.put_bytes(&project.path("modules/m/versions/1.0.0"), &bytes)
}

fn submission(parameters: &Value) -> Value {
    json!({"jobName": "j", "jobType": "Analysis", "module": {"name": "m"}, "parameters": parameters})
}

#[test]
fn schemas_beyond_their_budget_are_refused_at_upload_with_the_figure() {
    let server = Server::start();
    let project = Project::new(&server);
    let before = server.peak_memory();
    let started = Instant::now();
    let many: Map<String, Value> = (0..1_500)
        .map(|n| (format!("p{n}"), json!({"type": "string", "pattern": format!(r"^[\w.]+{n}$")})))
        .collect();
    let wide: Vec<Value> = (0..60).map(|n| json!({"pattern": format!(r"({n}|\p{{L}}){{1,20}}")})).collect();
    for (schema, told) in [
        (json!({"properties": many}), "200 different patterns"),
        (json!({"allOf": wide}), "take more than 41943040 bytes as programs"),
        (json!({"properties": {"a": {"pattern": "^(x|y|[a-z]){1,3000}$"}}}), "at most 10000 are taken"),
        (
            json!({"properties": {"a": {"pattern": "((a{1,1000}){1,1000}){1,1000}"}}}),
            "takes more than 1048576 bytes",
        ),
    ] {
        let (code, detail) = upload(&project, &schema).problem(422);
        assert!(code == "ManifestInvalid" && detail.contains(told), "{code}: {detail}");
    }
    assert!(started.elapsed() < Duration::from_secs(30));
    let grown = server.peak_memory().saturating_sub(before);
    assert!(grown < MEMORY, "{} MiB", grown >> 20);
}

#[test]
fn a_counted_repetition_holds_up_no_neighbour() {
    let server = Server::start();
    let (attacker, neighbour) = (Project::new(&server), Project::new(&server).with_probe());
    neighbour.probe(json!([]));
    upload(&attacker, &json!({"properties": {"a": {"type": "string", "pattern": "^(x|y|[a-z]){1,1400}$"}}}))
        .ok();
    let before = server.peak_memory();
    let refused = attacker.submit(&submission(&json!({"a": "z".repeat(40_000)})));
    let (code, detail) = refused.problem(422);
    assert!(code == "CheckLimit" && detail.contains("100000000"), "{code}: {detail}");
    let slowest = std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..3 {
                    let answer = attacker.submit(&submission(&json!({"a": "z".repeat(9_000)})));
                    assert!([400, 429].contains(&answer.status), "{}", answer.text());
                }
            });
        }
        let neighbours = (0..20).map(|_| {
            let started = Instant::now();
            neighbour.probe(json!([]));
            started.elapsed()
        });
        neighbours.max().unwrap()
    });
    assert!(slowest < SOON, "a neighbour's submit took {slowest:?}");
    let grown = server.peak_memory().saturating_sub(before);
    assert!(grown < MEMORY, "{} MiB", grown >> 20);
}

//! Computing with secrets: the host has the key, and the cell never sees it.

use fuelcell_tests::project::text;
use fuelcell_tests::{Project, Server, built};
use serde_json::{Value, json};

/// HMAC-SHA-256 of "what do ya want for nothing?" with the key "Jefe": test case 2 of RFC 4231.
const MAC: &str = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843\n";

fn steps(secret: &str, times: u64) -> Value {
    json!([{
        "do": "hmac", "secret": secret, "texts": ["what do ya want for nothing?"], "times": times,
        "artifact": "macs.txt",
    }])
}

fn output(project: &Project, job: &str) -> String {
    let output = project.results(job)["results"]["primaryOutput"].clone();
    project.client.with_token(None).get(&text(&output, "downloadUrl")).text()
}

fn set(project: &Project, name: &str, value: &str) {
    project.client.put(&project.path(&format!("secrets/{name}")), &json!({"value": value})).ok();
}

fn grant(project: &Project, capabilities: &Value) {
    project.client.put(&project.path("modules/probe/capabilities"), capabilities).ok();
}

#[test]
fn a_secret_that_is_asked_for_and_granted_is_a_key_of_the_hosts() {
    for isolation in ["in-process", "process"] {
        let server = Server::start_with(&["--isolation", isolation]);
        let project = Project::new(&server).with_probe();
        set(&project, "PROBE_KEY", "Jefe");
        set(&project, "OTHER_KEY", "other");
        let refused = |secret: &str| {
            let job = project.probe(steps(secret, 1));
            let error = project.wait_for(&job, "Failed")["error"].clone();
            let message = text(&error, "message");
            assert!(
                message.contains(&format!("the secret \"{secret}\" is none to compute with")),
                "{message}"
            );
        };
        // The job runs, since it may do without; what it may not compute it is told.
        project.wait_for(&project.probe(json!([])), "Completed");
        refused("PROBE_KEY");
        // What is for headers is no key.
        grant(&project, &json!({"http": {"hosts": [], "secrets": ["PROBE_KEY"]}}));
        refused("PROBE_KEY");
        grant(&project, &json!({"hmac": ["PROBE_KEY", "OTHER_KEY"]}));
        let shown = project.client.get(&project.path("modules/probe/capabilities")).ok();
        assert_eq!(shown["granted"], json!({"http": null, "hmac": ["PROBE_KEY", "OTHER_KEY"]}));
        // More than one call of the host carries.
        let job = project.probe(steps("PROBE_KEY", 40_000));
        project.wait_for(&job, "Completed");
        assert!(output(&project, &job) == MAC.repeat(40_000), "in the order of the texts");
        // The manifest asks for one only.
        refused("OTHER_KEY");
        let job = project.probe_with(steps("PROBE_KEY", 1), json!({"deterministic": true}));
        let error = project.wait_for(&job, "Failed")["error"].clone();
        assert!(
            text(&error, "message").contains("a deterministic job computes with no secrets"),
            "{error:#}"
        );
        project.client.delete(&project.path("modules/probe/capabilities"), None);
        refused("PROBE_KEY");
        assert!(!server.log().contains("Jefe"));
    }
}

#[test]
fn modules_that_come_with_the_server_are_granted_secrets_too() {
    let server = Server::start();
    let project = Project::new(&server);
    let path = |name: &str| project.path(&format!("modules/{name}/capabilities"));
    let wish = json!({"hmac": ["KEY"]});
    let granted = project.client.put(&path("process-mining"), &wish).ok();
    assert_eq!(granted["granted"]["hmac"], json!(["KEY"]));
    assert_eq!(project.client.put(&path("nothing"), &wish).problem(404).0, "NotFound");
    let wrong = project.client.put(&path("process-mining"), &json!({"hmac": ["1 KEY"]}));
    assert_eq!(wrong.problem(400).0, "InvalidCapabilities");
}

/// A module that was built and packed when the interface was 0.1.0.
#[test]
fn a_module_of_the_first_interface_runs() {
    let server = Server::start();
    let project = Project::new(&server);
    let kept = built::kept("probe-0.1.0.wasm.gz");
    let version = project.client.put_bytes(&project.path("modules/probe/versions/1"), &kept).ok();
    let imports: Vec<&str> =
        version["imports"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert!(imports.contains(&"fuelcell:job/artifacts@0.1.0"), "{imports:?}");
    let dataset = project.dataset("in.txt", b"some bytes");
    let steps = json!([
        {"do": "progress", "done": 1, "total": 2, "stage": "Working"},
        {"do": "log", "message": "hello"},
        {"do": "report", "recordsProcessed": 7},
        {"do": "checkpoint", "text": "half"},
        {"do": "expectCheckpoint", "text": "half"},
        {"do": "mark", "key": "a"},
        {"do": "echoInput", "input": "dataset", "artifact": "copy.txt"},
    ]);
    let parameters = json!({"datasetId": dataset, "steps": steps});
    let job = project.probe_with(json!([]), json!({"parameters": parameters}));
    let status = project.wait_for(&job, "Completed");
    assert_eq!(output(&project, &job), "some bytes");
    assert_eq!(status["receipt"]["module"], version["digest"]);
    // The one of today speaks a later interface.
    let project = Project::new(&server).with_probe();
    let version = project.client.get(&project.path("modules/probe/versions/1")).ok();
    let imports: Vec<&str> =
        version["imports"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert!(imports.contains(&"fuelcell:job/secrets@0.1.2"), "{imports:?}");
}

//! Names of outputs, from the guest to a client's disk.

use fuelcell_tests::{Project, Server, built};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::io::Cursor;
use std::process::Command;
use zip::ZipArchive;

const NAMES: [&str; 9] = [
    "A.csv",
    "a.csv",
    "a+b.csv",
    "x=1&y.csv",
    "it's 100% #1;.txt",
    "Übersicht.csv",
    "报告/图 (1).svg",
    "charts/1.svg",
    "charts/a/1.svg",
];

fn outputs(results: &Value) -> Vec<Value> {
    let outputs = &results["results"];
    let primary = std::iter::once(outputs["primaryOutput"].clone());
    primary.chain(outputs["additionalOutputs"].as_array().unwrap().iter().cloned()).collect()
}

#[test]
fn outputs_of_any_name_are_listed_downloaded_and_archived() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let steps: Vec<_> =
        NAMES.iter().map(|name| json!({"do": "artifact", "name": name, "text": name})).collect();
    let job = project.probe(json!(steps));
    let status = project.wait_for(&job, "Completed");
    assert_eq!(status["receipt"]["outputs"].as_array().unwrap().len(), NAMES.len());
    let results = project.results(&job);
    // None of several is the primary one; clients that follow that link unguarded find the host's summary.
    assert_eq!(results["results"]["primaryOutput"]["type"], "RunSummary");
    assert_eq!(results["summary"]["outputsGenerated"], NAMES.len());
    let client = project.client.with_token(None);
    let listed = outputs(&results);
    for (output, name) in listed[1..].iter().zip(NAMES) {
        assert_eq!(output["name"], name);
        let url = output["downloadUrl"].as_str().unwrap();
        assert!(url.is_ascii() && !url.contains([' ', '#', '\'', ';', '+']), "{url}");
        let answer = client.get(url);
        assert_eq!((answer.status, answer.text().as_str()), (200, name));
        let disposition = answer.header("content-disposition");
        let file = name.rsplit('/').next().unwrap();
        let plain = file.chars().all(|c| c.is_ascii_alphanumeric() || " ._-+()".contains(c));
        assert!(
            !disposition.contains('/') && disposition.contains("filename*=UTF-8''") != plain,
            "{disposition}"
        );
        // Slashes may be percent-encoded as well; another name is another link.
        let (path, query) = url.split_once('?').unwrap();
        let (base, last) = path.rsplit_once('/').unwrap();
        assert_eq!(
            client.get(&format!("{base}%2F{last}?{query}")).status,
            if name.contains('/') { 200 } else { 404 }
        );
        assert_eq!(client.get(&format!("{base}/x/{last}?{query}")).status, 403);
    }
    let archive = project.client.get(&format!("{}/results?format=download", project.job_path(&job)));
    let mut archive = ZipArchive::new(Cursor::new(&archive.body)).unwrap();
    let names: Vec<_> = (0..archive.len())
        .map(|index| archive.by_index(index).unwrap().name().unwrap().into_owned())
        .collect();
    let without_case: BTreeSet<_> = names.iter().map(|name| name.to_lowercase()).collect();
    assert_eq!((names.len(), without_case.len()), (NAMES.len() + 1, NAMES.len() + 1), "{names:?}");
    assert!(names.contains(&"A.csv".to_owned()) && names.contains(&"a (2).csv".to_owned()), "{names:?}");
    let summary: Value = serde_json::from_reader(archive.by_name("run-summary.json").unwrap()).unwrap();
    assert_eq!(summary["renamedOutputs"], json!([{"name": "a.csv", "inArchive": "a (2).csv"}]));
}

/// A job may make others than its manifest declares; who reads the results sees which they are.
#[test]
fn outputs_that_a_manifest_does_not_declare_are_taken_and_marked() {
    let server = Server::start();
    let project = Project::new(&server);
    let manifest = json!({
        "interface": "0.1", "title": "Declares", "outputs": [{"name": "Übersicht.txt", "kind": "data", "type": "Overview"}],
    });
    let declaring = built::module_with_manifest("probe", &manifest.to_string());
    let path = |name: &str| project.path(&format!("modules/{name}/versions/1"));
    project.client.put_bytes(&path("declaring"), &declaring).ok();
    project.client.put_bytes(&path("silent"), &built::module("probe")).ok();
    project.client.put_bytes(&path("kept"), &built::kept("probe-0.1.0.wasm.gz")).ok();
    let file = |name: &str| json!({"do": "artifact", "name": name, "text": "x"});
    // In another form of Unicode than the manifest's; and what every job may leave for a retry.
    let rejected = json!({"do": "artifact", "name": "rejected.csv", "text": "x", "failedRecords": true});
    let steps = json!([file("U\u{308}bersicht.txt"), file("surprise.txt"), rejected]);
    let declared = |job: &str| {
        let results = project.results(job);
        let made = outputs(&results).into_iter().filter(|output| output["type"] != "RunSummary");
        made.map(|output| (output["name"].as_str().unwrap().to_owned(), output["declared"].clone()))
            .collect::<Vec<_>>()
    };
    let expected = |first: Value, second: Value| {
        vec![("Übersicht.txt".to_owned(), first), ("surprise.txt".to_owned(), second)]
    };
    let mut job = String::new();
    for (module, first, second) in [
        ("silent", Value::Null, Value::Null),
        ("kept", Value::Null, Value::Null),
        ("declaring", json!(true), json!(false)),
    ] {
        job = project.probe_with(steps.clone(), json!({"module": {"name": module}}));
        let status = project.wait_for(&job, "Completed");
        assert_eq!(status["receipt"]["outputs"].as_array().unwrap().len(), 3, "{module}");
        assert_eq!(declared(&job), expected(first, second), "{module}");
    }
    // Nobody knows any more.
    project.client.delete(&path("declaring"), None);
    project.client.get(&path("declaring")).problem(404);
    assert_eq!(declared(&job), expected(Value::Null, Value::Null));

    // The same without a server.
    let folder = tempfile::tempdir().unwrap();
    let module = folder.path().join("declaring.wasm");
    fs::write(&module, declaring).unwrap();
    let run = |more: &[&str]| {
        let told = Command::new(built::fuelcell())
            .args(["run", module.to_str().unwrap(), "--force", "--param", &format!("steps={steps}")])
            .args(more)
            .current_dir(folder.path())
            .env("XDG_CACHE_HOME", fuelcell_tests::cache())
            .output()
            .unwrap();
        assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
        String::from_utf8(told.stdout).unwrap()
    };
    assert!(run(&[]).contains("\nthe manifest does not declare: surprise.txt\n"), "{}", run(&[]));
    let told: Value = serde_json::from_str(&run(&["--json"])).unwrap();
    assert_eq!(told["undeclaredOutputs"], json!(["surprise.txt"]));
}

#[test]
fn harmful_names_are_refused_with_the_name_and_the_rule() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let long = "x".repeat(4096);
    for (name, rule) in [
        ("../x", "begins with a dot"),
        ("a\r\nb", "control characters"),
        ("a\"b", "none of"),
        ("\u{202e}x", "text direction"),
        ("CON", "device"),
        ("x.", "ends with a dot"),
        ("a//b", "between slashes"),
        (&long, "1024 bytes"),
    ] {
        let job = project.probe(json!([{"do": "artifact", "name": name, "text": "x"}]));
        let error = project.wait_for(&job, "Failed")["error"].clone();
        let message = error["message"].as_str().unwrap();
        let shown = name.chars().find(char::is_ascii_alphanumeric).unwrap();
        assert!(
            message.contains(rule) && message.contains(shown) && message.len() < 400,
            "{name:?}: {error:#}"
        );
    }
    // One folder and one file cannot have the same name.
    let file = |name: &str| json!({"do": "artifact", "name": name, "text": "x"});
    let job = project.probe(json!([file("a/b"), file("a")]));
    let error = project.wait_for(&job, "Failed")["error"]["message"].clone();
    assert!(error.as_str().unwrap().contains("folder of outputs"), "{error}");
}

//! Names of outputs, from the guest to a client's disk.

use fuelcell_tests::{Project, Server};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::Cursor;
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

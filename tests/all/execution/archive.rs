//! `GET execution/job/{jobId}/results?format=download`

use fuelcell_tests::{Answer, Project, Server};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use std::net::TcpStream;
use std::time::{Duration, Instant};
use zip::ZipArchive;

fn archive(project: &Project, job: &str, query: &str) -> Answer {
    project.client.get(&format!("{}/results?format=download{query}", project.job_path(job)))
}

/// Names and contents.
fn entries(answer: &Answer) -> BTreeMap<String, Vec<u8>> {
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/zip"), "{}", answer.text());
    let mut archive = ZipArchive::new(Cursor::new(&answer.body)).unwrap();
    (0..archive.len())
        .map(|index| {
            let mut entry = archive.by_index(index).unwrap();
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            (entry.name().unwrap().into_owned(), bytes)
        })
        .collect()
}

#[test]
fn the_outputs_come_as_one_zip() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let job = project.probe(json!([
        {"do": "artifact", "name": "notes.txt", "text": "some notes", "kind": "data"},
        {"do": "artifact", "name": "report.html", "text": "<h1>hello</h1>", "kind": "report", "primary": true},
        {"do": "artifact", "name": "rejects.csv", "text": "7", "failedRecords": true},
    ]));
    project.wait_for(&job, "Completed");
    let whole = archive(&project, &job, "");
    assert_eq!(whole.header("content-disposition"), format!("attachment; filename=\"job-{job}.zip\""));
    assert_eq!(whole.header("x-content-type-options"), "nosniff");
    let all = entries(&whole);
    assert_eq!(all.keys().collect::<Vec<_>>(), ["notes.txt", "report.html", "run-summary.json"]);
    assert_eq!(
        (&all["notes.txt"][..], &all["report.html"][..]),
        (&b"some notes"[..], &b"<h1>hello</h1>"[..])
    );
    let summary: Value = serde_json::from_slice(&all["run-summary.json"]).unwrap();
    assert_eq!(summary["jobId"], job.as_str());
    let data = entries(&archive(&project, &job, "&outputType=data"));
    assert_eq!(data.keys().collect::<Vec<_>>(), ["notes.txt", "run-summary.json"]);
    let none = entries(&archive(&project, &job, "&includeArtifacts=false"));
    assert_eq!(none.keys().collect::<Vec<_>>(), ["run-summary.json"]);
}

#[test]
fn an_artifact_may_have_the_name_of_the_checkpoint() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let steps = json!([
        {"do": "artifact", "name": "checkpoint.bin", "text": "the guest's"},
        {"do": "checkpoint", "text": "the host's"},
        {"do": "fail", "code": "x", "message": "y"},
    ]);
    let job = project.probe_with(steps, json!({"keepPartialOnFailure": true}));
    project.wait_for(&job, "Failed");
    let all = entries(&archive(&project, &job, ""));
    assert_eq!(all.keys().collect::<Vec<_>>(), ["checkpoint.bin", "last-checkpoint.bin", "run-summary.json"]);
    let outputs = project.results(&job)["results"]["additionalOutputs"].clone();
    for (output, content) in outputs.as_array().unwrap().iter().zip(["the guest's", "the host's"]) {
        let url = output["downloadUrl"].as_str().unwrap();
        assert_eq!(project.client.with_token(None).get(url).text(), content);
    }
    assert_eq!(outputs.as_array().map(Vec::len), Some(2));
}

#[test]
fn before_the_end_there_is_no_archive() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let job = project.probe_with(json!([]), json!({"scheduling": {"scheduledTime": "2999-01-01"}}));
    assert_eq!(archive(&project, &job, "").problem(409).0, "JobNotEnded");
}

#[test]
fn a_tenants_parallel_archives_are_bounded() {
    let bounded = |most: &str| {
        let server = Server::start_set(&[("SERVICE__MAX_PARALLEL_ARCHIVES", most)]);
        let project = Project::new(&server).with_probe();
        let job = project.probe(json!([{"do": "artifact", "name": "notes.txt", "text": "some notes"}]));
        project.wait_for(&job, "Completed");
        (server, project, job)
    };
    let (_server, project, job) = bounded("0");
    let refused = archive(&project, &job, "");
    assert_eq!(refused.problem(429).0, "TooManyArchives");
    assert!(refused.header("retry-after").parse::<u64>().unwrap() >= 1);
    project.client.get(&format!("{}/results", project.job_path(&job))).ok();
    // An archive that is sent gives its place back before its client sees the end.
    let (_server, project, job) = bounded("1");
    for _ in 0..5 {
        assert_eq!(entries(&archive(&project, &job, ""))["notes.txt"], b"some notes");
    }
}

#[test]
fn a_large_archive_takes_no_memory_and_ends_with_its_client() {
    const SIZE: usize = 256 << 20;
    const ROOM: u64 = 48 << 20;
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    // The ending keeps it from being compressed, so that its size is the transfer's.
    let job = project.probe(json!([{"do": "artifact", "name": "big.gz", "bytes": SIZE}]));
    project.wait_for(&job, "Completed");
    let before = server.peak_memory();
    let answer = archive(&project, &job, "");
    assert_eq!(entries(&answer)["big.gz"].len(), SIZE);
    assert!(server.peak_memory() < before + ROOM, "{before} → {}", server.peak_memory());
    // A client that reads a little and leaves.
    let path = format!("{}/results?format=download", project.job_path(&job));
    let mut leaving = TcpStream::connect(server.base().trim_start_matches("http://")).unwrap();
    let request =
        format!("GET {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n\r\n", project.token);
    std::io::Write::write_all(&mut leaving, request.as_bytes()).unwrap();
    leaving.read_exact(&mut [0; 100_000]).unwrap();
    drop(leaving);
    let gone = Instant::now();
    while !server.log().contains("an archive was not sent to its end") {
        assert!(gone.elapsed() < Duration::from_secs(120), "the archive goes on without its client");
        std::thread::sleep(Duration::from_millis(50));
    }
}

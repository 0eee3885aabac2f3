//! Stored bytes in object storage, beside records in a PostgreSQL: the same server to its clients, whatever goes away.

use crate::metrics::{figures, value};
use crate::postgres::{refusal, waits};
use crate::process_mining::{CSV, mine, output};
use fuelcell_test_bucket::Bucket;
use fuelcell_test_cluster::Cluster;
use fuelcell_tests::{Project, Server, eventually};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::time::Duration;

const PLACE: &str = "s3://bytes/of/tests";

/// A server on a database and a bucket of its own.
fn start(bucket: &Bucket, store: &str) -> Server {
    let settings = [("STORE", store), ("BLOBS", PLACE), ("METRICS__LISTEN", "127.0.0.1:0")];
    Server::start_in(&bucket.environment(), &settings)
}

#[test]
fn a_log_is_mined_and_its_report_is_read_by_the_next_server() {
    let (cluster, bucket) = (Cluster::start(), Bucket::start());
    let store = cluster.database("records");
    let mut server = start(&bucket, &store);
    let project = Project::new(&server).with_probe();
    let job = mine(&project, "log.csv", CSV.as_bytes(), json!({}));
    project.wait_for(&job, "Completed");
    let report = output(&project, &job, "report.html");
    let mined: Value = serde_json::from_slice(&output(&project, &job, "process-mining.json")).unwrap();
    assert_eq!((&mined["num_events"], &mined["num_cases"]), (&json!(5), &json!(2)));
    assert!(!server.data().join("blobs").exists(), "no stored bytes lie in the data directory");
    let text = figures(&server);
    assert!(value(&text, "fuelcell_blobs") > 3.0 && value(&text, "fuelcell_blobs_size_bytes") > 0.0);
    assert!(!text.contains("fuelcell_disk_free_bytes"), "object storage has no free bytes");

    server.kill();
    server.restart();
    let project = project.after_restart(&server);
    assert_eq!(output(&project, &job, "report.html"), report);
    project.wait_for(&project.probe(json!([])), "Completed");
}

#[test]
fn storage_may_go_away_and_come_back_while_jobs_run() {
    let (cluster, mut bucket) = (Cluster::start(), Bucket::start());
    let store = cluster.database("records");
    let server = start(&bucket, &store);
    let project = Project::new(&server).with_probe();
    waits(&server, "everything is well", (200, &[]));
    let running = project.probe(json!([
        {"do": "progress", "done": 1, "total": 2, "stage": "working"},
        {"do": "sleep", "milliseconds": 3000},
        {"do": "artifact", "name": "out.txt", "text": "done", "primary": true},
    ]));
    project.wait_for_stage(&running, "working");

    bucket.stop();
    waits(&server, "the storage is missed", (503, &["blobs"]));
    assert_eq!(server.client(None).get("/livez").status, 200);
    let upload = project.path("datasets/880e8400-e29b-41d4-a716-446655440000?name=log.csv");
    let refused = project.client.put_bytes(&upload, CSV.as_bytes());
    assert_eq!(
        (refused.status, refused.header("retry-after").is_empty()),
        (503, false),
        "{}",
        refused.text()
    );
    let other = project.probe(json!([]));
    project.wait_for(&other, "Completed");

    let again = eventually("its output could not be stored", Duration::from_secs(60), || {
        let status = project.status(&running);
        (status["status"] == "Queued").then_some(status)
    });
    assert_eq!(again["attempt"], 1, "{again:#}");

    bucket.resume();
    waits(&server, "everything is well again", (200, &[]));
    project.client.put_bytes(&upload, CSV.as_bytes()).ok();
    let status = project.wait_for(&running, "Completed");
    assert_eq!(status["attempt"], 2, "{status:#}");
    assert_eq!(project.results(&running)["results"]["primaryOutput"]["name"], "out.txt");
}

#[test]
fn bytes_are_looked_for_where_they_lie_and_nowhere_else() {
    let (cluster, bucket) = (Cluster::start(), Bucket::start());
    let (store, other) = (cluster.database("records"), cluster.database("another"));
    let mut server = start(&bucket, &store);
    let project = Project::new(&server).with_probe();
    let job = project.probe(json!([]));
    project.wait_for(&job, "Completed");
    server.kill();
    let (data, elsewhere) = (server.data(), server.scratch("elsewhere"));
    let environment = bucket.environment();
    let refused = |data: &Path, more: &[(&str, &str)]| {
        let mut settings: Vec<_> = environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
        settings.extend(more);
        refusal(data, &settings)
    };
    let (store, blobs) = (("FUELCELL_STORE", store.as_str()), ("FUELCELL_BLOBS", PLACE));
    let forgotten = refused(&data, &[store]);
    assert!(forgotten.contains("and blobs does not name it"), "{forgotten}");
    let elsewhere_in_it = refused(&data, &[store, ("FUELCELL_BLOBS", "s3://bytes/elsewhere")]);
    assert!(elsewhere_in_it.contains("whose bytes lie elsewhere"), "{elsewhere_in_it}");
    let others = refused(&elsewhere, &[("FUELCELL_STORE", other.as_str()), blobs]);
    assert!(others.contains("holds the stored bytes of the database with the id"), "{others}");
    let alone = refused(&data, &[blobs]);
    assert!(alone.contains("whose catalogue lies in a database"), "{alone}");
    let mut away = bucket;
    away.stop();
    let missing = refused(&data, &[store, blobs]);
    assert!(missing.contains("blobs = \"s3://bytes/of/tests\" cannot be used"), "{missing}");
    away.resume();
    let folder = data.join("blobs/ab");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("cd"), "bytes").unwrap();
    let held = refused(&data, &[store, blobs]);
    assert!(held.contains("holds stored bytes already"), "{held}");
    fs::remove_dir_all(data.join("blobs")).unwrap();
    server.restart();
    let project = project.after_restart(&server);
    assert_eq!(project.status(&job)["status"], "Completed");
}

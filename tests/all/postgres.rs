//! Records in a PostgreSQL instead of the data directory: the same server to its clients, whatever dies.

use crate::execution::events::{of_job, of_project};
use crate::metrics::{figures, value};
use crate::process_mining::{CSV, mine, output};
use fuelcell_test_cluster::{Cluster, Stop};
use fuelcell_tests::{Project, Server, built, eventually};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// What `/readyz` answers, and the names of what is not well.
fn readiness(server: &Server) -> (u16, Vec<String>) {
    let answer = server.client(None).get("/readyz");
    let checks = answer.json()["checks"].as_array().unwrap().clone();
    let wrong = checks.iter().filter(|check| check["well"] == false);
    (answer.status, wrong.map(|check| check["name"].as_str().unwrap().to_owned()).collect())
}

pub(crate) fn waits(server: &Server, what: &str, expected: (u16, &[&str])) {
    eventually(what, Duration::from_secs(60), || {
        let (status, wrong) = readiness(server);
        (status == expected.0 && wrong == expected.1).then_some(())
    });
}

#[test]
fn a_log_is_mined_and_a_kill_loses_nothing_that_was_acknowledged() {
    let cluster = Cluster::start();
    let store = cluster.database("records");
    let mut server = Server::start_set(&[("STORE", &store)]);
    let project = Project::new(&server).with_probe();
    let mined = mine(&project, "log.csv", CSV.as_bytes(), json!({}));
    project.wait_for(&mined, "Completed");
    let figures: Value = serde_json::from_slice(&output(&project, &mined, "process-mining.json")).unwrap();
    assert_eq!((&figures["num_events"], &figures["num_cases"]), (&json!(5), &json!(2)));
    assert!(!server.data().join("store").exists(), "no records lie in the data directory");

    let running = project.probe(json!([
        {"do": "progress", "done": 1, "total": 2, "stage": "working"},
        {"do": "sleep", "milliseconds": 3000},
        {"do": "artifact", "name": "out.txt", "text": "done", "primary": true},
    ]));
    project.wait_for_stage(&running, "working");
    let acknowledged: Vec<_> = (0..20).map(|_| project.probe(json!([]))).collect();
    server.kill();
    server.restart();
    let project = project.after_restart(&server);
    assert_eq!(project.wait_for(&running, "Completed")["attempt"], 2);
    assert_eq!(project.results(&running)["results"]["primaryOutput"]["name"], "out.txt");
    for job in &acknowledged {
        project.wait_for(job, "Completed");
    }
    // Who wonders whether it is really there may look.
    let ended = cluster.ask("records", "SELECT count(*), count(DISTINCT job) FROM ended");
    assert_eq!(ended, "22|22");
}

#[test]
fn a_database_may_crash_and_come_back_while_jobs_run() {
    let cluster = Cluster::start();
    let store = cluster.database("records");
    let server = Server::start_set(&[("STORE", &store)]);
    let project = Project::new(&server).with_probe();
    waits(&server, "everything is well", (200, &[]));
    let before = project.probe(json!([]));
    project.wait_for(&before, "Completed");
    let running = project.probe(json!([
        {"do": "progress", "done": 1, "total": 2, "stage": "working"},
        {"do": "sleep", "milliseconds": 5000},
        {"do": "artifact", "name": "out.txt", "text": "done", "primary": true},
    ]));
    project.wait_for_stage(&running, "working");

    cluster.stop(Stop::Immediate);
    waits(&server, "the database is missed", (503, &["store"]));
    assert_eq!(server.client(None).get("/livez").status, 200);
    let body = json!({"jobName": "a probe", "jobType": "Analysis", "module": {"name": "probe"}});
    assert_eq!(project.submit(&body).status, 503);

    cluster.resume();
    waits(&server, "everything is well again", (200, &[]));
    let status = project.wait_for(&running, "Completed");
    assert_eq!(status["attempt"], 1, "its end was kept until it could be stored: {status:#}");
    assert_eq!(project.status(&before)["status"], "Completed");
    let after = project.probe(json!([]));
    project.wait_for(&after, "Completed");
}

#[test]
fn figures_tell_of_the_database_as_of_a_store_of_its_own() {
    let cluster = Cluster::start();
    let store = cluster.database("records");
    let server = Server::start_set(&[("STORE", &store), ("METRICS__LISTEN", "127.0.0.1:0")]);
    let project = Project::new(&server).with_probe();
    let text = figures(&server);
    let names =
        ["commit_duration_seconds", "barrier_duration_seconds", "batch_commands", "read_duration_seconds"];
    let counts = |text: &str| names.map(|name| value(text, &format!("fuelcell_store_{name}_count")));
    let before = counts(&text);
    project.wait_for(&project.probe(json!([])), "Completed");
    let text = figures(&server);
    for (name, (before, after)) in names.iter().zip(before.into_iter().zip(counts(&text))) {
        assert!(after > before, "{name}: {before} and {after}");
    }
    // A submit, a claim and an end are in them, and what was committed was durable.
    let [commits, barriers, batches, _] = counts(&text);
    assert_eq!((commits, batches), (barriers, barriers));
    let seconds = |name: &str| value(&text, &format!("fuelcell_store_{name}_duration_seconds_sum"));
    assert!(seconds("commit") > seconds("barrier") && seconds("barrier") > 0.0 && seconds("read") > 0.0);
}

#[test]
fn a_listener_who_comes_back_when_its_place_is_not_kept_is_told_to_read_anew() {
    let cluster = Cluster::start();
    let store = cluster.database("records");
    let server = Server::start_set(&[("STORE", &store)]);
    let project = Project::new(&server).with_probe();
    let job = project.probe(json!([]));
    project.wait_for(&job, "Completed");
    let first = of_project(&server, &project, Some(0)).next().unwrap();
    assert_eq!((first.name.as_str(), first.id), ("queued", 1));
    // As many events as a project keeps, all at once.
    let kept = cluster.ask(
        "records",
        "INSERT INTO events SELECT tenant, project, number + n, job, false, record \
         FROM events, generate_series(1, 65536) n WHERE number = 3; \
         UPDATE ledgers SET record = jsonb_set(record::jsonb, '{events}', '65539')::text; \
         DELETE FROM events WHERE number <= 3; \
         SELECT count(*) FROM events",
    );
    assert_eq!(kept.trim(), "65536");
    let mut again = of_project(&server, &project, Some(first.id));
    let reset = again.next().unwrap();
    assert_eq!((reset.name.as_str(), reset.id), ("reset", 65_539));
    assert!(reset.data["reason"].as_str().unwrap().contains("not kept any more"), "{}", reset.data);
    // From there on it goes on, and so does whoever comes back with that place.
    let next = project.probe(json!([]));
    let heard = [again.next().unwrap(), of_project(&server, &project, Some(reset.id)).next().unwrap()];
    assert!(heard.iter().all(|event| event.name == "queued" && event.data["jobId"] == next.as_str()));
    // Of the job that ended, whose beginning is gone, the end is told once more.
    let told = of_job(&server, &project, &job, None).rest();
    let told: Vec<_> = told.iter().map(|event| event.name.as_str()).collect();
    assert_eq!(told, ["reset", "completed"]);
}

/// What a server says that does not start, on this data directory and with these settings.
pub(crate) fn refusal(data: &Path, settings: &[(&str, &str)]) -> String {
    let mut serve = Command::new(built::fuelcell());
    let started = serve.arg("serve").arg("--data").arg(data).args(["--listen", "127.0.0.1:0"]);
    let done = started.envs(settings.iter().copied()).output().unwrap();
    assert!(!done.status.success());
    String::from_utf8_lossy(&done.stderr).into_owned()
}

#[test]
fn a_data_directory_is_of_one_database() {
    let cluster = Cluster::start();
    let store = cluster.database("records");
    let mut server = Server::start_set(&[("STORE", &store)]);
    let project = Project::new(&server).with_probe();
    let before = project.probe(json!([]));
    project.wait_for(&before, "Completed");
    server.kill();
    let data = server.data();
    let forgotten = refusal(&data, &[]);
    assert!(forgotten.contains("store does not name it"), "{forgotten}");
    assert!(!data.join("store").exists(), "no records were made beside the bytes");
    let empty = cluster.database("another");
    let another = refusal(&data, &[("FUELCELL_STORE", &empty)]);
    assert!(another.contains("that of store has the id"), "{another}");
    assert_eq!(cluster.ask("another", "SELECT count(mark) FROM clock"), "0", "it is bound to nobody");
    let known = fs::read_to_string(data.join("database")).unwrap();
    fs::remove_file(data.join("database")).unwrap();
    let unknown = refusal(&data, &[("FUELCELL_STORE", &empty)]);
    assert!(unknown.contains("nothing says of which database"), "{unknown}");
    fs::write(data.join("database"), known).unwrap();
    server.restart();
    let project = project.after_restart(&server);
    assert_eq!(project.status(&before)["status"], "Completed");
}

#[test]
fn a_database_is_of_one_server_and_takes_no_password_in_its_address() {
    let cluster = Cluster::start();
    let store = cluster.database("records");
    let mut first = Server::start_set(&[("STORE", &store)]);
    let data = first.scratch("another");
    let refusal = |store: &str| refusal(&data, &[("FUELCELL_STORE", store)]);
    let second = refusal(&store);
    assert!(second.contains("another server has this database open"), "{second}");
    first.kill();
    let another = refusal(&store);
    assert!(another.contains("belong to a server with another secret"), "{another}");
    for address in [
        "postgres://fuelcell:hunter2@127.0.0.1/records",
        "postgres://fuelcell:hunter2@db1:5432,db2:5432/records",
        "host=127.0.0.1 password=hunter2",
        "postgres://fuelcell@127.0.0.1/records?password=hunter2",
    ] {
        let shown = refusal(address);
        assert!(shown.contains("store_password_file") && !shown.contains("hunter2"), "{shown}");
    }
    let shown = refusal("postgres://fuelcell:hunter2@127.0.0.1:port/records");
    assert!(shown.contains("store cannot be used") && !shown.contains("hunter2"), "{shown}");
    let unknown = refusal("mysql://127.0.0.1/records");
    assert!(unknown.contains("postgres://fuelcell@db.internal/fuelcell"), "{unknown}");
    for address in
        ["postgres://fuelcell@127.0.0.1:1/records", "postgres://fuelcell@127.0.0.1:1,127.0.0.1:2/records"]
    {
        let away = refusal(address);
        assert!(away.contains("cannot be used") && away.contains("refused"), "{away}");
    }
}

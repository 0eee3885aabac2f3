//! The disk runs full under a real server.

use fuelcell_tests::{Mount, Project, Server, built, eventually};
use rustix::fs::statvfs;
use serde_json::json;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

const MIB: u64 = 1 << 20;

fn free_bytes(at: &Path) -> u64 {
    let stat = statvfs(at).unwrap();
    stat.f_bavail * stat.f_frsize
}

/// What `/readyz` says is not well.
fn not_well(server: &Server) -> Vec<String> {
    let answer = server.client(None).get("/readyz");
    assert_eq!(answer.status, 503);
    let checks = answer.json()["checks"].as_array().unwrap().clone();
    let wrong = checks.into_iter().filter(|check| check["well"] == false);
    wrong.map(|check| check["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
#[ignore = "mounts a file system"]
fn a_full_disk_takes_nothing_new_loses_nothing_and_lets_jobs_end() {
    let mut server = Server::start_on(|data| Mount::memory(data, 256 * MIB));
    let project = Project::new(&server).with_probe();
    let (kept, gone) = (project.dataset("kept.csv", b"a,b\n1,2\n"), project.dataset("gone.csv", b"c\n"));
    let ended = project.probe(json!([{"do": "artifact", "name": "out.txt", "text": "out", "primary": true}]));
    project.wait_for(&ended, "Completed");
    let runs = project.probe(json!([
        {"do": "progress", "done": 1, "total": 2, "stage": "holds"}, {"do": "waitForCancel"},
    ]));
    project.wait_for_stage(&runs, "holds");

    let filler = server.data().join("filler");
    let left_free = 24 * MIB;
    fs::write(&filler, vec![1; (free_bytes(&server.data()) - left_free) as usize]).unwrap();
    // The server looks at its store every few seconds. It must not take a full disk for a broken one.
    eventually("the server saw that its disk is full", Duration::from_secs(30), || {
        server.log().contains("The store is waited for").then_some(())
    });
    assert_eq!(server.client(None).get("/livez").status, 200, "it lives");
    let not_well = not_well(&server);
    assert_eq!(not_well, ["store", "blobs", "disk"], "and is not ready");
    let body = json!({"jobName": "j", "jobType": "Analysis", "module": {"name": "probe"}});
    assert_eq!(project.submit(&body).problem(503).0, "StorageFull");
    let upload = project.client.put_bytes(&project.path(&format!("datasets/{kept}?name=n.csv")), b"new");
    assert_eq!(upload.problem(503).0, "StorageFull");
    let listed = project.client.get(&project.path("execution/jobs")).ok();
    assert_eq!(listed["summary"]["totalJobs"], 2, "what was refused is not there: {listed:#}");
    assert_eq!(project.results(&ended)["results"]["primaryOutput"]["name"], "out.txt");

    let deleted = project.client.delete(&project.path(&format!("datasets/{gone}")), None);
    assert!(deleted.status < 300, "{}", deleted.text());
    assert_eq!(project.client.get(&project.path(&format!("datasets/{gone}"))).status, 404, "it is deleted");
    project.client.delete(&project.job_path(&runs), None).ok();
    project.wait_for(&runs, "Cancelled");

    server.terminate();
    let refused = Command::new(built::fuelcell())
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(server.data())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(!refused.status.success() && said.contains("MiB are free"), "{said}");

    fs::remove_file(&filler).unwrap();
    server.restart();
    let project = project.after_restart(&server);
    assert_eq!(project.wait_for(&ended, "Completed")["attempt"], 1);
    project.wait_for(&runs, "Cancelled");
    let content = project.client.get(&project.path(&format!("datasets/{kept}/content")));
    assert_eq!(content.body, b"a,b\n1,2\n", "the refused upload changed nothing");
    project.wait_for(&project.probe(json!([])), "Completed");
    assert!(server.terminate());
    let checked =
        Command::new(built::fuelcell()).args(["check", "--data"]).arg(server.data()).output().unwrap();
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stdout));
}

#[test]
#[ignore = "mounts a file system"]
fn whoever_writes_to_a_full_disk_is_told_the_place_and_what_helps() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let dataset = project.dataset("large.csv", &vec![b'1'; 2 * MIB as usize]);
    let home = tempfile::tempdir().unwrap();
    let small = home.path().join("small");
    let _mount = Mount::memory(&small, MIB);
    let steps =
        json!({"steps": [{"do": "artifact", "name": "large.txt", "text": "1".repeat(2 * MIB as usize)}]});
    fs::write(home.path().join("steps.json"), steps.to_string()).unwrap();
    let probe = built::module_path("probe");
    let told = |arguments: &[&str]| {
        let mut command = Command::new(built::fuelcell());
        command.args(arguments).current_dir(home.path()).env("XDG_CACHE_HOME", fuelcell_tests::cache());
        command.env("FUELCELL_SERVER", server.base()).env("FUELCELL_TOKEN", &project.token);
        command.env("FUELCELL_TENANT", &project.tenant).env("FUELCELL_PROJECT", &project.project);
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        // How a job ended is told on standard output.
        String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
    };
    let probe = probe.to_str().unwrap();
    for arguments in [
        &["dataset", "get", &dataset, "--out", "small/copy.csv"][..],
        &["run", probe, "--parameters-file", "steps.json", "--out", "small/out"],
    ] {
        let told = told(arguments);
        assert!(told.contains("No space left on device"), "{arguments:?}: {told}");
        assert!(told.contains("the disk is full: make room there"), "{arguments:?}: {told}");
        assert_eq!(
            fs::read_dir(&small).unwrap().flatten().filter(|entry| entry.path().is_file()).count(),
            0,
            "nothing is left"
        );
    }
}

//! What an operator does with a data directory: check, back up, restore, export, compact.

use crate::metrics::{figures, value as figure};
use fuelcell_tests::{Project, Server, built, eventually, project::text};
use serde_json::{Value, json};
use std::fs::{self, OpenOptions};
use std::io::Read;

use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const LONG: Duration = Duration::from_secs(120);

fn fuelcell(command: &str, arguments: &[&Path], data: &Path) -> Output {
    Command::new(built::fuelcell())
        .arg(command)
        .args(arguments)
        .arg("--data")
        .arg(data)
        .output()
        .expect("the binary can be started")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn succeeds(output: &Output) -> String {
    assert!(output.status.success(), "{}", said(output));
    said(output)
}

fn fails(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{}", said(output));
    said(output)
}

/// A stopped server with a dataset, a job that published an artifact, and one that waits for a day to come.
fn stopped() -> (Server, Project, String) {
    let mut server = Server::start();
    let project = Project::new(&server).with_probe();
    project.dataset("log.csv", b"a,b\n1,2\n");
    let steps = json!([{"do": "artifact", "name": "out.txt", "text": "the artifact", "primary": true}]);
    let job = project.probe_with(steps, json!({"labels": {"team": "blue"}}));
    project.wait_for(&job, "Completed");
    project.probe_with(json!([]), json!({"scheduling": {"scheduledTime": "2999-01-01T00:00:00Z"}}));
    assert!(server.terminate());
    (server, project, job)
}

/// The files of stored bytes.
fn blobs(data: &Path) -> Vec<PathBuf> {
    let prefixes = fs::read_dir(data.join("blobs")).unwrap().map(|entry| entry.unwrap().path());
    let prefixes = prefixes.filter(|path| path.is_dir() && !path.ends_with("staging"));
    prefixes.flat_map(|path| fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path())).collect()
}

fn blob_of(data: &Path, bytes: &[u8]) -> PathBuf {
    let same = |path: &PathBuf| fs::read(path).unwrap() == bytes;
    blobs(data).into_iter().find(same).expect("the bytes are stored")
}

/// Brings the backup back in place of the data directory, in which nothing is wrong then.
fn restores_whole(folder: &Path, data: &Path) {
    fs::remove_dir_all(data).unwrap();
    succeeds(&fuelcell("restore", &[folder], data));
    let told = succeeds(&fuelcell("check", &[], data));
    assert!(told.contains("no problems"), "{told}");
}

#[test]
fn check_finds_nothing_wrong_with_what_a_server_left() {
    let (server, ..) = stopped();
    let told = succeeds(&fuelcell("check", &[], &server.data()));
    assert!(told.contains("2 jobs") && told.contains("no problems"), "{told}");
    assert!(!told.contains("belong to nothing"), "{told}");
}

#[test]
fn check_names_bytes_that_are_missing_damaged_or_forgotten() {
    let (server, _, job) = stopped();
    let data = server.data();
    fs::remove_file(blob_of(&data, b"the artifact")).unwrap();
    let damaged = blob_of(&data, b"a,b\n1,2\n");
    fs::remove_file(&damaged).unwrap();
    fs::write(&damaged, b"a,b\n1,3\n").unwrap();
    fs::write(data.join("blobs/00").join("1".repeat(62)), b"nobody's").unwrap();
    let told = fails(&fuelcell("check", &[], &data));
    assert!(told.contains(&format!("are missing; an artifact of job {job} needs them")), "{told}");
    assert!(told.contains("the bytes stored as"), "{told}");
    assert!(told.contains("1 files with 8 bytes belong to nothing any more"), "{told}");
}

#[test]
fn check_and_serve_refuse_damaged_records_and_a_backup_brings_them_back() {
    let (mut server, project, job) = stopped();
    let (data, folder) = (server.data(), server.scratch("backup"));
    succeeds(&fuelcell("backup", &[&folder], &data));
    let log = OpenOptions::new().read(true).write(true).open(data.join("store/high-water")).unwrap();
    log.write_all_at(&[0xff; 8], 8).unwrap();
    let told = fails(&fuelcell("check", &[], &data));
    assert!(told.contains("high-water mark") && told.contains("fuelcell restore"), "{told}");
    fs::rename(&data, server.scratch("damaged")).unwrap();
    succeeds(&fuelcell("restore", &[&folder], &data));
    server.restart();
    let project = project.after_restart(&server);
    assert_eq!(project.results(&job)["results"]["primaryOutput"]["name"], "out.txt");
}

/// How a server's backups stand.
fn backups(server: &Server) -> Value {
    server.operator().get("/api/admin/backups").json()
}

#[expect(clippy::too_many_lines, reason = "one life, told in its order")]
#[test]
fn a_server_makes_backups_of_itself_when_it_is_asked_and_when_they_are_due() {
    let elsewhere = tempfile::tempdir().unwrap();
    let folder = elsewhere.path().join("backup");
    let metrics = ("METRICS__LISTEN", "127.0.0.1:0");
    let settings = [("BACKUP__FOLDER", folder.to_str().unwrap()), metrics];
    let mut server = Server::start_set(&settings);
    let project = Project::new(&server).with_probe();
    let steps = json!([{"do": "artifact", "name": "out.txt", "text": "the artifact", "primary": true}]);
    let job = project.probe_with(steps, json!({}));
    project.wait_for(&job, "Completed");
    let state = backups(&server);
    assert_eq!(
        (&state["enabled"], &state["lastGood"], &state["last"]),
        (&json!(true), &json!(null), &json!(null))
    );
    let last_good = "fuelcell_backup_last_good_timestamp_seconds";
    assert_eq!(figure(&figures(&server), last_good), 0.0);
    // It is the operator's matter.
    assert_eq!(project.client.post("/api/admin/backups", &json!({})).status, 403);
    assert_eq!(project.client.get("/api/admin/backups").status, 403);

    // By the command line, which waits for it; the records of the moment are in it.
    let backup = |server: &Server, options: &[&str]| {
        let token = fs::read_to_string(server.data().join("operator-token")).unwrap();
        let mut command = Command::new(built::fuelcell());
        command.args(["system", "backup"]).args(options);
        command.env("FUELCELL_SERVER", server.base()).env("FUELCELL_TOKEN", token.trim()).output().unwrap()
    };
    let told = succeeds(&backup(&server, &[]));
    assert!(told.contains("entries of records and"), "{told}");
    let state = backups(&server);
    assert_eq!((&state["last"]["good"], &state["failures"]), (&json!(true), &json!(0)), "{state}");
    assert_eq!(state["lastGood"], state["last"]["endedAt"]);
    assert!(figure(&figures(&server), last_good) > 1.7e9);
    let audit = server.operator().get("/api/admin/audit").json();
    assert!(
        audit["entries"].as_array().unwrap().iter().any(|entry| entry["action"] == "POST /api/admin/backups"),
        "{audit:#}"
    );
    assert!(server.terminate());

    // The next start knows of it, and it brings everything back.
    server.restart_set(&settings);
    assert_eq!(backups(&server)["last"], json!(null));
    assert!(backups(&server)["lastGood"].is_string());
    // What cannot be is told, and the good one before it stays known.
    fs::rename(&folder, elsewhere.path().join("good")).unwrap();
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("mine.txt"), "not a backup").unwrap();
    let told = fails(&backup(&server, &[]));
    assert!(told.contains("holds something else than a backup"), "{told}");
    let state = backups(&server);
    assert_eq!((&state["last"]["good"], &state["failures"]), (&json!(false), &json!(1)), "{state}");
    assert!(state["lastGood"].is_string() && server.log().contains("a backup came to nothing"), "{state}");
    assert_eq!(figure(&figures(&server), "fuelcell_backup_failures_total"), 1.0);
    assert_eq!(fs::read_to_string(folder.join("mine.txt")).unwrap(), "not a backup");
    assert!(server.terminate());
    fs::rename(server.data(), server.scratch("lost")).unwrap();
    succeeds(&fuelcell("restore", &[&elsewhere.path().join("good")], &server.data()));
    fs::remove_dir_all(&folder).unwrap();

    // By itself, again and again.
    server.restart_set(&[settings[0], metrics, ("BACKUP__EVERY_SECONDS", "1")]);
    let project = project.after_restart(&server);
    assert_eq!(project.results(&job)["results"]["primaryOutput"]["name"], "out.txt");
    let first =
        eventually("a first backup", LONG, || backups(&server)["lastGood"].as_str().map(str::to_owned));
    eventually("a second one", LONG, || (backups(&server)["lastGood"] != *first).then_some(()));

    // A server without a folder says so.
    assert!(server.terminate());
    server.restart_set(&[]);
    assert_eq!(backups(&server)["enabled"], false);
    let refused = server.operator().post("/api/admin/backups", &json!({}));
    assert_eq!((refused.status, &refused.json()["code"]), (409, &json!("NoBackups")));
}

#[test]
fn a_backup_with_holes_is_not_called_good_and_a_data_directory_is_no_place_for_one() {
    let (server, _project, _job) = stopped();
    let (data, folder) = (server.data(), server.scratch("backup"));
    succeeds(&fuelcell("backup", &[&folder], &data));
    let written = |name: &str| fs::metadata(folder.join(name)).unwrap().modified().unwrap();
    let (good, records) = (written("good"), written("records"));
    fs::remove_file(blob_of(&data, b"the artifact")).unwrap();
    let told = fails(&fuelcell("backup", &[&folder], &data));
    assert!(told.contains("problem: the bytes"), "{told}");
    assert!(written("good") == good && written("records") > records);

    let (other, _project, _job) = stopped();
    let secret = fs::read(other.data().join("secret")).unwrap();
    let told = fails(&fuelcell("backup", &[&other.data()], &data));
    assert!(told.contains("is a data directory; nothing is written into it"), "{told}");
    assert_eq!(fs::read(other.data().join("secret")).unwrap(), secret);
    let told = fails(&fuelcell("backup", &[&data.join("a/b")], &data));
    assert!(told.contains("lies in the data directory itself") && !data.join("a").exists(), "{told}");
}

#[test]
fn a_backup_holds_everything_and_only_its_owner_reads_it() {
    let (mut server, project, job) = stopped();
    let (data, folder) = (server.data(), server.scratch("backup"));
    let told = succeeds(&fuelcell("backup", &[&folder], &data));
    assert!(told.contains("entries of records"), "{told}");
    for (name, mode) in [("", 0o700), ("secret", 0o600), ("operator-token", 0o600)] {
        let permissions = fs::metadata(folder.join(name)).unwrap().permissions();
        assert_eq!(permissions.mode() & 0o777, mode, "{name}");
    }
    // One at a time.
    let held = fs::File::open(&folder).unwrap();
    held.lock().unwrap();
    let told = fails(&fuelcell("backup", &[&folder], &data));
    assert!(told.contains("another backup is being written"), "{told}");
    drop(held);
    // Brought up to date: what was deleted since goes, what is new comes.
    server.restart();
    let project = project.after_restart(&server);
    let id = project.dataset("more.csv", b"more");
    assert!(server.terminate());
    succeeds(&fuelcell("backup", &[&folder], &data));
    blob_of(&folder, b"more");
    server.restart();
    let project = project.after_restart(&server);
    assert_eq!(project.client.delete(&project.path(&format!("datasets/{id}")), None).status, 204);
    assert!(server.terminate());
    succeeds(&fuelcell("backup", &[&folder], &data));
    assert!(blobs(&folder).iter().all(|path| fs::read(path).unwrap() != b"more"));

    restores_whole(&folder, &data);
    server.restart();
    let project = project.after_restart(&server);
    let results = project.results(&job);
    assert_eq!(results["success"], true, "{results:#}");
    let listed = project.client.get(&project.path("execution/jobs")).ok();
    assert_eq!(listed["summary"]["totalJobs"], 2);
    // The tokens of before still open doors: that the project's client was let in shows it. So does the operator's.
    assert_eq!(server.operator().get("/api/admin/tenants").status, 200);
}

#[test]
fn a_restore_goes_nowhere_where_it_could_harm() {
    let (mut server, ..) = stopped();
    let (data, folder) = (server.data(), server.scratch("backup"));
    let other = server.scratch("other");
    let told = fails(&fuelcell("restore", &[&folder], &other));
    assert!(told.contains("holds no backup"), "{told}");
    succeeds(&fuelcell("backup", &[&folder], &data));
    let told = fails(&fuelcell("restore", &[&folder], &data));
    assert!(told.contains("holds records already"), "{told}");
    // A damaged backup is refused, and what it leaves is no data directory that a server would take.
    let damaged = blob_of(&folder, b"the artifact");
    let kept = fs::read(&damaged).unwrap();
    fs::remove_file(&damaged).unwrap();
    fs::write(&damaged, b"The artifact").unwrap();
    let told = fails(&fuelcell("restore", &[&folder], &other));
    assert!(told.contains("they are damaged"), "{told}");
    let told = fails(&fuelcell("serve", &[], &other));
    assert!(told.contains("not whole; restore it again"), "{told}");
    fs::remove_file(&damaged).unwrap();
    fs::write(&damaged, kept).unwrap();
    OpenOptions::new().append(true).open(folder.join("records")).unwrap().set_len(1000).unwrap();
    let told = fails(&fuelcell("restore", &[&folder], &other));
    assert!(told.contains("cut short"), "{told}");
    // And the first directory is as it was.
    server.restart();
}

#[test]
fn a_backup_goes_nowhere_where_it_could_harm() {
    let (server, ..) = stopped();
    let data = server.data();
    let told = fails(&fuelcell("backup", &[&data.join("backup")], &data));
    assert!(told.contains("lies in the data directory itself"), "{told}");
    let full = server.scratch("full");
    fs::create_dir(&full).unwrap();
    fs::write(full.join("a file"), "precious").unwrap();
    let told = fails(&fuelcell("backup", &[&full], &data));
    assert!(told.contains("something else than a backup"), "{told}");
    let told = fails(&fuelcell("backup", &[&server.scratch("b")], &server.scratch("nowhere")));
    assert!(told.contains("there is no data directory"), "{told}");
}

#[test]
fn a_lost_operator_token_is_replaced_offline() {
    let (mut server, ..) = stopped();
    let (data, file) = (server.data(), server.data().join("operator-token"));
    let lost = fs::read_to_string(&file).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let told = succeeds(&fuelcell("token", &[Path::new("reset")], &data));
    assert!(told.contains("a new operator token is in"), "{told}");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    server.restart();
    let operator = server.operator();
    operator.get("/api/admin/tenants").ok();
    assert_eq!(server.client(Some(lost.trim())).get("/api/admin/tenants").status, 401);
    let entries = operator.get("/api/admin/audit?limit=1").ok();
    assert_eq!(entries["entries"][0]["action"], "fuelcell token reset", "{entries:#}");
    // Without its file, too; and others go only where that is asked for.
    let other = operator.post("/api/admin/tokens", &json!({"subject": "ops", "role": "operator"})).ok();
    let other = text(&other, "token");
    fs::remove_file(&file).unwrap();
    let told = fails(&fuelcell("token", &[Path::new("reset")], &data));
    assert!(told.contains("another process"), "{told}");
    assert!(server.terminate());
    succeeds(&fuelcell("token", &[Path::new("reset")], &data));
    server.restart();
    server.client(Some(&other)).get("/api/admin/tenants").ok();
    assert!(server.terminate());
    succeeds(&fuelcell("token", &[Path::new("reset"), Path::new("--revoke-others")], &data));
    // A secret that opens nothing does not stay, whoever put it there.
    let own = fs::read_to_string(&file).unwrap();
    fs::write(&file, &lost).unwrap();
    server.restart();
    assert!(!file.exists());
    assert_eq!(server.client(Some(own.trim())).get("/api/admin/tenants").status, 200);
    assert_eq!(server.client(Some(&other)).get("/api/admin/tenants").status, 401);
}

/// Everything in a folder that others than its owner may read, and the folder.
fn open_to_others(folder: &Path) -> Vec<PathBuf> {
    let mut all = vec![folder.to_owned()];
    let mut next = 0;
    while let Some(path) = all.get(next).cloned() {
        next += 1;
        if path.is_dir() {
            all.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        }
    }
    all.retain(|path| fs::metadata(path).unwrap().permissions().mode() & 0o077 != 0);
    all
}

#[test]
fn nobody_else_reads_what_a_server_and_its_tools_keep() {
    let (mut server, ..) = stopped();
    let (data, folder) = (server.data(), server.scratch("backup"));
    assert_eq!(open_to_others(&data), Vec::<PathBuf>::new());
    fs::create_dir(&folder).unwrap();
    let told = succeeds(&fuelcell("backup", &[&folder], &data));
    assert!(told.contains("others could read") && told.contains("backup"), "{told}");
    assert_eq!(open_to_others(&folder), Vec::<PathBuf>::new());
    // A data directory that was left open, as by an older server, is closed with all that is in it.
    for path in
        [data.clone(), data.join("store"), data.join("store/high-water"), blob_of(&data, b"the artifact")]
    {
        let mode = if path.is_dir() { 0o755 } else { 0o644 };
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    }
    server.restart();
    assert!(server.log().contains("others could read"), "{}", server.log());
    assert_eq!(open_to_others(&data), Vec::<PathBuf>::new());
    // A folder that holds something else is not closed to those who use it.
    let theirs = server.scratch("theirs");
    fs::create_dir(&theirs).unwrap();
    fs::write(theirs.join("thesis.tex"), "").unwrap();
    fs::set_permissions(&theirs, fs::Permissions::from_mode(0o755)).unwrap();
    let told = fails(&fuelcell("serve", &[], &theirs));
    assert!(told.contains("thesis.tex") && told.contains("chmod 700"), "{told}");
}

#[test]
fn tools_that_write_keep_away_from_a_running_server() {
    let server = Server::start();
    let arguments: [(&str, &[&Path]); 2] = [("compact", &[]), ("token", &[Path::new("reset")])];
    for (command, arguments) in arguments {
        let told = fails(&fuelcell(command, arguments, &server.data()));
        assert!(told.contains("another process"), "{command}: {told}");
    }
}

/// Submits until it is told to stop; says which jobs were acknowledged.
fn submit_until(project: &Project, stop: &AtomicBool, acknowledged: &Mutex<Vec<String>>) {
    let steps = json!([{"do": "artifact", "name": "out.txt", "text": "an output", "primary": true}]);
    while !stop.load(Ordering::Relaxed) {
        let job = project.probe(steps.clone());
        acknowledged.lock().unwrap().push(job);
    }
}

#[test]
fn a_running_server_is_backed_up_checked_and_exported_while_it_works() {
    let mut server = Server::start();
    let project = Project::new(&server).with_probe();
    let (data, folder) = (server.data(), server.scratch("backup"));
    let (stop, acknowledged) = (AtomicBool::new(false), Mutex::new(Vec::new()));
    let so_far = || acknowledged.lock().unwrap().clone();
    let before = std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| submit_until(&project, &stop, &acknowledged));
        }
        eventually("some jobs were submitted", LONG, || (so_far().len() > 50).then_some(()));
        let before = so_far();
        succeeds(&fuelcell("backup", &[&folder], &data));
        let meanwhile = so_far().len();
        assert!(meanwhile > before.len(), "nobody worked meanwhile");
        let told = succeeds(&fuelcell("check", &[], &data));
        assert!(told.contains("no problems"), "{told}");
        let exported = fuelcell("export", &[], &data);
        let told = succeeds(&exported);
        assert!(before.iter().all(|job| told.contains(job)), "{told}");
        assert!(so_far().len() > meanwhile, "nobody worked meanwhile");
        // Brought up to date, and nothing stays behind.
        succeeds(&fuelcell("backup", &[&folder], &data));
        stop.store(true, Ordering::Relaxed);
        before
    });
    eventually("the copy is gone", LONG, || (!data.join("snapshot").exists()).then_some(()));
    for job in &before {
        project.wait_for(job, "Completed");
    }
    assert!(server.terminate());

    restores_whole(&folder, &data);
    server.restart();
    let project = project.after_restart(&server);
    for job in &before {
        project.wait_for(job, "Completed");
    }
    assert_eq!(project.results(&before[0])["results"]["primaryOutput"]["name"], "out.txt");
}

#[test]
fn a_tool_that_is_killed_leaves_nothing_behind() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    project.wait_for(&project.probe(json!([])), "Completed");
    let socket = server.data().join("control");
    assert_eq!(fs::metadata(&socket).unwrap().permissions().mode() & 0o077, 0, "its owner's alone");
    let mut asking = std::os::unix::net::UnixStream::connect(&socket).unwrap();
    let mut said = [0; 3];
    asking.read_exact(&mut said).unwrap();
    assert_eq!((&said, server.data().join("snapshot").exists()), (b"ok\n", true));
    drop(asking);
    eventually("the copy is gone", LONG, || (!server.data().join("snapshot").exists()).then_some(()));
    succeeds(&fuelcell("check", &[], &server.data()));
}

#[test]
fn export_tells_every_job_oldest_first() {
    let (server, project, job) = stopped();
    let output = fuelcell("export", &[], &server.data());
    succeeds(&output);
    let lines: Vec<Value> = String::from_utf8(output.stdout.clone())
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let [first, second] = &lines[..] else { panic!("{lines:#?}") };
    assert_eq!((text(first, "jobId"), text(first, "projectId")), (job, project.project));
    assert_eq!((&first["jobNumber"], &second["jobNumber"]), (&json!(1), &json!(2)));
    assert_eq!((&first["status"], &second["status"]), (&json!("Completed"), &json!("Queued")));
    assert_eq!(first["end"], json!({"completion": "Done"}));
    assert_eq!(first["labels"], json!({"team": "blue"}));
    assert_eq!(first["artifacts"][0]["name"], "out.txt");
    assert_eq!(first["artifacts"][0]["size"], 12);
    assert_eq!(first["parameters"]["steps"][0]["do"], "artifact");
    assert_eq!(first["receipts"][0]["attempt"], 1);
    assert!(first["receipts"][0]["fuel"].as_u64().unwrap() > 0);
    assert_eq!(second["scheduledTime"], "2999-01-01T00:00:00.000000Z");
    assert_eq!((&second["endedAt"], &second["end"]), (&Value::Null, &Value::Null));

    let file = server.scratch("jobs.jsonl");
    succeeds(&fuelcell("export", &[Path::new("--out"), &file], &server.data()));
    assert_eq!(fs::read(file).unwrap(), output.stdout);
}

#[test]
fn a_server_keeps_so_many_ended_jobs_and_sweeps_what_only_the_others_needed() {
    let server = Server::start_set(&[
        ("RETENTION__MAX_ENDED_JOBS", "2"),
        ("RETENTION__EVERY_SECONDS", "1"),
        ("RETENTION__SWEEP_EVERY_SECONDS", "1"),
        ("RETENTION__BLOB_GRACE_SECONDS", "1"),
    ]);
    let project = Project::new(&server).with_probe();
    let make = |text: &str| {
        let job = project.probe(json!([{"do": "artifact", "name": "a.txt", "text": text, "primary": true}]));
        eventually("the job has ended", Duration::from_secs(60), || {
            let answer = project.client.get(&project.job_path(&job));
            (answer.status == 404 || answer.json()["status"] == "Completed").then_some(())
        });
        job
    };
    let jobs = ["first", "second", "third", "fourth"].map(make);
    let gone =
        |bytes: &[u8]| blobs(&server.data()).iter().all(|path| fs::read(path).ok().as_deref() != Some(bytes));
    eventually("the older jobs and their bytes are gone", Duration::from_secs(60), || {
        let status = |job: &String| project.client.get(&project.job_path(job)).status;
        let forgotten = jobs.iter().map(status).collect::<Vec<_>>() == [404, 404, 200, 200];
        (forgotten && gone(b"first") && gone(b"second")).then_some(())
    });
    assert!(!gone(b"third") && !gone(b"fourth") && !gone(&built::module("probe")));
    assert_eq!(project.results(&jobs[3])["success"], true);
    // Their numbers are not given out again.
    let next = project.probe(json!([]));
    assert_eq!(project.status(&next)["jobNumber"], 5);
}

#[test]
fn a_compacted_store_serves_as_before() {
    let (mut server, project, job) = stopped();
    let told = succeeds(&fuelcell("compact", &[], &server.data()));
    assert!(told.contains("entries; the records took"), "{told}");
    succeeds(&fuelcell("check", &[], &server.data()));
    server.restart();
    let project = project.after_restart(&server);
    assert_eq!(project.status(&job)["status"], "Completed");
    let steps = json!([{"do": "artifact", "name": "next.txt", "text": "next", "primary": true}]);
    let next = project.probe(steps);
    project.wait_for(&next, "Completed");
}

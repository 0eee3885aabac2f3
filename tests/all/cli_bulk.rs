//! `fuelcell job bulk …` with jobs that match.

use crate::cli_client::{Home, said};
use fuelcell_tests::{Project, Server, built};
use serde_json::{Value, json};
use std::io::Write;
use std::path::Path;
use std::process::{Output, Stdio};

/// More than are done with without a question.
const COUNT: usize = 101;

/// What somebody at a terminal is told who answers the question for the number.
fn typed(home: &Home, answer: &str) -> Output {
    let program = format!("{} job bulk cancel --status queued", built::fuelcell().display());
    let mut command = home.started(Path::new("script"));
    command.args(["--quiet", "--return", "--command", &program, "/dev/null"]);
    command.env("SHELL", "/bin/sh").env("TERM", "xterm-256color");
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut process = command.spawn().expect("util-linux is there");
    process.stdin.take().unwrap().write_all(answer.as_bytes()).unwrap();
    process.wait_with_output().unwrap()
}

#[test]
fn jobs_that_match_are_done_with_by_the_server_once_their_number_is_agreed_to() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let home = Home::of(&server, &project);
    let waits = json!({
        "jobName": "waits", "jobType": "Analysis", "module": {"name": "probe"}, "parameters": {"steps": []},
        "scheduling": {"executeImmediately": false, "scheduledTime": "2999-01-01T00:00:00Z"},
    });
    project.client.post(&project.path("execution/jobs"), &json!({"jobs": vec![waits; COUNT]})).ok();
    let bulk = |arguments: &[&'static str]| [&["job", "bulk"], arguments].concat();

    let (code, told) = home.fail(&bulk(&["cancel"]));
    assert!(code == 2 && told.contains("--status"), "{told}");
    let (code, told) = home.fail(&bulk(&["cancel", "some-id", "--status", "queued"]));
    assert!(code == 2 && told.contains("both"), "{told}");
    let (code, told) = home.fail(&bulk(&["cancel", "--status", "queued"]));
    assert!(
        code == 2 && told.contains(&format!("{COUNT} of {COUNT} jobs")) && told.contains("--yes"),
        "{told}"
    );
    let seen = home.json(&bulk(&["cancel", "--status", "queued", "--dry-run"]));
    assert_eq!((&seen["willChange"], &seen["summary"]["queuedJobs"]), (&json!(COUNT), &json!(COUNT)));
    let summary = || project.client.get(&project.path("execution/jobs")).ok()["summary"].clone();
    assert_eq!(summary()["queuedJobs"], COUNT, "nothing was done");

    let answered = typed(&home, "7\n");
    assert_eq!(answered.status.code(), Some(2), "{}", said(&answered));
    assert!(
        said(&answered).contains(&format!("that is not {COUNT}; nothing was done")),
        "{}",
        said(&answered)
    );
    assert_eq!(summary()["queuedJobs"], COUNT);

    let ended =
        home.json(&bulk(&["cancel", "--status", "queued", "--reason", "wrong month", "--yes", "--watch"]));
    assert_eq!((&ended["status"], &ended["done"]), (&json!("Done"), &json!(COUNT)), "{ended:#}");
    assert_eq!(summary()["cancelledJobs"], COUNT);
    let id = ended["bulkId"].as_str().unwrap();
    assert_eq!(home.json(&["job", "bulk", "show", id]), ended);
    assert_eq!(home.json(&["job", "bulk", "list"])[0]["reason"], "wrong month");
    let outcomes = home.json(&["job", "bulk", "outcomes", id, "--all"]);
    assert!(outcomes.as_array().unwrap().iter().all(|job| job["outcome"] == "Done"), "{outcomes:#}");
    let skipped = home.json(&["job", "bulk", "outcomes", id, "--outcome", "skipped"]);
    assert_eq!(skipped, Value::Array(Vec::new()));
    home.say(&["job", "bulk", "watch", id]);
    assert_eq!(home.json(&["job", "bulk", "stop", id])["status"], "Done", "it had ended");
    // Nobody is asked when nothing is to be done.
    let none = home.json(&bulk(&["cancel", "--status", "cancelled"]));
    assert_eq!((&none["jobs"], &none["willChange"]), (&json!(COUNT), &json!(0)));
}

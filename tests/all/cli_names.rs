//! Names of a server: what a shell offers, and what a command takes instead of an id.

use crate::cli_client::{Home, said, write};
use fuelcell_tests::{Project, Server, built};
use serde_json::json;
use std::net::TcpListener;
use std::process::Command;
use std::time::{Duration, Instant};

/// What is offered behind these words, as fish is told: a value, and what it is called.
fn offered(home: &Home, words: &[&str]) -> Vec<String> {
    let mut command = home.command(&[&["--", "fuelcell"], words].concat());
    let output = command.env("FUELCELL_COMPLETE", "fish").output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{words:?}: {}", said(&output));
    let offered = String::from_utf8(output.stdout).unwrap();
    offered.lines().filter(|line| !line.starts_with('-')).map(str::to_owned).collect()
}

#[test]
fn names_come_from_the_server() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let home = Home::of(&server, &project);
    let job = project.probe(json!([]));
    project.wait_for(&job, "Completed");
    let dataset = project.dataset("orders.csv", b"a,b\n1,2\n");
    let pipeline = project.pipeline("ProcessMining");
    write(&home, "orders.csv", "a\n");
    let name = |offer: &str| offer.split('\t').next().unwrap_or_default().to_owned();
    for (words, expected) in [
        (&["job", "show", ""][..], &job[..]),
        (&["job", "logs", &job[..4]], &job),
        (&["diff", ""], &job),
        (&["dataset", "get", ""], &dataset),
        (&["pipeline", "run", ""], &pipeline),
        (&["job", "submit", "--pipeline", ""], &pipeline),
        (&["job", "submit", "--module", "pr"], "probe"),
        (&["module", "activate", ""], "probe"),
        (&["module", "rollback", "Proc"], "ProcessMining"),
        (&["job", "submit", "--type", "Anal"], "Analysis"),
        (&["comple"], "completions"),
        (&["diff", "or"], "orders.csv"),
        (&["run", "m.wasm", "--in", "log=or"], "log=orders.csv"),
        (&["job", "submit", "--upload", "datasetId=or"], "datasetId=orders.csv"),
        (&["schema", "mod"], "module"),
        (&["schema", "module", "in"], "inspect"),
    ] {
        let offers = offered(&home, words);
        assert!(offers.iter().any(|offer| name(offer) == expected), "{words:?}: {offers:?}");
    }
    assert_eq!(offered(&home, &["dataset", "show", ""]), [format!("{dataset}\torders.csv")]);
    assert_eq!(offered(&home, &["job", "show", "nothing"]), [] as [&str; 0]);
    for _ in 0..30 {
        project.dataset("more.csv", b"a\n");
    }
    assert_eq!(offered(&home, &["dataset", "show", ""]).len(), 31, "more than a page of usual size");

    // By the shell itself.
    let script = "source <(fuelcell completions bash); COMP_WORDS=(fuelcell module show p); COMP_CWORD=3; \
                  COMP_TYPE=9; _clap_complete_fuelcell fuelcell p show 2>/dev/null; echo \"${COMPREPLY[@]}\"";
    let tools = built::fuelcell();
    let path = format!("{}:{}", tools.parent().unwrap().display(), std::env::var("PATH").unwrap());
    let mut bash: Command = home.started("bash".as_ref());
    let output = bash.args(["-c", script]).env("PATH", path).output().expect("there is bash");
    assert_eq!(String::from_utf8(output.stdout).unwrap().trim(), "probe");
}

#[test]
fn a_server_that_does_not_answer_is_not_waited_for() {
    let server = Server::start();
    let project = Project::new(&server);
    let mut home = Home::of(&server, &project);
    // It takes connections, and never says a word.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    for place in ["http://127.0.0.1:1".to_owned(), format!("http://{}", silent.local_addr().unwrap())] {
        home.set("FUELCELL_SERVER", &place);
        let began = Instant::now();
        assert_eq!(offered(&home, &["module", "show", ""]), [] as [&str; 0], "{place}");
        assert!(began.elapsed() < Duration::from_secs(20), "{place}: {:?}", began.elapsed());
    }
    // Profiles lie here.
    home.say(&["login", "spare", "--server", server.base()]);
    assert_eq!(offered(&home, &["profiles", "use", ""]), [format!("spare\t{}", server.base())]);
}

#[test]
fn a_pipeline_is_run_by_its_name() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let home = Home::of(&server, &project);
    let body = json!({"name": "Nightly", "jobType": "Analysis", "module": {"name": "probe"}, "parameters": {"steps": []}});
    let put = |id: &str| project.client.put(&project.path(&format!("pipelines/{id}")), &body).ok();
    put("0190a0a0-0000-7000-8000-000000000001");
    let job = home.json(&["pipeline", "run", "Nightly", "--label", "why=again", "--watch"]);
    assert_eq!((&job["status"], &job["labels"]["why"]), (&json!("Completed"), &json!("again")), "{job:#}");
    assert_eq!(home.json(&["pipeline", "show", "Nightly"])["name"], "Nightly");
    let (code, told) = home.fail(&["pipeline", "pause", "Nightly"]);
    assert!(code == 2 && told.contains("has no schedule"), "{told}");
    let (code, told) = home.fail(&["pipeline", "run", "Nightli"]);
    assert!(code == 2 && told.contains("did you mean Nightly?"), "{told}");
    put("0190a0a0-0000-7000-8000-000000000002");
    let (code, told) = home.fail(&["pipeline", "run", "Nightly"]);
    assert!(code == 2 && told.contains("2 pipelines are called") && told.contains("000000000002"), "{told}");
}

//! `fuelcell run --from-job`: a job of a server again, here.

use fuelcell_tests::{Project, Server, built};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

/// Somebody who may see a project.
struct Author<'a> {
    server: &'a Server,
    project: &'a Project,
    home: TempDir,
}

impl<'a> Author<'a> {
    fn new(server: &'a Server, project: &'a Project) -> Self {
        Self { server, project, home: TempDir::new().unwrap() }
    }

    fn path(&self) -> &Path {
        self.home.path()
    }

    fn run(&self, command: &str, arguments: &[&str]) -> Output {
        Command::new(built::fuelcell())
            .arg(command)
            .args(arguments)
            .current_dir(self.path())
            .env("FUELCELL_SERVER", self.server.base())
            .env("FUELCELL_TOKEN", &self.project.token)
            .env("XDG_CONFIG_HOME", self.path())
            .env("XDG_CACHE_HOME", fuelcell_tests::cache())
            .output()
            .unwrap()
    }

    /// What became of a run, and what is said of the job that it stands for.
    fn told(&self, arguments: &[&str]) -> Value {
        let output = self.run("run", &[arguments, &["--output", "json", "--force"]].concat());
        serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)))
    }
}

fn refusal(output: &Output) -> (Option<i32>, String) {
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn a_job_of_a_server_comes_to_the_same_here_unless_something_is_changed() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let author = Author::new(&server, &project);
    let dataset = project.dataset("orders.csv", b"id,amount\n1,2\n");
    let steps = json!([
        {"do": "echoInput", "artifact": "copy.csv"}, {"do": "work", "rounds": 1000}, {"do": "echoParameters", "artifact": "told.json"},
        {"do": "entropy", "artifact": "drawn.txt"},
    ]);
    let parameters = json!({"datasetId": dataset, "steps": &steps});
    let more = json!({"parameters": parameters, "deterministic": true, "limits": {"fuel": 50_000_000}});
    let job = project.probe_with(steps, more);
    let status = project.wait_for(&job, "Completed");
    let told = author.told(&["--from-job", &job]);
    let same = json!({
        "jobId": job, "status": "Completed", "sameModule": true, "sameEngine": true, "sameEnd": true, "sameFuel": true,
        "sameOutputs": true, "differingOutputs": [], "loweredLimits": [],
    });
    assert_eq!(told["job"], same);
    assert_eq!(told["usage"]["fuel"], status["receipt"]["fuel"]);
    assert_eq!(told["receipt"]["limits"]["fuel"], 50_000_000);
    assert_eq!(fs::read(author.path().join("out/copy.csv")).unwrap(), b"id,amount\n1,2\n");
    let text = author.run("run", &["--from-job", &job, "--out", "again"]);
    let text = String::from_utf8(text.stdout).unwrap();
    let line = format!(
        "beside job {job} (Completed): the same module, the same end, the same fuel, the same outputs\n"
    );
    assert!(text.ends_with(&line), "{text}");

    // What is given here goes before what the job had.
    fs::write(author.path().join("mine.csv"), "id,amount\n7,7\n").unwrap();
    let told = author.told(&["--from-job", &job, "--in", "dataset=mine.csv", "--seed", "0123456789abcdef"]);
    assert_eq!(told["job"]["differingOutputs"], json!(["copy.csv", "drawn.txt"]));
    let told = author.told(&["--from-job", &job, "--in", "mine.csv", "--memory", "8MiB"]);
    assert_eq!(
        told["job"]["differingOutputs"],
        json!(["copy.csv"]),
        "a file without a name is the first input"
    );
    let lowered = told["job"]["loweredLimits"][0].as_str().unwrap();
    assert!(lowered.starts_with("memory bytes 8388608 of "), "{lowered}");
    let told = author.told(&["--from-job", &job, "--param", r#"steps=[{"do":"fail","code":"Mine"}]"#]);
    let found = &told["job"];
    assert_eq!((&found["sameEnd"], &found["sameOutputs"]), (&json!(false), &json!(false)));

    // A profile of it, too.
    let profiled = author.run("profile", &["--from-job", &job, "--out", "third", "--output", "json"]);
    let profiled: Value = serde_json::from_slice(&profiled.stdout).unwrap();
    assert_eq!((&profiled["job"], &profiled["profile"]["fuel"]), (&same, &status["receipt"]["fuel"]));

    // Its dataset has other bytes by now.
    project.client.put_bytes(&project.path(&format!("datasets/{dataset}?name=new.csv")), b"new\n").ok();
    let (code, error) = refusal(&author.run("run", &["--from-job", &job, "--out", "fourth"]));
    assert_eq!(code, Some(5), "{error}");
    assert!(
        error.contains("has other bytes than the job read") && error.contains("--in dataset=FILE"),
        "{error}"
    );
    let told = author.told(&["--from-job", &job, "--in", "dataset=mine.csv"]);
    assert_eq!(told["job"]["differingOutputs"], json!(["copy.csv"]));
}

#[test]
fn a_failure_is_the_same_here() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let author = Author::new(&server, &project);
    let job = project.probe(json!([{"do": "work", "rounds": 10}, {"do": "fail", "code": "Mine"}]));
    project.wait_for(&job, "Failed");
    let told = author.told(&["--from-job", &job]);
    let found = &told["job"];
    assert_eq!(
        (&found["sameEnd"], &found["status"], &told["completed"]),
        (&json!(true), &json!("Failed"), &json!(false))
    );
}

#[test]
fn what_cannot_be_fetched_is_said_with_its_code() {
    let server = Server::start();
    let project = Project::new(&server);
    let author = Author::new(&server, &project);
    let unknown = "00000000-0000-7000-8000-000000000000";
    let (code, error) = refusal(&author.run("run", &["--from-job", unknown]));
    assert!(code == Some(2) && error.contains("job does not exist"), "{code:?} {error}");
    let (code, error) =
        refusal(&author.run("run", &["--from-job", unknown, "--server", "http://127.0.0.1:1"]));
    assert_eq!(code, Some(6), "{error}");
    let (code, error) = refusal(&author.run("run", &[]));
    assert!(code == Some(2) && error.contains("MODULE"), "{code:?} {error}");
    let (code, error) = refusal(&author.run("run", &["--from-job", unknown, "--repeat", "2"]));
    assert!(code == Some(2) && error.contains("cannot be used with"), "{code:?} {error}");
    assert!(!author.path().join("out").exists());
}

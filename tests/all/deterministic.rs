//! Deterministic jobs through a server: one fuel figure, one set of outputs, one receipt, however often and wherever they run.

use fuelcell_tests::project::text;
use fuelcell_tests::{Project, Server, built};
use serde_json::{Value, json};

/// The parameters name the dataset, so that it has the same id everywhere.
const DATASET: &str = "22222222-2222-4222-8222-222222222222";

/// What of a receipt is not the job's: when, for how long, and where it ran.
const NOT_THE_JOBS: [&str; 6] = ["startTime", "endTime", "cpuSeconds", "wallSeconds", "isolation", "fences"];

/// How often the job runs at each level: some times in a test, a thousand times in `cargo xtask soak`.
fn runs() -> usize {
    std::env::var("SOAK_DETERMINISTIC_RUNS").map_or(20, |runs| runs.parse().unwrap())
}

/// A log of some hundred events.
fn log() -> String {
    let mut log = "case_id,activity,timestamp,resource\n".to_owned();
    for case in 0..100 {
        for (hour, activity) in ["register", "check", "decide", "pay"].iter().enumerate().take(2 + case % 3) {
            let (day, resource) = (1 + case % 28, ["ann", "bob", "eve"][(case + hour) % 3]);
            log += &format!("{case},{activity},2024-01-{day:02}T{:02}:00:00Z,{resource}\n", 8 + hour);
        }
    }
    log
}

/// Runs the job so often on a fresh server; what its receipts say of it.
fn accounts(isolation: &str, runs: usize) -> Vec<Value> {
    let server = Server::start_with(&["--isolation", isolation]);
    let project = Project::new(&server);
    project
        .client
        .put_bytes(&project.path(&format!("datasets/{DATASET}?name=log.csv")), log().as_bytes())
        .ok();
    let body = json!({
        "jobName": "again", "jobType": "ProcessMining", "deterministic": true,
        "resource": {"resourceType": "Pipeline", "resourceId": project.pipeline("ProcessMining")},
        "parameters": {"datasetId": DATASET},
    });
    let mut accounts = Vec::new();
    while accounts.len() < runs {
        // Some at a time: the queue of a project has an end.
        let batch = 50.min(runs - accounts.len());
        let jobs: Vec<_> = (0..batch).map(|_| text(&project.submit(&body).ok(), "jobId")).collect();
        accounts.extend(jobs.iter().map(|job| {
            let receipt = project.wait_for(job, "Completed")["receipt"].clone();
            assert_eq!(receipt["isolation"], isolation);
            receipt
        }));
    }
    accounts
}

#[test]
fn the_same_job_has_one_account_however_often_and_wherever_it_runs() {
    let mut all: Vec<Value> = Vec::new();
    for isolation in ["in-process", "process"] {
        for mut receipt in accounts(isolation, runs()) {
            let members = receipt.as_object_mut().unwrap();
            for name in NOT_THE_JOBS {
                assert!(members.remove(name).is_some(), "{name}");
            }
            if !all.contains(&receipt) {
                all.push(receipt);
            }
        }
    }
    assert_eq!(all.len(), 1, "{all:#?}");
    let receipt = &all[0];
    assert!(receipt["fuel"].as_u64().unwrap() > 0);
    assert!(receipt["outputs"].as_array().unwrap().len() > 1, "{receipt:#}");
    assert_eq!(receipt["deterministic"]["time"], "2000-01-01T00:00:00Z");
    assert_eq!(text(&receipt["deterministic"], "seed").len(), 16);
    let (fuel, outputs) = (&receipt["fuel"], receipt["outputs"].as_array().unwrap().len());
    println!("{} runs at each level: fuel {fuel}, {outputs} outputs", runs());
}

/// The manifest asks for it, and a submission has the last word.
#[test]
fn a_manifest_or_a_submission_makes_a_job_deterministic() {
    let server = Server::start();
    let project = Project::new(&server);
    for (version, manifest) in [(1, json!({})), (2, json!({"deterministic": true}))] {
        let manifest =
            json!({"interface": "0.1", "title": "p", "deterministic": manifest["deterministic"] == true});
        let bytes = built::module_with_manifest("probe", &manifest.to_string());
        project.client.put_bytes(&project.path(&format!("modules/probe/versions/{version}")), &bytes).ok();
    }
    let entropy = json!([{"do": "entropy", "artifact": "entropy.txt"}]);
    let run = |version: &str, asked: Value| {
        let more = json!({"module": {"name": "probe", "version": version}, "deterministic": asked});
        let job = project.probe_with(entropy.clone(), more);
        let status = project.wait_for(&job, "Completed");
        assert_eq!(status["deterministic"], status["receipt"]["deterministic"].is_object());
        (status["deterministic"].as_bool().unwrap(), status["receipt"]["outputs"].clone())
    };
    for (version, asked, deterministic) in [
        ("1", Value::Null, false),
        ("1", json!(true), true),
        ("2", Value::Null, true),
        ("2", json!(false), false),
    ] {
        let (one, other) = (run(version, asked.clone()), run(version, asked));
        assert_eq!((one.0, other.0), (deterministic, deterministic), "version {version}");
        assert_eq!(one.1 == other.1, deterministic, "version {version}");
    }
}

/// Fuel and memory are the same in every run, and time is not told.
#[test]
fn a_job_is_told_what_it_used_so_far_and_a_deterministic_one_no_time() {
    let steps = json!([{"do": "usage", "rounds": 1_000_000, "artifact": "used.txt"}]);
    let told = |isolation: &str, deterministic: bool| {
        let server = Server::start_with(&["--isolation", isolation]);
        let project = Project::new(&server).with_probe();
        let job = project.probe_with(steps.clone(), json!({"deterministic": deterministic}));
        let receipt = project.wait_for(&job, "Completed")["receipt"].clone();
        let url = text(&project.results(&job)["results"]["primaryOutput"], "downloadUrl");
        (project.client.get(&url).text(), receipt["fuel"].as_u64().unwrap())
    };
    let (used, burnt) = told("in-process", true);
    assert_eq!((used.clone(), burnt), told("process", true));
    let figures: Vec<Vec<&str>> = used.lines().map(|line| line.split(' ').collect()).collect();
    let fuel = |line: usize| figures[line][0].parse::<u64>().unwrap();
    assert!(fuel(0) > 0 && fuel(1) > fuel(0) + 1_000_000 && fuel(1) < burnt, "{used} of {burnt}");
    assert!(figures.iter().all(|line| line[1].parse::<u64>().unwrap() > 0 && line[2] == "none"), "{used}");
    let (timed, _) = told("process", false);
    assert!(timed.lines().all(|line| line.split(' ').nth(2).unwrap().parse::<u64>().is_ok()), "{timed}");
}

//! `profile` of `POST execution/job`: where the fuel of a job went, kept with it.

use fuelcell_tests::{Project, Server};
use serde_json::{Value, json};

/// A profile by its page and its folded stacks, as a stranger with the links gets them.
struct Found {
    page: String,
    folded: Vec<(String, u64)>,
}

impl Found {
    fn of(project: &Project, job: &str) -> Self {
        let outputs = profile_of(&project.results(job));
        let names: Vec<_> = outputs.iter().map(|output| output["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["profile.html", "profile.folded"], "{outputs:?}");
        let download = |output: &Value| {
            project.client.with_token(None).get(output["downloadUrl"].as_str().unwrap()).text()
        };
        let line = |line: &str| {
            let (stack, amount) = line.rsplit_once(' ').unwrap();
            (stack.to_owned(), amount.parse().unwrap())
        };
        let folded = download(&outputs[1]).lines().map(line).collect();
        Self { page: download(&outputs[0]), folded }
    }

    fn fuel(&self) -> u64 {
        self.folded.iter().map(|(_, fuel)| fuel).sum()
    }

    /// What a function and those that it called burnt.
    fn fuel_of(&self, function: &str) -> u64 {
        self.folded.iter().filter(|(stack, _)| stack.contains(function)).map(|(_, fuel)| fuel).sum()
    }
}

fn profile_of(results: &Value) -> Vec<Value> {
    let additional = results["results"]["additionalOutputs"].as_array().unwrap();
    additional.iter().filter(|output| output["type"] == "FuelProfile").cloned().collect()
}

fn work() -> Value {
    json!([
        {"do": "work", "rounds": 1_000_000},
        {"do": "artifact", "name": "notes.txt", "text": "some notes", "kind": "data"},
    ])
}

/// The account of a job, and what was found of its profile.
fn ran(project: &Project, more: Value) -> (Value, Value, String) {
    let job = project.probe_with(work(), more);
    let receipt = project.wait_for(&job, "Completed")["receipt"].clone();
    (receipt, project.results(&job), job)
}

#[test]
fn a_profile_names_functions_adds_up_to_the_receipt_and_changes_nothing() {
    let server = Server::start();
    let apart = Server::start_with(&["--isolation", "process"]);
    let project = Project::new(&server).with_probe();
    let (plain, without, _) = ran(&project, json!({"deterministic": true}));
    assert_eq!(profile_of(&without), Vec::<Value>::new());
    for (server, isolation) in [(&server, "in-process"), (&apart, "process")] {
        let project = Project::new(server).with_probe();
        let (receipt, results, job) = ran(&project, json!({"deterministic": true, "profile": true}));
        assert_eq!(project.status(&job)["profile"], true);
        assert_eq!(receipt["isolation"], isolation);
        for figure in ["outputs", "fuel", "peakMemoryBytes", "bytesWritten", "engine"] {
            assert_eq!(receipt[figure], plain[figure], "{isolation}: {figure}");
        }
        let found = Found::of(&project, &job);
        assert_eq!(found.fuel(), receipt["fuel"].as_u64().unwrap(), "{isolation}");
        assert!(found.fuel_of("probe::perform") > found.fuel() / 2, "{:?}", found.folded);
        for part in ["Profile of a probe", "completed", "Fuel by call stack", "<svg"] {
            assert!(found.page.contains(part), "{part}");
        }
        assert!(!found.page.contains("<script"), "the page needs no script");
        // What the job made is still its only result.
        assert_eq!(results["results"]["primaryOutput"]["name"], "notes.txt");
        assert_eq!(results["summary"]["outputsGenerated"], 1);
    }
}

#[test]
fn a_job_that_does_not_complete_has_its_profile_as_far_as_it_came() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let hits = project.probe_with(work(), json!({"profile": true, "limits": {"fuel": 1_000_000}}));
    let status = project.wait_for(&hits, "Failed");
    assert_eq!(status["error"]["code"], "FuelExhausted");
    let results = project.results(&hits);
    assert_eq!((&results["partial"], &results["summary"]["outputsGenerated"]), (&json!(false), &json!(0)));
    let found = Found::of(&project, &hits);
    assert_eq!((found.fuel(), &status["receipt"]["fuel"]), (1_000_000, &json!(1_000_000)));
    assert!(found.page.contains("FuelExhausted"));

    let fails = project.probe_with(
        json!([{"do": "work", "rounds": 10_000}, {"do": "fail", "code": "Mine", "message": "no"}]),
        json!({"profile": true}),
    );
    let status = project.wait_for(&fails, "Failed");
    assert_eq!(Found::of(&project, &fails).fuel(), status["receipt"]["fuel"].as_u64().unwrap());

    let stopped = project.probe_with(
        json!([{"do": "work", "rounds": 10_000}, {"do": "progress", "done": 1, "total": 2, "stage": "there"}, {"do": "waitForCancel"}]),
        json!({"profile": true}),
    );
    project.wait_for_stage(&stopped, "there");
    project.client.delete(&project.job_path(&stopped), None).ok();
    let status = project.wait_for(&stopped, "Cancelled");
    assert_eq!(Found::of(&project, &stopped).fuel(), status["receipt"]["fuel"].as_u64().unwrap());
    // The same again has a profile again.
    let retried = project.client.post(&format!("{}/retry", project.job_path(&fails)), &json!({})).ok();
    let retried = retried["jobId"].as_str().unwrap();
    project.wait_for(retried, "Failed");
    Found::of(&project, retried);
}

#[test]
fn names_of_the_guest_are_the_guests_and_the_wish_is_yes_or_no() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let own = json!([{"do": "artifact", "name": "profile.html", "text": "mine", "primary": true}]);
    let job = project.probe_with(own, json!({"profile": true}));
    project.wait_for(&job, "Completed");
    let results = project.results(&job);
    let primary = &results["results"]["primaryOutput"];
    assert_eq!((&primary["name"], &primary["sizeBytes"]), (&json!("profile.html"), &json!(4)));
    let names: Vec<_> = profile_of(&results).iter().map(|output| output["name"].clone()).collect();
    assert_eq!(names, ["profile-2.html", "profile.folded"]);
    let wrong = json!({
        "jobName": "a probe", "jobType": "Analysis", "module": {"name": "probe"}, "profile": "yes", "parameters": {"steps": []},
    });
    let (code, message) = project.submit(&wrong).problem(400);
    assert!(code == "InvalidBody" && message.contains("profile"), "{code}: {message}");
}

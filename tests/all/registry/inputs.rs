//! Inputs by name: several datasets for one declared input.

use fuelcell_tests::project::text;
use fuelcell_tests::{Project, Server, built};
use serde_json::{Value, json};
use uuid::Uuid;

/// A project with a module that takes datasets by name.
fn project_with_lookups(server: &Server, required: bool) -> Project {
    let project = Project::new(server);
    let manifest = json!({
        "interface": "0.1", "title": "Looks things up", "jobType": "Analysis",
        "inputs": [
            {"name": "dataset", "parameter": "datasetId"},
            {"name": "lookups", "parameter": "lookups", "many": true, "required": required, "formats": ["csv"]},
        ],
    });
    let module = built::module_with_manifest("probe", &manifest.to_string());
    project.client.put_bytes(&project.path("modules/lookups/versions/1.0.0"), &module).ok();
    project
}

fn body(parameters: Value) -> Value {
    json!({
        "jobName": "j", "jobType": "Analysis", "module": {"name": "lookups"}, "keepPartialOnFailure": true,
        "parameters": parameters,
    })
}

/// Steps that copy both lookups.
fn copies() -> Value {
    json!([
        {"do": "echoInput", "input": "lookups/zones", "artifact": "zones.csv"},
        {"do": "echoInput", "input": "lookups/price list", "artifact": "prices.csv"},
    ])
}

fn artifact(project: &Project, job: &str, name: &str) -> String {
    let results = project.results(job);
    let files = results["results"]["additionalOutputs"].as_array().unwrap().iter();
    let mut files = files.chain([&results["results"]["primaryOutput"]]);
    let file = files.find(|file| file["name"] == name).unwrap_or_else(|| panic!("{name} in {results:#}"));
    project.client.with_token(None).get(&text(file, "downloadUrl")).text()
}

#[test]
fn each_named_dataset_is_an_input_that_is_pinned_and_accounted_for() {
    let server = Server::start();
    let project = project_with_lookups(&server, true);
    let zones = project.dataset("zones.csv", b"zones");
    let prices = project.dataset("prices.csv", b"prices");
    let lookups = json!({"zones": zones, "price list": prices});
    let waiting = json!({"scheduling": {"scheduledTime": "2999-01-01"}});
    let mut queued = body(json!({"lookups": lookups, "steps": copies()}));
    queued.as_object_mut().unwrap().extend(waiting.as_object().unwrap().clone());
    let queued = text(&project.submit(&queued).ok(), "jobId");

    // A dataset that a job waits to read is not deleted, whatever its name is there.
    let path = project.path(&format!("datasets/{prices}"));
    let (code, detail) = project.client.delete(&path, None).problem(409);
    assert!(code == "InUse" && detail.contains(&queued), "{detail}");

    let job = text(&project.submit(&body(json!({"lookups": lookups, "steps": copies()}))).ok(), "jobId");
    let status = project.wait_for(&job, "Completed");
    assert_eq!(artifact(&project, &job, "zones.csv"), "zones");
    assert_eq!(artifact(&project, &job, "prices.csv"), "prices");
    let inputs = status["receipt"]["inputs"].as_array().unwrap();
    let mut named: Vec<_> = inputs.iter().map(|input| text(input, "name")).collect();
    named.sort();
    assert_eq!(named, ["lookups/price list", "lookups/zones"]);

    let types = project.client.get(&project.path("modules/lookups/versions/1.0.0")).ok();
    assert_eq!(types["manifest"]["inputs"][1]["many"], true);
    project.client.delete(&project.job_path(&queued), None).ok();
    assert_eq!(project.client.delete(&path, None).status, 204);
}

#[test]
fn a_retry_keeps_the_bytes_of_all_names_that_it_leaves_alone() {
    let server = Server::start();
    let project = project_with_lookups(&server, false);
    let (zones, prices) =
        (project.dataset("zones.csv", b"old zones"), project.dataset("p.csv", b"old prices"));
    let mut steps = copies();
    steps.as_array_mut().unwrap().push(json!({"do": "fail", "code": "x", "message": "y"}));
    let lookups = json!({"zones": zones, "price list": prices});
    let job = text(&project.submit(&body(json!({"lookups": lookups, "steps": steps}))).ok(), "jobId");
    project.wait_for(&job, "Failed");
    for id in [&zones, &prices] {
        project.client.put_bytes(&project.path(&format!("datasets/{id}?name=new.csv")), b"new").ok();
    }
    let other = project.dataset("other.csv", b"other");
    let retry = |changes: Value| {
        let path = format!("{}/retry", project.job_path(&job));
        project.client.post(&path, &json!({"updatedParameters": changes}))
    };
    let again = text(&retry(json!({})).ok(), "jobId");
    project.wait_for(&again, "Failed");
    assert_eq!(artifact(&project, &again, "zones.csv"), "old zones");
    let changed = text(&retry(json!({"lookups": {"price list": other}, "steps": copies()})).ok(), "jobId");
    project.wait_for(&changed, "Completed");
    assert_eq!(artifact(&project, &changed, "zones.csv"), "old zones");
    assert_eq!(artifact(&project, &changed, "prices.csv"), "other");
    // What is taken away is not there any more.
    let without = text(&retry(json!({"lookups": {"price list": null}, "steps": copies()})).ok(), "jobId");
    let error = project.wait_for(&without, "Failed")["error"].clone();
    assert!(text(&error, "message").contains("there is no input named \"lookups/price list\""), "{error:#}");
    assert_eq!(retry(json!({"lookups": {"zones": Uuid::new_v4()}})).problem(404).0, "NotFound");
}

#[test]
fn what_is_no_name_or_no_dataset_is_told_with_its_place() {
    let server = Server::start();
    let project = project_with_lookups(&server, true);
    let id = project.dataset("zones.csv", b"zones");
    let wrong = body(json!({"lookups": {"a/b": id, "..": id, "zones": "no-guid"}}));
    let problem = project.submit(&wrong).json();
    assert_eq!((&problem["status"], &problem["code"]), (&json!(400), &json!("InvalidParameters")));
    let mut places: Vec<_> =
        problem["errors"].as_array().unwrap().iter().map(|fault| text(fault, "pointer")).collect();
    places.sort();
    assert_eq!(places, ["/lookups/..", "/lookups/a~1b", "/lookups/zones"], "{problem:#}");
    let told = |parameters: Value, status| project.submit(&body(parameters)).problem(status);
    assert_eq!(told(json!({"lookups": [id]}), 400).0, "InvalidParameters");
    assert_eq!(told(json!({}), 400).0, "DatasetRequired");
    assert_eq!(told(json!({"lookups": {}}), 400).0, "DatasetRequired");
    assert_eq!(told(json!({"lookups": {"zones": Uuid::new_v4()}}), 404).0, "NotFound");
    let many: Value = (0..65).map(|number| (number.to_string(), json!(id))).collect();
    let (code, detail) = told(json!({"lookups": many}), 400);
    assert!(code == "InvalidParameters" && detail.contains("at most 64"), "{detail}");
    // The example of the type runs as it is.
    let active = json!({"jobType": "Analysis"});
    project.client.post(&project.path("modules/lookups/versions/1.0.0/activate"), &active).ok();
    let types = project.client.get(&project.path("job-types")).ok();
    let example = types["jobTypes"].as_array().unwrap()[3]["example"].clone();
    assert_eq!(example["parameters"]["lookups"]["example"], json!(id), "{example:#}");
    project.wait_for(&text(&project.submit(&example).ok(), "jobId"), "Completed");
}

#[test]
fn a_pipelines_parameters_name_datasets_for_its_jobs() {
    let server = Server::start();
    let project = project_with_lookups(&server, true);
    let (usual, zones) = (project.dataset("usual.csv", b"usual"), project.dataset("zones.csv", b"zones"));
    let pipeline = Uuid::new_v4().to_string();
    let steps = json!([
        {"do": "echoInput", "input": "lookups/zones", "artifact": "zones.csv"},
        {"do": "echoInput", "input": "dataset", "artifact": "dataset.csv"},
    ]);
    let spec = json!({
        "name": "With lookups", "jobType": "Analysis", "module": {"name": "lookups"}, "datasetId": usual,
        "parameters": {"lookups": {"zones": zones}, "steps": steps},
    });
    project.client.put(&project.path(&format!("pipelines/{pipeline}")), &spec).ok();
    let submission = json!({
        "jobName": "j", "jobType": "Analysis", "resource": {"resourceType": "Pipeline", "resourceId": pipeline},
        "parameters": {},
    });
    let job = text(&project.submit(&submission).ok(), "jobId");
    project.wait_for(&job, "Completed");
    assert_eq!(artifact(&project, &job, "zones.csv"), "zones");
    assert_eq!(artifact(&project, &job, "dataset.csv"), "usual");
}

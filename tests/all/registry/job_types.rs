//! What can be submitted, and examples that run.

use fuelcell_tests::{Project, Server, built, project::text};
use serde_json::{Value, json};

fn job_types(project: &Project) -> Vec<Value> {
    let list = project.client.get(&project.path("job-types")).ok();
    list["jobTypes"].as_array().unwrap().clone()
}

#[test]
fn each_type_says_what_runs_it_and_every_example_runs() {
    let server = Server::start();
    let project = Project::new(&server);
    let types = job_types(&project);
    let words: Vec<_> = types.iter().map(|known| text(known, "jobType")).collect();
    assert_eq!(words, ["ProcessMining", "DataEnrichment", "Notebook", "Analysis"]);
    let mining = &types[0];
    assert_eq!(
        (&mining["module"]["builtIn"], &mining["inputs"][0]["parameter"]),
        (&json!(true), &json!("datasetId"))
    );
    assert!(mining["parameters"]["properties"].is_object() && mining["outputs"].is_array(), "{mining:#}");
    assert_eq!(mining["example"], Value::Null, "there is no dataset");
    let notebook = &types[2];
    assert_eq!(
        (&notebook["module"]["name"], &notebook["module"]["builtIn"], &notebook["example"]),
        (&json!("notebook"), &json!(true), &Value::Null)
    );
    let named: Vec<_> =
        notebook["inputs"].as_array().unwrap().iter().map(|input| &input["parameter"]).collect();
    assert_eq!(named, ["datasetId", "notebookId", "lookups"]);
    assert!(notebook["parameters"]["properties"]["allowErrors"].is_object(), "{notebook:#}");

    let log = b"case_id,activity,timestamp\n1,a,2024-01-01T00:00:00Z\n1,b,2024-01-02T00:00:00Z\n";
    project.dataset("log.csv", log);
    project.dataset("n.ipynb", br#"{"nbformat": 4, "cells": [{"cell_type": "code", "source": "1 + 1"}]}"#);
    project.pipeline("ProcessMining");
    project.pipeline("Notebook");
    let project = project.with_probe();
    let active = json!({"jobType": "Analysis"});
    project.client.post(&project.path("modules/probe/versions/1/activate"), &active).ok();
    let types = job_types(&project);
    assert_eq!(
        (&types[3]["module"]["name"], &types[3]["module"]["builtIn"]),
        (&json!("probe"), &json!(false))
    );
    let examples: Vec<_> =
        types.iter().map(|known| &known["example"]).filter(|example| !example.is_null()).collect();
    assert!(examples.len() >= 3, "{types:#?}");
    for example in examples {
        let job = text(&project.submit(example).ok(), "jobId");
        project.wait_for(&job, "Completed");
    }
}

/// Uploads the probe under this name, as a module that declares this type.
fn declaring(project: &Project, name: &str, job_type: &str) {
    let manifest = json!({
        "interface": "0.1", "title": "Looks for fraud", "jobType": job_type,
        "parameters": {"type": "object", "required": ["steps"], "properties": {"steps": {"type": "array"}}},
    });
    let bytes = built::module_with_manifest("probe", &manifest.to_string());
    project.client.put_bytes(&project.path(&format!("modules/{name}/versions/1.0.0")), &bytes).ok();
}

fn submission(job_type: &str, more: &Value) -> Value {
    let mut body = json!({"jobName": "j", "jobType": job_type, "parameters": {"steps": []}});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

#[test]
fn a_module_declares_a_type_of_its_own() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let client = &project.client;
    let told = |job_type: &str, more: Value| project.submit(&submission(job_type, &more)).problem(400);
    let (code, detail) = told("FraudCheck", json!({"module": {"name": "probe"}}));
    assert_eq!(code, "InvalidJobType", "{detail}");

    declaring(&project, "fraud", "FraudCheck");
    let types = job_types(&project);
    let own = types.iter().find(|known| known["jobType"] == "FraudCheck").unwrap();
    assert_eq!((&own["module"], &own["title"]), (&Value::Null, &json!("Looks for fraud")));
    assert_eq!(own["parameters"]["required"], json!(["steps"]));
    // The nearest is told; what nothing runs says how it could be.
    for wrong in ["FraudChecks", "fraudcheck"] {
        let (code, detail) = told(wrong, json!({"module": {"name": "fraud"}}));
        assert!(code == "InvalidJobType" && detail.contains("did you mean \"FraudCheck\"?"), "{detail}");
    }
    for wrong in ["", "1st", "a b", "é"] {
        assert_eq!(told(wrong, json!({"module": {"name": "fraud"}})).0, "InvalidBody", "{wrong:?}");
    }
    let pipeline = project.pipeline("FraudCheck");
    let by_pipeline = json!({"resource": {"resourceType": "Pipeline", "resourceId": pipeline}});
    assert_eq!(project.submit(&submission("FraudCheck", &by_pipeline)).problem(422).0, "NoModuleBound");
    // Only modules that declare it run its jobs, and they run no others.
    assert_eq!(told("FraudCheck", json!({"module": {"name": "probe"}})).0, "JobTypeMismatch");
    assert_eq!(told("Analysis", json!({"module": {"name": "fraud"}})).0, "JobTypeMismatch");
    let named = project.submit(&submission("FraudCheck", &json!({"module": {"name": "fraud"}}))).ok();
    project.wait_for(&text(&named, "jobId"), "Completed");

    let activate = project.path("modules/fraud/versions/1.0.0/activate");
    assert_eq!(client.post(&activate, &json!({"jobType": "Notebook"})).problem(400).0, "JobTypeMismatch");
    client.post(&activate, &json!({"jobType": "FraudCheck"})).ok();
    let job = text(&project.submit(&submission("FraudCheck", &by_pipeline)).ok(), "jobId");
    let done = project.wait_for(&job, "Completed");
    assert_eq!(done["jobType"], "FraudCheck");
    let modules = client.get(&project.path("modules/fraud")).ok();
    assert_eq!(modules["versions"][0]["activeFor"], json!(["FraudCheck"]));
    assert_eq!(client.delete(&project.path("modules/fraud/versions/1.0.0"), None).status, 409);

    let list = |filter: &str| client.get(&project.path(&format!("execution/jobs?jobType={filter}")));
    assert_eq!(list("FraudCheck").ok()["summary"]["totalJobs"], 2);
    assert_eq!(list("analysis").ok()["summary"]["totalJobs"], 0);
    let (code, detail) = list("FraudChecks").problem(400);
    assert!(code == "InvalidJobType" && detail.contains("did you mean \"FraudCheck\"?"), "{detail}");
    client.delete(&project.path("activations/FraudCheck"), None).ok();
    assert_eq!(project.submit(&submission("FraudCheck", &by_pipeline)).problem(422).0, "NoModuleBound");
    // Another project knows nothing of it.
    let other = Project::new(&server);
    let list = other.client.get(&other.path("execution/jobs?jobType=FraudCheck"));
    assert_eq!(list.problem(400).0, "InvalidJobType");
}

#[test]
fn the_four_are_reserved_in_any_case() {
    let server = Server::start();
    let project = Project::new(&server);
    declaring(&project, "mine", "ANALYSIS");
    let version = project.client.get(&project.path("modules/mine/versions/1.0.0")).ok();
    assert_eq!(version["manifest"]["jobType"], "Analysis");
    let body = submission("analysis", &json!({"module": {"name": "mine"}}));
    let job = text(&project.submit(&body).ok(), "jobId");
    assert_eq!(project.wait_for(&job, "Completed")["jobType"], "Analysis");
    assert_eq!(job_types(&project).len(), 4);
}

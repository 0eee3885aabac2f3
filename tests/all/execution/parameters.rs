//! Parameters are checked when a job is submitted and when a pipeline is put.

use fuelcell_tests::{Project, Server, built};
use serde_json::{Value, json};
use uuid::Uuid;

/// A project with a module whose parameters are described by this schema.
fn project_with_schema(server: &Server, schema: &Value) -> Project {
    let project = Project::new(server);
    let manifest =
        json!({"interface": "0.1", "title": "t", "jobType": "Analysis", "parameters": schema}).to_string();
    let bytes = built::module_with_manifest("probe", &manifest);
    project.client.put_bytes(&project.path("modules/m/versions/1"), &bytes).ok();
    project
}

fn schema() -> Value {
    json!({
        "type": "object",
        "required": ["mode", "count"],
        "additionalProperties": false,
        "properties": {
            "mode": {"enum": ["fast", "exact"]},
            "count": {"type": "integer", "minimum": 1},
            "columns": {"type": "array", "items": {"type": "string"}},
            "steps": {"type": "array"},
        },
    })
}

#[test]
fn wrong_parameters_are_400_with_pointers() {
    let server = Server::start();
    let project = project_with_schema(&server, &schema());
    let submit = |parameters: Value| {
        project.submit(&json!({"jobName": "j", "jobType": "Analysis", "module": {"name": "m"}, "parameters": parameters}))
    };
    submit(json!({"mode": "fast", "count": 1, "columns": ["a"], "steps": []})).ok();
    let refused = submit(json!({"mode": "slow", "columns": ["a", 7], "extra": 1}));
    let (code, detail) = refused.problem(400);
    assert_eq!(code, "InvalidParameters");
    assert!(detail.contains("module m"), "{detail}");
    let errors = refused.json()["errors"].clone();
    let pointers: Vec<_> =
        errors.as_array().unwrap().iter().map(|error| error["pointer"].as_str().unwrap()).collect();
    for pointer in ["", "/mode", "/columns/1"] {
        assert!(pointers.contains(&pointer), "no {pointer:?} in {errors:#}");
    }
    let about_count = errors
        .as_array()
        .unwrap()
        .iter()
        .any(|error| error["message"].as_str().unwrap().contains("\"count\""));
    assert!(about_count, "what is missing is named: {errors:#}");
    let listed = project.client.get(&project.path("execution/jobs")).ok();
    assert_eq!(listed["summary"]["totalJobs"], 1, "nothing was queued");
}

#[test]
fn pipelines_lend_what_is_missing_but_nothing_wrong() {
    let server = Server::start();
    let project = project_with_schema(&server, &schema());
    let id = Uuid::new_v4();
    let put = |parameters: Value| {
        let body =
            json!({"name": "p", "jobType": "Analysis", "module": {"name": "m"}, "parameters": parameters});
        project.client.put(&project.path(&format!("pipelines/{id}")), &body)
    };
    let refused = put(json!({"count": 0}));
    assert_eq!(refused.problem(400).0, "InvalidParameters");
    assert_eq!(refused.json()["errors"][0]["pointer"], "/count");
    assert_eq!(put(json!({"extra": 1})).problem(400).0, "InvalidParameters");
    put(json!({"count": 3, "steps": []})).ok();
    let body = |parameters: Value| {
        let resource = json!({"resourceType": "Pipeline", "resourceId": id});
        json!({"jobName": "j", "jobType": "Analysis", "resource": resource, "parameters": parameters})
    };
    project.submit(&body(json!({"mode": "exact"}))).ok();
    assert_eq!(project.submit(&body(json!({}))).problem(400).0, "InvalidParameters", "mode is still missing");
}

#[test]
fn a_retry_is_checked_too() {
    let server = Server::start();
    let project = project_with_schema(&server, &schema());
    let steps = json!([{"do": "fail", "code": "x", "message": "y"}]);
    let submitted = project.submit(&json!({
        "jobName": "j", "jobType": "Analysis", "module": {"name": "m"},
        "parameters": {"mode": "fast", "count": 1, "steps": steps},
    }));
    let job = submitted.ok()["jobId"].as_str().unwrap().to_owned();
    project.wait_for(&job, "Failed");
    let body = json!({"updatedParameters": {"count": null}});
    let refused = project.client.post(&format!("{}/retry", project.job_path(&job)), &body);
    assert_eq!(refused.problem(400).0, "InvalidParameters");
}

#[test]
fn schemas_that_lead_outside_or_to_themselves_are_refused_at_upload() {
    let server = Server::start();
    let project = Project::new(&server);
    for schema in [
        json!({"$ref": "http://127.0.0.1:1/schema.json"}),
        json!({"properties": {"a": {"$ref": "file:///etc/passwd"}}}),
        json!({"allOf": [{"$ref": "#"}]}),
        json!({"type": "no such type"}),
        json!({"properties": {"a": {"pattern": "("}}}),
        json!("a text"),
    ] {
        let manifest = json!({"interface": "0.1", "title": "t", "parameters": schema}).to_string();
        let bytes = built::module_with_manifest("probe", &manifest);
        let (code, detail) =
            project.client.put_bytes(&project.path("modules/m/versions/1"), &bytes).problem(422);
        assert_eq!(code, "ManifestInvalid", "{schema}: {detail}");
    }
}

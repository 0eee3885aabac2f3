//! `pipelines/{pipelineId}`

use fuelcell_tests::{Project, Server};
use serde_json::json;
use uuid::Uuid;

#[test]
fn a_pipeline_lends_its_module_parameters_dataset_and_limits() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let dataset = project.dataset("in.txt", b"12345");
    let id = Uuid::new_v4().to_string();
    let put = project.client.put(
        &project.path(&format!("pipelines/{id}")),
        &json!({
            "name": "Copies", "jobType": "Analysis", "module": {"name": "probe"}, "datasetId": dataset,
            "parameters": {"steps": [{"do": "echoInput", "input": "dataset", "artifact": "copy.txt"}]},
            "limits": {"memoryBytes": 33_554_432},
        }),
    );
    assert_eq!(put.ok()["pipelineNumber"], 1);
    let body = json!({"jobName": "j", "jobType": "Analysis", "resource": {"resourceType": "Pipeline", "resourceId": id}});
    let job = project.submit(&body).ok()["jobId"].as_str().unwrap().to_owned();
    let status = project.wait_for(&job, "Completed");
    assert_eq!(
        status["resource"],
        json!({"resourceType": "Pipeline", "resourceId": id, "resourceName": "Copies"})
    );
    assert_eq!(status["limits"]["memoryBytes"], 33_554_432);
    assert_eq!(status["receipt"]["bytesRead"], 5);
}

#[test]
fn a_pipeline_that_names_what_is_not_there_is_refused() {
    let server = Server::start();
    let project = Project::new(&server);
    let path = project.path(&format!("pipelines/{}", Uuid::new_v4()));
    let put = |changes: serde_json::Value| {
        let mut body = json!({"name": "p", "jobType": "Analysis"});
        body.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        project.client.put(&path, &body)
    };
    assert_eq!(put(json!({"datasetId": Uuid::new_v4()})).problem(404).0, "NotFound");
    assert_eq!(put(json!({"module": {"name": "nobody"}})).problem(404).0, "NotFound");
    assert!(put(json!({"jobTipe": "x"})).problem(400).1.contains("jobTipe"), "unknown members are named");
}

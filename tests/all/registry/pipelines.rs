//! `pipelines…`

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

#[test]
fn pipelines_are_listed_and_deleted_and_their_jobs_keep_the_name() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let (first, second) = (project.pipeline("Analysis"), project.pipeline("Analysis"));
    let list = |query: &str| project.client.get(&project.path(&format!("pipelines{query}"))).ok();
    let ids = |list: serde_json::Value| -> Vec<String> {
        list["pipelines"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["pipelineId"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(ids(list("")), [first.clone(), second.clone()]);
    assert_eq!(ids(list("?pageSize=1&page=2")), std::slice::from_ref(&second));
    assert_eq!(list("")["pagination"]["total"], 2);
    let resource = json!({"resourceType": "Pipeline", "resourceId": second});
    let waits = json!({"resource": resource, "scheduling": {"scheduledTime": "2999-01-01"}});
    let job = project.probe_with(json!([]), waits);
    let path = project.path(&format!("pipelines/{second}"));
    assert_eq!(project.client.delete(&path, None).status, 204);
    assert_eq!(project.client.delete(&path, None).problem(404).0, "NotFound");
    assert_eq!(project.client.get(&path).problem(404).0, "NotFound");
    assert_eq!(ids(list("")), [first]);
    let status = project.status(&job);
    assert_eq!(status["resource"]["resourceName"], "a pipeline");
    assert_eq!(status["status"], "Queued");
    let body = json!({"jobName": "j", "jobType": "Analysis", "resource": {"resourceType": "Pipeline", "resourceId": second}});
    assert_eq!(project.submit(&body).problem(404).0, "NotFound");
}

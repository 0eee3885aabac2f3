//! `datasets/{datasetId}`

use fuelcell_tests::{Project, Server};
use serde_json::json;
use uuid::Uuid;

#[test]
fn a_dataset_has_name_size_and_digest_and_is_replaced_for_later_jobs() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let id = Uuid::new_v4().to_string();
    let path = project.path(&format!("datasets/{id}"));
    let first = project.client.put_bytes(&format!("{path}?name=folder/one.csv"), b"one").ok();
    assert_eq!(
        (&first["name"], &first["size"], &first["rowCount"]),
        (&json!("one.csv"), &json!(3), &json!(null))
    );
    assert_eq!(first["digest"], "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed");
    let echo =
        json!({"datasetId": id, "steps": [{"do": "echoInput", "input": "dataset", "artifact": "copy.csv"}]});
    let waiting = json!({"parameters": echo, "scheduling": {"scheduledTime": "2999-01-01"}});
    let pinned = project.probe_with(json!([]), waiting);
    project.client.put_bytes(&format!("{path}?name=two.csv"), b"two!").ok();
    assert_eq!(project.client.get(&path).ok()["size"], 4);
    let later = project.probe_with(json!([]), json!({"parameters": echo}));
    let status = project.wait_for(&later, "Completed");
    assert_eq!(status["receipt"]["bytesRead"], 4);
    assert_eq!(project.status(&pinned)["status"], "Queued");
}

#[test]
fn a_dataset_needs_a_name_and_a_guid() {
    let server = Server::start();
    let project = Project::new(&server);
    let id = Uuid::new_v4();
    assert_eq!(
        project.client.put_bytes(&project.path(&format!("datasets/{id}")), b"x").problem(400).0,
        "InvalidName"
    );
    assert_eq!(
        project.client.put_bytes(&project.path("datasets/7?name=x"), b"x").problem(400).0,
        "InvalidId"
    );
    assert_eq!(project.client.get(&project.path(&format!("datasets/{id}"))).problem(404).0, "NotFound");
}

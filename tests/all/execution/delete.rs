//! `DELETE execution/job/{jobId}/data`

use fuelcell_tests::project::{text, token};
use fuelcell_tests::{Project, Server};
use serde_json::json;

#[test]
fn an_ended_job_is_forgotten_with_everything_that_led_to_it() {
    let mut server = Server::start();
    let project = Project::new(&server).with_probe();
    let job = project.probe(json!([
        {"do": "log", "message": "a line"},
        {"do": "artifact", "name": "out.txt", "text": "bytes", "primary": true},
    ]));
    let kept =
        project.probe(json!([{"do": "artifact", "name": "out.txt", "text": "bytes", "primary": true}]));
    project.wait_for(&job, "Completed");
    project.wait_for(&kept, "Completed");
    let link = |job: &str| text(&project.results(job)["results"]["primaryOutput"], "downloadUrl");
    let (dead, alive) = (link(&job), link(&kept));
    let path = project.job_path(&job);
    let deleted = project.client.delete(&format!("{path}/data"), None);
    assert_eq!((deleted.status, deleted.body.len()), (204, 0), "{}", deleted.text());
    for rest in ["", "/results", "/logs", "/results?format=download"] {
        assert_eq!(project.client.get(&format!("{path}{rest}")).problem(404).0, "NotFound", "{rest}");
    }
    assert_eq!(project.client.get(&dead).problem(404).0, "NotFound", "its links are dead");
    assert_eq!(project.client.get(&alive).text(), "bytes", "the same bytes of another job are not");
    let listed = project.client.get(&project.path("execution/jobs")).ok();
    assert_eq!((&listed["summary"]["totalJobs"], &listed["jobs"][0]["jobId"]), (&json!(1), &json!(kept)));
    assert_eq!(project.client.delete(&format!("{path}/data"), None).problem(404).0, "NotFound");
    assert_eq!(project.client.post(&format!("{path}/retry"), &json!({})).problem(404).0, "NotFound");
    // It stays forgotten, and the gap in the numbers of jobs is not taken for a loss.
    assert!(server.terminate());
    server.restart();
    let project = project.after_restart(&server);
    assert_eq!(project.client.get(&path).problem(404).0, "NotFound");
    let next = project.probe(json!([]));
    assert_eq!(project.wait_for(&next, "Completed")["jobNumber"], 3);
}

#[test]
fn living_jobs_stay_and_only_administrators_delete() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let job = project.probe_with(json!([]), json!({"scheduling": {"scheduledTime": "2999-01-01"}}));
    let path = format!("{}/data", project.job_path(&job));
    let (code, detail) = project.client.delete(&path, None).problem(409);
    assert_eq!(code, "JobNotEnded");
    assert!(detail.contains("Queued"), "{detail}");
    project.client.delete(&project.job_path(&job), None).ok();
    let submitter = token(&server.operator(), "submitter", &project.tenant, Some(&project.project));
    assert!(server.client(Some(&submitter)).delete(&path, None).problem(403).1.contains("administrator"));
    assert_eq!(Project::new(&server).client.delete(&path, None).problem(404).0, "NotFound");
    assert_eq!(project.client.delete(&path, None).status, 204);
}

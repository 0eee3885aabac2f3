//! The Data Machine jobs API.

mod auth;
mod clear;
mod clients;
mod exchanges;
mod list;
mod processed;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use fuelcell_tests::project::text;
use fuelcell_tests::{Answer, Project, Server};
use serde_json::{Value, json};
use uuid::Uuid;

const JOBS: &str = "/wp-json/datamachine/v1/jobs";

/// A project with the probe module, and a user with an application password for it.
struct Scene {
    server: Server,
    project: Project,
    user: String,
    password: String,
}

impl Scene {
    fn set() -> Self {
        let server = Server::start();
        let project = Project::new(&server).with_probe();
        let (_, password) = make_password(&server, &project, "ann", "administrator");
        Self { server, project, user: "ann".into(), password }
    }

    fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let authorization = basic(&self.user, &self.password);
        let headers: Vec<_> =
            headers.iter().copied().chain([("authorization", &authorization[..])]).collect();
        self.server.client(None).send(method, path, &headers, body)
    }

    fn get(&self, rest: &str) -> Answer {
        self.send("GET", &format!("{JOBS}{rest}"), &[], b"")
    }

    /// The rows that a query finds.
    fn rows(&self, query: &str) -> Vec<Value> {
        self.get(query).ok()["data"].as_array().unwrap().clone()
    }

    fn clear(&self, body: &Value) -> Answer {
        self.send("DELETE", JOBS, &[("content-type", "application/json")], body.to_string().as_bytes())
    }

    /// A pipeline that runs this module.
    fn pipeline(&self, name: &str, job_type: &str, module: &str) -> String {
        let id = Uuid::new_v4().to_string();
        let body = json!({"name": name, "jobType": job_type, "module": {"name": module}});
        self.project.client.put(&self.project.path(&format!("pipelines/{id}")), &body).ok();
        id
    }

    /// Submits a probe, in a pipeline when there is one, and returns its id.
    fn submit(&self, pipeline: Option<&str>, steps: Value) -> String {
        let resource = pipeline.map(|id| json!({"resourceType": "Pipeline", "resourceId": id}));
        match resource {
            Some(resource) => {
                let body = json!({"jobName": "j", "jobType": "Analysis", "resource": resource, "parameters": {"steps": steps}});
                text(&self.project.submit(&body).ok(), "jobId")
            }
            None => self.project.probe(steps),
        }
    }

    /// Submits a probe that fails, and waits for that.
    fn failed(&self, pipeline: Option<&str>, message: &str) -> String {
        let job = self.submit(pipeline, json!([{"do": "fail", "message": message}]));
        self.project.wait_for(&job, "Failed");
        self.settle();
        job
    }

    /// Submits a probe that completes, and waits for that.
    fn completed(&self, pipeline: Option<&str>, steps: Value) -> String {
        let job = self.submit(pipeline, steps);
        self.project.wait_for(&job, "Completed");
        self.settle();
        job
    }

    /// A job that waits for a time far away.
    fn pending(&self) -> String {
        let far =
            json!({"scheduling": {"executeImmediately": false, "scheduledTime": "2030-01-01T00:00:00Z"}});
        self.project.probe_with(json!([]), far)
    }

    /// A job that runs until it is cancelled.
    fn running(&self) -> String {
        let job = self.project.probe(json!([
            {"do": "progress", "done": 0, "total": 1, "stage": "Held"},
            {"do": "waitForCancel"},
        ]));
        self.project.wait_for_stage(&job, "Held");
        self.settle();
        job
    }

    fn cancel(&self, job: &str) {
        assert_eq!(self.project.client.delete(&self.project.job_path(job), None).status, 200);
        self.project.wait_for(job, "Cancelled");
        self.settle();
    }

    fn settle(&self) {
        self.project.settle();
    }
}

/// Makes an application password; returns its id and the password as it is shown.
fn make_password(server: &Server, project: &Project, user: &str, role: &str) -> (String, String) {
    let body =
        json!({"userName": user, "tenantId": project.tenant, "projectId": project.project, "role": role});
    let made = server.operator().post("/api/admin/application-passwords", &body).ok();
    (text(&made, "passwordId"), text(&made, "password"))
}

/// The header of HTTP Basic.
fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}")))
}

/// Checks that this is an error as the protocol has them, and returns code and data.
fn error(answer: &Answer, status: u16) -> (String, Value) {
    assert_eq!(answer.status, status, "{}", answer.text());
    assert!(
        answer.header("content-type").starts_with("application/json"),
        "{}",
        answer.header("content-type")
    );
    let error = answer.json();
    let members: Vec<_> = error.as_object().unwrap().keys().cloned().collect();
    assert_eq!(members, ["code", "data", "message"], "{error}");
    assert_eq!(error["data"]["status"], status);
    assert!(!text(&error, "message").is_empty());
    (text(&error, "code"), error["data"].clone())
}

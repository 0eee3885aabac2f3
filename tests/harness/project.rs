//! A tenant with a project, and what tests do in it all the time.

use crate::client::{Answer, Client};
use crate::server::Server;
use crate::{built, eventually};
use serde_json::{Value, json};
use std::time::Duration;
use uuid::Uuid;

/// How long a job of a test may take.
const JOB: Duration = Duration::from_secs(120);

/// A project of a tenant of its own.
pub struct Project {
    /// An administrator of the project.
    pub client: Client,
    /// The tenant.
    pub tenant: String,
    /// The project.
    pub project: String,
    /// The administrator's token.
    pub token: String,
}

impl Project {
    /// A fresh tenant with a fresh project.
    pub fn new(server: &Server) -> Self {
        let operator = server.operator();
        let tenant =
            operator.post("/api/admin/tenants", &json!({"name": format!("tenant {}", Uuid::new_v4())})).ok();
        let tenant = text(&tenant, "tenantId");
        let project = operator
            .post(&format!("/api/admin/tenants/{tenant}/projects"), &json!({"name": "a project"}))
            .ok();
        let project = text(&project, "projectId");
        let token = token(&operator, "administrator", &tenant, Some(&project));
        Self { client: server.client(Some(&token)), tenant, project, token }
    }

    /// The same project after the server was started again (its address has changed).
    pub fn after_restart(self, server: &Server) -> Self {
        Self { client: server.client(Some(&self.token)), ..self }
    }

    /// A path below the project.
    pub fn path(&self, rest: &str) -> String {
        format!("/api/{}/{}/{rest}", self.tenant, self.project)
    }

    /// A path of a job.
    pub fn job_path(&self, job: &str) -> String {
        self.path(&format!("execution/job/{job}"))
    }

    /// Uploads the probe module.
    pub fn with_probe(self) -> Self {
        self.client.put_bytes(&self.path("modules/probe/versions/1"), &built::module("probe")).ok();
        self
    }

    /// Uploads a file and returns its id.
    pub fn dataset(&self, name: &str, bytes: &[u8]) -> String {
        let id = Uuid::new_v4().to_string();
        self.client.put_bytes(&self.path(&format!("datasets/{id}?name={name}")), bytes).ok();
        id
    }

    /// Puts a pipeline and returns its id.
    pub fn pipeline(&self, job_type: &str) -> String {
        let id = Uuid::new_v4().to_string();
        let body = json!({"name": "a pipeline", "jobType": job_type});
        self.client.put(&self.path(&format!("pipelines/{id}")), &body).ok();
        id
    }

    /// Submits whatever body.
    pub fn submit(&self, body: &Value) -> Answer {
        self.client.post(&self.path("execution/job"), body)
    }

    /// Submits a job of the probe with these steps, and returns its id.
    pub fn probe(&self, steps: Value) -> String {
        self.probe_with(steps, json!({}))
    }

    /// The same, with further members of the body.
    pub fn probe_with(&self, steps: Value, more: Value) -> String {
        let mut body = json!({
            "jobName": "a probe", "jobType": "Analysis", "module": {"name": "probe"}, "parameters": {"steps": steps},
        });
        let members = more.as_object().expect("further members are an object");
        body.as_object_mut().expect("the body is an object").extend(members.clone());
        text(&self.submit(&body).ok(), "jobId")
    }

    /// A job's status document.
    pub fn status(&self, job: &str) -> Value {
        self.client.get(&self.job_path(job)).ok()
    }

    /// Waits until the job is in this state.
    pub fn wait_for(&self, job: &str, state: &str) -> Value {
        eventually(&format!("job {job} is {state}"), JOB, || {
            let status = self.status(job);
            let ended = ["Completed", "Failed", "Cancelled"].iter().any(|end| status["status"] == *end);
            assert!(!ended || status["status"] == state, "the job went elsewhere: {status:#}");
            (status["status"] == state).then_some(status)
        })
    }

    /// Waits until the job says this stage.
    pub fn wait_for_stage(&self, job: &str, stage: &str) -> Value {
        eventually(&format!("job {job} is at {stage}"), JOB, || {
            let status = self.status(job);
            (status["progress"]["currentStage"] == stage).then_some(status)
        })
    }

    /// A job is seen to have moved a moment before lists know of it. After a write, which this is, they do.
    pub fn settle(&self) {
        self.client.put_bytes(&self.path(&format!("datasets/{}?name=settled", Uuid::max())), b"settled").ok();
    }

    /// A job's results document.
    pub fn results(&self, job: &str) -> Value {
        self.client.get(&format!("{}/results", self.job_path(job))).ok()
    }
}

/// Makes a token.
pub fn token(operator: &Client, role: &str, tenant: &str, project: Option<&str>) -> String {
    let body =
        json!({"subject": format!("a {role}"), "role": role, "tenantId": tenant, "projectId": project});
    text(&operator.post("/api/admin/tokens", &body).ok(), "token")
}

/// A member that is text.
pub fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_else(|| panic!("no {name} in {value}")).to_owned()
}

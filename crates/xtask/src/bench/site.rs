//! A project on a server, whose jobs are waited for one at a time.

use std::time::Duration;

use anyhow::{Result, anyhow};
use serde_json::Value;

use crate::{
    client::{Client, text},
    server::{Interrupt, Server},
};

/// Between two questions about a job.
pub(super) const POLL: Duration = Duration::from_millis(2);

/// A project on the server.
pub(super) struct Site<'a> {
    pub(super) client: Client,
    /// The path of the project.
    pub(super) base: String,
    pub(super) interrupt: &'a Interrupt,
}

impl<'a> Site<'a> {
    pub(super) fn new(server: &Server, interrupt: &'a Interrupt) -> Result<Self> {
        let (client, [tenant, project]) = server.operator()?.new_project("Bench")?;
        Ok(Self { client, base: format!("/api/{tenant}/{project}"), interrupt })
    }

    /// Submits a job. Returns its id.
    pub(super) fn post(&self, submission: &Value) -> Result<String> {
        let job = self.client.post(&format!("{}/execution/job", self.base), submission)?;
        Ok(text(&job, "jobId")?.to_owned())
    }

    pub(super) fn job(&self, job: &str) -> Result<Value> {
        self.client.get(&format!("{}/execution/job/{job}", self.base))
    }

    /// Waits until the job is in a state that it comes to by itself.
    pub(super) fn wait(&self, job: &str, wanted: &str) -> Result<()> {
        loop {
            let status = self.job(job)?;
            match text(&status, "status")? {
                state if state == wanted => return Ok(()),
                "Queued" | "Running" => self.interrupt.wait(POLL)?,
                ended => return Err(anyhow!("a job ended as {ended}: {}", status["error"])),
            }
        }
    }
}

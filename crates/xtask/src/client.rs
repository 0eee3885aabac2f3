//! A small HTTP client of Fuelcell's interface, as any user could write one.

use std::{fs::File, path::Path, time::Duration};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use ureq::{
    Agent, Body,
    http::{Response, StatusCode},
};

/// Nothing that we ask for takes longer; the server answers a submit before the job runs.
const ANSWER_WITHIN: Duration = Duration::from_secs(60);

/// A token and where to use it. Clones share their connections.
#[derive(Clone)]
pub(crate) struct Client {
    agent: Agent,
    base_url: String,
    authorization: String,
}

/// An answer, whatever its status.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Value,
}

impl Client {
    /// `base_url` without a slash at its end.
    pub(crate) fn new(base_url: String, token: &str) -> Self {
        Self { agent: agent(), base_url, authorization: format!("Bearer {token}") }
    }

    /// The same server with another token, on connections of its own.
    pub(crate) fn with_token(&self, token: &str) -> Self {
        Self::new(self.base_url.clone(), token)
    }

    /// A project of a tenant of its own, by the operator's token: its administrator, and the ids of tenant and project.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses.
    pub(crate) fn new_project(&self, name: &str) -> Result<(Self, [String; 2])> {
        let tenant = self.post("/api/admin/tenants", &json!({"name": name}))?;
        let tenant = text(&tenant, "tenantId")?;
        let project = self.post(&format!("/api/admin/tenants/{tenant}/projects"), &json!({"name": name}))?;
        let project = text(&project, "projectId")?;
        let wanted =
            json!({"subject": name, "role": "administrator", "tenantId": tenant, "projectId": project});
        let token = self.post("/api/admin/tokens", &wanted)?;
        Ok((self.with_token(text(&token, "token")?), [tenant, project].map(str::to_owned)))
    }

    /// Host and port of the server.
    pub(crate) fn authority(&self) -> &str {
        self.base_url.strip_prefix("http://").unwrap_or(&self.base_url)
    }

    /// What stands in the header `Authorization`.
    pub(crate) fn authorization(&self) -> &str {
        &self.authorization
    }

    /// Whether the server answers that it is well.
    pub(crate) fn is_healthy(&self) -> bool {
        self.agent.get(self.url("/healthz")).call().is_ok_and(|answer| answer.status().is_success())
    }

    /// Whether the server says that it can take work.
    pub(crate) fn is_ready(&self) -> bool {
        self.agent.get(self.url("/readyz")).call().is_ok_and(|answer| answer.status().is_success())
    }

    /// GET.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses.
    pub(crate) fn get(&self, path: &str) -> Result<Value> {
        let answer = self.agent.get(self.url(path)).header("Authorization", &self.authorization).call();
        read(answer).and_then(Answer::accepted).with_context(|| format!("GET {path}"))
    }

    /// POST of JSON. Refusals are answers.
    ///
    /// # Errors
    /// When the server cannot be reached.
    pub(crate) fn try_post(&self, path: &str, body: &Value) -> Result<Answer> {
        let request = self.agent.post(self.url(path)).header("Authorization", &self.authorization);
        read(request.send_json(body)).with_context(|| format!("POST {path}"))
    }

    /// POST of JSON.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses.
    pub(crate) fn post(&self, path: &str, body: &Value) -> Result<Value> {
        self.try_post(path, body)?.accepted().with_context(|| format!("POST {path}"))
    }

    /// PUT of JSON.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses.
    pub(crate) fn put(&self, path: &str, body: &Value) -> Result<Value> {
        let request = self.agent.put(self.url(path)).header("Authorization", &self.authorization);
        read(request.send_json(body)).and_then(Answer::accepted).with_context(|| format!("PUT {path}"))
    }

    /// PUT of a file's bytes.
    ///
    /// # Errors
    /// When the file cannot be read, or the server cannot be reached or refuses.
    pub(crate) fn put_file(&self, path: &str, file: &Path) -> Result<Value> {
        let bytes = File::open(file).with_context(|| format!("cannot read {}", file.display()))?;
        let request = self.agent.put(self.url(path)).header("Authorization", &self.authorization);
        let request = request.content_type("application/octet-stream");
        read(request.send(bytes)).and_then(Answer::accepted).with_context(|| format!("PUT {path}"))
    }

    /// GET of a signed link to a JSON document. The link itself is the right to it.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses.
    pub(crate) fn download(&self, url: &str) -> Result<Value> {
        read(self.agent.get(url).call()).and_then(Answer::accepted).context("GET of a download link")
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base_url)
    }
}

fn agent() -> Agent {
    let config = Agent::config_builder()
        .http_status_as_error(false)
        // The server is on this machine, whatever proxy the environment names.
        .proxy(None)
        .timeout_recv_response(Some(ANSWER_WITHIN))
        .timeout_connect(Some(ANSWER_WITHIN))
        .build();
    config.new_agent()
}

impl Answer {
    /// The body of a 2xx; anything else in the server's own words.
    pub(crate) fn accepted(self) -> Result<Value> {
        if self.status.is_success() {
            return Ok(self.body);
        }
        let reason = self.body["error"].as_str().or_else(|| self.body["detail"].as_str());
        bail!("{}: {}", self.status, reason.unwrap_or("no reason given"));
    }
}

fn read(answer: Result<Response<Body>, ureq::Error>) -> Result<Answer> {
    let mut answer = answer?;
    let status = answer.status();
    let text = answer.body_mut().read_to_string()?;
    // A refusal from something between us and the server may be no JSON.
    let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
    Ok(Answer { status, body })
}

/// The text at a key of an answer.
///
/// # Errors
/// When there is none: the server breaks its contract.
pub(crate) fn text<'a>(answer: &'a Value, key: &str) -> Result<&'a str> {
    answer[key].as_str().with_context(|| format!("the answer has no {key}: {answer}"))
}

//! A server without sockets: the real routes and use cases over stores in memory, with something to ask for.

use crate::{ApiConfig, router};
use async_trait::async_trait;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use fuelcell_domain::clock::ManualClock;
use fuelcell_domain::seams::{Events, InspectError, Inspection, ModuleInspector, NodeLoad, Nodes, Running};
use fuelcell_domain::{Digest, Job, JobId, Manifest, ReadAt, Timestamp};
use fuelcell_service::{Parts, Service, ServiceConfig};
use fuelcell_store::{MemoryBlobs, MemoryStore};
use futures::future::join_all;
use serde_json::{Value, json};
use std::num::NonZeroU32;
use std::sync::Arc;
use tokio::runtime::{Builder, Runtime};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

/// The most that is read of an answer.
const MAX_ANSWER: usize = 4 << 20;

/// What a module ends with that this server cannot compile, because its compiler is killed.
pub(crate) const KILLED: &str = "killed";

/// What a module ends with whose compiler never comes to an end.
pub(crate) const ENDLESS: &str = "endless";

/// Takes every module, hears nothing and runs nothing.
struct Nobody;

#[async_trait]
impl ModuleInspector for Nobody {
    fn inspect(&self, bytes: &[u8]) -> Result<Inspection, InspectError> {
        if !bytes.starts_with(b"\0asm") {
            return Err(InspectError::Invalid("no module".into()));
        }
        let parameters = json!({"type": "object", "properties": {"key": {"type": ["string", "object"]}}});
        let manifest = Manifest { parameters, ..Manifest::fallback("any") };
        Ok(Inspection { manifest, has_manifest: true, imports: Vec::new(), code_bytes: None })
    }

    async fn compile(&self, _: Digest, bytes: Arc<dyn ReadAt>) -> Result<(), InspectError> {
        let mut module = [0; 64];
        let length = bytes.read_at(0, &mut module).map_err(|error| InspectError::Host(error.to_string()))?;
        match &module[..length] {
            module if module.ends_with(ENDLESS.as_bytes()) => std::future::pending().await,
            module if module.ends_with(KILLED.as_bytes()) => Err(InspectError::Host("SIGKILL".into())),
            _ => Ok(()),
        }
    }
}

impl Events for Nobody {
    fn queue_changed(&self) {}
    fn cancel_requested(&self, _: JobId) {}
}

impl Nodes for Nobody {
    fn nodes(&self) -> Vec<NodeLoad> {
        Vec::new()
    }

    fn running(&self) -> Vec<Running> {
        Vec::new()
    }

    fn module_ready(&self, _: Digest) -> Option<bool> {
        None
    }

    fn at_limit(&self, _: &Job) -> bool {
        false
    }

    fn others_first(&self, _: &Job) -> bool {
        false
    }
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) content_type: String,
    pub(crate) body: Vec<u8>,
}

/// Routes, and words that stand for what is different each time: `{token}` in an input is a token of an operator.
pub(crate) struct Server {
    runtime: Runtime,
    router: Router,
    words: Vec<(&'static str, String)>,
}

impl Server {
    /// A server with a project that has a module, a dataset, a pipeline, a waiting job and a cancelled one.
    pub(crate) fn start() -> Self {
        // Time passes at once where everybody waits for it.
        let runtime = Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        let service = Arc::new(Service::new(Parts {
            store: Arc::new(MemoryStore::new()),
            blobs: Arc::new(MemoryBlobs::default()),
            inspector: Arc::new(Nobody),
            events: Arc::new(Nobody),
            nodes: Arc::new(Nobody),
            clock: Arc::new(ManualClock::new(Timestamp(1_767_225_600_000_000))),
            secret: [7; 32],
            config: ServiceConfig { public_url: "http://server.example".into(), ..ServiceConfig::default() },
        }));
        let token = runtime.block_on(service.first_operator_token()).unwrap().unwrap();
        let config = ApiConfig { auth_failures_per_minute: NonZeroU32::MAX, ..ApiConfig::default() };
        let router = router(service, &config, [], CancellationToken::new());
        let mut server = Self { runtime, router, words: vec![("{token}", token)] };
        server.furnish();
        server
    }

    fn furnish(&mut self) {
        let tenant = self.made("POST /api/admin/tenants", json!({"name": "Acme"}), "tenantId");
        self.words.push(("{tenant}", tenant));
        let project =
            self.made("POST /api/admin/tenants/{tenant}/projects", json!({"name": "P"}), "projectId");
        self.words.push(("{project}", project));
        let own = json!({"userName": "ann", "tenantId": self.word("{tenant}"), "projectId": self.word("{project}")});
        let password = self.made("POST /api/admin/application-passwords", own, "password");
        self.words.push(("{basic}", BASE64_STANDARD.encode(format!("ann:{password}"))));
        let id = "00000000-0000-4000-8000-000000000001";
        for request in [
            "PUT /api/{tenant}/{project}/modules/miner/versions/1 HTTP/1.1\nAuthorization: Bearer {token}\n\n\0asm".into(),
            format!("PUT /api/{{tenant}}/{{project}}/datasets/{id}?name=a.csv HTTP/1.1\nAuthorization: Bearer {{token}}\n\na,b"),
        ] {
            let answer = self.answer(request.as_bytes()).unwrap();
            assert!(answer.status.is_success(), "{request}: {}", String::from_utf8_lossy(&answer.body));
        }
        let pipeline =
            json!({"name": "Daily", "jobType": "Analysis", "module": {"name": "miner"}, "datasetId": id});
        self.made(&format!("PUT /api/{{tenant}}/{{project}}/pipelines/{id}"), pipeline, "pipelineId");
        let job = json!({"jobName": "one", "jobType": "Analysis", "module": {"name": "miner"}});
        for word in ["{job}", "{ended}"] {
            let id = self.made("POST /api/{tenant}/{project}/execution/job", job.clone(), "jobId");
            self.words.push((word, id));
        }
        self.made("DELETE /api/{tenant}/{project}/execution/job/{ended}", json!({}), "jobId");
    }

    /// A member of the answer to a request that must be taken.
    fn made(&self, line: &str, body: Value, member: &str) -> String {
        let request = format!("{line} HTTP/1.1\nAuthorization: Bearer {{token}}\n\n{body}");
        let answer = self.answer(request.as_bytes()).unwrap();
        let said = String::from_utf8_lossy(&answer.body).into_owned();
        assert!(answer.status.is_success(), "{line}: {said}");
        let said: Value = serde_json::from_str(&said).unwrap();
        said[member].as_str().unwrap_or_else(|| panic!("{said} has no {member}")).to_owned()
    }

    fn word(&self, name: &str) -> &str {
        &self.words.iter().find(|(known, _)| *known == name).unwrap().1
    }

    /// Answers a request as text; none when it is no HTTP, which never comes so far.
    pub(crate) fn answer(&self, bytes: &[u8]) -> Option<Answer> {
        let request = self.request(bytes)?;
        Some(self.runtime.block_on(answered(self.router.clone(), request)))
    }

    /// Answers requests that come all at once.
    pub(crate) fn answers(&self, requests: &[String]) -> Vec<Answer> {
        let requests = requests.iter().map(|request| self.request(request.as_bytes()).unwrap());
        let answering = requests.map(|request| answered(self.router.clone(), request));
        self.runtime.block_on(join_all(answering))
    }

    /// A line `METHOD PATH …`, headers, an empty line, and the body.
    fn request(&self, bytes: &[u8]) -> Option<Request<Body>> {
        let (head, body) = split(bytes, b"\n\n").unwrap_or((bytes, b""));
        let mut lines = head.split(|byte| *byte == b'\n');
        let mut words = lines.next()?.split(|byte| *byte == b' ');
        let (method, path) = (words.next()?, self.filled(words.next()?));
        let mut request = Request::builder().method(method).uri(&path[..]);
        for line in lines {
            let (name, value) = split(line, b": ")?;
            request = request.header(name, self.filled(value));
        }
        let request = request.body(Body::from(self.filled(body))).ok()?;
        // Servers are asked for paths.
        request.uri().path().starts_with('/').then_some(request)
    }

    fn filled(&self, bytes: &[u8]) -> Vec<u8> {
        self.words.iter().fold(bytes.to_vec(), |filled, (word, value)| {
            let mut rest = &filled[..];
            let mut done = Vec::new();
            while let Some((before, after)) = split(rest, word.as_bytes()) {
                done.extend_from_slice(before);
                done.extend_from_slice(value.as_bytes());
                rest = after;
            }
            done.extend_from_slice(rest);
            done
        })
    }
}

async fn answered(router: Router, request: Request<Body>) -> Answer {
    let response = router.oneshot(request).await.unwrap();
    let content_type = response.headers().get(header::CONTENT_TYPE);
    let content_type = content_type.and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let (status, body) = (response.status(), to_bytes(response.into_body(), MAX_ANSWER).await);
    Answer { status, content_type, body: body.expect("an answer has an end").to_vec() }
}

/// What is before the first `separator`, and what is after it.
fn split<'a>(bytes: &'a [u8], separator: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = bytes.windows(separator.len()).position(|part| part == separator)?;
    Some((&bytes[..at], &bytes[at + separator.len()..]))
}

//! Many clients on one thread, a kept-alive connection each. They run on the machine that they measure: the less they
//! take of it, the more the figures are the server's.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use http_body_util::{BodyExt, Full};
use hyper::{
    Request, StatusCode,
    body::Bytes,
    client::conn::http1::{self, SendRequest},
    header::{AUTHORIZATION, CONTENT_TYPE, HOST, RETRY_AFTER},
};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::{net::TcpStream, runtime, task::JoinSet, time::sleep};

use crate::{client::Client, server::Interrupt};

/// What every member of the crowd sends again and again.
#[derive(Clone)]
pub(super) struct Submission {
    authority: String,
    authorization: String,
    path: String,
    body: Bytes,
}

impl Submission {
    pub(super) fn new(client: &Client, path: &str, body: &Value) -> Self {
        Self {
            authority: client.authority().to_owned(),
            authorization: client.authorization().to_owned(),
            path: path.to_owned(),
            body: body.to_string().into(),
        }
    }

    /// `clients` send it until `end`, each as fast as its submits are acknowledged. Returns how many were.
    pub(super) fn send_as_crowd(&self, clients: usize, end: Instant, interrupt: &Interrupt) -> Result<u64> {
        let runtime = runtime::Builder::new_current_thread().enable_all().build();
        runtime.context("cannot start a runtime")?.block_on(async {
            let mut crowd = JoinSet::new();
            for _ in 0..clients {
                let (submission, interrupt) = (self.clone(), interrupt.clone());
                crowd.spawn(async move { submission.until(end, &interrupt).await });
            }
            let mut jobs = 0;
            while let Some(client) = crowd.join_next().await {
                jobs += client.context("a client panicked")??;
            }
            Ok(jobs)
        })
    }

    async fn until(&self, end: Instant, interrupt: &Interrupt) -> Result<u64> {
        let stream = TcpStream::connect(&self.authority).await?;
        stream.set_nodelay(true)?;
        let (mut server, connection) = http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        let mut jobs = 0;
        while Instant::now() < end {
            interrupt.check()?;
            match self.send(&mut server).await? {
                None => jobs += 1,
                Some(later) => sleep(later).await,
            }
        }
        Ok(jobs)
    }

    /// Submits once. A server that has enough to do says when to ask again.
    async fn send(&self, server: &mut SendRequest<Full<Bytes>>) -> Result<Option<Duration>> {
        let request = Request::post(&self.path)
            .header(HOST, &self.authority)
            .header(AUTHORIZATION, &self.authorization)
            .header(CONTENT_TYPE, "application/json")
            .body(Full::new(self.body.clone()))?;
        server.ready().await?;
        let answer = server.send_request(request).await?;
        let status = answer.status();
        let later = answer.headers().get(RETRY_AFTER).and_then(|seconds| seconds.to_str().ok()?.parse().ok());
        let body = answer.into_body().collect().await?.to_bytes();
        if status == StatusCode::TOO_MANY_REQUESTS {
            return Ok(Some(Duration::from_secs(later.unwrap_or(1))));
        }
        ensure!(status.is_success(), "{status}: {}", String::from_utf8_lossy(&body));
        Ok(None)
    }
}

//! Calls of a running server, over its own interface.

use crate::cli::ServerFlags;
use anyhow::{Context, bail, ensure};
use rustls::crypto::ring::default_provider;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use ureq::http::Response;
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::{Agent, Body};

/// A server that does not answer is not waited for any longer.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running server and who asks it.
pub(crate) struct Server {
    agent: Agent,
    url: String,
    authorization: String,
}

impl Server {
    pub(crate) fn of(flags: &ServerFlags) -> anyhow::Result<Self> {
        let file = &flags.token_file;
        let token =
            std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        let mut config = Agent::config_builder().http_status_as_error(false).timeout_global(Some(PATIENCE));
        let url = flags.server.trim_end_matches('/').to_owned();
        if url.starts_with("https://") {
            config = config.tls_config(trusting_whom_the_machine_trusts()?);
        }
        Ok(Self { agent: config.build().new_agent(), url, authorization: format!("Bearer {}", token.trim()) })
    }

    /// The body of the answer to a call that succeeds.
    pub(crate) fn send(&self, method: &str, path: &str, body: &Value) -> anyhow::Result<Value> {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url))
            .header("authorization", &self.authorization)
            .header("content-type", "application/json")
            .body(body)?;
        let answer = self.agent.run(request).with_context(|| format!("cannot reach {}", self.url))?;
        read(answer)
    }
}

/// Servers with a certificate that leads to one of the machine's roots; `SSL_CERT_FILE` names others.
fn trusting_whom_the_machine_trusts() -> anyhow::Result<TlsConfig> {
    let found = rustls_native_certs::load_native_certs();
    ensure!(!found.certs.is_empty(), "this machine has no root certificates: {:?}", found.errors);
    let roots = found.certs.iter().map(|root| Certificate::from_der(root).to_owned()).collect();
    let tls = TlsConfig::builder().root_certs(RootCerts::Specific(Arc::new(roots)));
    Ok(tls.unversioned_rustls_crypto_provider(Arc::new(default_provider())).build())
}

/// The body of a 2xx; anything else in the server's own words.
fn read(mut answer: Response<Body>) -> anyhow::Result<Value> {
    let text = answer.body_mut().read_to_string()?;
    let body = serde_json::from_str(&text).unwrap_or(Value::Null);
    match answer.status().is_success() {
        true => Ok(body),
        false => bail!("{}: {}", answer.status(), body["detail"].as_str().unwrap_or("no reason given")),
    }
}

/// As a part of a path or query.
pub(crate) fn escaped(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

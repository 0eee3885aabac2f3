//! Requests to a server, and what its answers mean for a command.

use crate::failure::{Exit, Failure, Outcome};
use crate::operations::Operation;
use crate::output::harmless;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use rustls::crypto::ring::default_provider;
use serde_json::Value;
use std::cell::OnceCell;
use std::io::{ErrorKind, Read};
use std::sync::Arc;
use std::time::Duration;
use ureq::config::ConfigBuilder;
use ureq::http::{Request, Response};
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::typestate::AgentScope;
use ureq::{Agent, Body, Proxy, ProxyProtocol, SendBody};

/// A server that does not answer is not waited for any longer. `?wait=60s` answers within.
const PATIENCE: Duration = Duration::from_secs(90);
const CONNECT: Duration = Duration::from_secs(10);
/// An uploaded module is compiled before its upload is answered.
pub(crate) const UPLOAD: Duration = Duration::from_secs(15 * 60);
/// Documents of the API are no longer than this.
pub(crate) const DOCUMENT: u64 = 64 << 20;

const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A server, and the token that is shown to it.
#[derive(Clone)]
pub(crate) struct Http {
    open: Agent,
    /// For what goes over https: to the server, to a link that an answer has, or to a proxy. Made with the first such call.
    sealed: OnceCell<Agent>,
    pub(crate) server: String,
    token: Option<String>,
}

/// A request in the making.
#[derive(Clone)]
pub(crate) struct Call {
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Option<Value>,
    patience: Duration,
    /// How long sending the body may take; none = as long as it takes.
    sending: Option<Duration>,
}

/// As a part of a path or query.
pub(crate) fn escaped(text: &str) -> String {
    utf8_percent_encode(text, PLAIN).to_string()
}

impl Call {
    /// A call of an operation; `fill` says what stands in its path.
    pub(crate) fn new(operation: Operation, fill: &[(&str, &str)]) -> Self {
        let mut path = operation.path.to_owned();
        for (name, value) in fill {
            path = path.replace(&format!("{{{name}}}"), &escaped(value));
        }
        Self::to(operation.method, path)
    }

    /// A call of an address: a path of the server, or a whole URL, to which no token goes.
    pub(crate) fn to(method: &'static str, path: String) -> Self {
        Self { method, path, headers: Vec::new(), body: None, patience: PATIENCE, sending: None }
    }

    /// With a member of the query, when there is one.
    pub(crate) fn query(mut self, name: &str, value: Option<impl AsRef<str>>) -> Self {
        if let Some(value) = value {
            let join = if self.path.contains('?') { '&' } else { '?' };
            self.path += &format!("{join}{}={}", escaped(name), escaped(value.as_ref()));
        }
        self
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// An answer that takes longer is none.
    pub(crate) fn within(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// A body whose sending takes longer has not been sent.
    pub(crate) fn sent_within(self, sending: Duration) -> Self {
        Self { sending: Some(sending), ..self }
    }

    pub(crate) fn json(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }
}

fn config() -> ConfigBuilder<AgentScope> {
    Agent::config_builder()
        .http_status_as_error(false)
        // A token is for the server that was named.
        .max_redirects(0)
        .max_redirects_will_error(false)
        .timeout_connect(Some(CONNECT))
        .user_agent(concat!("fuelcell/", env!("CARGO_PKG_VERSION")))
}

impl Http {
    pub(crate) fn new(server: String, token: Option<String>) -> Self {
        Self { open: config().build().new_agent(), sealed: OnceCell::new(), server, token }
    }

    /// Who asks for an address.
    fn agent(&self, url: &str) -> Outcome<&Agent> {
        let scheme = url.split_once(':').map_or("", |(scheme, _)| scheme);
        let sealed = |proxy: Proxy| proxy.protocol() == ProxyProtocol::Https;
        if !scheme.eq_ignore_ascii_case("https") && !Proxy::try_from_env().is_some_and(sealed) {
            return Ok(&self.open);
        }
        if let Some(agent) = self.sealed.get() {
            return Ok(agent);
        }
        let tls = trusting_whom_the_machine_trusts()?;
        Ok(self.sealed.get_or_init(|| config().tls_config(tls).build().new_agent()))
    }

    /// The document that answers a call which succeeds; `null` when there is none.
    pub(crate) fn send(&self, call: &Call) -> Outcome<Value> {
        let body = call.body.as_ref().map(Value::to_string);
        let kind = body.as_ref().map(|_| "application/json");
        read(self.fine(call, kind, body.unwrap_or_default())?)
    }

    /// The same for a file's bytes.
    pub(crate) fn upload(&self, call: &Call, bytes: impl Read, size: u64) -> Outcome<Value> {
        let mut bytes = bytes;
        let call = Call { patience: UPLOAD, ..call.clone() }.header("content-length", size.to_string());
        read(self.fine(&call, Some("application/octet-stream"), SendBody::from_reader(&mut bytes))?)
    }

    /// The answer to a call that succeeds, to be read as it comes.
    pub(crate) fn open(&self, call: &Call) -> Outcome<Response<Body>> {
        self.fine(call, None, String::new())
    }

    /// The answer to a call, whatever its status.
    pub(crate) fn any(
        &self,
        call: &Call,
        kind: Option<&str>,
        body: impl ureq::AsSendBody,
    ) -> Outcome<Response<Body>> {
        let url = match call.path.starts_with('/') {
            true => format!("{}{}", self.server, call.path),
            false => call.path.clone(),
        };
        let mut request = Request::builder().method(call.method).uri(&url);
        // Links that are signed need no token, and may lead elsewhere.
        if let Some(token) = self.token.as_ref().filter(|_| call.path.starts_with('/')) {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        if let Some(kind) = kind {
            request = request.header("content-type", kind);
        }
        for (name, value) in &call.headers {
            request = request.header(*name, value);
        }
        let request =
            request.body(body).map_err(|_| Failure::usage(format!("{url:?} cannot be asked for")))?;
        let agent = self.agent(&url)?;
        let request = agent.configure_request(request).timeout_recv_response(Some(call.patience));
        let request = request.timeout_send_body(call.sending).build();
        let answer = agent.run(request).map_err(|error| match call.path.starts_with('/') {
            true => unreachable(&self.server, &error),
            false => unreachable_link(&url, &error),
        })?;
        match elsewhere(&answer) {
            Some(place) => Err(redirected(&url, &place)),
            None => Ok(answer),
        }
    }

    fn fine(&self, call: &Call, kind: Option<&str>, body: impl ureq::AsSendBody) -> Outcome<Response<Body>> {
        let answer = self.any(call, kind, body)?;
        match answer.status().is_success() {
            true => Ok(answer),
            false => Err(refusal(&self.server, answer)),
        }
    }
}

/// Servers with a certificate that leads to one of the machine's roots; `SSL_CERT_FILE` names others.
fn trusting_whom_the_machine_trusts() -> Outcome<TlsConfig> {
    let found = rustls_native_certs::load_native_certs();
    if found.certs.is_empty() {
        return Err(Failure::new(Exit::Unreachable, "this machine has no root certificates")
            .with_remedy("install ca-certificates, or name a file of roots with SSL_CERT_FILE"));
    }
    let roots = found.certs.iter().map(|root| Certificate::from_der(root).to_owned()).collect();
    let tls = TlsConfig::builder().root_certs(RootCerts::Specific(Arc::new(roots)));
    Ok(tls.unversioned_rustls_crypto_provider(Arc::new(default_provider())).build())
}

/// The document of an answer; `null` where it is to have none. What answers otherwise is another program.
pub(crate) fn read(mut answer: Response<Body>) -> Outcome<Value> {
    let is_empty = answer.status().as_u16() == 204;
    let text = answer.body_mut().with_config().limit(DOCUMENT).read_to_string();
    let text = text.map_err(|error| {
        Failure::new(Exit::Unreachable, format!("the server's answer broke off: {}", plainly(&error)))
    })?;
    match is_empty && text.is_empty() {
        true => Ok(Value::Null),
        false => serde_json::from_str(&text).map_err(|_| {
            Failure::new(
                Exit::Unreachable,
                "the answer is no JSON: is this the address of a Fuelcell server?",
            )
        }),
    }
}

/// Why a server was not reached, without the words of its transport.
fn unreachable(server: &str, error: &ureq::Error) -> Failure {
    Failure::new(Exit::Unreachable, format!("cannot reach {server}: {}", plainly(error)))
        .with_remedy("is it the right address (--server)? `fuelcell serve` starts a server here")
}

/// The same for a link that the server gave. What signs it is nobody else's concern.
fn unreachable_link(url: &str, error: &ureq::Error) -> Failure {
    let place = url.split(['?', '#']).next().unwrap_or_default();
    Failure::new(Exit::Unreachable, format!("cannot reach {place}: {}", plainly(error)))
        .with_remedy("the server's links begin with its setting public_url")
}

/// Where an answer sends whoever asks.
fn elsewhere(answer: &Response<Body>) -> Option<String> {
    let place = answer.headers().get("location").filter(|_| answer.status().is_redirection())?;
    Some(harmless(&String::from_utf8_lossy(place.as_bytes())))
}

/// A server of Fuelcell sends nobody elsewhere: what does is before it, or is another program.
fn redirected(url: &str, place: &str) -> Failure {
    let from = url.split(['?', '#']).next().unwrap_or_default();
    let to = place.split(['?', '#']).next().unwrap_or_default();
    Failure::new(Exit::Unreachable, format!("{from} sends this command on to {to}, and it does not go there"))
        .with_remedy(
            "a token is shown to the server alone that was named: name the right address with --server",
        )
}

fn plainly(error: &ureq::Error) -> String {
    match error {
        ureq::Error::Io(error) => match error.kind() {
            ErrorKind::ConnectionRefused => "nothing listens there".to_owned(),
            ErrorKind::ConnectionReset | ErrorKind::UnexpectedEof | ErrorKind::BrokenPipe => {
                "the connection broke off".to_owned()
            }
            _ => error.to_string(),
        },
        ureq::Error::HostNotFound => "nobody knows a machine of that name".to_owned(),
        ureq::Error::ConnectionFailed => "nothing listens there".to_owned(),
        ureq::Error::Timeout(_) => "there was no answer in time".to_owned(),
        other => other.to_string(),
    }
}

/// How a command ends that was refused with a status.
pub(crate) fn exit_of(status: u16) -> Exit {
    match status {
        401 => Exit::NotSignedIn,
        403 => Exit::NotAllowed,
        409 | 410 | 429 | 507 => Exit::Conflict,
        500.. => Exit::Unreachable,
        _ => Exit::Usage,
    }
}

/// A refusal in the server's own words, with what follows from it.
pub(crate) fn refusal(server: &str, answer: Response<Body>) -> Failure {
    let status = answer.status().as_u16();
    let wait = answer.headers().get("retry-after").and_then(|value| value.to_str().ok()).map(str::to_owned);
    let problem = read(answer).unwrap_or(Value::Null);
    let code = problem["code"].as_str().unwrap_or_default();
    let detail = problem["detail"].as_str().unwrap_or("the server gave no reason");
    let exit = exit_of(status);
    let mut faults: Vec<String> = problem["errors"].as_array().into_iter().flatten().map(fault).collect();
    if !code.is_empty() {
        faults.push(format!("code: {status} {code}"));
    }
    let failure = Failure::new(exit, detail).with_faults(faults);
    match (exit, wait) {
        (Exit::NotSignedIn, _) => failure.with_remedy(format!(
            "{server} does not know the token, or it has expired: fuelcell login --server {server}"
        )),
        (_, Some(seconds)) => failure.with_remedy(format!("try again after {seconds} s")),
        _ => failure,
    }
}

fn fault(fault: &Value) -> String {
    let pointer = fault["pointer"].as_str().unwrap_or_default();
    let message = fault["message"].as_str().unwrap_or_default();
    format!("{pointer}: {message}")
}

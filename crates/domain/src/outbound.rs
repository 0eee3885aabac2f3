//! What a running job sends to the world, and the seams behind which it is sent.

use crate::capability::{HttpAccess, Target};
use crate::{Job, JobError};
use async_trait::async_trait;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// Requests of one job that are under way at the same time, answers that it has not let go of included.
pub const MAX_AT_ONCE: usize = 8;

/// Bytes of one request's body, and of one response's. Together they are bounded by the memory limit of the job.
pub const MAX_BODY: usize = 8 << 20;

/// A header: its name, and its value, which need not be text.
pub type Header = (String, Vec<u8>);

/// A request of a guest. Nothing of it has been checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpRequest {
    /// The method.
    pub method: String,
    /// Where it goes.
    pub target: Target,
    /// Path and query.
    pub path: String,
    /// Headers in the order of the guest. Values may name secrets.
    pub headers: Vec<Header>,
    /// How long the guest would wait for a connection; the host may wait less.
    pub connect_timeout: Option<Duration>,
    /// How long the guest would wait for the first byte, and between two; the host may wait less.
    pub read_timeout: Option<Duration>,
    /// Bytes of the response's body that the guest has room for; the host may take less.
    pub max_response: u64,
    /// The body. It comes last, and travels apart from the rest.
    #[serde(skip)]
    pub body: Vec<u8>,
}

/// What came back. Redirects are answers like others: nobody follows them but the guest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpResponse {
    /// The status.
    pub status: u16,
    /// Headers in the order in which they came.
    pub headers: Vec<Header>,
    /// The body; it travels apart from the rest.
    #[serde(skip)]
    pub body: Vec<u8>,
}

/// Why nothing came back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum HttpError {
    /// The job may not do that; nothing was sent.
    #[error("refused: {0}")]
    Denied(String),
    /// More requests at once, or in all, than a job may send.
    #[error("too many requests: {0}")]
    TooMany(String),
    /// The request is none.
    #[error("the request is not valid: {0}")]
    Invalid(String),
    /// The request's body is too long.
    #[error("the request's body has more than {MAX_BODY} bytes")]
    RequestTooLong,
    /// The response's body is too long.
    #[error("the response's body has more than {0} bytes")]
    ResponseTooLong(u64),
    /// The host has no address.
    #[error("the host's name cannot be resolved")]
    Dns,
    /// Nobody answered at its addresses.
    #[error("no connection could be made")]
    Connect,
    /// Not in time.
    #[error("no connection could be made in time")]
    ConnectTimeout,
    /// The host did not prove who it is.
    #[error("the host's certificate is not trusted: {0}")]
    Certificate(String),
    /// No encrypted connection could be agreed on.
    #[error("TLS failed")]
    Tls,
    /// The host was silent for too long.
    #[error("the host was silent for too long")]
    ReadTimeout,
    /// What came was no HTTP, or it broke off.
    #[error("what the host sent is not HTTP, or broke off")]
    Protocol,
}

/// An answer to come. Whoever drops it ends the request.
pub type HttpAnswer = Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send>>;

/// An answer that is there already.
pub fn answered(answer: Result<HttpResponse, HttpError>) -> HttpAnswer {
    Box::pin(std::future::ready(answer))
}

/// What one attempt may use beyond its cell.
pub trait Outlet: Send + Sync {
    /// Sends a request, if the job may send it.
    fn send(&self, request: HttpRequest) -> HttpAnswer;

    /// Whom the attempt has contacted so far, by host.
    fn contacts(&self) -> Vec<Contact>;

    /// The key of this name, if the job may compute with it. It is for the host only.
    fn key(&self, name: &str) -> Option<SecretValue>;
}

/// No way out: every request is refused.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoWayOut;

impl Outlet for NoWayOut {
    fn send(&self, request: HttpRequest) -> HttpAnswer {
        answered(Err(HttpError::Denied(format!("{} is not granted here", request.target))))
    }

    fn contacts(&self) -> Vec<Contact> {
        Vec::new()
    }

    fn key(&self, _: &str) -> Option<SecretValue> {
        None
    }
}

#[async_trait]
impl Outlets for NoWayOut {
    async fn open(&self, _: &Job) -> Result<Arc<dyn Outlet>, JobError> {
        Ok(Arc::new(Self))
    }
}

/// Opens a way out for each attempt. The scheduler uses it.
#[async_trait]
pub trait Outlets: Send + Sync {
    /// A way out with what the job's module is granted now; it stays so until the attempt ends.
    ///
    /// # Errors
    /// When what is granted cannot be read.
    async fn open(&self, job: &Job) -> Result<Arc<dyn Outlet>, JobError>;
}

/// What a module is granted, with the values of its secrets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Granted {
    /// Hosts and names of secrets; none = no network.
    pub http: Option<HttpAccess>,
    /// Each of these secrets that there is.
    pub secrets: Vec<GrantedSecret>,
    /// The keys that it may compute with, by name.
    pub keys: BTreeMap<String, SecretValue>,
}

/// A secret that requests may carry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GrantedSecret {
    /// Its name.
    pub name: String,
    /// Names of the headers that may carry it, in any case.
    pub headers: Vec<String>,
    /// What it is.
    pub value: SecretValue,
}

impl GrantedSecret {
    /// Whether a header may carry it.
    pub fn belongs_in(&self, header: &str) -> bool {
        self.headers.iter().any(|own| own.eq_ignore_ascii_case(header))
    }
}

/// A value that is not to be seen: it has no text of its own in logs.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretValue(pub Vec<u8>);

impl SecretValue {
    /// HMAC-SHA-256 of each message with the value as the key.
    pub fn hmac<M: AsRef<[u8]>>(&self, messages: &[M]) -> Vec<[u8; 32]> {
        let keyed = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes keys of any length");
        let mac = |message: &M| keyed.clone().chain_update(message).finalize().into_bytes().into();
        messages.iter().map(mac).collect()
    }
}

impl fmt::Debug for SecretValue {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("(secret)")
    }
}

/// Knows what is granted.
#[async_trait]
pub trait Grants: Send + Sync {
    /// What the job's module is granted by its project now.
    ///
    /// # Errors
    /// When it cannot be read.
    async fn granted(&self, job: &Job) -> Result<Granted, JobError>;
}

/// What an attempt sent to one host, and what came back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// The host as lists of hosts write it.
    pub host: String,
    /// Requests that were sent, also those that failed then.
    pub requests: u64,
    /// Requests that were refused: nothing was sent.
    pub refused: u64,
    /// Bytes of bodies that were sent.
    pub bytes_sent: u64,
    /// Bytes of bodies that came back.
    pub bytes_received: u64,
}

/// What stands before and after a secret's name in a header.
const OPENING: &str = "{{secret:";
const CLOSING: &str = "}}";

/// Whether `value` names a secret.
pub fn names_secret(value: &[u8]) -> bool {
    next_placeholder(value).is_some()
}

/// How long `value` is with its secrets put in. What `secret` has nothing for is its error.
pub fn length_with_secrets<'a, E>(
    value: &[u8],
    secret: impl Fn(&str) -> Result<&'a SecretValue, E>,
) -> Result<usize, E> {
    let (mut length, mut rest) = (0_usize, value);
    while let Some((before, name, after)) = next_placeholder(rest) {
        length = length.saturating_add(before.len()).saturating_add(secret(name)?.0.len());
        rest = after;
    }
    Ok(length.saturating_add(rest.len()))
}

/// `value` with every `{{secret:NAME}}` replaced by what `secret` has for the name. What is put in is not looked at again.
pub fn with_secrets<'a, E>(
    value: &[u8],
    secret: impl Fn(&str) -> Result<&'a SecretValue, E>,
) -> Result<Vec<u8>, E> {
    let mut filled = Vec::with_capacity(value.len());
    let mut rest = value;
    while let Some((before, name, after)) = next_placeholder(rest) {
        filled.extend_from_slice(before);
        filled.extend_from_slice(&secret(name)?.0);
        rest = after;
    }
    filled.extend_from_slice(rest);
    Ok(filled)
}

/// What is before the first placeholder, its name, and what is after it.
fn next_placeholder(text: &[u8]) -> Option<(&[u8], &str, &[u8])> {
    let start = find(text, OPENING)?;
    let rest = &text[start + OPENING.len()..];
    let end = find(rest, CLOSING)?;
    Some((
        &text[..start],
        std::str::from_utf8(&rest[..end]).unwrap_or_default(),
        &rest[end + CLOSING.len()..],
    ))
}

fn find(text: &[u8], pattern: &str) -> Option<usize> {
    text.windows(pattern.len()).position(|part| part == pattern.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(value: &str) -> Result<String, String> {
        let known = [("A", SecretValue(b"alpha".to_vec())), ("B", SecretValue(b"{{secret:A}}".to_vec()))];
        let find = |name: &str| {
            known.iter().find(|(known, _)| *known == name).map(|(_, value)| value).ok_or(name.to_owned())
        };
        let filled = with_secrets(value.as_bytes(), find)?;
        assert_eq!(length_with_secrets(value.as_bytes(), find), Ok(filled.len()));
        Ok(String::from_utf8(filled).unwrap())
    }

    #[test]
    fn placeholders_become_values_once() {
        assert_eq!(filled("Bearer {{secret:A}}").unwrap(), "Bearer alpha");
        assert_eq!(filled("{{secret:A}}{{secret:A}}").unwrap(), "alphaalpha");
        assert_eq!(filled("{{secret:B}}").unwrap(), "{{secret:A}}", "what is put in is not looked at again");
        for plain in ["", "nothing", "{{secret:A", "{{secret", "{{ secret:A }}", "{{other:A}}"] {
            assert_eq!(filled(plain).unwrap(), plain);
        }
    }

    #[test]
    fn a_name_without_value_is_refused() {
        for value in [
            "{{secret:C}}",
            "{{secret:}}",
            "{{secret:a}}",
            "{{secret:A}} {{secret:C}}",
            "{{secret:{{secret:A}}}}",
        ] {
            assert!(filled(value).is_err(), "{value}");
        }
    }

    /// Test case 2 of RFC 4231, and one with a key that is longer than a block (6).
    #[test]
    fn macs_are_those_of_the_rfc() {
        let mac = |key: &[u8], message: &str| hex::encode(SecretValue(key.into()).hmac(&[message])[0]);
        assert_eq!(
            mac(b"Jefe", "what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
        assert_eq!(
            mac(&[0xaa; 131], "Test Using Larger Than Block-Size Key - Hash Key First"),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        );
        assert_eq!(SecretValue(b"Jefe".into()).hmac(&["a", "b"]).len(), 2);
    }

    #[test]
    fn values_have_no_text_in_logs() {
        let (name, headers) = ("A".into(), vec!["Authorization".into()]);
        let secret = GrantedSecret { name, headers, value: SecretValue(b"alpha".to_vec()) };
        let granted = Granted { secrets: vec![secret], ..Granted::default() };
        assert!(!format!("{granted:?}").contains("alpha") && !format!("{granted:?}").contains("97"));
    }
}

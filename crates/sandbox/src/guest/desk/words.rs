//! The lines of the device, as JSON has them.

use crate::cell::outbox::parse_report;
use crate::cell::told::Described;
use fuelcell_domain::outbound::HttpError;
use fuelcell_domain::{Cancellation, Completion, HostError, LogLevel, Report};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a program writes.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) enum Line {
    Progress(Progress),
    Log(Entry),
    /// As `report.json` has it.
    Report(Value),
    Output(Described),
    Completion(Completed),
    Failure(Failure),
    Mark(Vec<String>),
    Seen(Vec<String>),
    Checkpoint(Bytes),
    Hmac(Hmac),
    Http(Http),
    Ask(Question),
    Manifest(Value),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Progress {
    pub(super) done: u64,
    pub(super) total: u64,
    #[serde(default)]
    pub(super) stage: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    #[serde(default)]
    pub(super) level: Level,
    #[serde(default)]
    pub(super) stage: String,
    pub(super) message: String,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Level {
    Debug,
    #[default]
    Info,
    Warn,
    Error,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Completed {
    Done,
    NoItems,
    Skipped(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Failure {
    pub(super) code: String,
    pub(super) message: String,
    #[serde(default)]
    pub(super) transient: bool,
}

/// How many bytes come behind the line.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Bytes {
    pub(super) bytes: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Hmac {
    pub(super) secret: String,
    /// How many bytes each text has, which come behind the line, one text behind the other.
    pub(super) bytes: Vec<usize>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Http {
    pub(super) method: String,
    pub(super) url: String,
    #[serde(default)]
    pub(super) headers: Vec<(String, String)>,
    /// Of the body, which comes behind the line.
    #[serde(default)]
    pub(super) bytes: usize,
    pub(super) connect_timeout_milliseconds: Option<u64>,
    pub(super) read_timeout_milliseconds: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Question {
    Task,
    Cancellation,
    Checkpoint,
    Inputs,
    Usage,
    Refusal,
}

/// What a program reads.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Answer {
    Task(&'static str),
    Cancellation(&'static str),
    Seen(Vec<bool>),
    /// So many bytes come behind the line; none = there is nothing.
    Bytes(Option<usize>),
    Inputs(Vec<Input>),
    Usage(Figures),
    Http(Response),
    Refusal(Option<Refusal>),
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Input {
    pub(super) name: String,
    pub(super) file_name: String,
    pub(super) media_type: String,
    pub(super) size: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Figures {
    pub(super) fuel: u64,
    pub(super) memory_bytes: u64,
    pub(super) elapsed_milliseconds: Option<u64>,
}

/// The body comes behind the line. Headers come last, so that who has no room for all of them knows the rest.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Response {
    Came { status: u16, bytes: usize, headers: Vec<(String, String)> },
    Failed { error: &'static str },
}

/// Why a line was not taken.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Refusal {
    pub(super) code: Reason,
    pub(super) message: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Reason {
    Limit,
    Invalid,
    Storage,
}

impl Refusal {
    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self { code: Reason::Invalid, message: message.into() }
    }

    pub(super) fn limit(message: impl Into<String>) -> Self {
        Self { code: Reason::Limit, message: message.into() }
    }
}

impl From<HostError> for Refusal {
    fn from(error: HostError) -> Self {
        let (code, message) = match error {
            HostError::Limit(message) => (Reason::Limit, message),
            HostError::Invalid(message) => (Reason::Invalid, message),
            HostError::Storage(message) => (Reason::Storage, message),
        };
        Self { code, message }
    }
}

impl From<Level> for LogLevel {
    fn from(level: Level) -> Self {
        match level {
            Level::Debug => Self::Debug,
            Level::Info => Self::Info,
            Level::Warn => Self::Warn,
            Level::Error => Self::Error,
        }
    }
}

impl From<Completed> for Completion {
    fn from(completed: Completed) -> Self {
        match completed {
            Completed::Done => Self::Done,
            Completed::NoItems => Self::NoItems,
            Completed::Skipped(reason) => Self::Skipped(reason),
        }
    }
}

/// A line from its text.
pub(super) fn line(text: &[u8]) -> Result<Line, Refusal> {
    serde_json::from_slice(text)
        .map_err(|error| Refusal::invalid(format!("this is no line of the device: {error}")))
}

pub(super) fn report(value: &Value) -> Result<Report, Refusal> {
    parse_report(value.to_string().as_bytes())
        .map_err(|error| Refusal::invalid(format!("the report: {error}")))
}

pub(super) fn cancellation(cancellation: Cancellation) -> Answer {
    Answer::Cancellation(match cancellation {
        Cancellation::None => "none",
        Cancellation::User => "user",
        Cancellation::Deadline => "deadline",
    })
}

/// The words of `wasi:http`, which the other languages have, too.
pub(super) fn http_error(error: &HttpError) -> &'static str {
    match error {
        HttpError::Denied(_) => "HTTP-request-denied",
        HttpError::TooMany(_) => "connection-limit-reached",
        HttpError::Invalid(_) | HttpError::Protocol => "HTTP-protocol-error",
        HttpError::RequestTooLong => "HTTP-request-body-size",
        HttpError::ResponseTooLong(_) => "HTTP-response-body-size",
        HttpError::Dns => "DNS-error",
        HttpError::Connect => "connection-refused",
        HttpError::ConnectTimeout => "connection-timeout",
        HttpError::Certificate(_) => "TLS-certificate-error",
        HttpError::Tls => "TLS-protocol-error",
        HttpError::ReadTimeout => "connection-read-timeout",
    }
}

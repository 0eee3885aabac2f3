//! Traces: what belongs to one request is told as spans of one trace, also beyond the queue, the life of a process and the
//! moment at which it is known. A trace's place travels as a [`TraceContext`]; spans go to whoever [`send_to`] named.
//!
//! Nothing here knows how spans are sent. While nobody takes them, beginning one is a look at an empty place.

use crate::Timestamp;
use crate::text::clipped;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;
use uuid::Uuid;

/// Bytes of a text in a span: guests and clients say some, and spans wait in memory.
const MAX_TEXT: usize = 512;

/// A place in a trace, as W3C Trace Context has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TraceContext {
    /// The trace; not all zeros.
    pub trace: [u8; 16],
    /// The span in it; not all zeros.
    pub span: [u8; 8],
    /// Whether its spans are told.
    pub sampled: bool,
}

impl TraceContext {
    /// The trace's id, in hexadecimal digits.
    pub fn trace_id(self) -> String {
        hex::encode(self.trace)
    }

    /// The beginning of a trace that nobody has asked for; `None` while nobody takes spans.
    pub fn root() -> Option<Self> {
        let spans = SPANS.get()?;
        let trace = random();
        Some(Self { trace, span: random_span(), sampled: spans.samples(trace) })
    }

    fn child(self) -> Self {
        Self { span: random_span(), ..self }
    }
}

/// As the header `traceparent` has it.
impl fmt::Display for TraceContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let flags = u8::from(self.sampled);
        write!(f, "00-{}-{}-{flags:02x}", hex::encode(self.trace), hex::encode(self.span))
    }
}

/// What a `traceparent` is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no traceparent")]
pub struct NoTraceContext;

/// Of a later version what this one has is read, as its rules ask.
impl FromStr for TraceContext {
    type Err = NoTraceContext;

    fn from_str(text: &str) -> Result<Self, NoTraceContext> {
        let mut parts = text.split('-');
        let mut next = |length: usize| parts.next().filter(|part| part.len() == length && is_lower_hex(part));
        let (version, trace, span, flags) = (next(2), next(32), next(16), next(2));
        let (Some(version), Some(trace), Some(span), Some(flags)) = (version, trace, span, flags) else {
            return Err(NoTraceContext);
        };
        if version == "ff" || (version == "00" && parts.next().is_some()) {
            return Err(NoTraceContext);
        }
        let (mut context, mut bits) = (Self { trace: [0; 16], span: [0; 8], sampled: false }, [0]);
        hex::decode_to_slice(trace, &mut context.trace).map_err(|_| NoTraceContext)?;
        hex::decode_to_slice(span, &mut context.span).map_err(|_| NoTraceContext)?;
        hex::decode_to_slice(flags, &mut bits).map_err(|_| NoTraceContext)?;
        context.sampled = bits[0] & 1 == 1;
        match context.trace == [0; 16] || context.span == [0; 8] {
            true => Err(NoTraceContext),
            false => Ok(context),
        }
    }
}

fn is_lower_hex(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f'))
}

/// The last seven bytes are all random, as samplers expect.
fn random() -> [u8; 16] {
    Uuid::new_v4().into_bytes()
}

fn random_span() -> [u8; 8] {
    let mut span = [0; 8];
    // The first bytes of a random UUID; the seventh says its version.
    let bytes = random();
    span[..6].copy_from_slice(&bytes[..6]);
    span[6..].copy_from_slice(&bytes[14..]);
    // One of all zeros would be none.
    span[0] |= 1;
    span
}

/// What a span is to those around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpanKind {
    /// A step within.
    Internal,
    /// A request that is answered.
    Server,
    /// A request that is sent.
    Client,
    /// Work that was queued and is done now.
    Consumer,
}

/// What is said of a span.
#[derive(Clone, Debug, PartialEq)]
pub enum Attribute {
    /// Words.
    Text(String),
    /// A whole number.
    Count(i64),
    /// A number.
    Number(f64),
    /// Whether it is so.
    Truth(bool),
}

/// A span that is over.
#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    /// Its place.
    pub context: TraceContext,
    /// The span that it belongs to; none = it is its trace's first.
    pub parent: Option<[u8; 8]>,
    /// What it is called: one of a few names.
    pub name: String,
    /// What it is to those around it.
    pub kind: SpanKind,
    /// When it began.
    pub start: Timestamp,
    /// When it was over.
    pub end: Timestamp,
    /// What is said of it.
    pub attributes: Vec<(&'static str, Attribute)>,
    /// What went wrong.
    pub error: Option<String>,
}

/// Who takes spans.
pub trait Spans: Send + Sync {
    /// Whether the spans of a new trace are told.
    fn samples(&self, trace: [u8; 16]) -> bool;

    /// Takes a span that is over. Never waits.
    fn take(&self, span: Span);
}

static SPANS: OnceLock<Box<dyn Spans>> = OnceLock::new();

/// Has all spans of this process sent there, from now on. Once; false when somebody takes them already.
pub fn send_to(spans: Box<dyn Spans>) -> bool {
    SPANS.set(spans).is_ok()
}

/// Whether anybody takes spans.
pub fn is_on() -> bool {
    SPANS.get().is_some()
}

/// A span that has begun: nothing while nobody takes spans, and in traces that are not sampled. It is told when it ends, and
/// not at all if it never does.
#[derive(Debug, Default)]
pub struct OpenSpan(Option<Box<Span>>);

impl OpenSpan {
    /// Begins one below `parent`.
    pub fn begin(name: &str, kind: SpanKind, parent: Option<TraceContext>, start: Timestamp) -> Self {
        let Some(parent) = parent.filter(|parent| parent.sampled && is_on()) else { return Self(None) };
        Self::at(name, kind, (parent.child(), Some(parent.span)), start)
    }

    /// Begins the one that `context` itself names, with which its trace begins.
    pub fn begin_trace(name: &str, kind: SpanKind, context: Option<TraceContext>, start: Timestamp) -> Self {
        let Some(context) = context.filter(|context| context.sampled && is_on()) else { return Self(None) };
        Self::at(name, kind, (context, None), start)
    }

    fn at(
        name: &str,
        kind: SpanKind,
        (context, parent): (TraceContext, Option<[u8; 8]>),
        start: Timestamp,
    ) -> Self {
        let (name, attributes, error) = (name.to_owned(), Vec::new(), None);
        Self(Some(Box::new(Span { context, parent, name, kind, start, end: start, attributes, error })))
    }

    /// Its place, for what belongs to it.
    pub fn context(&self) -> Option<TraceContext> {
        self.0.as_ref().map(|span| span.context)
    }

    /// Says words of it, 512 bytes of them at most.
    pub fn text(&mut self, key: &'static str, value: impl fmt::Display) -> &mut Self {
        self.say(key, || Attribute::Text(words(value)))
    }

    /// Says a whole number of it; beyond what the format holds it is the largest.
    pub fn count(&mut self, key: &'static str, value: u64) -> &mut Self {
        self.say(key, || Attribute::Count(i64::try_from(value).unwrap_or(i64::MAX)))
    }

    /// Says a number of it.
    pub fn number(&mut self, key: &'static str, value: f64) -> &mut Self {
        self.say(key, || Attribute::Number(value))
    }

    /// Says whether it is so.
    pub fn truth(&mut self, key: &'static str, value: bool) -> &mut Self {
        self.say(key, || Attribute::Truth(value))
    }

    fn say(&mut self, key: &'static str, value: impl FnOnce() -> Attribute) -> &mut Self {
        if let Some(span) = &mut self.0 {
            span.attributes.push((key, value()));
        }
        self
    }

    /// Names it anew.
    pub fn rename(&mut self, name: impl FnOnce() -> String) {
        if let Some(span) = &mut self.0 {
            span.name = words(name());
        }
    }

    /// Says that it went wrong, and how; `kind` is one of a few words.
    pub fn fail(&mut self, kind: impl fmt::Display, message: impl fmt::Display) {
        self.text(keys::ERROR_TYPE, kind);
        if let Some(span) = &mut self.0 {
            span.error = Some(words(message));
        }
    }

    /// It is over.
    pub fn end(self, end: Timestamp) {
        if let (Some(mut span), Some(spans)) = (self.0, SPANS.get()) {
            span.end = end.max(span.start);
            spans.take(*span);
        }
    }
}

/// What a span keeps of a text.
fn words(value: impl fmt::Display) -> String {
    let text = value.to_string();
    match text.len() <= MAX_TEXT {
        true => text,
        false => clipped(&text, MAX_TEXT),
    }
}

/// Names of what is said of spans: those of OpenTelemetry's semantic conventions where they have one.
pub mod keys {
    /// The kind of error: one of a few words.
    pub const ERROR_TYPE: &str = "error.type";
    /// The method of a request.
    pub const HTTP_REQUEST_METHOD: &str = "http.request.method";
    /// The status of its answer.
    pub const HTTP_RESPONSE_STATUS_CODE: &str = "http.response.status_code";
    /// The pattern of the path that was asked.
    pub const HTTP_ROUTE: &str = "http.route";
    /// The host that is asked.
    pub const SERVER_ADDRESS: &str = "server.address";
    /// Its port.
    pub const SERVER_PORT: &str = "server.port";
    /// The path that was asked.
    pub const URL_PATH: &str = "url.path";
    /// `http` or `https`.
    pub const URL_SCHEME: &str = "url.scheme";

    /// The id under which a client and the log know a request.
    pub const REQUEST: &str = "fuelcell.request.id";
    /// A job's id.
    pub const JOB: &str = "fuelcell.job.id";
    /// Jobs of a batch.
    pub const JOBS: &str = "fuelcell.job.count";
    /// The number of an attempt.
    pub const ATTEMPT: &str = "fuelcell.job.attempt";
    /// How an attempt left its job.
    pub const JOB_STATE: &str = "fuelcell.job.state";
    /// A job's type.
    pub const JOB_TYPE: &str = "fuelcell.job.type";
    /// A job's priority.
    pub const PRIORITY: &str = "fuelcell.job.priority";
    /// A tenant's id.
    pub const TENANT: &str = "fuelcell.tenant.id";
    /// A project's id.
    pub const PROJECT: &str = "fuelcell.project.id";
    /// A module's name.
    pub const MODULE: &str = "fuelcell.module.name";
    /// A module's version.
    pub const MODULE_VERSION: &str = "fuelcell.module.version";
    /// SHA-256 of what was compiled.
    pub const MODULE_DIGEST: &str = "fuelcell.module.digest";
    /// Where a cell was: in the server's process or in one of its own.
    pub const ISOLATION: &str = "fuelcell.cell.isolation";
    /// The most fuel that an attempt may burn.
    pub const FUEL_LIMIT: &str = "fuelcell.limits.fuel";
    /// The most memory that it may hold, in bytes.
    pub const MEMORY_LIMIT: &str = "fuelcell.limits.memory";
    /// The most disk that it may hold, in bytes.
    pub const DISK_LIMIT: &str = "fuelcell.limits.disk";
    /// The most seconds that it may take.
    pub const TIME_LIMIT: &str = "fuelcell.limits.time";
    /// Units of fuel that were burnt.
    pub const FUEL: &str = "fuelcell.usage.fuel";
    /// Whether more may have been.
    pub const FUEL_IS_LOWER_BOUND: &str = "fuelcell.usage.fuel.is_lower_bound";
    /// Seconds of processor time.
    pub const CPU: &str = "fuelcell.usage.cpu";
    /// The most bytes of memory that were held.
    pub const MEMORY: &str = "fuelcell.usage.memory.peak";
    /// A message's id.
    pub const DELIVERY: &str = "fuelcell.delivery.id";
    /// How it goes: by mail or webhook.
    pub const CHANNEL: &str = "fuelcell.delivery.channel";
    /// The number of the try.
    pub const TRY: &str = "fuelcell.delivery.try";
    /// What came of the try.
    pub const OUTCOME: &str = "fuelcell.delivery.outcome";
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLIENTS: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn a_traceparent_is_read_and_written() {
        let context: TraceContext = CLIENTS.parse().unwrap();
        assert!(context.sampled);
        assert_eq!(context.trace_id(), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!(context.to_string(), CLIENTS);
        let unsampled = CLIENTS.replace("-01", "-02");
        assert!(!unsampled.parse::<TraceContext>().unwrap().sampled, "another flag");
        let later = CLIENTS.replacen("00", "cc", 1) + "-what-comes-later";
        assert_eq!(later.parse(), Ok(context));
    }

    #[test]
    fn what_is_no_traceparent_is_told() {
        for wrong in [
            "",
            "00",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
            "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b70-01",
            "00-4bf92f3577b34da6a3ce929d0e0e47é-00f067aa0ba902b7-01",
        ] {
            assert_eq!(wrong.parse::<TraceContext>(), Err(NoTraceContext), "{wrong}");
        }
    }

    /// Nobody takes spans in this process.
    #[test]
    fn while_nobody_takes_spans_there_are_none() {
        assert!(!is_on() && TraceContext::root().is_none());
        let parent = CLIENTS.parse().ok();
        let mut span = OpenSpan::begin("run", SpanKind::Internal, parent, Timestamp(1));
        span.text(keys::JOB, "7").fail("Trap", "unreachable");
        assert_eq!(span.context(), None);
        span.end(Timestamp(2));
        assert_eq!(OpenSpan::begin_trace("run", SpanKind::Server, parent, Timestamp(1)).context(), None);
    }

    #[test]
    fn long_words_are_cut_between_characters_and_what_is_cut_off_is_not_kept() {
        assert_eq!(words("é".repeat(256)), "é".repeat(256));
        let cut = words("a".to_owned() + &"é".repeat(32_768));
        assert_eq!(cut, "a".to_owned() + &"é".repeat(255));
        assert!(cut.capacity() <= MAX_TEXT);
    }

    #[test]
    fn ids_of_spans_are_never_none() {
        let ids: std::collections::BTreeSet<_> = (0..1_000).map(|_| random_span()).collect();
        assert_eq!(ids.len(), 1_000);
        assert!(!ids.contains(&[0; 8]));
    }
}

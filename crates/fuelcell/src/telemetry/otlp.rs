//! Spans in the form of OTLP, protocol buffers as OpenTelemetry defines them (`opentelemetry/proto/trace/v1/trace.proto`).
//!
//! The format is written here and not by the SDK of OpenTelemetry: that one makes spans where they happen, and those of a job
//! are told later, by another life of the server, from what the store has. A message of this form is a list of fields, each
//! with its number; a test reads it by the official definitions.

use fuelcell_domain::Timestamp;
use fuelcell_domain::trace::{Attribute, Span, SpanKind};

/// How a field is written, in the last three bits of its key.
const VARINT: u64 = 0;
const FIXED_64: u64 = 1;
const BYTES: u64 = 2;
const FIXED_32: u64 = 5;

/// Who made the spans.
pub(super) struct Resource {
    pub(super) service: String,
    pub(super) version: &'static str,
    /// The process among those of the service.
    pub(super) instance: String,
}

/// An `ExportTraceServiceRequest` with these spans.
pub(super) fn request(resource: &Resource, spans: &[Span]) -> Vec<u8> {
    let about = Message::default()
        .message(1, attribute("service.name", &Attribute::Text(resource.service.clone())))
        .message(1, attribute("service.version", &Attribute::Text(resource.version.to_owned())))
        .message(1, attribute("service.instance.id", &Attribute::Text(resource.instance.clone())));
    let scope = Message::default().text(1, "fuelcell").text(2, resource.version);
    let scoped = Message::default().message(1, scope);
    let scoped = spans.iter().fold(scoped, |scoped, one| scoped.message(2, span(one)));
    let of_resource = Message::default().message(1, about).message(2, scoped);
    Message::default().message(1, of_resource).0
}

fn span(span: &Span) -> Message {
    let kind = match span.kind {
        SpanKind::Internal => 1,
        SpanKind::Server => 2,
        SpanKind::Client => 3,
        SpanKind::Consumer => 5,
    };
    let message = Message::default()
        .bytes(1, &span.context.trace)
        .bytes(2, &span.context.span)
        .bytes_if_any(4, span.parent.as_ref().map_or(&[], |parent| &parent[..]))
        .text(5, &span.name)
        .number(6, kind)
        .fixed_64(7, nanos(span.start))
        .fixed_64(8, nanos(span.end));
    let message = span
        .attributes
        .iter()
        .fold(message, |message, (key, value)| message.message(9, attribute(key, value)));
    let message = match &span.error {
        // The code of an error is 2.
        Some(error) => message.message(15, Message::default().bytes_if_any(2, error.as_bytes()).number(3, 2)),
        None => message,
    };
    message.fixed_32(16, u32::from(span.context.sampled))
}

fn attribute(key: &str, value: &Attribute) -> Message {
    let any = match value {
        Attribute::Text(text) => Message::default().text(1, text),
        Attribute::Truth(truth) => Message::default().number(2, u64::from(*truth)),
        Attribute::Count(count) => Message::default().number(3, count.cast_unsigned()),
        Attribute::Number(number) => Message::default().fixed_64(4, number.to_bits()),
    };
    Message::default().text(1, key).message(2, any)
}

fn nanos(at: Timestamp) -> u64 {
    u64::try_from(at.0).unwrap_or(0).saturating_mul(1_000)
}

/// Fields, one after the other.
#[derive(Default)]
struct Message(Vec<u8>);

impl Message {
    fn bytes(mut self, field: u64, bytes: &[u8]) -> Self {
        self.varint(field << 3 | BYTES);
        self.varint(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
        self
    }

    /// What is empty is left out, as it is where a field need not be told from none.
    fn bytes_if_any(self, field: u64, bytes: &[u8]) -> Self {
        if bytes.is_empty() { self } else { self.bytes(field, bytes) }
    }

    fn text(self, field: u64, text: &str) -> Self {
        self.bytes(field, text.as_bytes())
    }

    fn message(self, field: u64, message: Self) -> Self {
        self.bytes(field, &message.0)
    }

    fn number(mut self, field: u64, number: u64) -> Self {
        self.varint(field << 3 | VARINT);
        self.varint(number);
        self
    }

    fn fixed_64(mut self, field: u64, bits: u64) -> Self {
        self.varint(field << 3 | FIXED_64);
        self.0.extend_from_slice(&bits.to_le_bytes());
        self
    }

    fn fixed_32(mut self, field: u64, bits: u32) -> Self {
        self.varint(field << 3 | FIXED_32);
        self.0.extend_from_slice(&bits.to_le_bytes());
        self
    }

    /// Seven bits a byte, the lowest first; all bytes but the last have the eighth.
    fn varint(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.0.push(number.to_le_bytes()[0] | 0x80);
            number >>= 7;
        }
        self.0.push(number.to_le_bytes()[0]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_as_many_bytes_as_they_need() {
        let written = |number| Message::default().number(1, number).0;
        assert_eq!(written(0), [8, 0]);
        assert_eq!(written(150), [8, 0x96, 1]);
        assert_eq!(written(u64::MAX), [8, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1]);
    }

    #[test]
    fn fields_have_their_number_and_their_form() {
        let message = Message::default().text(2, "ab").message(1, Message::default().fixed_32(16, 1));
        assert_eq!(message.0, [0x12, 2, b'a', b'b', 0x0a, 6, 0x85, 1, 1, 0, 0, 0]);
    }
}

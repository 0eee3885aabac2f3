//! XES, event by event (IEEE 1849-2016).

use std::borrow::Cow;
use std::cell::Cell;
use std::io::{self, BufRead, Read};
use std::rc::Rc;

use quick_xml::errors::{Error, IllFormedError};
use quick_xml::events::attributes::Attribute;
use quick_xml::events::{BytesStart, Event as Xml};
use quick_xml::{Reader, XmlVersion};

use super::source::Source;
use super::timestamp::Timestamps;
use super::{BATCH, Example, Facts, Options, Tick};
use crate::error::{Stop, excerpt};
use crate::log::{Builder, Event, NO_TIME};
use crate::names::{self, Id, NONE};
use crate::text::shorten;

/// One tag, comment or text may not be longer: whoever writes more wants to fill the memory.
const LONGEST_TOKEN: u64 = 8 << 20;

/// Attributes may be nested this deep.
const DEEPEST: usize = 64;

/// Hands out bytes until an allowance is used up; the allowance is renewed with every token.
struct Rationed<R> {
    inner: R,
    left: Rc<Cell<u64>>,
}

impl<R: BufRead> Read for Rationed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}

impl<R: BufRead> BufRead for Rationed<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.left.get() == 0 {
            return Err(io::Error::other(TooLong));
        }
        self.inner.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.left.set(self.left.get().saturating_sub(count as u64));
        self.inner.consume(count);
    }
}

#[derive(Debug, thiserror::Error)]
#[error("a tag or text is longer than {} MiB", LONGEST_TOKEN >> 20)]
struct TooLong;

pub(super) fn read(
    source: Source<'_>,
    options: &Options,
    facts: &mut Facts,
    tick: Tick<'_>,
) -> Result<Builder, Stop> {
    facts.format = if source.compressed { "gzip".to_string() } else { String::new() };
    let allowance = Rc::new(Cell::new(LONGEST_TOKEN));
    let mut reader = Reader::from_reader(Rationed { inner: source.text, left: Rc::clone(&allowance) });
    reader.config_mut().check_end_names = true;
    let mut log = Log::new(Timestamps::new(&options.timestamp_formats)?);
    let (mut token, mut tokens) = (Vec::new(), 0_u64);
    loop {
        token.clear();
        allowance.set(LONGEST_TOKEN);
        let position = reader.buffer_position();
        let event = reader.read_event_into(&mut token);
        match event {
            Ok(Xml::Start(tag)) => log.open(&tag, facts).map_err(|what| corrupt(position, &what))?,
            Ok(Xml::Empty(tag)) => {
                log.open(&tag, facts).map_err(|what| corrupt(position, &what))?;
                log.close(facts);
            }
            Ok(Xml::End(_)) => log.close(facts),
            Ok(Xml::DocType(_)) => return Err(doctype(position)),
            Ok(Xml::Eof) => break,
            Ok(_) => {}
            Err(Error::Io(error)) if error.get_ref().is_some_and(|inner| inner.is::<TooLong>()) => {
                return Err(corrupt(position, &error.to_string()));
            }
            Err(Error::Io(error)) => return Err(source.meter.explain(&error, source.compressed)),
            Err(error) => return Err(corrupt(reader.error_position(), &words(&error))),
        }
        tokens += 1;
        if tokens.is_multiple_of(8 * BATCH) && !tick(source.meter.bytes(), log.builder.len()) {
            facts.stopped = true;
            return Ok(log.builder);
        }
    }
    log.finish(reader.buffer_position(), facts)
}

fn corrupt(position: u64, what: &str) -> Stop {
    Stop::failed("CorruptXes", format!("The XES file is damaged at byte {position}: {what}."))
}

fn words(error: &Error) -> String {
    match error {
        Error::IllFormed(IllFormedError::MismatchedEndTag { expected, found }) => {
            format!("<{}> is closed by </{}>", excerpt(expected), excerpt(found))
        }
        Error::Encoding(_) => "the text is not UTF-8".to_string(),
        other => shorten(&other.to_string(), 200),
    }
}

fn doctype(position: u64) -> Stop {
    let message = format!(
        "The XES file has a document type declaration at byte {position}. Declarations and the entities in them are not \
         allowed; remove the <!DOCTYPE …>."
    );
    Stop::failed("CorruptXes", message)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Outside,
    Log,
    /// A part of the log that says nothing about events: `global`, `extension`, `classifier`.
    Skipped,
    Trace,
    Event,
    /// An attribute, or what is nested in one.
    Attribute,
}

/// An event whose end was not seen yet.
#[derive(Default)]
struct Open {
    activity: Option<Id>,
    time: Option<i64>,
    start: Option<i64>,
    unreadable: bool,
    has_timestamp: bool,
    resource: Option<Id>,
    lifecycle: Option<Id>,
    /// Sum of the attributes' hashes, so that their order does not matter.
    fingerprint: u64,
}

struct Log {
    timestamps: Timestamps,
    builder: Builder,
    places: Vec<Place>,
    seen_log: bool,
    event: Open,
    traces: u64,
    trace_name: Option<String>,
    /// The number of the trace's case, once it is needed.
    case: Option<Id>,
}

impl Log {
    fn new(timestamps: Timestamps) -> Self {
        Self {
            timestamps,
            builder: Builder::default(),
            places: Vec::new(),
            seen_log: false,
            event: Open::default(),
            traces: 0,
            trace_name: None,
            case: None,
        }
    }

    fn place(&self) -> Place {
        self.places.last().copied().unwrap_or(Place::Outside)
    }

    fn open(&mut self, tag: &BytesStart<'_>, facts: &mut Facts) -> Result<(), String> {
        let parent = self.place();
        let place = match (parent, tag.local_name().as_ref()) {
            (Place::Outside, "log") => {
                self.seen_log = true;
                Place::Log
            }
            (Place::Outside, other) => {
                return Err(format!("the file begins with <{}> instead of <log>", excerpt(other)));
            }
            (Place::Log, "trace") => {
                self.traces += 1;
                (self.trace_name, self.case) = (None, None);
                Place::Trace
            }
            (Place::Log | Place::Trace, "event") => {
                self.event = Open::default();
                Place::Event
            }
            (Place::Log, "global" | "extension" | "classifier") | (Place::Skipped, _) => Place::Skipped,
            (Place::Trace, _) => {
                self.trace_attribute(tag)?;
                Place::Attribute
            }
            (Place::Event, _) => {
                self.event_attribute(tag, facts)?;
                Place::Attribute
            }
            (Place::Log | Place::Attribute, _) => Place::Attribute,
        };
        if self.places.len() >= DEEPEST {
            return Err(format!("elements are nested deeper than {DEEPEST}"));
        }
        self.places.push(place);
        Ok(())
    }

    fn close(&mut self, facts: &mut Facts) {
        if self.places.pop() == Some(Place::Event) {
            self.add_event(facts);
        }
    }

    fn trace_attribute(&mut self, tag: &BytesStart<'_>) -> Result<(), String> {
        with_attribute(tag, |key, value| {
            if key == "concept:name" && self.trace_name.is_none() && !value.is_empty() {
                self.trace_name = Some(value.to_string());
            }
        })
    }

    fn event_attribute(&mut self, tag: &BytesStart<'_>, facts: &mut Facts) -> Result<(), String> {
        with_attribute(tag, |key, value| {
            let names = &mut self.builder.names;
            let event = &mut self.event;
            let attribute = names::hash(key.as_bytes()).rotate_left(17) ^ names::hash(value.as_bytes());
            event.fingerprint = event.fingerprint.wrapping_add(attribute);
            match key {
                "concept:name" if !value.is_empty() => {
                    event.activity = Some(names.activities.intern(value.as_bytes()).0);
                }
                "org:resource" if !value.is_empty() => {
                    event.resource = Some(names.resources.intern(value.as_bytes()).0);
                }
                "lifecycle:transition" if !value.is_empty() => {
                    event.lifecycle = Some(names.lifecycles.intern(value.as_bytes()).0);
                }
                "time:timestamp" => {
                    event.time = self.timestamps.parse(value.as_bytes().trim_ascii());
                    event.has_timestamp = !value.is_empty();
                    event.unreadable = event.time.is_none() && event.has_timestamp;
                    if event.unreadable && facts.unreadable_example.is_none() {
                        facts.unreadable_example =
                            Some(Example { row: facts.rows + 1, value: excerpt(value) });
                    }
                }
                "start_timestamp" | "time:start" => {
                    event.start = self.timestamps.parse(value.as_bytes().trim_ascii());
                    facts.unreadable_starts += u64::from(event.start.is_none() && !value.is_empty());
                }
                _ => {}
            }
        })
    }

    fn add_event(&mut self, facts: &mut Facts) {
        facts.rows += 1;
        let event = std::mem::take(&mut self.event);
        let dropped = &mut facts.dropped;
        // An event outside of any trace belongs to no case.
        if self.place() != Place::Trace {
            dropped.no_case += 1;
            return;
        }
        let (Some(activity), Some(time)) = (event.activity, event.time) else {
            dropped.no_activity += u64::from(event.activity.is_none());
            let timed = event.activity.is_some();
            dropped.unreadable_timestamp += u64::from(timed && event.unreadable);
            dropped.no_timestamp += u64::from(timed && !event.unreadable);
            if let Some(name) = &self.trace_name {
                facts.lost_row(name.as_bytes());
            }
            return;
        };
        let case = self.case(facts);
        self.builder.push(Event {
            case,
            activity,
            time,
            start: event.start.unwrap_or(NO_TIME),
            resource: event.resource.unwrap_or(NONE),
            lifecycle: event.lifecycle.unwrap_or(NONE),
            fingerprint: event.fingerprint as u32,
        });
    }

    /// The case of the current trace. The standard puts a trace's attributes before its events, so its name is known
    /// with the first event, or it has none.
    fn case(&mut self, facts: &mut Facts) -> Id {
        if let Some(case) = self.case {
            return case;
        }
        let name = self.trace_name.clone().unwrap_or_else(|| {
            facts.unnamed_traces += 1;
            format!("trace {}", self.traces)
        });
        *self.case.insert(self.builder.names.cases.intern(name.as_bytes()).0)
    }

    fn finish(self, position: u64, facts: &mut Facts) -> Result<Builder, Stop> {
        if !self.seen_log {
            return Err(corrupt(position, "there is no <log> element"));
        }
        if !self.places.is_empty() {
            return Err(corrupt(position, "the file ends before </log>"));
        }
        let attributes = [
            ("case", "concept:name of the trace"),
            ("activity", "concept:name"),
            ("timestamp", "time:timestamp"),
        ];
        facts.columns = attributes.map(|(role, name)| (role, name.to_string())).to_vec();
        Ok(self.builder)
    }
}

/// Calls `use_it` with the key and the value of an attribute element such as `<string key="…" value="…"/>`.
fn with_attribute(tag: &BytesStart<'_>, use_it: impl FnOnce(&str, &str)) -> Result<(), String> {
    let (mut key, mut value) = (None, None);
    for attribute in tag.attributes().with_checks(false) {
        let attribute = attribute.map_err(|error| shorten(&error.to_string(), 200))?;
        let place = match attribute.key.as_ref() {
            "key" => &mut key,
            "value" => &mut value,
            _ => continue,
        };
        *place = Some(plain(attribute)?);
    }
    if let (Some(key), Some(value)) = (key, value) {
        use_it(&key, &value);
    }
    Ok(())
}

/// The text of an attribute: as it stands, unless it holds references or white space that XML wants replaced.
fn plain(attribute: Attribute<'_>) -> Result<Cow<'_, str>, String> {
    let marked = |byte: &u8| *byte == b'&' || *byte < b' ';
    if !attribute.value.as_bytes().iter().any(marked) {
        return Ok(attribute.value);
    }
    let text = attribute.normalized_value(XmlVersion::Implicit1_0);
    text.map(|text| Cow::Owned(text.into_owned())).map_err(|error| shorten(&error.to_string(), 200))
}

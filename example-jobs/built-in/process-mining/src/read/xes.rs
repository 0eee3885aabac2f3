//! XES, event by event (IEEE 1849-2016).

use std::borrow::Cow;
use std::io::{self, BufRead, BufReader};

use quick_xml::XmlVersion;
use quick_xml::events::BytesStart;
use quick_xml::events::attributes::Attribute;
use quick_xml::name::QName;
use rustc_hash::FxHashMap;

use super::classifier::Classifier;
use super::facts::{BATCH, Facts, Options, Tick, instance_hash};
use super::refusals::REFUSALS;
use super::single_byte::{Encoding, SingleByte};
use super::tags::{Element, Tag, TagError, Tags};
use crate::attributes::Wanted;
use crate::error::{Stop, excerpt};
use crate::log::{Builder, Event, NO_TIME};
use crate::names::{self, Id, NONE, Names};
use fuelcell_records_kit::buffer::{first_of, near};
use fuelcell_records_kit::iso::beyond_micros;
use fuelcell_records_kit::source::Source;
use fuelcell_records_kit::timestamp::{Timestamps, count_form};
use fuelcell_report_kit::text::shorten;

pub(super) fn read(
    source: Source<'_>,
    options: &Options,
    facts: &mut Facts,
    tick: Tick<'_>,
) -> Result<Builder, Stop> {
    facts.format = source.compression.map_or(String::new(), |compression| compression.name().to_string());
    let (text, encoding) = decoded(source.text).map_err(|error| source.meter.explain(&error))??;
    facts.encoding = encoding.unwrap_or(facts.encoding);
    let mut tags = Tags::new(text);
    let timestamps = Timestamps::new(&options.timestamp_formats)?.of_times();
    let mut log = Log::new(timestamps, options.attributes.clone());
    log.classifier = options.classifier.as_deref().map(Classifier::new);
    let mut seen = 0_u64;
    loop {
        if log.place() == Place::Event {
            tags.skip(|text| log.known_attributes(text));
        }
        let done = match tags.next() {
            Ok(Some(Tag::Open(element))) => log.open(&element, facts),
            Ok(Some(Tag::Close)) => {
                log.close(facts);
                Ok(())
            }
            Ok(None) => break,
            Err(TagError::Io(error)) => return Err(source.meter.explain(&error)),
            Err(TagError::Doctype) => return Err(doctype(tags.position())),
            Err(TagError::Corrupt(what)) => Err(what),
        };
        done.map_err(|what| corrupt(tags.position(), &what))?;
        seen += 1;
        if seen.is_multiple_of(8 * BATCH) {
            let (bytes, events) = (source.meter.bytes(), log.builder.len());
            log.builder.expect(options.foresee(bytes, events));
            if !tick(bytes, events) {
                facts.stopped = true;
                return Ok(log.builder);
            }
        }
    }
    log.finish(tags.position(), facts)
}

/// Text as UTF-8 where the declaration says that it is something else, and what it says.
pub(super) type Decoded<'a> = (Box<dyn BufRead + 'a>, Option<&'static str>);

/// The text in the encoding that its declaration names.
pub(super) fn decoded(mut text: Box<dyn BufRead + '_>) -> io::Result<Result<Decoded<'_>, Stop>> {
    let start = text.fill_buf()?;
    let start = start[..start.len().min(200)].to_vec();
    let declaration = start.trim_ascii_start().strip_prefix(b"<?xml").unwrap_or_default();
    let end = declaration.iter().position(|byte| *byte == b'>').unwrap_or(0);
    let declaration = String::from_utf8_lossy(&declaration[..end]);
    let name = declaration.split_once("encoding").map_or("", |(_, rest)| rest);
    let name = name.split(['"', '\'']).nth(1).unwrap_or_default();
    Ok(match (Encoding::named(name), name.to_ascii_lowercase()) {
        (Some(encoding), _) => {
            let text = BufReader::new(SingleByte::new(text, encoding));
            Ok((Box::new(text), Some(encoding.name())))
        }
        // UTF-16 was decoded by its mark.
        (None, name) if name.is_empty() || name.starts_with("utf") => Ok((text, None)),
        (None, name) => Err(Stop::failed(
            "CorruptXes",
            format!(
                "The XES file is declared as \"{}\" at byte 0. Allowed are UTF-8, UTF-16 with mark, ISO-8859-1, ISO-8859-15 and \
                 windows-1252.",
                excerpt(&name)
            ),
        )),
    })
}

fn corrupt(position: u64, what: &str) -> Stop {
    Stop::failed("CorruptXes", format!("The XES file is damaged at byte {position}: {what}."))
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
    resource: Option<Id>,
    lifecycle: Option<Id>,
    instance: u32,
    beyond: u32,
    /// Sum of the attributes' hashes, so that their order does not matter.
    fingerprint: u64,
}

/// What an attribute says about its event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Said {
    #[default]
    Nothing,
    Activity(Id),
    Resource(Id),
    Lifecycle(Id),
    /// A value of another attribute.
    Other(u8, Id),
    /// The value of the attribute at a place of the classifier.
    Part(u16, Id),
}

/// An attribute that was seen before.
#[derive(Clone, Copy)]
struct Known {
    hash: u64,
    said: Said,
}

/// Attributes that were seen before, by the text of their tags: logs repeat few of them over and over.
///
/// Most of a log goes through [`Memory::recall`]. So nothing there depends on the length of a tag: with loops, a cell
/// would count their rounds, and the processor would guess wrongly when they end.
struct Memory {
    places: Vec<Remembered>,
}

/// A tag, brackets and all, with zeros behind it.
#[derive(Clone)]
struct Remembered {
    text: [u8; Memory::LONGEST],
    length: usize,
    known: Known,
}

impl Memory {
    /// A power of two; of two attributes with the same place, the last one is remembered.
    const PLACES: usize = 1024;
    /// Bytes of a tag, so that it says something and its last bytes can be looked at without asking how many there are.
    const SHORTEST: usize = 32;
    /// Longer tags are rare and not remembered: their ends are not looked for.
    const LONGEST: usize = Self::SHORTEST - 1 + 2 * Self::LOOKED_AT;
    /// Bytes that are looked at together for the end of a tag.
    const LOOKED_AT: usize = 32;

    fn new() -> Self {
        let known = Known { hash: 0, said: Said::Nothing };
        Self { places: vec![Remembered { text: [0; Self::LONGEST], length: 0, known }; Self::PLACES] }
    }

    /// What is known of the tag that the text begins with, and its length.
    #[inline]
    fn recall(&self, text: &[u8]) -> Option<(usize, Known)> {
        let text = text.first_chunk::<{ Self::LONGEST }>()?;
        // Only strings are looked for: dates hardly ever come again, and other attributes are few.
        if text[1] != b's' {
            return None;
        }
        let length = Self::length(text)?;
        let tag = text.get(..length)?;
        let remembered = self.places.get(Self::place(tag)?)?;
        let same = remembered.length == length && same_tags(tag, remembered.text.get(..length)?);
        same.then_some((length, remembered.known))
    }

    /// Where the text has its first `>` that may end a tag. It may end none, since values may hold one: then what is
    /// before it is no whole tag, and nothing is known of it.
    #[inline]
    fn length(text: &[u8; Self::LONGEST]) -> Option<usize> {
        let (_, rest) = text.split_first_chunk::<{ Self::SHORTEST - 1 }>()?;
        let (near, rest) = rest.split_first_chunk::<{ Self::LOOKED_AT }>()?;
        let far =
            || first_of(b'>', rest.first_chunk::<{ Self::LOOKED_AT }>()?).map(|at| at + Self::LOOKED_AT);
        first_of(b'>', near).or_else(far).map(|at| at + Self::SHORTEST)
    }

    /// The place of a tag, by its last bytes: they hold its value, and often its key.
    #[inline]
    fn place(tag: &[u8]) -> Option<usize> {
        let (words, _) = tag.last_chunk::<{ Self::SHORTEST }>()?.as_chunks::<8>();
        // Odd numbers without a pattern, as SHA-256 begins with them. Every byte of a word has a part in the product's
        // highest bits.
        const FACTORS: [u64; 4] =
            [0x6a09_e667_bb67_ae85, 0x3c6e_f372_a54f_f53b, 0x510e_527f_9b05_688d, 0x1f83_d9ab_5be0_cd19];
        let sum = words.iter().zip(FACTORS).fold(tag.len() as u64, |sum, (word, factor)| {
            sum.wrapping_add(u64::from_le_bytes(*word).wrapping_mul(factor))
        });
        Some((sum >> (u64::BITS - Self::PLACES.ilog2())) as usize)
    }

    fn remember(&mut self, tag: &[u8], known: Known) {
        if !(Self::SHORTEST..=Self::LONGEST).contains(&tag.len()) {
            return;
        }
        if let Some(place) = Self::place(tag) {
            let mut text = [0; Self::LONGEST];
            text[..tag.len()].copy_from_slice(tag);
            self.places[place] = Remembered { text, length: tag.len(), known };
        }
    }
}

/// Whether two tags of equal length are equal. Nearly all are not longer than twice [`Memory::SHORTEST`], so that their
/// first and last bytes are all of them.
#[inline]
fn same_tags(a: &[u8], b: &[u8]) -> bool {
    const ENDS: usize = Memory::SHORTEST;
    let differences = |a: Option<&[u8; ENDS]>, b: Option<&[u8; ENDS]>| {
        let (Some(a), Some(b)) = (a, b) else { return 1 };
        let words = a.as_chunks::<8>().0.iter().zip(b.as_chunks::<8>().0);
        words.fold(0, |found, (a, b)| found | (u64::from_le_bytes(*a) ^ u64::from_le_bytes(*b)))
    };
    let ends = differences(a.first_chunk(), b.first_chunk()) | differences(a.last_chunk(), b.last_chunk());
    ends == 0 && (a.len() <= 2 * ENDS || names::same(a, b))
}

struct Log {
    memory: Memory,
    timestamps: Timestamps,
    /// What names activities, where that is not `concept:name`.
    classifier: Option<Classifier>,
    builder: Builder,
    places: Vec<Place>,
    seen_log: bool,
    event: Open,
    traces: u64,
    trace_name: Option<Vec<u8>>,
    /// The number of the trace's case, once it is needed.
    case: Option<Id>,
    /// Which other attributes are read.
    wanted: Wanted,
    /// Their places by their keys, of traces and of events; None of what is not read.
    of_traces: FxHashMap<Vec<u8>, Option<u8>>,
    of_events: FxHashMap<Vec<u8>, Option<u8>>,
    /// Values of the current trace.
    trace_values: Vec<(u8, Id)>,
}

impl Log {
    fn new(timestamps: Timestamps, wanted: Wanted) -> Self {
        Self {
            wanted,
            of_traces: FxHashMap::default(),
            of_events: FxHashMap::default(),
            trace_values: Vec::new(),
            memory: Memory::new(),
            timestamps,
            classifier: None,
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

    #[inline(never)]
    fn open(&mut self, element: &Element<'_>, facts: &mut Facts) -> Result<(), String> {
        let place = match (self.place(), element.name) {
            (Place::Event, _) => {
                self.event_attribute(element, facts)?;
                Place::Attribute
            }
            (Place::Log | Place::Trace, b"event") => {
                self.event = Open::default();
                self.builder.attributes.begin_event();
                Place::Event
            }
            (Place::Trace, _) => {
                self.trace_attribute(element)?;
                Place::Attribute
            }
            (Place::Log, b"trace") => {
                self.traces += 1;
                (self.trace_name, self.case) = (None, None);
                self.trace_values.clear();
                Place::Trace
            }
            (Place::Log, b"object-types" | b"event-types" | b"objects" | b"events") => {
                facts.object_centric = true;
                Place::Skipped
            }
            (Place::Log, b"classifier") => {
                self.declare(element)?;
                Place::Skipped
            }
            (Place::Log, b"global" | b"extension") | (Place::Skipped, _) => Place::Skipped,
            (Place::Log | Place::Attribute, _) => Place::Attribute,
            (Place::Outside, b"log") => {
                self.seen_log = true;
                Place::Log
            }
            (Place::Outside, other) => {
                let name = excerpt(&String::from_utf8_lossy(other));
                return Err(format!("the file begins with <{name}> instead of <log>"));
            }
        };
        if !element.empty {
            self.places.push(place);
        } else if place == Place::Event {
            self.add_event(facts);
        }
        Ok(())
    }

    fn close(&mut self, facts: &mut Facts) {
        if self.places.pop() == Some(Place::Event) {
            self.add_event(facts);
        }
    }

    fn trace_attribute(&mut self, element: &Element<'_>) -> Result<(), String> {
        let (Some(key), Some(value)) = (element.key, element.value) else { return Ok(()) };
        if key == b"concept:name" {
            if self.trace_name.is_none() {
                self.trace_name = Some(plain(value)?.into_owned()).filter(|name| !name.is_empty());
            }
            return Ok(());
        }
        if let Some((attribute, value)) = self.other(key, value, element.name == b"date", true)? {
            self.trace_values.push((attribute, value));
        }
        Ok(())
    }

    /// An attribute that names activities by the classifier.
    fn part(&mut self, key: &[u8], value: &[u8]) -> Result<Option<Said>, String> {
        let Some(classifier) = &mut self.classifier else { return Ok(None) };
        let Some(place) = classifier.place(key) else { return Ok(None) };
        Ok(Some(Said::Part(place as u16, classifier.value(&plain(value)?))))
    }

    /// An attribute that is nothing else, by its place, and its value.
    #[inline(never)]
    fn other(
        &mut self,
        key: &[u8],
        value: &[u8],
        is_time: bool,
        of_trace: bool,
    ) -> Result<Option<(u8, Id)>, String> {
        let known = if of_trace { &self.of_traces } else { &self.of_events };
        let place = match known.get(key) {
            Some(place) => *place,
            None => self.new_other(key, is_time, of_trace)?,
        };
        let Some(place) = place else { return Ok(None) };
        let value = plain(value)?;
        let value = value.trim_ascii();
        let attributes = &mut self.builder.attributes;
        let number = if value.is_empty() { NONE } else { attributes.value(place.into(), value) };
        Ok(Some((place, number)))
    }

    fn new_other(&mut self, key: &[u8], is_time: bool, of_trace: bool) -> Result<Option<u8>, String> {
        let text = plain(key)?;
        let name = String::from_utf8_lossy(&text);
        // Traces may have an attribute of the same name.
        let name =
            if !of_trace && self.of_traces.contains_key(key) { format!("event:{name}") } else { name.into() };
        let cases = self.builder.names.cases.len();
        let attributes = &mut self.builder.attributes;
        let place = if self.wanted.wants(&name, is_time) {
            attributes.add(&name, of_trace, cases)
        } else {
            if self.wanted.others {
                attributes.pass_over_time(&name);
            }
            None
        };
        let place = place.and_then(|place| u8::try_from(place).ok());
        let known = if of_trace { &mut self.of_traces } else { &mut self.of_events };
        known.insert(key.to_vec(), place);
        Ok(place)
    }

    /// Takes in the attributes of an event that the text begins with, as long as they are known. Answers where the last
    /// one ends. Outside of events the same tags say something else.
    #[inline(never)]
    fn known_attributes(&mut self, text: &[u8]) -> usize {
        let mut end = 0;
        loop {
            let rest = text.get(end..).unwrap_or_default();
            let Some(begin) = near(b'<', rest) else { return end };
            let Some((length, known)) = self.memory.recall(rest.get(begin..).unwrap_or_default()) else {
                return end;
            };
            self.known_attribute(known);
            end += begin + length;
        }
    }

    #[inline]
    fn known_attribute(&mut self, known: Known) {
        let event = &mut self.event;
        event.fingerprint = event.fingerprint.wrapping_add(known.hash);
        match known.said {
            Said::Nothing => {}
            Said::Activity(id) => event.activity = Some(id),
            Said::Resource(id) => event.resource = Some(id),
            Said::Lifecycle(id) => event.lifecycle = Some(id),
            Said::Other(attribute, value) => self.builder.attributes.set(attribute.into(), value),
            Said::Part(place, id) => {
                if let Some(classifier) = &mut self.classifier {
                    classifier.set(usize::from(place), id);
                }
            }
        }
    }

    fn event_attribute(&mut self, element: &Element<'_>, facts: &mut Facts) -> Result<(), String> {
        let (Some(key), Some(value)) = (element.key, element.value) else { return Ok(()) };
        let hash = names::hash(element.text);
        let said = self.new_attribute(key, value, element.name == b"date", facts)?;
        let known = Known { hash, said };
        if element.empty && said != Said::Nothing {
            self.memory.remember(element.text, known);
        }
        self.known_attribute(known);
        Ok(())
    }

    /// An attribute that is not remembered.
    #[inline(never)]
    fn new_attribute(
        &mut self,
        key: &[u8],
        value: &[u8],
        is_time: bool,
        facts: &mut Facts,
    ) -> Result<Said, String> {
        if value.is_empty() {
            return Ok(Said::Nothing);
        }
        let names = &mut self.builder.names;
        let event = &mut self.event;
        let said = match key {
            key if names::same(key, b"time:timestamp") => {
                self.timestamp(value, facts);
                Said::Nothing
            }
            b"concept:name" => Said::Activity(names.activities.intern(&plain(value)?).0),
            b"org:resource" => Said::Resource(names.resources.intern(&plain(value)?).0),
            b"lifecycle:transition" => Said::Lifecycle(names.lifecycles.intern(&plain(value)?).0),
            b"concept:instance" => {
                event.instance = instance_hash(value);
                Said::Nothing
            }
            b"start_timestamp" | b"time:start" => {
                event.start = self.timestamps.parse(value.trim_ascii());
                facts.unreadable_starts += u64::from(event.start.is_none());
                Said::Nothing
            }
            key => match self.part(key, value)? {
                Some(part) => part,
                None => self
                    .other(key, value, is_time, false)?
                    .map_or(Said::Nothing, |(place, value)| Said::Other(place, value)),
            },
        };
        Ok(said)
    }

    fn timestamp(&mut self, value: &[u8], facts: &mut Facts) {
        let event = &mut self.event;
        let text = trimmed(value);
        event.time = self.timestamps.parse(text).or_else(|| counted_time(text));
        if let Some(time) = event.time {
            facts.see_offset(time, text);
        }
        event.beyond = beyond_micros(value);
        facts.beyond_micros += u64::from(event.beyond > 0);
        event.unreadable = event.time.is_none();
        if event.unreadable {
            facts.unreadable(facts.rows + 1, || excerpt(&String::from_utf8_lossy(value)));
        }
    }

    /// Takes in a classifier that the log declares.
    #[inline(never)]
    fn declare(&mut self, element: &Element<'_>) -> Result<(), String> {
        let Some(classifier) = &mut self.classifier else { return Ok(()) };
        let text = String::from_utf8_lossy(element.text);
        let text = text.trim_start_matches('<').trim_end_matches('>').trim_end_matches('/');
        let tag = BytesStart::from_content(text, text.find(char::is_whitespace).unwrap_or(text.len()));
        let value = |name: &str| {
            let attribute = tag.try_get_attribute(name).map_err(|error| shorten(&error.to_string(), 200))?;
            let value = attribute.map(|attribute| attribute.normalized_value(XmlVersion::Implicit1_0));
            let value = value.transpose().map_err(|error| shorten(&error.to_string(), 200))?;
            Ok::<_, String>(value.unwrap_or_default().into_owned())
        };
        classifier.declare(&value("name")?, &value("keys")?);
        Ok(())
    }

    /// Names the activity of an event by the classifier. What tells transitions apart leaves none of them to be told.
    #[inline(never)]
    fn classify(&mut self, event: &mut Open) {
        let Some(classifier) = &mut self.classifier else { return };
        let names = &mut self.builder.names;
        let name = |names: &Names, id: Option<Id>| id.map_or(String::new(), |id| names.get(id).to_string());
        let own = [
            name(&names.activities, event.activity),
            name(&names.lifecycles, event.lifecycle),
            name(&names.resources, event.resource),
        ];
        event.activity = classifier.activity(own.each_ref().map(String::as_str), &mut names.activities);
        if classifier.tells_transitions() {
            event.lifecycle = None;
        }
    }

    fn add_event(&mut self, facts: &mut Facts) {
        facts.rows += 1;
        let mut event = std::mem::take(&mut self.event);
        if self.classifier.is_some() {
            self.classify(&mut event);
        }
        let dropped = &mut facts.dropped;
        // An event outside of any trace belongs to no case.
        if self.place() != Place::Trace {
            dropped.no_case += 1;
            facts.first_without[0].get_or_insert(facts.rows);
            return;
        }
        let (Some(activity), Some(time)) = (event.activity, event.time) else {
            dropped.no_activity += u64::from(event.activity.is_none());
            let timed = event.activity.is_some();
            dropped.unreadable_timestamp += u64::from(timed && event.unreadable);
            dropped.no_timestamp += u64::from(timed && !event.unreadable);
            if !timed {
                facts.first_without[1].get_or_insert(facts.rows);
            } else if !event.unreadable {
                facts.first_without[2].get_or_insert(facts.rows);
            }
            if let Some(name) = &self.trace_name {
                facts.lost_row(name);
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
            instance: event.instance,
            order: i64::from(event.beyond),
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
            format!("trace {}", self.traces).into_bytes()
        });
        let case = self.builder.names.cases.intern(&name).0;
        for &(attribute, value) in &self.trace_values {
            self.builder.attributes.set_case(attribute.into(), case, value);
        }
        *self.case.insert(case)
    }

    fn finish(self, position: u64, facts: &mut Facts) -> Result<Builder, Stop> {
        if !self.seen_log {
            return Err(corrupt(position, "there is no <log> element"));
        }
        if !self.places.is_empty() {
            return Err(corrupt(position, "the file ends before </log>"));
        }
        if let Some(classifier) = &self.classifier {
            classifier.check()?;
        }
        if facts.object_centric && facts.rows == 0 {
            return Err(Stop::failed(
                "UnsupportedFormat",
                format!(
                    "The file is an object-centric log (OCEL, XML), which its beginning does not show: remove what stands before its \
                     first elements, such as long comments. Allowed are {}.",
                    REFUSALS.allowed
                ),
            ));
        }
        let attributes = [
            ("case", "concept:name of the trace"),
            ("activity", self.classifier.as_ref().map_or("concept:name", Classifier::name)),
            ("timestamp", "time:timestamp"),
        ];
        facts.columns = attributes.map(|(role, name)| (role, name.to_string())).to_vec();
        Ok(self.builder)
    }
}

/// A time that is written as a number, of the unit that its size tells.
#[inline(never)]
fn counted_time(value: &[u8]) -> Option<i64> {
    Timestamps::detected(&[count_form(value)?.to_string()]).parse(value)
}

/// Without white space around it, which there hardly ever is.
#[inline]
fn trimmed(value: &[u8]) -> &[u8] {
    match value {
        [b'0'..=b'9', .., b'0'..=b'9' | b'Z'] => value,
        _ => value.trim_ascii(),
    }
}

/// The text of a value: as it stands, unless it holds references or white space that XML wants replaced.
fn plain(value: &[u8]) -> Result<Cow<'_, [u8]>, String> {
    // Looking at every byte is faster than stopping at the first: it needs no branches.
    let marked = value.iter().fold(false, |found, &byte| found | (byte == b'&') | (byte < b' '));
    if !marked {
        return Ok(Cow::Borrowed(value));
    }
    let attribute = Attribute { key: QName("value"), value: String::from_utf8_lossy(value) };
    let text = attribute.normalized_value(XmlVersion::Implicit1_0);
    text.map(|text| Cow::Owned(text.into_owned().into_bytes()))
        .map_err(|error| shorten(&error.to_string(), 200))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_known_again_as_a_whole_only() {
        for length in Memory::SHORTEST..=Memory::LONGEST {
            let value = "a>b".repeat(40);
            let tag = format!("<string key=\"a\" value=\"{}\"/>", &value[..length - 26]);
            let text = format!("{tag}{}", " ".repeat(Memory::LONGEST));
            let known = Known { hash: length as u64, said: Said::Activity(7) };
            // Its first > stands where no tag ends, if it has one there.
            let ends = |tag: &str| tag[Memory::SHORTEST - 1..].find('>') == Some(length - Memory::SHORTEST);
            let plain = tag.replace("a>b", "acb").replace("a>", "ac");
            for (tag, text) in [(&tag, &text), (&plain, &text.replacen(&tag, &plain, 1))] {
                let mut memory = Memory::new();
                assert!(memory.recall(text.as_bytes()).is_none());
                memory.remember(tag.as_bytes(), known);
                let found = memory.recall(text.as_bytes()).map(|(length, known)| (length, known.hash));
                assert_eq!(found, ends(tag).then_some((length, length as u64)), "{text}");
                for at in 0..length {
                    let mut other = text.clone().into_bytes();
                    other[at] ^= 1;
                    assert!(memory.recall(&other).is_none(), "{text} differs at {at}");
                }
            }
        }
    }
}

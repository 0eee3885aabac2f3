//! Object-centric logs (OCEL 2.0), in which events belong to several objects of several types.

mod json;
mod xml;

use std::rc::Rc;

use serde::Deserialize;
use serde_json::Value;

use super::facts::{BATCH, Example, Facts, Options, Tick};
use super::refusals::REFUSALS;
use crate::error::{Stop, excerpt};
use crate::log::Builder;
use crate::names::{NONE, Names};
use crate::objects::{Happened, ObjectLog, Objects};
use fuelcell_records_kit::iso::beyond_micros;
use fuelcell_records_kit::source::{Meter, Source};
use fuelcell_records_kit::timestamp::Timestamps;
use fuelcell_report_kit::text::shorten;

/// What the file is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Json,
    Xml,
}

impl Form {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Json => "OCEL 2.0 (JSON)",
            Self::Xml => "OCEL 2.0 (XML)",
        }
    }
}

/// Whether the beginning of an XML file is that of an object-centric log.
pub(super) fn is_xml(start: &[u8]) -> bool {
    let tags: [&[u8]; 4] = [b"<object-types", b"<event-types", b"<objects", b"<events"];
    tags.iter().any(|tag| memchr::memmem::find(start, tag).is_some())
}

pub(super) fn read(
    source: Source<'_>,
    form: Form,
    options: &Options,
    facts: &mut Facts,
    tick: Tick<'_>,
) -> Result<Builder, Stop> {
    facts.format = source.compression.map_or(String::new(), |compression| compression.name().to_string());
    let mut gathering = Gathering {
        log: ObjectLog::default(),
        event_ids: Names::default(),
        timestamps: Timestamps::new(&options.timestamp_formats)?.of_times(),
        meter: Rc::clone(&source.meter),
        facts,
        tick,
    };
    match form {
        Form::Json => json::read(source.text, &mut gathering)?,
        Form::Xml => xml::read(source.text, &mut gathering)?,
    }
    let Gathering { log, facts, .. } = gathering;
    if facts.stopped {
        return Ok(Builder::default());
    }
    check(&log)?;
    let objects = Objects::of(log, options.object_type.as_deref())?;
    let builder = objects.log.flatten(objects.flattened, Some(&options.attributes));
    let kind = objects.log.types.get(objects.flattened);
    let case = format!("objects of type \"{}\"", excerpt(kind));
    let columns = [("case", case), ("activity", "type".to_string()), ("timestamp", "time".to_string())];
    facts.columns = columns.to_vec();
    // Of the rows that are told of, each is an event of an object.
    facts.rows = builder.len() as u64 + facts.dropped.total();
    facts.objects = Some(Rc::new(objects));
    Ok(builder)
}

/// Every object that is named must be there.
fn check(log: &ObjectLog) -> Result<(), Stop> {
    let mut missing = (0..).zip(&log.type_of).filter(|(_, kind)| **kind == NONE).map(|(object, _)| object);
    let Some(first) = missing.next() else { return Ok(()) };
    let more = match missing.count() {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    Err(wrong(&format!(
        "the object \"{}\"{more} is referred to and not defined among the objects; add it, or remove what refers to it",
        excerpt(log.objects.get(first))
    )))
}

fn wrong(what: &str) -> Stop {
    Stop::failed("InvalidOcel", format!("The object-centric log cannot be read: {what}."))
}

fn no_ocel() -> Stop {
    let message = format!(
        "The file is JSON. An object-centric log (OCEL 2.0) has \"objects\" and \"events\", which this one lacks; save other JSON \
         as CSV with one row an event. Allowed are {}.",
        REFUSALS.allowed
    );
    Stop::failed("UnsupportedFormat", message)
}

fn version_1() -> Stop {
    let message = "The file is an object-centric log of version 1.0 (OCEL), which is not read. Convert it to OCEL 2.0 (JSON or XML), \
                   as pm4py and others do.";
    Stop::failed("UnsupportedFormat", message)
}

/// An object as it is written.
#[derive(Debug, Default, Deserialize)]
struct Object {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    attributes: Vec<Attribute>,
    #[serde(default)]
    relationships: Vec<Relationship>,
}

/// An event as it is written.
#[derive(Debug, Default, Deserialize)]
struct Event {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    time: Value,
    #[serde(default)]
    attributes: Vec<Attribute>,
    #[serde(default)]
    relationships: Vec<Relationship>,
}

#[derive(Debug, Default, Deserialize)]
struct Attribute {
    name: String,
    #[serde(default)]
    value: Value,
    #[serde(default)]
    time: Value,
}

#[derive(Debug, Default, Deserialize)]
struct Relationship {
    #[serde(rename = "objectId")]
    object_id: String,
}

/// What is read so far.
struct Gathering<'a> {
    log: ObjectLog,
    event_ids: Names,
    timestamps: Timestamps,
    meter: Rc<Meter>,
    facts: &'a mut Facts,
    tick: Tick<'a>,
}

/// A scalar as text; nothing for `null` and for what is nested.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

impl Gathering<'_> {
    /// Takes an object. The error ends a sentence.
    fn object(&mut self, object: Object) -> Result<(), String> {
        if object.id.is_empty() {
            return Err("an object has no id".to_string());
        }
        let id = self.log.object(&object.id);
        if self.log.type_of[id as usize] != NONE {
            return Err(format!("the object \"{}\" is defined twice", excerpt(&object.id)));
        }
        self.log.type_of[id as usize] = self.log.types.intern(object.kind.as_bytes()).0;
        for Attribute { name, value, time } in object.attributes {
            let time = text(&time).and_then(|time| self.timestamps.parse(time.as_bytes()));
            if let Some(value) = text(&value) {
                self.log.object_value(id, &name, &value, time.unwrap_or(0));
            }
        }
        for relationship in object.relationships {
            let other = self.log.object(&relationship.object_id);
            self.log.links.push((id, other));
        }
        Ok(())
    }

    /// Takes an event. The error ends a sentence.
    fn event(&mut self, event: Event) -> Result<(), String> {
        if event.id.is_empty() {
            return Err("an event has no id".to_string());
        }
        let known = self.event_ids.len();
        if (self.event_ids.intern(event.id.as_bytes()).0 as usize) < known {
            return Err(format!("the event \"{}\" is there twice", excerpt(&event.id)));
        }
        self.facts.rows += 1;
        let Some(time) = self.time(&event)? else { return Ok(()) };
        if event.kind.is_empty() {
            let rows = self.facts.rows;
            self.facts.dropped.no_activity += 1;
            self.facts.first_without[1].get_or_insert(rows);
            return Ok(());
        }
        let number = self.log.events.len() as u32;
        for Attribute { name, value, .. } in event.attributes {
            if let Some(value) = text(&value) {
                self.log.event_value(number, &name, &value);
            }
        }
        let relations = event.relationships.iter().map(|one| one.object_id.as_str());
        let activity = self.log.activities.intern(event.kind.as_bytes()).0;
        self.log.happen(Happened { activity, time }, relations);
        if u64::from(number).is_multiple_of(BATCH) && !(self.tick)(self.meter.bytes(), number as usize) {
            self.facts.stopped = true;
            return Err("it was stopped".to_string());
        }
        Ok(())
    }

    fn time(&mut self, event: &Event) -> Result<Option<i64>, String> {
        let rows = self.facts.rows;
        let Some(written) = text(&event.time).filter(|time| !time.trim().is_empty()) else {
            self.facts.dropped.no_timestamp += 1;
            self.facts.first_without[2].get_or_insert(rows);
            return Ok(None);
        };
        let bytes = written.trim().as_bytes();
        let time = self.timestamps.parse(bytes);
        match time {
            Some(time) => {
                self.facts.see_offset(time, bytes);
                self.facts.midnights.see(bytes, time);
                self.facts.beyond_micros += u64::from(beyond_micros(bytes) > 0);
            }
            None => {
                self.facts.dropped.unreadable_timestamp += 1;
                let value = shorten(&written, 60);
                self.facts.unreadable_example.get_or_insert(Example { row: rows, value });
            }
        }
        Ok(time)
    }

    /// Why reading ended, where it was not stopped.
    fn ended(&self, what: &str) -> Result<(), Stop> {
        if self.facts.stopped { Ok(()) } else { Err(wrong(what)) }
    }
}

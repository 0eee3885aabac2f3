//! What is read of an object-centric log, and what is wrong with it.

use std::rc::Rc;

use serde::Deserialize;
use serde_json::Value;

use crate::error::{Stop, excerpt};
use crate::names::{NONE, Names};
use crate::objects::{Happened, ObjectLog};
use crate::read::facts::{BATCH, Facts, Tick};
use crate::read::refusals::REFUSALS;
use fuelcell_records_kit::iso::beyond_micros;
use fuelcell_records_kit::source::Meter;
use fuelcell_records_kit::timestamp::Timestamps;
use fuelcell_report_kit::text::shorten;

pub(super) fn wrong(what: &str) -> Stop {
    Stop::failed("InvalidOcel", format!("The object-centric log cannot be read: {what}."))
}

pub(super) fn no_ocel() -> Stop {
    let message = format!(
        "The file is JSON. An object-centric log (OCEL 2.0) has \"objects\" and \"events\", which this one lacks; save other JSON \
         as CSV with one row an event. Allowed are {}.",
        REFUSALS.allowed
    );
    Stop::failed("UnsupportedFormat", message)
}

pub(super) fn version_1() -> Stop {
    let message = "The file is an object-centric log of version 1.0 (OCEL), which is not read. Convert it to OCEL 2.0 (JSON or XML), \
                   as pm4py and others do.";
    Stop::failed("UnsupportedFormat", message)
}

/// An object as it is written.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Object {
    pub(super) id: String,
    #[serde(rename = "type")]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) attributes: Vec<Attribute>,
    #[serde(default)]
    pub(super) relationships: Vec<Relationship>,
}

/// An event as it is written.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Event {
    pub(super) id: String,
    #[serde(rename = "type")]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) time: Value,
    #[serde(default)]
    pub(super) attributes: Vec<Attribute>,
    #[serde(default)]
    pub(super) relationships: Vec<Relationship>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Attribute {
    pub(super) name: String,
    #[serde(default)]
    pub(super) value: Value,
    #[serde(default)]
    pub(super) time: Value,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Relationship {
    #[serde(rename = "objectId")]
    pub(super) object_id: String,
}

/// What is read so far.
pub(super) struct Gathering<'a> {
    pub(super) log: ObjectLog,
    pub(super) event_ids: Names,
    pub(super) timestamps: Timestamps,
    pub(super) meter: Rc<Meter>,
    pub(super) facts: &'a mut Facts,
    pub(super) tick: Tick<'a>,
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
    pub(super) fn object(&mut self, object: Object) -> Result<(), String> {
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
    pub(super) fn event(&mut self, event: Event) -> Result<(), String> {
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
                self.facts.unreadable(rows, || shorten(&written, 60));
            }
        }
        Ok(time)
    }

    /// Why reading ended, where it was not stopped.
    pub(super) fn ended(&self, what: &str) -> Result<(), Stop> {
        if self.facts.stopped { Ok(()) } else { Err(wrong(what)) }
    }
}

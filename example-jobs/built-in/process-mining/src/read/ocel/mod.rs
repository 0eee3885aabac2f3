//! Object-centric logs (OCEL 2.0), in which events belong to several objects of several types.

mod gather;
mod json;
mod xml;

use std::rc::Rc;

use self::gather::{Gathering, wrong};
use super::facts::{Facts, Options, Tick};
use crate::error::{Stop, excerpt};
use crate::log::Builder;
use crate::names::{NONE, Names};
use crate::objects::{ObjectLog, Objects};
use fuelcell_records_kit::source::Source;
use fuelcell_records_kit::timestamp::Timestamps;

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
    let Gathering { log, facts, event_ids, .. } = gathering;
    // They were for finding those that are there twice.
    drop(event_ids);
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

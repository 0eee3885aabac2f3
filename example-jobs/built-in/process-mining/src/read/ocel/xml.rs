//! OCEL 2.0 as XML, object by object and event by event.

use std::io::{BufRead, BufReader};

use quick_xml::events::{BytesStart, Event as Token};
use quick_xml::{Reader, XmlVersion};
use serde_json::Value;

use super::gather::{Attribute, Event, Gathering, Object, Relationship, wrong};
use crate::error::{Stop, excerpt};

/// How deep elements may lie in each other; a log needs five.
const DEEPEST: usize = 16;

pub(super) fn read(text: impl BufRead, gathering: &mut Gathering<'_>) -> Result<(), Stop> {
    // What begins with white space or a comment is XML all the same.
    let (text, _) =
        crate::read::xes::decoded(Box::new(text)).map_err(|error| gathering.meter.explain(&error))??;
    let mut reader = Reader::from_reader(BufReader::new(text));
    let mut place = Place::default();
    let mut buffer = Vec::new();
    loop {
        let at = reader.buffer_position();
        let damaged = |what: &str| format!("at byte {at}, {what}");
        buffer.clear();
        let token = match reader.read_event_into(&mut buffer) {
            Ok(token) => token,
            Err(quick_xml::Error::Io(error)) => return Err(gathering.meter.explain(&error)),
            Err(error) => return Err(wrong(&damaged(&excerpt(&error.to_string())))),
        };
        let done = match token {
            Token::Start(tag) => place.open(&tag),
            Token::Empty(tag) => place.open(&tag).and_then(|()| place.close(gathering)),
            Token::End(_) => place.close(gathering),
            Token::Text(text) => {
                place.add(&text.xml10_content());
                Ok(())
            }
            Token::CData(text) => {
                place.add(&text.xml10_content());
                Ok(())
            }
            Token::GeneralRef(reference) => place.reference(&reference),
            Token::DocType(_) => {
                Err("there is a document type declaration, which is not allowed".to_string())
            }
            Token::Eof => break,
            Token::Decl(_) | Token::PI(_) | Token::Comment(_) => Ok(()),
        };
        if let Err(what) = done {
            return gathering.ended(&damaged(&what));
        }
    }
    match place.path.last() {
        Some(inner) => Err(wrong(&format!("the file ends before </{}>", excerpt(inner)))),
        None => Ok(()),
    }
}

/// Where reading is, and what is not whole yet.
#[derive(Default)]
struct Place {
    path: Vec<String>,
    object: Option<Object>,
    event: Option<Event>,
    attribute: Option<Attribute>,
    text: String,
}

impl Place {
    fn open(&mut self, tag: &BytesStart<'_>) -> Result<(), String> {
        if self.path.len() >= DEEPEST {
            return Err(format!("elements are nested deeper than {DEEPEST}"));
        }
        let name = tag.local_name().as_ref().to_string();
        let path: Vec<&str> = self.path.iter().map(String::as_str).collect();
        match (path.as_slice(), name.as_str()) {
            ([], "log") => {}
            ([], other) => {
                return Err(format!("the outermost element is <{}> and not <log>", excerpt(other)));
            }
            (["log", "objects"], "object") => {
                let (id, kind) = (required(tag, "id")?, required(tag, "type")?);
                self.object = Some(Object { id, kind, ..Object::default() });
            }
            (["log", "events"], "event") => {
                let (id, kind) = (required(tag, "id")?, required(tag, "type")?);
                let time = value(tag, "time")?.map_or(Value::Null, Value::String);
                self.event = Some(Event { id, kind, time, ..Event::default() });
            }
            (["log", "objects" | "events", "object" | "event", "attributes"], "attribute") => {
                let time = value(tag, "time")?.map_or(Value::Null, Value::String);
                self.attribute = Some(Attribute { name: required(tag, "name")?, value: Value::Null, time });
                self.text.clear();
            }
            // The scheme names these elements, and tools name them otherwise: what they refer to is what counts.
            (["log", "objects" | "events", "object" | "event", "objects"], _) => {
                let relationship = Relationship { object_id: required(tag, "object-id")? };
                self.relationships().push(relationship);
            }
            _ => {}
        }
        self.path.push(name);
        Ok(())
    }

    fn relationships(&mut self) -> &mut Vec<Relationship> {
        match &mut self.event {
            Some(event) => &mut event.relationships,
            None => &mut self.object.get_or_insert_default().relationships,
        }
    }

    fn close(&mut self, gathering: &mut Gathering<'_>) -> Result<(), String> {
        let name = self.path.pop().unwrap_or_default();
        match (self.path.len(), name.as_str()) {
            (2, "object") => self.object.take().map_or(Ok(()), |object| gathering.object(object)),
            (2, "event") => self.event.take().map_or(Ok(()), |event| gathering.event(event)),
            (4, "attribute") => {
                self.end_attribute();
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn end_attribute(&mut self) {
        let Some(mut attribute) = self.attribute.take() else { return };
        attribute.value = Value::String(std::mem::take(&mut self.text));
        match (&mut self.event, &mut self.object) {
            (Some(event), _) => event.attributes.push(attribute),
            (None, Some(object)) => object.attributes.push(attribute),
            (None, None) => {}
        }
    }

    fn reference(&mut self, reference: &quick_xml::events::BytesRef<'_>) -> Result<(), String> {
        let wrong = || "there is a reference to what XML does not define".to_string();
        let own = reference.resolve_char_ref().map_err(|_| wrong())?.map(String::from);
        let name = reference.xml10_content();
        let named = quick_xml::escape::resolve_predefined_entity(&name).map(str::to_string);
        self.add(&own.or(named).ok_or_else(wrong)?);
        Ok(())
    }

    /// Text between elements, such as indentation, is nobody's and not kept.
    fn add(&mut self, text: &str) {
        if self.attribute.is_some() {
            self.text.push_str(text);
        }
    }
}

fn value(tag: &BytesStart<'_>, name: &str) -> Result<Option<String>, String> {
    for attribute in tag.attributes() {
        let attribute = attribute.map_err(|error| excerpt(&error.to_string()))?;
        if attribute.key.local_name().as_ref() == name {
            let value = attribute.normalized_value(XmlVersion::Implicit1_0);
            return Ok(Some(value.map_err(|error| excerpt(&error.to_string()))?.into_owned()));
        }
    }
    Ok(None)
}

fn required(tag: &BytesStart<'_>, name: &str) -> Result<String, String> {
    let missing = || format!("<{}> has no attribute \"{name}\"", excerpt(tag.local_name().as_ref()));
    value(tag, name)?.ok_or_else(missing)
}

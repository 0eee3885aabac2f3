//! OCEL 2.0 as JSON, object by object and event by event.

use std::fmt;
use std::io::Read;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::gather::{Event, Gathering, Object, no_ocel, version_1, wrong};
use crate::error::{Stop, excerpt};

pub(super) fn read(text: impl Read, gathering: &mut Gathering<'_>) -> Result<(), Stop> {
    let mut seen = Seen::default();
    let mut json = serde_json::Deserializer::from_reader(text);
    let result = json.deserialize_map(Whole { gathering, seen: &mut seen });
    let result = result.and_then(|()| json.end());
    if seen.version_1 {
        return Err(version_1());
    }
    match result {
        Err(error) if error.is_io() => {
            let error = std::io::Error::from(error);
            Err(gathering.meter.explain(&error))
        }
        // Lines of JSON and other JSON: what is wrong is that it is no such log.
        _ if !seen.objects && !seen.events => Err(no_ocel()),
        Err(error) => gathering.ended(&excerpt(&error.to_string())),
        Ok(()) if !seen.objects => Err(wrong("it has no \"objects\"")),
        Ok(()) if !seen.events => Err(wrong("it has no \"events\"")),
        Ok(()) => Ok(()),
    }
}

/// Which parts were there.
#[derive(Default)]
struct Seen {
    objects: bool,
    events: bool,
    version_1: bool,
}

struct Whole<'a, 'b> {
    gathering: &'a mut Gathering<'b>,
    seen: &'a mut Seen,
}

impl<'de> Visitor<'de> for Whole<'_, '_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object with objects and events")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<(), M::Error> {
        while let Some(key) = map.next_key::<String>()? {
            let twice = || M::Error::custom(format!("\"{}\" is there twice", excerpt(&key)));
            match key.as_str() {
                "objects" if self.seen.objects => return Err(twice()),
                "events" if self.seen.events => return Err(twice()),
                "objects" => {
                    self.seen.objects = true;
                    map.next_value_seed(Part(self.gathering, Gathering::object as fn(&mut _, Object) -> _))?;
                }
                "events" => {
                    self.seen.events = true;
                    map.next_value_seed(Part(self.gathering, Gathering::event as fn(&mut _, Event) -> _))?;
                }
                _ => {
                    self.seen.version_1 |= key.starts_with("ocel:");
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

/// A list of which each part is taken as it is read.
struct Part<'a, 'b, T>(&'a mut Gathering<'b>, fn(&mut Gathering<'b>, T) -> Result<(), String>);

impl<'de, T: serde::Deserialize<'de>> DeserializeSeed<'de> for Part<'_, '_, T> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, T: serde::Deserialize<'de>> Visitor<'de> for Part<'_, '_, T> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list")
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut list: S) -> Result<(), S::Error> {
        while let Some(part) = list.next_element()? {
            (self.1)(self.0, part).map_err(S::Error::custom)?;
        }
        Ok(())
    }
}

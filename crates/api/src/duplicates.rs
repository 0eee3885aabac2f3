//! Objects that hold a member twice. Readers of JSON differ in which of the two they take, so that nobody can say what was
//! meant.

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

/// Members that are compared one by one.
const FEW: usize = 16;

/// A JSON Pointer to the first member that its object holds twice. What is no JSON has none.
pub(crate) fn find(bytes: &[u8]) -> Option<String> {
    let mut found = None;
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    // An error is the one that was found, or what the reader of the document will say itself.
    let _ = Scan(&mut found).deserialize(&mut reader);
    found
}

/// Looks through one value. What is found gets its pointer on the way out.
struct Scan<'f>(&'f mut Option<String>);

impl Scan<'_> {
    fn below<E>(&mut self, step: impl fmt::Display) -> impl FnOnce(E) -> E {
        if let Some(pointer) = self.0 {
            pointer.insert_str(0, &format!("/{step}"));
        }
        |error| error
    }
}

impl<'de> DeserializeSeed<'de> for Scan<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Scan<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<(), A::Error> {
        let mut index = 0;
        loop {
            match items.next_element_seed(Scan(self.0)) {
                Ok(Some(())) => index += 1,
                Ok(None) => return Ok(()),
                Err(error) => return Err(self.below(index)(error)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut members: A) -> Result<(), A::Error> {
        let mut seen = Seen::Few(Vec::new());
        while let Some(Name(name)) = members.next_key()? {
            if seen.contains(&name) {
                *self.0 = Some(String::new());
                return Err(self.below(escaped(&name))(A::Error::custom("a member stands twice")));
            }
            if let Err(error) = members.next_value_seed(Scan(self.0)) {
                return Err(self.below(escaped(&name))(error));
            }
            seen.add(name);
        }
        Ok(())
    }
}

fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// The names of an object's members.
enum Seen<'de> {
    Few(Vec<Cow<'de, str>>),
    Many(HashSet<Cow<'de, str>>),
}

impl<'de> Seen<'de> {
    fn contains(&self, name: &str) -> bool {
        match self {
            Self::Few(names) => names.iter().any(|seen| seen == name),
            Self::Many(names) => names.contains(name),
        }
    }

    fn add(&mut self, name: Cow<'de, str>) {
        match self {
            Self::Few(names) if names.len() < FEW => names.push(name),
            Self::Few(names) => {
                let mut many: HashSet<_> = names.drain(..).collect();
                many.insert(name);
                *self = Self::Many(many);
            }
            Self::Many(names) => drop(names.insert(name)),
        }
    }
}

/// A name, borrowed where the document has it without escapes.
#[derive(serde::Deserialize)]
struct Name<'n>(#[serde(borrow)] Cow<'n, str>);

#[cfg(test)]
mod tests {
    use super::find;

    #[test]
    fn members_that_stand_twice_are_found_wherever_they_are() {
        let found = |text: &str| find(text.as_bytes());
        assert_eq!(found(r#"{"a": 1, "b": {"a": [1, 2.5, null, true, "x", {}]}}"#), None);
        assert_eq!(found(r#"{"a": 1, "a": 1}"#).as_deref(), Some("/a"));
        assert_eq!(found(r#"{"p": [1, {"x/y": 1, "x\/y": 2}]}"#).as_deref(), Some("/p/1/x~1y"));
        assert_eq!(
            found(r#"{"a": 1, "\u0061": 1}"#).as_deref(),
            Some("/a"),
            "the same name, written otherwise"
        );
        let many: Vec<_> = (0..1000).map(|n| format!("\"m{n}\": {n}")).collect();
        assert_eq!(found(&format!("{{{}}}", many.join(","))), None);
        assert_eq!(found(&format!("{{{}, \"m3\": 1}}", many.join(","))).as_deref(), Some("/m3"));
        for no_json in ["", "{", r#"{"a": 1"#, "[1,"] {
            assert_eq!(found(no_json), None, "{no_json}");
        }
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(found(&deep), None, "the reader of the document says so");
    }
}

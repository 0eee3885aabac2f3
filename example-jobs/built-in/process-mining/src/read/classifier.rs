//! A classifier of an XES log: the attributes whose values together name what an event is (IEEE 1849, 5.6).

use rustc_hash::FxHashMap;

use crate::error::{Stop, excerpt};
use crate::names::{Id, Names};

/// The attributes that have a place of their own in an event.
pub(super) const OWN: [&[u8]; 3] = [b"concept:name", b"lifecycle:transition", b"org:resource"];

/// The classifier that was asked for.
pub(super) struct Classifier {
    wanted: String,
    /// The names of those that the log has.
    declared: Vec<String>,
    /// The attributes; None until it was seen.
    keys: Option<Vec<String>>,
    /// What the open event has of them, by number in `values`.
    parts: Vec<Option<Id>>,
    values: Names,
    /// The activity of each combination that was seen.
    activities: FxHashMap<Vec<Option<Id>>, Id>,
}

impl Classifier {
    pub(super) fn new(wanted: &str) -> Self {
        Self {
            wanted: wanted.to_string(),
            declared: Vec::new(),
            keys: None,
            parts: Vec::new(),
            values: Names::default(),
            activities: FxHashMap::default(),
        }
    }

    /// Its name.
    pub(super) fn name(&self) -> &str {
        &self.wanted
    }

    /// Takes in a classifier that the log declares.
    pub(super) fn declare(&mut self, name: &str, keys: &str) {
        if name == self.wanted {
            let keys = listed(keys);
            self.parts = vec![None; keys.len()];
            self.keys = Some(keys);
        }
        self.declared.push(name.to_string());
    }

    /// The place of an attribute among those of the classifier.
    pub(super) fn place(&self, key: &[u8]) -> Option<usize> {
        self.keys.as_ref()?.iter().position(|other| other.as_bytes() == key)
    }

    /// The number of a value.
    pub(super) fn value(&mut self, value: &[u8]) -> Id {
        self.values.intern(value).0
    }

    /// Sets what the open event has of an attribute.
    pub(super) fn set(&mut self, place: usize, value: Id) {
        if let Some(part) = self.parts.get_mut(place) {
            *part = Some(value);
        }
    }

    /// Whether it tells transitions of a life cycle apart.
    pub(super) fn tells_transitions(&self) -> bool {
        self.place(b"lifecycle:transition").is_some()
    }

    /// The activity of the event, and the end of it. `own` are the values of the attributes in [`OWN`].
    pub(super) fn activity(&mut self, own: [&str; 3], activities: &mut Names) -> Option<Id> {
        for (key, value) in OWN.into_iter().zip(own).filter(|(_, value)| !value.is_empty()) {
            if let Some(place) = self.place(key) {
                self.parts[place] = Some(self.values.intern(value.as_bytes()).0);
            }
        }
        if self.parts.iter().all(Option::is_none) {
            return None;
        }
        let empty = vec![None; self.parts.len()];
        let parts = std::mem::replace(&mut self.parts, empty);
        if let Some(&known) = self.activities.get(&parts) {
            return Some(known);
        }
        let values: Vec<&str> =
            parts.iter().map(|part| part.map_or("", |value| self.values.get(value))).collect();
        let activity = activities.intern(values.join("+").as_bytes()).0;
        self.activities.insert(parts, activity);
        Some(activity)
    }

    /// Fails where the log does not declare it.
    pub(super) fn check(&self) -> Result<(), Stop> {
        if self.keys.as_ref().is_some_and(|keys| !keys.is_empty()) {
            return Ok(());
        }
        let declared: Vec<String> =
            self.declared.iter().map(|name| format!("\"{}\"", excerpt(name))).collect();
        let declared = if declared.is_empty() { "none".to_string() } else { declared.join(", ") };
        Err(Stop::parameter(format!(
            "classifier is \"{}\", which the log does not declare before its events, or without attributes. It declares \
             {declared}.",
            excerpt(&self.wanted)
        )))
    }
}

/// Keys stand between white space, those that hold some between apostrophes.
fn listed(keys: &str) -> Vec<String> {
    let parts = keys.split('\'').enumerate();
    let keys = parts.flat_map(|(number, part)| {
        let quoted = number % 2 == 1;
        let whole = quoted.then_some(part);
        whole.into_iter().chain(part.split_whitespace().filter(move |_| !quoted))
    });
    keys.map(str::to_string).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_stand_between_white_space_and_apostrophes() {
        assert_eq!(listed("concept:name  lifecycle:transition"), ["concept:name", "lifecycle:transition"]);
        assert_eq!(listed("'two words' one"), ["two words", "one"]);
    }
}

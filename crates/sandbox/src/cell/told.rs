//! What a program said to its host that counts when it ends: what its outputs are, and how it ended.

use fuelcell_domain::{ArtifactDescription, ArtifactKind, ArtifactRole, Completion, FIXED};
use serde::Deserialize;
use std::collections::BTreeMap;

/// What a program said so far.
#[derive(Default)]
pub(crate) struct Told {
    outputs: BTreeMap<String, Described>,
    /// How it ends; the latest word counts.
    pub(crate) end: Option<End>,
    /// Its manifest as JSON, which it is asked for on its author's machine.
    pub(crate) manifest: Option<String>,
}

/// How a program says that it ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Completed(Completion),
    Failed { code: String, message: String, transient: bool },
}

/// What a program says of a file in `/out`; what it leaves open follows from the name.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub(crate) struct Described {
    name: String,
    kind: Option<Kind>,
    #[serde(rename = "type")]
    type_name: Option<String>,
    title: Option<String>,
    media_type: Option<String>,
    primary: bool,
    failed_records: Option<bool>,
    record_count: Option<u64>,
    accuracy: Option<f64>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Report,
    Data,
    Model,
    Visualization,
}

impl From<Kind> for ArtifactKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Report => Self::Report,
            Kind::Data => Self::Data,
            Kind::Model => Self::Model,
            Kind::Visualization => Self::Visualization,
        }
    }
}

impl Told {
    /// Keeps what is said of an output. The error says what is wrong with it.
    pub(crate) fn describe(&mut self, described: Described) -> Result<(), String> {
        let plain = ArtifactDescription {
            name: described.name.clone(),
            kind: ArtifactKind::Data,
            type_name: String::new(),
            title: String::new(),
            media_type: String::new(),
            primary: false,
            role: ArtifactRole::Output,
            record_count: None,
            accuracy: None,
        };
        let name = described.applied_to(plain).checked()?.name;
        if described.primary && self.outputs.iter().any(|(other, known)| known.primary && *other != name) {
            return Err("another output is the primary one already".into());
        }
        if self.outputs.len() >= FIXED.artifacts as usize && !self.outputs.contains_key(&name) {
            return Err(format!("a job makes at most {} artifacts", FIXED.artifacts));
        }
        self.outputs.insert(name, described);
        Ok(())
    }

    /// Whether the program chose the one of these outputs that clients show first.
    pub(crate) fn has_primary<'a>(&self, mut names: impl Iterator<Item = &'a str>) -> bool {
        names.any(|name| self.outputs.get(name).is_some_and(|described| described.primary))
    }

    /// The description of an output, with what was said of it.
    pub(crate) fn applied_to(&self, plain: ArtifactDescription) -> ArtifactDescription {
        match self.outputs.get(&plain.name) {
            Some(described) => described.applied_to(plain),
            None => plain,
        }
    }

    /// Names of which something was said.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.outputs.keys().map(String::as_str)
    }
}

impl Described {
    fn applied_to(&self, plain: ArtifactDescription) -> ArtifactDescription {
        let kind = self.kind.map_or(plain.kind, ArtifactKind::from);
        let word = |said: &Option<String>, plain: String| said.clone().unwrap_or(plain);
        let type_name = match (&self.type_name, self.kind) {
            (None, Some(_)) => format!("{kind:?}"),
            (said, _) => word(said, plain.type_name),
        };
        ArtifactDescription {
            kind,
            type_name,
            title: word(&self.title, plain.title),
            media_type: word(&self.media_type, plain.media_type),
            primary: self.primary || plain.primary,
            role: match self.failed_records {
                Some(true) => ArtifactRole::FailedRecords,
                Some(false) => ArtifactRole::Output,
                None => plain.role,
            },
            record_count: self.record_count.or(plain.record_count),
            accuracy: self.accuracy.or(plain.accuracy),
            name: plain.name,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn described(json: &str) -> Described {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn one_output_is_the_primary_one() {
        let mut told = Told::default();
        told.describe(described(r#"{"name":"a.csv","primary":true}"#)).unwrap();
        told.describe(described(r#"{"name":"a.csv","primary":true,"recordCount":3}"#)).unwrap();
        assert!(told.describe(described(r#"{"name":"b.csv","primary":true}"#)).is_err());
        assert!(told.has_primary(["a.csv", "c.csv"].into_iter()));
        assert!(!told.has_primary(["c.csv"].into_iter()), "what is not there is not shown first");
    }

    #[test]
    fn what_no_output_can_be_is_refused() {
        let mut told = Told::default();
        for wrong in
            [r#"{"name":"../a"}"#, r#"{}"#, r#"{"name":"a","accuracy":2}"#, r#"{"name":"a","title":"\n"}"#]
        {
            assert!(told.describe(described(wrong)).is_err(), "{wrong}");
        }
        assert!(told.names().next().is_none());
    }
}

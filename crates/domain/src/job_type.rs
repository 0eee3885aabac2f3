//! The kinds of job that clients know.

use arrayvec::ArrayString;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;
use std::str::FromStr;

/// Longest name of a type of a module's own, in bytes.
pub const MAX_JOB_TYPE: usize = 64;

/// A kind of job: one of the four that the Execution API names, or one that a module declares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum JobType {
    /// Discovers a process from an event log.
    ProcessMining,
    /// Cleans and extends a dataset.
    DataEnrichment,
    /// Runs a notebook.
    Notebook,
    /// Computes figures from a dataset.
    Analysis,
    /// What a module calls its jobs itself.
    Own(OwnType),
}

/// The name of a module's own type: a letter, then letters, digits and `. _ -`, and none of the four in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OwnType(ArrayString<MAX_JOB_TYPE>);

impl JobType {
    /// The four of the Execution API.
    pub const RESERVED: [Self; 4] =
        [Self::ProcessMining, Self::DataEnrichment, Self::Notebook, Self::Analysis];

    /// As clients write it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::ProcessMining => "ProcessMining",
            Self::DataEnrichment => "DataEnrichment",
            Self::Notebook => "Notebook",
            Self::Analysis => "Analysis",
            Self::Own(own) => &own.0,
        }
    }

    /// Whether a module must have declared it.
    pub fn is_own(self) -> bool {
        matches!(self, Self::Own(_))
    }
}

/// What no job type can be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a job type is ProcessMining, DataEnrichment, Notebook, Analysis, or what a module declares: 1 to 64 characters of \
     A-Z a-z 0-9 . _ - that begin with a letter"
)]
pub struct NoJobType;

impl FromStr for JobType {
    type Err = NoJobType;

    /// The four are found in any case, as clients of the Execution API write them; others are as they are written.
    fn from_str(text: &str) -> Result<Self, NoJobType> {
        if let Some(reserved) =
            Self::RESERVED.into_iter().find(|four| four.as_str().eq_ignore_ascii_case(text))
        {
            return Ok(reserved);
        }
        let fine = text.starts_with(|c: char| c.is_ascii_alphabetic())
            && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'));
        match ArrayString::from(text) {
            Ok(name) if fine => Ok(Self::Own(OwnType(name))),
            _ => Err(NoJobType),
        }
    }
}

impl fmt::Display for JobType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How records that nobody reads have it: stores of earlier versions have the first four by their numbers.
#[derive(Serialize, Deserialize)]
enum Stored<'a> {
    ProcessMining,
    DataEnrichment,
    Notebook,
    Analysis,
    Own(#[serde(borrow)] &'a str),
}

impl Serialize for JobType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            return serializer.serialize_str(self.as_str());
        }
        let stored = match self {
            Self::ProcessMining => Stored::ProcessMining,
            Self::DataEnrichment => Stored::DataEnrichment,
            Self::Notebook => Stored::Notebook,
            Self::Analysis => Stored::Analysis,
            Self::Own(own) => Stored::Own(&own.0),
        };
        stored.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for JobType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            return String::deserialize(deserializer)?.parse().map_err(de::Error::custom);
        }
        Ok(match Stored::deserialize(deserializer)? {
            Stored::ProcessMining => Self::ProcessMining,
            Stored::DataEnrichment => Self::DataEnrichment,
            Stored::Notebook => Self::Notebook,
            Stored::Analysis => Self::Analysis,
            Stored::Own(name) => return name.parse().map_err(de::Error::custom),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_four_are_found_in_any_case_and_others_as_they_are_written() {
        for reserved in JobType::RESERVED {
            assert_eq!(reserved.as_str().to_lowercase().parse(), Ok(reserved));
            assert_eq!(reserved.as_str().to_uppercase().parse(), Ok(reserved));
        }
        for own in ["FraudCheck", "fraud-check", "a", "x.y_z-1", &"x".repeat(MAX_JOB_TYPE)] {
            let parsed: JobType = own.parse().unwrap();
            assert!(parsed.is_own() && parsed.as_str() == own);
            assert_eq!(serde_json::to_value(parsed).unwrap(), own);
            assert_eq!(serde_json::from_value::<JobType>(own.into()).unwrap(), parsed);
        }
        for wrong in ["", "1x", "-x", "a b", "é", "a/b", "Process Mining\n", &"x".repeat(MAX_JOB_TYPE + 1)] {
            assert_eq!(wrong.parse::<JobType>(), Err(NoJobType), "{wrong}");
        }
    }
}

//! Named outputs of a job.

use crate::Digest;
use crate::output_name::{OutputNames, extension, output_name};
use crate::text::clipped;
use serde::{Deserialize, Serialize};

/// Longest type, title and media type of an output, in bytes.
pub(crate) const MAX_WORD: usize = 256;

/// What an output is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ArtifactKind {
    /// Something to read.
    Report,
    /// Records.
    Data,
    /// Something learnt from data that can be loaded again.
    Model,
    /// A picture.
    Visualization,
}

/// Whom an output is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ArtifactRole {
    /// People and clients.
    Output,
    /// A retry: the records that failed, with line and reason.
    FailedRecords,
    /// Whoever looks where the fuel of the run went: the host made it, and it is no result.
    Profile,
}

/// What the guest says of an output before it writes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ArtifactDescription {
    /// File name, unique in the job, with `/` behind each folder.
    pub name: String,
    /// What it is for.
    pub kind: ArtifactKind,
    /// The module's word for it, such as `ProcessMiningReport`.
    pub type_name: String,
    /// A title for people.
    pub title: String,
    /// The media type that the guest claims.
    pub media_type: String,
    /// True for the one output that clients show first.
    pub primary: bool,
    /// Whom it is for.
    pub role: ArtifactRole,
    /// Records in it, when it has records.
    pub record_count: Option<u64>,
    /// 0 to 1, only when measured on data that the model had not seen.
    pub accuracy: Option<f64>,
}

impl ArtifactDescription {
    /// What the guest said, with its name as it is kept. The error says what was wrong, and what is allowed.
    pub fn checked(self) -> Result<Self, String> {
        let name = output_name(&self.name)?;
        // What an author leaves open is the name, which may be longer.
        let word = |text: &String| match *text == self.name {
            true => clipped(text, MAX_WORD),
            false => text.clone(),
        };
        let (type_name, title) = (word(&self.type_name), word(&self.title));
        for (field, text) in [("type", &type_name), ("title", &title), ("media type", &self.media_type)] {
            if text.len() > MAX_WORD || text.chars().any(char::is_control) {
                return Err(format!(
                    "the {field} of output \"{name}\" is at most {MAX_WORD} bytes without control characters"
                ));
            }
        }
        match self.accuracy {
            Some(accuracy) if !(0.0..=1.0).contains(&accuracy) => {
                Err(format!("the accuracy of output \"{name}\" is between 0 and 1"))
            }
            _ => Ok(Self { name, type_name, title, ..self }),
        }
    }

    /// The file format by the name's extension, such as `html`; empty without one.
    pub fn format(&self) -> &str {
        extension(&self.name)
    }
}

/// The outputs that a job has begun: each name once, one primary at most.
#[derive(Clone, Debug, Default)]
pub struct Outputs {
    names: OutputNames,
    primary: bool,
}

impl Outputs {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Takes a name and a role, of a description that was checked. The error says why they are not free.
    pub fn begin(&mut self, description: &ArtifactDescription) -> Result<(), String> {
        if description.primary && self.primary {
            return Err(format!("\"{}\" is the second primary output; a job has one", description.name));
        }
        self.names.insert(&description.name)?;
        self.primary |= description.primary;
        Ok(())
    }

    /// Gives both back: the output was not finished.
    pub fn give_back(&mut self, description: &ArtifactDescription) {
        self.names.remove(&description.name);
        self.primary &= !description.primary;
    }
}

/// A published output. Digest and size are the host's own figures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Artifact {
    /// What the guest said of it.
    pub description: ArtifactDescription,
    /// SHA-256 of its bytes.
    pub digest: Digest,
    /// Its size in bytes.
    pub size: u64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output_name::MAX_OUTPUT_NAME;

    fn output(name: &str, title: &str) -> ArtifactDescription {
        ArtifactDescription {
            name: name.into(),
            kind: ArtifactKind::Data,
            type_name: name.into(),
            title: title.into(),
            media_type: "text/csv".into(),
            primary: false,
            role: ArtifactRole::Output,
            record_count: None,
            accuracy: None,
        }
    }

    #[test]
    fn a_name_that_stands_for_type_and_title_may_be_longer_than_they_are() {
        let longest = format!("{}{}", "abc/".repeat(MAX_OUTPUT_NAME / 4 - 1), "x".repeat(4));
        let kept = output(&longest, &longest).checked().unwrap();
        assert_eq!((&kept.name, kept.title.len(), kept.type_name.len()), (&longest, MAX_WORD, MAX_WORD));
        assert!(output("a.csv", &"x".repeat(MAX_WORD)).checked().is_ok());
        let refused = output("a.csv", &"x".repeat(MAX_WORD + 1)).checked().unwrap_err();
        assert!(refused.contains("the title of output \"a.csv\" is at most 256 bytes"), "{refused}");
    }
}

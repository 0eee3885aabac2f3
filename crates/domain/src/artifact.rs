//! Named outputs of a job.

use crate::Digest;
use serde::{Deserialize, Serialize};

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
}

/// What the guest says of an output before it writes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ArtifactDescription {
    /// File name, unique in the job.
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

/// Longest artifact name in bytes.
pub const MAX_ARTIFACT_NAME: usize = 128;

impl ArtifactDescription {
    /// Checks what the guest said. The error says what is allowed.
    pub fn check(&self) -> Result<(), String> {
        check_file_name(&self.name)?;
        for (field, text) in
            [("type", &self.type_name), ("title", &self.title), ("media type", &self.media_type)]
        {
            if text.len() > 256 || text.chars().any(char::is_control) {
                return Err(format!("an artifact's {field} is at most 256 bytes without control characters"));
            }
        }
        match self.accuracy {
            Some(accuracy) if !(0.0..=1.0).contains(&accuracy) => Err("accuracy is between 0 and 1".into()),
            _ => Ok(()),
        }
    }

    /// The file format by the name's extension, such as `html`; empty without one.
    pub fn format(&self) -> &str {
        self.name.rsplit_once('.').map_or("", |(_, extension)| extension)
    }
}

/// Names that Windows reserves, whatever their extension.
const RESERVED: [&str; 22] = [
    "con", "prn", "aux", "nul", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8", "com9",
    "lpt1", "lpt2", "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9",
];

/// Accepts names that are a plain file name on every system and in every header.
fn check_file_name(name: &str) -> Result<(), String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ' ' | '(' | ')');
    let stem = name.split('.').next().unwrap_or("").trim().to_ascii_lowercase();
    let refused = name.is_empty()
        || name.len() > MAX_ARTIFACT_NAME
        || !name.chars().all(allowed)
        || name.starts_with(['.', ' '])
        || name.ends_with(['.', ' '])
        || RESERVED.contains(&stem.as_str());
    match refused {
        true => Err(format!(
            "an artifact's name is 1 to {MAX_ARTIFACT_NAME} characters of A-Z a-z 0-9 . - _ ( ) and space, does not \
             begin or end with a dot or space, and is no reserved device name"
        )),
        false => Ok(()),
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
    use super::check_file_name;

    #[test]
    fn plain_names_pass_and_dangerous_ones_do_not() {
        for name in ["report.html", "process-map.svg", "a (2).csv"] {
            assert_eq!(check_file_name(name), Ok(()), "{name}");
        }
        let long = "x".repeat(4096);
        for name in [
            "",
            "../x",
            "a/b",
            "a\\b",
            "a\r\nb",
            "a\"b",
            "CON",
            "con.txt",
            ".hidden",
            "x.",
            "\u{202e}x",
            &long,
        ] {
            assert!(check_file_name(name).is_err(), "{name:?}");
        }
    }
}

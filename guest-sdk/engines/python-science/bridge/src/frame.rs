//! Requests of the interpreter and their answers: the length of a JSON text as four bytes, lowest first, the text, and bytes
//! that belong to it.

use serde::{Deserialize, Serialize};

/// What the interpreter asks for.
#[derive(Debug, Deserialize)]
#[serde(tag = "call", rename_all = "kebab-case", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum Call {
    /// The parameters, as bytes.
    Parameters,
    /// The list of inputs.
    Inputs,
    /// Opens an input.
    Open {
        /// Its name in the manifest.
        name: String,
    },
    /// Reads on.
    Read {
        /// The reader.
        handle: usize,
        /// Most bytes.
        most: u32,
    },
    /// Continues at a byte.
    Seek {
        /// The reader.
        handle: usize,
        /// The byte.
        position: u64,
    },
    /// How far the job is.
    Progress {
        /// Units that are done.
        done: u64,
        /// Units there are.
        total: u64,
        /// What it is at.
        stage: String,
    },
    /// A line for the log.
    Log {
        /// How grave it is.
        level: String,
        /// What the job was at.
        stage: String,
        /// The line.
        message: String,
    },
    /// Whether to stop.
    Poll,
    /// What was used so far.
    Usage,
    /// The figures that clients see.
    Report(Report),
    /// Begins an artifact.
    Create(Description),
    /// Appends the bytes.
    Write {
        /// The writer.
        handle: usize,
    },
    /// Seals the artifact.
    Finish {
        /// The writer.
        handle: usize,
    },
    /// Lets go of a reader, or throws an artifact away.
    Drop {
        /// What is let go.
        handle: usize,
    },
    /// Keeps the bytes.
    SaveCheckpoint,
    /// What was kept.
    LoadCheckpoint,
    /// Whether an earlier job has dealt with a key.
    Seen {
        /// The key.
        key: String,
    },
    /// A key is dealt with.
    Mark {
        /// The key.
        key: String,
    },
    /// HMAC of each of the texts that stand in the bytes one behind the other.
    Hmac {
        /// The secret's name.
        secret: String,
        /// How long each text is.
        sizes: Vec<usize>,
    },
    /// A request over HTTP, with the bytes as its body.
    Send(Request),
    /// How the script ended.
    End(End),
}

/// A request over HTTP.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    /// Such as `GET`.
    pub method: String,
    /// `http` or `https`.
    pub scheme: String,
    /// Host and port.
    pub authority: String,
    /// The path with the query.
    pub path: String,
    /// Names with values.
    pub headers: Vec<(String, String)>,
    /// Seconds until the answer must have begun.
    pub timeout: Option<f64>,
}

/// What an artifact is.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Description {
    /// Its file name.
    pub name: String,
    /// `report`, `data`, `model` or `visualization`.
    pub kind: String,
    /// The job's word for it.
    pub type_name: String,
    /// Its title.
    pub title: String,
    /// Its media type.
    pub media_type: String,
    /// Whether clients show it first.
    pub primary: bool,
    /// Whether it is the records that failed.
    pub failed_records: bool,
    /// Records inside.
    pub record_count: Option<u64>,
    /// 0 to 1.
    pub accuracy: Option<f64>,
}

/// Figures that clients see.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Records so far.
    pub records_processed: u64,
    /// Records there are.
    pub records_total: Option<u64>,
    /// Errors so far.
    pub errors: u64,
    /// Warnings: kind, message, count.
    pub warnings: Vec<(String, String, u64)>,
    /// Errors in the data: kind, message, count.
    pub processing_errors: Vec<(String, String, u64)>,
    /// 0 to 100.
    pub quality_score: Option<f64>,
    /// Total, valid, duplicates that were removed, invalid.
    pub validation: Option<(u64, u64, u64, u64)>,
}

/// How a script ended.
#[derive(Debug, Deserialize)]
#[serde(tag = "how", rename_all = "kebab-case")]
pub enum End {
    /// The work is done.
    Done,
    /// There was nothing new.
    NoItems,
    /// It decided not to run.
    Skipped {
        /// Why.
        reason: String,
    },
    /// It failed.
    Failed {
        /// A short stable word.
        code: String,
        /// A sentence for people.
        message: String,
        /// Whether another try may help.
        transient: bool,
    },
}

/// Splits a frame into its text and its bytes.
#[must_use]
pub fn split(frame: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = frame.split_first_chunk()?;
    rest.split_at_checked(usize::try_from(u32::from_le_bytes(*length)).ok()?)
}

/// Puts a frame together.
///
/// # Panics
/// Never: what is written are numbers, texts and lists of them.
#[must_use]
pub fn join(text: &impl Serialize, bytes: &[u8]) -> Vec<u8> {
    let text = serde_json::to_vec(text).expect("numbers, texts and lists can be written as JSON");
    let length = u32::try_from(text.len()).expect("an answer is far smaller than 4 GiB");
    [&length.to_le_bytes()[..], &text, bytes].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_split_as_they_were_joined() {
        let frame = join(&serde_json::json!({"call": "write", "handle": 3}), b"bytes");
        let (text, bytes) = split(&frame).unwrap();
        assert!(matches!(serde_json::from_slice(text).unwrap(), Call::Write { handle: 3 }));
        assert_eq!(bytes, b"bytes");
    }

    #[test]
    fn a_frame_that_is_too_short_is_none() {
        for frame in [&b""[..], b"\x01\0\0", b"\x05\0\0\0{}"] {
            assert!(split(frame).is_none(), "{frame:?}");
        }
    }
}

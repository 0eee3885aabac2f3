//! How a job ends: well ([`Completion`]) or not ([`Failure`]).

use std::{error::Error, io};

use crate::HostError;

/// What a job's function returns.
pub type Result<T = Completion, E = Failure> = std::result::Result<T, E>;

/// How a job ended well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Completion {
    /// The work is done.
    Done,
    /// There was nothing new to process.
    NoItems,
    /// The job decided not to run. The text says why.
    Skipped(String),
}

/// How a job failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct Failure {
    /// A short stable word of the job's own, such as `MissingColumn`.
    pub code: String,
    /// A sentence for people: what was wrong, where, what is allowed.
    pub message: String,
    /// True when trying again later can help. The host queues another attempt, a few times at most.
    pub transient: bool,
}

impl Failure {
    /// A failure that trying again does not cure.
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into(), transient: false }
    }

    /// Asks for another attempt later.
    #[must_use]
    pub fn transient(mut self) -> Self {
        self.transient = true;
        self
    }

    /// Turns a library's error into a failure with this code and the error's texts.
    ///
    /// A [`HostError`] anywhere in the chain of causes wins: a parser that reports "cannot read" because the disk
    /// quota is used up must not hide the quota.
    pub fn caused_by(code: impl Into<String>, error: &(dyn Error + 'static)) -> Self {
        match HostError::find(error) {
            Some(host_error) => host_error.clone().into(),
            None => Self::new(code, texts_of(error)),
        }
    }
}

/// The texts of an error and its causes, without those that only repeat the one before.
fn texts_of(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let words = inner.to_string();
        if !text.contains(&words) {
            text = format!("{text}: {words}");
        }
        cause = inner.source();
    }
    text
}

impl From<HostError> for Failure {
    /// `HostLimit`, `InvalidRequest`, or `Storage` (which is transient).
    fn from(error: HostError) -> Self {
        match error {
            HostError::Limit(text) => Self::new("HostLimit", text),
            HostError::Invalid(text) => Self::new("InvalidRequest", text),
            HostError::Storage(text) => Self::new("Storage", text).transient(),
        }
    }
}

impl From<io::Error> for Failure {
    /// The [`HostError`] that travelled inside, else `InvalidData` for content that cannot be decoded, else `Io`.
    fn from(error: io::Error) -> Self {
        let code = match error.kind() {
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::UnexpectedEof => {
                "InvalidData"
            }
            _ => "Io",
        };
        Self::caused_by(code, &error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Stands for a parser that keeps the reader's error as its cause.
    #[derive(Debug, thiserror::Error)]
    #[error("cannot parse line {line}")]
    struct ParseError {
        line: u64,
        #[source]
        cause: io::Error,
    }

    #[test]
    fn a_host_error_is_kept_through_io_and_parser() {
        let limit = HostError::Limit("disk: 1 GiB used".into());
        let error = ParseError { line: 7, cause: io::Error::other(io::Error::from(limit)) };
        assert_eq!(Failure::caused_by("Parse", &error), Failure::new("HostLimit", "disk: 1 GiB used"));
    }

    #[test]
    fn storage_is_transient() {
        let failure = Failure::from(io::Error::from(HostError::Storage("read failed".into())));
        assert_eq!(failure, Failure::new("Storage", "read failed").transient());
    }

    #[test]
    fn other_errors_keep_their_texts() {
        let error = ParseError { line: 7, cause: io::Error::new(io::ErrorKind::InvalidData, "not UTF-8") };
        assert_eq!(Failure::caused_by("Parse", &error).message, "cannot parse line 7: not UTF-8");
        let truncated = Failure::from(io::Error::from(io::ErrorKind::UnexpectedEof));
        assert_eq!(truncated.code, "InvalidData");
        assert_eq!(Failure::from(io::Error::other("odd")).code, "Io");
    }
}

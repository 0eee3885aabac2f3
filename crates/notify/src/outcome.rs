//! What came of a try.

use std::time::Duration;

/// What came of a try.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// A word for it, one of those that the documents name.
    pub(crate) code: &'static str,
    /// The status of the answer.
    pub(crate) status: Option<u16>,
    /// The beginning of the answer, or why there is none.
    pub(crate) answer: String,
    /// What follows.
    pub(crate) then: Then,
}

/// What follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Then {
    Done,
    /// Another try, after so long at least.
    Again(Option<Duration>),
    /// No try will do better.
    Park,
}

impl Outcome {
    /// The recipient has it.
    pub(crate) fn delivered(status: Option<u16>, answer: String) -> Self {
        Self { code: "Delivered", status, answer, then: Then::Done }
    }

    /// It failed, and may not the next time.
    pub(crate) fn again(code: &'static str, answer: impl Into<String>) -> Self {
        Self { code, status: None, answer: answer.into(), then: Then::Again(None) }
    }

    /// It fails every time.
    pub(crate) fn park(code: &'static str, answer: impl Into<String>) -> Self {
        Self { code, status: None, answer: answer.into(), then: Then::Park }
    }
}

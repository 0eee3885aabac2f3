//! Why a run stopped early, in the words that a client sees.

/// A run that did not reach its end.
#[derive(Debug, thiserror::Error)]
pub enum Stop {
    /// Somebody asked for it.
    #[error("cancelled")]
    Cancelled,
    /// The log or a parameter is wrong, or the input could not be read.
    #[error("{message}")]
    Failed {
        /// A short stable word, such as `MissingColumn`.
        code: &'static str,
        /// What was wrong, where, and what is allowed.
        message: String,
        /// True when the same run may succeed later.
        transient: bool,
    },
}

impl Stop {
    /// A failure that trying again cannot help.
    pub fn failed(code: &'static str, message: impl Into<String>) -> Self {
        Self::Failed { code, message: message.into(), transient: false }
    }

    /// A parameter that cannot be used. `message` names the parameter and says what is allowed.
    pub fn parameter(message: impl Into<String>) -> Self {
        Self::failed("InvalidParameter", message)
    }
}

/// Shortens a value from the data so that a message stays readable.
pub fn excerpt(value: &str) -> String {
    const LONGEST: usize = 60;
    let mut text: String =
        value.chars().take(LONGEST).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if value.chars().nth(LONGEST).is_some() {
        text.push('…');
    }
    text
}

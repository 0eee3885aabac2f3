//! Why a run stopped early, in the words that a client sees.

/// A run that cannot go on: the table or a parameter is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Stop {
    /// A short stable word, such as `MissingColumn`.
    pub code: &'static str,
    /// What was wrong, where, and what is allowed.
    pub message: String,
}

impl Stop {
    /// A failure that trying again cannot help.
    pub fn failed(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// A parameter that cannot be used. `message` names the parameter and says what is allowed.
    pub fn parameter(message: impl Into<String>) -> Self {
        Self::failed("InvalidParameter", message)
    }
}

impl From<Stop> for fuelcell_sdk::Failure {
    fn from(stop: Stop) -> Self {
        Self::new(stop.code, stop.message)
    }
}

/// Shortens a value from the data so that a message stays readable.
pub fn excerpt(value: &str) -> String {
    const LONGEST: usize = 60;
    let plain: String = value.chars().map(|char| if char.is_control() { ' ' } else { char }).collect();
    fuelcell_report_kit::text::shorten(&plain, LONGEST)
}

/// Names what there is, for messages.
pub fn there_are<'a>(names: impl Iterator<Item = &'a str>) -> String {
    const SHOWN: usize = 20;
    let names: Vec<&str> = names.collect();
    let mut shown: Vec<String> =
        names.iter().take(SHOWN).map(|name| format!("\"{}\"", excerpt(name))).collect();
    if names.len() > SHOWN {
        shown.push(format!("{} more", names.len() - SHOWN));
    }
    format!("There are {}.", shown.join(", "))
}

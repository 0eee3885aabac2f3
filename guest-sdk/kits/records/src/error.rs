//! Why a file cannot be read, in the words that a client sees.

/// A run that cannot go on: a file or a parameter is wrong, or the input could not be read.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
pub struct Stop {
    /// A short stable word, such as `MissingColumn`.
    pub code: &'static str,
    /// What was wrong, where, and what is allowed.
    pub message: String,
    /// True when the same run may succeed later.
    pub transient: bool,
}

impl Stop {
    /// A failure that trying again cannot help.
    pub fn failed(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), transient: false }
    }

    /// An input that the host could not read now.
    pub fn unreadable(error: &std::io::Error) -> Self {
        let message = format!("The input could not be read: {error}");
        Self { code: "Storage", message, transient: true }
    }

    /// A parameter that cannot be used. `message` names the parameter and says what is allowed.
    pub fn parameter(message: impl Into<String>) -> Self {
        Self::failed("InvalidParameter", message)
    }
}

impl From<Stop> for fuelcell_sdk::Failure {
    fn from(stop: Stop) -> Self {
        let failure = Self::new(stop.code, stop.message);
        if stop.transient { failure.transient() } else { failure }
    }
}

impl From<fuelcell_sdk::HostError> for Stop {
    /// With the codes of [`fuelcell_sdk::Failure`].
    fn from(error: fuelcell_sdk::HostError) -> Self {
        use fuelcell_sdk::HostError::{Invalid, Limit, Storage};
        match error {
            Limit(text) => Self::failed("HostLimit", text),
            Invalid(text) => Self::failed("InvalidRequest", text),
            Storage(message) => Self { code: "Storage", message, transient: true },
        }
    }
}

const CANCELLED: &str = "Cancelled";
const DEADLINE_NEAR: &str = "DeadlineNear";

/// Ends a job when the host wants it to stop, as [`fuelcell_sdk::Context::check_cancelled`] does.
///
/// # Errors
/// `Cancelled` when a person or client asked, `DeadlineNear` when the time is nearly up.
pub fn check_cancelled(context: &fuelcell_sdk::Context) -> Result<(), Stop> {
    use fuelcell_sdk::Cancellation;
    match context.cancellation() {
        Cancellation::None => Ok(()),
        Cancellation::User => Err(Stop::failed(CANCELLED, "Stopped because the job was cancelled.")),
        Cancellation::Deadline => Err(Stop::failed(DEADLINE_NEAR, "Stopped because the deadline is near.")),
    }
}

/// Whether it is the end of a job that was asked to stop, rather than a fault.
pub fn is_stop(stop: &Stop) -> bool {
    matches!(stop.code, CANCELLED | DEADLINE_NEAR)
}

/// Shortens a value from the data so that a message stays readable.
pub fn excerpt(value: &str) -> String {
    const LONGEST: usize = 60;
    let mut text: String =
        value.chars().map(|char| if char.is_control() { ' ' } else { char }).take(LONGEST + 1).collect();
    if let Some((last, _)) = text.char_indices().nth(LONGEST) {
        let cut = text.char_indices().nth(LONGEST - 1).map_or(last, |(at, _)| at);
        text.truncate(text[..cut].trim_end().len());
        text.push('…');
    }
    text
}

/// Names in quotes, the first twenty of them, for a message that says what there is.
pub fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    const SHOWN: usize = 20;
    let names: Vec<&str> = names.collect();
    let mut shown: Vec<String> =
        names.iter().take(SHOWN).map(|name| format!("\"{}\"", excerpt(name))).collect();
    if names.len() > SHOWN {
        shown.push(format!("{} more", names.len() - SHOWN));
    }
    shown.join(", ")
}

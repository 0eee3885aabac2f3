//! What is said of a configuration that cannot be used: which setting, what stands there, and what it takes.

use super::takes::row;
use figment::{Error, Figment};
use serde::Serialize;

/// Bytes of a value that is shown.
const MAX_SHOWN: usize = 200;

/// All that is wrong.
pub(super) fn told(figment: &Figment, error: &Error) -> String {
    let told: Vec<_> = error.clone().into_iter().map(|error| one(figment, &error)).collect();
    told.join("; ")
}

fn one(figment: &Figment, error: &Error) -> String {
    let Some(row) = row(&error.path.join(".")) else { return error.to_string() };
    let Ok(value) = figment.find_value(&row.path) else { return error.to_string() };
    let source = error.metadata.as_ref().map(|metadata| format!(" ({})", metadata.name)).unwrap_or_default();
    format!("{} = {}{source} cannot be used: {}; it takes {}", row.path, shown(&value), error.kind, row.takes)
}

/// A value that can be read and cannot be meant; `reason` may be empty.
pub(super) fn refused(path: &str, value: &impl Serialize, reason: &str) -> String {
    let colon = if reason.is_empty() { "" } else { ": " };
    let takes = row(path).map(|row| format!("; it takes {}", row.takes)).unwrap_or_default();
    format!("{path} = {} cannot be used{colon}{reason}{takes}", shown(value))
}

fn shown(value: &impl Serialize) -> String {
    // What is not JSON, such as no number, has no other text.
    let text = serde_json::to_string(value).unwrap_or_else(|error| error.to_string());
    match text.char_indices().nth(MAX_SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

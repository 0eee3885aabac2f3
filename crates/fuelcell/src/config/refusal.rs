//! What is said of a configuration that cannot be read: which setting, what stands there, and what it takes.

use super::takes::row;
use figment::value::Value;
use figment::{Error, Figment};

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

fn shown(value: &Value) -> String {
    let text = match serde_json::to_string(value) {
        Ok(text) => text,
        Err(_) => format!("{value:?}"),
    };
    match text.char_indices().nth(MAX_SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

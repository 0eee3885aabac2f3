//! Rows of the table, and how they come about.

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::progress::Progress;

/// What is measured, as it stands in the table.
#[derive(Deserialize)]
pub(super) struct Row {
    pub(super) what: String,
    pub(super) figure: String,
}

impl Row {
    pub(super) fn new(what: &str, figure: String) -> Self {
        Self { what: what.to_owned(), figure }
    }
}

/// Does `work` while a person sees what is being measured.
pub(super) fn measure<T>(label: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let _progress = Progress::spinner(label);
    work().with_context(|| label.to_owned())
}

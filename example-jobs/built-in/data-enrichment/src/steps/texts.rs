//! Parameters of steps: texts.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::steps::shape::step;
use crate::steps::types::OnError;

step! {
    /// Which columns are trimmed.
    Trim {
        /// Their names; all columns of text when not given.
        #[serde(default)]
        columns: Option<Vec<String>>,
    }
}

/// Upper and lower case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Case {
    /// `new york`
    Lower,
    /// `NEW YORK`
    Upper,
    /// `New York`
    Title,
}

/// A Unicode normalisation form.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Unicode {
    /// Composed.
    #[default]
    Nfc,
    /// Composed, with ligatures, wide letters and the like replaced.
    Nfkc,
}

step! {
    /// How texts are written.
    Normalise {
        /// The columns; all columns of text when not given.
        #[serde(default)]
        columns: Option<Vec<String>>,
        /// The form of Unicode.
        #[serde(default)]
        unicode: Unicode,
        /// Upper or lower case; as it is when not given.
        #[serde(default)]
        case: Option<Case>,
        /// Whether white space at the ends goes, and other white space becomes one space.
        #[serde(default = "yes")]
        white_space: bool,
    }
}

fn yes() -> bool {
    true
}

step! {
    /// New values for old ones.
    MapValues {
        /// The column.
        column: String,
        /// Old value → new value; `null` makes it missing.
        values: BTreeMap<String, Option<String>>,
        /// What all other values become; they stay when not given.
        #[serde(default)]
        default: Option<String>,
        /// A new column for the values; else they replace the old ones.
        #[serde(default)]
        into: Option<String>,
    }
}

/// How spellings are compared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ClusterMethod {
    /// By their words, whatever their order, case, accents and punctuation.
    #[default]
    Fingerprint,
    /// By their pairs of letters: finds more, and more that is wrong.
    Ngram,
}

step! {
    /// Spellings of one value.
    Cluster {
        /// The column.
        column: String,
        /// How they are compared.
        #[serde(default)]
        method: ClusterMethod,
        /// Whether they are replaced; else the report proposes it.
        #[serde(default)]
        apply: bool,
    }
}

step! {
    /// Where a text is cut.
    Split {
        /// The column.
        column: String,
        /// What stands between the parts.
        #[schemars(length(min = 1))]
        separator: String,
        /// The new columns; the last one has all that is left.
        #[schemars(length(min = 1, max = 50))]
        into: Vec<String>,
    }
}

step! {
    /// Columns as one text.
    Join {
        /// The columns; missing values are left out.
        #[schemars(length(min = 1))]
        columns: Vec<String>,
        /// The new column.
        into: String,
        /// What stands between the values.
        #[serde(default)]
        separator: String,
    }
}

step! {
    /// Parts of a text.
    Extract {
        /// The column.
        column: String,
        /// A regular expression with a group for each part.
        #[schemars(length(min = 1, max = 1000))]
        pattern: String,
        /// The new columns, one for each group.
        #[schemars(length(min = 1, max = 50))]
        into: Vec<String>,
        /// What becomes of rows whose value does not match.
        #[serde(default = "null")]
        on_error: OnError,
    }
}

fn null() -> OnError {
    OnError::Null
}

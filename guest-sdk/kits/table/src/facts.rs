//! How a file is read, and what was found out about it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How to read a file. What is not given is found out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Options {
    /// What stands between the fields of delimited text.
    pub delimiter: Option<char>,
    /// The encoding of a text, by its name in the Encoding Standard, such as `windows-1252`.
    pub encoding: Option<String>,
    /// Whether the first row names the columns.
    pub header: Option<bool>,
    /// Rows before the header.
    pub skip_rows: Option<u32>,
    /// The sheet of a workbook; else its first.
    pub sheet: Option<String>,
    /// What becomes of rows with fewer fields than the header.
    pub ragged_rows: Ragged,
}

/// What becomes of rows with fewer fields than the header. Rows with more are rejected always.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Ragged {
    /// They are rejected.
    #[default]
    Reject,
    /// The missing fields are empty.
    Pad,
}

/// What was found out about a file.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// `CSV`, `JSON lines`, `JSON`, `Parquet` or `Excel`.
    pub format: &'static str,
    /// `gzip`, `zstd` or `zip`.
    pub compression: Option<&'static str>,
    /// How text is encoded.
    pub encoding: Option<&'static str>,
    /// Rows with characters beyond ASCII, if the encoding was neither said nor marked, and so may be another one.
    pub guessed: Option<u64>,
    /// What stands between fields.
    pub delimiter: Option<char>,
    /// Whether a row names the columns.
    pub header: bool,
    /// The line of that row.
    pub header_line: Option<u64>,
    /// Rows before the header, shortened.
    pub title_rows: Vec<String>,
    /// The sheet that was read, and how many the workbook has.
    pub sheet: Option<String>,
    /// Sheets of the workbook.
    pub sheets: usize,
    /// Rows that are no header: those with a fault included.
    pub rows: u64,
    /// Rows with another number of fields than the header.
    pub ragged: u64,
    /// Rows in which bytes that are no text were replaced.
    pub replaced: u64,
    /// Columns whose name was empty or taken: (name in the file, name here).
    pub renamed: Vec<(String, String)>,
    /// A tick asked to stop.
    pub stopped: bool,
}

/// A row that is no row of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Its line in the file, from 1; in JSON its number.
    pub line: u64,
    /// A sentence: what is wrong with it.
    pub reason: String,
    /// Its fields as they were.
    pub fields: Vec<String>,
}

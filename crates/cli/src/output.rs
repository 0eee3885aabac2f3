//! What is written to standard output: tables for people, and JSON, lines of JSON or CSV for programs.
//!
//! JSON is the API's own document, so that `openapi.json` is its schema. CSV has the table's columns under the names that
//! they have in that document, with values as they are.

use crate::failure::{Failure, Outcome};
use clap::ValueEnum;
use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use serde_json::Value;
use std::io::{self, Write};

/// How a command writes what it brings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Columns for people
    #[default]
    Table,
    /// One JSON document: the API's own
    Json,
    /// A JSON document on each line
    Jsonl,
    /// Comma-separated values, with a line of names
    Csv,
}

/// How a value is shown to people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// As it is.
    Text,
    /// To the right.
    Number,
    /// As a size.
    Bytes,
    /// With one digit.
    Seconds,
    /// To the second.
    Time,
}

/// A column: its heading, where its values stand, and how they are shown.
pub type Column = (&'static str, &'static str, Form);

/// Writes text that is a result by itself.
pub fn say(text: &str) -> Outcome {
    let written = io::stdout().lock().write_all(text.as_bytes());
    match written {
        // Whoever reads has read enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written.map_err(|error| Failure::unwritten("cannot write to standard output", error)),
    }
}

/// Writes text for people beside the results.
pub(crate) fn note(text: &str) {
    // Nobody can be told that nobody can be told.
    let _ = writeln!(anstream::stderr(), "{text}");
}

/// Writes a list.
pub fn list(format: Format, columns: &[Column], entries: &[Value]) -> Outcome {
    match format {
        Format::Table => say(&table(columns, entries)),
        Format::Json => say(&format!("{:#}\n", Value::from(entries.to_vec()))),
        Format::Jsonl => entries.iter().try_for_each(|entry| say(&format!("{entry}\n"))),
        Format::Csv => say(&csv_text(columns, entries)?),
    }
}

/// Writes one thing: a line for each of its columns, or its whole document.
pub fn one(format: Format, columns: &[Column], thing: &Value) -> Outcome {
    match format {
        Format::Table => {
            let mut table = bare();
            for column in columns {
                let shown = shown(*column, thing);
                // What is not there needs no line.
                if !shown.is_empty() {
                    // A heading in capitals is one of a list. Others have capitals by intent: CPU.
                    let is_heading = !column.0.contains(char::is_lowercase);
                    let name = if is_heading { &column.0.to_lowercase() } else { column.0 };
                    table.add_row([format!("{name}:"), shown]);
                }
            }
            say(&lines(&table))
        }
        Format::Json => say(&format!("{thing:#}\n")),
        Format::Jsonl => say(&format!("{thing}\n")),
        Format::Csv => say(&csv_text(columns, std::slice::from_ref(thing))?),
    }
}

/// Says what was done, or shows the document that tells it.
pub(crate) fn done(format: Format, text: &str, document: &Value) -> Outcome {
    match format {
        // What was done has no columns, and may be told this once only, as secrets are.
        Format::Table | Format::Csv => say(&format!("{text}\n")),
        Format::Json => say(&format!("{document:#}\n")),
        Format::Jsonl => say(&format!("{document}\n")),
    }
}

fn bare() -> Table {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table
}

fn lines(table: &Table) -> String {
    table.lines().map(|line| format!("{}\n", line.strip_prefix(' ').unwrap_or(&line).trim_end())).collect()
}

pub(crate) fn table(columns: &[Column], entries: &[Value]) -> String {
    let mut table = bare();
    table.set_header(columns.iter().map(|column| column.0));
    for entry in entries {
        table.add_row(columns.iter().map(|column| shown(*column, entry)));
    }
    for (index, column) in columns.iter().enumerate() {
        if let (true, Some(column)) = (is_number(column.2), table.column_mut(index)) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    lines(&table)
}

fn is_number(form: Form) -> bool {
    matches!(form, Form::Number | Form::Bytes | Form::Seconds)
}

pub(crate) fn csv_text(columns: &[Column], entries: &[Value]) -> Outcome<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let failed = |error| Failure::here("cannot write CSV", error);
    writer.write_record(columns.iter().map(|column| column.1.replace('/', "."))).map_err(failed)?;
    for entry in entries {
        writer.write_record(columns.iter().map(|column| plain(value(entry, column.1)))).map_err(failed)?;
    }
    let bytes = writer.into_inner().map_err(|error| Failure::here("cannot write CSV", error))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// A member of a document, at any depth: `progress/currentStage`.
fn value<'a>(document: &'a Value, path: &str) -> &'a Value {
    path.split('/').fold(document, |inner, name| &inner[name])
}

/// As it is: text without quotes, nothing for `null`.
fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(parts) => parts.iter().map(plain).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    }
}

fn shown((_, path, form): Column, document: &Value) -> String {
    let value = value(document, path);
    match (form, value) {
        (Form::Bytes, value) => value.as_u64().map_or_else(String::new, bytes),
        (Form::Seconds, value) => {
            value.as_f64().map_or_else(String::new, |seconds| format!("{seconds:.1} s"))
        }
        // To the second, as UTC.
        (Form::Time, Value::String(time)) => match time.split_once('.') {
            Some((second, _)) => format!("{second}Z"),
            None => time.clone(),
        },
        (_, value) => harmless(&plain(value)),
    }
}

/// Bytes as people read them.
pub(crate) fn bytes(bytes: u64) -> String {
    bytesize::ByteSize(bytes).display().iec().to_string()
}

/// Names and messages are others' words: nothing in them moves a cursor or turns the direction of writing.
pub(crate) fn harmless(text: &str) -> String {
    let moves = |c: char| {
        c.is_control()
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}')
    };
    text.chars().map(|c| if moves(c) { c.escape_default().to_string() } else { c.to_string() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const COLUMNS: &[Column] =
        &[("NAME", "name", Form::Text), ("SIZE", "inner/size", Form::Bytes), ("WHEN", "when", Form::Time)];

    #[test]
    fn a_table_has_no_word_that_moves_a_cursor() {
        let entries = [
            json!({"name": "a\u{1b}[2J\nb\u{202e}", "inner": {"size": 2048}, "when": "2026-01-05T10:00:00.123Z"}),
            json!({"name": "long enough", "inner": null}),
        ];
        let text = table(COLUMNS, &entries);
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), 3, "{text}");
        assert!(lines[1].starts_with(r"a\u{1b}[2J\nb\u{202e}"), "{text}");
        assert!(lines[1].ends_with("2.0 KiB  2026-01-05T10:00:00Z"), "{text}");
        assert_eq!(lines[2], "long enough");
    }
}

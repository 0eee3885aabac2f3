//! `fuelcell job logs`: what a job says, then and now.

use crate::complete;
use crate::connection::Connection;
use crate::events;
use crate::failure::Outcome;
use crate::operations::{JOB_EVENTS, JOB_LOGS};
use crate::output::{self, Column, Form, Format, harmless, say};
use clap::{Args, ValueEnum};
use serde_json::Value;

const LINES: &[Column] = &[
    ("TIME", "timestamp", Form::Time),
    ("LEVEL", "level", Form::Text),
    ("ATTEMPT", "attempt", Form::Number),
    ("STAGE", "stage", Form::Text),
    ("MESSAGE", "message", Form::Text),
];

/// Lines of a page.
const PAGE: &str = "1000";

/// A job's log.
#[derive(Args)]
pub struct Logs {
    /// The job's id.
    #[arg(add = complete::jobs())]
    job: String,
    /// Go on until the job ends.
    #[arg(long, short)]
    follow: bool,
    /// Only lines of this level and of worse ones.
    #[arg(long, value_enum, default_value_t = Level::Trace)]
    level: Level,
    /// Only lines with this in their message; capitals do not matter.
    #[arg(long, conflicts_with = "follow")]
    text: Option<String>,
    /// Only lines whose message fits this regular expression somewhere; capitals do not matter.
    #[arg(long, value_name = "REGEX", conflicts_with = "follow")]
    pattern: Option<String>,
    /// Only lines of this stage.
    #[arg(long, conflicts_with = "follow")]
    stage: Option<String>,
}

/// How grave a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(super) enum Level {
    /// Everything
    Trace,
    /// For authors
    Debug,
    /// What happens
    Info,
    /// What may be wrong
    Warning,
    /// What is wrong
    Error,
}

impl Level {
    fn of(word: &str) -> Self {
        match word.to_ascii_lowercase().as_str() {
            "error" => Self::Error,
            "warning" | "warn" => Self::Warning,
            "info" => Self::Info,
            "debug" => Self::Debug,
            _ => Self::Trace,
        }
    }
}

pub(super) fn run(connection: &Connection, logs: &Logs) -> Outcome {
    if logs.follow {
        return follow(connection, logs);
    }
    let mut entries = Vec::new();
    let mut cursor: Option<String> = None;
    loop {
        let call = connection.call(JOB_LOGS, &[("jobId", &logs.job)])?.query("limit", Some(PAGE));
        let call = call.query("text", logs.text.as_ref()).query("pattern", logs.pattern.as_ref());
        let call = call.query("stage", logs.stage.as_ref()).query("cursor", cursor.as_ref());
        let mut page = connection.http.send(&call)?;
        let more = page["hasMore"] == true;
        cursor = page["nextCursor"].as_str().map(str::to_owned);
        if let Value::Array(lines) = page["logs"].take() {
            entries.extend(lines.into_iter().filter(|entry| wanted(entry, logs.level)));
        }
        if !more || cursor.is_none() {
            break;
        }
    }
    match connection.format {
        Format::Table => {
            entries.iter().try_for_each(|entry| say(&format!("{}\n", line(entry, Level::Trace))))
        }
        format => output::list(format, LINES, &entries),
    }
}

fn follow(connection: &Connection, logs: &Logs) -> Outcome {
    let call = connection.call(JOB_EVENTS, &[("jobId", &logs.job)])?;
    events::follow(&connection.http, &call, None, &mut |event| {
        for entry in
            event.data["lines"].as_array().into_iter().flatten().filter(|entry| wanted(entry, logs.level))
        {
            match connection.format {
                Format::Table => say(&format!("{}\n", line(entry, Level::Trace)))?,
                Format::Csv => {
                    let text = output::csv_text(LINES, std::slice::from_ref(entry))?;
                    say(text.split_once('\n').map_or("", |(_, rest)| rest))?;
                }
                Format::Json | Format::Jsonl => say(&format!("{entry}\n"))?,
            }
        }
        Ok(matches!(&event.name[..], "completed" | "failed" | "cancelled"))
    })
}

fn wanted(entry: &Value, least: Level) -> bool {
    Level::of(entry["level"].as_str().unwrap_or_default()) >= least
}

/// A line for people: the level where it is more than information, the words.
pub(super) fn line(entry: &Value, least: Level) -> String {
    let level = entry["level"].as_str().unwrap_or_default();
    let message = harmless(entry["message"].as_str().unwrap_or_default());
    match Level::of(level) {
        Level::Info if least <= Level::Info => message,
        _ => format!("{}: {message}", harmless(level).to_lowercase()),
    }
}

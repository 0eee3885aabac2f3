//! From a file to an [`EventLog`], streamed: no file is ever held whole.

mod buffer;
mod checksum;
mod columns;
mod csv;
mod gzip;
mod iso;
mod records;
mod source;
mod tags;
mod timestamp;
mod utf16;
mod xes;

use std::io::Read;

use rustc_hash::FxHashSet;

pub use columns::Columns;
pub use iso::{TimeText, format as format_time, parse_iso, time_text};
use source::Format;
pub use timestamp::{Timestamps, is_missing};

use crate::error::{Stop, excerpt};
use crate::log::EventLog;
use crate::names;

/// How to read.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Columns that the request names (tables only).
    pub columns: Columns,
    /// strftime forms that the request names, beside ISO 8601.
    pub timestamp_formats: Vec<String>,
    /// Bytes of the file, if that is known: then memory is asked for as it will be needed.
    pub size: Option<u64>,
}

impl Options {
    /// About how many events there are, when the first so many bytes of the file held so many.
    fn foresee(&self, bytes: u64, events: usize) -> u64 {
        let events = events as u128 * u128::from(self.size.unwrap_or(0)) / u128::from(bytes.max(1));
        u64::try_from(events).unwrap_or(u64::MAX)
    }
}

/// Rows that did not become events, by the first thing that was wrong with them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Dropped {
    /// The case was empty.
    pub no_case: u64,
    /// The activity was empty.
    pub no_activity: u64,
    /// The timestamp was empty.
    pub no_timestamp: u64,
    /// The timestamp was in no known form, or a day that does not exist.
    pub unreadable_timestamp: u64,
}

/// Beyond this many, further cases that lost rows are not remembered.
const INCOMPLETE_CASES: usize = 200_000;

impl Facts {
    /// Remembers that a row of this case was left out.
    fn lost_row(&mut self, case: &[u8]) {
        if self.incomplete_cases.len() < INCOMPLETE_CASES {
            self.incomplete_cases.insert(names::hash(case));
        }
    }

    /// Whether rows of this case were left out.
    pub fn is_incomplete(&self, case: &str) -> bool {
        self.incomplete_cases.contains(&names::hash(case.as_bytes()))
    }
}

impl Dropped {
    /// All of them.
    pub fn total(&self) -> u64 {
        self.missing() + self.unreadable_timestamp
    }

    /// Those in which something was empty.
    pub fn missing(&self) -> u64 {
        self.no_case + self.no_activity + self.no_timestamp
    }
}

/// The first unreadable value of a kind, as an example for a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// Row of the file (the header is row 1), or number of the event in an XES file.
    pub row: u64,
    /// The value, shortened.
    pub value: String,
}

/// What reading found out about the file.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// `CSV` or `XES`, with `gzip` when compressed.
    pub format: String,
    /// Text encoding.
    pub encoding: &'static str,
    /// The delimiter of a table.
    pub delimiter: Option<char>,
    /// Columns or attributes used, as (role, name).
    pub columns: Vec<(&'static str, String)>,
    /// strftime forms that were found in the data, beside ISO 8601.
    pub detected_formats: Vec<String>,
    /// Rows whose timestamp was read in one of them.
    pub read_by_form: u64,
    /// A value that could mean two days, so that its form was not read, and the two forms.
    pub ambiguous: Option<(String, [String; 2])>,
    /// Records of a table without header, or events of an XES file.
    pub rows: u64,
    /// Rows left out.
    pub dropped: Dropped,
    /// Cases that lost rows, by the hash of their name ([`crate::names::hash`]): what is missing from them may be in
    /// those rows.
    pub incomplete_cases: FxHashSet<u64>,
    /// The first timestamp that could not be read.
    pub unreadable_example: Option<Example>,
    /// Records with more or fewer fields than the header.
    pub ragged: u64,
    /// Rows in which bytes that are not UTF-8 were replaced.
    pub invalid_utf8: u64,
    /// Start times that could not be read; their events are kept without one.
    pub unreadable_starts: u64,
    /// Traces of an XES file without a name; they are named by their position.
    pub unnamed_traces: u64,
    /// A tick asked to stop: the log holds what was read until then.
    pub stopped: bool,
}

/// Called now and then while reading with the bytes of the file consumed and the events found; answers whether to go on.
/// When it says no, what was read so far is the log, and [`Facts::stopped`] says so.
pub type Tick<'a> = &'a mut dyn FnMut(u64, usize) -> bool;

/// How many records pass between two ticks.
const BATCH: u64 = 8192;

/// Reads a log.
///
/// # Errors
/// Every failure says where the file is wrong and what is allowed: `EmptyLog`, `MissingColumn`, `NoReadableEvents`,
/// `UnreadableTimestamps`, `AmbiguousTimestamps`, `CorruptXes`, `CorruptCsv`, `TruncatedGzip`, `CorruptGzip`,
/// `UnsupportedFormat`, `InvalidParameter`, `Storage`.
pub fn read(file: impl Read, options: &Options, tick: Tick<'_>) -> Result<(EventLog, Facts), Stop> {
    let source = source::open(file)?;
    let mut facts = Facts { encoding: source.encoding, ..Facts::default() };
    let (name, builder) = match source.format {
        Format::Csv => ("CSV", csv::read(source, options, &mut facts, tick)?),
        Format::Xes => ("XES", xes::read(source, options, &mut facts, tick)?),
    };
    facts.format = if facts.format.is_empty() { name.to_string() } else { format!("{name}, gzip") };
    if builder.is_empty() && !facts.stopped {
        return Err(no_events(&facts));
    }
    Ok((builder.finish(), facts))
}

fn no_events(facts: &Facts) -> Stop {
    if facts.rows == 0 {
        return Stop::failed("EmptyLog", "The log holds no events. An event log needs at least one event.");
    }
    if facts.dropped.unreadable_timestamp == facts.rows {
        return unreadable_timestamps(facts);
    }
    let dropped = facts.dropped;
    Stop::failed(
        "NoReadableEvents",
        format!(
            "None of the {} rows is an event: {} without case, {} without activity, {} without timestamp, {} with an \
             unreadable timestamp.",
            facts.rows,
            dropped.no_case,
            dropped.no_activity,
            dropped.no_timestamp,
            dropped.unreadable_timestamp
        ),
    )
}

fn unreadable_timestamps(facts: &Facts) -> Stop {
    let column =
        facts.columns.iter().find(|(role, _)| *role == "timestamp").map_or("timestamp", |(_, name)| name);
    if let Some((value, forms)) = &facts.ambiguous {
        return Stop::failed(
            "AmbiguousTimestamps",
            format!(
                "The timestamps in column \"{}\" can be read in two ways: \"{}\" is either day/month or month/day, and \
                 no value settles it. Say which in the parameter timestampFormats: [\"{}\"] or [\"{}\"].",
                excerpt(column),
                excerpt(value),
                forms[0].trim_end_matches("%.f"),
                forms[1].trim_end_matches("%.f"),
            ),
        );
    }
    let example = facts.unreadable_example.as_ref();
    let example = example.map_or(String::new(), |e| format!(" (row {}: \"{}\")", e.row, e.value));
    Stop::failed(
        "UnreadableTimestamps",
        format!(
            "No value in column \"{}\" is a timestamp{example}. Allowed are ISO 8601 (2024-01-31T09:15:00Z) and the \
             strftime forms of the parameter timestampFormats, such as [\"%d/%m/%Y %H:%M:%S\"], or [\"%s\"] for seconds \
             since 1970.",
            excerpt(column)
        ),
    )
}

//! From a file to an [`EventLog`], streamed: no file is ever held whole.

mod columns;
mod csv;
mod facts;
mod tags;
mod xes;

use std::io::Read;

pub use columns::Columns;
pub use facts::{Dropped, Example, Facts, Options, Tick};
use fuelcell_records_kit::source::{self, Refusals};
pub use fuelcell_records_kit::{
    iso::{TimeText, format as format_time, parse_iso, time_text},
    timestamp::{Timestamps, is_missing},
};

use crate::error::{Stop, excerpt};
use crate::log::EventLog;

const REFUSALS: Refusals = Refusals {
    empty_code: "EmptyLog",
    empty: "An event log needs at least one event.",
    allowed: ".xes, .xes.gz, .csv and .csv.gz",
};

/// Reads a log.
///
/// # Errors
/// Every failure says where the file is wrong and what is allowed: `EmptyLog`, `MissingColumn`, `NoReadableEvents`,
/// `UnreadableTimestamps`, `AmbiguousTimestamps`, `CorruptXes`, `CorruptCsv`, `TruncatedGzip`, `CorruptGzip`,
/// `UnsupportedFormat`, `InvalidParameter`, `Storage`.
pub fn read(file: impl Read, options: &Options, tick: Tick<'_>) -> Result<(EventLog, Facts), Stop> {
    let source = source::open(file, &REFUSALS)?;
    let mut facts = Facts { encoding: source.encoding, ..Facts::default() };
    let (name, builder) = match source.first {
        Some(b'<') => ("XES", xes::read(source, options, &mut facts, tick)?),
        _ => ("CSV", csv::read(source, options, &mut facts, tick)?),
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

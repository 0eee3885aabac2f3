//! From a file to an [`EventLog`], streamed: no file is ever held whole.

mod classifier;
mod columns;
mod csv;
mod facts;
mod ocel;
mod refusals;
mod single_byte;
mod tags;
mod xes;
mod zip;

use std::io::{BufRead as _, BufReader, Read, Seek};
use std::rc::Rc;

pub use columns::Columns;
pub use facts::{Dropped, Example, Facts, Options, Tick};
use fuelcell_parameters_kit::is_plausible;
use fuelcell_records_kit::source::{self, Compression, Source};
pub use fuelcell_records_kit::{
    iso::{TimeText, format as format_time, parse_iso, time_text},
    timestamp::{Timestamps, is_missing},
};
use fuelcell_table_kit::{Delimited, Seekable, delimited};

use self::refusals::REFUSALS;
use crate::error::{Stop, excerpt};
use crate::log::{Builder, EventLog};

/// Reads a log.
///
/// # Errors
/// Every failure says where the file is wrong and what is allowed: `EmptyLog`, `MissingColumn`, `NoReadableEvents`,
/// `UnreadableTimestamps`, `AmbiguousTimestamps`, `CorruptXes`, `CorruptCsv`, `TruncatedGzip`, `CorruptGzip`,
/// `CorruptParquet`, `CorruptWorkbook`, `TooLarge`, `UnsupportedFormat`, `InvalidParameter`, `Storage`.
pub fn read(
    file: impl Read + Seek + Send + 'static,
    options: &Options,
    tick: Tick<'_>,
) -> Result<(EventLog, Facts), Stop> {
    let mut facts = Facts::default();
    let builder = match delimited(Box::new(file)).map_err(empty_sheet)? {
        Ok(table) => read_cells(table, options, &mut facts, tick)?,
        Err(file) => read_text(file, options, &mut facts, tick)?,
    };
    if builder.is_empty() && !facts.stopped {
        return Err(no_events(&facts));
    }
    let log = builder.finish();
    if log.events() > 0 && !log.times.iter().any(|&time| is_plausible(time)) {
        return Err(implausible(&log, &facts));
    }
    Ok((log, facts))
}

/// A Parquet file or a sheet.
fn read_cells(
    table: Delimited,
    options: &Options,
    facts: &mut Facts,
    tick: Tick<'_>,
) -> Result<Builder, Stop> {
    refuse_for_tables(options)?;
    let builder = csv::read(table.source, Some(table.delimiter), options, facts, tick).map_err(|stop| {
        Stop { message: format!("{} It was read as {}.", stop.message, table.format), ..stop }
    })?;
    facts.format = table.format;
    Ok(builder)
}

/// What a log of cells cannot be asked for.
fn refuse_for_tables(options: &Options) -> Result<(), Stop> {
    if options.object_type.is_some() {
        return Err(no_objects());
    }
    if options.classifier.is_some() {
        return Err(no_classifiers("a table"));
    }
    Ok(())
}

fn empty_sheet(stop: Stop) -> Stop {
    if stop.code == "EmptyFile" { Stop { code: REFUSALS.empty_code, ..stop } } else { stop }
}

/// A file of text.
fn read_text(
    file: Box<dyn Seekable>,
    options: &Options,
    facts: &mut Facts,
    tick: Tick<'_>,
) -> Result<Builder, Stop> {
    let mut source = open(file)?;
    refuse_pages(&mut source)?;
    let meter = Rc::clone(&source.meter);
    facts.encoding = source.encoding;
    let form = object_centric(&mut source)?;
    if options.object_type.is_some() && form.is_none() {
        return Err(no_objects());
    }
    let (name, builder) = match (form, source.first) {
        (Some(_), _) if options.classifier.is_some() => return Err(no_classifiers("an object-centric log")),
        (Some(form), _) => (form.name(), ocel::read(source, form, options, facts, tick)?),
        (None, Some(b'<')) => ("XES", xes::read(source, options, facts, tick)?),
        _ => {
            refuse_for_tables(options)?;
            ("CSV", csv::read(source, None, options, facts, tick)?)
        }
    };
    facts.trailing_bytes = meter.has_trailing_bytes();
    facts.format =
        if facts.format.is_empty() { name.to_string() } else { format!("{name}, {}", facts.format) };
    Ok(builder)
}

fn open(file: Box<dyn Seekable>) -> Result<Source<'static>, Stop> {
    const DATABASE: &[u8] = b"SQLite format 3\0";
    let mut file = BufReader::with_capacity(1 << 18, file);
    let start = file.fill_buf().unwrap_or_default();
    if start.starts_with(DATABASE) {
        return Err(database());
    }
    if start.starts_with(zip::MAGIC) {
        source::open_packed(file, (Compression::Zip, Box::new(zip::only_file)), &REFUSALS)
    } else {
        source::open(file, &REFUSALS)
    }
}

fn database() -> Stop {
    let message = format!(
        "The file is a SQLite database. Object-centric logs (OCEL 2.0) are read as JSON or XML: export it in one of these forms. \
         Allowed are {}.",
        REFUSALS.allowed
    );
    Stop::failed("UnsupportedFormat", message)
}

/// Refuses what was saved in place of a log.
fn refuse_pages(source: &mut Source<'_>) -> Result<(), Stop> {
    let start = source.text.fill_buf().map_err(|error| source.meter.explain(&error))?;
    let start = String::from_utf8_lossy(&start[..start.len().min(1000)]).trim_start().to_lowercase();
    let page = ["<!doctype html", "<html", "<head", "<body"].iter().any(|tag| start.starts_with(tag));
    let what = if page {
        "a web page (HTML), not a log: what was saved is the page around it. Download the file itself (on GitHub by \"Raw\")"
    } else if start.starts_with("version https://git-lfs.github.com/spec") {
        "a pointer of Git LFS, not the log that it stands for. Fetch it with \"git lfs pull\""
    } else {
        return Ok(());
    };
    Err(Stop::failed("UnsupportedFormat", format!("The file is {what}. Allowed are {}.", REFUSALS.allowed)))
}

fn no_classifiers(what: &str) -> Stop {
    let help = "of a table, columns.activity names the column that names activities";
    Stop::parameter(format!("classifier is for XES logs, and the file is {what}: leave it out; {help}."))
}

fn no_objects() -> Stop {
    Stop::parameter("objectType is for object-centric logs (OCEL 2.0), and the file is none: leave it out.")
}

/// Which form of an object-centric log the file has, if it is one.
fn object_centric(source: &mut Source<'_>) -> Result<Option<ocel::Form>, Stop> {
    let first = source.first;
    let start = source.text.fill_buf().map_err(|error| source.meter.explain(&error))?;
    let json = || start.trim_ascii_start().strip_prefix(b"{").map(<[u8]>::trim_ascii_start);
    Ok(match first {
        Some(b'<') if ocel::is_xml(start) => Some(ocel::Form::Xml),
        // A table may have a brace in the name of its first column.
        Some(b'{') if json().is_some_and(|rest| matches!(rest, [] | [b'"' | b'}', ..])) => {
            Some(ocel::Form::Json)
        }
        _ => None,
    })
}

/// No log has its times outside of a hundred years: they were read as what they are not.
fn implausible(log: &EventLog, facts: &Facts) -> Stop {
    let column = facts.columns.iter().find(|(role, _)| *role == "timestamp");
    let column = column.map_or("timestamp", |(_, name)| name);
    let first = log.times.iter().min().map(|&time| format_time(time)).unwrap_or_default();
    Stop::failed(
        "ImplausibleTimestamps",
        format!(
            "All times in column \"{}\" lie outside of the years 1970 to 2099; the first one is {first}. They are written in \
             another form, or the column is another one: give timestampFormats or columns.timestamp.",
            excerpt(column)
        ),
    )
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
                "The timestamps in column \"{}\" are day/month or month/day, such as \"{}\": the first rows do not settle \
                 which, or contradict each other. Say it in the parameter timestampFormats: [\"{}\"] or [\"{}\"].",
                excerpt(column),
                excerpt(value),
                forms[0].trim_end_matches("%.f"),
                forms[1].trim_end_matches("%.f"),
            ),
        );
    }
    let example = facts.unreadable_examples.first();
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

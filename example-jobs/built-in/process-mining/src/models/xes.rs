//! A log as XES (IEEE 1849-2023), with the extensions that its attributes are of.

use std::io::{self, Write};

use super::xml::escaped;
use crate::log::{EventLog, NO_TIME, OPEN};
use crate::names::{Id, NONE, Names};
use crate::read::format_time;

const EXTENSIONS: [(&str, &str); 4] =
    [("Concept", "concept"), ("Time", "time"), ("Organizational", "org"), ("Lifecycle", "lifecycle")];

/// Writes cases in order of the file, events in time order. An event with a start time becomes two, `start` and
/// `complete`, of one `concept:instance`. `go_on` is asked after every batch with the number of events written.
///
/// # Errors
/// What the writer says; `Interrupted` when `go_on` said no.
pub fn write(log: &EventLog, out: &mut impl Write, mut go_on: impl FnMut(u64) -> bool) -> io::Result<()> {
    const BATCH: usize = 1 << 18;
    head(log, out)?;
    let names = Written {
        activities: all(&log.names.activities),
        resources: all(&log.names.resources),
        lifecycles: all(&log.names.lifecycles),
    };
    let mut rows: Vec<Row> = Vec::new();
    let mut text = Vec::new();
    for (case, range) in log.ranges().enumerate() {
        writeln!(text, "<trace><string key=\"concept:name\" value=\"{}\"/>", escaped(log.case_name(case)))?;
        rows.clear();
        range.clone().for_each(|event| rows.extend(Row::all(log, event, event - range.start)));
        rows.sort_by_key(|row| row.time);
        rows.iter().try_for_each(|row| row.write(&names, &mut text))?;
        writeln!(text, "</trace>")?;
        if text.len() >= BATCH {
            out.write_all(&text)?;
            text.clear();
            if !go_on(range.end as u64) {
                return Err(io::ErrorKind::Interrupted.into());
            }
        }
    }
    writeln!(text, "</log>")?;
    out.write_all(&text)
}

fn head(log: &EventLog, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    writeln!(
        out,
        "<log xes.version=\"1849-2023\" xes.features=\"\" xmlns=\"http://www.xes-standard.org/\">"
    )?;
    for (name, prefix) in EXTENSIONS {
        let uri = format!("http://www.xes-standard.org/{prefix}.xesext");
        writeln!(out, "<extension name=\"{name}\" prefix=\"{prefix}\" uri=\"{uri}\"/>")?;
    }
    writeln!(out, "<global scope=\"trace\"><string key=\"concept:name\" value=\"UNKNOWN\"/></global>")?;
    writeln!(
        out,
        "<global scope=\"event\"><string key=\"concept:name\" value=\"UNKNOWN\"/><date key=\"time:timestamp\" \
         value=\"1970-01-01T00:00:00+00:00\"/></global>"
    )?;
    writeln!(out, "<classifier name=\"Activity\" keys=\"concept:name\"/>")?;
    if log.has_lifecycles() || log.starts.is_some() {
        let keys = "concept:name lifecycle:transition";
        writeln!(out, "<classifier name=\"Activity and transition\" keys=\"{keys}\"/>")?;
    }
    Ok(())
}

/// Names as they stand in a file.
struct Written {
    activities: Vec<String>,
    resources: Vec<String>,
    lifecycles: Vec<String>,
}

fn all(names: &Names) -> Vec<String> {
    (0..names.len() as Id).map(|id| escaped(names.get(id))).collect()
}

/// The transition of an event.
#[derive(Clone, Copy)]
enum Transition {
    None,
    Named(Id),
    Start,
    Complete,
}

struct Row {
    time: i64,
    activity: Id,
    resource: Id,
    transition: Transition,
    instance: Option<usize>,
}

impl Row {
    /// What an event becomes.
    fn all(log: &EventLog, event: usize, index: usize) -> impl Iterator<Item = Self> {
        let row = |time, transition, instance| Self {
            time,
            activity: log.activities[event],
            resource: log.resources[event],
            transition,
            instance,
        };
        let time = log.times[event];
        let start = log.starts.as_ref().map_or(NO_TIME, |starts| starts[event]);
        let transition = match log.lifecycle(event) {
            NONE if log.starts.is_some() => Transition::Complete,
            NONE => Transition::None,
            named => Transition::Named(named),
        };
        let (first, second) = match start {
            NO_TIME => (row(time, transition, None), None),
            OPEN => (row(time, Transition::Start, Some(index)), None),
            start => (
                row(start, Transition::Start, Some(index)),
                Some(row(time, Transition::Complete, Some(index))),
            ),
        };
        [Some(first), second].into_iter().flatten()
    }

    fn write(&self, names: &Written, out: &mut Vec<u8>) -> io::Result<()> {
        out.extend_from_slice(b"<event>");
        let mut string = |key: &str, value: &str| write!(out, "<string key=\"{key}\" value=\"{value}\"/>");
        string("concept:name", &names.activities[self.activity as usize])?;
        if let Some(resource) = names.resources.get(self.resource as usize) {
            string("org:resource", resource)?;
        }
        if let Some(instance) = self.instance {
            string("concept:instance", &instance.to_string())?;
        }
        let transition = match self.transition {
            Transition::None => None,
            Transition::Named(id) => names.lifecycles.get(id as usize).map(String::as_str),
            Transition::Start => Some("start"),
            Transition::Complete => Some("complete"),
        };
        if let Some(transition) = transition {
            string("lifecycle:transition", transition)?;
        }
        writeln!(out, "<date key=\"time:timestamp\" value=\"{}\"/></event>", format_time(self.time))
    }
}

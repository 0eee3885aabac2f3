//! The log again, with what was found out about every event.

use std::borrow::Cow;
use std::io::{self, Write};

use crate::attributes::Values;
use crate::figures::{Figures, Item, Work};
use crate::lines::{LONGEST_FIGURE, Lines};
use crate::log::EventLog;
use crate::names::{Id, Names};
use fuelcell_records_kit::iso::TimeTexts;

/// Columns of the enriched log. `start_timestamp` and `lifecycle` are there only when the log has them.
const HEADER: [&str; 16] = [
    "case_id",
    "activity",
    "start_timestamp",
    "timestamp",
    "resource",
    "lifecycle",
    "event_index",
    "case_events",
    "seconds_since_previous",
    "waiting_seconds",
    "work_seconds",
    "case_duration_seconds",
    "variant",
    "repeated",
    "weekday",
    "hour",
];

/// The longest figure and what stands behind it.
const FIELD: usize = LONGEST_FIGURE + 1;

const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// Writes the log as CSV: cases in order of the file, events in time order. `go_on` is asked after every batch with the
/// number of events written and answers whether to go on.
///
/// # Errors
/// What the writer says; `Interrupted` when `go_on` said no.
#[expect(clippy::too_many_lines, reason = "a column after another")]
pub fn write(
    log: &EventLog,
    figures: &Figures,
    out: &mut impl Write,
    mut go_on: impl FnMut(u64) -> bool,
) -> io::Result<()> {
    const BATCH: usize = 1 << 20;
    let (starts, lifecycles) = (log.starts.is_some(), log.has_lifecycles());
    let wanted = HEADER.iter().filter(|name| match **name {
        "start_timestamp" => starts,
        "lifecycle" => lifecycles,
        _ => true,
    });
    let mut header = wanted.copied().collect::<Vec<_>>().join(",").into_bytes();
    for name in log.attributes.names() {
        header.push(b',');
        let own = HEADER.contains(&name);
        quote(&mut header, &if own { format!("attribute:{name}") } else { name.to_string() });
    }
    out.write_all(&header)?;
    out.write_all(b"\n")?;
    let mut rows = Lines::default();
    let fields = Fields {
        activities: Field::all(&log.names.activities),
        resources: Field::all(&log.names.resources),
        lifecycles: Field::all(&log.names.lifecycles),
    };
    let mut seen = vec![usize::MAX; log.names.activities.len()];
    let work = Work::of(log);
    let mut walk = work.walk();
    let mut items: Vec<Item> = Vec::new();
    let (mut name, mut values) = (Vec::new(), Vec::new());
    let (mut count, mut of_case) = (Lines::default(), Lines::default());
    let mut times = TimeTexts::default();
    for (case, range) in log.ranges().enumerate() {
        name.clear();
        quote(&mut name, log.case_name(case));
        name.push(b',');
        values.clear();
        for attribute in log.attributes.of_cases.iter() {
            write_value(&mut values, &attribute.values, log.case_value(attribute, case));
        }
        let values_of_case = values.len();
        items.clear();
        items.extend_from_slice(walk.case(range.clone()));
        let begin = items.iter().map(|item| item.begin.min(item.end)).min();
        let end = items.iter().map(|item| item.end).max();
        let duration = begin.zip(end).map_or(0, |(begin, end)| end.saturating_sub(begin));
        let mut items = items.iter().copied().peekable();
        count.clear();
        count.reserve(FIELD);
        count.number(range.len() as u64);
        count.byte(b',');
        of_case.clear();
        of_case.reserve(2 * FIELD);
        of_case.seconds(duration);
        of_case.byte(b',');
        of_case.number(u64::from(figures.variants.of_case[case]) + 1);
        let of_case = Constant { name: &name, count: count.as_bytes(), figures: of_case.as_bytes() };
        for event in range.clone() {
            let activity = log.activities[event] as usize;
            let index = event - range.start;
            let before = std::mem::replace(&mut seen[activity], case) == case;
            let repeated = walk.piece_of(index).map_or(before, |piece| piece > 1);
            let item = items.next_if(|item| item.event == event);
            let row = Row { log, fields: &fields, event, index, of_case, repeated, item };
            row.write(&mut rows, &mut times);
            values.truncate(values_of_case);
            for attribute in &log.attributes.of_events {
                write_value(&mut values, &attribute.values, attribute.code(event));
            }
            rows.reserve(values.len() + 1);
            rows.text(&values);
            rows.byte(b'\n');
            if rows.as_bytes().len() >= BATCH {
                out.write_all(rows.as_bytes())?;
                rows.clear();
                if !go_on(event as u64 + 1) {
                    return Err(io::ErrorKind::Interrupted.into());
                }
            }
        }
    }
    out.write_all(rows.as_bytes())
}

/// How names are written.
struct Fields<'a> {
    activities: Field<'a>,
    resources: Field<'a>,
    lifecycles: Field<'a>,
}

/// All names of a kind, as they are written.
struct Field<'a>(Vec<Cow<'a, [u8]>>);

impl<'a> Field<'a> {
    fn all(names: &'a Names) -> Self {
        let field = |id: Id| {
            let name = names.get(id);
            if !is_special(name) {
                return Cow::Borrowed(name.as_bytes());
            }
            let mut field = Vec::new();
            quote(&mut field, name);
            Cow::Owned(field)
        };
        Self((0..names.len() as Id).map(field).collect())
    }

    #[inline]
    fn get(&self, id: Id) -> &[u8] {
        self.0.get(id as usize).map_or(&[], |name| name)
    }
}

/// What all rows of a case have alike, as it is written.
#[derive(Clone, Copy)]
struct Constant<'a> {
    /// The case's name.
    name: &'a [u8],
    /// How many events it has.
    count: &'a [u8],
    /// Its duration and variant.
    figures: &'a [u8],
}

struct Row<'a> {
    log: &'a EventLog,
    fields: &'a Fields<'a>,
    event: usize,
    /// Its place in its case, from 0.
    index: usize,
    of_case: Constant<'a>,
    repeated: bool,
    /// The work that it completes, when the log tells when that was begun.
    item: Option<Item>,
}

impl Row<'_> {
    fn write(&self, out: &mut Lines, times: &mut TimeTexts) {
        const FIGURES: usize = 9;
        let (log, event, of_case) = (self.log, self.event, self.of_case);
        let time = log.times[event];
        let activity = self.fields.activities.get(log.activities[event]);
        let resource = self.fields.resources.get(log.resources[event]);
        let lifecycle = self.fields.lifecycles.get(log.lifecycle(event));
        let of_cases = of_case.name.len() + of_case.count.len() + of_case.figures.len();
        let texts = of_cases + activity.len() + resource.len() + lifecycle.len();
        out.reserve(texts + FIGURES * FIELD);
        out.text(of_case.name);
        out.text(activity);
        out.byte(b',');
        let open = log.is_open(event);
        if log.starts.is_some() {
            if let Some(begin) = log.begin(event) {
                out.time(times.text(begin));
            }
            out.byte(b',');
        }
        if !open {
            out.time(times.text(time));
        }
        out.byte(b',');
        out.text(resource);
        out.byte(b',');
        if log.has_lifecycles() {
            out.text(lifecycle);
            out.byte(b',');
        }
        out.number(self.index as u64 + 1);
        out.byte(b',');
        out.text(of_case.count);
        if self.index > 0 {
            out.seconds(time - log.times[event - 1]);
        }
        out.byte(b',');
        if let Some(waited) = self.item.as_ref().and_then(Item::waited) {
            out.seconds(waited);
        }
        out.byte(b',');
        if let Some(worked) = self.item.as_ref().and_then(Item::worked) {
            out.seconds(worked);
        }
        out.byte(b',');
        out.text(of_case.figures);
        out.text(if self.repeated { b",true," } else { b",false," });
        let hours = log.local(time).div_euclid(3_600_000_000);
        // 1970-01-01 was a Thursday.
        out.text(WEEKDAYS[(hours.div_euclid(24) + 3).rem_euclid(7) as usize].as_bytes());
        out.byte(b',');
        out.number(hours.rem_euclid(24) as u64);
    }
}

/// Another field, empty where there is no value.
fn write_value(out: &mut Vec<u8>, values: &Values, value: Option<Id>) {
    out.push(b',');
    match (values, value) {
        (_, None) => {}
        // A minus begins no formula here.
        (Values::Numbers(_), Some(value)) => out.extend_from_slice(values.text(value).as_bytes()),
        (_, Some(value)) => quote(out, &values.text(value)),
    }
}

/// A spreadsheet would take a text that begins like this for a formula.
fn is_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r'])
}

/// Whether a text cannot stand in a table as it is.
fn is_special(text: &str) -> bool {
    is_formula(text) || text.bytes().any(|byte| matches!(byte, b',' | b'"' | b'\n' | b'\r'))
}

/// A text as a CSV field. What a spreadsheet would take for a formula gets an apostrophe in front (OWASP, "CSV
/// Injection").
fn quote(out: &mut Vec<u8>, text: &str) {
    if !is_special(text) {
        out.extend_from_slice(text.as_bytes());
        return;
    }
    out.push(b'"');
    if is_formula(text) {
        out.push(b'\'');
    }
    for byte in text.bytes() {
        if byte == b'"' {
            out.push(b'"');
        }
        out.push(byte);
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(text: &str) -> String {
        let mut out = Vec::new();
        quote(&mut out, text);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn fields_are_quoted_and_formulas_are_text() {
        assert_eq!(field("pay"), "pay");
        assert_eq!(field("say \"hi\", twice"), "\"say \"\"hi\"\", twice\"");
        assert_eq!(field("=1+1"), "\"'=1+1\"");
    }
}

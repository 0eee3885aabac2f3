//! The log again, with what was found out about every event.

use std::io::{self, Write};

use crate::figures::{Figures, SECOND};
use crate::log::{EventLog, Micros, NO_TIME};
use crate::read::write_time;

/// Columns of the enriched log. `start_timestamp` and `lifecycle` are there only when the log has them.
const HEADER: [&str; 14] = [
    "case_id",
    "activity",
    "start_timestamp",
    "timestamp",
    "resource",
    "lifecycle",
    "event_index",
    "case_events",
    "seconds_since_previous",
    "case_duration_seconds",
    "variant",
    "repeated",
    "weekday",
    "hour",
];

const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// Writes the log as CSV: cases in order of the file, events in time order. `go_on` is asked after every batch with the
/// number of events written and answers whether to go on.
///
/// # Errors
/// What the writer says; `Interrupted` when `go_on` said no.
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
    let mut rows = wanted.copied().collect::<Vec<_>>().join(",").into_bytes();
    rows.push(b'\n');
    let mut seen = vec![usize::MAX; log.names.activities.len()];
    let mut written = 0;
    for (case, range) in log.ranges().enumerate() {
        let mut name = Vec::new();
        field(&mut name, log.case_name(case));
        let duration = log.duration(case);
        for event in range.clone() {
            let activity = log.activities[event] as usize;
            let repeated = std::mem::replace(&mut seen[activity], case) == case;
            let row = Row { log, event, first: event == range.start, repeated };
            rows.extend_from_slice(&name);
            row.write(
                &mut rows,
                event - range.start + 1,
                range.len(),
                duration,
                figures.variants.of_case[case],
            );
        }
        written += range.len() as u64;
        if rows.len() >= BATCH {
            out.write_all(&rows)?;
            rows.clear();
            if !go_on(written) {
                return Err(io::ErrorKind::Interrupted.into());
            }
        }
    }
    out.write_all(&rows)
}

struct Row<'a> {
    log: &'a EventLog,
    event: usize,
    first: bool,
    repeated: bool,
}

impl Row<'_> {
    fn write(&self, out: &mut Vec<u8>, index: usize, events: usize, duration: Micros, variant: u32) {
        let (log, event) = (self.log, self.event);
        let time = log.times[event];
        out.push(b',');
        field(out, log.activity_name(log.activities[event]));
        out.push(b',');
        if let Some(starts) = &log.starts {
            if starts[event] != NO_TIME {
                write_time(out, starts[event]);
            }
            out.push(b',');
        }
        write_time(out, time);
        out.push(b',');
        field(out, log.resource_name(log.resources[event]));
        out.push(b',');
        if log.has_lifecycles() {
            field(out, log.lifecycle(event));
            out.push(b',');
        }
        number(out, index as u64);
        number(out, events as u64);
        if !self.first {
            seconds(out, time - log.times[event - 1]);
        }
        out.push(b',');
        seconds(out, duration);
        out.push(b',');
        number(out, u64::from(variant) + 1);
        out.extend_from_slice(if self.repeated { b"true," } else { b"false," });
        let hours = time.div_euclid(3_600_000_000);
        // 1970-01-01 was a Thursday.
        out.extend_from_slice(WEEKDAYS[(hours.div_euclid(24) + 3).rem_euclid(7) as usize].as_bytes());
        out.push(b',');
        digits(out, hours.rem_euclid(24) as u64);
        out.push(b'\n');
    }
}

fn number(out: &mut Vec<u8>, value: u64) {
    digits(out, value);
    out.push(b',');
}

fn digits(out: &mut Vec<u8>, mut value: u64) {
    let mut buffer = [0; 20];
    let mut at = buffer.len();
    loop {
        at -= 1;
        buffer[at] = b'0' + (value % 10) as u8;
        value /= 10;
        if value == 0 {
            break;
        }
    }
    out.extend_from_slice(&buffer[at..]);
}

/// Seconds, with as many decimals as there are, at most six.
fn seconds(out: &mut Vec<u8>, micros: Micros) {
    if micros < 0 {
        out.push(b'-');
    }
    let micros = micros.unsigned_abs();
    digits(out, micros / SECOND as u64);
    let mut fraction = micros % SECOND as u64;
    if fraction == 0 {
        return;
    }
    out.push(b'.');
    let mut place = 100_000;
    while fraction > 0 {
        out.push(b'0' + (fraction / place) as u8);
        fraction %= place;
        place /= 10;
    }
}

/// A text as a CSV field. What a spreadsheet would take for a formula gets an apostrophe in front (OWASP, "CSV
/// Injection").
fn field(out: &mut Vec<u8>, text: &str) {
    let bytes = text.as_bytes();
    let formula = matches!(bytes.first(), Some(b'=' | b'+' | b'-' | b'@' | b'\t' | b'\r'));
    let quoted = formula || bytes.iter().any(|byte| matches!(byte, b',' | b'"' | b'\n' | b'\r'));
    if !quoted {
        out.extend_from_slice(bytes);
        return;
    }
    out.push(b'"');
    if formula {
        out.push(b'\'');
    }
    for &byte in bytes {
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

    fn text(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn fields_are_quoted_and_formulas_are_text() {
        assert_eq!(text(|out| field(out, "pay")), "pay");
        assert_eq!(text(|out| field(out, "say \"hi\", twice")), "\"say \"\"hi\"\", twice\"");
        assert_eq!(text(|out| field(out, "=1+1")), "\"'=1+1\"");
    }

    #[test]
    fn seconds_keep_their_fraction() {
        let written = [0, 1_500_000, 60_000_001, -250_000].map(|micros| text(|out| seconds(out, micros)));
        assert_eq!(written, ["0", "1.5", "60.000001", "-0.25"]);
    }
}

//! Tables.

use super::columns::{self, Layout};
use super::facts::{BATCH, Example, Facts, Options, Tick};
use crate::error::{Stop, excerpt};
use crate::log::{Builder, Event, NO_TIME};
use crate::names::{self, Id, NONE};
use fuelcell_records_kit::records::{Fields, LONGEST_RECORD, Record, RecordError, Records, sample};
use fuelcell_records_kit::source::{Meter, Source};
use fuelcell_records_kit::timestamp::{self, Timestamps, is_missing};

/// Rows that the detection of delimiter, columns and timestamp forms looks at.
const SAMPLE: usize = 2000;

pub(super) fn read(
    source: Source<'_>,
    options: &Options,
    facts: &mut Facts,
    tick: Tick<'_>,
) -> Result<Builder, Stop> {
    let failures = Failures { meter: &source.meter };
    let mut records = Records::new(source.text);
    let preview = records.preview().map_err(|error| failures.io(&error))?;
    let (delimiter, sample) = sniff(preview);
    records.set_delimiter(delimiter);
    let header = match records.next() {
        Ok(Some(record)) => header(&record),
        Ok(None) => {
            return Err(Stop::failed(
                "EmptyLog",
                "The file holds no rows. An event log needs at least one event.",
            ));
        }
        Err(error) => return Err(failures.record(error, 1)),
    };
    let layout = columns::find(&header, sample.get(1..).unwrap_or_default(), &options.columns)?;
    let timestamps = forms(&layout, &sample, options, facts)?;
    facts.format = source.compression.map_or(String::new(), |compression| compression.name().to_string());
    facts.delimiter = Some(char::from(delimiter));
    facts.columns = describe(&layout, &header);

    records.want(layout.last() + 1);
    let mut table = Table {
        layout,
        timestamps,
        width: header.len(),
        builder: Builder::default(),
        last_case: Vec::new(),
        last_id: NONE,
    };
    loop {
        let row = records.row() + 1;
        match records.next() {
            Ok(Some(record)) => table.add(&record, facts),
            Ok(None) => return Ok(table.builder),
            Err(error) => return Err(failures.record(error, row)),
        }
        if facts.rows.is_multiple_of(BATCH) {
            let (bytes, events) = (source.meter.bytes(), table.builder.len());
            table.builder.expect(options.foresee(bytes, events));
            if !tick(bytes, events) {
                facts.stopped = true;
                return Ok(table.builder);
            }
        }
    }
}

struct Failures<'a> {
    meter: &'a Meter,
}

impl Failures<'_> {
    fn io(&self, error: &std::io::Error) -> Stop {
        self.meter.explain(error)
    }

    fn record(&self, error: RecordError, row: u64) -> Stop {
        match error {
            RecordError::Io(error) => self.io(&error),
            RecordError::OpenQuote => Stop::failed(
                "CorruptCsv",
                format!(
                    "Row {row} opens a quote (\") that is never closed. Close it, or double quotes inside a quoted field."
                ),
            ),
            RecordError::TooLong => Stop::failed(
                "CorruptCsv",
                format!(
                    "Row {row} is longer than {} MiB, the most that is allowed. Perhaps a quote (\") is never closed.",
                    LONGEST_RECORD >> 20
                ),
            ),
        }
    }
}

struct Table {
    layout: Layout,
    timestamps: Timestamps,
    width: usize,
    builder: Builder,
    last_case: Vec<u8>,
    last_id: Id,
}

impl Table {
    fn add(&mut self, record: &Record<'_>, facts: &mut Facts) {
        facts.rows += 1;
        facts.ragged += u64::from(record.len() != self.width);
        let layout = self.layout;
        let (case, activity) = (record.field(layout.case), record.field(layout.activity));
        let timestamp = record.field(layout.timestamp).trim_ascii();
        if case.trim_ascii().is_empty() {
            facts.dropped.no_case += 1;
        } else if activity.trim_ascii().is_empty() {
            facts.dropped.no_activity += 1;
            facts.lost_row(case);
        } else if let Some(time) = self.timestamps.parse(timestamp) {
            facts.read_by_form += u64::from(self.timestamps.needs_form(timestamp));
            let start = self.start(record, facts);
            let (resource, broken_resource) = self.resource(record);
            let (activity, broken_activity) = self.builder.names.activities.intern(activity);
            let (case, broken_case) = self.case(case);
            facts.invalid_utf8 += u64::from(broken_case || broken_activity || broken_resource);
            let lifecycle = self.lifecycle(record);
            let fingerprint = names::hash(record.text) as u32;
            self.builder.push(Event { case, activity, time, start, resource, lifecycle, fingerprint });
        } else if is_missing(timestamp) {
            facts.dropped.no_timestamp += 1;
            facts.lost_row(case);
        } else {
            facts.dropped.unreadable_timestamp += 1;
            facts.lost_row(case);
            let value = || excerpt(&String::from_utf8_lossy(timestamp));
            facts.unreadable_example.get_or_insert_with(|| Example { row: record.row, value: value() });
        }
    }

    /// Most files hold a case's rows together, so the last case is likely the next one, too.
    fn case(&mut self, case: &[u8]) -> (Id, bool) {
        if self.last_id != NONE && case == self.last_case {
            return (self.last_id, false);
        }
        let (id, broken) = self.builder.names.cases.intern(case);
        if !broken {
            self.last_case.clear();
            self.last_case.extend_from_slice(case);
            self.last_id = id;
        }
        (id, broken)
    }

    fn start(&self, record: &Record<'_>, facts: &mut Facts) -> i64 {
        let Some(column) = self.layout.start else { return NO_TIME };
        let text = record.field(column).trim_ascii();
        self.timestamps.parse(text).unwrap_or_else(|| {
            facts.unreadable_starts += u64::from(!is_missing(text));
            NO_TIME
        })
    }

    fn resource(&mut self, record: &Record<'_>) -> (Id, bool) {
        let text = self.layout.resource.map_or(&b""[..], |column| record.field(column));
        if is_missing(text.trim_ascii()) { (NONE, false) } else { self.builder.names.resources.intern(text) }
    }

    fn lifecycle(&mut self, record: &Record<'_>) -> Id {
        let text = self.layout.lifecycle.map_or(&b""[..], |column| record.field(column));
        if is_missing(text.trim_ascii()) { NONE } else { self.builder.names.lifecycles.intern(text).0 }
    }
}

fn header(record: &Record<'_>) -> Vec<String> {
    record.fields().map(|field| String::from_utf8_lossy(field.trim_ascii()).into_owned()).collect()
}

type Sample = Vec<Fields>;

/// The delimiter that gives the steadiest number of fields, and the sample rows cut with it.
fn sniff(preview: &[u8]) -> (u8, Sample) {
    let mut best = (b',', Sample::new(), (0, 0));
    for delimiter in [b',', b';', b'\t', b'|'] {
        let rows = sample(preview, delimiter, SAMPLE);
        let width = rows.first().map_or(0, Vec::len);
        if width < 2 && delimiter != b',' {
            continue;
        }
        let steady = if width < 2 { 0 } else { rows.iter().filter(|row| row.len() == width).count() };
        if (steady, width) > best.2 || best.1.is_empty() {
            best = (delimiter, rows, (steady, width));
        }
    }
    (best.0, best.1)
}

/// The forms of the request, or else those that the sample proves.
fn forms(layout: &Layout, sample: &Sample, options: &Options, facts: &mut Facts) -> Result<Timestamps, Stop> {
    if !options.timestamp_formats.is_empty() {
        return Timestamps::new(&options.timestamp_formats);
    }
    let columns = [Some(layout.timestamp), layout.start];
    let mut formats = Vec::new();
    for column in columns.into_iter().flatten() {
        let values = sample.iter().skip(1).filter_map(move |row| row.get(column)).map(Vec::as_slice);
        let detected = timestamp::detect(values);
        formats.extend(detected.formats);
        if column == layout.timestamp {
            facts.ambiguous = detected.ambiguous;
        }
    }
    formats.sort();
    formats.dedup();
    facts.detected_formats.clone_from(&formats);
    Ok(Timestamps::detected(&formats))
}

fn describe(layout: &Layout, header: &[String]) -> Vec<(&'static str, String)> {
    let roles = [
        ("case", Some(layout.case)),
        ("activity", Some(layout.activity)),
        ("timestamp", Some(layout.timestamp)),
        ("startTimestamp", layout.start),
        ("resource", layout.resource),
        ("lifecycle", layout.lifecycle),
    ];
    roles.iter().filter_map(|(role, at)| at.map(|at| (*role, header[at].clone()))).collect()
}

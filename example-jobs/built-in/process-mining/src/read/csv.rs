//! Tables.

use super::columns::{self, Layout, Time};
use super::facts::instance_hash;
use super::facts::{BATCH, Facts, Options, Tick};
use crate::attributes::{Collector, Wanted};
use crate::error::{Stop, excerpt};
use crate::log::{Builder, Event, NO_TIME, OPEN};
use crate::names::{self, Id, NONE};
use fuelcell_parameters_kit::Header;
use fuelcell_records_kit::iso::{beyond_micros, parse_iso};
use fuelcell_records_kit::listed;
use fuelcell_records_kit::records::{Fields, LONGEST_RECORD, Record, RecordError, Records, sample};
use fuelcell_records_kit::source::{Meter, Source};
use fuelcell_records_kit::timestamp::{self, Timestamps};

/// Rows that the detection of delimiter, columns and timestamp forms looks at.
const SAMPLE: usize = 2000;

/// Rows above the header, such as a title, that are passed over.
const ROWS_ABOVE: usize = 20;

/// Reads delimited text: with the delimiter that is known, or with the one that is found.
pub(super) fn read(
    source: Source<'_>,
    known: Option<u8>,
    options: &Options,
    facts: &mut Facts,
    tick: Tick<'_>,
) -> Result<Builder, Stop> {
    let failures = Failures { meter: &source.meter };
    let mut records = Records::new(source.text);
    let preview = records.preview().map_err(|error| failures.io(&error))?;
    let (hint, behind) = if known.is_some() { (known, 0) } else { delimiter_line(preview) };
    let (delimiter, sample) = sniff(&preview[behind..], hint);
    records.set_delimiter(delimiter);
    let above = u64::from(behind > 0);
    let header = Head::find(&sample, above, options)?;
    for row in 1..=header.row {
        match records.next() {
            Ok(Some(_)) => {}
            Ok(None) => break,
            Err(error) => return Err(failures.record(error, row)),
        }
    }
    let Head { row, names, layout } = header;
    let sample = &sample[(row - above) as usize..];
    facts.rows_above = row - 1 - above;
    let (timestamps, start_times) = forms(&layout, sample, options, facts)?;
    facts.format = source.compression.map_or(String::new(), |compression| compression.name().to_string());
    facts.delimiter = Some(char::from(delimiter));
    facts.columns = layout.roles().map(|(role, at)| (role, names[at].clone())).collect();
    facts.namesakes = namesakes(&layout, &names, &options.columns);

    let mut builder = Builder::default();
    let others = Other::all(&names, sample, &layout, &options.attributes, &mut builder.attributes);
    let last = others.iter().map(|other| other.column).max().unwrap_or(0);
    records.want(layout.last().max(last) + 1);
    let mut table = Table {
        layout,
        timestamps,
        start_times,
        width: names.len(),
        builder,
        others,
        last_case: Vec::new(),
        last_id: NONE,
        open: OpenRows::default(),
        joined: Vec::new(),
    };
    loop {
        let row = records.row() + 1;
        match records.next() {
            Ok(Some(record)) => table.add(&record, facts),
            Ok(None) => return Ok(table.finish(facts)),
            Err(error) => return Err(failures.record(error, row)),
        }
        if facts.rows.is_multiple_of(BATCH) {
            let (bytes, events) = (source.meter.bytes(), table.builder.len());
            table.builder.expect(options.foresee(bytes, events));
            if !tick(bytes, events) {
                facts.stopped = true;
                return Ok(table.finish(facts));
            }
        }
    }
}

/// The row that names the columns, and what they are.
struct Head {
    row: u64,
    names: Vec<String>,
    layout: Layout,
}

impl Head {
    /// The first row of the sample, or, where that names no columns of a log, the first one below it that does. `above` rows
    /// are not in the sample.
    fn find(sample: &Sample, above: u64, options: &Options) -> Result<Self, Stop> {
        let at = |place: usize| {
            let names: Vec<String> = sample[place]
                .iter()
                .map(|field| String::from_utf8_lossy(field.trim_ascii()).into())
                .collect();
            let row = place as u64 + above + 1;
            let layout = columns::find(&names, &sample[place + 1..], &options.columns, row)?;
            Ok(Self { row, names, layout })
        };
        if sample.is_empty() {
            return Err(Stop::failed(
                "EmptyLog",
                "The file holds no rows. An event log needs at least one event.",
            ));
        }
        let first = at(0);
        let Err(stop) = &first else { return first };
        let mut below = 1..sample.len().min(ROWS_ABOVE + 1);
        if let Some(found) = below.clone().find_map(|place| at(place).ok()) {
            return Ok(found);
        }
        // Where the first row is a title, it is the first wide one that should have named them.
        let wide = below.find(|&place| sample[place].len() > sample[0].len() && sample[0].len() == 1);
        match wide {
            Some(place) if stop.code == "MissingColumn" => at(place),
            _ => first,
        }
    }
}

/// The delimiter that the first line names (`sep=;`, which Excel writes), and how long that line is.
fn delimiter_line(preview: &[u8]) -> (Option<u8>, usize) {
    let end = preview.iter().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(preview.len());
    let line = preview[..end].trim_ascii_end().to_ascii_lowercase();
    let line = line.strip_prefix(b"\"").and_then(|line| line.strip_suffix(b"\"")).unwrap_or(&line);
    match line.strip_prefix(b"sep=") {
        Some([delimiter]) => (Some(*delimiter), end),
        // The tab is white space at the end of the line.
        Some([]) => (Some(b'\t'), end),
        _ => (None, 0),
    }
}

/// Columns that could have been meant as well.
fn namesakes(layout: &Layout, names: &[String], given: &columns::Columns) -> Vec<String> {
    let header = Header::new(names.iter().cloned());
    let given = [&given.case, &given.activity, &given.timestamp];
    let main = layout.roles().filter(|(role, _)| matches!(*role, "case" | "activity" | "timestamp"));
    let unnamed = main.filter(|(_, at)| !given.contains(&&Some(names[*at].clone())));
    let message = |(role, at): (&str, usize)| {
        let others = header.namesakes(at);
        (!others.is_empty()).then(|| {
            format!(
                "Columns are named alike: \"{}\" was read as the {role}, not {}; columns.{role} chooses another one",
                excerpt(&names[at]),
                listed(others.into_iter())
            )
        })
    };
    unnamed.filter_map(message).collect()
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

/// Whether a cell says that there is no value, as tables of events have it.
fn is_missing(text: &[u8]) -> bool {
    timestamp::is_missing(text) || text == b"?"
}

struct Table {
    layout: Layout,
    timestamps: Timestamps,
    /// Start times may be written in other forms.
    start_times: Timestamps,
    width: usize,
    builder: Builder,
    others: Vec<Other>,
    last_case: Vec<u8>,
    last_id: Id,
    open: OpenRows,
    /// A date and its hours, put together.
    joined: Vec<u8>,
}

/// A column that holds an attribute.
struct Other {
    column: usize,
    attribute: usize,
    /// The text of the row before, and its value: rows of a case are mostly equal.
    last: Vec<u8>,
    value: Id,
}

impl Other {
    /// The columns that have names and are read as nothing else.
    fn all(
        names: &[String],
        sample: &[Fields],
        layout: &Layout,
        wanted: &Wanted,
        attributes: &mut Collector,
    ) -> Vec<Self> {
        let used: Vec<usize> = layout.roles().map(|(_, column)| column).collect();
        let mut all = Vec::new();
        for (column, name) in names.iter().enumerate() {
            let name = name.trim();
            if used.contains(&column) || name.is_empty() || !wanted.wants(name, false) {
                continue;
            }
            if !wanted.wants(name, true) && holds_times(sample, column) {
                attributes.pass_over_time(name);
            } else if let Some(attribute) = attributes.add(name, false, 0) {
                all.push(Self { column, attribute, last: Vec::new(), value: NONE });
            }
        }
        all
    }

    #[inline]
    fn read(&mut self, text: &[u8], attributes: &mut Collector) {
        if self.last != text {
            self.last.clear();
            self.last.extend_from_slice(text);
            let text = text.trim_ascii();
            self.value = if is_missing(text) { NONE } else { attributes.value(self.attribute, text) };
        }
        attributes.set(self.attribute, self.value);
    }
}

/// Whether the first values of a column are dates or times.
fn holds_times(sample: &[Fields], column: usize) -> bool {
    const LOOKED_AT: usize = 20;
    let values = sample.iter().filter_map(|row| row.get(column)).map(|value| value.trim_ascii());
    let mut values = values.filter(|value| !is_missing(value)).take(LOOKED_AT).peekable();
    let is_time = |value: &[u8]| value.contains(&b'-') && parse_iso(value).is_some();
    values.peek().is_some() && values.all(is_time)
}

/// Rows with a begin and without an end.
#[derive(Default)]
struct OpenRows {
    rows: Vec<OpenRow>,
}

/// A row that is no event yet. Its names are not interned: it may become none.
struct OpenRow {
    row: u64,
    case: Box<[u8]>,
    activity: Box<[u8]>,
    resource: Box<[u8]>,
    begin: i64,
    order: i64,
    instance: u32,
    fingerprint: u32,
    attributes: Box<[Id]>,
}

impl Table {
    fn add(&mut self, record: &Record<'_>, facts: &mut Facts) {
        facts.rows += 1;
        facts.ragged += u64::from(record.len() != self.width);
        let layout = self.layout;
        let (case, activity) = (record.field(layout.case), record.field(layout.activity));
        if case.trim_ascii().is_empty() {
            facts.dropped.no_case += 1;
            facts.first_without[0].get_or_insert(record.row);
            return;
        }
        if activity.trim_ascii().is_empty() {
            facts.dropped.no_activity += 1;
            facts.first_without[1].get_or_insert(record.row);
            facts.lost_row(case);
            return;
        }
        let text = text_of(record, layout.timestamp, &mut self.joined);
        let parsed = self.timestamps.parse(text);
        if let Some(time) = parsed {
            facts.read_by_form += u64::from(self.timestamps.needs_form(text));
            facts.midnights.see(text, time);
            facts.see_offset(time, text);
            let beyond = i64::from(beyond_micros(text));
            facts.beyond_micros += u64::from(beyond > 0);
            let order = if beyond > 0 { beyond } else { self.order(record) };
            let start = self.start(record, facts);
            let (resource, broken_resource) = self.resource(record);
            let (activity, broken_activity) = self.builder.names.activities.intern(activity);
            let (case, broken_case) = self.case(case);
            facts.invalid_utf8 += u64::from(broken_case || broken_activity || broken_resource);
            let lifecycle = self.lifecycle(record);
            let instance = self.instance(record);
            let fingerprint = names::hash(record.text) as u32;
            self.read_others(record);
            self.builder.push(Event {
                case,
                activity,
                time,
                start,
                resource,
                lifecycle,
                instance,
                order,
                fingerprint,
            });
        } else if is_missing(text) {
            let begin = self.start(record, facts);
            if begin == NO_TIME {
                facts.dropped.no_timestamp += 1;
                facts.first_without[2].get_or_insert(record.row);
                facts.lost_row(case);
            } else {
                self.keep_open(record, begin);
            }
        } else {
            facts.dropped.unreadable_timestamp += 1;
            facts.lost_row(case);
            facts.unreadable(record.row, || excerpt(&String::from_utf8_lossy(text)));
        }
    }

    fn read_others(&mut self, record: &Record<'_>) {
        for other in &mut self.others {
            other.read(record.field(other.column), &mut self.builder.attributes);
        }
    }

    #[inline(never)]
    fn keep_open(&mut self, record: &Record<'_>, begin: i64) {
        let layout = self.layout;
        let resource = layout.resource.map_or(&b""[..], |column| record.field(column));
        self.read_others(record);
        self.open.rows.push(OpenRow {
            row: record.row,
            case: record.field(layout.case).into(),
            activity: record.field(layout.activity).into(),
            resource: if is_missing(resource.trim_ascii()) { [].into() } else { resource.into() },
            begin,
            order: self.order(record),
            instance: self.instance(record),
            fingerprint: names::hash(record.text) as u32,
            attributes: self.builder.attributes.current().into(),
        });
    }

    /// A row with a begin and without an end is work that has not ended, when most of these are what their case did last.
    /// Where others follow on most of them, their ends are missing: then they are left out, and counted.
    fn finish(mut self, facts: &mut Facts) -> Builder {
        let rows = std::mem::take(&mut self.open.rows);
        let cases: Vec<Option<Id>> =
            rows.iter().map(|row| self.builder.names.cases.find(&row.case)).collect();
        let latest = self.builder.latest_begins(cases.iter().copied().flatten());
        let followed = |case: &Option<Id>, begin: i64| {
            case.and_then(|case| latest.get(&case)).is_some_and(|&latest| latest > begin)
        };
        let lost = rows.iter().zip(&cases).filter(|(row, case)| followed(case, row.begin)).count();
        if lost * 2 > rows.len() {
            facts.dropped.no_timestamp += rows.len() as u64;
            let first = rows.iter().map(|row| row.row).chain(facts.first_without[2]).min();
            facts.first_without[2] = first;
            rows.iter().for_each(|row| facts.lost_row(&row.case));
            return self.builder;
        }
        facts.open_rows = rows.len() as u64;
        for row in rows {
            let names = &mut self.builder.names;
            let resource =
                if row.resource.is_empty() { NONE } else { names.resources.intern(&row.resource).0 };
            let event = Event {
                case: names.cases.intern(&row.case).0,
                activity: names.activities.intern(&row.activity).0,
                time: row.begin,
                start: OPEN,
                resource,
                lifecycle: NONE,
                instance: row.instance,
                order: row.order,
                fingerprint: row.fingerprint,
            };
            self.builder.attributes.set_all(&row.attributes);
            self.builder.push(event);
        }
        self.builder
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

    fn start(&mut self, record: &Record<'_>, facts: &mut Facts) -> i64 {
        let Some(column) = self.layout.start else { return NO_TIME };
        let text = text_of(record, column, &mut self.joined);
        self.start_times.parse(text).unwrap_or_else(|| {
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

    fn instance(&self, record: &Record<'_>) -> u32 {
        let text = self.layout.instance.map_or(&b""[..], |column| record.field(column));
        if is_missing(text.trim_ascii()) { 0 } else { instance_hash(text) }
    }

    fn order(&self, record: &Record<'_>) -> i64 {
        let Some(column) = self.layout.order else { return 0 };
        let text = std::str::from_utf8(record.field(column).trim_ascii());
        text.ok().and_then(|text| text.parse().ok()).map_or(0, ascending)
    }
}

/// The text of a time, its hours put behind its date where they stand apart.
fn text_of<'a>(record: &Record<'a>, column: Time, joined: &'a mut Vec<u8>) -> &'a [u8] {
    let text = record.field(column.at).trim_ascii();
    let Some(clock) = column.clock else { return text };
    if is_missing(text) {
        return text;
    }
    joined.clear();
    joined.extend_from_slice(text);
    joined.push(b' ');
    joined.extend_from_slice(record.field(clock).trim_ascii());
    joined.trim_ascii_end()
}

/// A whole number that is in the same order as the numbers.
fn ascending(number: f64) -> i64 {
    let bits = number.to_bits() as i64;
    if bits < 0 { i64::MIN.wrapping_sub(bits) } else { bits }
}

type Sample = Vec<Fields>;

/// The delimiter that the file names, or else that which gives the steadiest number of fields, and the sample rows cut with
/// it.
fn sniff(preview: &[u8], hint: Option<u8>) -> (u8, Sample) {
    if let Some(delimiter) = hint {
        return (delimiter, sample(preview, delimiter, SAMPLE));
    }
    let mut best = (b',', Sample::new(), (0, 0));
    for delimiter in [b',', b';', b'\t', b'|'] {
        let rows = sample(preview, delimiter, SAMPLE);
        // Above the header there may be a title.
        let wide = rows.iter().take(ROWS_ABOVE).map(Vec::len).find(|&width| width > 1);
        let width = wide.unwrap_or_else(|| rows.first().map_or(0, Vec::len));
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

/// The forms of the request, or else those that the sample proves: of the timestamps, and of the start times. What one
/// column proves about day and month holds for the other, unless that proves something else.
fn forms(
    layout: &Layout,
    sample: &[Fields],
    options: &Options,
    facts: &mut Facts,
) -> Result<(Timestamps, Timestamps), Stop> {
    if !options.timestamp_formats.is_empty() {
        let given = Timestamps::new(&options.timestamp_formats)?.of_times();
        return Ok((given.clone(), given));
    }
    let detected = |column: Time| {
        let texts = sample.iter().map(|row| sample_time(row, column));
        let values: Vec<Vec<u8>> = texts.filter(|value| !is_missing(value)).collect();
        timestamp::detect(values.iter().map(Vec::as_slice))
    };
    let own = detected(layout.timestamp);
    let start = layout.start.map(detected).unwrap_or_default();
    let swapped = |form: &String| form.replace("%d", "%_").replace("%m", "%d").replace("%_", "%m");
    let both = |own: &[String], other: &[String]| {
        let others = other.iter().filter(|form| !own.contains(*form) && !own.contains(&swapped(form)));
        own.iter().chain(others).cloned().collect::<Vec<String>>()
    };
    let (of_own, of_start) = (both(&own.formats, &start.formats), both(&start.formats, &own.formats));
    facts.ambiguous = own.ambiguous.or(start.ambiguous);
    facts.detected_formats = both(&of_own, &of_start);
    facts.detected_formats.sort();
    Ok((Timestamps::detected(&of_own).of_times(), Timestamps::detected(&of_start).of_times()))
}

fn sample_time(row: &Fields, column: Time) -> Vec<u8> {
    let field = |at: usize| row.get(at).map_or(&b""[..], |value| value.trim_ascii());
    match column.clock {
        Some(clock) if !is_missing(field(column.at)) => {
            [field(column.at), b" ", field(clock)].concat().trim_ascii_end().to_vec()
        }
        _ => field(column.at).to_vec(),
    }
}

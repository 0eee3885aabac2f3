//! What reading is told, and what it finds out about a file.

use std::rc::Rc;

use rustc_hash::FxHashSet;

use super::columns::Columns;
use crate::attributes::Wanted;
use crate::clock::offset_of;
use crate::names;
use crate::objects::Objects;

/// How to read.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Columns that the request names (tables only).
    pub columns: Columns,
    /// The classifier that names activities (XES only); `concept:name` otherwise.
    pub classifier: Option<String>,
    /// The type whose objects are cases (object-centric logs only).
    pub object_type: Option<String>,
    /// strftime forms that the request names, beside ISO 8601.
    pub timestamp_formats: Vec<String>,
    /// Which attributes of cases and events are read.
    pub attributes: Wanted,
    /// Bytes of the file, if that is known: then memory is asked for as it will be needed.
    pub size: Option<u64>,
}

impl Options {
    /// About how many events there are, when the first so many bytes of the file held so many.
    pub(super) fn foresee(&self, bytes: u64, events: usize) -> u64 {
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
    /// Keeps a timestamp that could not be read, if it is one of the first.
    pub(super) fn unreadable(&mut self, row: u64, value: impl FnOnce() -> String) {
        const KEPT: usize = 5;
        if self.unreadable_examples.len() < KEPT {
            self.unreadable_examples.push(Example { row, value: value() });
        }
    }

    /// Remembers that a row of this case was left out.
    pub(super) fn lost_row(&mut self, case: &[u8]) {
        if self.incomplete_cases.len() < INCOMPLETE_CASES {
            self.incomplete_cases.insert(names::hash(case));
        }
    }

    /// Looks at the offset of a time.
    #[inline]
    pub(super) fn see_offset(&mut self, time: i64, text: &[u8]) {
        const FIRST: u64 = 1000;
        const EVERY: u64 = 64;
        const MOST: usize = 8000;
        if (self.rows < FIRST || self.rows.is_multiple_of(EVERY)) && self.offsets.len() < MOST {
            self.offsets.extend(offset_of(text).map(|offset| (time, offset)));
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

/// An unreadable value, as an example for a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// Row of the file (the header is row 1), or number of the event in an XES file.
    pub row: u64,
    /// The value, shortened.
    pub value: String,
}

/// How many times have hours.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Midnights {
    /// Times that are written as dates.
    pub dates: u64,
    /// Others.
    pub times: u64,
}

impl Midnights {
    #[inline]
    pub(super) fn see(&mut self, text: &[u8], time: i64) {
        const DAY: i64 = 86_400_000_000;
        // Hours have a colon, in all usual forms but the basic one of ISO 8601. What has more digits than a date in its
        // basic form counts from 1970.
        let is_short = text.len() <= 12 && !text.contains(&b':') && !text.contains(&b'T');
        let is_count = text.len() > 8 && text.iter().all(u8::is_ascii_digit);
        let date = is_short && !is_count && time.rem_euclid(DAY) == 0;
        *(if date { &mut self.dates } else { &mut self.times }) += 1;
    }
}

/// A name of an activity instance as a number that is not 0.
pub(super) fn instance_hash(name: &[u8]) -> u32 {
    (names::hash(name) as u32).max(1)
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
    /// The first rows without a case, without an activity and without a timestamp.
    pub first_without: [Option<u64>; 3],
    /// The first timestamps that could not be read.
    pub unreadable_examples: Vec<Example>,
    /// Records with more or fewer fields than the header.
    pub ragged: u64,
    /// Rows in which bytes that are not UTF-8 were replaced.
    pub invalid_utf8: u64,
    /// Start times that could not be read; their events are kept without one.
    pub unreadable_starts: u64,
    /// Times and the offsets that they were written with, in minutes: of the first ones, and of some throughout.
    pub offsets: Vec<(i64, i16)>,
    /// Rows above the header of a table.
    pub rows_above: u64,
    /// Of each main column, others that are named alike.
    pub namesakes: Vec<String>,
    /// Whether something that is no gzip follows the last member of the file.
    pub trailing_bytes: bool,
    /// Whether an XES file names types of objects, which a log of cases does not.
    pub object_centric: bool,
    /// What an object-centric log tells beside the events of its cases.
    pub objects: Option<Rc<Objects>>,
    /// Rows with a begin and without an end; they are events at their begin.
    pub open_rows: u64,
    /// Timestamps with digits beyond microseconds.
    pub beyond_micros: u64,
    /// Times without hours.
    pub midnights: Midnights,
    /// Traces of an XES file without a name; they are named by their position.
    pub unnamed_traces: u64,
    /// A tick asked to stop: the log holds what was read until then.
    pub stopped: bool,
}

/// Called now and then while reading with the bytes of the file consumed and the events found; answers whether to go on.
/// When it says no, what was read so far is the log, and [`Facts::stopped`] says so.
pub type Tick<'a> = &'a mut dyn FnMut(u64, usize) -> bool;

/// How many records pass between two ticks.
pub(super) const BATCH: u64 = 8192;

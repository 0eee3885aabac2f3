//! The event log in memory: columns of numbers, grouped by case and sorted by time.
//!
//! An event costs 20 bytes (time 8, activity 4, resource 4, fingerprint 4), 8 more when the log has start times, 1 more
//! when it has life-cycle transitions and 4 more when it names activity instances, however long its row was. While it is
//! built, the case takes another 4; while it is put into order, one column after the other, the widest is there twice: 45
//! bytes at most. Numbers that decide the order of equal times are there only until the log is sorted.

use std::cell::OnceCell;
use std::rc::Rc;

use rustc_hash::FxHashMap;

use crate::attributes::{Attributes, Collector};
use crate::chunks::{BATCH, CHUNK, Column, permute};
use crate::clock::Clock;
use crate::names::{Id, NONE, Names};
use fuelcell_parameters_kit::WorkingTime;

/// Microseconds since 1970-01-01T00:00:00Z.
pub type Micros = i64;

/// Stands for "no start time was given".
pub const NO_TIME: Micros = Micros::MIN;

/// Stands, as a start time, for "begun at the event's time, and not ended".
pub const OPEN: Micros = Micros::MIN + 1;

/// What the rows of a log are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Level {
    /// What was recorded at a moment.
    #[default]
    Events,
    /// What was done from a beginning to an end.
    Instances,
}

/// One event as a reader hands it over.
#[derive(Debug, Clone, Copy)]
pub struct Event {
    /// The case that it belongs to.
    pub case: Id,
    /// What was done.
    pub activity: Id,
    /// When it was completed.
    pub time: Micros,
    /// When it was begun, or [`NO_TIME`], or [`OPEN`].
    pub start: Micros,
    /// Who did it, or [`NONE`].
    pub resource: Id,
    /// Its life-cycle transition, or [`NONE`].
    pub lifecycle: Id,
    /// A hash of the name of its activity instance, or 0.
    pub instance: u32,
    /// Decides between events of the same time, the smaller one being the earlier.
    pub order: i64,
    /// A hash over the whole row or event, columns that are not kept included.
    pub fingerprint: u32,
}

/// The strings of a log.
#[derive(Debug, Default)]
pub struct Dictionary {
    /// Case identifiers.
    pub cases: Names,
    /// Activity names.
    pub activities: Names,
    /// Resource names.
    pub resources: Names,
    /// Life-cycle transitions, such as `complete`.
    pub lifecycles: Names,
}

/// From so many events on, it is known well enough how many there will be …
const FORESEEABLE: usize = 1 << 18;
/// … but more than this many times as many are not believed.
const FARTHEST: usize = 64;

/// Bytes of an event while it is in the columns, at most.
const EVENT: usize = 45;

/// Collects events in the order of the file.
#[derive(Debug)]
pub struct Builder {
    /// The strings that the events name by number.
    pub names: Dictionary,
    batch: Vec<Event>,
    /// Events in the columns, those of the batch not counted: full batches until the last.
    events: usize,
    /// How many events there will be, as far as that is known.
    expected: usize,
    cases: Column<Id>,
    activities: Column<Id>,
    times: Column<Micros>,
    resources: Column<Id>,
    fingerprints: Column<u32>,
    starts: Option<Column<Micros>>,
    lifecycles: Option<Column<u8>>,
    instances: Option<Column<u32>>,
    orders: Option<Column<i64>>,
    /// What else is known of cases and events.
    pub(crate) attributes: Collector,
}

/// More distinct life-cycle transitions than this are counted together; XES knows thirteen.
const LIFECYCLES: Id = u8::MAX as Id - 1;

impl Default for Builder {
    fn default() -> Self {
        Self {
            names: Dictionary::default(),
            batch: Vec::with_capacity(BATCH),
            events: 0,
            expected: 0,
            cases: Column::new(),
            activities: Column::new(),
            times: Column::new(),
            resources: Column::new(),
            fingerprints: Column::new(),
            starts: None,
            lifecycles: None,
            instances: None,
            orders: None,
            attributes: Collector::default(),
        }
    }
}

impl Builder {
    /// Appends an event. Its case must have been interned for it: a case without events has no place in a log.
    #[inline]
    pub fn push(&mut self, event: Event) {
        if !self.attributes.is_empty() {
            self.attributes.push(event.case, &self.cases, self.batch.iter().map(|event| event.case));
        }
        self.batch.push(event);
        if self.batch.len() == BATCH {
            self.flush();
        }
    }

    /// Says that there will be about so many events. Then one chunk takes all that are still to come, and when a column has
    /// been put into order, another one can be where it was.
    pub fn expect(&mut self, events: u64) {
        self.expected = usize::try_from(events).unwrap_or(usize::MAX);
    }

    /// What the next chunks are to hold.
    fn room(&self) -> usize {
        let expected = self.expected.min(self.events.saturating_mul(FARTHEST));
        if self.events < FORESEEABLE || expected <= self.events {
            return CHUNK;
        }
        // As much as the whole column needs, and a little more: then another one can be put into order in its place.
        let room = expected.saturating_add(expected / 32);
        let there_is = Vec::<u8>::new().try_reserve_exact(room.saturating_mul(EVENT)).is_ok();
        if there_is { room } else { CHUNK }
    }

    fn flush(&mut self) {
        let batch = std::mem::take(&mut self.batch);
        let room = if self.cases.is_full() { self.room() } else { 0 };
        let events = || batch.iter();
        // The optional columns begin with the first event that has a value.
        if self.starts.is_none() && events().any(|event| event.start != NO_TIME) {
            self.starts = Some(Column::filled(NO_TIME, &self.cases));
        }
        if self.lifecycles.is_none() && events().any(|event| event.lifecycle != NONE) {
            self.lifecycles = Some(Column::filled(u8::MAX, &self.cases));
        }
        if self.instances.is_none() && events().any(|event| event.instance != 0) {
            self.instances = Some(Column::filled(0, &self.cases));
        }
        if self.orders.is_none() && events().any(|event| event.order != 0) {
            self.orders = Some(Column::filled(0, &self.cases));
        }
        self.cases.extend(events().map(|event| event.case), room);
        self.activities.extend(events().map(|event| event.activity), room);
        self.times.extend(events().map(|event| event.time), room);
        self.resources.extend(events().map(|event| event.resource), room);
        self.fingerprints.extend(events().map(|event| event.fingerprint), room);
        if let Some(column) = &mut self.starts {
            column.extend(events().map(|event| event.start), room);
        }
        if let Some(column) = &mut self.lifecycles {
            column.extend(events().map(|event| stored_lifecycle(event.lifecycle)), room);
        }
        if let Some(column) = &mut self.instances {
            column.extend(events().map(|event| event.instance), room);
        }
        if let Some(column) = &mut self.orders {
            column.extend(events().map(|event| event.order), room);
        }
        self.attributes.flush(room);
        self.events += batch.len();
        self.batch = batch;
        self.batch.clear();
    }

    /// When these cases began last, of what was appended.
    pub(crate) fn latest_begins(&mut self, cases: impl Iterator<Item = Id>) -> FxHashMap<Id, Micros> {
        let mut latest: FxHashMap<Id, Micros> = cases.map(|case| (case, Micros::MIN)).collect();
        if latest.is_empty() {
            return latest;
        }
        self.flush();
        let starts = self.starts.iter().flat_map(|starts| starts.chunks.iter().flatten());
        let starts = starts.copied().chain(std::iter::repeat(NO_TIME));
        let times = self.times.chunks.iter().flatten();
        for ((case, &time), start) in self.cases.chunks.iter().flatten().zip(times).zip(starts) {
            if let Some(latest) = latest.get_mut(case) {
                *latest = (*latest).max(if start == NO_TIME { time } else { start });
            }
        }
        latest
    }

    /// How many events were appended.
    pub fn len(&self) -> usize {
        self.events + self.batch.len()
    }

    /// Whether no event was appended.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Groups the events by case, in order of the cases' first appearance, and sorts them inside a case by time; events
    /// of the same time by their order, and where that says nothing as in the file.
    pub fn finish(mut self) -> EventLog {
        self.flush();
        self.names.cases.freeze();
        self.names.activities.freeze();
        self.names.resources.freeze();
        let offsets = self.offsets();
        // The wide columns come first: what they leave has room for the others.
        let mut log = EventLog {
            times: self.times.grouped(&self.cases, &offsets),
            starts: self.starts.map(|column| column.grouped(&self.cases, &offsets)),
            activities: self.activities.grouped(&self.cases, &offsets),
            resources: self.resources.grouped(&self.cases, &offsets),
            fingerprints: self.fingerprints.grouped(&self.cases, &offsets),
            lifecycles: self.lifecycles.map(|column| column.grouped(&self.cases, &offsets)),
            instances: self.instances.map(|column| column.grouped(&self.cases, &offsets)),
            attributes: self.attributes.finish(&self.cases, &offsets),
            case_names: (0..self.names.cases.len() as Id).collect(),
            out_of_order: 0,
            equal_times: 0,
            level: Level::Events,
            clock: Rc::default(),
            working: None,
            names: Rc::new(self.names),
            offsets,
            begins: OnceCell::new(),
        };
        let orders = self.orders.map(|column| column.grouped(&self.cases, &log.offsets));
        log.sort(orders.as_deref());
        log
    }

    fn offsets(&self) -> Vec<usize> {
        let mut offsets = vec![0; self.names.cases.len() + 1];
        for case in self.cases.chunks.iter().flatten() {
            offsets[*case as usize + 1] += 1;
        }
        for case in 1..offsets.len() {
            offsets[case] += offsets[case - 1];
        }
        offsets
    }
}

/// A log: event `i` of the columns belongs to the case whose range of [`EventLog::range`] holds `i`.
#[derive(Debug)]
pub struct EventLog {
    /// The strings behind the numbers. May hold names that no event uses any more.
    pub names: Rc<Dictionary>,
    /// What a row is.
    pub level: Level,
    /// What clocks show where the process is.
    pub clock: Rc<Clock>,
    /// When people work there, if that was said.
    pub working: Option<Rc<WorkingTime>>,
    /// Completion times.
    pub times: Vec<Micros>,
    /// Activities.
    pub activities: Vec<Id>,
    /// Resources; [`NONE`] where there is none.
    pub resources: Vec<Id>,
    /// Start times, when the log has any; [`NO_TIME`] where an event has none, [`OPEN`] where it has not ended.
    pub starts: Option<Vec<Micros>>,
    /// What else is known of cases and events.
    pub attributes: Attributes,
    /// Events whose time was before that of the event ahead of them in their case, in the order of the file.
    pub out_of_order: u64,
    /// Events of another activity than the event ahead of them in their case, at the same time: their order is not that
    /// of the times.
    pub equal_times: u64,
    lifecycles: Option<Vec<u8>>,
    instances: Option<Vec<u32>>,
    fingerprints: Vec<u32>,
    offsets: Vec<usize>,
    case_names: Vec<Id>,
    /// When each case was begun, once somebody asks.
    begins: OnceCell<Vec<Micros>>,
}

impl EventLog {
    /// Number of events.
    pub fn events(&self) -> usize {
        self.times.len()
    }

    /// Number of cases.
    pub fn cases(&self) -> usize {
        self.case_names.len()
    }

    /// Where the events of a case are, in time order. Never empty.
    pub fn range(&self, case: usize) -> std::ops::Range<usize> {
        self.offsets[case]..self.offsets[case + 1]
    }

    /// All cases' ranges.
    pub fn ranges(&self) -> impl Iterator<Item = std::ops::Range<usize>> + Clone + '_ {
        self.offsets.windows(2).map(|pair| pair[0]..pair[1])
    }

    /// The identifier of a case.
    pub fn case_name(&self, case: usize) -> &str {
        self.names.cases.get(self.case_names[case])
    }

    /// The value of a case's attribute; None where it has none.
    pub fn case_value(&self, attribute: &crate::attributes::OfCases, case: usize) -> Option<Id> {
        attribute.code(self.case_names[case])
    }

    /// The activities of a case in order.
    pub fn trace(&self, case: usize) -> &[Id] {
        &self.activities[self.range(case)]
    }

    /// From the first to the last timestamp of a case.
    pub fn duration(&self, case: usize) -> Micros {
        let range = self.range(case);
        self.times[range.end - 1].saturating_sub(self.times[range.start])
    }

    /// From the first begin to the last end of a case; where the log does not tell when work was begun, from its first to
    /// its last timestamp.
    pub fn lead_time(&self, case: usize) -> Micros {
        let (begin, end) = self.span(case);
        end.saturating_sub(begin)
    }

    /// The first begin and the last end of a case.
    pub fn span(&self, case: usize) -> (Micros, Micros) {
        let begins =
            self.begins.get_or_init(|| (0..self.cases()).map(|case| self.first_begin(case)).collect());
        (begins[case], self.times[self.offsets[case + 1] - 1])
    }

    fn first_begin(&self, case: usize) -> Micros {
        let range = self.range(case);
        let first = self.times[range.start];
        let starts = self.starts.iter().flat_map(|starts| &starts[range.clone()]);
        starts.copied().filter(|&start| start > OPEN).fold(first, Micros::min)
    }

    /// What clocks show at a moment.
    pub fn local(&self, time: Micros) -> Micros {
        self.clock.local(time)
    }

    /// The earliest begin and the latest end; both 0 without events.
    pub fn bounds(&self) -> (Micros, Micros) {
        let spans = (0..self.cases()).map(|case| self.span(case));
        let both = spans.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
        both.unwrap_or_default()
    }

    /// The working time between the first begin and the last end of a case, if a calendar was given.
    pub fn working_time(&self, case: usize) -> Option<Micros> {
        let (begin, end) = self.span(case);
        self.working.as_ref()?.between(begin, end)
    }

    /// When the work of an event was begun, if the log tells that.
    pub fn begin(&self, event: usize) -> Option<Micros> {
        match self.starts.as_ref()?[event] {
            NO_TIME => None,
            OPEN => Some(self.times[event]),
            start => Some(start),
        }
    }

    /// Whether the work of an event was begun and has not ended.
    pub fn is_open(&self, event: usize) -> bool {
        self.starts.as_ref().is_some_and(|starts| starts[event] == OPEN)
    }

    /// A hash of the name of the event's activity instance; 0 where it has none.
    pub fn instance(&self, event: usize) -> u32 {
        self.instances.as_ref().map_or(0, |column| column[event])
    }

    /// Whether events have names of activity instances.
    pub fn names_instances(&self) -> bool {
        self.instances.is_some()
    }

    /// One row, as a word.
    pub fn row(&self) -> &'static str {
        match self.level {
            Level::Events => "event",
            Level::Instances => "activity instance",
        }
    }

    /// Rows, as a heading.
    pub fn heading(&self) -> &'static str {
        match self.level {
            Level::Events => "Events",
            Level::Instances => "Activity instances",
        }
    }

    /// A log of the same cases and names whose rows are these, for each case in turn, sorted by time.
    pub(crate) fn with_rows(&self, level: Level, mut rows: impl FnMut(usize, &mut Vec<Row>)) -> Self {
        let mut log = Self {
            names: Rc::clone(&self.names),
            level,
            clock: Rc::clone(&self.clock),
            working: self.working.clone(),
            times: Vec::new(),
            activities: Vec::new(),
            resources: Vec::new(),
            starts: Some(Vec::new()),
            out_of_order: self.out_of_order,
            equal_times: self.equal_times,
            lifecycles: None,
            instances: None,
            fingerprints: Vec::new(),
            attributes: self.attributes.of_cases_alone(),
            offsets: vec![0],
            case_names: self.case_names.clone(),
            begins: OnceCell::new(),
        };
        let mut found = Vec::new();
        for case in 0..self.cases() {
            found.clear();
            rows(case, &mut found);
            log.times.extend(found.iter().map(|row| row.time));
            log.activities.extend(found.iter().map(|row| row.activity));
            log.resources.extend(found.iter().map(|row| row.resource));
            if let Some(starts) = &mut log.starts {
                starts.extend(found.iter().map(|row| row.start));
            }
            log.offsets.push(log.times.len());
        }
        log
    }

    /// The name of an activity.
    pub fn activity_name(&self, activity: Id) -> &str {
        self.names.activities.get(activity)
    }

    /// The name of a resource.
    pub fn resource_name(&self, resource: Id) -> &str {
        self.names.resources.get(resource)
    }

    /// Whether events have life-cycle transitions.
    pub fn has_lifecycles(&self) -> bool {
        self.lifecycles.is_some()
    }

    /// The life-cycle transition of an event; [`NONE`] where there is none.
    pub fn lifecycle(&self, event: usize) -> Id {
        self.lifecycles.as_ref().map_or(NONE, |column| lifecycle_id(column[event]))
    }

    /// How often each life-cycle transition occurs, when the log has any.
    pub fn lifecycle_counts(&self) -> Option<Vec<(&str, u64)>> {
        let column = self.lifecycles.as_ref()?;
        let mut counts = [0_u64; 256];
        for &value in column {
            counts[value as usize] += 1;
        }
        let named = (0..LIFECYCLES as usize + 1).filter(|&id| counts[id] > 0);
        Some(named.map(|id| (self.names.lifecycles.get(id as Id), counts[id])).collect())
    }

    /// Marks every event that is an exact copy of an earlier one of its case: everything in its row is equal.
    pub fn duplicates(&self) -> Vec<bool> {
        let mut copies = vec![false; self.events()];
        let mut tied = Vec::new();
        for range in self.ranges() {
            let mut first = range.start;
            while first < range.end {
                let same_time = self.times[first..range.end].iter().take_while(|&&t| t == self.times[first]);
                let next = first + same_time.count();
                tied.clear();
                tied.extend(first..next);
                // The index is the last part of the key, so the earliest copy leads its run.
                tied.sort_unstable_by_key(|&event| (self.identity(event), event));
                for pair in tied.windows(2) {
                    copies[pair[1]] = self.identity(pair[0]) == self.identity(pair[1]);
                }
                first = next;
            }
        }
        copies
    }

    fn identity(&self, event: usize) -> (u32, Id, Id, Micros) {
        let start = self.starts.as_ref().map_or(NO_TIME, |starts| starts[event]);
        (self.fingerprints[event], self.activities[event], self.resources[event], start)
    }

    /// Keeps the events that `keep(case, event)` wants, in place; cases left without events go.
    pub fn retain(&mut self, mut keep: impl FnMut(usize, usize) -> bool) {
        let (mut start, mut kept, mut cases) = (0, 0, 0);
        for case in 0..self.cases() {
            let (end, before) = (self.offsets[case + 1], kept);
            for event in start..end {
                if keep(case, event) {
                    self.copy_event(event, kept);
                    kept += 1;
                }
            }
            if kept > before {
                self.case_names[cases] = self.case_names[case];
                cases += 1;
                self.offsets[cases] = kept;
            }
            start = end;
        }
        self.truncate(kept, cases);
    }

    /// Drops the cases whose span (first begin, last end) is not wanted, and says how many.
    pub fn keep_spans(&mut self, wanted: impl Fn((Micros, Micros)) -> bool) -> u64 {
        let cases = self.cases();
        let kept: Vec<bool> = (0..cases).map(|case| wanted(self.span(case))).collect();
        self.retain(|case, _| kept[case]);
        (cases - self.cases()) as u64
    }

    fn copy_event(&mut self, from: usize, to: usize) {
        self.times[to] = self.times[from];
        self.activities[to] = self.activities[from];
        self.resources[to] = self.resources[from];
        // Rows that were made of other ones have none.
        if let Some(&fingerprint) = self.fingerprints.get(from) {
            self.fingerprints[to] = fingerprint;
        }
        if let Some(column) = &mut self.starts {
            column[to] = column[from];
        }
        if let Some(column) = &mut self.lifecycles {
            column[to] = column[from];
        }
        if let Some(column) = &mut self.instances {
            column[to] = column[from];
        }
        self.attributes.copy_event(from, to);
    }

    fn truncate(&mut self, events: usize, cases: usize) {
        self.begins = OnceCell::new();
        self.times.truncate(events);
        self.activities.truncate(events);
        self.resources.truncate(events);
        self.fingerprints.truncate(events);
        if let Some(column) = &mut self.starts {
            column.truncate(events);
        }
        if let Some(column) = &mut self.lifecycles {
            column.truncate(events);
        }
        if let Some(column) = &mut self.instances {
            column.truncate(events);
        }
        self.attributes.truncate(events);
        self.case_names.truncate(cases);
        self.offsets.truncate(cases + 1);
    }

    /// Sorts the events of each case by time, those of the same time by `orders`. Both sorts are stable.
    fn sort(&mut self, orders: Option<&[i64]>) {
        let mut order = Vec::new();
        for case in 0..self.cases() {
            let range = self.range(case);
            let times = &self.times[range.clone()];
            let descents = times.windows(2).filter(|pair| pair[1] < pair[0]).count();
            self.out_of_order += descents as u64;
            let ties = orders.is_some() && times.windows(2).any(|pair| pair[1] == pair[0]);
            if descents > 0 || ties {
                order.clear();
                order.extend(range.clone());
                order.sort_by_key(|&event| (self.times[event], orders.map_or(0, |orders| orders[event])));
                self.reorder(range.clone(), &order);
            }
            let (times, activities) = (&self.times[range.clone()], &self.activities[range]);
            let pairs = times.windows(2).zip(activities.windows(2));
            let equal = pairs.filter(|(times, names)| times[0] == times[1] && names[0] != names[1]);
            self.equal_times += equal.count() as u64;
        }
    }

    fn reorder(&mut self, range: std::ops::Range<usize>, order: &[usize]) {
        permute(&mut self.times, &range, order);
        permute(&mut self.activities, &range, order);
        permute(&mut self.resources, &range, order);
        permute(&mut self.fingerprints, &range, order);
        if let Some(column) = &mut self.starts {
            permute(column, &range, order);
        }
        if let Some(column) = &mut self.lifecycles {
            permute(column, &range, order);
        }
        if let Some(column) = &mut self.instances {
            permute(column, &range, order);
        }
        self.attributes.reorder(&range, order);
    }
}

/// A row of a log that is made of another one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row {
    pub(crate) activity: Id,
    pub(crate) resource: Id,
    pub(crate) start: Micros,
    pub(crate) time: Micros,
}

fn stored_lifecycle(id: Id) -> u8 {
    if id == NONE { u8::MAX } else { id.min(LIFECYCLES) as u8 }
}

fn lifecycle_id(stored: u8) -> Id {
    if stored == u8::MAX { NONE } else { Id::from(stored) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(rows: &[(&str, &str, Micros)]) -> EventLog {
        let mut builder = Builder::default();
        for &(case, activity, time) in rows {
            let event = Event {
                case: builder.names.cases.intern(case.as_bytes()).0,
                activity: builder.names.activities.intern(activity.as_bytes()).0,
                time,
                start: NO_TIME,
                resource: NONE,
                lifecycle: NONE,
                instance: 0,
                order: 0,
                fingerprint: 7,
            };
            builder.push(event);
        }
        builder.finish()
    }

    fn trace(log: &EventLog, case: usize) -> Vec<&str> {
        log.trace(case).iter().map(|&a| log.activity_name(a)).collect()
    }

    #[test]
    fn events_are_grouped_by_case_and_sorted_by_time_with_ties_in_file_order() {
        let log = log(&[("1", "b", 5), ("2", "x", 9), ("1", "a", 3), ("1", "c", 5), ("2", "y", 9)]);
        assert_eq!(log.cases(), 2);
        assert_eq!(trace(&log, 0), ["a", "b", "c"]);
        assert_eq!(trace(&log, 1), ["x", "y"]);
        assert_eq!(log.out_of_order, 1);
        assert_eq!(log.duration(0), 2);
    }

    #[test]
    fn retain_drops_events_and_the_cases_that_lose_all() {
        let mut log = log(&[("1", "a", 1), ("2", "b", 2), ("3", "c", 3), ("3", "d", 4)]);
        let wanted: Vec<bool> = log.times.iter().map(|&time| time == 1 || time == 4).collect();
        log.retain(|_, event| wanted[event]);
        assert_eq!(log.cases(), 2);
        assert_eq!((log.case_name(0), log.case_name(1)), ("1", "3"));
        assert_eq!(trace(&log, 1), ["d"]);
    }

    #[test]
    fn optional_columns_may_begin_late() {
        let mut builder = Builder::default();
        let late = BATCH * 17 + 3;
        let (case, activity) = (builder.names.cases.intern(b"1").0, builder.names.activities.intern(b"a").0);
        let complete = builder.names.lifecycles.intern(b"complete").0;
        for number in 0..late + 2 {
            builder.push(Event {
                case,
                activity,
                time: number as Micros,
                start: if number < late { NO_TIME } else { number as Micros },
                resource: NONE,
                lifecycle: if number == late { complete } else { NONE },
                instance: 0,
                order: 0,
                fingerprint: 7,
            });
        }
        assert_eq!(builder.len(), late + 2);
        let log = builder.finish();
        let starts = log.starts.as_ref().unwrap();
        assert_eq!(
            (starts[late - 1], starts[late], starts[late + 1]),
            (NO_TIME, late as Micros, late as Micros + 1)
        );
        let lifecycles = [late - 1, late, late + 1].map(|event| log.lifecycle(event));
        assert_eq!(lifecycles, [NONE, complete, NONE]);
        assert!(log.times.iter().enumerate().all(|(number, &time)| time == number as Micros));
    }

    #[test]
    fn whatever_is_expected_the_log_is_the_same() {
        let events = FORESEEABLE + 3 * CHUNK;
        let made = |expected: &[u64]| {
            let mut builder = Builder::default();
            let cases = [b"1", b"2"].map(|case| builder.names.cases.intern(case).0);
            let activity = builder.names.activities.intern(b"a").0;
            for number in 0..events {
                if number % CHUNK == 0 {
                    builder.expect(expected[number / CHUNK % expected.len()]);
                }
                let (case, time) = (cases[number % 2], number as Micros);
                let start = if number + CHUNK < events { NO_TIME } else { time };
                builder.push(Event {
                    case,
                    activity,
                    time,
                    start,
                    resource: NONE,
                    lifecycle: NONE,
                    instance: 0,
                    order: 0,
                    fingerprint: 7,
                });
            }
            let log = builder.finish();
            (log.times, log.starts, log.offsets)
        };
        let expected = made(&[0]);
        assert_eq!(expected.0[1], 2);
        // Right, too few, too many, and more than any memory holds.
        for wrong in [events as u64, FORESEEABLE as u64 + 1, 2 * events as u64, u64::MAX] {
            assert!(made(&[wrong]) == expected, "{wrong}");
        }
    }

    #[test]
    fn only_later_copies_are_duplicates() {
        let log = log(&[("1", "a", 1), ("1", "b", 1), ("1", "a", 1), ("1", "a", 2), ("2", "a", 1)]);
        assert_eq!(log.duplicates(), [false, false, true, false, false]);
    }
}

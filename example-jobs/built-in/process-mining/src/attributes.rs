//! What a log tells of its cases and events beside case, activity, times, resource and life cycle: typed values, each kept
//! once.
//!
//! An attribute belongs to cases when the file says so (XES), or when all events of every case have the same value: then it
//! takes 4 bytes a case. Otherwise it belongs to events and takes 2 bytes an event. What is over the bounds here is left
//! out, with the reason.

use std::borrow::Cow;
use std::ops::Range;
use std::rc::Rc;

use fuelcell_records_kit::Micros;
use fuelcell_records_kit::iso::{parse_iso, time_text};

use crate::chunks::{Column, permute};
use crate::names::{Id, NONE, Names};

/// Attributes that are read, at most.
pub const MOST: usize = 32;
/// Different values of an attribute of events, at most.
pub const MOST_OF_EVENTS: usize = u16::MAX as usize - 1;
/// Bytes of a value, at most.
pub const LONGEST_VALUE: usize = 500;
/// Bytes of all different values of an attribute, at most.
pub const LONGEST_VALUES: usize = 8 << 20;
/// Values of all attributes of events together, at most: 256 MiB of memory.
const MOST_VALUES: usize = 1 << 27;

/// Stands for "none" among the values of events.
const MISSING: u16 = u16::MAX;
/// Stands for a case of which no event was seen.
const UNSEEN: Id = NONE - 1;

/// Which attributes are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Those of these names.
    pub named: Vec<String>,
    /// And all others, but for times: they tell no groups of cases, and each of them is another one.
    pub others: bool,
}

impl Default for Wanted {
    fn default() -> Self {
        Self { named: Vec::new(), others: true }
    }
}

impl Wanted {
    /// Whether an attribute of this name is read.
    pub(crate) fn wants(&self, name: &str, is_time: bool) -> bool {
        self.others && !is_time || self.named.iter().any(|wanted| is_named(name, wanted))
    }
}

/// Whether an attribute is meant by a name: tables made of XES put `case:` before the names of attributes of cases.
pub(crate) fn is_named(attribute: &str, wanted: &str) -> bool {
    fn plain(name: &str) -> &str {
        name.strip_prefix("case:").unwrap_or(name)
    }
    plain(attribute) == plain(wanted)
}

/// The different values of an attribute, by their numbers.
#[derive(Debug)]
pub enum Values {
    /// Texts.
    Texts(Names),
    /// Numbers.
    Numbers(Vec<f64>),
    /// Times.
    Times(Vec<Micros>),
}

impl Values {
    /// What the texts are: numbers or times when all of them are.
    fn of(texts: Names) -> Self {
        let all = || (0..texts.len() as Id).map(|id| texts.get(id));
        if texts.is_empty() {
            return Self::Texts(texts);
        }
        if let Some(numbers) = all().map(number).collect() {
            return Self::Numbers(numbers);
        }
        match all().map(|text| parse_iso(text.as_bytes())).collect() {
            Some(times) => Self::Times(times),
            None => Self::Texts(texts),
        }
    }

    /// How many different ones there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Texts(names) => names.len(),
            Self::Numbers(numbers) => numbers.len(),
            Self::Times(times) => times.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A value as text.
    pub fn text(&self, value: Id) -> Cow<'_, str> {
        match self {
            Self::Texts(names) => names.get(value).into(),
            Self::Numbers(numbers) => numbers[value as usize].to_string().into(),
            Self::Times(times) => {
                String::from_utf8_lossy(time_text(times[value as usize]).as_bytes()).into_owned().into()
            }
        }
    }

    /// What they are, as a word.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Texts(_) => "text",
            Self::Numbers(_) => "number",
            Self::Times(_) => "time",
        }
    }
}

/// A number, unless it is written as names are: `007`.
fn number(text: &str) -> Option<f64> {
    let digits = text.strip_prefix('-').unwrap_or(text).as_bytes();
    let padded = matches!(digits, [b'0', b'0'..=b'9', ..]);
    let starts = matches!(digits, [b'0'..=b'9' | b'.', ..]);
    text.parse().ok().filter(|number: &f64| number.is_finite() && starts && !padded)
}

/// An attribute of cases.
#[derive(Debug)]
pub struct OfCases {
    /// Its name.
    pub name: String,
    /// Its values.
    pub values: Values,
    codes: Vec<Id>,
}

impl OfCases {
    /// The value of the case with this number among the names of all cases.
    pub(crate) fn code(&self, case: Id) -> Option<Id> {
        self.codes.get(case as usize).copied().filter(|&code| code < UNSEEN)
    }
}

/// An attribute of events.
#[derive(Debug)]
pub struct OfEvents {
    /// Its name.
    pub name: String,
    /// Its values.
    pub values: Values,
    codes: Vec<u16>,
}

impl OfEvents {
    /// The value of an event.
    pub fn code(&self, event: usize) -> Option<Id> {
        Some(self.codes[event]).filter(|&code| code != MISSING).map(Id::from)
    }
}

/// An attribute that is not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// Its name.
    pub name: String,
    /// Why.
    pub reason: String,
}

/// All attributes of a log.
#[derive(Debug, Default)]
pub struct Attributes {
    /// Of cases.
    pub of_cases: Rc<Vec<OfCases>>,
    /// Of events.
    pub of_events: Vec<OfEvents>,
    /// What is over the bounds.
    pub left_out: Rc<Vec<LeftOut>>,
}

impl Attributes {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.of_cases.is_empty() && self.of_events.is_empty()
    }

    /// The names of all that are kept.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let events = self.of_events.iter().map(|attribute| attribute.name.as_str());
        self.of_cases.iter().map(|attribute| attribute.name.as_str()).chain(events)
    }

    pub(crate) fn of_cases_alone(&self) -> Self {
        Self {
            of_cases: Rc::clone(&self.of_cases),
            of_events: Vec::new(),
            left_out: Rc::clone(&self.left_out),
        }
    }

    pub(crate) fn copy_event(&mut self, from: usize, to: usize) {
        self.of_events.iter_mut().for_each(|attribute| attribute.codes[to] = attribute.codes[from]);
    }

    pub(crate) fn truncate(&mut self, events: usize) {
        self.of_events.iter_mut().for_each(|attribute| attribute.codes.truncate(events));
    }

    pub(crate) fn reorder(&mut self, range: &Range<usize>, order: &[usize]) {
        self.of_events.iter_mut().for_each(|attribute| permute(&mut attribute.codes, range, order));
    }
}

/// Collects attributes while a log is read.
#[derive(Debug, Default)]
pub(crate) struct Collector {
    attributes: Vec<Collected>,
    left_out: Vec<LeftOut>,
    /// Values of the event that is being read.
    current: Vec<Id>,
}

#[derive(Debug)]
struct Collected {
    name: String,
    values: Names,
    codes: Codes,
    /// Why it is left out, once that is known.
    reason: Option<String>,
}

#[derive(Debug)]
enum Codes {
    /// Of cases, because the file says so.
    Declared(Vec<Id>),
    /// Of cases, as long as no event says anything else.
    Cases(Vec<Id>),
    /// Of events; those of the last ones are not in chunks yet.
    Events { column: Column<u16>, batch: Vec<u16> },
    /// Left out.
    Nothing,
}

impl Collector {
    pub(crate) fn is_empty(&self) -> bool {
        self.attributes.is_empty()
    }

    /// A new attribute by its place; None beyond [`MOST`]. The events so far, which belong to so many cases, have none.
    pub(crate) fn add(&mut self, name: &str, declared: bool, cases: usize) -> Option<usize> {
        let codes = vec![NONE; cases];
        let codes = if declared { Codes::Declared(codes) } else { Codes::Cases(codes) };
        if self.attributes.len() == MOST {
            let reason = format!("{MOST} others are read, which is the most");
            self.left_out.push(LeftOut { name: name.to_string(), reason });
            return None;
        }
        self.attributes.push(Collected {
            name: name.to_string(),
            values: Names::default(),
            codes,
            reason: None,
        });
        self.current.push(NONE);
        Some(self.attributes.len() - 1)
    }

    /// An attribute of times that nobody asked for.
    pub(crate) fn pass_over_time(&mut self, name: &str) {
        let reason = "it is a time, which is read when attributes or filters name it".to_string();
        self.left_out.push(LeftOut { name: name.to_string(), reason });
    }

    /// The number of a value.
    pub(crate) fn value(&mut self, attribute: usize, text: &[u8]) -> Id {
        let collected = &mut self.attributes[attribute];
        if collected.reason.is_some() {
            return NONE;
        }
        if text.len() > LONGEST_VALUE {
            collected.leave_out(format!("it has values of more than {LONGEST_VALUE} bytes"));
            return NONE;
        }
        let value = collected.values.intern(text).0;
        if collected.values.bytes() > LONGEST_VALUES {
            let size = LONGEST_VALUES >> 20;
            collected.leave_out(format!("its different values take more than {size} MiB"));
            return NONE;
        }
        value
    }

    /// Begins an event, which has no values yet.
    pub(crate) fn begin_event(&mut self) {
        self.current.fill(NONE);
    }

    /// Sets a value of the event.
    #[inline]
    pub(crate) fn set(&mut self, attribute: usize, value: Id) {
        self.current[attribute] = value;
    }

    /// The values of the event.
    pub(crate) fn current(&self) -> &[Id] {
        &self.current
    }

    /// Sets the values of the event.
    pub(crate) fn set_all(&mut self, values: &[Id]) {
        self.current.copy_from_slice(values);
    }

    /// Sets a declared value of a case.
    pub(crate) fn set_case(&mut self, attribute: usize, case: Id, value: Id) {
        if let Codes::Declared(codes) = &mut self.attributes[attribute].codes {
            *of_case(codes, case) = value;
        }
    }

    /// Takes over the values of the event, which is of `case`. `earlier` and then `batch` are the cases of the events before
    /// it.
    pub(crate) fn push(&mut self, case: Id, earlier: &Column<Id>, batch: impl Iterator<Item = Id> + Clone) {
        for (collected, &value) in self.attributes.iter_mut().zip(&self.current) {
            collected.push(value, case, earlier, batch.clone());
        }
    }

    /// Puts the last events into the columns. If a chunk must be begun for them, it is to hold `room`.
    pub(crate) fn flush(&mut self, room: usize) {
        let mut all = 0;
        for collected in &mut self.attributes {
            let Codes::Events { column, batch } = &mut collected.codes else { continue };
            column.extend(batch.drain(..), room);
            all += column.chunks.iter().map(Vec::len).sum::<usize>();
            if all > MOST_VALUES {
                collected.leave_out(format!("all attributes of events have more than {MOST_VALUES} values"));
            }
        }
    }

    /// All attributes, those of events in the order of the log.
    pub(crate) fn finish(self, cases: &Column<Id>, offsets: &[usize]) -> Attributes {
        let (mut of_cases, mut of_events, mut left_out) = (Vec::new(), Vec::new(), self.left_out);
        for Collected { name, mut values, codes, reason } in self.attributes {
            values.freeze();
            match codes {
                Codes::Nothing => left_out.push(LeftOut { name, reason: reason.unwrap_or_default() }),
                // Where nothing is said, nothing can be told.
                _ if values.is_empty() => {}
                Codes::Declared(codes) | Codes::Cases(codes) => {
                    of_cases.push(OfCases { name, values: Values::of(values), codes });
                }
                Codes::Events { column, .. } => {
                    let codes = column.grouped(cases, offsets);
                    of_events.push(OfEvents { name, values: Values::of(values), codes });
                }
            }
        }
        Attributes { of_cases: Rc::new(of_cases), of_events, left_out: Rc::new(left_out) }
    }
}

impl Collected {
    fn leave_out(&mut self, reason: String) {
        self.reason = Some(reason);
        (self.codes, self.values) = (Codes::Nothing, Names::default());
    }

    #[inline]
    fn push(&mut self, value: Id, case: Id, earlier: &Column<Id>, batch: impl Iterator<Item = Id>) {
        match &mut self.codes {
            Codes::Declared(_) | Codes::Nothing => {}
            Codes::Events { batch, .. } => {
                batch.push(value as u16);
                self.check_count();
            }
            Codes::Cases(codes) => {
                let code = of_case(codes, case);
                if *code == UNSEEN {
                    *code = value;
                } else if *code != value {
                    self.becomes_of_events(value, earlier, batch);
                }
            }
        }
    }

    /// An event differs from those before it in its case: from now on, each has its own value.
    #[inline(never)]
    fn becomes_of_events(&mut self, value: Id, earlier: &Column<Id>, batch: impl Iterator<Item = Id>) {
        let Codes::Cases(codes) = &self.codes else { return };
        let stored =
            |case: Id| if codes[case as usize] < UNSEEN { codes[case as usize] as u16 } else { MISSING };
        let column = earlier.map(|&case| stored(case));
        let batch = batch.map(stored).chain([value as u16]).collect();
        self.codes = Codes::Events { column, batch };
        self.check_count();
    }

    fn check_count(&mut self) {
        if self.values.len() > MOST_OF_EVENTS {
            self.leave_out(format!("it has more than {MOST_OF_EVENTS} different values"));
        }
    }
}

/// The place of a case, which may be new.
fn of_case(codes: &mut Vec<Id>, case: Id) -> &mut Id {
    let case = case as usize;
    if case >= codes.len() {
        codes.resize(case + 1, UNSEEN);
    }
    &mut codes[case]
}

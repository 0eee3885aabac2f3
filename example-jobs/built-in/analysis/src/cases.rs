//! From an event log to a table with a row for each case.

use std::collections::{BTreeMap, HashMap};

use fuelcell_parameters_kit::WorkingTime;

use crate::causes::Known;
use crate::frame::{Categories, Dictionary, Frame, Micros, NO_CODE, NO_TIME, Values};

/// Names of the columns of an event log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogColumns {
    /// Which case an event belongs to.
    pub case: String,
    /// What was done.
    pub activity: String,
    /// When it was completed.
    pub timestamp: String,
    /// When it was begun.
    pub start: Option<String>,
    /// Who did it.
    pub resource: Option<String>,
}

/// A row for each case, ordered by the start of the cases.
#[derive(Debug, Clone, PartialEq)]
pub struct CaseTable {
    /// The table. Its columns [`START`] and [`DURATION`] are always there.
    pub frame: Frame,
    /// The columns that may be causes, and when they are known.
    pub known: BTreeMap<String, Known>,
    /// The activities, with the column that holds the time spent before each.
    pub steps: Vec<Step>,
    /// What happened in each case.
    pub history: History,
    /// Events of the log that are in cases.
    pub events: usize,
    /// Events without a case, an activity or a timestamp.
    pub left_out: usize,
}

/// The events of all cases.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct History {
    /// The names of activities by number.
    pub names: Vec<String>,
    /// Activity and time of each event; those of a case together, in the order of time.
    pub events: Vec<(u32, Micros)>,
    /// Where the events of each row begin, and last where they end.
    pub bounds: Vec<usize>,
}

impl History {
    /// The events of a row.
    pub fn of(&self, row: usize) -> &[(u32, Micros)] {
        match (self.bounds.get(row), self.bounds.get(row + 1)) {
            (Some(&from), Some(&to)) => &self.events[from..to],
            _ => &[],
        }
    }
}

/// The way to an activity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The activity.
    pub activity: String,
    /// The column that holds, in seconds, the time from the event before to the activity, summed over the case. Missing
    /// where a case has none.
    pub column: String,
}

/// When a case began.
pub const START: &str = "start";
/// When it ended, as far as the log goes.
pub const END: &str = "end";
/// From begin to end in seconds.
pub const DURATION: &str = "duration";
/// From begin to end in seconds of working time.
pub const WORKING_DURATION: &str = "working duration";
/// How many events it has.
pub const EVENTS: &str = "events";
/// The activity that it began with.
pub const FIRST_ACTIVITY: &str = "first activity";
/// The activity that it ended with, as far as the log goes.
pub const LAST_ACTIVITY: &str = "last activity";
/// Its activities in order.
pub const VARIANT: &str = "variant";
/// Whether an activity happened more than once.
pub const REWORK: &str = "rework";
/// Its identifier.
pub const CASE: &str = "case";

/// Steps that get a column: those that take the most time in all.
const MOST_STEPS: usize = 60;
const SECOND: f64 = 1e6;

/// An event in its case.
struct Event {
    case: u32,
    time: Micros,
    activity: u32,
    row: usize,
}

impl LogColumns {
    /// The column that an attribute of the log means: one of this name, else that of the role.
    pub fn column<'a>(&'a self, log: &Frame, attribute: &'a str) -> &'a str {
        let role = match attribute {
            "case" => Some(&self.case),
            "activity" => Some(&self.activity),
            "timestamp" => Some(&self.timestamp),
            "startTimestamp" => self.start.as_ref(),
            "resource" => self.resource.as_ref(),
            _ => None,
        };
        match role {
            Some(role) if log.column(attribute).is_none() => role,
            _ => attribute,
        }
    }
}

impl CaseTable {
    /// Adds how long the cases took in working time. None where that is not known.
    pub fn add_working_duration(&mut self, working: &WorkingTime) {
        let (Some(Values::Times(starts)), Some(Values::Times(ends))) =
            (self.frame.column(START), self.frame.column(END))
        else {
            return;
        };
        let seconds = |(&start, &end): (&Micros, &Micros)| {
            working.between(start, end).map_or(f64::NAN, |time| time as f64 / SECOND)
        };
        let durations = starts.iter().zip(ends).map(seconds).collect();
        self.frame.put(WORKING_DURATION, Values::Numbers(durations));
    }

    /// Derives the cases of a log. `least_rows` is what an activity needs to become a column of its own. None when a
    /// column is not there, or holds no times.
    pub fn of(log: &Frame, columns: &LogColumns, least_cases: impl Fn(usize) -> usize) -> Option<Self> {
        let cases = as_codes(log.column(&columns.case)?);
        let activities = as_codes(log.column(&columns.activity)?);
        let Values::Times(times) = log.column(&columns.timestamp)? else { return None };
        let (events, spans) = in_order(&cases, &activities, times);
        let mut builder =
            Builder { log, columns, events: &events, spans: &spans, table: Frame::new(spans.len()) };
        builder.times_and_path(&cases, &activities);
        let least = least_cases(spans.len());
        let mut known = builder.attributes();
        known.extend(builder.course(&activities, least));
        let steps = builder.steps(&activities, least);
        let history = builder.history(&activities);
        let (frame, count) = (builder.table, events.len());
        Some(Self { frame, known, steps, history, events: count, left_out: log.rows() - count })
    }
}

/// Events by case, then time, then row; and where each case begins and ends, in the order in which they start.
fn in_order(
    cases: &Categories,
    activities: &Categories,
    times: &[Micros],
) -> (Vec<Event>, Vec<(usize, usize)>) {
    let rows = 0..times.len();
    let complete = rows.filter(|&row| {
        cases.codes[row] != NO_CODE && activities.codes[row] != NO_CODE && times[row] != NO_TIME
    });
    let event =
        |row: usize| Event { case: cases.codes[row], time: times[row], activity: activities.codes[row], row };
    let mut events: Vec<Event> = complete.map(event).collect();
    events.sort_unstable_by_key(|event| (event.case, event.time, event.row));
    let mut spans = Vec::new();
    let mut from = 0;
    for run in events.chunk_by(|a, b| a.case == b.case) {
        spans.push((from, from + run.len()));
        from += run.len();
    }
    spans.sort_by_key(|&(first, _)| (events[first].time, events[first].case));
    (events, spans)
}

struct Builder<'a> {
    log: &'a Frame,
    columns: &'a LogColumns,
    events: &'a [Event],
    spans: &'a [(usize, usize)],
    table: Frame,
}

impl Builder<'_> {
    fn cases(&self) -> impl Iterator<Item = &[Event]> {
        self.spans.iter().map(|&(from, to)| &self.events[from..to])
    }

    fn put(&mut self, name: &str, values: Values) {
        self.table.put(name, values);
    }

    fn times_and_path(&mut self, cases: &Categories, activities: &Categories) {
        let start_times = self.columns.start.as_ref().and_then(|name| match self.log.column(name) {
            Some(Values::Times(times)) => Some(times),
            _ => None,
        });
        let begun = |event: &Event| {
            let start = start_times.map_or(NO_TIME, |times| times[event.row]);
            if start == NO_TIME || start > event.time { event.time } else { start }
        };
        let name = |code: u32| activities.names[code as usize].as_str();
        let starts: Vec<Micros> =
            self.cases().map(|case| case.iter().map(begun).min().unwrap_or(NO_TIME)).collect();
        let ends: Vec<Micros> =
            self.cases().map(|case| case.last().map_or(NO_TIME, |last| last.time)).collect();
        let durations = starts.iter().zip(&ends).map(|(start, end)| (end - start) as f64 / SECOND).collect();
        let identifiers =
            Categories::of(self.cases().map(|case| Some(cases.names[case[0].case as usize].as_str())));
        let firsts = Categories::of(self.cases().map(|case| Some(name(case[0].activity))));
        let lasts = Categories::of(self.cases().map(|case| case.last().map(|event| name(event.activity))));
        let variants: Vec<String> = self
            .cases()
            .map(|case| case.iter().map(|event| name(event.activity)).collect::<Vec<_>>().join(" → "))
            .collect();
        let variants = Categories::of(variants.iter().map(|variant| Some(variant.as_str())));
        let counts = self.cases().map(|case| case.len() as f64).collect();
        let rework = yes_or_no(self.cases().map(repeats));
        self.put(CASE, Values::Categories(identifiers));
        self.put(START, Values::Times(starts));
        self.put(END, Values::Times(ends));
        self.put(DURATION, Values::Numbers(durations));
        self.put(EVENTS, Values::Numbers(counts));
        self.put(FIRST_ACTIVITY, Values::Categories(firsts));
        self.put(LAST_ACTIVITY, Values::Categories(lasts));
        self.put(VARIANT, Values::Categories(variants));
        self.put(REWORK, Values::Categories(rework));
    }

    /// All other columns of the log: those with one value per case as they are, of the others the first value.
    fn attributes(&mut self) -> BTreeMap<String, Known> {
        let columns = self.columns;
        let roles =
            [Some(&columns.case), Some(&columns.activity), Some(&columns.timestamp), columns.start.as_ref()];
        let mut known = BTreeMap::from([
            (START.to_string(), Known::AtStart),
            (FIRST_ACTIVITY.to_string(), Known::AtStart),
            (REWORK.to_string(), Known::OnTheWay),
        ]);
        for column in self.log.columns() {
            if roles.contains(&Some(&column.name)) {
                continue;
            }
            let constant = self.cases().all(|case| is_constant(&column.values, case));
            let name = match constant {
                true if self.table.column(&column.name).is_none() => column.name.clone(),
                true => format!("{} (column)", column.name),
                false => format!("first {}", column.name),
            };
            let firsts: Vec<usize> = self
                .cases()
                .map(|case| {
                    let present = case.iter().find(|event| column.values.is_present(event.row));
                    present.filter(|_| constant).unwrap_or(&case[0]).row
                })
                .collect();
            self.table.put(name.clone(), column.values.take(&firsts));
            known.insert(name, Known::AtStart);
        }
        known
    }

    /// Which activities happened at all, where some cases have them and others have not.
    fn course(&mut self, activities: &Categories, least_cases: usize) -> BTreeMap<String, Known> {
        let mut has = vec![Vec::new(); activities.names.len()];
        for (case, events) in self.cases().enumerate() {
            for event in events {
                let cases: &mut Vec<usize> = &mut has[event.activity as usize];
                if cases.last() != Some(&case) {
                    cases.push(case);
                }
            }
        }
        let mut known = BTreeMap::new();
        let all = self.spans.len();
        for (activity, cases) in has.into_iter().enumerate() {
            if cases.len() < least_cases || all - cases.len() < least_cases {
                continue;
            }
            let mut happened = vec![false; all];
            cases.into_iter().for_each(|case| happened[case] = true);
            let name = format!("has {}", activities.names[activity]);
            self.put(&name, Values::Categories(yes_or_no(happened.into_iter())));
            known.insert(name, Known::OnTheWay);
        }
        known
    }

    fn history(&self, activities: &Categories) -> History {
        let mut history = History { names: activities.names.clone(), events: Vec::new(), bounds: vec![0] };
        for case in self.cases() {
            history.events.extend(case.iter().map(|event| (event.activity, event.time)));
            history.bounds.push(history.events.len());
        }
        history
    }

    /// The time before each activity. They add up to the time from the first event of a case to its last.
    fn steps(&mut self, activities: &Categories, least_cases: usize) -> Vec<Step> {
        let mut times: HashMap<u32, Vec<f64>> = HashMap::new();
        for (case, events) in self.cases().enumerate() {
            for pair in events.windows(2) {
                let column =
                    times.entry(pair[1].activity).or_insert_with(|| vec![f64::NAN; self.spans.len()]);
                let before = if column[case].is_nan() { 0.0 } else { column[case] };
                column[case] = before + (pair[1].time - pair[0].time) as f64 / SECOND;
            }
        }
        let mut steps: Vec<(u32, Vec<f64>)> = times.into_iter().collect();
        steps.retain(|(_, column)| column.iter().filter(|time| !time.is_nan()).count() >= least_cases);
        let total = |column: &[f64]| column.iter().filter(|time| !time.is_nan()).sum::<f64>();
        steps.sort_by(|a, b| total(&b.1).total_cmp(&total(&a.1)).then(a.0.cmp(&b.0)));
        steps.truncate(MOST_STEPS);
        steps
            .into_iter()
            .map(|(activity, column)| {
                let activity = activities.names[activity as usize].clone();
                let name = format!("time before {activity}");
                self.put(&name, Values::Numbers(column));
                Step { activity, column: name }
            })
            .collect()
    }
}

fn repeats(case: &[Event]) -> bool {
    let mut activities: Vec<u32> = case.iter().map(|event| event.activity).collect();
    activities.sort_unstable();
    activities.windows(2).any(|pair| pair[0] == pair[1])
}

fn yes_or_no(values: impl Iterator<Item = bool>) -> Categories {
    let codes = values.map(u32::from).collect();
    Categories { codes, names: vec!["no".into(), "yes".into()] }
}

/// Whether all present values of a column are equal in a case.
fn is_constant(values: &Values, case: &[Event]) -> bool {
    let mut rows = case.iter().map(|event| event.row).filter(|&row| values.is_present(row));
    let Some(first) = rows.next() else { return true };
    match values {
        Values::Numbers(numbers) => rows.all(|row| numbers[row] == numbers[first]),
        Values::Times(times) => rows.all(|row| times[row] == times[first]),
        Values::Categories(categories) => rows.all(|row| categories.codes[row] == categories.codes[first]),
    }
}

/// Any column as names by number: identifiers may be written as numbers.
pub(crate) fn as_codes(values: &Values) -> Categories {
    match values {
        Values::Categories(categories) => categories.clone(),
        Values::Numbers(numbers) => {
            named(numbers.iter().map(|number| (!number.is_nan()).then(|| number.to_string())))
        }
        Values::Times(times) => named(times.iter().map(|&time| (time != NO_TIME).then(|| time.to_string()))),
    }
}

fn named(texts: impl Iterator<Item = Option<String>>) -> Categories {
    let mut dictionary = Dictionary::default();
    let codes = texts.map(|text| text.map_or(NO_CODE, |text| dictionary.code(&text))).collect();
    Categories { codes, names: dictionary.into_names() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log() -> Frame {
        let texts = |texts: &[&str]| {
            Values::Categories(Categories::of(texts.iter().map(|text| (!text.is_empty()).then_some(*text))))
        };
        let second = |seconds: &[i64]| {
            Values::Times(seconds.iter().map(|&s| if s < 0 { NO_TIME } else { s * 1_000_000 }).collect())
        };
        let mut log = Frame::new(7);
        log.put("case", Values::Numbers(vec![2.0, 1.0, 1.0, 2.0, 2.0, 1.0, 9.0]));
        log.put("activity", texts(&["a", "a", "b", "b", "b", "", "a"]));
        log.put("timestamp", second(&[100, 10, 40, 130, 190, 50, -1]));
        log.put("who", texts(&["x", "y", "z", "x", "", "y", "q"]));
        log.put("region", texts(&["N", "", "S", "N", "N", "S", "N"]));
        log
    }

    #[test]
    fn cases_have_times_path_and_attributes() {
        let columns = LogColumns {
            case: "case".into(),
            activity: "activity".into(),
            timestamp: "timestamp".into(),
            start: None,
            resource: Some("who".into()),
        };
        let table = CaseTable::of(&log(), &columns, |_| 1).unwrap();
        assert_eq!((table.events, table.left_out, table.frame.rows()), (5, 2, 2));
        assert_eq!(table.frame.column(DURATION), Some(&Values::Numbers(vec![30.0, 90.0])));
        let text = |column: &str, row: usize| match table.frame.column(column) {
            Some(Values::Categories(categories)) => categories.name(row).map(str::to_string),
            _ => None,
        };
        assert_eq!(text(VARIANT, 1).as_deref(), Some("a → b → b"));
        assert_eq!((text(REWORK, 0).as_deref(), text(REWORK, 1).as_deref()), (Some("no"), Some("yes")));
        assert_eq!((text("region", 0).as_deref(), text("region", 1).as_deref()), (Some("S"), Some("N")));
        assert_eq!(text("first who", 0).as_deref(), Some("y"));
        assert_eq!(table.known["region"], Known::AtStart);
        let before_b = table.steps.iter().find(|step| step.activity == "b").unwrap();
        assert_eq!(table.frame.column(&before_b.column), Some(&Values::Numbers(vec![30.0, 90.0])));
    }

    #[test]
    fn a_log_without_times_is_none() {
        let columns = LogColumns {
            case: "case".into(),
            activity: "activity".into(),
            timestamp: "who".into(),
            start: None,
            resource: None,
        };
        assert_eq!(CaseTable::of(&log(), &columns, |_| 1), None);
    }
}

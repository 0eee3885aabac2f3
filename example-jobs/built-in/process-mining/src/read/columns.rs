//! Which column of a table is the case, the activity, the timestamp.

use crate::error::Stop;
use crate::figures::Transition;
pub use fuelcell_parameters_kit::Columns;
use fuelcell_parameters_kit::{
    ACTIVITY, CASE, Header, INSTANCE, LIFECYCLE, ORDER, RESOURCE, START, TIMESTAMP,
};
use fuelcell_records_kit::timestamp;

/// Names that mean something in an event log, and anything in other tables.
const WEAK_CASE: [&str; 14] = [
    "number",
    "incident number",
    "ticket number",
    "ticket",
    "order number",
    "order no",
    "request id",
    "claim id",
    "application id",
    "patient",
    "patient id",
    "invoice id",
    "id",
    "order",
];
const WEAK_ACTIVITY: [&str; 6] =
    ["handling", "incident state", "operation", "state", "status", "activity type"];
const WEAK_TIMESTAMP: [&str; 4] = ["sys updated at", "updated at", "changed at", "created at"];
const WEAK_RESOURCE: [&str; 4] = ["sys updated by", "updated by", "changed by", "created by"];
const WEAK_INSTANCE: [&str; 2] = ["handling id", "instance"];

/// Where a time stands: in one column, or its date in one and its hours in another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Time {
    /// Date and hours, or the date.
    pub(super) at: usize,
    /// The hours.
    pub(super) clock: Option<usize>,
}

/// Positions of the columns that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Layout {
    /// Case identifier.
    pub(super) case: usize,
    /// Activity.
    pub(super) activity: usize,
    /// Completion time.
    pub(super) timestamp: Time,
    /// Start time.
    pub(super) start: Option<Time>,
    /// Resource.
    pub(super) resource: Option<usize>,
    /// Life-cycle transition.
    pub(super) lifecycle: Option<usize>,
    /// Activity instance.
    pub(super) instance: Option<usize>,
    /// What decides between equal times.
    pub(super) order: Option<usize>,
}

impl Layout {
    /// The last column that is read.
    pub(super) fn last(&self) -> usize {
        self.roles().map(|(_, column)| column).max().unwrap_or_default()
    }

    /// All columns that are read, with what they are.
    pub(super) fn roles(&self) -> impl Iterator<Item = (&'static str, usize)> {
        let start = self.start;
        let roles = [
            ("case", Some(self.case)),
            ("activity", Some(self.activity)),
            ("timestamp", Some(self.timestamp.at)),
            ("hours of the timestamp", self.timestamp.clock),
            ("startTimestamp", start.map(|start| start.at)),
            ("hours of the startTimestamp", start.and_then(|start| start.clock)),
            ("resource", self.resource),
            ("lifecycle", self.lifecycle),
            ("instance", self.instance),
            ("order", self.order),
        ];
        roles.into_iter().filter_map(|(role, column)| Some((role, column?)))
    }
}

/// The first rows behind the header.
type Sample<'a> = &'a [Vec<Vec<u8>>];

/// Finds the columns by the request, then by well-known names; times and life cycles also by what the sample rows hold.
/// `row` is that of the header.
///
/// # Errors
/// `MissingColumn` that lists the columns there are, and `InvalidParameter` for a requested column that is not there.
pub(super) fn find(
    header: &[String],
    sample: Sample<'_>,
    wanted: &Columns,
    row: u64,
) -> Result<Layout, Stop> {
    let names = Header::new(header);
    let known = |strong: &[&str], weak: &[&str]| names.known(strong).or_else(|| names.known(weak));
    let given = |role: &str, name: &Option<String>| names.given(role, name);
    let start = given("startTimestamp", &wanted.start_timestamp)?;
    let activity = given("activity", &wanted.activity)?.or_else(|| known(&ACTIVITY, &WEAK_ACTIVITY));
    let case = given("case", &wanted.case)?
        .or_else(|| known(&CASE, &WEAK_CASE).filter(|&found| Some(found) != activity));
    let timestamp = given("timestamp", &wanted.timestamp)?
        .or_else(|| names.known(&TIMESTAMP).filter(|&found| Some(found) != start))
        .or_else(|| only_time_column(header.len(), sample, start.or_else(|| names.known(&START))))
        .or_else(|| names.known(&WEAK_TIMESTAMP));
    let start = start.or_else(|| names.known(&START).filter(|&found| Some(found) != timestamp));
    // A log of begins alone.
    let (timestamp, start) = match (timestamp, start) {
        (None, Some(start)) => (Some(start), None),
        both => both,
    };
    let missing = [("case", case), ("activity", activity), ("timestamp", timestamp)];
    let (Some(case), Some(activity), Some(timestamp)) = (case, activity, timestamp) else {
        return Err(missing_columns(&missing.map(|(role, found)| (role, found.is_none())), &names, row));
    };
    let times = [Some(timestamp), start];
    let whole = |column| whole_time(column, &names, header.len(), sample, &times);
    let mut layout = Layout {
        case,
        activity,
        timestamp: whole(timestamp),
        start: start.map(whole),
        resource: given("resource", &wanted.resource)?.or_else(|| known(&RESOURCE, &WEAK_RESOURCE)),
        lifecycle: given("lifecycle", &wanted.lifecycle)?.or_else(|| names.known(&LIFECYCLE)),
        instance: given("instance", &wanted.instance)?.or_else(|| known(&INSTANCE, &WEAK_INSTANCE)),
        order: given("order", &wanted.order)?.or_else(|| names.known(&ORDER)),
    };
    // A column that is called ".order" is one of bupaR; "order" alone may be anything.
    layout.order = layout.order.or_else(|| header.iter().position(|name| name.trim() == ".order"));
    let used: Vec<usize> = layout.roles().map(|(_, column)| column).collect();
    let free = |column: &usize| !used.contains(column);
    layout.lifecycle = layout.lifecycle.or_else(|| {
        (0..header.len().min(COLUMNS_TRIED)).filter(free).find(|&column| holds_transitions(sample, column))
    });
    for other in [&mut layout.resource, &mut layout.instance, &mut layout.order] {
        *other = other.filter(|&column| column != case && column != activity);
    }
    Ok(layout)
}

/// Columns that are looked at for what they hold.
const COLUMNS_TRIED: usize = 200;

fn values(sample: Sample<'_>, column: usize) -> impl Iterator<Item = &[u8]> + Clone {
    let values = sample.iter().filter_map(move |row| row.get(column)).map(|value| value.trim_ascii());
    values.filter(|value| !timestamp::is_missing(value))
}

/// The one column whose sample values are all date-times, when there is exactly one.
fn only_time_column(columns: usize, sample: Sample<'_>, start: Option<usize>) -> Option<usize> {
    let holds_times = |&column: &usize| {
        let detected = timestamp::detect(values(sample, column));
        detected.present > 0 && detected.readable == detected.present
    };
    let mut found =
        (0..columns.min(COLUMNS_TRIED)).filter(|&column| Some(column) != start).filter(holds_times);
    let first = found.next();
    if found.next().is_some() { None } else { first }
}

/// Whether the sample values are transitions of a life cycle, of which some begin and some end.
fn holds_transitions(sample: Sample<'_>, column: usize) -> bool {
    let texts = || values(sample, column).map(String::from_utf8_lossy);
    let words = texts().all(|text| Transition::of(&text) != Transition::Other);
    let of = |wanted: &[Transition]| texts().any(|text| wanted.contains(&Transition::of(&text)));
    words && of(&[Transition::Begun, Transition::Offered]) && of(&[Transition::Ended])
}

/// What sort of times a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holds {
    Dates,
    Hours,
    Other,
}

fn holds(sample: Sample<'_>, column: usize) -> Holds {
    let all = |sort: fn(&[u8]) -> bool| {
        let mut values = values(sample, column).peekable();
        values.peek().is_some() && values.all(sort)
    };
    if all(is_clock) {
        Holds::Hours
    } else if all(is_date) {
        Holds::Dates
    } else {
        Holds::Other
    }
}

/// `9:05`, `17:00:00.250`, `5:00 PM`.
fn is_clock(value: &[u8]) -> bool {
    let lower = value.to_ascii_lowercase();
    let half = lower.strip_suffix(b"am").or_else(|| lower.strip_suffix(b"pm"));
    let text = half.unwrap_or(&lower).trim_ascii();
    let mut parts = text.split(|byte| *byte == b':');
    let digits = |part: &[u8]| (1..=2).contains(&part.len()) && part.iter().all(u8::is_ascii_digit);
    let (Some(hours), Some(minutes)) = (parts.next(), parts.next()) else { return false };
    let seconds = parts.next().is_none_or(|part| {
        let whole = part.split(|byte| matches!(byte, b'.' | b',')).next().unwrap_or_default();
        digits(whole) && part.iter().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b','))
    });
    digits(hours) && digits(minutes) && seconds && parts.next().is_none()
}

/// A date without hours: numbers or the name of a month between usual marks.
fn is_date(value: &[u8]) -> bool {
    let mark = |byte: &u8| matches!(byte, b'-' | b'/' | b'.' | b' ' | b',');
    let parts: Vec<&[u8]> = value.split(mark).filter(|part| !part.is_empty()).collect();
    let number = |part: &&[u8]| part.len() <= 4 && part.iter().all(u8::is_ascii_digit);
    let word = |part: &&[u8]| part.len() <= 9 && part.iter().all(u8::is_ascii_alphabetic);
    let numbers = parts.iter().filter(|part| number(part)).count();
    parts.len() == 3 && numbers >= 2 && parts.iter().all(|part| number(part) || word(part))
}

/// A column of dates alone or hours alone with the one that completes it: that of the same name, but for the word, or the
/// only one of its sort.
fn whole_time(
    column: usize,
    names: &Header,
    columns: usize,
    sample: Sample<'_>,
    times: &[Option<usize>],
) -> Time {
    let own = holds(sample, column);
    let alone = Time { at: column, clock: None };
    let wanted = match own {
        Holds::Dates => Holds::Hours,
        Holds::Hours => Holds::Dates,
        Holds::Other => return alone,
    };
    let other = |at: &usize| *at != column && holds(sample, *at) == wanted;
    let candidates: Vec<usize> = (0..columns.min(COLUMNS_TRIED)).filter(other).collect();
    let stem = |at: usize| {
        let words = names.plain(at).split(' ');
        let kept =
            words.filter(|word| !matches!(*word, "date" | "time" | "day" | "hour" | "hours" | "clock"));
        kept.collect::<Vec<_>>().join(" ")
    };
    let named = candidates.iter().copied().find(|&at| stem(at) == stem(column));
    let only = || candidates.iter().copied().filter(|at| !times.contains(&Some(*at)));
    let found = named.or_else(|| if only().count() == 1 { only().next() } else { None });
    match (own, found) {
        (Holds::Dates, Some(clock)) => Time { at: column, clock: Some(clock) },
        (Holds::Hours, Some(date)) => Time { at: date, clock: Some(column) },
        _ => alone,
    }
}

fn missing_columns(roles: &[(&str, bool)], names: &Header, row: u64) -> Stop {
    let missing: Vec<&str> = roles.iter().filter(|(_, missing)| *missing).map(|(role, _)| *role).collect();
    let named: Vec<String> = missing.iter().map(|role| format!("columns.{role}")).collect();
    Stop::failed(
        "MissingColumn",
        format!(
            "No column for the {} was found in row {row}, which must name the columns. {} Rename a column (case_id, activity, \
             timestamp), or name it in the parameter {}.",
            missing.join(", the "),
            names.described(),
            named.join(", "),
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(header: &[&str]) -> Result<Layout, Stop> {
        let header: Vec<String> = header.iter().map(ToString::to_string).collect();
        find(&header, &[], &Columns::default(), 1)
    }

    #[test]
    fn well_known_names_in_any_spelling() {
        let found = layout(&["Case ID", "Activity", "Start Time", "End_Time", "orgResource"]).unwrap();
        assert_eq!((found.case, found.activity, found.timestamp.at), (0, 1, 3));
        assert_eq!((found.start.map(|start| start.at), found.resource), (Some(2), Some(4)));
        let xes =
            layout(&["concept:name", "time:timestamp", "Activity", "case:concept:name", "Resource"]).unwrap();
        assert_eq!((xes.case, xes.activity, xes.timestamp.at, xes.resource), (3, 0, 1, Some(4)));
        assert_eq!(layout(&["caseId", "activityName", "timestamp"]).unwrap().case, 0);
    }

    #[test]
    fn a_time_column_is_known_by_what_it_holds() {
        let header: Vec<String> = ["case", "activity", "booked"].map(String::from).to_vec();
        let row = [b"1".to_vec(), b"a".to_vec(), b"2024-01-02T03:04:05Z".to_vec()].to_vec();
        assert_eq!(find(&header, &[row], &Columns::default(), 1).unwrap().timestamp.at, 2);
    }

    #[test]
    fn a_missing_column_names_what_is_there_and_what_helps() {
        let message = layout(&["case", "activity", "amount"]).unwrap_err().to_string();
        assert!(
            message.contains("No column for the timestamp") && message.contains("\"amount\""),
            "{message}"
        );
        assert!(message.contains("columns.timestamp"), "{message}");
        let columns = Columns { case: Some("Order".into()), ..Columns::default() };
        let message = find(&["a".to_string()], &[], &columns, 1).unwrap_err().to_string();
        assert!(message.contains("\"Order\""), "{message}");
    }
}

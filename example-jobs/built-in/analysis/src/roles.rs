//! Which column of a table is the case, the activity, the timestamp.

use fuelcell_table_kit::{Column, Kind};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cases::LogColumns;
use crate::error::{Stop, excerpt, there_are};

/// Names of columns, where the author of a request knows better than the detection.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Columns {
    /// The column that says which case an event belongs to.
    pub case: Option<String>,
    /// The column that says what was done.
    pub activity: Option<String>,
    /// The column that says when it was completed; of a table that is no event log, when a row happened.
    pub timestamp: Option<String>,
    /// The column that says when it was begun.
    pub start_timestamp: Option<String>,
    /// The column that says who did it.
    pub resource: Option<String>,
}

/// What a table is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Roles {
    /// Each row is an event of a case.
    Log(LogColumns),
    /// Each row stands for itself, and happened at the time in this column.
    Rows {
        /// The column, if there is one.
        time: Option<String>,
    },
}

// The names that ProcessMining knows, in order of preference, as `plain` writes them.
const CASE: [&str; 16] = [
    "case concept name",
    "case id",
    "caseid",
    "case",
    "case key",
    "case number",
    "case name",
    "trace id",
    "traceid",
    "trace",
    "process instance id",
    "process instance",
    "instance id",
    "ticket id",
    "order id",
    "case identifier",
];
const ACTIVITY: [&str; 12] = [
    "concept name",
    "activity",
    "activity name",
    "activity id",
    "activity en",
    "event name",
    "event type",
    "event",
    "task",
    "task name",
    "step",
    "action",
];
const TIMESTAMP: [&str; 21] = [
    "time timestamp",
    "timestamp",
    "complete timestamp",
    "completion timestamp",
    "completed timestamp",
    "end timestamp",
    "end time",
    "endtime",
    "complete time",
    "completion time",
    "completed at",
    "finish time",
    "event time",
    "eventtime",
    "event timestamp",
    "time",
    "date time",
    "datetime",
    "event date",
    "date",
    "occurred at",
];
const START: [&str; 9] = [
    "start timestamp",
    "start time",
    "starttime",
    "starttimestamp",
    "time start",
    "begin time",
    "started at",
    "start date",
    "start",
];
const RESOURCE: [&str; 9] = [
    "org resource",
    "resource",
    "resource name",
    "user",
    "user id",
    "user name",
    "performer",
    "employee",
    "agent",
];

/// Lower case, every run of other characters than letters and digits a space, and `camelCase` taken apart.
fn plain(name: &str) -> String {
    let mut text = String::new();
    let mut previous_lower = false;
    for char in name.chars() {
        let word = char.is_alphanumeric();
        let boundary = !word || (char.is_uppercase() && previous_lower);
        if boundary && !text.ends_with(' ') && !text.is_empty() {
            text.push(' ');
        }
        if word {
            text.extend(char.to_lowercase());
        }
        previous_lower = char.is_lowercase();
    }
    text.trim_end().to_string()
}

/// Finds what a table is: an event log when it has a case, an activity and a time.
///
/// # Errors
/// `InvalidParameter` for a requested column that is not there or holds no times; `UnreadableTimestamps` when the times of a
/// log cannot be read.
pub fn find(columns: &[Column], wanted: &Columns) -> Result<Roles, Stop> {
    let header: Vec<String> = columns.iter().map(|column| plain(&column.name)).collect();
    let known = |names: &[&str]| names.iter().find_map(|name| header.iter().position(|have| have == name));
    let given = |role: &str, name: &Option<String>| match name {
        None => Ok(None),
        Some(name) => position(columns, &header, name)
            .map(Some)
            .ok_or_else(|| Stop::parameter(unknown(role, name, columns))),
    };
    let case = given("case", &wanted.case)?.or_else(|| known(&CASE));
    let activity = given("activity", &wanted.activity)?.or_else(|| known(&ACTIVITY));
    let start = given("startTimestamp", &wanted.start_timestamp)?.or_else(|| known(&START));
    let resource = given("resource", &wanted.resource)?.or_else(|| known(&RESOURCE));
    let chosen = given("timestamp", &wanted.timestamp)?;
    let timestamp = chosen.or_else(|| known(&TIMESTAMP)).or_else(|| first_time(columns, start));
    let named_log = wanted.case.is_some() || wanted.activity.is_some();
    match (case, activity, timestamp) {
        (Some(case), Some(activity), Some(timestamp)) => {
            if !columns[timestamp].kind.is_time() {
                return Err(unreadable(&columns[timestamp]));
            }
            let name = |place: usize| columns[place].name.clone();
            let start = start.filter(|&start| columns[start].kind.is_time() && start != timestamp);
            Ok(Roles::Log(LogColumns {
                case: name(case),
                activity: name(activity),
                timestamp: name(timestamp),
                start: start.map(name),
                resource: resource.map(name),
            }))
        }
        _ if named_log => Err(missing(case, activity, timestamp, columns)),
        _ => {
            if let Some(chosen) = chosen.filter(|&chosen| !columns[chosen].kind.is_time()) {
                return Err(unreadable(&columns[chosen]));
            }
            let time = timestamp.filter(|&place| columns[place].kind.is_time());
            let time = time.or_else(|| first_time(columns, None)).map(|place| columns[place].name.clone());
            Ok(Roles::Rows { time })
        }
    }
}

fn position(columns: &[Column], header: &[String], name: &str) -> Option<usize> {
    let exact = columns.iter().position(|column| column.name == name);
    exact.or_else(|| header.iter().position(|have| *have == plain(name)))
}

fn first_time(columns: &[Column], start: Option<usize>) -> Option<usize> {
    (0..columns.len()).find(|&place| {
        Some(place) != start && matches!(columns[place].kind, Kind::Timestamp { .. } | Kind::Date)
    })
}

fn unknown(role: &str, name: &str, columns: &[Column]) -> String {
    let names = there_are(columns.iter().map(|column| column.name.as_str()));
    format!("columns.{role} names \"{}\", which is no column of the file. {names}", excerpt(name))
}

fn unreadable(column: &Column) -> Stop {
    let why = column.doubt.as_ref().map_or(String::new(), |doubt| format!(" {}", doubt.message));
    Stop::failed(
        "UnreadableTimestamps",
        format!(
            "The column \"{}\" should say when something happened, and is {}.{why} Write times as ISO 8601, or name another \
             column in columns.timestamp.",
            excerpt(&column.name),
            column.kind
        ),
    )
}

fn missing(
    case: Option<usize>,
    activity: Option<usize>,
    timestamp: Option<usize>,
    columns: &[Column],
) -> Stop {
    let roles = [("case", case), ("activity", activity), ("timestamp", timestamp)];
    let missing: Vec<&str> =
        roles.iter().filter(|(_, found)| found.is_none()).map(|(role, _)| *role).collect();
    let names = there_are(columns.iter().map(|column| column.name.as_str()));
    Stop::failed(
        "MissingColumn",
        format!(
            "No column for the {} was found. {names} Name it in the parameter columns.",
            missing.join(", the ")
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(named: &[(&str, Kind)]) -> Vec<Column> {
        named.iter().map(|(name, kind)| Column::new(*name, *kind)).collect()
    }

    const TIME: Kind = Kind::Timestamp { zoned: true };

    #[test]
    fn a_log_is_known_by_its_columns_and_other_tables_by_their_time() {
        let log = columns(&[
            ("Case ID", Kind::Integer),
            ("activityName", Kind::Text),
            ("Start", TIME),
            ("End_Time", TIME),
        ]);
        let Roles::Log(found) = find(&log, &Columns::default()).unwrap() else { panic!("no log") };
        assert_eq!((found.case.as_str(), found.timestamp.as_str()), ("Case ID", "End_Time"));
        assert_eq!(found.start.as_deref(), Some("Start"));
        let table = columns(&[("amount", Kind::Decimal(2)), ("booked", Kind::Date)]);
        assert_eq!(find(&table, &Columns::default()).unwrap(), Roles::Rows { time: Some("booked".into()) });
    }

    #[test]
    fn what_is_asked_for_and_not_there_is_named() {
        let table = columns(&[("order", Kind::Text), ("when", Kind::Text)]);
        let asked = |columns: &Columns| find(&table, columns).unwrap_err().message;
        let unknown = asked(&Columns { case: Some("nr".into()), ..Columns::default() });
        assert!(unknown.contains("columns.case names \"nr\"") && unknown.contains("\"order\""), "{unknown}");
        let lacking = asked(&Columns { case: Some("order".into()), ..Columns::default() });
        assert!(lacking.contains("No column for the activity, the timestamp"), "{lacking}");
        let no_time = asked(&Columns { timestamp: Some("when".into()), ..Columns::default() });
        assert!(no_time.contains("is text"), "{no_time}");
    }
}

//! Which column of a table is the case, the activity, the timestamp.

use fuelcell_table_kit::{Column, Kind};

use crate::cases::LogColumns;
use crate::error::{Stop, excerpt};
pub use fuelcell_parameters_kit::Columns;
use fuelcell_parameters_kit::{ACTIVITY, CASE, Header, RESOURCE, START, TIMESTAMP};

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

/// Finds what a table is: an event log when it has a case, an activity and a time.
///
/// # Errors
/// `InvalidParameter` for a requested column that is not there or holds no times; `UnreadableTimestamps` when the times of a
/// log cannot be read.
pub fn find(columns: &[Column], wanted: &Columns) -> Result<Roles, Stop> {
    let header = Header::new(columns.iter().map(|column| column.name.as_str()));
    let known = |names: &[&str]| header.known(names);
    let given = |role: &str, name: &Option<String>| header.given(role, name);
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
        _ if named_log => Err(missing(case, activity, timestamp, &header)),
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

fn first_time(columns: &[Column], start: Option<usize>) -> Option<usize> {
    (0..columns.len()).find(|&place| {
        Some(place) != start && matches!(columns[place].kind, Kind::Timestamp { .. } | Kind::Date)
    })
}

fn unreadable(column: &Column) -> Stop {
    let why = column.doubt.as_ref().map_or(String::new(), |doubt| format!(" {}.", doubt.message));
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

fn missing(case: Option<usize>, activity: Option<usize>, timestamp: Option<usize>, header: &Header) -> Stop {
    let roles = [("case", case), ("activity", activity), ("timestamp", timestamp)];
    let missing: Vec<&str> =
        roles.iter().filter(|(_, found)| found.is_none()).map(|(role, _)| *role).collect();
    let names = header.described();
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

//! Which column of a table is the case, the activity, the timestamp.

use crate::error::Stop;
pub use fuelcell_parameters_kit::Columns;
use fuelcell_parameters_kit::{ACTIVITY, CASE, Header, LIFECYCLE, RESOURCE, START, TIMESTAMP};
use fuelcell_records_kit::timestamp;

/// Positions of the columns that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Layout {
    /// Case identifier.
    pub(super) case: usize,
    /// Activity.
    pub(super) activity: usize,
    /// Completion time.
    pub(super) timestamp: usize,
    /// Start time.
    pub(super) start: Option<usize>,
    /// Resource.
    pub(super) resource: Option<usize>,
    /// Life-cycle transition.
    pub(super) lifecycle: Option<usize>,
}

impl Layout {
    /// The last column that is read.
    pub(super) fn last(&self) -> usize {
        let optional = [self.start, self.resource, self.lifecycle].into_iter().flatten();
        optional.chain([self.case, self.activity, self.timestamp]).max().unwrap_or_default()
    }
}

/// Finds the columns by the request, then by well-known names; a timestamp also by what the sample rows hold.
///
/// # Errors
/// `MissingColumn` that lists the columns there are, and `InvalidParameter` for a requested column that is not there.
pub(super) fn find(header: &[String], sample: &[Vec<Vec<u8>>], wanted: &Columns) -> Result<Layout, Stop> {
    let names = Header::new(header);
    let known = |wanted: &[&str]| names.known(wanted);
    let given = |role: &str, name: &Option<String>| names.given(role, name);
    let case = given("case", &wanted.case)?.or_else(|| known(&CASE));
    let activity = given("activity", &wanted.activity)?.or_else(|| known(&ACTIVITY));
    let start = given("startTimestamp", &wanted.start_timestamp)?;
    let timestamp = given("timestamp", &wanted.timestamp)?
        .or_else(|| known(&TIMESTAMP).filter(|&found| Some(found) != start))
        .or_else(|| only_time_column(header.len(), sample, start.or_else(|| known(&START))));
    let start = start.or_else(|| known(&START).filter(|&found| Some(found) != timestamp));
    let missing = [("case", case), ("activity", activity), ("timestamp", timestamp)];
    match (case, activity, timestamp) {
        (Some(case), Some(activity), Some(timestamp)) => Ok(Layout {
            case,
            activity,
            timestamp,
            start,
            resource: given("resource", &wanted.resource)?.or_else(|| known(&RESOURCE)),
            lifecycle: known(&LIFECYCLE),
        }),
        _ => Err(missing_columns(&missing.map(|(role, found)| (role, found.is_none())), &names)),
    }
}

/// The one column whose sample values are all date-times, when there is exactly one.
fn only_time_column(columns: usize, sample: &[Vec<Vec<u8>>], start: Option<usize>) -> Option<usize> {
    const COLUMNS_TRIED: usize = 200;
    let holds_times = |&column: &usize| {
        let values = sample.iter().filter_map(|row| row.get(column)).map(Vec::as_slice);
        let detected = timestamp::detect(values);
        detected.present > 0 && detected.readable == detected.present
    };
    let mut found =
        (0..columns.min(COLUMNS_TRIED)).filter(|&column| Some(column) != start).filter(holds_times);
    let first = found.next();
    if found.next().is_some() { None } else { first }
}

fn missing_columns(roles: &[(&str, bool)], names: &Header) -> Stop {
    let missing: Vec<&str> = roles.iter().filter(|(_, missing)| *missing).map(|(role, _)| *role).collect();
    let named: Vec<String> = missing.iter().map(|role| format!("columns.{role}")).collect();
    Stop::failed(
        "MissingColumn",
        format!(
            "No column for the {} was found in row 1, which must name the columns. {} Rename a column (case_id, activity, \
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
        find(&header, &[], &Columns::default())
    }

    #[test]
    fn well_known_names_in_any_spelling() {
        let found = layout(&["Case ID", "Activity", "Start Time", "End_Time", "orgResource"]).unwrap();
        assert_eq!((found.case, found.activity, found.timestamp), (0, 1, 3));
        assert_eq!((found.start, found.resource), (Some(2), Some(4)));
        let xes =
            layout(&["concept:name", "time:timestamp", "Activity", "case:concept:name", "Resource"]).unwrap();
        assert_eq!((xes.case, xes.activity, xes.timestamp, xes.resource), (3, 0, 1, Some(4)));
        assert_eq!(layout(&["caseId", "activityName", "timestamp"]).unwrap().case, 0);
    }

    #[test]
    fn a_time_column_is_known_by_what_it_holds() {
        let header: Vec<String> = ["case", "activity", "booked"].map(String::from).to_vec();
        let row = [b"1".to_vec(), b"a".to_vec(), b"2024-01-02T03:04:05Z".to_vec()].to_vec();
        assert_eq!(find(&header, &[row], &Columns::default()).unwrap().timestamp, 2);
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
        let message = find(&["a".to_string()], &[], &columns).unwrap_err().to_string();
        assert!(message.contains("\"Order\""), "{message}");
    }
}

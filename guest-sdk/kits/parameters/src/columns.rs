//! How event logs name their columns.

use fuelcell_records_kit::{Stop, excerpt, listed};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
    /// The column that says which transition of its life cycle an event is, such as `start` or `complete`
    /// (ProcessMining).
    pub lifecycle: Option<String>,
    /// The column that says which events are one execution of an activity (ProcessMining).
    pub instance: Option<String>,
    /// The column of numbers that decides the order of events of the same time (ProcessMining).
    pub order: Option<String>,
}

/// The case that an event belongs to.
pub const CASE: [&str; 20] = [
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
    "proc inst id",
    "process instance key",
    "root proc inst id",
    "trace concept name",
];
/// What was done.
pub const ACTIVITY: [&str; 15] = [
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
    "act name",
    "activity label",
    "activity description",
];
/// When it was completed.
pub const TIMESTAMP: [&str; 28] = [
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
    "ended at",
    "finished at",
    "end date time",
    "end datetime",
    "event time",
    "eventtime",
    "event timestamp",
    "time",
    "date time",
    "datetime",
    "event date",
    "end date",
    "date",
    "occurred at",
    "complete",
    "end",
];
/// When it was begun.
pub const START: [&str; 12] = [
    "start timestamp",
    "start time",
    "starttime",
    "starttimestamp",
    "time start",
    "begin time",
    "started at",
    "start date time",
    "start datetime",
    "start event time",
    "start date",
    "start",
];
/// Who did it.
pub const RESOURCE: [&str; 11] = [
    "org resource",
    "resource",
    "resource name",
    "user",
    "user id",
    "user name",
    "performer",
    "employee",
    "agent",
    "assignee",
    "originator",
];
/// The transition of its life cycle.
pub const LIFECYCLE: [&str; 7] = [
    "lifecycle transition",
    "lifecycle",
    "transition",
    "life cycle",
    "lifecycle id",
    "lifecycle state",
    "life cycle transition",
];
/// Which execution of its activity an event belongs to.
pub const INSTANCE: [&str; 8] = [
    "concept instance",
    "activity instance id",
    "activity instance",
    "activity instance identifier",
    "activity instance key",
    "task instance id",
    "work item id",
    "workitem id",
];
/// What decides the order of events of the same time.
pub const ORDER: [&str; 12] = [
    "sorting",
    "sort order",
    "sort key",
    "sequence",
    "sequence number",
    "seq",
    "seq no",
    "seq number",
    "event order",
    "event index",
    "event number",
    "event sequence",
];

/// The names of a table's columns.
#[derive(Debug, Clone)]
pub struct Header {
    names: Vec<String>,
    plain: Vec<String>,
}

impl Header {
    /// Of these names, in their order.
    pub fn new(names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let names: Vec<String> = names.into_iter().map(Into::into).collect();
        let plain = names.iter().map(|name| plain(name)).collect();
        Self { names, plain }
    }

    /// The column that is called by one of these names, such as [`CASE`], in whatever spelling; they are in order of
    /// preference.
    pub fn known(&self, names: &[&str]) -> Option<usize> {
        names.iter().find_map(|name| self.plain.iter().position(|have| have == name))
    }

    /// Other columns that are called like this one but for capitals and marks.
    pub fn namesakes(&self, column: usize) -> Vec<&str> {
        let same = |&(at, plain): &(usize, &String)| at != column && *plain == self.plain[column];
        self.plain.iter().enumerate().filter(same).map(|(at, _)| self.names[at].as_str()).collect()
    }

    /// The name of a column, as [`Self::known`] compares it.
    pub fn plain(&self, column: usize) -> &str {
        &self.plain[column]
    }

    /// The column that a request names for a role, if it names one.
    ///
    /// # Errors
    /// `InvalidParameter` when there is no such column; it names those that there are.
    pub fn given(&self, role: &str, name: &Option<String>) -> Result<Option<usize>, Stop> {
        let Some(name) = name else { return Ok(None) };
        let exact = self.names.iter().position(|have| have == name);
        let found = exact.or_else(|| self.plain.iter().position(|have| *have == plain(name)));
        found.map(Some).ok_or_else(|| {
            let (name, there) = (excerpt(name), self.described());
            Stop::parameter(format!(
                "columns.{role} names \"{name}\", which is no column of the file. {there}"
            ))
        })
    }

    /// A sentence that names the columns.
    pub fn described(&self) -> String {
        format!("Columns found: {}.", listed(self.names.iter().map(String::as_str)))
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_known_in_any_spelling() {
        let header = Header::new(["Case ID", "activityName", "End_Time", "orgResource", "time:timestamp"]);
        let places = [CASE.as_slice(), &ACTIVITY, &RESOURCE, &START].map(|names| header.known(names));
        assert_eq!(places, [Some(0), Some(1), Some(3), None]);
        assert_eq!(header.known(&TIMESTAMP), Some(4), "the more usual name comes first");
        assert_eq!(header.given("timestamp", &Some("end time".into())).unwrap(), Some(2));
        assert_eq!(header.given("timestamp", &None).unwrap(), None);
        let unknown = header.given("case", &Some("nr".into())).unwrap_err().message;
        assert!(
            unknown.contains("columns.case names \"nr\"") && unknown.contains("\"orgResource\""),
            "{unknown}"
        );
    }
}

//! Which columns are the case, the activity, the times of an event log.

use arrow_schema::Schema;
use fuelcell_parameters_kit::{ACTIVITY, CASE, Columns, Header, RESOURCE, START, TIMESTAMP};
use fuelcell_table_kit::Stop;

use crate::chunk::kind_at;

/// Where the columns with a meaning are, as far as there are any.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Roles {
    pub(crate) case: Option<usize>,
    pub(crate) activity: Option<usize>,
    /// A column of times.
    pub(crate) timestamp: Option<usize>,
    pub(crate) start: Option<usize>,
    pub(crate) resource: Option<usize>,
}

impl Roles {
    /// Finds them by what the request says, then by well-known names.
    ///
    /// # Errors
    /// `InvalidParameter` for a column that is not there.
    pub(crate) fn find(schema: &Schema, wanted: &Columns) -> Result<Self, Stop> {
        let header = Header::new(schema.fields().iter().map(|field| field.name().as_str()));
        let is_time = |index: &usize| kind_at(schema, *index).is_time();
        let start = header.given("startTimestamp", &wanted.start_timestamp)?;
        let start = start.or_else(|| header.known(&START)).filter(is_time);
        let timestamp = header.given("timestamp", &wanted.timestamp)?;
        let first_time = || (0..schema.fields().len()).find(|index| Some(*index) != start && is_time(index));
        let timestamp = timestamp.or_else(|| header.known(&TIMESTAMP).filter(is_time)).or_else(first_time);
        Ok(Self {
            case: header.given("case", &wanted.case)?.or_else(|| header.known(&CASE)),
            activity: header.given("activity", &wanted.activity)?.or_else(|| header.known(&ACTIVITY)),
            timestamp: timestamp.filter(is_time),
            start: start.filter(|start| Some(*start) != timestamp),
            resource: header.given("resource", &wanted.resource)?.or_else(|| header.known(&RESOURCE)),
        })
    }

    /// Case and time of an event log, if the table is one.
    pub(crate) fn log(&self) -> Option<(usize, usize)> {
        self.activity.and(self.case.zip(self.timestamp))
    }

    /// The column that an attribute means: one of this name, else that of the role.
    pub(crate) fn column(&self, schema: &Schema, attribute: &str) -> Option<usize> {
        let named = schema.fields().iter().position(|field| field.name() == attribute);
        named.or(match attribute {
            "case" => self.case,
            "activity" => self.activity,
            "timestamp" => self.timestamp,
            "startTimestamp" => self.start,
            "resource" => self.resource,
            _ => None,
        })
    }
}

//! Parameters of steps: event logs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::steps::shape::step;

/// A column of an event log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum EventColumn {
    /// Seconds between the case's first and last event: `case_duration_seconds`.
    CaseDuration,
    /// Seconds since the case's event before: `seconds_since_previous`.
    TimeSincePrevious,
    /// Seconds since the case's first event: `seconds_since_start`.
    TimeSinceStart,
    /// The event's place in its case, from 1: `event_index`.
    EventIndex,
    /// Events of the case: `case_events`.
    CaseEvents,
    /// The case's activities in their order, by number from the most frequent: `variant_id`.
    Variant,
    /// Whether the activity happened before in the case: `is_rework`.
    Rework,
    /// Monday is 1: `weekday`.
    Weekday,
    /// 0 to 23: `hour`.
    Hour,
    /// The activity after: `next_activity`.
    NextActivity,
    /// The activity before: `previous_activity`.
    PreviousActivity,
}

step! {
    /// Columns of an event log.
    EventLog {
        /// The column of the case.
        case: String,
        /// The column of the activity.
        activity: String,
        /// The column of the time, of type timestamp or date. Events at one time stay in the order of the file.
        timestamp: String,
        /// What is added; all when not given.
        #[serde(default)]
        add: Option<Vec<EventColumn>>,
        /// The zone of `weekday` and `hour`, by its IANA name; UTC when not given.
        #[serde(default)]
        time_zone: Option<String>,
    }
}

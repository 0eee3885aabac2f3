//! Parameters of steps: event logs.

use fuelcell_parameters_kit::Calendar;
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
    /// Seconds of working time between the case's first and last event: `case_working_seconds`.
    CaseWorkingTime,
    /// Seconds of working time since the case's event before: `working_seconds_since_previous`.
    WorkingTimeSincePrevious,
    /// Whether the event lies outside of the working hours: `is_off_hours`.
    OffHours,
}

step! {
    /// Columns of an event log.
    EventLog {
        /// The column of the case; that of `columns`, or of a well-known name, when not given.
        #[serde(default)]
        case: Option<String>,
        /// The column of the activity; as for the case.
        #[serde(default)]
        activity: Option<String>,
        /// The column of the time, of type timestamp or date; as for the case. Events at one time stay in the order of the file.
        #[serde(default)]
        timestamp: Option<String>,
        /// What is added; all when not given, working time only where there is a calendar.
        #[serde(default)]
        add: Option<Vec<EventColumn>>,
        /// The zone of `weekday` and `hour`, by its IANA name; that of the parameter `timeZone` when not given.
        #[serde(default)]
        time_zone: Option<String>,
        /// When people work; that of the parameter `calendar` when not given.
        #[serde(default)]
        calendar: Option<Calendar>,
    }
}

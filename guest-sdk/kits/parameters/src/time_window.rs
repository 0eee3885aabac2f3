//! Stretches of time.

use chrono::{DateTime, NaiveDate, NaiveDateTime};
use fuelcell_records_kit::{Micros, Stop, excerpt};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A stretch of time. Dates and times without offset are UTC; in ProcessMining they are those of its time zone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct TimeWindow {
    /// The first moment, such as `2024-01-01`.
    pub start_date: Option<String>,
    /// The last moment; a date without time includes the whole day.
    pub end_date: Option<String>,
}

impl TimeWindow {
    /// First and last microsecond inside of the window. `place` names the parameter.
    ///
    /// # Errors
    /// `InvalidParameter` for text that is no date, and for an end before the start.
    pub fn bounds(&self, place: &str) -> Result<(Micros, Micros), Stop> {
        let read = |name: &str, text: &Option<String>| {
            match text {
            None => Ok(None),
            Some(text) => moment(text).map(Some).ok_or_else(|| {
                Stop::parameter(format!(
                    "{place}.{name} is \"{}\", which is no date. Allowed are dates such as \"2024-01-31\" and times such as \
                     \"2024-01-31T18:00:00Z\".",
                    excerpt(text)
                ))
            }),
        }
        };
        let start = read("startDate", &self.start_date)?.map_or(Micros::MIN, |(first, _)| first);
        let end = read("endDate", &self.end_date)?.map_or(Micros::MAX, |(_, last)| last);
        if start > end {
            return Err(Stop::parameter(format!("{place}.endDate is before {place}.startDate.")));
        }
        Ok((start, end))
    }

    /// The window as people read it.
    pub fn describe(&self) -> String {
        match (&self.start_date, &self.end_date) {
            (Some(start), Some(end)) => format!("{start} to {end}"),
            (Some(start), None) => format!("{start} and later"),
            (None, Some(end)) => format!("up to {end}"),
            (None, None) => "all time".to_string(),
        }
    }
}

/// The first and the last microsecond that a text names.
pub fn moment(text: &str) -> Option<(Micros, Micros)> {
    const DAY: Micros = 86_400_000_000;
    let text = text.trim();
    if let Ok(date) = text.parse::<NaiveDate>() {
        let midnight = date.and_time(chrono::NaiveTime::MIN).and_utc().timestamp_micros();
        return Some((midnight, midnight + DAY - 1));
    }
    let with_offset = DateTime::parse_from_rfc3339(text).map(|time| time.timestamp_micros());
    let without =
        || text.replace(' ', "T").parse::<NaiveDateTime>().map(|time| time.and_utc().timestamp_micros());
    with_offset.or_else(|_| without()).ok().map(|time| (time, time))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(start: &str, end: &str) -> Result<(Micros, Micros), Stop> {
        TimeWindow { start_date: Some(start.into()), end_date: Some(end.into()) }.bounds("timeWindow")
    }

    #[test]
    fn a_date_as_end_includes_its_day() {
        let (start, end) = window("2024-01-01", "2024-01-07").unwrap();
        assert_eq!(end - start, 7 * 86_400_000_000 - 1);
        let (start, end) = window("2024-01-01T00:00:00+01:00", "2024-01-01 00:00:00").unwrap();
        assert_eq!(end - start, 3_600_000_000);
    }

    #[test]
    fn a_window_that_cannot_be_is_refused_by_name() {
        assert!(window("2024-01-02", "2024-01-01").unwrap_err().to_string().contains("timeWindow.endDate"));
        assert!(window("soon", "2024-01-01").unwrap_err().to_string().contains("startDate is \"soon\""));
    }
}

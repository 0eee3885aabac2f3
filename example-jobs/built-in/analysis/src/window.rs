//! Stretches of time, and the periods that figures are given by.

use chrono::{DateTime, Datelike as _, Months, NaiveDate, TimeZone as _, Utc};
use chrono_tz::Tz;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::frame::{Micros, NO_TIME};
pub use fuelcell_parameters_kit::{TimeWindow, moment};

/// How long the periods are that figures are given by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Period {
    /// Days.
    Day,
    /// Weeks from Monday to Sunday, numbered as by ISO 8601.
    Week,
    /// Months.
    Month,
    /// Quarters of years.
    Quarter,
    /// Years.
    Year,
}

impl Period {
    /// The shortest period of which these times hold no more than so many.
    pub fn fitting(times: &[Micros], most: i64) -> Self {
        let (first, last) = usual(times).unwrap_or_default();
        let days = last.saturating_sub(first) / DAY;
        match days {
            days if days <= most => Self::Day,
            days if days <= most * 7 => Self::Week,
            days if days <= most * 30 => Self::Month,
            days if days <= most * 91 => Self::Quarter,
            _ => Self::Year,
        }
    }

    /// What one is called.
    pub fn noun(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::Year => "year",
        }
    }

    /// The next longer period.
    pub fn longer(self) -> Option<Self> {
        match self {
            Self::Day => Some(Self::Week),
            Self::Week => Some(Self::Month),
            Self::Month => Some(Self::Quarter),
            Self::Quarter => Some(Self::Year),
            Self::Year => None,
        }
    }

    /// The first day of the period that a moment lies in. None for a missing moment, and for years beyond the calendar.
    pub fn start(self, time: Micros, zone: Tz) -> Option<NaiveDate> {
        if time == NO_TIME {
            return None;
        }
        let day =
            zone.from_utc_datetime(&DateTime::<Utc>::from_timestamp_micros(time)?.naive_utc()).date_naive();
        let first = |month: u32| NaiveDate::from_ymd_opt(day.year(), month, 1);
        match self {
            Self::Day => Some(day),
            Self::Week => {
                day.checked_sub_days(chrono::Days::new(day.weekday().num_days_from_monday().into()))
            }
            Self::Month => first(day.month()),
            Self::Quarter => first((day.month0() / 3) * 3 + 1),
            Self::Year => first(1),
        }
    }

    /// The first day of the period after the one that begins on this day.
    pub fn next(self, start: NaiveDate) -> Option<NaiveDate> {
        match self {
            Self::Day => start.succ_opt(),
            Self::Week => start.checked_add_days(chrono::Days::new(7)),
            Self::Month => start.checked_add_months(Months::new(1)),
            Self::Quarter => start.checked_add_months(Months::new(3)),
            Self::Year => start.checked_add_months(Months::new(12)),
        }
    }

    /// The period that begins on this day, as people read it.
    pub fn label(self, start: NaiveDate) -> String {
        match self {
            Self::Day => start.to_string(),
            Self::Week => start.format("%G-W%V").to_string(),
            Self::Month => start.format("%Y-%m").to_string(),
            Self::Quarter => format!("{}-Q{}", start.year(), start.month0() / 3 + 1),
            Self::Year => start.year().to_string(),
        }
    }
}

const DAY: Micros = 86_400_000_000;

/// The first and the last time of a table, without a few that are far from all others: one wrong year among thousands of rows
/// must not turn days into years. Far is what lies three times as far away as the middle 99 % are long, and more than a year.
/// None without times.
pub(crate) fn usual(times: &[Micros]) -> Option<(Micros, Micros)> {
    let mut present: Vec<Micros> = times.iter().copied().filter(|&time| time != NO_TIME).collect();
    let most = present.len().checked_sub(1)?;
    let few = (present.len() / 200).max(usize::from(present.len() >= 20));
    let (_, &mut low, _) = present.select_nth_unstable(few);
    let (_, &mut high, _) = present.select_nth_unstable(most - few);
    let reach = high.saturating_sub(low).saturating_mul(3).max(366 * DAY);
    let (from, to) = (low.saturating_sub(reach), high.saturating_add(reach));
    let near = || present.iter().copied().filter(|time| (from..=to).contains(time));
    Some((near().min()?, near().max()?))
}

/// When a day begins in a zone, in microseconds since 1970. Where clocks skip its midnight, the first moment after.
pub(crate) fn midnight(day: NaiveDate, zone: Tz) -> Micros {
    let wall = day.and_time(chrono::NaiveTime::MIN);
    let found = zone.from_local_datetime(&wall).earliest();
    let later = || zone.from_local_datetime(&(wall + chrono::TimeDelta::hours(1))).earliest();
    found.or_else(later).map_or_else(|| wall.and_utc().timestamp_micros(), |time| time.timestamp_micros())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_wrong_years_do_not_stretch_a_table() {
        let at = |text: &str| moment(text).unwrap().0;
        let mut times: Vec<Micros> = (0..300).map(|day| at("2024-01-01") + day * DAY).collect();
        let whole = usual(&times);
        assert_eq!(whole, Some((times[0], times[299])));
        assert_eq!(Period::fitting(&times, 400), Period::Day);
        times.extend([at("0001-05-01"), NO_TIME, at("9998-01-01")]);
        assert_eq!(usual(&times), whole);
        assert_eq!(Period::fitting(&times, 400), Period::Day);
        // Two rows are not outliers of each other.
        assert_eq!(usual(&times[299..301]), Some((times[300], times[299])));
        assert_eq!(usual(&[NO_TIME]), None);
    }

    #[test]
    fn periods_begin_where_the_zone_has_midnight() {
        let time = moment("2024-03-31T22:30:00Z").unwrap().0;
        let label = |period: Period, zone: Tz| period.label(period.start(time, zone).unwrap());
        assert_eq!(label(Period::Day, Tz::UTC), "2024-03-31");
        assert_eq!(label(Period::Day, Tz::Europe__Berlin), "2024-04-01");
        assert_eq!(label(Period::Week, Tz::Europe__Berlin), "2024-W14");
        assert_eq!(label(Period::Quarter, Tz::UTC), "2024-Q1");
        assert_eq!(Period::Month.start(NO_TIME, Tz::UTC), None);
        let day = NaiveDate::from_ymd_opt(2024, 4, 1).unwrap();
        assert_eq!(midnight(day, Tz::Europe__Berlin), moment("2024-03-31T22:00:00Z").unwrap().0);
    }
}

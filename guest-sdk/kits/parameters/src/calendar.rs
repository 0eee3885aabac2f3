//! When people work, and how much of a stretch of time that is.

use std::collections::HashSet;

use chrono::{DateTime, Datelike as _, Days, NaiveDate, Offset as _, TimeZone as _};
use chrono_tz::Tz;
use fuelcell_records_kit::{Micros, Stop, excerpt};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::time_zone::zone;

/// When people work. Times outside of it do not count as working time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Calendar {
    /// The hours of each day of the week; a day that is not named is free.
    pub working_hours: Week,
    /// Days on which nobody works, such as `2024-12-25`.
    #[schemars(length(max = 5000))]
    pub holidays: Vec<String>,
    /// The zone of hours and days, by its IANA name; that of the parameter `timeZone` when left out.
    pub time_zone: Option<String>,
}

/// The hours of a week.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Week {
    /// Monday's.
    #[schemars(length(max = 12))]
    pub monday: Vec<Hours>,
    /// Tuesday's.
    #[schemars(length(max = 12))]
    pub tuesday: Vec<Hours>,
    /// Wednesday's.
    #[schemars(length(max = 12))]
    pub wednesday: Vec<Hours>,
    /// Thursday's.
    #[schemars(length(max = 12))]
    pub thursday: Vec<Hours>,
    /// Friday's.
    #[schemars(length(max = 12))]
    pub friday: Vec<Hours>,
    /// Saturday's.
    #[schemars(length(max = 12))]
    pub saturday: Vec<Hours>,
    /// Sunday's.
    #[schemars(length(max = 12))]
    pub sunday: Vec<Hours>,
}

/// Hours of a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Hours {
    /// When they begin, such as `08:00`.
    pub from: String,
    /// When they end, such as `17:00`; `24:00` is the end of the day.
    pub to: String,
}

/// Years outside of which no working time is told: times there come from faults.
const YEARS: (i32, i32) = (1900, 2199);
const DAY: i64 = 86_400;
const SECOND: Micros = 1_000_000;

impl Calendar {
    /// The working time between the first and the last of the times that are asked for. `time_zone` is that of the job's
    /// parameter, `place` names this one.
    ///
    /// # Errors
    /// `InvalidParameter` for hours, days and zones that are none, and without any hours.
    pub fn working_time(
        &self,
        time_zone: Option<&str>,
        (first, last): (Micros, Micros),
        place: &str,
    ) -> Result<WorkingTime, Stop> {
        let zone = match &self.time_zone {
            Some(name) => zone(Some(name), &format!("{place}.timeZone"))?,
            None => zone(time_zone, "timeZone")?,
        };
        let week = self.week(place)?;
        let holidays = self.days_off(place)?;
        Ok(WorkingTime::of(&week, &holidays, zone, first, last))
    }

    /// For each day of the week, Monday first, its hours in minutes.
    fn week(&self, place: &str) -> Result<[Vec<(i64, i64)>; 7], Stop> {
        let days = &self.working_hours;
        let named = [
            ("monday", &days.monday),
            ("tuesday", &days.tuesday),
            ("wednesday", &days.wednesday),
            ("thursday", &days.thursday),
            ("friday", &days.friday),
            ("saturday", &days.saturday),
            ("sunday", &days.sunday),
        ];
        if named.iter().all(|(_, hours)| hours.is_empty()) {
            return Err(Stop::parameter(format!(
                "{place}.workingHours names no hours. Write them as {{\"monday\": [{{\"from\": \"08:00\", \"to\": \"17:00\"}}]}}."
            )));
        }
        let mut week: [Vec<(i64, i64)>; 7] = Default::default();
        for ((name, hours), day) in named.iter().zip(&mut week) {
            let place = format!("{place}.workingHours.{name}");
            *day = hours
                .iter()
                .enumerate()
                .map(|(at, hours)| hours.minutes(&format!("{place}[{at}]")))
                .collect::<Result<_, _>>()?;
            if day.windows(2).any(|pair| pair[1].0 < pair[0].1) {
                return Err(Stop::parameter(format!(
                    "{place} holds hours that overlap or are not in order."
                )));
            }
        }
        Ok(week)
    }

    fn days_off(&self, place: &str) -> Result<HashSet<NaiveDate>, Stop> {
        let day = |(at, text): (usize, &String)| {
            text.trim().parse::<NaiveDate>().map_err(|_| {
                let text = excerpt(text);
                Stop::parameter(format!(
                    "{place}.holidays[{at}] is \"{text}\", which is no date such as \"2024-12-25\"."
                ))
            })
        };
        self.holidays.iter().enumerate().map(day).collect()
    }
}

impl Hours {
    fn minutes(&self, place: &str) -> Result<(i64, i64), Stop> {
        let read = |name: &str, text: &str| {
            minutes(text).ok_or_else(|| {
                let text = excerpt(text);
                Stop::parameter(format!(
                    "{place}.{name} is \"{text}\", which is no time of the day from 00:00 to 24:00."
                ))
            })
        };
        let (from, to) = (read("from", &self.from)?, read("to", &self.to)?);
        if from >= to {
            return Err(Stop::parameter(format!(
                "{place}.to is not after {place}.from. Hours over midnight are those of two days."
            )));
        }
        Ok((from, to))
    }
}

/// Minutes since midnight.
fn minutes(text: &str) -> Option<i64> {
    let (hours, minutes) = text.trim().split_once(':')?;
    let two = |text: &str| {
        let digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| text.parse::<i64>().ok()).flatten()
    };
    let (hours, minutes) = (two(hours)?, two(minutes)?);
    (minutes < 60 && hours * 60 + minutes <= 24 * 60).then_some(hours * 60 + minutes)
}

/// How much of any stretch of time is working time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkingTime {
    /// Stretches in which people work, with the working time before each.
    open: Vec<Stretch>,
    /// First and last moment that is known.
    known: (Micros, Micros),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stretch {
    from: Micros,
    to: Micros,
    before: Micros,
}

impl WorkingTime {
    fn of(
        week: &[Vec<(i64, i64)>; 7],
        holidays: &HashSet<NaiveDate>,
        zone: Tz,
        first: Micros,
        last: Micros,
    ) -> Self {
        let year = |year: i32| NaiveDate::from_ymd_opt(year, 1, 1).map_or(0, midnight);
        let (earliest, latest) = (year(YEARS.0), year(YEARS.1 + 1));
        let (first, last) = (first.clamp(earliest, latest), last.clamp(earliest, latest));
        let mut working = Self { open: Vec::new(), known: (first, last) };
        // Each stretch of one offset by itself: there, a clock on the wall goes as time does.
        let offsets = offsets(zone, first, last);
        for (at, &(from, offset)) in offsets.iter().enumerate() {
            let bounds = (
                from.max(first.div_euclid(SECOND) - DAY),
                offsets.get(at + 1).map_or(last.div_euclid(SECOND) + DAY, |(next, _)| *next),
            );
            working.add(week, holidays, bounds, offset);
        }
        working
    }

    /// Adds what is open between two seconds of one offset.
    fn add(
        &mut self,
        week: &[Vec<(i64, i64)>; 7],
        holidays: &HashSet<NaiveDate>,
        (from, to): (i64, i64),
        offset: i64,
    ) {
        let local = |second: i64| DateTime::from_timestamp(second + offset, 0).map(|time| time.date_naive());
        let (Some(mut day), Some(end)) = (local(from), local(to)) else { return };
        while day <= end {
            let hours = &week[day.weekday().num_days_from_monday() as usize];
            let hours = if holidays.contains(&day) { &[][..] } else { hours };
            let midnight = midnight(day) / SECOND - offset;
            for &(opens, closes) in hours {
                let (opens, closes) = ((midnight + opens * 60).max(from), (midnight + closes * 60).min(to));
                if opens < closes {
                    let before = self.open.last().map_or(0, |last| last.before + last.to - last.from);
                    self.open.push(Stretch { from: opens * SECOND, to: closes * SECOND, before });
                }
            }
            let Some(next) = day.checked_add_days(Days::new(1)) else { return };
            day = next;
        }
    }

    /// The last stretch that begins until a moment. None for moments that are not known.
    fn at(&self, time: Micros) -> Option<Option<&Stretch>> {
        if time < self.known.0 || time > self.known.1 {
            return None;
        }
        let after = self.open.partition_point(|stretch| stretch.from <= time);
        Some(after.checked_sub(1).map(|place| &self.open[place]))
    }

    /// Working time up to a moment, since some moment before all that are known: differences of two are what counts.
    /// None for moments that are not known.
    pub fn until(&self, time: Micros) -> Option<Micros> {
        let stretch = self.at(time)?;
        Some(stretch.map_or(0, |stretch| stretch.before + time.min(stretch.to) - stretch.from))
    }

    /// Working time between two moments; less than nothing when the second is before the first.
    pub fn between(&self, from: Micros, to: Micros) -> Option<Micros> {
        Some(self.until(to)? - self.until(from)?)
    }

    /// Whether people work at a moment.
    pub fn is_open(&self, time: Micros) -> Option<bool> {
        Some(self.at(time)?.is_some_and(|stretch| time < stretch.to))
    }
}

/// A day's beginning on a clock of UTC.
fn midnight(day: NaiveDate) -> Micros {
    day.and_time(chrono::NaiveTime::MIN).and_utc().timestamp_micros()
}

/// The offsets of a zone between two moments: since which second (of UTC, since 1970), how many seconds clocks are ahead.
/// The first stands for all time before.
pub fn offsets(zone: Tz, first: Micros, last: Micros) -> Vec<(i64, i64)> {
    let offset = |second: i64| {
        let time = DateTime::from_timestamp(second, 0).unwrap_or_default();
        i64::from(zone.offset_from_utc_datetime(&time.naive_utc()).fix().local_minus_utc())
    };
    let year = |year: i32| NaiveDate::from_ymd_opt(year, 1, 1).map_or(0, midnight);
    let clamped = |time: Micros| time.clamp(year(YEARS.0), year(YEARS.1 + 1)).div_euclid(SECOND);
    let (mut day, end) = (clamped(first).div_euclid(DAY) * DAY - DAY, clamped(last) + 2 * DAY);
    let mut known = offset(day);
    let mut found = vec![(i64::MIN, known)];
    // A day has one change at most.
    while day < end {
        let next = day + DAY;
        if offset(next) != known {
            let (mut before, mut after) = (day, next);
            while after - before > 1 {
                let middle = i64::midpoint(before, after);
                if offset(middle) == known { before = middle } else { after = middle }
            }
            known = offset(after);
            found.push((after, known));
        }
        day = next;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::moment;
    use proptest::prelude::*;
    use serde_json::json;

    const MINUTE: Micros = 60 * SECOND;
    const ZONES: [&str; 5] =
        ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"];

    fn time(text: &str) -> Micros {
        moment(text).unwrap().0
    }

    fn office() -> Calendar {
        let day = json!([{"from": "09:00", "to": "12:00"}, {"from": "13:00", "to": "17:00"}]);
        serde_json::from_value(json!({
            "workingHours": {"monday": day, "tuesday": day, "wednesday": day, "thursday": day, "friday": day},
            "holidays": ["2024-05-01"],
            "timeZone": "Europe/Berlin",
        }))
        .unwrap()
    }

    fn all(calendar: &Calendar) -> WorkingTime {
        calendar.working_time(None, (0, Micros::MAX), "calendar").unwrap()
    }

    #[test]
    fn nights_breaks_weekends_and_holidays_do_not_count() {
        let working = all(&office());
        let hours =
            |from: &str, to: &str| working.between(time(from), time(to)).map(|time| time as f64 / 3.6e9);
        assert_eq!(hours("2024-04-29T07:00:00Z", "2024-04-29T15:00:00Z"), Some(7.0));
        assert_eq!(hours("2024-04-26T14:30:00Z", "2024-04-29T07:30:00Z"), Some(1.0), "over a weekend");
        assert_eq!(hours("2024-04-30T15:00:00Z", "2024-05-02T07:00:00Z"), Some(0.0), "over a holiday");
        assert_eq!(hours("2024-05-02T08:00:00Z", "2024-05-02T07:00:00Z"), Some(-1.0));
        let open =
            ["2024-05-02T06:59:59Z", "2024-05-02T07:00:00Z", "2024-05-02T10:30:00Z", "2024-05-02T15:00:00Z"];
        assert_eq!(
            open.map(|moment| working.is_open(time(moment))),
            [Some(false), Some(true), Some(false), Some(false)]
        );
        assert_eq!(working.until(time("2300-01-01")), None, "no time that is a fault");
        assert_eq!(working.until(-1), None);
    }

    #[test]
    fn what_is_no_calendar_is_refused_by_its_place() {
        let refused = |calendar: serde_json::Value| {
            let calendar: Calendar = serde_json::from_value(calendar).unwrap();
            calendar.working_time(None, (0, 1), "calendar").unwrap_err().message
        };
        assert!(refused(json!({})).contains("calendar.workingHours names no hours"));
        let hours = |from: &str, to: &str| json!({"workingHours": {"friday": [{"from": from, "to": to}]}});
        assert!(refused(hours("8", "17:00")).contains("calendar.workingHours.friday[0].from is \"8\""));
        assert!(refused(hours("08:00", "24:01")).contains("friday[0].to is \"24:01\""));
        assert!(refused(hours("22:00", "06:00")).contains("of two days"));
        let twice = json!([{"from": "08:00", "to": "12:00"}, {"from": "11:00", "to": "13:00"}]);
        assert!(
            refused(json!({"workingHours": {"sunday": twice}})).contains("sunday holds hours that overlap")
        );
        let day = json!({"monday": [{"from": "00:00", "to": "24:00"}]});
        assert!(
            refused(json!({"workingHours": day, "holidays": ["1 May"]}))
                .contains("calendar.holidays[0] is \"1 May\"")
        );
        assert!(
            refused(json!({"workingHours": day, "timeZone": "CEST"}))
                .contains("calendar.timeZone is \"CEST\"")
        );
    }

    /// Hours as a person would count them: minute by minute, by a clock on the wall.
    fn counted(calendar: &Calendar, from: Micros, to: Micros) -> Micros {
        let zone: Tz = calendar.time_zone.as_ref().unwrap().parse().unwrap();
        let week = calendar.week("calendar").unwrap();
        let off = calendar.days_off("calendar").unwrap();
        let open = |moment: &Micros| {
            use chrono::Timelike as _;
            let local =
                zone.from_utc_datetime(&DateTime::from_timestamp_micros(*moment).unwrap().naive_utc());
            let minute = i64::from(local.hour() * 60 + local.minute());
            let hours = &week[local.weekday().num_days_from_monday() as usize];
            !off.contains(&local.date_naive())
                && hours.iter().any(|(from, to)| (*from..*to).contains(&minute))
        };
        (from..to).step_by(MINUTE as usize).filter(open).count() as Micros * MINUTE
    }

    prop_compose! {
        fn hours()(mut ends in proptest::collection::btree_set(0_i64..=24 * 12, 0..6)) -> Vec<Hours> {
            if ends.len() % 2 == 1 { ends.pop_first(); }
            let text = |fives: i64| format!("{:02}:{:02}", fives / 12, fives % 12 * 5);
            let ends: Vec<i64> = ends.into_iter().collect();
            ends.chunks(2).map(|pair| Hours { from: text(pair[0]), to: text(pair[1]) }).collect()
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn working_time_is_what_counting_minutes_gives(
            days in proptest::array::uniform7(hours()),
            zone in 0..ZONES.len(),
            // Days before clocks change in one of the zones, before a day in February that is rare, and before a new year.
            day in prop_oneof![
                Just("2024-03-30"), Just("2024-10-26"), Just("2024-03-09"), Just("2024-11-02"), Just("2024-04-06"),
                Just("2024-10-05"), Just("2024-02-28"), Just("2024-12-30"),
            ],
            begins in 0_i64..24 * 60,
            lasts in 0_i64..3 * 24 * 60,
            holiday in 0_u64..5,
        ) {
            let [monday, tuesday, wednesday, thursday, friday, saturday, sunday] = days;
            let off = day.parse::<NaiveDate>().unwrap() + Days::new(holiday);
            let calendar = Calendar {
                working_hours: Week { monday, tuesday, wednesday, thursday, friday, saturday, sunday },
                holidays: vec![off.to_string()],
                time_zone: Some(ZONES[zone].into()),
            };
            prop_assume!(calendar.week("calendar").is_ok());
            let from = time(day) + begins * MINUTE;
            let to = from + lasts * MINUTE;
            let working = calendar.working_time(None, (from, to), "calendar").unwrap();
            prop_assert_eq!(working.between(from, to), Some(counted(&calendar, from, to)));
            let wider = calendar.working_time(None, (from - 40 * DAY * SECOND, to + 40 * DAY * SECOND), "calendar").unwrap();
            prop_assert_eq!(wider.between(from, to), working.between(from, to));
        }
    }
}

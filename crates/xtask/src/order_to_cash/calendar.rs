//! Working hours. All times of the log are UTC; the hours that people work in are those of their region.

use chrono::{Datelike, Days, NaiveDate, NaiveDateTime, TimeDelta, Weekday};

use super::{activity::Department, order::Region};

/// When a team works, in local time.
#[derive(Clone, Copy)]
pub(super) struct Shift {
    /// Local time minus UTC.
    offset: TimeDelta,
    /// Hours of the day.
    opens: u32,
    closes: u32,
    saturdays: bool,
}

impl Shift {
    /// Warehouses work in two shifts and on Saturdays, offices do not.
    pub(super) fn of(region: Region, department: Department) -> Self {
        let offset = TimeDelta::hours(region.utc_offset_hours());
        match department {
            Department::Logistics => Self { offset, opens: 6, closes: 22, saturdays: true },
            _ => Self { offset, opens: 8, closes: 18, saturdays: false },
        }
    }

    /// The moment when `work` of working time has passed since `from`; with none of it, the next moment at work.
    pub(super) fn after(self, from: NaiveDateTime, work: TimeDelta) -> NaiveDateTime {
        let mut local = from + self.offset;
        let mut left = work;
        loop {
            let day = local.date();
            let closes = at_hour(day, self.closes);
            if self.is_working_day(day) && local < closes {
                local = local.max(at_hour(day, self.opens));
                if left < closes - local {
                    return local + left - self.offset;
                }
                left -= closes - local;
            }
            local = at_hour(day + Days::new(1), self.opens);
        }
    }

    /// The next night at `hour` local time.
    pub(super) fn next_night(self, from: NaiveDateTime, hour: u32) -> NaiveDateTime {
        let local = from + self.offset;
        at_hour(local.date() + Days::new(1), hour) - self.offset
    }

    fn is_working_day(self, day: NaiveDate) -> bool {
        let weekend = match day.weekday() {
            Weekday::Sun => true,
            Weekday::Sat => !self.saturdays,
            _ => false,
        };
        let holiday = matches!((day.month(), day.day()), (12, 25 | 26) | (1, 1));
        !weekend && !holiday
    }
}

fn at_hour(day: NaiveDate, hour: u32) -> NaiveDateTime {
    NaiveDateTime::from(day) + TimeDelta::hours(i64::from(hour))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> NaiveDateTime {
        text.parse().unwrap()
    }

    #[test]
    fn offices_rest_at_night_and_on_weekends() {
        let office = Shift::of(Region::Americas, Department::Sales);
        // Friday 17:00 in New York is 22:00 UTC. Two hours later is Monday 09:00 there.
        assert_eq!(
            office.after(time("2023-11-03T22:00:00"), TimeDelta::hours(2)),
            time("2023-11-06T14:00:00")
        );
        assert_eq!(office.after(time("2023-11-04T12:00:00"), TimeDelta::zero()), time("2023-11-06T13:00:00"));
    }

    #[test]
    fn warehouses_work_on_saturdays_but_not_on_holidays() {
        let warehouse = Shift::of(Region::Europe, Department::Logistics);
        let saturday = time("2023-11-04T09:00:00");
        assert_eq!(warehouse.after(saturday, TimeDelta::hours(1)), time("2023-11-04T10:00:00"));
        // Christmas 2023 fell on a Monday and a Tuesday; local 06:00 is 05:00 UTC.
        assert_eq!(
            warehouse.after(time("2023-12-24T10:00:00"), TimeDelta::zero()),
            time("2023-12-27T05:00:00")
        );
    }

    #[test]
    fn long_work_spans_days() {
        let office = Shift::of(Region::Europe, Department::Finance);
        // 25 working hours from Monday 08:00 local: two days of ten hours and five more.
        assert_eq!(
            office.after(time("2023-11-06T07:00:00"), TimeDelta::hours(25)),
            time("2023-11-08T12:00:00")
        );
    }
}

//! When an activity happens in the week, so that nights and weekends do not count as delay.

use crate::log::{EventLog, Micros};

const HOUR: Micros = 3_600_000_000;
/// Hours of a week.
pub(crate) const WEEK: usize = 168;
const DAY: usize = 24;

/// The hours of the week that together hold at most this share of an activity's events are closed.
const CLOSED: f64 = 0.01;
/// With fewer events an hour of the week without any may be chance; whole days are looked at instead …
const ENOUGH_FOR_HOURS: u64 = 1000;
/// … and with fewer than this, nothing is closed.
const ENOUGH_FOR_DAYS: u64 = 50;

/// Hours of the week, Monday 0:00 first, that are open, on the clocks of the log.
#[derive(Debug, Clone)]
pub(crate) struct Calendar {
    /// Open hours before each hour of the week, and of the whole week.
    before: [Micros; WEEK + 1],
}

/// The hour of the week of a moment.
pub(crate) fn hour_of_week(time: Micros) -> usize {
    // 1970-01-01 was a Thursday.
    (time.div_euclid(HOUR) + 3 * DAY as i64).rem_euclid(WEEK as i64) as usize
}

impl Calendar {
    /// The calendar of every activity.
    pub(crate) fn of_activities(log: &EventLog) -> Vec<Self> {
        let mut hours = vec![[0_u64; WEEK]; log.names.activities.len()];
        for (&activity, &time) in log.activities.iter().zip(&log.times) {
            hours[activity as usize][hour_of_week(log.local(time))] += 1;
        }
        hours.iter().map(Self::of).collect()
    }

    fn of(events: &[u64; WEEK]) -> Self {
        let total: u64 = events.iter().sum();
        let open = match total {
            ENOUGH_FOR_HOURS.. => busy(events, 1),
            ENOUGH_FOR_DAYS.. => busy(events, DAY),
            _ => [true; WEEK],
        };
        let mut before = [0; WEEK + 1];
        for (hour, open) in open.into_iter().enumerate() {
            before[hour + 1] = before[hour] + if open { HOUR } else { 0 };
        }
        Self { before }
    }

    /// Open time between two moments.
    pub(crate) fn between(&self, from: Micros, to: Micros) -> Micros {
        self.until(to).saturating_sub(self.until(from))
    }

    /// Open time from the Monday before 1970 on; less than 0 before it.
    fn until(&self, time: Micros) -> Micros {
        let week = time.saturating_add(3 * DAY as i64 * HOUR).div_euclid(WEEK as i64 * HOUR);
        let hour = hour_of_week(time);
        let open = self.before[hour + 1] - self.before[hour];
        week * self.before[WEEK] + self.before[hour] + open.min(time.rem_euclid(HOUR))
    }
}

/// All hours but the quietest that together hold next to nothing, judged by so many hours at a time.
fn busy(events: &[u64; WEEK], hours: usize) -> [bool; WEEK] {
    let total: u64 = events.iter().sum();
    let mut parts: Vec<(u64, usize)> = events.chunks(hours).map(|part| part.iter().sum()).zip(0..).collect();
    parts.sort_unstable();
    let mut open = [true; WEEK];
    let mut held = 0;
    for (events, part) in parts {
        held += events;
        if held as f64 > CLOSED * total as f64 {
            break;
        }
        open[part * hours..(part + 1) * hours].fill(false);
    }
    open
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Friday, 1970-01-02, 00:00.
    const FRIDAY: Micros = DAY as i64 * HOUR;

    fn office(total: usize) -> Calendar {
        let mut events = [0; WEEK];
        let hours = (0..5).flat_map(|day| (8..18).map(move |hour| day * DAY + hour));
        hours.cycle().take(total).for_each(|hour| events[hour] += 1);
        Calendar::of(&events)
    }

    #[test]
    fn nights_and_weekends_do_not_count() {
        let calendar = office(1000);
        // From Friday 17:30 to Monday 8:15.
        let (from, to) = (FRIDAY + 35 * HOUR / 2, FRIDAY + 3 * DAY as i64 * HOUR + 33 * HOUR / 4);
        assert_eq!(calendar.between(from, to), 3 * HOUR / 4);
        assert_eq!(calendar.between(from, from + 7 * DAY as i64 * HOUR), 50 * HOUR);
        assert_eq!(calendar.between(from + 5 * HOUR, from + 6 * HOUR), 0);
    }

    #[test]
    fn few_events_close_whole_days_and_very_few_nothing() {
        let (from, to) = (FRIDAY + 20 * HOUR, FRIDAY + 3 * DAY as i64 * HOUR);
        assert_eq!(office(500).between(from, to), 4 * HOUR);
        assert_eq!(office(49).between(from, to), to - from);
    }
}

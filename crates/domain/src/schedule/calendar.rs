//! A cron expression in a time zone.
//!
//! Expressions are those of Vixie cron with an optional field of seconds in front, `L`, `W`, `#` and `@daily` and its like.
//! An expression that is due in every hour follows the real time: it is due whenever the wall clock shows one of its times.
//! Every other one names times of the day, and each is due once a day: one that the clock is put forward over is due right
//! after that, and one that comes twice, because the clock is put back, is due the first time.

use crate::Timestamp;
use chrono::{DateTime, LocalResult, NaiveDateTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};

/// Longest cron expression in bytes.
pub const MAX_CRON: usize = 128;
/// No zone is farther from UTC, nor leaps farther than this when it changes sides of the date line.
const FARTHEST: TimeDelta = TimeDelta::hours(26);

/// Why a schedule cannot be used; words for the client.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// The expression is not one.
    #[error(
        "schedule.cron: {0}; give five fields (minute, hour, day of month, month, day of week), or six with seconds in front"
    )]
    Cron(String),
    /// It is due at no time.
    #[error("schedule.cron is never due")]
    Never,
    /// The zone is not in the IANA database.
    #[error("schedule.timeZone is not a name of the IANA time zone database, such as Europe/Berlin or UTC")]
    TimeZone,
}

/// When a cron expression is due in a time zone.
pub struct Calendar {
    cron: Cron,
    zone: Tz,
    /// Whether it is due in every hour.
    follows_real_time: bool,
}

impl Calendar {
    /// Reads both.
    pub fn parse(cron: &str, time_zone: &str) -> Result<Self, ScheduleError> {
        if cron.len() > MAX_CRON {
            return Err(ScheduleError::Cron(format!("it is longer than {MAX_CRON} bytes")));
        }
        let parser = CronParser::builder().seconds(Seconds::Optional).year(Year::Disallowed).build();
        let cron = parser.parse(cron).map_err(|error| ScheduleError::Cron(error.to_string()))?;
        let zone = time_zone.parse().map_err(|_| ScheduleError::TimeZone)?;
        let follows_real_time = (0..24).all(|hour| cron.pattern.hour_match(hour).unwrap_or(false));
        Ok(Self { cron, zone, follows_real_time })
    }

    /// The first moment after `at`.
    pub fn next_after(&self, at: Timestamp) -> Option<Timestamp> {
        let local = self.local(at)?;
        if self.follows_real_time {
            return self.cron.find_next_occurrence(&local, false).ok().map(moment);
        }
        // Where the clock was put back, the times that come again were due before.
        self.due_from(local.naive_local()).map(moment).find(|due| *due > at)
    }

    /// The last moment not after `at`.
    pub fn last_until(&self, at: Timestamp) -> Option<Timestamp> {
        let local = self.local(at)?;
        if self.follows_real_time {
            return self.cron.find_previous_occurrence(&local, true).ok().map(moment);
        }
        let shown = local.naive_local();
        let before = self.time_until(shown).and_then(|time| self.due(time)).map(moment);
        // Where the clock was put back, later times of the wall clock were due before, too.
        let again = self.due(shown).is_some_and(|first| first < local);
        let later = again.then(|| self.due_from(shown).map(moment).take_while(|due| *due <= at).last());
        later.flatten().or(before)
    }

    /// The first moments after `at`, at most `count`.
    pub fn next_runs(&self, at: Timestamp, count: usize) -> Vec<Timestamp> {
        std::iter::successors(self.next_after(at), |run| self.next_after(*run)).take(count).collect()
    }

    /// Whether several times are due at this moment, because the clock was put forward over them.
    pub fn fell_together(&self, at: Timestamp) -> bool {
        let second = TimeDelta::seconds(1);
        let Some(local) = self.local(at).filter(|_| !self.follows_real_time) else { return false };
        let Some(before) = local.checked_sub_signed(second) else { return false };
        let last = self.time_until(local.naive_local());
        let one_before = last.and_then(|last| self.time_until(last.checked_sub_signed(second)?));
        one_before.is_some_and(|time| time > before.naive_local())
    }

    /// The whole second of `at` in the zone: what is due is due at whole seconds.
    fn local(&self, at: Timestamp) -> Option<DateTime<Tz>> {
        DateTime::from_timestamp(at.0.div_euclid(1_000_000), 0).map(|at| at.with_timezone(&self.zone))
    }

    /// When the times after this one of the wall clock are due, in order; several may be due at one moment.
    fn due_from(&self, time: NaiveDateTime) -> impl Iterator<Item = DateTime<Tz>> {
        let next = |time: &DateTime<Utc>| self.cron.find_next_occurrence(time, false).ok();
        std::iter::successors(next(&time.and_utc()), next).map_while(|time| self.due(time.naive_utc()))
    }

    /// The last time of the wall clock that the expression names, not after this one.
    fn time_until(&self, time: NaiveDateTime) -> Option<NaiveDateTime> {
        self.cron.find_previous_occurrence(&time.and_utc(), true).ok().map(|time| time.naive_utc())
    }

    /// When a time of the wall clock is due.
    fn due(&self, time: NaiveDateTime) -> Option<DateTime<Tz>> {
        match self.zone.from_local_datetime(&time) {
            LocalResult::Single(due) | LocalResult::Ambiguous(due, _) => Some(due),
            LocalResult::None => self.after_gap(time),
        }
    }

    /// The first moment after the gap in which this time lies: where the wall clock leaps over it.
    fn after_gap(&self, time: NaiveDateTime) -> Option<DateTime<Tz>> {
        let shown = |at: i64| DateTime::from_timestamp(at, 0).map(|at| at.with_timezone(&self.zone));
        let mut before = time.and_utc().checked_sub_signed(FARTHEST)?.timestamp();
        let mut after = time.and_utc().checked_add_signed(FARTHEST)?.timestamp();
        while after - before > 1 {
            let middle = before.midpoint(after);
            match shown(middle)?.naive_local() > time {
                true => after = middle,
                false => before = middle,
            }
        }
        shown(after)
    }
}

fn moment(at: DateTime<Tz>) -> Timestamp {
    Timestamp(at.timestamp().saturating_mul(1_000_000))
}

//! When a pipeline's jobs are due by themselves: a cron expression in a time zone, and where its runs stand.
//!
//! A schedule has one cursor, [`Schedule::next_at`]. A run is made by moving the cursor past its moment and queueing its job
//! in one transaction, so that each moment brings at most one job, however often the process is killed in between and
//! whatever the clock does.
//!
//! Expressions are those of Vixie cron with an optional field of seconds in front, `L`, `W`, `#` and `@daily` and its like.
//! Where the clock is put forward, a run at a fixed time inside the gap is due right after it; where it is put back, such a
//! run is due once, at the first of the two moments. Runs of every minute or hour follow the real time in both.

use crate::{Digest, JobId, Priority, Timestamp};
use chrono::DateTime;
use chrono_tz::Tz;
use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Longest cron expression, in bytes.
const MAX_CRON: usize = 128;
/// Lateness that is no downtime: a busy or just starting server.
const PUNCTUAL: Duration = Duration::from_secs(60);
/// How long after its moment a run that was missed is made up for, where the schedule does not say, in seconds.
pub const DEFAULT_CATCH_UP_SECONDS: u32 = 3600;

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

/// What happens when a run is due and the job of the run before has not ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Overlap {
    /// The run is left out.
    #[default]
    Skip,
    /// The run waits until that job has ended. One waits at a time: of several the latest is made.
    Queue,
    /// That job is cancelled.
    Replace,
    /// Both run.
    Allow,
}

impl Overlap {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Skip, Self::Queue, Self::Replace, Self::Allow];

    /// As clients write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Skip => "Skip",
            Self::Queue => "Queue",
            Self::Replace => "Replace",
            Self::Allow => "Allow",
        }
    }
}

/// Why a run was not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum SkipCode {
    /// The job of the run before had not ended.
    PreviousRunUnfinished,
    /// It was not made in time: when a server looked, the time to catch up was over or a later run was due too.
    Missed,
    /// The project's queue was full.
    QueueFull,
    /// The token with which the schedule was set may not submit any more.
    NotAllowed,
    /// A submission like it would have been refused.
    Refused,
}

impl SkipCode {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::PreviousRunUnfinished, Self::Missed, Self::QueueFull, Self::NotAllowed, Self::Refused];

    /// As clients read it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PreviousRunUnfinished => "PreviousRunUnfinished",
            Self::Missed => "Missed",
            Self::QueueFull => "QueueFull",
            Self::NotAllowed => "NotAllowed",
            Self::Refused => "Refused",
        }
    }
}

/// A run that was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduledRun {
    /// When it was due.
    pub due_at: Timestamp,
    /// Its job.
    pub job: JobId,
}

/// A run that was not made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SkippedRun {
    /// When it was due.
    pub due_at: Timestamp,
    /// Why, as a word.
    pub code: SkipCode,
    /// Why, as a sentence.
    pub reason: String,
}

/// What is due, and where its runs stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    /// The cron expression.
    pub cron: String,
    /// The name of the time zone in the IANA database.
    pub time_zone: String,
    /// What happens to a run while the one before it has not ended.
    pub overlap: Overlap,
    /// How many seconds after its moment a run is still made that was held up by anything but the run before. Less than a
    /// minute counts as a minute: a busy or just starting server is no downtime. Of several runs the latest is made.
    pub catch_up_seconds: u32,
    /// Whether it makes runs at all.
    pub enabled: bool,
    /// Parameters of its jobs, over the pipeline's: a JSON object as text.
    pub parameters: String,
    /// The priority of its jobs.
    pub priority: Priority,
    /// Who set it: `submittedBy` of its jobs.
    pub set_by: String,
    /// The hash of the token with which it was set. Its jobs are submitted with that token's rights; once it is revoked
    /// there are no more.
    pub set_with: Digest,
    /// When it was set.
    pub set_at: Timestamp,
    /// The cursor: the first moment for which no run was made or skipped; none = there will be none.
    pub next_at: Option<Timestamp>,
    /// The latest run.
    pub last_run: Option<ScheduledRun>,
    /// The latest run that was not made.
    pub last_skipped: Option<SkippedRun>,
}

/// What a look at a schedule finds due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// The latest moment that is due.
    pub at: Timestamp,
    /// The first earlier one for which nothing was done either.
    pub missed_from: Option<Timestamp>,
    /// Where the cursor stands afterwards.
    pub next: Option<Timestamp>,
}

impl Schedule {
    /// When it is due.
    pub fn calendar(&self) -> Result<Calendar, ScheduleError> {
        Calendar::parse(&self.cron, &self.time_zone)
    }

    /// Takes over what stays when this schedule replaces an earlier one: its runs, and, as long as it is due at the same
    /// times, its cursor, so that a run which is due just now is not lost.
    pub fn replaces(&mut self, earlier: &Self) {
        let times = |schedule: &Self| (schedule.enabled, schedule.cron.clone(), schedule.time_zone.clone());
        if times(self) == times(earlier) {
            self.next_at = earlier.next_at;
        }
        self.last_run = earlier.last_run.clone();
        self.last_skipped = earlier.last_skipped.clone();
    }

    /// What is due at `now`.
    pub fn due(&self, now: Timestamp) -> Result<Option<Due>, ScheduleError> {
        let Some(first) = self.next_at.filter(|next| self.enabled && *next <= now) else { return Ok(None) };
        let calendar = self.calendar()?;
        let at = calendar.last_until(now).map_or(first, |last| last.max(first));
        Ok(Some(Due { at, missed_from: (first < at).then_some(first), next: calendar.next_after(now) }))
    }

    /// Whether a run is still made so long after the moment from which it could have been.
    pub fn catches_up(&self, lateness: Duration) -> bool {
        lateness <= PUNCTUAL.max(Duration::from_secs(self.catch_up_seconds.into()))
    }
}

/// A cron expression in a time zone.
pub struct Calendar {
    cron: Cron,
    zone: Tz,
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
        Ok(Self { cron, zone })
    }

    /// The first moment after `at`.
    pub fn next_after(&self, at: Timestamp) -> Option<Timestamp> {
        self.cron.find_next_occurrence(&self.local(at)?, false).ok().map(moment)
    }

    /// The last moment not after `at`.
    pub fn last_until(&self, at: Timestamp) -> Option<Timestamp> {
        self.cron.find_previous_occurrence(&self.local(at)?, true).ok().map(moment)
    }

    /// The first moments after `at`, at most `count`.
    pub fn next_runs(&self, at: Timestamp, count: usize) -> Vec<Timestamp> {
        std::iter::successors(self.next_after(at), |run| self.next_after(*run)).take(count).collect()
    }

    /// The whole second of `at` in the zone: what is due is due at whole seconds.
    fn local(&self, at: Timestamp) -> Option<DateTime<Tz>> {
        DateTime::from_timestamp(at.0.div_euclid(1_000_000), 0).map(|at| at.with_timezone(&self.zone))
    }
}

fn moment(at: DateTime<Tz>) -> Timestamp {
    Timestamp(at.timestamp().saturating_mul(1_000_000))
}

#[cfg(test)]
mod tests;

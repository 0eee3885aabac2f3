//! When a pipeline's jobs are due by themselves: a cron expression in a time zone, and where its runs stand.
//!
//! A schedule has one cursor, [`Schedule::next_at`]. A run is made by moving the cursor past its moment and queueing its job
//! in one transaction, so that each moment brings at most one job, however often the process is killed in between and
//! whatever the clock does.
//!
//! When that is, and what becomes of it where the clock is changed, is the matter of the [`Calendar`].

use crate::{Digest, JobId, Priority, Timestamp};
use serde::{Deserialize, Serialize};
use std::time::Duration;

mod calendar;

pub use calendar::{Calendar, MAX_CRON, ScheduleError};

/// Lateness that is no downtime: a busy or just starting server.
const PUNCTUAL: Duration = Duration::from_secs(60);
/// How long after its moment a run that was missed is made up for, where the schedule does not say, in seconds.
pub const DEFAULT_CATCH_UP_SECONDS: u32 = 3600;

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
    /// The clock was put forward over several runs: all were due right after that, and one was made.
    ClockChange,
}

impl SkipCode {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::PreviousRunUnfinished,
        Self::Missed,
        Self::QueueFull,
        Self::NotAllowed,
        Self::Refused,
        Self::ClockChange,
    ];

    /// As clients read it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PreviousRunUnfinished => "PreviousRunUnfinished",
            Self::Missed => "Missed",
            Self::QueueFull => "QueueFull",
            Self::NotAllowed => "NotAllowed",
            Self::Refused => "Refused",
            Self::ClockChange => "ClockChange",
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
    /// Whether the clock was put forward over several runs, which makes them this one.
    pub fell_together: bool,
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
        Ok(Some(Due {
            at,
            missed_from: (first < at).then_some(first),
            fell_together: calendar.fell_together(at),
            next: calendar.next_after(now),
        }))
    }

    /// Whether a run is still made so long after the moment from which it could have been.
    pub fn catches_up(&self, lateness: Duration) -> bool {
        lateness <= PUNCTUAL.max(Duration::from_secs(self.catch_up_seconds.into()))
    }
}

#[cfg(test)]
mod tests;

//! What happened to a project's jobs in each of the latest hours. A project has so many places for hours: an hour takes that
//! of the one which lies [`KEPT_HOURS`] back, so that nobody need sweep them.

use crate::jobs::{first_wait, run_micros};
use crate::usage::UsageSums;
use fuelcell_domain::job::JobEnd;
use fuelcell_domain::{ErrorCode, Job, JobState, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Hours of a project that are kept: a week, and a day for who looks back a week from the middle of one.
pub const KEPT_HOURS: i64 = 8 * 24;

/// The UTC hour of a moment: whole hours since 1970-01-01T00:00Z.
pub fn utc_hour(at: Timestamp) -> i64 {
    const MICROS_PER_HOUR: i64 = 3600 * 1_000_000;
    at.0.div_euclid(MICROS_PER_HOUR)
}

/// The place of an hour among those that are kept.
pub fn place_of(hour: i64) -> i64 {
    hour.rem_euclid(KEPT_HOURS)
}

/// Times, counted by how long they are: four steps to each doubling.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spread(BTreeMap<u8, u64>);

impl Spread {
    /// Counts a time.
    pub fn count(&mut self, micros: u64) {
        *self.0.entry(step_of(micros)).or_default() += 1;
    }

    /// Adds others.
    pub fn add(&mut self, other: &Self) {
        for (step, count) in &other.0 {
            *self.0.entry(*step).or_default() += count;
        }
    }

    /// How many were counted.
    pub fn total(&self) -> u64 {
        self.0.values().sum()
    }

    /// Microseconds that so many percent of the times are not longer than, up to a quarter too much; `None` of no times.
    pub fn quantile(&self, percent: u64) -> Option<u64> {
        let wanted = u128::from(self.total()) * u128::from(percent);
        let mut counted = 0_u128;
        let reaches = |(_, count): &(&u8, &u64)| {
            counted += u128::from(**count) * 100;
            counted >= wanted
        };
        self.0.iter().find(reaches).map(|(step, _)| end_of(*step))
    }
}

/// Two bits behind the first one tell times apart that have as many digits.
fn step_of(micros: u64) -> u8 {
    let micros = micros.max(1);
    let digits = micros.ilog2();
    let behind = ((u128::from(micros) << 2) >> digits) & 3;
    u8::try_from((u128::from(digits) << 2) | behind).unwrap_or(u8::MAX)
}

/// The longest time of a step.
fn end_of(step: u8) -> u64 {
    let (digits, behind) = (step >> 2, u128::from(step & 3));
    let next = ((behind + 5) << digits).div_ceil(4);
    u64::try_from(next - 1).unwrap_or(u64::MAX)
}

/// What happened in an hour.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HourFigures {
    /// The UTC hour.
    pub hour: i64,
    /// What attempts used that ended in it, and how jobs ended.
    pub sums: UsageSums,
    /// Of jobs that ended in it and had started: from when they might start to their latest start.
    pub waits: Spread,
    /// Of jobs that completed or failed in it: from their latest start to their end.
    pub runs: Spread,
    /// Failed jobs by the code of their error.
    pub failures: Vec<(ErrorCode, u64)>,
}

impl HourFigures {
    /// What has happened to a job now.
    pub fn of(job: &Job, sums: UsageSums, at: Timestamp) -> Self {
        let mut figures = Self { hour: utc_hour(at), sums, ..Self::default() };
        if job.state.is_ended()
            && let Some(started) = job.started_at
        {
            let wait = first_wait(job, started).as_micros();
            figures.waits.count(u64::try_from(wait).unwrap_or(u64::MAX));
            if job.state != JobState::Cancelled {
                figures.runs.count(run_micros(job));
            }
        }
        if let Some(JobEnd::Failed(error)) = &job.end {
            figures.failures.push((error.code, 1));
        }
        figures
    }

    /// Adds what else happened. That of a later hour takes this one's place; that of an earlier one comes too late.
    pub fn add(&mut self, other: &Self) {
        if other.hour < self.hour {
            return;
        }
        if other.hour > self.hour {
            *self = Self { hour: other.hour, ..Self::default() };
        }
        self.sums.add(&other.sums);
        self.waits.add(&other.waits);
        self.runs.add(&other.runs);
        for (code, count) in &other.failures {
            match self.failures.iter_mut().find(|(own, _)| own == code) {
                Some((_, own)) => *own += count,
                None => self.failures.push((*code, *count)),
            }
        }
        self.failures.sort_unstable_by_key(|(code, _)| *code as usize);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_apart_to_a_quarter_at_any_length() {
        for digits in 0..64 {
            for micros in [1_u64 << digits, (1 << digits) | (1 << digits >> 1), u64::MAX >> digits] {
                let end = end_of(step_of(micros));
                assert!(end >= micros && end - micros <= micros / 4, "{micros} is counted as {end}");
            }
        }
        assert_eq!(end_of(step_of(0)), 1);
    }

    #[test]
    fn so_many_percent_are_not_longer() {
        let mut spread = Spread::default();
        assert_eq!(spread.quantile(50), None);
        for micros in [1_000_000; 94].into_iter().chain([60_000_000; 6]) {
            spread.count(micros);
        }
        let near = |quantile: Option<u64>, micros: u64| {
            let found = quantile.unwrap();
            assert!((micros..=micros + micros / 4).contains(&found), "{found}");
        };
        near(spread.quantile(50), 1_000_000);
        near(spread.quantile(94), 1_000_000);
        near(spread.quantile(95), 60_000_000);
        assert_eq!(spread.total(), 100);
    }
}

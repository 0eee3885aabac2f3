//! The same work done by two programs, in processor time: what a cell costs beside native code.

use std::{fmt, process::Command, time::Duration};

use anyhow::Result;
use nix::sys::{
    resource::{UsageWho, getrusage},
    time::TimeVal,
};

use crate::process::capture;

/// The best of so many runs counts: what else the machine does can only add.
const RUNS: usize = 3;

/// Processor time of both.
pub(super) struct Comparison {
    subject: Duration,
    reference: Duration,
}

/// Runs both once to warm caches, then in turns. Includes what each spends on starting, reading and writing.
///
/// # Errors
/// When one of them fails.
pub(super) fn compare(subject: &mut Command, reference: &mut Command) -> Result<Comparison> {
    processor_time(subject)?;
    processor_time(reference)?;
    let mut best = Comparison { subject: Duration::MAX, reference: Duration::MAX };
    for _ in 0..RUNS {
        best.subject = best.subject.min(processor_time(subject)?);
        best.reference = best.reference.min(processor_time(reference)?);
    }
    Ok(best)
}

/// User and system time of one run. No other child of ours may end meanwhile: it would be counted too.
fn processor_time(command: &mut Command) -> Result<Duration> {
    let before = children()?;
    capture(command)?;
    Ok(children()?.saturating_sub(before))
}

/// Of all children that have ended and been waited for.
fn children() -> Result<Duration> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    Ok(duration(usage.user_time()) + duration(usage.system_time()))
}

fn duration(time: TimeVal) -> Duration {
    // Used time is never negative.
    let whole = |number: i64| u64::try_from(number).unwrap_or_default();
    Duration::from_secs(whole(time.tv_sec())) + Duration::from_micros(whole(time.tv_usec()))
}

impl fmt::Display for Comparison {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (subject, reference) = (self.subject.as_secs_f64(), self.reference.as_secs_f64());
        write!(formatter, "{:.2} (CPU {subject:.2} s : {reference:.2} s)", subject / reference)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_program_takes_more_processor_time_than_a_sleeping_one() {
        let mut busy = Command::new("sh");
        busy.args(["-c", "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done"]);
        let mut idle = Command::new("sleep");
        idle.arg("0.2");
        let compared = compare(&mut busy, &mut idle).unwrap();
        assert!(compared.subject > compared.reference, "{compared}");
    }

    #[test]
    fn a_program_that_fails_is_an_error() {
        assert!(compare(&mut Command::new("false"), &mut Command::new("true")).is_err());
    }
}

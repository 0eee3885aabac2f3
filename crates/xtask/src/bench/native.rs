//! The same work done by two programs, in processor time: what a cell costs beside native code.

use std::{fmt, process::Command, time::Duration};

use anyhow::{Context, Result};
use nix::sys::{
    resource::{UsageWho, getrusage},
    time::TimeVal,
};

use crate::process::capture;

/// The best of so many runs counts: what else the machine does can only add.
const RUNS: usize = 3;

/// Processor time of two programs.
pub(super) struct Comparison {
    /// Of the whole processes: what each spends on starting, too.
    pub(super) processes: Pair,
    /// Of the work alone, as the programs say.
    pub(super) work: Pair,
}

/// The same figure of both.
#[derive(Clone, Copy)]
pub(super) struct Pair {
    subject: Duration,
    reference: Duration,
}

/// What a program took: its whole process, and what it says of the work in it.
type Took = (Duration, Duration);

/// Runs both once to warm caches, then in turns. `work` reads the time of the work out of what a program printed.
///
/// # Errors
/// When one of them fails, or does not say what its work took.
pub(super) fn compare(
    subject: &mut Command,
    reference: &mut Command,
    work: impl Fn(&str) -> Option<Duration>,
) -> Result<Comparison> {
    processor_time(subject, &work)?;
    processor_time(reference, &work)?;
    let never = Pair { subject: Duration::MAX, reference: Duration::MAX };
    let mut best = Comparison { processes: never, work: never };
    for _ in 0..RUNS {
        let (subject, reference) = (processor_time(subject, &work)?, processor_time(reference, &work)?);
        best.processes = best.processes.least(subject.0, reference.0);
        best.work = best.work.least(subject.1, reference.1);
    }
    Ok(best)
}

/// User and system time of one run. No other child of ours may end meanwhile: it would be counted too.
fn processor_time(command: &mut Command, work: impl Fn(&str) -> Option<Duration>) -> Result<Took> {
    let before = children()?;
    let printed = capture(command)?;
    let process = children()?.saturating_sub(before);
    Ok((process, work(&printed).with_context(|| format!("no processor time is told in: {printed}"))?))
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

impl Pair {
    fn least(self, subject: Duration, reference: Duration) -> Self {
        Self { subject: self.subject.min(subject), reference: self.reference.min(reference) }
    }
}

impl fmt::Display for Pair {
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
        busy.args(["-c", "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; echo 2"]);
        let mut idle = Command::new("sh");
        idle.args(["-c", "sleep 0.2; echo 1"]);
        let told = |printed: &str| printed.trim().parse().ok().map(Duration::from_secs);
        let compared = compare(&mut busy, &mut idle, told).unwrap();
        assert!(compared.processes.subject > compared.processes.reference, "{}", compared.processes);
        assert_eq!(compared.work.to_string(), "2.00 (CPU 2.00 s : 1.00 s)");
    }

    #[test]
    fn a_program_that_fails_is_an_error() {
        let told = |_: &str| Some(Duration::ZERO);
        assert!(compare(&mut Command::new("false"), &mut Command::new("true"), told).is_err());
        let silent = |_: &str| None;
        assert!(compare(&mut Command::new("true"), &mut Command::new("true"), silent).is_err());
    }
}

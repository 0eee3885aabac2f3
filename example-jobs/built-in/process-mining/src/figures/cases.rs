//! How long cases take.

use super::stats::{SECOND, deviation, quantile};
use crate::log::{EventLog, Micros};

/// Durations of all cases, in microseconds.
#[derive(Debug)]
pub struct Durations {
    /// Ascending.
    pub ascending: Vec<Micros>,
}

impl Durations {
    /// From the first to the last timestamp of every case.
    pub fn between_timestamps(log: &EventLog) -> Self {
        Self::measured((0..log.cases()).map(|case| log.duration(case)))
    }

    /// From the first begin to the last end of every case.
    pub fn lead_times(log: &EventLog) -> Self {
        Self::measured((0..log.cases()).map(|case| log.lead_time(case)))
    }

    /// Of these.
    pub fn measured(values: impl Iterator<Item = Micros>) -> Self {
        let mut ascending: Vec<Micros> = values.collect();
        ascending.sort_unstable();
        Self { ascending }
    }

    /// The quantile `share`, in seconds.
    pub fn quantile(&self, share: f64) -> f64 {
        quantile(&self.ascending, share) / SECOND
    }

    /// Population standard deviation, in seconds.
    pub fn deviation(&self) -> f64 {
        deviation(&self.ascending) / SECOND
    }

    /// Arithmetic mean, in seconds. 0 without cases.
    pub fn mean(&self) -> f64 {
        let sum: i128 = self.ascending.iter().map(|&duration| i128::from(duration)).sum();
        sum as f64 / self.ascending.len().max(1) as f64 / SECOND
    }

    /// Tukey's upper fence, third quartile + 1.5 × interquartile range, in seconds.
    pub fn upper_fence(&self) -> f64 {
        let (first, third) = (self.quantile(0.25), self.quantile(0.75));
        third + 1.5 * (third - first)
    }

    /// How many cases took longer than this many seconds.
    pub fn above(&self, seconds: f64) -> u64 {
        let within = self.ascending.partition_point(|&duration| duration as f64 / SECOND <= seconds);
        (self.ascending.len() - within) as u64
    }
}

/// The cases that took longest, at most `count`, longest first; equal ones in order of the file.
pub fn longest(log: &EventLog, count: usize, measure: impl Fn(&EventLog, usize) -> Micros) -> Vec<usize> {
    let key = |case| (std::cmp::Reverse(measure(log, case)), case);
    let mut cases: Vec<_> = (0..log.cases()).map(key).collect();
    if cases.len() > count && count > 0 {
        cases.select_nth_unstable(count - 1);
        cases.truncate(count);
    }
    cases.sort_unstable();
    cases.truncate(count);
    cases.into_iter().map(|(_, case)| case).collect()
}

/// Mean time between the starts of consecutive cases, in seconds; None with fewer than two cases.
pub fn mean_interarrival(log: &EventLog) -> Option<f64> {
    let starts = log.ranges().map(|range| log.times[range.start]);
    let (first, last) = (starts.clone().min()?, starts.max()?);
    let gaps = log.cases().checked_sub(1).filter(|&gaps| gaps > 0)?;
    Some((last - first) as f64 / SECOND / gaps as f64)
}

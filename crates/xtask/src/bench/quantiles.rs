//! Durations of many equal things.

use std::{fmt, time::Duration};

/// Sorted durations.
pub(super) struct Quantiles(Vec<Duration>);

impl Quantiles {
    pub(super) fn of(mut durations: Vec<Duration>) -> Self {
        durations.sort_unstable();
        Self(durations)
    }

    /// The smallest duration that at least `percent` of 100 do not exceed (nearest rank); zero when there is none.
    fn at(&self, percent: usize) -> Duration {
        let rank = (self.0.len() * percent).div_ceil(100);
        self.0.get(rank.saturating_sub(1)).copied().unwrap_or_default()
    }

    /// How many of them fit into a second, one after the other.
    pub(super) fn rate(&self) -> f64 {
        self.0.len() as f64 / self.0.iter().sum::<Duration>().as_secs_f64()
    }
}

impl fmt::Display for Quantiles {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = |percent| self.at(percent).as_secs_f64() * 1e3;
        write!(formatter, "p50 {:.2} ms, p99 {:.2} ms ({} times)", millis(50), millis(99), self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_nearest_ranks() {
        let quantiles = Quantiles::of((1..=200).rev().map(Duration::from_millis).collect());
        assert_eq!(quantiles.at(50), Duration::from_millis(100));
        assert_eq!(quantiles.at(99), Duration::from_millis(198));
        assert_eq!(Quantiles::of(Vec::new()).at(99), Duration::ZERO);
    }

    #[test]
    fn a_rate_is_per_second_of_work() {
        let quantiles = Quantiles::of(vec![Duration::from_millis(10), Duration::from_millis(30)]);
        assert!((quantiles.rate() - 50.0).abs() < 1e-9);
    }
}

//! How long each tier of the tests took, to see which one grows.

use std::{
    fmt::Write as _,
    time::{Duration, Instant},
};

/// The tiers that have run so far, in their order.
#[derive(Default)]
pub(crate) struct Tiers {
    taken: Vec<(&'static str, Duration)>,
}

impl Tiers {
    /// Runs a tier and notes its time, whatever comes of it.
    pub(crate) fn time<T>(&mut self, tier: &'static str, work: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let result = work();
        self.taken.push((tier, start.elapsed()));
        result
    }

    /// One line with the minutes of each, and of all.
    pub(crate) fn summary(&self) -> String {
        let mut line = "minutes:".to_owned();
        for (tier, taken) in &self.taken {
            // Writing to a String cannot fail.
            let _ = write!(line, " {tier} {:.1},", minutes(*taken));
        }
        let all = self.taken.iter().map(|(_, taken)| *taken).sum();
        let _ = write!(line, " all {:.1}", minutes(all));
        line
    }
}

fn minutes(taken: Duration) -> f64 {
    taken.as_secs_f64() / 60.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_names_each_tier_and_their_sum() {
        let tiers =
            Tiers { taken: vec![("lints", Duration::from_secs(90)), ("tests", Duration::from_secs(120))] };
        assert_eq!(tiers.summary(), "minutes: lints 1.5, tests 2.0, all 3.5");
    }
}

//! Where ticks stand: round numbers and turns of the calendar, as plotters finds them.

use plotters::coord::ranged1d::{BoldPoints, Ranged};
use plotters::coord::types::{IntoMonthly, IntoYearly, RangedCoordf64, RangedDateTime};

use crate::text::time;

/// At most so many round numbers from `low` to `high`.
pub(super) fn numbers(low: f64, high: f64, wanted: usize) -> Vec<f64> {
    let largest = low.abs().max(high.abs());
    let width = high - low;
    if width.is_nan() || width <= 1e-10 * largest {
        return vec![low];
    }
    // The library compares with an absolute error: so it gets numbers of the size of one.
    let size = 10_f64.powf(largest.log10().floor());
    // What lies at an end is within, however it is rounded.
    let room = 1e-9 * width / size;
    let points = RangedCoordf64::from(low / size - room..high / size + room).key_points(BoldPoints(wanted));
    match points[..] {
        [first, second, ..] => {
            let step = Step::nearest((second - first) * size);
            points.iter().map(|point| step.times((point * size / step.times(1.0)).round())).collect()
        }
        _ => points.into_iter().map(|point| point * size).collect(),
    }
}

/// One digit and a power of ten, kept apart so that its multiples are the numbers nearest to what is meant: 0.3, and not
/// 3 × 0.1.
struct Step {
    digit: f64,
    power: i32,
}

impl Step {
    fn nearest(step: f64) -> Self {
        let power = (step.log10() + 1e-9).floor();
        Self { digit: (step / 10_f64.powf(power)).round(), power: power as i32 }
    }

    fn times(&self, number: f64) -> f64 {
        match self.power {
            ..0 => number * self.digit / 10_f64.powi(-self.power),
            power => number * self.digit * 10_f64.powi(power),
        }
    }
}

const DAY: f64 = 86_400.0;

/// At most about so many turns of years, months, days or less, in seconds since 1970.
pub(super) fn times(low: f64, high: f64, wanted: usize) -> Vec<f64> {
    let (Some(from), Some(to)) = (time(low), time(high)) else { return numbers(low, high, wanted) };
    let hint = BoldPoints(wanted);
    let points = match high - low {
        span if span < 100.0 * DAY => RangedDateTime::from(from..to).key_points(hint),
        span if span < 6.0 * 365.0 * DAY => (from..to).monthly().key_points(hint),
        _ => (from..to).yearly().key_points(hint),
    };
    points.into_iter().map(|point| point.timestamp_micros() as f64 / 1e6).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_round_whatever_their_size() {
        assert_eq!(numbers(0.0, 10.0, 6), [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]);
        for power in [-200, -12, 0, 9, 200] {
            let size = 10_f64.powi(power);
            let found: Vec<f64> =
                numbers(-size, 4.0 * size, 6).iter().map(|tick| (tick / size).round()).collect();
            assert_eq!(found, [-1.0, 0.0, 1.0, 2.0, 3.0, 4.0]);
        }
        assert_eq!(numbers(5.0, 5.0, 6), [5.0]);
        assert!(numbers(f64::NAN, 1.0, 6).len() == 1);
    }

    #[test]
    fn times_of_every_span_have_some_ticks_within() {
        for span in [0.001, 0.5, 30.0, 4000.0, 50_000.0, 5e5, 5e6, 5e7, 5e8, 5e9, 2e11] {
            for start in [-6e10, 0.0, 1_704_290_700.5] {
                let ticks = times(start, start + span, 6);
                assert!((1..=12).contains(&ticks.len()), "{span} {start}: {ticks:?}");
                assert!(ticks.is_sorted());
            }
        }
    }
}

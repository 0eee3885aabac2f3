//! Intervals by drawing again, with numbers that are always the same.

use super::{Interval, quantile_of_sorted, sorted};

/// Numbers that look random and follow from a seed: SplitMix64, G. L. Steele, D. Lea and C. H. Flood, "Fast Splittable
/// Pseudorandom Number Generators" (2014).
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// The same seed gives the same numbers.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Any number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Evenly below `bound`, which is not 0: D. Lemire, "Fast Random Integer Generation in an Interval" (2019), without
    /// his rejection; what is uneven is below 2⁻³² for any table that fits in memory.
    pub fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.number()) * bound as u128) >> 64) as usize
    }

    /// Evenly from 0 to 1.
    pub fn share(&mut self) -> f64 {
        (self.number() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Puts a list in any order: R. Durstenfeld, "Algorithm 235" (1964).
    pub fn shuffle<T>(&mut self, list: &mut [T]) {
        for last in (1..list.len()).rev() {
            list.swap(last, self.below(last + 1));
        }
    }
}

/// The percentile interval of a figure: B. Efron, "Bootstrap Methods" (1979). Draws `rounds` times as many values as there
/// are, with putting back. None with fewer than two values, or when the figure cannot be computed.
pub fn bootstrap_interval(
    values: &[f64],
    rounds: usize,
    confidence: f64,
    dice: &mut Dice,
    figure: impl Fn(&mut [f64]) -> Option<f64>,
) -> Option<Interval> {
    if values.len() < 2 {
        return None;
    }
    let mut drawn = vec![0.0; values.len()];
    let mut figures = Vec::with_capacity(rounds);
    for _ in 0..rounds {
        drawn.fill_with(|| values[dice.below(values.len())]);
        figures.push(figure(&mut drawn)?);
    }
    let figures = sorted(&figures);
    let tail = (1.0 - confidence) / 2.0;
    Some(Interval {
        low: quantile_of_sorted(&figures, tail)?,
        high: quantile_of_sorted(&figures, 1.0 - tail)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::mean;

    #[test]
    fn the_numbers_are_those_of_the_reference_implementation() {
        // splitmix64.c of Sebastiano Vigna, seed 1234567.
        let mut dice = Dice::new(1_234_567);
        assert_eq!(dice.number(), 6_457_827_717_110_365_317);
        assert_eq!(dice.number(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn the_interval_of_a_mean_is_about_that_of_the_normal_distribution() {
        let values: Vec<f64> = (0..400).map(|index| f64::from(index % 20)).collect();
        let interval =
            bootstrap_interval(&values, 2000, 0.95, &mut Dice::new(1), |drawn| mean(drawn)).unwrap();
        let reach = 1.96 * (super::super::variance(&values).unwrap() / 400.0).sqrt();
        assert!((interval.low - (9.5 - reach)).abs() < 0.05, "{interval:?}");
        assert!((interval.high - (9.5 + reach)).abs() < 0.05, "{interval:?}");
        let again = bootstrap_interval(&values, 2000, 0.95, &mut Dice::new(1), |drawn| mean(drawn)).unwrap();
        assert_eq!(interval, again);
        assert_eq!(bootstrap_interval(&[1.0], 10, 0.95, &mut Dice::new(1), |drawn| mean(drawn)), None);
    }
}

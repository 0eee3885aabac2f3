//! Means, quantiles, spread.

use serde::Serialize;

/// The values in order. What is not a number goes last.
pub fn sorted(values: &[f64]) -> Vec<f64> {
    let mut values = values.to_vec();
    values.sort_unstable_by(f64::total_cmp);
    values
}

/// A quantile of values in order, interpolated linearly: type 7 of Hyndman and Fan, "Sample Quantiles in Statistical
/// Packages" (1996), as NumPy and R have it by default. None without values.
pub fn quantile_of_sorted(values: &[f64], share: f64) -> Option<f64> {
    let last = values.len().checked_sub(1)?;
    let place = share.clamp(0.0, 1.0) * last as f64;
    let (below, above) = (place.floor() as usize, place.ceil() as usize);
    let (low, high) = (values[below], values[above]);
    Some(low + (high - low) * (place - below as f64))
}

/// The arithmetic mean. None without values.
pub fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// The variance of a sample (divided by n − 1), in two passes. None with fewer than two values.
pub fn variance(values: &[f64]) -> Option<f64> {
    let centre = mean(values).filter(|_| values.len() > 1)?;
    let squares: f64 = values.iter().map(|value| (value - centre).powi(2)).sum();
    Some(squares / (values.len() - 1) as f64)
}

/// How values are spread.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Summary {
    /// How many there are; never 0.
    pub count: usize,
    /// Their sum.
    pub sum: f64,
    /// Their mean.
    pub mean: f64,
    /// The standard deviation of a sample; None for one value.
    pub standard_deviation: Option<f64>,
    /// The smallest.
    pub min: f64,
    /// The first quartile.
    pub q1: f64,
    /// The one in the middle.
    pub median: f64,
    /// The third quartile.
    pub q3: f64,
    /// Nine of ten are smaller.
    pub p90: f64,
    /// 95 of 100 are smaller.
    pub p95: f64,
    /// 99 of 100 are smaller.
    pub p99: f64,
    /// The largest.
    pub max: f64,
}

impl Summary {
    /// The spread of values. None without values.
    pub fn of(values: &[f64]) -> Option<Self> {
        let ordered = sorted(values);
        let at = |share| quantile_of_sorted(&ordered, share);
        Some(Self {
            count: values.len(),
            sum: values.iter().sum(),
            mean: mean(values)?,
            standard_deviation: variance(values).map(f64::sqrt),
            min: at(0.0)?,
            q1: at(0.25)?,
            median: at(0.5)?,
            q3: at(0.75)?,
            p90: at(0.9)?,
            p95: at(0.95)?,
            p99: at(0.99)?,
            max: at(1.0)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::near::assert_near;

    #[test]
    fn quantiles_are_those_of_numpy() {
        // numpy.quantile([3, 1, 4, 1, 5, 9, 2, 6], [.1, .25, .5, .9, .95])
        let ordered = sorted(&[3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0, 6.0]);
        let expected = [(0.1, 1.0), (0.25, 1.75), (0.5, 3.5), (0.9, 6.9), (0.95, 7.949_999_999_999_999)];
        for (share, value) in expected {
            assert_near(quantile_of_sorted(&ordered, share).unwrap(), value);
        }
        assert_eq!(quantile_of_sorted(&[], 0.5), None);
        assert_eq!(quantile_of_sorted(&[7.0], 0.99), Some(7.0));
    }

    #[test]
    fn a_summary_of_nothing_is_none_and_of_one_value_has_no_spread() {
        assert_eq!(Summary::of(&[]), None);
        let one = Summary::of(&[2.0]).unwrap();
        assert_eq!((one.standard_deviation, one.median, one.p99), (None, 2.0, 2.0));
        // numpy.var([1, 2, 4, 8], ddof=1)
        assert_near(variance(&[1.0, 2.0, 4.0, 8.0]).unwrap(), 9.583_333_333_333_334);
    }
}

//! Statistics over plain slices. Each function names the source of its formula; the tests hold values of SciPy 1.17 and
//! statsmodels 0.15 for the same data.
//!
//! Missing values are left out by the caller: no function here knows them.

mod bootstrap;
mod changes;
mod corrected;
mod means;
mod proportions;
mod quantiles;
mod ranks;
mod strata;
mod tables;

pub use bootstrap::{Dice, bootstrap_interval};
pub use changes::{Change, most_likely_change};
pub use corrected::benjamini_hochberg;
pub use means::welch_reach;
pub use proportions::{clopper_pearson, rate_difference_interval, wilson};
pub use quantiles::{Summary, mean, quantile_of_sorted, sorted, variance};
pub use ranks::{RankTest, Ranked, cliffs_delta, kruskal_wallis, rank_sum};
pub use strata::{Adjusted, within_strata};
pub use tables::{OddsRatio, Table, chi_squared, cramers_v, fisher_exact, odds_ratio, share_explained};

use statrs::function::erf::erfc;

/// Both ends of an interval.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// The probability that a standard normal value is at least as far from 0 as `z`.
pub fn two_sided(z: f64) -> f64 {
    erfc(z.abs() / std::f64::consts::SQRT_2)
}

/// The value below which a standard normal one lies with this probability.
pub(crate) fn normal_quantile(probability: f64) -> f64 {
    use statrs::distribution::{ContinuousCDF as _, Normal};
    Normal::standard().inverse_cdf(probability)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::near::assert_near;

    #[test]
    fn tails_of_the_normal_distribution_are_those_of_scipy() {
        // 2 * scipy.stats.norm.sf(z)
        let cases = [
            (0.5, 0.617_075_077_451_973_8),
            (1.96, 0.049_995_790_296_440_87),
            (-5.0, 5.733_031_437_583_866e-7),
            (20.0, 5.507_248_237_212_311e-89),
            (37.0, 1.145_114_244_504_785_3e-299),
        ];
        for (z, expected) in cases {
            assert_near(two_sided(z), expected);
        }
    }
}

//! Intervals of shares.

use statrs::distribution::{Beta, ContinuousCDF as _};

use super::{Interval, normal_quantile};

/// Wilson's score interval of a share: E. B. Wilson, "Probable Inference, the Law of Succession, and Statistical
/// Inference" (1927). None when nothing was counted.
pub fn wilson(hits: u64, total: u64, confidence: f64) -> Option<Interval> {
    let hits = hits.min(total);
    let n = (total > 0).then_some(total as f64)?;
    let z = normal_quantile(f64::midpoint(1.0, confidence));
    let share = hits as f64 / n;
    let scale = 1.0 + z * z / n;
    let centre = (share + z * z / (2.0 * n)) / scale;
    let reach = z / scale * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt();
    let low = if hits == 0 { 0.0 } else { centre - reach };
    let high = if hits == total { 1.0 } else { centre + reach };
    Some(Interval { low, high })
}

/// The exact interval of a share: C. J. Clopper and E. S. Pearson, "The Use of Confidence or Fiducial Limits Illustrated
/// in the Case of the Binomial" (1934). None when nothing was counted.
pub fn clopper_pearson(hits: u64, total: u64, confidence: f64) -> Option<Interval> {
    let hits = hits.min(total);
    let (k, n) = (hits as f64, (total > 0).then_some(total as f64)?);
    let tail = (1.0 - confidence) / 2.0;
    let quantile = |a: f64, b: f64, p: f64| Beta::new(a, b).ok().map(|beta| refined(&beta, p));
    let low = if hits == 0 { 0.0 } else { quantile(k, n - k + 1.0, tail)? };
    let high = if hits == total { 1.0 } else { quantile(k + 1.0, n - k, 1.0 - tail)? };
    Some(Interval { low, high })
}

/// The quantile of a Beta distribution to the last digits: the library's own answer is a start that bisection ends.
fn refined(beta: &Beta, probability: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    while high - low > f64::EPSILON * high {
        let middle = f64::midpoint(low, high);
        if middle <= low || middle >= high {
            break;
        }
        if beta.cdf(middle) < probability { low = middle } else { high = middle }
    }
    f64::midpoint(low, high)
}

/// The difference of two shares (first − second) with its interval: method 10 of R. G. Newcombe, "Interval Estimation for
/// the Difference Between Independent Proportions" (1998), made of two Wilson intervals. None when a group is empty.
pub fn rate_difference_interval(
    first: (u64, u64),
    second: (u64, u64),
    confidence: f64,
) -> Option<(f64, Interval)> {
    let (a, b) = (wilson(first.0, first.1, confidence)?, wilson(second.0, second.1, confidence)?);
    let (p, q) = (first.0 as f64 / first.1 as f64, second.0 as f64 / second.1 as f64);
    let difference = p - q;
    let low = difference - (p - a.low).hypot(b.high - q);
    let high = difference + (a.high - p).hypot(q - b.low);
    Some((difference, Interval { low, high }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::near::assert_near;

    #[track_caller]
    fn assert_interval(found: Option<Interval>, low: f64, high: f64) {
        let found = found.unwrap();
        assert_near(found.low, low);
        assert_near(found.high, high);
    }

    #[test]
    fn intervals_of_shares_are_those_of_statsmodels() {
        // proportion_confint(…, method="wilson" and "beta")
        assert_interval(wilson(7, 50, 0.95), 0.069_508_334_270_162_88, 0.261_861_937_105_855_37);
        assert_interval(wilson(999, 100_000, 0.95), 0.009_392_164_345_982_406, 0.010_625_481_272_611_23);
        assert_interval(wilson(3, 3, 0.95), 0.438_502_968_244_954_44, 1.0);
        assert_interval(clopper_pearson(7, 50, 0.95), 0.058_191_700_340_372_09, 0.267_396_002_497_008_4);
        assert_interval(clopper_pearson(0, 10, 0.95), 0.0, 0.308_497_107_818_760_83);
        assert_interval(
            clopper_pearson(999, 100_000, 0.95),
            0.009_382_861_709_031_458,
            0.010_625_806_643_531_743,
        );
        // confint_proportions_2indep(56, 70, 48, 80, method="newcomb")
        let (difference, interval) = rate_difference_interval((56, 70), (48, 80), 0.95).unwrap();
        assert_near(difference, 0.2);
        assert_interval(Some(interval), 0.052_431_472_402_364_98, 0.333_872_654_036_906_14);
    }

    #[test]
    fn nothing_counted_is_no_interval() {
        assert_eq!(wilson(0, 0, 0.95), None);
        assert_eq!(clopper_pearson(0, 0, 0.95), None);
        assert_eq!(rate_difference_interval((1, 2), (0, 0), 0.95), None);
    }

    #[test]
    fn none_and_all_reach_the_ends() {
        assert_eq!(wilson(0, 10, 0.95).unwrap().low, 0.0);
        assert_eq!(clopper_pearson(10, 10, 0.95).unwrap().high, 1.0);
    }
}

//! Differences of means.

use statrs::distribution::{ContinuousCDF as _, StudentsT};

/// How far the difference of two means may be off, by Student's t with unequal variances: B. L. Welch, "The Generalization of
/// Student's Problem when Several Different Population Variances are Involved" (1947). Each side is the variance of its mean
/// and the number of its values. None with fewer than two values.
pub fn welch_reach(first: (f64, usize), second: (f64, usize), confidence: f64) -> Option<f64> {
    if first.1 < 2 || second.1 < 2 {
        return None;
    }
    let of = |(variance, count): (f64, usize)| variance * variance / (count - 1) as f64;
    let variance = first.0 + second.0;
    if variance <= 0.0 {
        return Some(0.0);
    }
    let freedom = variance * variance / (of(first) + of(second));
    let t = StudentsT::new(0.0, 1.0, freedom).ok()?.inverse_cdf(f64::midpoint(1.0, confidence));
    Some(t * variance.sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::near::assert_near;
    use crate::statistics::variance;

    #[test]
    fn intervals_of_differences_are_those_of_statsmodels() {
        let of = |values: &[f64]| (variance(values).unwrap() / values.len() as f64, values.len());
        let (few, more) = (of(&[1.0, 2.0, 3.0, 4.0, 5.5]), of(&[2.0, 4.0, 8.0, 9.5, 1.0, 7.0, 3.0]));
        assert_near(
            welch_reach(few, more, 0.95).unwrap(),
            f64::midpoint(5.091_979_109_664_752, 1.434_836_252_521_894_3),
        );
        assert_eq!(welch_reach((0.0, 3), (0.0, 4), 0.95), Some(0.0));
        assert_eq!(welch_reach((1.0, 1), (1.0, 4), 0.95), None);
    }
}

//! Where a series changes its level.

use super::Ranked;

/// A change of level.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Change {
    /// The first value of the new level.
    pub at: usize,
    /// The probability of a change as clear as this one if there is none.
    pub p_value: f64,
}

/// The most likely place of one change of level in values in the order of time: A. N. Pettitt, "A Non-Parametric Approach
/// to the Change-Point Problem" (1979), with his approximation of the p-value. None with fewer than four values.
pub fn most_likely_change(values: &[f64]) -> Option<Change> {
    if values.len() < 4 {
        return None;
    }
    let ranked = Ranked::of(values);
    let n = values.len() as f64;
    let (mut sum, mut largest, mut at) = (0.0, 0.0, 1);
    for (before, rank) in ranked.ranks()[..values.len() - 1].iter().enumerate() {
        sum += rank;
        let u: f64 = 2.0 * sum - (before as f64 + 1.0) * (n + 1.0);
        if u.abs() > largest {
            (largest, at) = (u.abs(), before + 1);
        }
    }
    let p_value = 2.0 * (-6.0 * largest * largest / (n.powi(3) + n * n)).exp();
    Some(Change { at, p_value: p_value.min(1.0) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::near::assert_near;

    #[test]
    fn a_step_is_found_where_it_is() {
        // By hand: ranks 2 1 3 4 | 6 5 8 7; U after four values is 2 × 10 − 4 × 9 = −16, p = 2 exp(−6 × 256 / 576).
        let change = most_likely_change(&[2.0, 1.0, 3.0, 4.0, 16.0, 15.0, 18.0, 17.0]).unwrap();
        assert_eq!(change.at, 4);
        assert_near(change.p_value, 0.138_966_902_445_602_35);
        assert_eq!(most_likely_change(&[1.0, 2.0, 3.0]), None);
        assert_near(most_likely_change(&[5.0; 9]).unwrap().p_value, 1.0);
    }
}

//! Many tests at once.

/// Corrects p-values of many tests so that of all that stay below `q`, a share of at most `q` is expected to be false:
/// Y. Benjamini and Y. Hochberg, "Controlling the False Discovery Rate" (1995). The answer is in the order of the input;
/// what is not a number stays so and does not count as a test.
pub fn benjamini_hochberg(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).filter(|&index| !values[index].is_nan()).collect();
    order.sort_unstable_by(|&a, &b| values[b].total_cmp(&values[a]));
    let tests = order.len() as f64;
    let mut corrected = vec![f64::NAN; values.len()];
    let mut least = 1.0_f64;
    for (above, &index) in order.iter().enumerate() {
        least = least.min(values[index] * tests / (tests - above as f64));
        corrected[index] = least;
    }
    corrected
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::near::assert_near;

    #[test]
    fn corrected_values_are_those_of_statsmodels() {
        // multipletests([…], method="fdr_bh")
        let corrected = benjamini_hochberg(&[0.01, 0.04, 0.03, 0.005, 0.5, 0.03]);
        for (found, expected) in corrected.into_iter().zip([0.03, 0.048, 0.045, 0.03, 0.5, 0.045]) {
            assert_near(found, expected);
        }
    }

    #[test]
    fn no_tests_and_tests_that_could_not_be_made() {
        assert!(benjamini_hochberg(&[]).is_empty());
        let corrected = benjamini_hochberg(&[f64::NAN, 0.04]);
        assert!(corrected[0].is_nan());
        assert_near(corrected[1], 0.04);
    }
}

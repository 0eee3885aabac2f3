//! What tests compare figures with.

/// The two are equal up to 10⁻⁹ of their size.
#[track_caller]
pub(crate) fn assert_near(found: f64, expected: f64) {
    let reach = 1e-9 * expected.abs().max(f64::MIN_POSITIVE);
    assert!((found - expected).abs() <= reach, "{found:e} is not {expected:e}");
}

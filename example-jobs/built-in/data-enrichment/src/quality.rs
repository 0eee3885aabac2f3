//! The quality score and its parts.

use fuelcell_sdk::DataValidation;
use fuelcell_table_kit::Column;

use crate::profile::Profile;

#[derive(Debug)]
pub(crate) struct Quality {
    pub(crate) validation: DataValidation,
    /// 0 to 100: 100 times the sum of each part's weight and share.
    pub(crate) score: f64,
    /// Name, weight, share without fault.
    pub(crate) parts: [(&'static str, f64, f64); 4],
}

impl Quality {
    /// Completeness is the share of cells with a value, Validity that of rows which were not rejected, Uniqueness that of rows
    /// which were not removed as duplicates, Consistency that of values which are of their column's type and plausible.
    pub(crate) fn of(
        validation: DataValidation,
        before: &Profile,
        columns: &[Column],
        implausible: u64,
    ) -> Self {
        let share = |wrong: u64, of: u64| 1.0 - wrong.min(of) as f64 / of.max(1) as f64;
        let cells = before.rows * columns.len() as u64;
        let doubted: u64 =
            columns.iter().filter_map(|column| column.doubt.as_ref()).map(|doubt| doubt.rows).sum();
        let parts = [
            ("Completeness", 0.4, share(before.missing(), cells)),
            ("Validity", 0.3, share(validation.invalid, validation.total)),
            ("Uniqueness", 0.2, share(validation.duplicates_removed, validation.total)),
            ("Consistency", 0.1, share(doubted + implausible, cells)),
        ];
        let score = parts.iter().map(|(_, weight, share)| weight * share).sum::<f64>() * 100.0;
        // Down to a tenth: what is not perfect is not called so.
        Self { validation, score: (score * 10.0 + 1e-6).floor() / 10.0, parts }
    }
}

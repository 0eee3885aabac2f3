//! How well rows of a result hide among those that are equal in what may tell who is meant.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use arrow_schema::Schema;
use fuelcell_table_kit::cell;
use serde::Serialize;

use crate::chunk::Chunk;
use crate::steps::{Hiding, Step};

/// Groups that are counted at a time, at most. Of more a sample is taken, by their hashes.
const MOST: usize = 500_000;
/// Rows of a group in which nobody hides well.
const SMALL: u64 = 5;

/// What is left.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Risk {
    /// The quasi-identifiers.
    pub(crate) columns: Vec<String>,
    /// Groups of rows that are equal in them.
    pub(crate) groups: u64,
    /// k: the rows of the smallest group.
    pub(crate) smallest_group: u64,
    /// Rows in groups with fewer than five.
    pub(crate) rows_in_small_groups: u64,
    /// Their share of all rows.
    pub(crate) share_in_small_groups: f64,
    /// Whether all groups were counted; else a sample of them, and the figures are estimates.
    pub(crate) exact: bool,
}

/// Counts groups.
#[derive(Debug)]
pub(crate) struct Groups {
    names: Vec<String>,
    indexes: Vec<usize>,
    rows: HashMap<u128, u64>,
    /// Only hashes that end in so many zeros are counted.
    level: u32,
    most: usize,
}

/// The quasi-identifiers that steps name, else the columns that they generalise; without steps that hide anything none.
fn quasi_identifiers(steps: &[Step]) -> Vec<String> {
    let hiding: Vec<_> = steps
        .iter()
        .filter_map(|step| if let Step::Anonymise(step) = step { Some(step) } else { None })
        .collect();
    let mut names: Vec<String> = hiding.iter().flat_map(|step| step.quasi_identifiers.clone()).collect();
    if names.is_empty() {
        let generalised = hiding.iter().filter(|step| step.method == Hiding::Generalise);
        names = generalised.map(|step| step.column.clone()).collect();
    }
    let mut unique: Vec<String> = Vec::new();
    names.into_iter().for_each(|name| {
        if !unique.contains(&name) {
            unique.push(name);
        }
    });
    unique
}

impl Groups {
    /// None when no step asks, or none of the columns is in the result.
    pub(crate) fn new(steps: &[Step], schema: &Schema) -> Option<Self> {
        let (names, indexes): (Vec<_>, Vec<_>) = quasi_identifiers(steps)
            .into_iter()
            .filter_map(|name| schema.index_of(&name).ok().map(|at| (name, at)))
            .unzip();
        (!names.is_empty()).then(|| Self { names, indexes, rows: HashMap::new(), level: 0, most: MOST })
    }

    pub(crate) fn see(&mut self, chunk: &Chunk) {
        for row in 0..chunk.rows.num_rows() {
            let hash = self.hash(chunk, row);
            if hash.trailing_zeros() < self.level {
                continue;
            }
            *self.rows.entry(hash).or_default() += 1;
            while self.rows.len() > self.most {
                self.level += 1;
                let level = self.level;
                self.rows.retain(|hash, _| hash.trailing_zeros() >= level);
            }
        }
    }

    /// Of 128 bits: two groups do not share one.
    fn hash(&self, chunk: &Chunk, row: usize) -> u128 {
        let (mut first, mut second) = (DefaultHasher::new(), DefaultHasher::new());
        1_u8.hash(&mut second);
        for &index in &self.indexes {
            let value = cell(chunk.rows.column(index), row);
            value.hash(&mut first);
            value.hash(&mut second);
        }
        u128::from(first.finish()) << 64 | u128::from(second.finish())
    }

    /// None without rows.
    pub(crate) fn risk(self) -> Option<Risk> {
        let smallest_group = *self.rows.values().min()?;
        let small: u64 = self.rows.values().filter(|rows| **rows < SMALL).sum();
        let counted: u64 = self.rows.values().sum();
        // A sample stands for the groups that it left out.
        let scale = 1_u64 << self.level.min(63);
        Some(Risk {
            columns: self.names,
            groups: self.rows.len() as u64 * scale,
            smallest_group,
            rows_in_small_groups: small * scale,
            share_in_small_groups: small as f64 / counted as f64,
            exact: self.level == 0,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chunk::{field, schema_of};
    use arrow_array::{ArrayRef, Int64Array};
    use fuelcell_table_kit::Kind;
    use std::sync::Arc;

    #[test]
    fn a_sample_of_groups_stands_for_all() {
        let schema = schema_of(vec![field("zip", Kind::Integer)]);
        let groups = |most: usize| Groups {
            names: vec!["zip".into()],
            indexes: vec![0],
            rows: HashMap::new(),
            level: 0,
            most,
        };
        // A third of 3,000 groups has three rows, the others ten.
        let values =
            (0..3_000_i64).flat_map(|group| std::iter::repeat_n(group, if group % 3 == 0 { 3 } else { 10 }));
        let rows: ArrayRef = Arc::new(values.collect::<Int64Array>());
        let chunk = Chunk::new(vec![0; rows.len()], &schema, vec![rows]).unwrap();
        let risk = |most: usize| {
            let mut groups = groups(most);
            groups.see(&chunk);
            groups.risk().unwrap()
        };
        let exact = risk(3_000);
        assert_eq!((exact.groups, exact.smallest_group, exact.rows_in_small_groups), (3_000, 3, 3_000));
        assert!(exact.exact && (exact.share_in_small_groups - 3.0 / 23.0).abs() < 1e-12);
        let sample = risk(500);
        assert!(!sample.exact && sample.smallest_group == 3);
        assert!(sample.groups.abs_diff(3_000) < 600, "{sample:?}");
        assert!((sample.share_in_small_groups - 3.0 / 23.0).abs() < 0.05, "{sample:?}");
    }
}

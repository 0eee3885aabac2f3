//! Pairs of values that do more together than each by itself.

use super::factors::Factor;
use super::single::two_groups;
use super::target::{Group, Target};
use crate::statistics::two_sided;

/// A pair of values, and what it does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Pair {
    /// Places of the two factors.
    pub(super) factors: (usize, usize),
    /// Places of the two values.
    pub(super) values: (usize, usize),
    /// The rows with both.
    pub(super) both: Group,
    /// By how much the mean of both is more than what each adds by itself.
    pub(super) beyond: f64,
    /// The largest of three: both against the first alone, against the second alone, and what is beyond their sum. All of
    /// them must hold, so that the largest is a valid p-value (R. L. Berger, 1982).
    pub(super) p_value: f64,
}

/// All pairs of values of two factors in which all four combinations have at least `least_rows` rows.
pub(super) fn pairs(
    target: &Target,
    factors: &[Factor],
    places: (usize, usize),
    least_rows: usize,
) -> Vec<Pair> {
    let (first, second) = (&factors[places.0], &factors[places.1]);
    let width = second.labels.len() + 1;
    let mut cells = vec![Group::default(); (first.labels.len() + 1) * width];
    let (mut rows, mut columns) =
        (vec![Group::default(); first.labels.len() + 1], vec![Group::default(); width]);
    let mut everything = Group::default();
    for (row, (&a, &b)) in first.codes.iter().zip(&second.codes).enumerate() {
        let one = target.row(row);
        cells[a as usize * width + b as usize].add(&one);
        rows[a as usize].add(&one);
        columns[b as usize].add(&one);
        everything.add(&one);
    }
    let mut found = Vec::new();
    for (a, with_first) in rows[..first.labels.len()].iter().enumerate() {
        for (b, with_second) in columns[..second.labels.len()].iter().enumerate() {
            let both = cells[a * width + b];
            let (only_first, only_second) = (*with_first - both, *with_second - both);
            let neither = everything - *with_first - only_second;
            let four = [both, only_first, only_second, neither];
            if four.iter().all(|group| group.count >= least_rows) {
                found.extend(judged(target, &four).map(|(beyond, p_value)| Pair {
                    factors: places,
                    values: (a, b),
                    both,
                    beyond,
                    p_value,
                }));
            }
        }
    }
    found
}

/// None when both together are not further out than each alone, in the same direction.
fn judged(target: &Target, [both, only_first, only_second, neither]: &[Group; 4]) -> Option<(f64, f64)> {
    let mean = |group: &Group| target.mean_of(group);
    let beyond = mean(both) - mean(only_first) - mean(only_second) + mean(neither);
    let further = [only_first, only_second].map(|alone| mean(both) - mean(alone));
    if further.iter().any(|difference| difference * beyond <= 0.0) {
        return None;
    }
    let error =
        [both, only_first, only_second, neither].map(Group::variance_of_mean).iter().sum::<f64>().sqrt();
    let interaction = if error > 0.0 { two_sided(beyond / error) } else { 1.0 };
    let p_value = interaction.max(two_groups(both, only_first)).max(two_groups(both, only_second));
    Some((beyond, p_value))
}

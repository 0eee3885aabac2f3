//! A shallow tree of questions that part the rows by the target.

use serde::Serialize;

use super::factors::Factor;
use super::finding::{Condition, Place};
use super::single::two_groups;
use super::target::{Group, Target};

/// A node of the tree.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Node {
    /// Rows that come here.
    pub rows: usize,
    /// The mean of the target in them, or the share.
    pub mean: f64,
    /// The question that is asked here, and where its answers lead. None at the ends.
    pub split: Option<Box<Split>>,
}

/// A question with two answers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Split {
    /// What is asked.
    pub condition: Condition,
    /// Corrected for all questions that could have been asked here.
    pub corrected_p_value: f64,
    /// Rows of which it is true.
    pub yes: Node,
    /// The others.
    pub no: Node,
}

/// A question is asked only if its answers differ this clearly, with regard to all that could be asked (T. Hothorn,
/// K. Hornik and A. Zeileis, "Unbiased Recursive Partitioning", 2006, stop by the same rule).
const LEVEL: f64 = 0.01;

/// Grows a tree of at most `depth` questions in a row, with at least `least_rows` rows at each end: L. Breiman, J. Friedman,
/// R. Olshen and C. Stone, "Classification and Regression Trees" (1984), by the decrease of the variance.
pub fn grow(target: &Target, factors: &[Factor], depth: usize, least_rows: usize) -> Node {
    let rows: Vec<usize> = (0..target.values.len()).collect();
    node(target, factors, &rows, depth, least_rows)
}

fn node(target: &Target, factors: &[Factor], rows: &[usize], depth: usize, least_rows: usize) -> Node {
    let mut all = Group::default();
    rows.iter().for_each(|&row| all.add(&target.row(row)));
    let best = if depth == 0 { None } else { best_question(target, factors, rows, &all, least_rows) };
    let split = best.map(|(place, corrected_p_value)| {
        let factor = &factors[place.factor];
        let (yes, no): (Vec<usize>, Vec<usize>) =
            rows.iter().partition(|&&row| factor.codes[row] as usize == place.value);
        let condition =
            Condition { attribute: factor.name.clone(), value: factor.labels[place.value].clone() };
        let grow = |rows: &[usize]| node(target, factors, rows, depth - 1, least_rows);
        Box::new(Split { condition, corrected_p_value, yes: grow(&yes), no: grow(&no) })
    });
    Node { rows: rows.len(), mean: target.mean_of(&all), split }
}

fn best_question(
    target: &Target,
    factors: &[Factor],
    rows: &[usize],
    all: &Group,
    least_rows: usize,
) -> Option<(Place, f64)> {
    let mut best: Option<(f64, Place, f64)> = None;
    let (mut asked, mut less) = (0.0, false);
    for (place, factor) in factors.iter().enumerate() {
        let mut groups = vec![Group::default(); factor.labels.len() + 1];
        rows.iter().for_each(|&row| groups[factor.codes[row] as usize].add(&target.row(row)));
        for (value, group) in groups[..factor.labels.len()].iter().enumerate() {
            let rest = *all - *group;
            if group.count < least_rows || rest.count < least_rows {
                continue;
            }
            asked += 1.0;
            let gain = group.sum * group.sum / group.count as f64 + rest.sum * rest.sum / rest.count as f64;
            if best.is_none_or(|(most, ..)| gain > most) {
                best = Some((gain, Place { factor: place, value }, two_groups(group, &rest)));
                less = group.sum / (group.count as f64) < rest.sum / rest.count as f64;
            }
        }
    }
    let (_, mut place, p_value) = best?;
    // Of two values the one with more of the target is asked for; the other one parts the rows alike.
    let factor = &factors[place.factor];
    if factor.says_all_in_two() && less {
        place.value = 1 - place.value;
    }
    let corrected = (p_value * asked).min(1.0);
    (corrected <= LEVEL).then_some((place, corrected))
}

//! What moved between two groups of rows, and by how much of it because there are other rows (mix), and by how much because
//! like rows are different (rate).

use serde::Serialize;

use crate::causes::Factor;
use crate::statistics::{Interval, mean, rank_sum, variance, welch_reach};

/// Two groups compared.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// What is compared.
    pub figure: String,
    /// What the first group is.
    pub first: String,
    /// What the second group is.
    pub second: String,
    /// Rows of each.
    pub rows: (usize, usize),
    /// The mean, or the share, of each.
    pub means: (f64, f64),
    /// Second − first.
    pub change: f64,
    /// Where the change lies with 95 % confidence.
    pub interval: Option<Interval>,
    /// Of the test of Mann and Whitney.
    pub p_value: Option<f64>,
    /// The change taken apart by each attribute, the one whose values move most first.
    pub by: Vec<Decomposition>,
}

/// The change taken apart by the values of an attribute. All parts add up to the change.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Decomposition {
    /// The attribute.
    pub attribute: String,
    /// The change because values are more or less frequent.
    pub mix: f64,
    /// The change because rows of the same value are different.
    pub rate: f64,
    /// By value, the largest part first.
    pub parts: Vec<Part>,
}

/// A value's part of the change.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Part {
    /// The value.
    pub value: String,
    /// Its share of the rows in each group.
    pub shares: (f64, f64),
    /// Its mean in each group. None where a group has no such rows.
    pub means: (Option<f64>, Option<f64>),
    /// Because it is more or less frequent.
    pub mix: f64,
    /// Because its rows are different.
    pub rate: f64,
}

/// What is compared.
#[derive(Debug, Clone, Copy)]
pub struct Groups<'a> {
    /// What the figure is called.
    pub figure: &'a str,
    /// For each row the figure; NaN where there is none.
    pub values: &'a [f64],
    /// Name and rows of the first group.
    pub first: (&'a str, &'a [usize]),
    /// Name and rows of the second group.
    pub second: (&'a str, &'a [usize]),
}

/// Compares two groups. None when one of them has no figure.
pub fn compare(groups: &Groups<'_>, factors: &[Factor]) -> Option<Comparison> {
    let present = |rows: &[usize]| -> Vec<usize> {
        rows.iter().copied().filter(|&row| !groups.values[row].is_nan()).collect()
    };
    let (first, second) = (present(groups.first.1), present(groups.second.1));
    let values = |rows: &[usize]| rows.iter().map(|&row| groups.values[row]).collect::<Vec<f64>>();
    let (before, after) = (values(&first), values(&second));
    let means = (mean(&before)?, mean(&after)?);
    let change = means.1 - means.0;
    let of = |values: &[f64]| Some((variance(values)? / values.len() as f64, values.len()));
    let reach = of(&before).zip(of(&after)).and_then(|(before, after)| welch_reach(before, after, 0.95));
    let mut by: Vec<Decomposition> =
        factors.iter().map(|factor| decompose(factor, groups.values, &first, &second)).collect();
    // What a value adds beyond its share of the rows; the largest of an attribute, so that many values weigh no more.
    let weight = |decomposition: &Decomposition| {
        let beyond =
            |part: &Part| (part.mix + part.rate - change * f64::midpoint(part.shares.0, part.shares.1)).abs();
        decomposition.parts.iter().map(beyond).fold(0.0, f64::max)
    };
    by.sort_by(|a, b| weight(b).total_cmp(&weight(a)));
    Some(Comparison {
        figure: groups.figure.to_string(),
        first: groups.first.0.to_string(),
        second: groups.second.0.to_string(),
        rows: (before.len(), after.len()),
        means,
        change,
        interval: reach.map(|reach| Interval { low: change - reach, high: change + reach }),
        p_value: rank_sum(&after, &before).map(|test| test.p_value),
        by,
    })
}

#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    count: f64,
    sum: f64,
}

impl Sum {
    fn mean(&self) -> Option<f64> {
        (self.count > 0.0).then(|| self.sum / self.count)
    }
}

/// The decomposition of E. M. Kitagawa, "Components of a Difference Between Two Rates" (1955): the mix of a value is the
/// change of its share times how far its mean (of both groups) is from that of all, its rate the change of its mean times
/// its share (of both groups). A value that one group has not is all mix.
fn decompose(factor: &Factor, values: &[f64], first: &[usize], second: &[usize]) -> Decomposition {
    let sums = |rows: &[usize]| {
        let mut sums = vec![Sum::default(); factor.labels.len() + 1];
        for &row in rows {
            let sum = &mut sums[factor.codes[row] as usize];
            sum.count += 1.0;
            sum.sum += values[row];
        }
        sums
    };
    let (before, after) = (sums(first), sums(second));
    let whole = |sums: &[Sum]| {
        let (count, sum) = sums.iter().fold((0.0, 0.0), |(c, s), one| (c + one.count, s + one.sum));
        sum / count
    };
    let centre = f64::midpoint(whole(&before), whole(&after));
    let mut parts = Vec::new();
    for (place, (old, new)) in before.iter().zip(&after).enumerate() {
        let Some(known) = old.mean().or(new.mean()) else { continue };
        let (old_mean, new_mean) = (old.mean().unwrap_or(known), new.mean().unwrap_or(known));
        let shares = (old.count / first.len() as f64, new.count / second.len() as f64);
        let value = factor.labels.get(place).map_or("(other)", String::as_str).to_string();
        parts.push(Part {
            value,
            shares,
            means: (old.mean(), new.mean()),
            mix: (shares.1 - shares.0) * (f64::midpoint(old_mean, new_mean) - centre),
            rate: (new_mean - old_mean) * f64::midpoint(shares.0, shares.1),
        });
    }
    parts.sort_by(|a, b| (b.mix + b.rate).abs().total_cmp(&(a.mix + a.rate).abs()));
    Decomposition {
        attribute: factor.name.clone(),
        mix: parts.iter().map(|part| part.mix).sum(),
        rate: parts.iter().map(|part| part.rate).sum(),
        parts,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causes::{Factor, Known};
    use crate::frame::{Categories, Column, Values};
    use crate::near::assert_near;
    use crate::statistics::Dice;

    fn factor(names: &[&str]) -> Factor {
        let values = Values::Categories(Categories::of(names.iter().map(|name| Some(*name))));
        Factor::of(&Column { name: "a".into(), values }, Known::AtStart, 1).unwrap()
    }

    #[test]
    fn only_the_mix_moves() {
        let factor = factor(&["x", "x", "x", "y", "x", "y", "y", "y"]);
        let values = [1.0, 1.0, 1.0, 5.0, 1.0, 5.0, 5.0, 5.0];
        let groups = Groups {
            figure: "f",
            values: &values,
            first: ("before", &[0, 1, 2, 3]),
            second: ("after", &[4, 5, 6, 7]),
        };
        let found = compare(&groups, &[factor]).unwrap();
        assert_near(found.change, 2.0);
        assert_near(found.by[0].mix, 2.0);
        assert_eq!(found.by[0].rate, 0.0);
    }

    #[test]
    fn parts_add_up_to_the_change_whatever_the_groups_hold() {
        let mut dice = Dice::new(5);
        for _ in 0..50 {
            let names: Vec<&str> = (0..60).map(|_| ["a", "b", "c", "d"][dice.below(4)]).collect();
            let values: Vec<f64> = (0..60).map(|_| dice.share() * 100.0).collect();
            let split = 1 + dice.below(58);
            let rows: Vec<usize> = (0..60).collect();
            let (first, second) = rows.split_at(split);
            let groups = Groups { figure: "f", values: &values, first: ("1", first), second: ("2", second) };
            let found = compare(&groups, &[factor(&names)]).unwrap();
            let parts: f64 = found.by[0].parts.iter().map(|part| part.mix + part.rate).sum();
            assert!((parts - found.change).abs() < 1e-9 * (1.0 + found.change.abs()));
            assert_near(found.by[0].mix + found.by[0].rate, parts);
        }
    }

    #[test]
    fn an_empty_group_is_no_comparison() {
        let groups =
            Groups { figure: "f", values: &[1.0, f64::NAN], first: ("1", &[0]), second: ("2", &[1]) };
        assert_eq!(compare(&groups, &[]), None);
    }
}

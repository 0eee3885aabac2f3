//! Comparing a group with the rest within strata, so that what the strata explain does not count.

use super::tables::chi_squared_tail;

/// What is left of a difference within strata.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Adjusted {
    /// The mean difference within strata, weighted by m × n / (m + n): N. Mantel and W. Haenszel (1959); for shares that of
    /// S. Greenland and J. M. Robins (1985).
    pub difference: f64,
    /// Two-sided.
    pub p_value: f64,
    /// The share of the group that has somebody to be compared with.
    pub compared: f64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Side {
    count: f64,
    values: f64,
    scores: f64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Stratum {
    inside: Side,
    outside: Side,
    squares: f64,
}

/// Compares the rows of a group with the others of their stratum. The test is the generalised one of Cochran, Mantel and
/// Haenszel for mean scores: J. R. Landis, E. R. Heyman and G. G. Koch, "Average Partial Association in Three-Way
/// Contingency Tables" (1978); for scores of 0 and 1 it is the one of W. G. Cochran (1954) and of Mantel and Haenszel,
/// without correction for continuity. `values` give the difference, `scores` (ranks, or the values themselves) the test.
/// None when no stratum has both.
pub fn within_strata(
    values: &[f64],
    scores: &[f64],
    inside: impl Fn(usize) -> bool,
    strata: &[u32],
) -> Option<Adjusted> {
    let size = strata.iter().max().map_or(0, |&last| last as usize + 1);
    let mut sums = vec![Stratum::default(); size];
    for (row, (&value, &score)) in values.iter().zip(scores).enumerate() {
        let stratum = &mut sums[strata[row] as usize];
        let side = if inside(row) { &mut stratum.inside } else { &mut stratum.outside };
        side.count += 1.0;
        side.values += value;
        side.scores += score;
        stratum.squares += score * score;
    }
    together(&sums)
}

fn together(strata: &[Stratum]) -> Option<Adjusted> {
    let (mut excess, mut variance, mut difference, mut weights) = (0.0, 0.0, 0.0, 0.0);
    let (mut compared, mut grouped) = (0.0, 0.0);
    for Stratum { inside, outside, squares } in strata {
        grouped += inside.count;
        if inside.count == 0.0 || outside.count == 0.0 {
            continue;
        }
        compared += inside.count;
        let all = inside.count + outside.count;
        let mean = (inside.scores + outside.scores) / all;
        let spread = if all > 1.0 { (squares - all * mean * mean).max(0.0) / (all - 1.0) } else { 0.0 };
        excess += inside.scores - inside.count * mean;
        variance += inside.count * outside.count * spread / all;
        let weight = inside.count * outside.count / all;
        difference += weight * (inside.values / inside.count - outside.values / outside.count);
        weights += weight;
    }
    if weights == 0.0 {
        return None;
    }
    let p_value = if variance > 0.0 { chi_squared_tail(excess * excess / variance, 1.0) } else { 1.0 };
    Some(Adjusted { difference: difference / weights, p_value, compared: compared / grouped })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::near::assert_near;

    #[test]
    fn scores_are_compared_as_by_the_formula() {
        // By the formula, in NumPy.
        let scores = [1.0, 4.0, 2.0, 8.0, 5.0, 7.0, 3.0, 9.0, 1.0, 2.0];
        let group = [true, true, false, true, false, false, true, true, false, false];
        let strata = [0, 0, 0, 0, 0, 0, 1, 1, 1, 1];
        let found = within_strata(&scores, &scores, |row| group[row], &strata).unwrap();
        assert_near(found.difference, 1.6);
        assert_near(found.p_value, 0.415_830_469_545_053_87);
        assert_near(found.compared, 1.0);
    }

    #[test]
    fn shares_are_compared_as_in_statsmodels() {
        // StratifiedTable(…).test_null_odds(correction=False)
        let tables = [[12, 5, 7, 14], [3, 9, 4, 20]];
        let (mut values, mut group, mut strata) = (vec![], vec![], vec![]);
        for (stratum, table) in (0_u32..).zip(tables) {
            for (cell, count) in table.into_iter().enumerate() {
                values.extend(vec![f64::from(u8::from(cell % 2 == 0)); count]);
                group.extend(vec![cell < 2; count]);
                strata.extend(vec![stratum; count]);
            }
        }
        let found = within_strata(&values, &values, |row| group[row], &strata).unwrap();
        assert_near(found.p_value, 0.030_323_472_645_473_304);
        assert_near(found.difference, 0.239_536_056_480_080_75);
    }

    #[test]
    fn a_stratum_with_one_side_says_nothing() {
        assert_eq!(within_strata(&[1.0, 2.0], &[1.0, 2.0], |_| true, &[0, 1]), None);
        let found = within_strata(&[1.0, 2.0, 9.0], &[1.0, 2.0, 9.0], |row| row != 1, &[0, 0, 1]).unwrap();
        assert_near(found.difference, -1.0);
        assert_near(found.compared, 0.5);
    }
}

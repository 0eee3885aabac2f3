//! Counted tables: tests of independence, odds, shares explained.

use statrs::function::gamma::{gamma_ur, ln_gamma};

use super::{Interval, normal_quantile};

/// Two by two counts: rows are the group and the rest, columns the hits and the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Table {
    /// Hits in the group.
    pub a: u64,
    /// Others in the group.
    pub b: u64,
    /// Hits in the rest.
    pub c: u64,
    /// Others in the rest.
    pub d: u64,
}

impl Table {
    fn total(&self) -> u64 {
        self.a + self.b + self.c + self.d
    }

    /// The smallest count that would be expected if rows and columns had nothing to do with each other.
    pub fn least_expected(&self) -> f64 {
        let rows = (self.a + self.b).min(self.c + self.d) as f64;
        let columns = (self.a + self.c).min(self.b + self.d) as f64;
        if self.total() == 0 { 0.0 } else { rows * columns / self.total() as f64 }
    }
}

/// The p-value of chi-squared.
pub(super) fn chi_squared_tail(statistic: f64, freedom: f64) -> f64 {
    if statistic <= 0.0 { 1.0 } else { gamma_ur(freedom / 2.0, statistic / 2.0) }
}

/// Pearson's test of independence of rows and columns, without correction for continuity: K. Pearson (1900). Answers with
/// the statistic and the p-value. Rows and columns that hold nothing are left out; None when fewer than two of either are
/// left.
pub fn chi_squared(counts: &[Vec<u64>]) -> Option<(f64, f64)> {
    let width = counts.iter().map(Vec::len).max()?;
    let rows: Vec<u64> = counts.iter().map(|row| row.iter().sum()).collect();
    let columns: Vec<u64> =
        (0..width).map(|column| counts.iter().filter_map(|row| row.get(column)).sum()).collect();
    let total: u64 = rows.iter().sum();
    let filled = |sums: &[u64]| sums.iter().filter(|&&sum| sum > 0).count();
    let (height, breadth) = (filled(&rows), filled(&columns));
    if height < 2 || breadth < 2 {
        return None;
    }
    let mut statistic = 0.0;
    for (row, &row_sum) in counts.iter().zip(&rows).filter(|(_, sum)| **sum > 0) {
        for (column, &column_sum) in columns.iter().enumerate().filter(|(_, sum)| **sum > 0) {
            let expected = row_sum as f64 * column_sum as f64 / total as f64;
            let seen = row.get(column).copied().unwrap_or(0) as f64;
            statistic += (seen - expected).powi(2) / expected;
        }
    }
    let freedom = ((height - 1) * (breadth - 1)) as f64;
    Some((statistic, chi_squared_tail(statistic, freedom)))
}

/// How strongly rows and columns go together, from 0 to 1: H. Cramér, "Mathematical Methods of Statistics" (1946).
pub fn cramers_v(counts: &[Vec<u64>]) -> Option<f64> {
    let (statistic, _) = chi_squared(counts)?;
    let total: u64 = counts.iter().flatten().sum();
    let height = counts.iter().filter(|row| row.iter().any(|&count| count > 0)).count();
    let width = counts.iter().map(Vec::len).max()?;
    let breadth =
        (0..width).filter(|&column| counts.iter().any(|row| row.get(column).is_some_and(|&c| c > 0))).count();
    Some((statistic / (total as f64 * (height.min(breadth) - 1) as f64)).sqrt())
}

/// The exact two-sided p-value: R. A. Fisher, "Statistical Methods for Research Workers" (1934). All tables of the same
/// margins that are no likelier than this one count.
pub fn fisher_exact(table: &Table) -> f64 {
    let (group, hits, total) = (table.a + table.b, table.a + table.c, table.total());
    let least = (group + hits).saturating_sub(total);
    let most = group.min(hits);
    let ln_choose =
        |n: u64, k: u64| ln_gamma(n as f64 + 1.0) - ln_gamma(k as f64 + 1.0) - ln_gamma((n - k) as f64 + 1.0);
    let all = ln_choose(total, group);
    let likelihood = |a: u64| ln_choose(hits, a) + ln_choose(total - hits, group - a) - all;
    // Rounding must not leave out tables that are exactly as likely.
    let limit = likelihood(table.a) + 1e-7;
    let sum: f64 = (least..=most).map(likelihood).filter(|&l| l <= limit).map(f64::exp).sum();
    sum.min(1.0)
}

/// An odds ratio with its interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OddsRatio {
    /// How many times the odds of the rest the group has.
    pub ratio: f64,
    /// Its interval.
    pub interval: Interval,
}

/// The odds ratio with Woolf's interval: B. Woolf, "On Estimating the Relation Between Blood Group and Disease" (1955).
/// A table with an empty cell has one half added to each (Haldane and Anscombe).
pub fn odds_ratio(table: &Table, confidence: f64) -> OddsRatio {
    let cells = [table.a, table.b, table.c, table.d];
    let half = if cells.contains(&0) { 0.5 } else { 0.0 };
    let [a, b, c, d] = cells.map(|count| count as f64 + half);
    let ratio = a * d / (b * c);
    let reach =
        normal_quantile(f64::midpoint(1.0, confidence)) * (1.0 / a + 1.0 / b + 1.0 / c + 1.0 / d).sqrt();
    OddsRatio {
        ratio,
        interval: Interval { low: (ratio.ln() - reach).exp(), high: (ratio.ln() + reach).exp() },
    }
}

/// The share of the variance of `values` that goes with their groups (eta squared): R. A. Fisher (1925). None when all
/// values are equal.
pub fn share_explained(values: &[f64], groups: &[usize]) -> Option<f64> {
    let centre = super::mean(values)?;
    let total: f64 = values.iter().map(|value| (value - centre).powi(2)).sum();
    let mut sums = vec![(0.0, 0.0); groups.iter().max()? + 1];
    for (value, &group) in values.iter().zip(groups) {
        sums[group].0 += value - centre;
        sums[group].1 += 1.0;
    }
    let between: f64 =
        sums.iter().filter(|(_, count)| *count > 0.0).map(|(sum, count)| sum * sum / count).sum();
    (total > 0.0).then(|| between / total)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::near::assert_near;

    #[test]
    fn independence_is_tested_as_in_scipy() {
        // scipy.stats.chi2_contingency(…, correction=False), scipy.stats.contingency.association(…)
        let counts = [vec![12, 5, 9], vec![7, 14, 3]];
        let (statistic, p_value) = chi_squared(&counts).unwrap();
        assert_near(statistic, 8.512_567_476_383_268);
        assert_near(p_value, 0.014_174_882_222_918_836);
        assert_near(cramers_v(&counts).unwrap(), 0.412_615_256_052_978_94);
        let (_, p_value) = chi_squared(&[vec![900, 100], vec![500, 400]]).unwrap();
        assert_near(p_value, 5.427_512_158_897_677e-65);
    }

    #[test]
    fn exact_values_are_those_of_scipy() {
        // scipy.stats.fisher_exact(…)
        let cases = [
            (Table { a: 8, b: 2, c: 1, d: 5 }, 0.034_965_034_965_034_975),
            (Table { a: 3, b: 1, c: 1, d: 3 }, 0.485_714_285_714_285_65),
            (Table { a: 120, b: 80, c: 60, d: 140 }, 2.298_090_340_316_982_4e-9),
            (Table { a: 0, b: 5, c: 4, d: 6 }, 0.230_769_230_769_230_78),
        ];
        for (table, expected) in cases {
            assert_near(fisher_exact(&table), expected);
        }
    }

    #[test]
    fn odds_are_those_of_statsmodels() {
        // Table2x2(…).oddsratio_confint()
        let odds = odds_ratio(&Table { a: 12, b: 5, c: 7, d: 14 }, 0.95);
        assert_near(odds.ratio, 4.8);
        assert_near(odds.interval.low, 1.204_441_293_114_933_5);
        assert_near(odds.interval.high, 19.129_201_341_489_89);
    }

    #[test]
    fn the_share_explained_is_between_over_total() {
        // By the definition, in NumPy.
        let groups = [0, 0, 0, 1, 1, 2, 2];
        let share = share_explained(&[1.0, 2.0, 4.0, 3.0, 9.0, 7.0, 8.0], &groups).unwrap();
        assert_near(share, 0.606_391_585_760_517_8);
    }

    #[test]
    fn tables_without_information() {
        assert_eq!(chi_squared(&[vec![1, 2]]), None);
        assert_eq!(chi_squared(&[vec![1, 0], vec![3, 0]]), None);
        assert_near(fisher_exact(&Table { a: 0, b: 0, c: 3, d: 4 }), 1.0);
        assert_eq!(share_explained(&[1.0, 1.0], &[0, 1]), None);
    }
}

//! Tests that compare by rank, so that a few extreme values do not decide.

use super::two_sided;

/// Values with their ranks, from which groups are compared.
#[derive(Debug, Clone)]
pub struct Ranked {
    ranks: Vec<f64>,
    /// Sum of t³ − t over all runs of t equal values.
    ties: f64,
}

impl Ranked {
    /// Ranks values from 1 on; equal ones share the mean of their ranks.
    pub fn of(values: &[f64]) -> Self {
        let mut order: Vec<usize> = (0..values.len()).collect();
        order.sort_unstable_by(|&a, &b| values[a].total_cmp(&values[b]));
        let mut ranks = vec![0.0; values.len()];
        let (mut start, mut ties) = (0, 0.0);
        while start < order.len() {
            let value = values[order[start]];
            let run = order[start..].iter().take_while(|&&index| values[index] == value).count().max(1);
            let shared = start as f64 + (run as f64 + 1.0) / 2.0;
            for &index in &order[start..start + run] {
                ranks[index] = shared;
            }
            let run_length = run as f64;
            ties += run_length * (run_length * run_length - 1.0);
            start += run;
        }
        Self { ranks, ties }
    }

    /// The rank of each value.
    pub fn ranks(&self) -> &[f64] {
        &self.ranks
    }

    /// Compares a group of `count` values with this sum of ranks with all others.
    pub fn test(&self, count: usize, sum: f64) -> Option<RankTest> {
        let (all, inside) = (self.ranks.len() as f64, count as f64);
        let outside = all - inside;
        if count == 0 || outside <= 0.0 {
            return None;
        }
        let u = sum - inside * (inside + 1.0) / 2.0;
        let expected = inside * outside / 2.0;
        let variance = inside * outside / 12.0 * (all + 1.0 - self.ties / (all * (all - 1.0)));
        let distance = ((u - expected).abs() - 0.5).max(0.0);
        let p_value = if variance > 0.0 { two_sided(distance / variance.sqrt()) } else { 1.0 };
        Some(RankTest { u, delta: u / expected - 1.0, p_value })
    }
}

/// What a comparison by rank found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RankTest {
    /// Pairs in which the value of the first group is larger; equal ones count half.
    pub u: f64,
    /// [`cliffs_delta`].
    pub delta: f64,
    /// Two-sided, 1 when all values are equal.
    pub p_value: f64,
}

/// The test of Mann and Whitney: H. B. Mann and D. R. Whitney, "On a Test of Whether One of Two Random Variables is
/// Stochastically Larger than the Other" (1947), by the normal distribution, corrected for ties and continuity. None when
/// a group is empty.
pub fn rank_sum(first: &[f64], second: &[f64]) -> Option<RankTest> {
    let together: Vec<f64> = first.iter().chain(second).copied().collect();
    let ranked = Ranked::of(&together);
    ranked.test(first.len(), ranked.ranks[..first.len()].iter().sum())
}

/// How much more often a value of the first group is larger than one of the second than smaller, from −1 to 1: N. Cliff,
/// "Dominance Statistics" (1993).
pub fn cliffs_delta(first: &[f64], second: &[f64]) -> Option<f64> {
    rank_sum(first, second).map(|test| test.delta)
}

/// Compares several groups, each given by its count and its sum of ranks: W. H. Kruskal and W. A. Wallis, "Use of Ranks in
/// One-Criterion Variance Analysis" (1952), corrected for ties. Answers with the statistic and the p-value; None with fewer
/// than two groups, or when all values are equal.
pub fn kruskal_wallis(ranked: &Ranked, groups: &[(usize, f64)]) -> Option<(f64, f64)> {
    let all = ranked.ranks.len() as f64;
    let filled = groups.iter().filter(|(count, _)| *count > 0);
    let freedom = filled.clone().count().checked_sub(1).filter(|&freedom| freedom > 0)?;
    let sum: f64 = filled.map(|&(count, sum)| sum * sum / count as f64).sum();
    let untied = 1.0 - ranked.ties / (all * (all * all - 1.0));
    if untied <= 0.0 {
        return None;
    }
    let statistic = (12.0 / (all * (all + 1.0)) * sum - 3.0 * (all + 1.0)) / untied;
    Some((statistic, super::tables::chi_squared_tail(statistic, freedom as f64)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::near::assert_near;

    const FIRST: [f64; 8] = [1.1, 2.5, 3.3, 3.3, 8.0, 9.1, 2.5, 7.7];
    const SECOND: [f64; 7] = [0.5, 2.5, 1.2, 3.3, 4.0, 1.7, 0.2];

    #[test]
    fn rank_sums_are_those_of_scipy() {
        // scipy.stats.mannwhitneyu(…, method="asymptotic")
        let test = rank_sum(&FIRST, &SECOND).unwrap();
        assert_near(test.u, 43.0);
        assert_near(test.p_value, 0.090_996_399_007_724_98);
        assert_near(test.delta, 0.535_714_285_714_285_8);
        let steps = |from: i32| (0..1000).map(|step| f64::from(from + 3 * step)).collect::<Vec<_>>();
        let test = rank_sum(&steps(0), &steps(500)).unwrap();
        assert_near(test.u, 347_361.0);
        assert_near(test.p_value, 3.063_227_158_935_585e-32);
    }

    #[test]
    fn several_groups_are_compared_as_in_scipy() {
        // scipy.stats.kruskal(…)
        let groups = [&FIRST[..], &SECOND[..], &[5.0, 6.0, 7.0, 1.0]];
        let ranked = Ranked::of(&groups.concat());
        let mut from = 0;
        let sums: Vec<(usize, f64)> = groups
            .iter()
            .map(|group| {
                from += group.len();
                (group.len(), ranked.ranks()[from - group.len()..from].iter().sum())
            })
            .collect();
        let (statistic, p_value) = kruskal_wallis(&ranked, &sums).unwrap();
        assert_near(statistic, 4.143_361_938_414_942);
        assert_near(p_value, 0.125_973_845_470_618_88);
        assert_eq!(kruskal_wallis(&ranked, &sums[..1]), None);
        assert_eq!(kruskal_wallis(&Ranked::of(&[1.0, 1.0]), &[(1, 1.5), (1, 1.5)]), None);
    }

    #[test]
    fn equal_values_differ_in_nothing() {
        let test = rank_sum(&[2.0, 2.0], &[2.0, 2.0, 2.0]).unwrap();
        assert_eq!((test.delta, test.p_value), (0.0, 1.0));
        assert_eq!(rank_sum(&[], &[1.0]), None);
        assert_eq!(cliffs_delta(&[3.0, 4.0], &[1.0, 2.0]), Some(1.0));
    }
}

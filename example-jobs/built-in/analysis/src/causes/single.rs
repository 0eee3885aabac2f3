//! Single values of attributes: does the target differ between the rows with the value and all others?

use super::factors::Factor;
use super::target::{Group, Measure, Target};
use crate::statistics::{
    Interval, Table, chi_squared, fisher_exact, kruskal_wallis, odds_ratio, rate_difference_interval,
    two_sided, welch_reach,
};

/// Below this expected count the exact test is made: W. G. Cochran, "Some Methods for Strengthening the Common χ² Tests"
/// (1954).
const LEAST_EXPECTED: f64 = 5.0;
/// Of all intervals.
pub(super) const CONFIDENCE: f64 = 0.95;

/// How much a group differs from the rest.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Contrast {
    pub(super) inside: Group,
    pub(super) outside: Group,
    pub(super) p_value: f64,
}

/// How strong an effect is.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Effect {
    /// How much more often a row of the group is above one of the rest than below, from −1 to 1.
    CliffsDelta {
        /// The effect.
        value: f64,
    },
    /// How many times the odds of the rest the group has.
    OddsRatio {
        /// The effect.
        value: f64,
        /// Where it lies with 95 % confidence.
        interval: Interval,
    },
}

/// The groups of a factor, in the order of its labels, and last that of the rare values.
pub(super) fn groups(target: &Target, factor: &Factor) -> Vec<Group> {
    let mut groups = vec![Group::default(); factor.labels.len() + 1];
    for (row, &code) in factor.codes.iter().enumerate() {
        groups[code as usize].add(&target.row(row));
    }
    groups
}

/// Compares a group with the rest.
pub(super) fn contrast(target: &Target, everything: Group, inside: Group) -> Contrast {
    let outside = everything - inside;
    let p_value = match target.measure {
        Measure::Share => {
            let table = table(target, &inside, &outside);
            if table.least_expected() < LEAST_EXPECTED {
                fisher_exact(&table)
            } else {
                let counts = [vec![table.a, table.b], vec![table.c, table.d]];
                chi_squared(&counts).map_or(1.0, |(_, p_value)| p_value)
            }
        }
        _ => target.ranked.test(inside.count, inside.ranks).map_or(1.0, |test| test.p_value),
    };
    Contrast { inside, outside, p_value }
}

fn table(target: &Target, inside: &Group, outside: &Group) -> Table {
    let (a, c) = (target.hits(inside), target.hits(outside));
    Table { a, b: inside.count as u64 - a, c, d: outside.count as u64 - c }
}

impl Contrast {
    /// Mean of the group − mean of the rest.
    pub(super) fn difference(&self, target: &Target) -> f64 {
        target.mean_of(&self.inside) - target.mean_of(&self.outside)
    }

    /// Where the difference lies: for shares by Newcombe, otherwise by Student's t for means with unequal variances
    /// (B. L. Welch, 1947).
    pub(super) fn interval(&self, target: &Target) -> Option<Interval> {
        if target.measure == Measure::Share {
            let counts = |group: &Group| (target.hits(group), group.count as u64);
            return rate_difference_interval(counts(&self.inside), counts(&self.outside), CONFIDENCE)
                .map(|(_, interval)| interval);
        }
        let of = |group: &Group| (group.variance_of_mean(), group.count);
        let reach = welch_reach(of(&self.inside), of(&self.outside), CONFIDENCE)?;
        let difference = self.difference(target);
        Some(Interval { low: difference - reach, high: difference + reach })
    }

    pub(super) fn effect(&self, target: &Target) -> Effect {
        if target.measure == Measure::Share {
            let odds = odds_ratio(&table(target, &self.inside, &self.outside), CONFIDENCE);
            return Effect::OddsRatio { value: odds.ratio, interval: odds.interval };
        }
        let test = target.ranked.test(self.inside.count, self.inside.ranks);
        Effect::CliffsDelta { value: test.map_or(0.0, |test| test.delta) }
    }
}

/// Tests whether a group differs from another one, each a part of the table, by their ranks in the whole: the statistic of
/// a permutation within the two, taken as normal.
pub(super) fn two_groups(first: &Group, second: &Group) -> f64 {
    let mut both = *first;
    both.add(second);
    let count = both.count as f64;
    if first.count == 0 || second.count == 0 {
        return 1.0;
    }
    let mean = both.ranks / count;
    let spread = (both.rank_squares - count * mean * mean).max(0.0) / (count - 1.0);
    let variance = first.count as f64 * second.count as f64 * spread / count;
    let excess = first.ranks - first.count as f64 * mean;
    if variance > 0.0 { two_sided(excess / variance.sqrt()) } else { 1.0 }
}

/// Whether the target differs between the values of a factor at all, and the share of its variance that goes with them.
pub(super) fn whole_factor(target: &Target, groups: &[Group]) -> (f64, f64) {
    let total: f64 = groups.iter().map(|group| group.squares).sum();
    let filled = groups.iter().filter(|group| group.count > 0);
    let between: f64 = filled.map(|group| group.sum * group.sum / group.count as f64).sum();
    let explained = if total > 0.0 { (between / total).clamp(0.0, 1.0) } else { 0.0 };
    let p_value = if target.measure == Measure::Share {
        let counts: Vec<Vec<u64>> = groups
            .iter()
            .map(|group| vec![target.hits(group), group.count as u64 - target.hits(group)])
            .collect();
        chi_squared(&counts).map(|(_, p_value)| p_value)
    } else {
        let sums: Vec<(usize, f64)> = groups.iter().map(|group| (group.count, group.ranks)).collect();
        kruskal_wallis(&target.ranked, &sums).map(|(_, p_value)| p_value)
    };
    (explained, p_value.unwrap_or(1.0))
}

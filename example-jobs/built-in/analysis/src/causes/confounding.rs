//! Whether a difference is only that of another attribute that goes with it.

use super::factors::Factor;
use super::finding::{Confounded, Finding};
use super::target::Target;
use crate::statistics::{Adjusted, within_strata};

/// An effect has vanished when it is not significant and less than this share of it is left.
const VANISHED: f64 = 0.3;
/// Not significant.
const LEVEL: f64 = 0.05;
/// When less than this share of a group has anybody to be compared with, the two attributes cannot be told apart.
const COMPARABLE: f64 = 0.2;

/// The attribute that leaves the least of a finding, if it leaves next to nothing. `others` are the places of the factors
/// with findings of their own.
pub(super) fn confounded(
    target: &Target,
    factors: &[Factor],
    finding: &Finding,
    others: &[usize],
) -> Option<Confounded> {
    let place = finding.places[0];
    let inside = |row: usize| factors[place.factor].codes[row] as usize == place.value;
    let mut found: Option<Confounded> = None;
    for &other in others.iter().filter(|&&other| other != place.factor) {
        let within = within_strata(&target.values, target.scores(), inside, &factors[other].codes);
        if !vanishes(within.as_ref(), finding.difference) {
            continue;
        }
        let explained = remains_within(target, &factors[other], &factors[place.factor]);
        let left = |confounded: &Confounded| confounded.difference_within.map_or(0.0, f64::abs);
        let candidate = Confounded {
            by: factors[other].name.clone(),
            difference_within: within.map(|within| within.difference),
            p_value_within: within.map(|within| within.p_value),
            explained,
        };
        let better = found
            .as_ref()
            .is_none_or(|best| (candidate.explained, -left(&candidate)) > (best.explained, -left(best)));
        if better {
            found = Some(candidate);
        }
    }
    found
}

fn vanishes(within: Option<&Adjusted>, crude: f64) -> bool {
    within.is_none_or(|within| {
        let left = within.difference / crude;
        within.compared < COMPARABLE || (within.p_value > LEVEL && left < VANISHED)
    })
}

/// Whether some value of `factor` still matters among rows that are alike in `strata`.
fn remains_within(target: &Target, factor: &Factor, strata: &Factor) -> bool {
    (0..factor.labels.len()).any(|value| {
        let inside = |row: usize| factor.codes[row] as usize == value;
        let within = within_strata(&target.values, target.scores(), inside, &strata.codes);
        within.is_some_and(|within| {
            within.compared >= COMPARABLE && within.p_value * factor.labels.len() as f64 <= LEVEL
        })
    })
}

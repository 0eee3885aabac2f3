//! Findings about nearly the same rows are one finding.

use super::factors::Factor;
use super::finding::{Finding, Place};

/// Two conditions are alike when the rows of both are at least this share of the rows of either (P. Jaccard, 1901).
const ALIKE: f64 = 0.95;
/// Only the findings that weigh most are compared.
const COMPARED: usize = 60;

/// Puts each finding about a single value to an earlier one about nearly the same rows, if there is one.
pub(super) fn merge(findings: Vec<Finding>, factors: &[Factor]) -> Vec<Finding> {
    let mut kept: Vec<Finding> = Vec::new();
    for finding in findings {
        let same = kept.iter_mut().take(COMPARED).find(|earlier| alike(earlier, &finding, factors));
        match same {
            Some(earlier) => earlier.alike.extend(finding.conditions),
            None => kept.push(finding),
        }
    }
    kept
}

fn alike(first: &Finding, second: &Finding, factors: &[Factor]) -> bool {
    let ([a], [b]) = (&first.places[..], &second.places[..]) else { return false };
    let (fewer, more) = (first.rows.min(second.rows) as f64, first.rows.max(second.rows) as f64);
    fewer / more >= ALIKE && first.difference * second.difference > 0.0 && overlap(*a, *b, factors) >= ALIKE
}

fn overlap(a: Place, b: Place, factors: &[Factor]) -> f64 {
    let codes = factors[a.factor].codes.iter().zip(&factors[b.factor].codes);
    let (mut both, mut either) = (0.0, 0.0);
    for (&first, &second) in codes {
        let (first, second) = (first as usize == a.value, second as usize == b.value);
        both += f64::from(u8::from(first && second));
        either += f64::from(u8::from(first || second));
    }
    if either > 0.0 { both / either } else { 0.0 }
}

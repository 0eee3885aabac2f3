//! Root causes: which values of attributes, and which pairs of them, go with a target.
//!
//! Every value with enough rows is tested against all other rows, and so is every pair of values that does more than each
//! by itself. The p-values of all these tests are corrected together, so that of the findings an expected share of at most
//! [`Options::false_share`] is false; on data in which nothing goes with the target, any finding at all is as rare.

mod alike;
mod confounding;
mod factors;
mod finding;
mod pairs;
mod since;
mod single;
mod target;
pub mod tree;

pub use factors::{Factor, Known, factors};
pub use finding::{Attribute, Causes, Condition, Confounded, Finding};
pub use since::Since;
pub use single::Effect;
pub use target::{Measure, Target};

use crate::frame::Micros;
use crate::statistics::{benjamini_hochberg, quantile_of_sorted, sorted};
use finding::Place;
use pairs::Pair;
use single::Contrast;

/// How findings are looked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options {
    /// The share of the findings that may be false.
    pub false_share: f64,
    /// Rows that a value needs to be looked at.
    pub least_rows: usize,
    /// Whether pairs are looked at.
    pub pairs: bool,
}

impl Options {
    /// The defaults for a table of so many rows: values of at least 1 % of the rows and no fewer than 20.
    pub fn for_rows(rows: usize) -> Self {
        Self { false_share: 0.01, least_rows: (rows / 100).max(20), pairs: true }
    }
}

/// Findings of which it is asked whether another attribute is behind them, and since when they are so.
const LOOKED_INTO: usize = 60;
/// Attributes of which pairs are made: those that explain the most.
const PAIRED: usize = 30;

/// Looks for what goes with the target. `times` are those of the rows, if they have any.
pub fn explain(target: &Target, factors: &[Factor], times: Option<&[Micros]>, options: &Options) -> Causes {
    let everything = target.everything();
    let mut singles: Vec<(Place, Contrast)> = Vec::new();
    let mut whole = Vec::new();
    for (factor, values) in factors.iter().enumerate() {
        let groups = single::groups(target, values);
        whole.push(single::whole_factor(target, &groups));
        for (value, group) in groups[..values.labels.len()].iter().enumerate() {
            let rest = everything.count - group.count;
            if group.count >= options.least_rows && rest >= options.least_rows {
                singles.push((Place { factor, value }, single::contrast(target, everything, *group)));
            }
        }
    }
    let pairs = if options.pairs { all_pairs(target, factors, &whole, options) } else { Vec::new() };
    let p_values: Vec<f64> = singles
        .iter()
        .map(|(_, contrast)| contrast.p_value)
        .chain(pairs.iter().map(|pair| pair.p_value))
        .collect();
    let corrected = benjamini_hochberg(&p_values);
    let (of_singles, of_pairs) = corrected.split_at(singles.len());

    let mut findings: Vec<Finding> = Vec::new();
    for ((place, contrast), &corrected) in singles.iter().zip(of_singles) {
        if corrected <= options.false_share && !mirrors(&findings, factors, *place, contrast, target) {
            findings.push(finding(target, factors, vec![*place], contrast, corrected));
        }
    }
    for (pair, &corrected) in
        pairs.iter().zip(of_pairs).filter(|(_, corrected)| **corrected <= options.false_share)
    {
        let contrast = Contrast { p_value: pair.p_value, ..single::contrast(target, everything, pair.both) };
        let places = [(pair.factors.0, pair.values.0), (pair.factors.1, pair.values.1)];
        let places = places.map(|(factor, value)| Place { factor, value }).to_vec();
        let beyond_both = Some(pair.beyond);
        findings.push(Finding { beyond_both, ..finding(target, factors, places, &contrast, corrected) });
    }
    findings.sort_by(|a, b| b.share_of_total.abs().total_cmp(&a.share_of_total.abs()));
    let mut findings = alike::merge(findings, factors);
    look_into(target, factors, times, &mut findings);
    Causes {
        target: target.name.clone(),
        measure: target.measure,
        rows: target.values.len(),
        mean: target.mean(),
        tests: p_values.len(),
        false_share: options.false_share,
        least_rows: options.least_rows,
        findings,
        attributes: attributes(factors, &whole),
    }
}

/// Of an attribute with two values, one says what the other says. The one that goes with more of the target is kept.
fn mirrors(
    found: &[Finding],
    factors: &[Factor],
    place: Place,
    contrast: &Contrast,
    target: &Target,
) -> bool {
    let everything_said = factors[place.factor].says_all_in_two();
    let other_is_there = found.iter().any(|finding| finding.places[0].factor == place.factor);
    everything_said && (other_is_there || contrast.difference(target) < 0.0 && place.value == 0)
}

fn all_pairs(target: &Target, factors: &[Factor], whole: &[(f64, f64)], options: &Options) -> Vec<Pair> {
    let mut places: Vec<usize> = (0..factors.len()).collect();
    places.sort_by(|&a, &b| whole[a].1.total_cmp(&whole[b].1));
    places.truncate(PAIRED);
    places.sort_unstable();
    let mut found = Vec::new();
    for (index, &first) in places.iter().enumerate() {
        for &second in &places[index + 1..] {
            found.extend(pairs::pairs(target, factors, (first, second), options.least_rows));
        }
    }
    found
}

fn finding(
    target: &Target,
    factors: &[Factor],
    places: Vec<Place>,
    contrast: &Contrast,
    corrected_p_value: f64,
) -> Finding {
    let condition = |place: &Place| Condition {
        attribute: factors[place.factor].name.clone(),
        value: factors[place.factor].labels[place.value].clone(),
    };
    let rows = contrast.inside.count;
    let difference = contrast.difference(target);
    Finding {
        conditions: places.iter().map(condition).collect(),
        alike: Vec::new(),
        known: places.iter().map(|place| factors[place.factor].known).max().unwrap_or(Known::OnTheWay),
        rows,
        share_of_rows: rows as f64 / target.values.len() as f64,
        mean: target.mean_of(&contrast.inside),
        mean_of_rest: target.mean_of(&contrast.outside),
        median: None,
        median_of_rest: None,
        difference,
        interval: contrast.interval(target),
        effect: contrast.effect(target),
        share_of_total: if target.total() == 0.0 { 0.0 } else { difference * rows as f64 / target.total() },
        beyond_both: None,
        p_value: contrast.p_value,
        corrected_p_value,
        confounded: None,
        since: None,
        places,
    }
}

/// Completes the findings that weigh most with what takes another look at all rows.
fn look_into(target: &Target, factors: &[Factor], times: Option<&[Micros]>, findings: &mut [Finding]) {
    let mut others: Vec<usize> = findings.iter().map(|finding| finding.places[0].factor).collect();
    others.sort_unstable();
    others.dedup();
    for finding in findings.iter_mut().take(LOOKED_INTO) {
        let places = finding.places.clone();
        let inside =
            |row: usize| places.iter().all(|place| factors[place.factor].codes[row] as usize == place.value);
        if target.measure != Measure::Share {
            finding.median = median(target, &inside);
            finding.median_of_rest = median(target, &|row| !inside(row));
        }
        finding.since = times.and_then(|times| since::since(target, times, inside));
        if finding.places.len() == 1 {
            finding.confounded = confounding::confounded(target, factors, finding, &others);
        }
    }
}

fn median(target: &Target, inside: &dyn Fn(usize) -> bool) -> Option<f64> {
    let values: Vec<f64> =
        (0..target.values.len()).filter(|&row| inside(row)).map(|row| target.values[row]).collect();
    quantile_of_sorted(&sorted(&values), 0.5)
}

fn attributes(factors: &[Factor], whole: &[(f64, f64)]) -> Vec<Attribute> {
    let corrected = benjamini_hochberg(&whole.iter().map(|(_, p_value)| *p_value).collect::<Vec<_>>());
    let mut attributes: Vec<Attribute> = factors
        .iter()
        .zip(whole)
        .zip(corrected)
        .map(|((factor, (share_explained, _)), corrected_p_value)| Attribute {
            name: factor.name.clone(),
            known: factor.known,
            values: factor.labels.len(),
            share_explained: *share_explained,
            corrected_p_value,
        })
        .collect();
    attributes.sort_by(|a, b| b.share_explained.total_cmp(&a.share_explained));
    attributes
}

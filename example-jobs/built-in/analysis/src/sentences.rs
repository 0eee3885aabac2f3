//! Findings as sentences with figures.

use fuelcell_report_kit::text::{date, duration, number, percent};
use serde::Serialize;

use crate::analyse::Results;
use crate::causes::{Condition, Finding, Measure};
use crate::steps::Part;

/// A sentence, and what it weighs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Sentence {
    /// The sentence.
    pub text: String,
    /// The share of the target's total that it is about; what weighs most comes first.
    pub share_of_total: f64,
}

/// Sentences that are told at most.
const MOST: usize = 12;
/// Smaller p-values are not told apart.
const SMALLEST: f64 = 1e-16;

/// A figure of a measure as people read it.
pub fn figure(measure: Measure, value: f64) -> String {
    match measure {
        Measure::Share => percent(value),
        Measure::Seconds => duration(value),
        Measure::Number => number(value),
    }
}

/// A difference of a measure. Shares differ in percentage points.
pub fn difference(measure: Measure, value: f64) -> String {
    match measure {
        Measure::Share => format!("{} points", number(value * 100.0)),
        _ => figure(measure, value),
    }
}

/// Conditions as people read them.
pub fn conditions(conditions: &[Condition]) -> String {
    let each = conditions.iter().map(|condition| format!("{} is {}", condition.attribute, condition.value));
    each.collect::<Vec<_>>().join(" and ")
}

/// A p-value as people read it.
pub fn p_value(value: f64) -> String {
    if value < SMALLEST { "p < 10⁻¹⁶".to_string() } else { format!("p = {}", number(value)) }
}

/// What a finding says, without what is known from its row in the table.
pub fn finding(measure: Measure, noun: &str, of: &str, finding: &Finding) -> String {
    let who = conditions(&finding.conditions);
    let (mean, rest) = (figure(measure, finding.mean), figure(measure, finding.mean_of_rest));
    let away = difference(measure, finding.difference.abs());
    let more = if finding.difference > 0.0 { "more" } else { "less" };
    let mut text = format!(
        "Where {who}, {of} is {mean} on average, {away} {more} than in the other {noun}s ({rest}); {}",
        share(finding.share_of_total, of)
    );
    text.push_str(&since(measure, finding));
    text
}

fn share(share: f64, of: &str) -> String {
    match share {
        share if share >= 0.0 => format!("{} of all {of} goes with it.", percent(share)),
        share => format!("all {of} would be {} more without it.", percent(-share)),
    }
}

fn since(measure: Measure, finding: &Finding) -> String {
    let Some(since) = &finding.since else { return String::new() };
    format!(
        " So since {}: before, the difference was {}, and {} from then on.",
        date(since.time as f64 / 1e6),
        difference(measure, since.difference_before),
        difference(measure, since.difference_after)
    )
}

/// Where the cases of a finding lose their time.
fn whereabouts(parts: &[Part], finding: &Finding) -> String {
    let Some(part) = parts.first().filter(|part| part.difference / finding.difference > 0.5) else {
        return String::new();
    };
    format!(" Most of it is the time before \"{}\" ({}).", part.activity, duration(part.difference))
}

/// The findings that say where there is more of the target, ranked. Those that another attribute explains are left out.
pub fn ranked(results: &Results, noun: &str) -> Vec<Sentence> {
    let mut sentences: Vec<Sentence> = Vec::new();
    let mut told: Vec<(&[Condition], Option<&str>)> = Vec::new();
    if let Some(causes) = &results.causes {
        for (place, found) in causes.findings.iter().enumerate() {
            if found.difference <= 0.0 || is_explained(found) {
                continue;
            }
            let parts = results.where_in_the_process.get(place).map_or(&[][..], Vec::as_slice);
            let text = finding(causes.measure, noun, &causes.target, found) + &whereabouts(parts, found);
            told.push((&found.conditions, parts.first().map(|part| part.activity.as_str())));
            sentences.push(Sentence { text, share_of_total: found.share_of_total });
        }
    }
    for step in &results.steps {
        let new = |found: &&Finding| {
            !told.iter().any(|(conditions, step_of)| {
                *conditions == found.conditions && *step_of == Some(step.activity.as_str())
            })
        };
        let more = step.causes.findings.iter().filter(|found| found.difference > 0.0 && !is_explained(found));
        for found in more.filter(new) {
            let of = format!("the time before \"{}\"", step.activity);
            let share_of_total = found.share_of_total * step.share_of_time;
            sentences.push(Sentence { text: finding(step.causes.measure, noun, &of, found), share_of_total });
        }
    }
    sentences.sort_by(|a, b| b.share_of_total.total_cmp(&a.share_of_total));
    sentences.truncate(MOST);
    sentences
}

fn is_explained(finding: &Finding) -> bool {
    finding.confounded.as_ref().is_some_and(|confounded| confounded.explained)
}

//! What a figure would be if something were different, by drawing cases again.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cases::{CaseTable, DURATION};
use crate::error::{Stop, excerpt, there_are};
use crate::filters::{self, Filter};
use crate::frame::Values;
use crate::statistics::{Dice, Interval, quantile_of_sorted, sorted};

/// What is different. One change at a time; several are made one after the other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum Change {
    /// The time before an activity falls away in all cases.
    RemoveStep(Step),
    /// The time before an activity becomes another one: 0.5 is half of it.
    ScaleStep(Scale),
    /// Rows that meet the conditions become a greater or a smaller share of all.
    Share(Share),
}

/// An activity of an event log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Step {
    /// Its name.
    pub activity: String,
}

/// Another time before an activity.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Scale {
    /// Its name.
    pub activity: String,
    /// How many times as long.
    #[schemars(range(min = 0, max = 1000))]
    pub factor: f64,
    /// Only for the cases that meet these conditions.
    #[serde(default, rename = "where")]
    #[schemars(length(max = 20))]
    pub conditions: Vec<Filter>,
}

/// Another share of some rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Share {
    /// Which rows.
    #[serde(rename = "where")]
    #[schemars(length(min = 1, max = 20))]
    pub conditions: Vec<Filter>,
    /// Their new share of all rows, from 0 to 1.
    #[schemars(range(min = 0, max = 1))]
    pub share: f64,
}

/// A figure as it is and as it would be.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WhatIf {
    /// What is different, as people read it.
    pub changes: Vec<String>,
    /// What is taken for granted.
    pub assumptions: Vec<String>,
    /// The figures.
    pub figures: Vec<Outcome>,
}

/// A figure as it is and as it would be.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Outcome {
    /// What it is called.
    pub figure: String,
    /// As it is.
    pub now: f64,
    /// As it would be.
    pub then: f64,
    /// Then − now.
    pub change: f64,
    /// Where the change lies with 95 % confidence, of 500 drawings.
    pub interval: Interval,
}

/// How often rows are drawn again.
const ROUNDS: usize = 500;
/// Rows that are drawn in each round, at most: enough for an interval, and no more work for a large log.
const DRAWN: usize = 20_000;

/// A figure of many rows.
type FigureOf = fn(&[f64]) -> Option<f64>;

/// Rows with another figure, and how likely each is drawn.
struct Scenario {
    then: Vec<f64>,
    weights: Vec<f64>,
    changes: Vec<String>,
    assumptions: Vec<String>,
}

/// Computes the duration of cases with the changes.
///
/// # Errors
/// `InvalidParameter` for activities and columns that are not there, and shares of rows of which there are none.
pub fn what_if(table: &CaseTable, changes: &[Change], dice: &mut Dice) -> Result<Option<WhatIf>, Stop> {
    let Some(Values::Numbers(now)) = table.frame.column(DURATION) else { return Ok(None) };
    let rows = now.len();
    let mut scenario = Scenario {
        then: now.clone(),
        weights: vec![1.0; rows],
        changes: Vec::new(),
        assumptions: vec![
            "Cases do not wait for each other: freed time makes no other case faster.".to_string(),
            format!(
                "The cases of the log are a sample of those to come; each of {ROUNDS} drawings takes {} of them with putting \
                 back.",
                rows.min(DRAWN)
            ),
        ],
    };
    for (index, change) in changes.iter().enumerate() {
        scenario.apply(table, change, &format!("whatIf[{index}]"))?;
    }
    Ok((rows > 1).then(|| scenario.drawn(now, dice)))
}

impl Scenario {
    fn apply(&mut self, table: &CaseTable, change: &Change, place: &str) -> Result<(), Stop> {
        match change {
            Change::RemoveStep(step) => {
                self.scale(table, &step.activity, 0.0, &[], &format!("{place}.removeStep"))?;
                self.changes.push(format!("no time before \"{}\"", step.activity));
                self.assumptions.push(format!(
                    "Without \"{}\" the event after it comes as long after the event before it as it now comes after \"{}\".",
                    step.activity, step.activity
                ));
            }
            Change::ScaleStep(scale) => {
                let place = format!("{place}.scaleStep");
                if !(0.0..=1000.0).contains(&scale.factor) {
                    return Err(Stop::parameter(format!(
                        "{place}.factor is {}; allowed is 0 to 1000.",
                        scale.factor
                    )));
                }
                self.scale(table, &scale.activity, scale.factor, &scale.conditions, &place)?;
                let of = described(&scale.conditions);
                self.changes
                    .push(format!("{} times the time before \"{}\"{of}", scale.factor, scale.activity));
                self.assumptions
                    .push(format!("Long and short waits for \"{}\" change alike.", scale.activity));
            }
            Change::Share(share) => self.reweigh(table, share, &format!("{place}.share"))?,
        }
        Ok(())
    }

    fn scale(
        &mut self,
        table: &CaseTable,
        activity: &str,
        factor: f64,
        conditions: &[Filter],
        place: &str,
    ) -> Result<(), Stop> {
        let Some(step) = table.steps.iter().find(|step| step.activity == activity) else {
            let steps = table.steps.iter().map(|step| step.activity.as_str());
            let (name, steps) = (excerpt(activity), there_are(steps));
            return Err(Stop::parameter(format!(
                "{place}.activity is \"{name}\", before which no time was measured. {steps}"
            )));
        };
        let Some(Values::Numbers(times)) = table.frame.column(&step.column) else { return Ok(()) };
        for row in filters::rows(&table.frame, conditions, &format!("{place}.where"))? {
            if !times[row].is_nan() {
                self.then[row] += times[row] * (factor - 1.0);
            }
        }
        Ok(())
    }

    fn reweigh(&mut self, table: &CaseTable, share: &Share, place: &str) -> Result<(), Stop> {
        let inside = filters::rows(&table.frame, &share.conditions, &format!("{place}.where"))?;
        let outside = table.frame.rows() - inside.len();
        if !(0.0..=1.0).contains(&share.share) {
            return Err(Stop::parameter(format!("{place}.share is {}; allowed is 0 to 1.", share.share)));
        }
        if (inside.is_empty() && share.share > 0.0) || (outside == 0 && share.share < 1.0) {
            let have = if inside.is_empty() { "no rows meet" } else { "all rows meet" };
            return Err(Stop::parameter(format!(
                "{place}.where: {have} the conditions, so that their share cannot change."
            )));
        }
        let mut meant = vec![false; table.frame.rows()];
        inside.iter().for_each(|&row| meant[row] = true);
        let weight = |held: bool| -> f64 {
            let rows = self.weights.iter().zip(&meant);
            rows.filter(|(_, is)| **is == held).map(|(weight, _)| weight).sum()
        };
        let (of_inside, of_outside) = (weight(true), weight(false));
        for (weight, &held) in self.weights.iter_mut().zip(&meant) {
            *weight *= if held { share.share / of_inside } else { (1.0 - share.share) / of_outside };
        }
        self.changes.push(format!("a share of {} for cases{}", share.share, described(&share.conditions)));
        self.assumptions
            .push("Cases of either sort stay as they are; there are only more or fewer of them.".to_string());
        Ok(())
    }

    fn drawn(self, now: &[f64], dice: &mut Dice) -> WhatIf {
        let mut until = 0.0;
        let ends: Vec<f64> = self
            .weights
            .iter()
            .map(|weight| {
                until += weight;
                until
            })
            .collect();
        let figures: [(&str, FigureOf); 3] = [
            ("mean duration", crate::statistics::mean),
            ("median duration", |values| quantile_of_sorted(&sorted(values), 0.5)),
            ("95th percentile of duration", |values| quantile_of_sorted(&sorted(values), 0.95)),
        ];
        let count = now.len().min(DRAWN);
        let mut drawn: [Vec<(f64, f64)>; 3] = Default::default();
        for _ in 0..ROUNDS {
            // The same rows for both where weights are equal, so that only what changes differs.
            let shares: Vec<f64> = (0..count).map(|_| dice.share()).collect();
            let before: Vec<f64> =
                shares.iter().map(|share| now[(share * now.len() as f64) as usize]).collect();
            let after: Vec<f64> = shares.iter().map(|share| self.then[place(&ends, share * until)]).collect();
            for ((_, figure), drawn) in figures.iter().zip(&mut drawn) {
                drawn.extend(figure(&before).zip(figure(&after)));
            }
        }
        let outcome = |((name, figure), drawn): (&(&str, FigureOf), Vec<(f64, f64)>)| {
            let changes: Vec<f64> = drawn.iter().map(|(now, then)| then - now).collect();
            let changes = sorted(&changes);
            let end = |share| quantile_of_sorted(&changes, share).unwrap_or(f64::NAN);
            let as_it_is = figure(now).unwrap_or(f64::NAN);
            let change = changes.iter().sum::<f64>() / changes.len() as f64;
            Outcome {
                figure: (*name).to_string(),
                now: as_it_is,
                then: as_it_is + change,
                change,
                interval: Interval { low: end(0.025), high: end(0.975) },
            }
        };
        let figures = figures.iter().zip(drawn).map(outcome).collect();
        WhatIf { changes: self.changes, assumptions: self.assumptions, figures }
    }
}

fn place(ends: &[f64], at: f64) -> usize {
    ends.partition_point(|&end| end <= at).min(ends.len() - 1)
}

fn described(conditions: &[Filter]) -> String {
    let conditions: Vec<String> = conditions.iter().map(Filter::describe).collect();
    if conditions.is_empty() { String::new() } else { format!(" where {}", conditions.join(" and ")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cases::LogColumns;
    use crate::frame::{Categories, Frame};
    use serde_json::json;

    /// 400 cases with two steps of an hour and of ten; half of them are of the kind `b`, with 20 hours instead.
    fn table() -> CaseTable {
        const HOUR: i64 = 3_600_000_000;
        let (mut case, mut activity, mut time, mut kind) = (vec![], vec![], vec![], vec![]);
        for number in 0..400_i64 {
            let of_b = number % 2 == 1;
            for (name, at) in [("start", 0), ("check", 1), ("ship", if of_b { 21 } else { 11 })] {
                case.push(number as f64);
                activity.push(Some(name));
                time.push((number * 5 + at) * HOUR);
                kind.push(Some(if of_b { "b" } else { "a" }));
            }
        }
        let mut log = Frame::new(1200);
        log.put("case", Values::Numbers(case));
        log.put("activity", Values::Categories(Categories::of(activity)));
        log.put("time", Values::Times(time));
        log.put("kind", Values::Categories(Categories::of(kind)));
        let columns = LogColumns {
            case: "case".into(),
            activity: "activity".into(),
            timestamp: "time".into(),
            start: None,
            resource: None,
        };
        CaseTable::of(&log, &columns, |_| 1).unwrap()
    }

    fn mean_then(changes: serde_json::Value) -> Result<Outcome, Stop> {
        let changes: Vec<Change> = serde_json::from_value(changes).unwrap();
        Ok(what_if(&table(), &changes, &mut Dice::new(1))?.unwrap().figures.remove(0))
    }

    #[test]
    fn a_removed_a_scaled_and_a_rarer_step() {
        let removed = mean_then(json!([{"removeStep": {"activity": "check"}}])).unwrap();
        assert_eq!(removed.now, 16.0 * 3600.0);
        assert!((removed.change + 3600.0).abs() < 1e-6 && removed.interval.low <= removed.change);
        let b = json!([{"attribute": "kind", "values": ["b"]}]);
        let scaled =
            mean_then(json!([{"scaleStep": {"activity": "ship", "factor": 0.5, "where": b}}])).unwrap();
        assert!((scaled.change + 5.0 * 3600.0).abs() < 600.0, "{scaled:?}");
        let rarer = mean_then(json!([{"share": {"where": b, "share": 0.1}}])).unwrap();
        assert!((rarer.change + 4.0 * 3600.0).abs() < 600.0, "{rarer:?}");
        assert!(rarer.interval.low < rarer.change && rarer.change < rarer.interval.high);
    }

    #[test]
    fn what_is_not_there_is_refused() {
        let refused = |changes| mean_then(changes).unwrap_err().message;
        assert!(
            refused(json!([{"removeStep": {"activity": "pack"}}]))
                .contains("whatIf[0].removeStep.activity is \"pack\"")
        );
        let none = json!([{"attribute": "kind", "values": ["c"]}]);
        assert!(refused(json!([{"share": {"where": none, "share": 0.5}}])).contains("no rows meet"));
        let factor = json!([{"scaleStep": {"activity": "ship", "factor": -1}}]);
        assert!(refused(factor).contains("allowed is 0 to 1000"));
    }
}

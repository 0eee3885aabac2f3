//! Where in a process the time goes, and what makes it go there.

use serde::Serialize;

use crate::cases::{CaseTable, START};
use crate::causes::{Causes, Known, Measure, Options, Target, explain, factors};
use crate::frame::Values;

/// The time before an activity, and what goes with it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StepCauses {
    /// The activity.
    pub activity: String,
    /// Cases that come to it.
    pub cases: usize,
    /// Seconds before it, over all cases.
    pub seconds: f64,
    /// Its share of the time of all steps.
    pub share_of_time: f64,
    /// What goes with a long time before it.
    pub causes: Causes,
}

/// By how much longer the cases of a group spend before an activity.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Part {
    /// The activity.
    pub activity: String,
    /// Mean seconds per case of the group − mean of the rest. A case without the activity spends none.
    pub difference: f64,
}

/// Looks at the time before each activity by itself. The promise about false findings is for all steps together.
pub fn explain_steps(table: &CaseTable, options: &Options) -> Vec<StepCauses> {
    let Some(Values::Times(starts)) = table.frame.column(START) else { return Vec::new() };
    let each = Options {
        false_share: options.false_share / table.steps.len().max(1) as f64,
        pairs: false,
        ..*options
    };
    let mut found = Vec::new();
    for step in &table.steps {
        let Some(Values::Numbers(times)) = table.frame.column(&step.column) else { continue };
        let rows: Vec<usize> = (0..times.len()).filter(|&row| !times[row].is_nan()).collect();
        let values: Vec<f64> = rows.iter().map(|&row| times[row]).collect();
        let cases = table.frame.take(&rows);
        let known = |name: &str| table.known.get(name).copied().filter(|&known| known == Known::AtStart);
        let factors = factors(&cases, known, each.least_rows);
        let moments: Vec<_> = rows.iter().map(|&row| starts[row]).collect();
        let seconds = values.iter().sum();
        let target = Target::new(&step.column, Measure::Seconds, values);
        let causes = explain(&target, &factors, Some(&moments), &each);
        let (activity, cases) = (step.activity.clone(), rows.len());
        found.push(StepCauses { activity, cases, seconds, share_of_time: 0.0, causes });
    }
    let total: f64 = found.iter().map(|step| step.seconds).sum();
    if total > 0.0 {
        found.iter_mut().for_each(|step| step.share_of_time = step.seconds / total);
    }
    found
}

/// Takes the longer duration of a group apart by steps, what adds most first. The parts add up to the difference of the time
/// from first event to last, as far as all activities are steps.
pub fn parts(table: &CaseTable, inside: impl Fn(usize) -> bool) -> Vec<Part> {
    let rows = table.frame.rows();
    let group = (0..rows).filter(|&row| inside(row)).count();
    let rest = rows - group;
    if group == 0 || rest == 0 {
        return Vec::new();
    }
    let mut parts = Vec::new();
    for step in &table.steps {
        let Some(Values::Numbers(times)) = table.frame.column(&step.column) else { continue };
        let (mut of_group, mut of_rest) = (0.0, 0.0);
        for (row, time) in times.iter().enumerate().filter(|(_, time)| !time.is_nan()) {
            *if inside(row) { &mut of_group } else { &mut of_rest } += time;
        }
        let difference = of_group / group as f64 - of_rest / rest as f64;
        parts.push(Part { activity: step.activity.clone(), difference });
    }
    parts.sort_by(|a, b| b.difference.abs().total_cmp(&a.difference.abs()));
    parts
}

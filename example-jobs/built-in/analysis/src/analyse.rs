//! All analyses of a subject, one after the other.

use serde::Serialize;

use crate::causes::tree::{self, Node};
use crate::causes::{Causes, Factor, Known, Options, Target, explain, factors};
use crate::compare::{Comparison, Groups, compare};
use crate::error::Stop;
use crate::filters::{self, Filter};
use crate::frame::NO_TIME;
use crate::kpis::{self, Breakdown, Kpi, Measure};
use crate::parameters::{Analysis, GroupOf, Parameters};
use crate::predict::{Evaluation, Prediction, Predictor};
use crate::sql::Answer;
use crate::statistics::Dice;
use crate::steps::{Part, StepCauses, explain_steps, parts};
use crate::subject::{Subject, least_rows};
use crate::trend::{self, Trend};
use crate::whatif::{WhatIf, what_if};
use crate::window::Period;
use fuelcell_parameters_kit::zone;

/// Everything that was found.
#[derive(Debug, Default, Serialize)]
pub struct Results {
    /// Figures with a definition.
    pub kpis: Vec<kpis::Result>,
    /// What goes with the target and is known from the start.
    pub causes: Option<Causes>,
    /// What happens on the way of rows with more or less of the target.
    pub on_the_way: Option<Causes>,
    /// By finding of `causes`, in its order: where in the process its cases lose or gain time.
    pub where_in_the_process: Vec<Vec<Part>>,
    /// The target parted by questions.
    pub tree: Option<Node>,
    /// The time before each activity.
    pub steps: Vec<StepCauses>,
    /// Two groups compared.
    pub comparison: Option<Comparison>,
    /// Figures over time.
    pub trends: Vec<Trend>,
    /// What would be if something were different.
    pub what_if: Option<WhatIf>,
    /// What was learned about cases in progress, and how well.
    #[serde(skip)]
    pub predictor: Option<Predictor>,
    /// The errors of what was learned on cases that it had not seen.
    pub prediction_errors: Option<Evaluation>,
    /// What is said of open cases; those that are most likely late come first.
    pub open_cases: Vec<Prediction>,
    /// Questions in SQL, answered.
    pub answers: Vec<Answer>,
    /// The attributes that figures are given by.
    pub segments: Vec<String>,
    /// Analyses that were not made, and why.
    pub left_out: Vec<String>,
}

/// Random numbers follow from this, so that the same data give the same figures.
const SEED: u64 = 0x00f0_e1ce_11a7_a5e5;
/// Periods that figures are given by, at most, when no length is asked for.
const MOST_PERIODS: i64 = 60;
/// Questions in a row in the tree.
const DEPTH: usize = 3;
/// Parts that are kept of each finding.
const MOST_PARTS: usize = 10;
/// Rows below which nothing is looked for.
const LEAST_ROWS: usize = 40;

/// Makes the analyses that are asked for. Open cases are judged by the model, if there is one. `tick` hears which one comes, and answers whether to go on.
///
/// # Errors
/// `InvalidParameter` when the parameters do not fit the table.
pub fn analyse(
    subject: &Subject,
    parameters: &Parameters,
    model: Option<Predictor>,
    tick: &mut dyn FnMut(&'static str) -> bool,
) -> Result<Results, Stop> {
    let mut results = Results::default();
    let target = subject.target(parameters.target.as_ref())?;
    results.segments = parameters.segments.clone().unwrap_or_else(|| subject.segments(parameters));
    if parameters.wants(Analysis::Kpis) && tick("Computing figures") {
        results.kpis = figures(subject, parameters, &results.segments)?;
    }
    if parameters.wants(Analysis::Trend) && tick("Looking at trends") {
        trends(subject, parameters, &mut results)?;
    }
    match &target {
        Some((target, rows)) => of_target(subject, parameters, target, rows, &mut results, tick)?,
        None => results
            .left_out
            .push("No target: name a column or conditions in target to look for causes.".to_string()),
    }
    if parameters.wants(Analysis::Steps) && subject.is_log && tick("Looking at steps") {
        results.steps = explain_steps(&subject.table, &options(parameters, subject.table.frame.rows()));
    }
    if parameters.wants(Analysis::WhatIf) && !parameters.what_if.is_empty() && tick("Computing what would be")
    {
        if !subject.is_log {
            return Err(Stop::parameter("whatIf changes the steps of an event log, and the table is none."));
        }
        results.what_if = what_if(&subject.table, &parameters.what_if, &mut Dice::new(SEED))?;
    }
    if parameters.wants(Analysis::Predict) && subject.is_log && tick("Learning about open cases") {
        predictions(subject, parameters, model, &mut results);
    }
    Ok(results)
}

fn predictions(subject: &Subject, parameters: &Parameters, model: Option<Predictor>, results: &mut Results) {
    let late_above =
        parameters.target.as_ref().filter(|target| target.column.is_none()).and_then(|target| target.above);
    let Some(predictor) = model.or_else(|| Predictor::learn(&subject.table, late_above)) else {
        let reason = "No predictions: they need 100 cases that ended before seven tenths of the cases had begun, and 100 that began later and ended.";
        results.left_out.push(reason.to_string());
        return;
    };
    results.open_cases = predictor.open_cases(&subject.table).unwrap_or_default();
    results.prediction_errors = Some(predictor.evaluation.clone());
    results.predictor = Some(predictor);
}

fn options(parameters: &Parameters, rows: usize) -> Options {
    let defaults = Options::for_rows(rows);
    Options {
        false_share: parameters.false_share.unwrap_or(defaults.false_share),
        least_rows: least_rows(parameters, rows),
        ..defaults
    }
}

fn of_target(
    subject: &Subject,
    parameters: &Parameters,
    target: &Target,
    rows: &[usize],
    results: &mut Results,
    tick: &mut dyn FnMut(&'static str) -> bool,
) -> Result<(), Stop> {
    if rows.len() < LEAST_ROWS {
        results.left_out.push(format!("Only {} rows have a target; causes need {LEAST_ROWS}.", rows.len()));
        return Ok(());
    }
    let options = options(parameters, rows.len());
    let all_rows = rows.len() == subject.table.frame.rows();
    let taken = (!all_rows).then(|| subject.table.frame.take(rows));
    let frame = taken.as_ref().unwrap_or(&subject.table.frame);
    let known = subject.known(parameters);
    let factors = factors(frame, |name| known.get(name).copied(), options.least_rows);
    let (at_start, on_the_way): (Vec<Factor>, Vec<Factor>) =
        factors.into_iter().partition(|factor| factor.known == Known::AtStart);
    let times: Option<Vec<_>> = subject.times().map(|times| rows.iter().map(|&row| times[row]).collect());
    if parameters.wants(Analysis::Causes) && tick("Looking for causes") {
        let causes = explain(target, &at_start, times.as_deref(), &options);
        if subject.is_log && all_rows {
            let parts = |finding: &crate::causes::Finding| {
                let inside = |row: usize| finding.holds(&at_start, row);
                parts(&subject.table, inside).into_iter().take(MOST_PARTS).collect()
            };
            results.where_in_the_process = causes.findings.iter().map(parts).collect();
        }
        if !on_the_way.is_empty() {
            let singles = Options { pairs: false, ..options };
            results.on_the_way = Some(explain(target, &on_the_way, None, &singles));
        }
        results.tree = Some(tree::grow(target, &at_start, DEPTH, options.least_rows));
        results.causes = Some(causes);
    }
    if parameters.wants(Analysis::Compare) && tick("Comparing") {
        results.comparison = comparison(subject, parameters, target, rows, &at_start)?;
    }
    Ok(())
}

fn figures(
    subject: &Subject,
    parameters: &Parameters,
    segments: &[String],
) -> Result<Vec<kpis::Result>, Stop> {
    let column = parameters.target.as_ref().and_then(|target| target.column.as_deref());
    let column = column.or_else(|| subject.is_log.then_some(crate::cases::DURATION));
    let mut wanted = parameters.kpis.clone();
    if wanted.is_empty() {
        let rows =
            Kpi { name: Some(format!("{}s", subject.noun())), column: None, ..Kpi::of(Measure::Count, "") };
        wanted.push(rows);
        if let Some(column) = column {
            wanted.extend([Kpi::of(Measure::Mean, column), Kpi::of(Measure::Median, column)]);
            wanted.push(Kpi { percentile: Some(95.0), ..Kpi::of(Measure::Percentile, column) });
        }
    }
    let seconds: Vec<&str> =
        subject.table.frame.columns().iter().map(|column| column.name.as_str()).collect();
    let seconds: Vec<&str> = seconds.into_iter().filter(|column| subject.is_seconds(column)).collect();
    let by = Breakdown {
        segments,
        times: subject.times(),
        period: period(subject, parameters),
        zone: zone(parameters.time_zone.as_deref(), "timeZone")?,
        seconds: &seconds,
        noun: subject.noun(),
    };
    let frame = &subject.table.frame;
    wanted.iter().enumerate().map(|(index, kpi)| kpi.compute(frame, &by, &format!("kpis[{index}]"))).collect()
}

fn period(subject: &Subject, parameters: &Parameters) -> Period {
    let times = subject.times().unwrap_or_default();
    parameters.period.unwrap_or_else(|| Period::fitting(times, MOST_PERIODS))
}

/// Each figure by the shortest period that leaves no gaps, unless a length is asked for.
fn trends(subject: &Subject, parameters: &Parameters, results: &mut Results) -> Result<(), Stop> {
    const MOST_TREND_PERIODS: i64 = 400;
    const MOST_TRENDS: usize = 6;
    let Some(times) = subject.times() else {
        results.left_out.push("No column of times: there are no trends.".to_string());
        return Ok(());
    };
    let shortest = Period::fitting(times, MOST_TREND_PERIODS);
    let mut period = Some(parameters.period.unwrap_or(shortest));
    let mut found: Vec<Option<Trend>> = Vec::new();
    while let Some(length) = period {
        let kpis = figures(subject, &Parameters { period: Some(length), ..parameters.clone() }, &[])?;
        found.resize(kpis.len().min(MOST_TRENDS), None);
        for (place, kpi) in found.iter_mut().zip(&kpis).filter(|(place, _)| place.is_none()) {
            let whole = kpi.periods.iter().filter(|period| !period.partial);
            let gaps = whole.filter(|period| period.figure.value.is_none()).count();
            if gaps == 0 || parameters.period.is_some() || length.longer().is_none() {
                *place = Some(trend::look(&kpi.name, length, &kpi.periods));
            }
        }
        period = length.longer().filter(|_| found.iter().any(Option::is_none));
    }
    results.trends = found.into_iter().flatten().collect();
    Ok(())
}

fn comparison(
    subject: &Subject,
    parameters: &Parameters,
    target: &Target,
    rows: &[usize],
    factors: &[Factor],
) -> Result<Option<Comparison>, Stop> {
    let times = subject.times();
    let (first, second) = match (&parameters.compare, times) {
        (Some(wanted), _) => (
            group(subject, &wanted.first, rows, "compare.first")?,
            group(subject, &wanted.second, rows, "compare.second")?,
        ),
        (None, Some(times)) => halves(times, rows),
        (None, None) => return Ok(None),
    };
    let groups = Groups {
        figure: &target.name,
        values: &target.values,
        first: (&first.0, &first.1),
        second: (&second.0, &second.1),
    };
    Ok(compare(&groups, factors))
}

type NamedRows = (String, Vec<usize>);

/// The rows of a target before and after the middle one in time.
fn halves(times: &[i64], rows: &[usize]) -> (NamedRows, NamedRows) {
    let mut timed: Vec<usize> = (0..rows.len()).filter(|&place| times[rows[place]] != NO_TIME).collect();
    timed.sort_by_key(|&place| times[rows[place]]);
    let later = timed.split_off(timed.len() / 2);
    let from = later.first().map_or(0, |&place| times[rows[place]]);
    let date = fuelcell_report_kit::text::date(from as f64 / 1e6);
    ((format!("before {date}"), timed), (format!("from {date} on"), later))
}

/// Places of a target's rows that belong to a group.
fn group(subject: &Subject, wanted: &GroupOf, rows: &[usize], place: &str) -> Result<NamedRows, Stop> {
    let mut kept = vec![false; subject.table.frame.rows()];
    let met = filters::rows(&subject.table.frame, &wanted.conditions, &format!("{place}.where"))?;
    met.into_iter().for_each(|row| kept[row] = true);
    if let Some(window) = &wanted.time_window {
        let (first, last) = window.bounds(&format!("{place}.timeWindow"))?;
        let Some(times) = subject.times() else {
            return Err(Stop::parameter(format!(
                "{place}.timeWindow needs a column of times, and the table has none."
            )));
        };
        kept.iter_mut()
            .zip(times)
            .for_each(|(kept, time)| *kept &= *time != NO_TIME && (first..=last).contains(time));
    }
    let described = || {
        let conditions = wanted.conditions.iter().map(Filter::describe);
        let window = wanted.time_window.iter().map(crate::window::TimeWindow::describe);
        conditions.chain(window).collect::<Vec<_>>().join(", ")
    };
    let name = wanted.name.clone().unwrap_or_else(described);
    Ok((name, (0..rows.len()).filter(|&at| kept[rows[at]]).collect()))
}

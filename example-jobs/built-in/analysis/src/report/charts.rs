//! The charts of the report.

use fuelcell_report_kit::chart::{Axis, Bars, Chart as _, Lines};

use crate::causes::Causes;
use crate::kpis;
use crate::sentences::conditions;
use crate::sql::Answer;
use crate::steps::StepCauses;

const MOST_BARS: usize = 12;

/// What weighs most, both ways.
pub(super) fn causes(causes: &Causes) -> Bars {
    let title = format!("Share of the total of {}", causes.target);
    let bars = Bars::new(title, "Where", Axis::share("Share of the total")).wide();
    causes
        .findings
        .iter()
        .take(MOST_BARS)
        .fold(bars, |bars, finding| bars.bar(conditions(&finding.conditions), finding.share_of_total))
}

/// The steps that take the most time.
pub(super) fn steps(steps: &[StepCauses]) -> Bars {
    let bars = Bars::new("Time before each activity", "Activity", Axis::share("Share of all time"));
    steps.iter().take(MOST_BARS).fold(bars, |bars, step| bars.bar(&step.activity, step.share_of_time))
}

/// A figure by period, with its interval as a band. Periods that the data cover in part are left out.
pub(super) fn periods(kpi: &kpis::Result) -> Lines {
    let axis = match (kpi.share, kpi.seconds) {
        (true, _) => Axis::share(&kpi.name),
        (_, true) => Axis::duration(&kpi.name),
        _ => Axis::number(&kpi.name, ""),
    };
    let whole = || kpi.periods.iter().filter(|period| !period.partial);
    let at = |period: &kpis::InPeriod| period.start as f64 / 1e6;
    let points = whole().map(|period| (at(period), period.figure.value.unwrap_or(f64::NAN)));
    let band = whole().filter_map(|period| Some((at(period), period.figure.interval?)));
    let band = band.map(|(at, interval)| (at, interval.low, interval.high));
    Lines::new(format!("{} by period", kpi.name), Axis::time("Period"), axis)
        .line(&kpi.name, points)
        .band(band)
}

/// An answer of few rows whose first column names what its second one counts.
pub(super) fn answer(answer: &Answer, is_number: impl Fn(usize) -> bool) -> Option<Bars> {
    const MOST_ROWS: usize = 30;
    let drawn = answer.columns.len() >= 2 && (2..=MOST_ROWS).contains(&answer.first.len());
    if !drawn || is_number(0) || !is_number(1) {
        return None;
    }
    let [name, figure] = [0, 1].map(|place| answer.columns[place].as_str());
    let bars = Bars::new(format!("{figure} by {name}"), name, Axis::number(figure, ""));
    Some(answer.first.iter().fold(bars, |bars, row| {
        let value = row[1].as_ref().and_then(|value| value.parse().ok()).unwrap_or(f64::NAN);
        bars.bar(row[0].as_deref().unwrap_or(""), value)
    }))
}

//! Results as tables of text, for files.

use crate::analyse::Results;
use crate::causes::{Causes, Effect, Finding};
use crate::frame::Micros;
use crate::statistics::Interval;

/// A table with the name of its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// The name of its file.
    pub name: &'static str,
    /// A title for people.
    pub title: &'static str,
    /// The names of its columns.
    pub header: &'static [&'static str],
    /// Its rows, each as wide as the header.
    pub rows: Vec<Vec<String>>,
}

/// All tables that have rows.
pub fn tables(results: &Results) -> Vec<Table> {
    let all = [
        causes(results),
        kpis(results),
        steps(results),
        comparison(results),
        trends(results),
        open_cases(results),
    ];
    all.into_iter().filter(|table| !table.rows.is_empty()).collect()
}

/// Smaller numbers are written with an exponent: that of a p-value may have hundreds of zeros.
const SMALL: f64 = 1e-6;

fn number(value: f64) -> String {
    match value.abs() {
        size if !size.is_finite() => String::new(),
        size if size > 0.0 && size < SMALL => format!("{value:e}"),
        _ => value.to_string(),
    }
}

fn maybe(value: Option<f64>) -> String {
    value.map_or_else(String::new, number)
}

fn ends(interval: Option<Interval>) -> [String; 2] {
    [maybe(interval.map(|interval| interval.low)), maybe(interval.map(|interval| interval.high))]
}

fn moment(time: Micros) -> String {
    let moment = chrono::DateTime::from_timestamp_micros(time);
    moment.map_or_else(String::new, |moment| moment.format("%Y-%m-%dT%H:%M:%SZ").to_string())
}

fn causes(results: &Results) -> Table {
    let header = &[
        "target",
        "attribute",
        "value",
        "second_attribute",
        "second_value",
        "known",
        "rows",
        "share_of_rows",
        "mean",
        "mean_of_rest",
        "difference",
        "difference_low",
        "difference_high",
        "effect",
        "effect_kind",
        "share_of_total",
        "p_value",
        "corrected_p_value",
        "confounded_by",
        "since",
    ];
    let searched =
        results.causes.iter().chain(&results.on_the_way).chain(results.steps.iter().map(|step| &step.causes));
    let rows = searched.flat_map(|causes| causes.findings.iter().map(|finding| cause(causes, finding)));
    Table { name: "causes.csv", title: "What goes with the target", header, rows: rows.collect() }
}

fn cause(causes: &Causes, finding: &Finding) -> Vec<String> {
    let condition = |place: usize| {
        let condition = finding.conditions.get(place);
        condition.map_or_else(Default::default, |c| [c.attribute.clone(), c.value.clone()])
    };
    let (effect, kind) = match finding.effect {
        Effect::CliffsDelta { value } => (value, "cliffs_delta"),
        Effect::OddsRatio { value, .. } => (value, "odds_ratio"),
    };
    let known = serde_json::to_value(finding.known).ok().and_then(|known| known.as_str().map(str::to_string));
    let mut row = vec![causes.target.clone()];
    row.extend(condition(0));
    row.extend(condition(1));
    row.extend([known.unwrap_or_default(), finding.rows.to_string()]);
    row.extend([finding.share_of_rows, finding.mean, finding.mean_of_rest, finding.difference].map(number));
    row.extend(ends(finding.interval));
    row.extend([number(effect), kind.to_string(), number(finding.share_of_total)]);
    row.extend([finding.p_value, finding.corrected_p_value].map(number));
    row.push(finding.confounded.as_ref().map_or_else(String::new, |confounded| confounded.by.clone()));
    row.push(finding.since.map_or_else(String::new, |since| moment(since.time)));
    row
}

fn kpis(results: &Results) -> Table {
    let header = &[
        "kpi",
        "attribute",
        "value",
        "period",
        "partial_period",
        "figure",
        "low",
        "high",
        "rows",
        "few_rows",
        "change",
        "change_low",
        "change_high",
    ];
    let mut rows = Vec::new();
    for kpi in &results.kpis {
        let mut add =
            |place: [&str; 3], partial: String, figure: &crate::kpis::Figure, change: [String; 3]| {
                let mut row = vec![kpi.name.clone()];
                row.extend(place.map(String::from));
                row.extend([partial, maybe(figure.value)]);
                row.extend(ends(figure.interval));
                row.extend([figure.rows.to_string(), figure.few.to_string()]);
                row.extend(change);
                rows.push(row);
            };
        add(["", "", ""], String::new(), &kpi.all, Default::default());
        for segment in &kpi.segments {
            add([&segment.attribute, &segment.value, ""], String::new(), &segment.figure, Default::default());
        }
        for period in &kpi.periods {
            let [low, high] = ends(period.change_interval);
            let change = [maybe(period.change), low, high];
            add(["", "", &period.period], period.partial.to_string(), &period.figure, change);
        }
    }
    Table { name: "kpis.csv", title: "Figures in all, by segment and by period", header, rows }
}

fn steps(results: &Results) -> Table {
    let header = &["activity", "cases", "seconds", "mean_seconds", "share_of_time"];
    let row = |step: &crate::steps::StepCauses| {
        vec![
            step.activity.clone(),
            step.cases.to_string(),
            number(step.seconds),
            number(step.seconds / step.cases as f64),
            number(step.share_of_time),
        ]
    };
    Table {
        name: "steps.csv",
        title: "The time before each activity",
        header,
        rows: results.steps.iter().map(row).collect(),
    }
}

fn comparison(results: &Results) -> Table {
    let header =
        &["attribute", "value", "share_first", "share_second", "mean_first", "mean_second", "mix", "rate"];
    let mut rows = Vec::new();
    for by in results.comparison.iter().flat_map(|comparison| &comparison.by) {
        for part in &by.parts {
            let mut row = vec![by.attribute.clone(), part.value.clone()];
            row.extend([part.shares.0, part.shares.1].map(number));
            row.extend([part.means.0, part.means.1].map(maybe));
            row.extend([part.mix, part.rate].map(number));
            rows.push(row);
        }
    }
    Table { name: "comparison.csv", title: "What moved, by mix and by rate", header, rows }
}

fn trends(results: &Results) -> Table {
    let header = &["figure", "what", "period", "value", "expected_or_before", "low", "high", "p_value"];
    let mut rows = Vec::new();
    for trend in &results.trends {
        let name = &trend.figure;
        for found in &trend.outliers {
            let mut row: Vec<String> = [name.as_str(), "outlier", &found.period].map(String::from).to_vec();
            row.extend([number(found.value), number(found.expected)]);
            row.extend([String::new(), String::new(), String::new()]);
            rows.push(row);
        }
        for found in &trend.changes {
            let mut row: Vec<String> = [name.as_str(), "change", &found.period].map(String::from).to_vec();
            row.extend([number(found.after), number(found.before), String::new(), String::new()]);
            row.push(number(found.p_value));
            rows.push(row);
        }
        for point in trend.forecast.iter().flat_map(|forecast| &forecast.points) {
            let mut row: Vec<String> = vec![name.clone(), "forecast".into(), format!("+{}", point.ahead)];
            row.extend([number(point.value), String::new()]);
            row.extend(ends(point.interval));
            row.push(String::new());
            rows.push(row);
        }
    }
    Table { name: "trends.csv", title: "Outliers, changes and forecasts", header, rows }
}

fn open_cases(results: &Results) -> Table {
    let header = &[
        "case",
        "last_activity",
        "elapsed_seconds",
        "remaining_seconds",
        "remaining_low",
        "remaining_high",
        "late_probability",
    ];
    let row = |open: &crate::predict::Prediction| {
        let mut row = vec![open.case.clone(), open.last_activity.clone()];
        row.extend([open.elapsed, open.remaining, open.low, open.high, open.late].map(number));
        row
    };
    let rows = results.open_cases.iter().map(row).collect();
    Table { name: "open-cases.csv", title: "Open cases, as of their last event", header, rows }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_numbers_have_an_exponent_and_what_is_no_number_is_left_out() {
        let written = [0.0, 0.25, -1e-6, 2.5e-128, -1e-7, f64::NAN, f64::INFINITY].map(number);
        assert_eq!(written, ["0", "0.25", "-0.000001", "2.5e-128", "-1e-7", "", ""]);
    }
}

//! The report: what was found, as sentences, tables and charts.

mod charts;
mod tree;

use fuelcell_report_kit::chart::Chart;
use fuelcell_report_kit::text::{count, counted, duration, number, percent};
use fuelcell_report_kit::{
    Column, Markup, Page, Quality, Table, Tile, beside, findings, fold, html, lead, meter, note, pill,
};

use crate::analyse::Results;
use crate::causes::{Causes, Effect, Finding, Known, Measure};
use crate::compare::Comparison;
use crate::kpis;
use crate::predict::Evaluation;
use crate::sentences::{Sentence, conditions, difference, figure, p_value};
use crate::sql::Answer;
use crate::statistics::Interval;
use crate::steps::StepCauses;
use crate::trend::{Method, Trend};
use crate::whatif::WhatIf;

/// Rows of a table that are open.
const OPEN: usize = 12;

/// What the report is made of.
pub struct Report<'a> {
    /// The name of the file.
    pub file: &'a str,
    /// What a row is called.
    pub noun: &'a str,
    /// How many rows were analysed.
    pub rows: usize,
    /// What was left out, and remarks on the data.
    pub quality: Quality<'a>,
    /// What was found.
    pub results: &'a Results,
    /// The findings that weigh most, as sentences.
    pub sentences: &'a [Sentence],
}

/// A chart with the name of its file.
pub struct File {
    /// The name of the file.
    pub name: &'static str,
    /// A title for people.
    pub title: &'static str,
    /// The text of an SVG file.
    pub svg: String,
}

/// The charts as files of their own.
pub fn files(results: &Results) -> Vec<File> {
    let mut files = Vec::new();
    if let Some(causes) = results.causes.as_ref().filter(|causes| !causes.findings.is_empty()) {
        files.push(File {
            name: "causes.svg",
            title: "What goes with the target",
            svg: charts::causes(causes).svg_file(),
        });
    }
    if let Some((tree, causes)) =
        results.tree.as_ref().zip(results.causes.as_ref()).filter(|(tree, _)| tree.split.is_some())
    {
        files.push(File {
            name: "tree.svg",
            title: "The target parted by questions",
            svg: tree::draw(tree, causes.measure).0,
        });
    }
    if !results.steps.is_empty() {
        files.push(File {
            name: "steps.svg",
            title: "Where the time goes",
            svg: charts::steps(&results.steps).svg_file(),
        });
    }
    if let Some(kpi) = results.kpis.iter().find(|kpi| kpi.periods.len() > 1) {
        files.push(File {
            name: "trend.svg",
            title: "The first figure by period",
            svg: charts::periods(kpi).svg_file(),
        });
    }
    files
}

impl Report<'_> {
    /// The page.
    pub fn page(self) -> Page {
        let mut page = Page::new(self.file, format!("Analysis of {}", counted(self.rows as u64, self.noun)));
        page.window_title(format!("Analysis of {}", self.file));
        page.tiles(
            self.results.kpis.iter().take(6).map(|kpi| Tile::new(shown(kpi, kpi.all.value), &kpi.name)),
        );
        self.answer(&mut page);
        if let Some(causes) = &self.results.causes {
            page.section("causes", "What is known from the start", self.causes(causes));
        }
        if let Some(causes) = self.results.on_the_way.as_ref().filter(|causes| !causes.findings.is_empty()) {
            page.section("course", "What happens on the way", self.course(causes));
        }
        if !self.results.steps.is_empty() {
            page.section("steps", "Where the time goes", self.steps());
        }
        if let Some(comparison) = &self.results.comparison {
            page.section("comparison", "What moved", compared(comparison, self.measure()));
        }
        if !self.results.kpis.is_empty() {
            page.section("figures", "Figures", self.figures());
        }
        if !self.results.trends.is_empty() {
            page.section("trends", "Over time", self.trends());
        }
        if let Some(what_if) = &self.results.what_if {
            page.section("what-if", "What would be", would_be(what_if));
        }
        if let Some(errors) = &self.results.prediction_errors {
            page.section("predictions", "Open cases", self.predictions(errors));
        }
        if !self.results.answers.is_empty() {
            page.section(
                "sql",
                "Questions",
                html! { @for answer in &self.results.answers { (answered(answer)) } },
            );
        }
        page.section("data", "The data", &self.quality);
        page.footer(
            "Differences go with what is named beside them; whether they come from it is for those to say who know the work. \
             Intervals are of 95 % confidence and take the rows for a sample.",
        );
        page
    }

    fn measure(&self) -> Measure {
        self.results.causes.as_ref().map_or(Measure::Number, |causes| causes.measure)
    }

    fn answer(&self, page: &mut Page) {
        if self.results.causes.is_none() && self.results.steps.is_empty() {
            return;
        }
        let body = match self.sentences {
            [] => lead(
                "Nothing was found that goes with more of the target. That is an answer: with these attributes it cannot be told apart from chance.",
            ),
            sentences => html! {
                (findings(sentences.iter().map(|sentence| (&sentence.text, percent(sentence.share_of_total)))))
                (note("The figure behind a sentence is what it is about as a share of the whole: findings about the way to one activity count by that activity's part of all time."))
            },
        };
        page.section(
            "answer",
            "What drives it",
            html! {
                (body)
                @for left_out in &self.results.left_out { (note(left_out)) }
            },
        );
    }

    fn causes(&self, causes: &Causes) -> Markup {
        let tree = self.results.tree.as_ref().filter(|tree| tree.split.is_some());
        html! {
            (self.promise(causes))
            @if !causes.findings.is_empty() {
                (charts::causes(causes))
                (found(causes))
            }
            @if let Some(tree) = tree {
                h3 { "Parted by questions" }
                (note("Each box: the target, how many rows, and the question that parts them best. A question is asked only if its answers differ clearly (p < 0.01, with regard to all that could be asked)."))
                div.scroll { (tree::draw(tree, causes.measure)) }
            }
            (fold("All attributes", counted(causes.attributes.len() as u64, "attribute"), attributes(causes), false))
        }
    }

    fn promise(&self, causes: &Causes) -> Markup {
        let found = causes.findings.len() as u64;
        html! {
            (lead(html! {
                (counted(found, "finding")) " about " b { (causes.target) } " (mean " (figure(causes.measure, causes.mean)) ") from "
                (counted(causes.tests as u64, "test")) "."
            }))
            (note(html! {
                "Of the findings a share of at most " (percent(causes.false_share)) " is expected to be false (Benjamini and Hochberg). A value needs "
                (counted(causes.least_rows as u64, self.noun)) " to be looked at."
            }))
        }
    }

    fn course(&self, causes: &Causes) -> Markup {
        html! {
            (lead("What happened in these cases was known only later: it may be a cause, a symptom, or a part of the target itself."))
            (found(causes))
        }
    }

    fn steps(&self) -> Markup {
        let steps = &self.results.steps;
        let mut table = Table::new([
            Column::name("Time before"),
            Column::number("Cases"),
            Column::number("Mean"),
            Column::text("Share of all time"),
            Column::words("Longer where"),
        ])
        .fold_after(OPEN);
        for step in steps {
            let mean = duration(step.seconds / step.cases as f64);
            table.row(&[
                &step.activity,
                &count(step.cases as u64),
                &mean,
                &meter(step.share_of_time),
                &longer(step),
            ]);
        }
        html! { (beside(&[&charts::steps(steps), &table])) }
    }

    fn figures(&self) -> Markup {
        html! {
            @for kpi in &self.results.kpis {
                h3 { (kpi.name) ": " (shown(kpi, kpi.all.value)) (between(kpi, kpi.all.interval)) }
                (note(&kpi.definition))
                @if kpi.periods.len() > 1 && !kpi.segments.is_empty() {
                    (beside(&[&charts::periods(kpi), &segments(kpi)]))
                } @else if kpi.periods.len() > 1 {
                    (charts::periods(kpi))
                } @else if !kpi.segments.is_empty() {
                    (segments(kpi))
                }
                @if kpi.rows_beyond_periods > 0 {
                    (note(format!(
                        "{} with times far from all others, wrong years perhaps, in no period.",
                        counted(kpi.rows_beyond_periods as u64, "row")
                    )))
                }
                @if kpi.periods.len() > 1 { (fold("By period", counted(kpi.periods.len() as u64, "period"), periods(kpi), false)) }
            }
        }
    }

    fn predictions(&self, errors: &Evaluation) -> Markup {
        let mut table = Table::new([
            Column::name("Case"),
            Column::name("Last activity"),
            Column::number("So far"),
            Column::number("Still takes"),
            Column::number("Nine of ten"),
            Column::text("Late"),
        ])
        .fold_after(OPEN);
        for open in self.results.open_cases.iter().take(100) {
            let between = format!("{} to {}", duration(open.low), duration(open.high));
            table.row(&[
                &open.case,
                &open.last_activity,
                &duration(open.elapsed),
                &duration(open.remaining),
                &between,
                &meter(open.late),
            ]);
        }
        let better = errors.mean_absolute_error < errors.baseline_error;
        let than = if better { "less" } else { "not less" };
        html! {
            (lead(html! {
                (counted(self.results.open_cases.len() as u64, "open case")) ". On cases that began later than those learned from, the remaining time was off by "
                (duration(errors.mean_absolute_error)) " on average: " (than) " than the " (duration(errors.baseline_error))
                " of always saying the mean after the same activity."
            }))
            (note(html! {
                "Learned from " (counted(errors.training.0 as u64, "case")) ", measured on " (counted(errors.held_out.0 as u64, "case"))
                ". Late was said rightly for " (percent(errors.accuracy)) " of the moments (always saying the more frequent: "
                (percent(errors.baseline_accuracy)) "); Brier score " (number(errors.brier)) " (of the share alone: " (number(errors.baseline_brier))
                "). The interval held " (percent(errors.coverage)) ", where it should hold 90 %."
            }))
            @if !self.results.open_cases.is_empty() { (table) }
        }
    }

    fn trends(&self) -> Markup {
        html! {
            @for trend in &self.results.trends {
                h3 { (trend.figure) " by " (trend.period.noun()) }
                @for sentence in trend_sentences(trend, self.results.kpis.iter().find(|kpi| kpi.name == trend.figure)) { p { (sentence) } }
            }
        }
    }
}

/// The figure of a definition as people read it.
fn shown(kpi: &kpis::Result, value: Option<f64>) -> String {
    match value {
        None => "none".to_string(),
        Some(value) if kpi.share => percent(value),
        Some(value) if kpi.seconds => duration(value),
        Some(value) => number(value),
    }
}

fn between(kpi: &kpis::Result, interval: Option<Interval>) -> String {
    let ends = interval.map(|interval| [interval.low, interval.high].map(|end| shown(kpi, Some(end))));
    ends.map_or_else(String::new, |[low, high]| format!(" ({low} to {high})"))
}

fn found(causes: &Causes) -> Table {
    let mut table = Table::new([
        Column::name("Where"),
        Column::number("Rows"),
        Column::number("Mean"),
        Column::number("Others"),
        Column::number("Difference"),
        Column::number("Effect"),
        Column::number("Share of total"),
        Column::number("p, corrected"),
        Column::words("Remarks"),
    ])
    .fold_after(OPEN);
    for finding in &causes.findings {
        let measure = causes.measure;
        let effect = match finding.effect {
            Effect::CliffsDelta { value } => format!("δ {value:.2}"),
            Effect::OddsRatio { value, .. } => format!("odds × {}", number(value)),
        };
        table.row(&[
            &conditions(&finding.conditions),
            &count(finding.rows as u64),
            &figure(measure, finding.mean),
            &figure(measure, finding.mean_of_rest),
            &difference(measure, finding.difference),
            &effect,
            &signed_percent(finding.share_of_total),
            &p_value(finding.corrected_p_value),
            &remarks(measure, finding),
        ]);
    }
    table
}

fn signed_percent(share: f64) -> String {
    if share < 0.0 { format!("−{}", percent(-share)) } else { percent(share) }
}

fn remarks(measure: Measure, finding: &Finding) -> Markup {
    let alike: Vec<String> = finding.alike.iter().map(|c| conditions(std::slice::from_ref(c))).collect();
    html! {
        @if let Some(since) = &finding.since {
            (pill(html! { "since " (fuelcell_report_kit::text::date(since.time as f64 / 1e6)) })) " "
        }
        @if let Some(confounded) = &finding.confounded {
            @if confounded.explained { "explained by " (confounded.by) } @else { "cannot be told apart from " (confounded.by) }
            @if let Some(within) = confounded.difference_within { ": " (difference(measure, within)) " among rows alike in it" }
            ". "
        }
        @if let Some(beyond) = finding.beyond_both { (difference(measure, beyond)) " beyond what both add by themselves. " }
        @if !alike.is_empty() { "Nearly the same rows: " (alike.join("; ")) ". " }
    }
}

fn attributes(causes: &Causes) -> Table {
    let mut table = Table::new([
        Column::name("Attribute"),
        Column::text("Known"),
        Column::number("Values"),
        Column::text("Variance that goes with it"),
        Column::number("p, corrected"),
    ]);
    for attribute in &causes.attributes {
        let known = if attribute.known == Known::AtStart { "from the start" } else { "on the way" };
        table.row(&[
            &attribute.name,
            &known,
            &count(attribute.values as u64),
            &meter(attribute.share_explained),
            &p_value(attribute.corrected_p_value),
        ]);
    }
    table
}

fn longer(step: &StepCauses) -> Markup {
    let more = step.causes.findings.iter().filter(|finding| finding.difference > 0.0);
    html! {
        @for finding in more.take(3) {
            (conditions(&finding.conditions)) " (" (difference(Measure::Seconds, finding.difference)) ")"
            @if let Some(since) = &finding.since { " " (pill(html! { "since " (fuelcell_report_kit::text::date(since.time as f64 / 1e6)) })) }
            br;
        }
    }
}

fn compared(comparison: &Comparison, measure: Measure) -> Markup {
    let interval = comparison.interval.map_or_else(String::new, |interval| {
        format!(" ({} to {})", difference(measure, interval.low), difference(measure, interval.high))
    });
    let mut table = Table::new([
        Column::name("Attribute"),
        Column::name("Value"),
        Column::number("Share before"),
        Column::number("Share after"),
        Column::number("Mean before"),
        Column::number("Mean after"),
        Column::number("By mix"),
        Column::number("By rate"),
    ])
    .fold_after(OPEN);
    let mean = |mean: Option<f64>| mean.map_or_else(String::new, |mean| figure(measure, mean));
    for by in comparison.by.iter().take(8) {
        for part in by.parts.iter().take(8) {
            table.row(&[
                &by.attribute,
                &part.value,
                &percent(part.shares.0),
                &percent(part.shares.1),
                &mean(part.means.0),
                &mean(part.means.1),
                &difference(measure, part.mix),
                &difference(measure, part.rate),
            ]);
        }
    }
    html! {
        (lead(html! {
            (comparison.figure) " went from " (figure(measure, comparison.means.0)) " (" (comparison.first) ", "
            (count(comparison.rows.0 as u64)) ") to " (figure(measure, comparison.means.1)) " (" (comparison.second) ", "
            (count(comparison.rows.1 as u64)) "): a change of " b { (difference(measure, comparison.change)) } (interval) "."
        }))
        (note("By mix: because the value is more or less frequent. By rate: because its rows are different. For each attribute all parts add up to the change (Kitagawa)."))
        (table)
    }
}

fn segments(kpi: &kpis::Result) -> Table {
    let mut table = Table::new([
        Column::name("Segment"),
        Column::number(&kpi.name),
        Column::number("95 % interval"),
        Column::number("Rows"),
    ])
    .fold_after(OPEN);
    for segment in &kpi.segments {
        let name = format!("{}: {}", segment.attribute, segment.value);
        let figure = &segment.figure;
        table.row(&[&name, &shown(kpi, figure.value), &between(kpi, figure.interval), &rows_of(figure)]);
    }
    table
}

fn rows_of(figure: &kpis::Figure) -> Markup {
    html! { (count(figure.rows as u64)) @if figure.few { " " (pill("few")) } }
}

fn periods(kpi: &kpis::Result) -> Table {
    let mut table = Table::new([
        Column::name("Period"),
        Column::number(&kpi.name),
        Column::number("95 % interval"),
        Column::number("Change"),
        Column::number("95 % interval of the change"),
        Column::number("Rows"),
    ])
    .fold_after(60);
    for period in &kpi.periods {
        let name = html! { (period.period) @if period.partial { " " (pill("part")) } };
        let change = |value: f64| match kpi.share {
            true => difference(Measure::Share, value),
            false => shown(kpi, Some(value)),
        };
        let moved = period.change.map_or_else(String::new, change);
        let ends = period.change_interval.map(|interval| [interval.low, interval.high].map(change));
        let ends = ends.map_or_else(String::new, |[low, high]| format!("{low} to {high}"));
        let figure = &period.figure;
        table.row(&[
            &name,
            &shown(kpi, figure.value),
            &between(kpi, figure.interval),
            &moved,
            &ends,
            &rows_of(figure),
        ]);
    }
    table
}

/// `kpi` is the figure's definition: its values are read as there.
fn trend_sentences(trend: &Trend, kpi: Option<&kpis::Result>) -> Vec<String> {
    let shown = |value: f64| kpi.map_or_else(|| number(value), |kpi| shown(kpi, Some(value)));
    let noun = trend.period.noun();
    let mut sentences = Vec::new();
    if let Some(season) = trend.season.as_ref().filter(|season| season.p_value < 0.01) {
        sentences.push(format!(
            "It has a season of {} ({}).",
            counted(season.length as u64, noun),
            p_value(season.p_value)
        ));
    }
    for change in &trend.changes {
        let (before, after) = (shown(change.before), shown(change.after));
        sentences.push(format!(
            "From {} on its level is {after}, before {before} ({}).",
            change.period,
            p_value(change.p_value)
        ));
    }
    for outlier in trend.outliers.iter().take(10) {
        let (value, expected) = (shown(outlier.value), shown(outlier.expected));
        sentences
            .push(format!("{} is out of line: {value}, where {expected} would be expected.", outlier.period));
    }
    match &trend.forecast {
        None => sentences.push(format!(
            "No forecast: {} are too few, or some are empty.",
            counted(trend.periods as u64, &format!("whole {noun}"))
        )),
        Some(forecast) => {
            let least = &forecast.errors[0];
            let of_naive =
                least.of_naive.map_or_else(String::new, |of| format!(", {} of the naive error", percent(of)));
            let judged = if forecast.better_than_naive {
                format!("is forecast best by {}", method(forecast.method))
            } else {
                format!("is not forecast better than by {}", method(forecast.method))
            };
            let next = forecast.points.first().map_or(f64::NAN, |point| point.value);
            sentences.push(format!(
                "It {judged}: on {noun}s not seen, the mean error was {}{of_naive}. The next {noun} is expected at {}.",
                match kpi {
                    Some(kpi) if kpi.share => difference(Measure::Share, least.mean_absolute_error),
                    _ => shown(least.mean_absolute_error),
                },
                shown(next)
            ));
        }
    }
    if sentences.is_empty() {
        sentences.push("Nothing is out of line.".to_string());
    }
    sentences
}

fn method(method: Method) -> &'static str {
    match method {
        Method::Naive => "the last figure",
        Method::SeasonalNaive => "the figure of a season before",
        Method::Ets => "exponential smoothing",
        Method::MstlEts => "its season with exponential smoothing",
    }
}

fn answered(answer: &Answer) -> Markup {
    let is_number = |place: usize| {
        let mut values = answer.first.iter().filter_map(|row| row[place].as_ref());
        values.all(|value| value.parse::<f64>().is_ok())
    };
    let column = |(place, name): (usize, &String)| {
        if is_number(place) { Column::number(name) } else { Column::text(name) }
    };
    let mut table = Table::new(answer.columns.iter().enumerate().map(column)).fold_after(OPEN);
    let fractions: Vec<bool> = (0..answer.columns.len()).map(|place| has_fractions(answer, place)).collect();
    for row in &answer.first {
        let values = row.iter().map(|value| value.as_deref().unwrap_or(""));
        table.row_of(values.zip(&fractions).map(|(value, fractions)| legible(value, *fractions)));
    }
    html! {
        pre { (answer.sql) }
        (note(html! { (counted(answer.rows, "row")) ", all of them in " (answer.file) "." }))
        @if let Some(bars) = charts::answer(answer, is_number) { (beside(&[&bars, &table])) } @else { (table) }
    }
}

/// Whether a column has numbers with fractions. Those without may be identifiers, whose digits are left alone.
fn has_fractions(answer: &Answer, place: usize) -> bool {
    let mut values = answer.first.iter().filter_map(|row| row[place].as_deref());
    values.any(|value| value.contains('.') && value.parse::<f64>().is_ok())
}

/// A value as people read it: in a column of numbers with fractions no more digits than mean something, also where one has
/// none by chance. The file has all of them.
fn legible(value: &str, fractions: bool) -> String {
    let value_of = || value.parse::<f64>().ok();
    fractions.then(value_of).flatten().map_or_else(|| value.to_string(), number)
}

fn would_be(what_if: &WhatIf) -> Markup {
    let mut table = Table::new([
        Column::name("Figure"),
        Column::number("Now"),
        Column::number("Then"),
        Column::number("Change"),
        Column::number("95 % interval"),
    ]);
    for outcome in &what_if.figures {
        let ends = format!("{} to {}", duration(outcome.interval.low), duration(outcome.interval.high));
        table.row(&[
            &outcome.figure,
            &duration(outcome.now),
            &duration(outcome.then),
            &duration(outcome.change),
            &ends,
        ]);
    }
    html! {
        (lead(html! { "With " (what_if.changes.join(", and ")) ":" }))
        (table)
        h3 { "Taken for granted" }
        ul { @for assumption in &what_if.assumptions { li { (assumption) } } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_numbers_of_a_column_with_fractions_are_shown_alike() {
        let row = |id: &str, sum: &str| vec![Some(id.to_owned()), Some(sum.to_owned())];
        let answer = Answer {
            sql: String::new(),
            file: "sql-1.csv".into(),
            columns: vec!["id".into(), "sum".into()],
            rows: 2,
            first: vec![row("1475275", "1162089.5"), row("1475276", "1475275")],
        };
        assert_eq!([0, 1].map(|place| has_fractions(&answer, place)), [false, true]);
        assert_eq!(legible("1475275", false), "1475275");
        assert_eq!(
            (legible("1162089.5", true), legible("1475275", true)),
            ("1,162,090".into(), "1,475,275".into())
        );
        assert_eq!(legible("", true), "");
    }
}

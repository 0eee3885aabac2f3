//! The report for people.

use fuelcell_report_kit::chart::{Axis, Bars, HeatMap, Histogram};
use fuelcell_report_kit::text::{count, counted, fixed, number, percent, shorten};
use fuelcell_report_kit::{
    Column, Markup, Page, Quality, Table, Tile, beside, facts, fold, html, lead, meter, note,
};

use serde_json::{Value, json};

use crate::enriched::Enriched;
use crate::plan::{Planned, Work};
use crate::profile::{ColumnDocument, ColumnProfile, Measure, Profile};

/// Columns that have a picture of their own.
const DRAWN: usize = 60;

pub(crate) fn page(all: &Enriched<'_>) -> Page {
    let mut page = Page::new(all.file, "Data profile");
    let (before, after) = (&all.columns_before, &all.columns_after);
    let validation = all.quality.validation;
    if all.is_retry {
        page.note("These are rows that an earlier job rejected.");
    }
    page.tiles([
        Tile::new(count(validation.total), "rows read"),
        Tile::new(count(validation.invalid), "rejected"),
        Tile::new(count(validation.duplicates_removed), "duplicates removed"),
        Tile::new(count(all.after.rows), "rows in the result"),
        Tile::new(count(after.len() as u64), "columns in the result"),
        Tile::new(cells(all.after), "cells have a value"),
    ]);
    page.section("quality", "Data quality", quality(all));
    if !all.plan.is_empty() {
        page.section("steps", "Steps", steps(all));
    }
    if all.hides() {
        page.section("risk", "Who may still be recognised", risk(all));
    }
    let changed = !all.plan.is_empty();
    page.section(
        "columns",
        if changed { "Columns of the result" } else { "Columns" },
        columns(all.after, after, true),
    );
    if changed {
        page.section("before", "Columns before the steps", columns(all.before, before, !all.hides()));
    }
    if let Some(body) = correlations(all.after) {
        page.section("correlations", "Correlations", body);
    }
    page
}

fn cells(profile: &Profile) -> String {
    let all = profile.rows * profile.columns.len() as u64;
    percent(1.0 - profile.missing() as f64 / all.max(1) as f64)
}

fn quality(all: &Enriched<'_>) -> Markup {
    let validation = all.quality.validation;
    let facts = all.facts;
    let mut about = vec![facts.format.to_string()];
    about.extend(facts.compression.map(String::from));
    about.extend(facts.encoding.map(String::from));
    about.extend(facts.delimiter.map(|mark| {
        format!("delimiter {}", if mark == '\t' { "tab".into() } else { format!("\"{mark}\"") })
    }));
    about.extend(facts.header_line.map(|line| format!("names of columns in line {line}")));
    about.extend(
        facts.sheet.as_ref().map(|sheet| {
            format!("sheet {} of {}", shorten(sheet, 40), counted(facts.sheets as u64, "sheet"))
        }),
    );
    if !facts.title_rows.is_empty() {
        about.push(format!("{} before the header", counted(facts.title_rows.len() as u64, "row")));
    }
    let rejected = all.ledger.errors();
    let missing = all.before.missing();
    let missing = (missing > 0).then(|| format!("Cells have no value ({})", count(missing)));
    let found = rejected.iter().chain(all.findings);
    let findings = found.map(|finding| format!("{} ({})", finding.message, count(finding.count)));
    let box_ = Quality {
        score: (validation.total > 0).then_some(all.quality.score),
        total: validation.total,
        valid: validation.valid,
        duplicates_removed: validation.duplicates_removed,
        invalid: validation.invalid,
        about,
        parts: all.quality.parts.to_vec(),
        findings: findings.chain(missing).collect(),
    };
    html! {
        (box_)
        (note("The score is 100 times the sum of weight and share: completeness is the share of cells with a value, validity that of rows that were not rejected, uniqueness that of rows that were not removed as duplicates, consistency that of values of their column's type and of a plausible time."))
        @if all.ledger.filtered > 0 { p { (counted(all.ledger.filtered, "valid row")) " were left out by a filter." } }
        @if validation.invalid > 0 { p { "The rejected rows, as they were, are in " code { "rejected.csv" } "." } }
    }
}

fn steps(all: &Enriched<'_>) -> Markup {
    let mut table =
        Table::new([Column::text("Step"), Column::name("What"), Column::words("What it did")]).fold_after(40);
    for planned in all.plan {
        let (number, verb, parameters) = described(planned);
        let place = if verb.is_empty() { planned.name.clone() } else { format!("{}/{verb}", planned.name) };
        let notes = all.ledger.notes.iter().filter(|(name, _)| *name == place);
        let notes: Vec<&str> = notes.map(|(_, text)| text.as_str()).collect();
        let what = html! { (verb) " " span.soft.small { (shorten(&parameters, 200)) } };
        let did = html! { @for note in &notes { div { (note) } } };
        table.row(&[&number, &what, &did]);
    }
    html! { (lead(format!("{} rows went in, {} came out.", count(all.before.rows), count(all.after.rows)))) (table) }
}

/// The number of a step, its verb, and its parameters without those that were not given.
fn described(planned: &Planned) -> (String, String, String) {
    let Work::Step(step) = &planned.work else {
        return (planned.name.clone(), String::new(), "only these rows go on".into());
    };
    let written = serde_json::to_value(step.as_ref()).unwrap_or_default();
    let (verb, mut parameters) = written
        .as_object()
        .and_then(|step| step.iter().next())
        .map(|(verb, parameters)| (verb.clone(), parameters.clone()))
        .unwrap_or_default();
    without_nulls(&mut parameters);
    let number = planned.name.strip_prefix("steps/").unwrap_or(&planned.name).to_string();
    (number, verb, parameters.to_string())
}

fn without_nulls(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|_, member| {
                !member.is_null() && *member != json!(false) && *member != json!([]) && *member != json!("")
            });
            members.values_mut().for_each(without_nulls);
        }
        Value::Array(values) => values.iter_mut().for_each(without_nulls),
        _ => {}
    }
}

fn shown(measure: Option<&Measure>) -> String {
    match measure {
        None => "–".into(),
        Some(Measure::Number(value)) => number(*value),
        Some(Measure::Time(text)) => text.replace('T', " ").trim_end_matches('Z').to_string(),
    }
}

/// What of who is meant may still be told.
fn risk(all: &Enriched<'_>) -> Markup {
    let Some(risk) = all.risk else {
        return html! { (note("No step names quasi-identifiers (quasiIdentifiers) or generalises a column of the result, so that nobody can say how well rows hide among others.")) };
    };
    let about = if risk.exact { "" } else { "about " };
    let names: Vec<String> = risk.columns.iter().map(|name| shorten(name, 40)).collect();
    html! {
        (lead(format!(
            "k = {}: the smallest group of rows that are equal in {} has {}.",
            count(risk.smallest_group), names.join(", "), counted(risk.smallest_group, "row")
        )))
        p {
            (about) (percent(risk.share_in_small_groups)) " of the rows (" (about) (count(risk.rows_in_small_groups))
            ") are in groups with fewer than five; there are " (about) (counted(risk.groups, "group")) "."
        }
        (note("k looks at these columns alone. It does not say what others know, or what the other columns tell. rejected.csv holds the rejected rows as they were."))
    }
}

/// A table of columns; `detailed` with what their values are.
fn columns(profile: &Profile, documents: &[ColumnDocument], detailed: bool) -> Markup {
    let mut table = Table::new([
        Column::name("Column"),
        Column::text("Type"),
        Column::text("Has a value"),
        Column::number("Different values"),
        Column::number("Smallest"),
        Column::number("Median"),
        Column::number("Largest"),
    ])
    .fold_after(60);
    for document in documents {
        let filled = 1.0 - document.missing as f64 / document.rows.max(1) as f64;
        let about = if document.distinct.exact { "" } else { "about " };
        let median = document.quantiles.as_ref().and_then(|quantiles| quantiles.p50.as_ref());
        table.row(&[
            &shorten(&document.name, 60),
            &document.r#type,
            &meter(filled),
            &format!("{about}{}", count(document.distinct.count)),
            &shown(document.min.as_ref()),
            &shown(median),
            &shown(document.max.as_ref()),
        ]);
    }
    let drawn = if detailed { DRAWN } else { 0 };
    let details = profile.columns.iter().zip(documents).take(drawn).map(|(column, document)| {
        fold(shorten(&document.name, 80), &document.r#type, detail(column, document), false)
    });
    html! {
        (table)
        @if documents.is_empty() { p { "There is no column." } }
        @for detail in details { (detail) }
        @if !detailed { (note("A step hides who is meant: values before the steps are not told.")) }
        @if detailed && documents.len() > DRAWN { (note(format!("The first {DRAWN} columns have a picture; profile.json describes all."))) }
    }
}

fn detail(column: &ColumnProfile, document: &ColumnDocument) -> Markup {
    let figures = html! {
        (facts(figures(document)))
        @if let Some(outliers) = &document.outliers {
            @if outliers.count > 0 {
                p { (counted(outliers.count, "value")) " lie below " (number(outliers.below)) " or above " (number(outliers.above))
                    ", 1.5 interquartile ranges from the quartiles." }
            }
        }
        @if document.quantiles.as_ref().is_some_and(|quantiles| !quantiles.exact) {
            (note("Quantiles are those of a sample of all values."))
        }
        @if !document.patterns.is_empty() { (patterns(document)) }
    };
    let picture = picture(column, document);
    html! { (beside(&[&figures, &picture])) }
}

fn figures(document: &ColumnDocument) -> Vec<(&'static str, String)> {
    let mut found = vec![("rows", count(document.rows)), ("missing", count(document.missing))];
    let about = if document.distinct.exact { "" } else { "about " };
    found.push(("different", format!("{about}{}", count(document.distinct.count))));
    if let Some((shortest, longest)) = document.length {
        found.push(("letters", format!("{shortest} – {longest}")));
    }
    if let Some(quantiles) = &document.quantiles {
        found.push(("smallest", shown(document.min.as_ref())));
        found.push(("5 %", shown(quantiles.p05.as_ref())));
        found.push(("25 %", shown(quantiles.p25.as_ref())));
        found.push(("median", shown(quantiles.p50.as_ref())));
        found.push(("75 %", shown(quantiles.p75.as_ref())));
        found.push(("95 %", shown(quantiles.p95.as_ref())));
        found.push(("largest", shown(document.max.as_ref())));
        found.push(("mean", shown(document.mean.as_ref())));
    }
    found.extend(document.standard_deviation.map(|deviation| ("standard deviation", number(deviation))));
    found
}

fn patterns(document: &ColumnDocument) -> Markup {
    let mut table = Table::new([Column::name("Pattern"), Column::number("Values")]);
    for (pattern, values) in document.patterns.iter().take(5) {
        table.row(&[&shorten(pattern, 40), &count(*values)]);
    }
    html! { (table) (note("A is a run of capitals, a of other letters, 9 of digits.")) }
}

fn picture(column: &ColumnProfile, document: &ColumnDocument) -> Markup {
    let title = shorten(&document.name, 60);
    if column.numbers().len() > 1 && document.distinct.count > 12 {
        let axis = match column.kind.is_time() {
            true => Axis::time("time"),
            false => Axis::number(title.as_str(), ""),
        };
        return html! { (Histogram::of(title, axis, "Rows", column.numbers())) };
    }
    let mut bars = Bars::new(format!("Most frequent values of {title}"), "Value", Axis::count("Rows"));
    for (value, rows) in &document.top_values {
        bars = bars.bar(shorten(value, 40), *rows as f64);
    }
    html! {
        @if document.top_values.is_empty() { p { "There is no value." } } @else { (bars) }
        @if !document.top_values_exact { (note("There are too many different values to count all; these are the most frequent of those counted.")) }
    }
}

fn correlations(profile: &Profile) -> Option<Markup> {
    let found = profile.correlations();
    let strongest = found.first()?;
    let mut names: Vec<&str> = Vec::new();
    for name in found.iter().flat_map(|pair| &pair.columns) {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    names.truncate(15);
    let r = |a: &str, b: &str| match a == b {
        true => 1.0,
        false => found
            .iter()
            .find(|pair| pair.columns == [a, b] || pair.columns == [b, a])
            .map_or(f64::NAN, |pair| pair.r),
    };
    let mut map = HeatMap::new(
        "Pearson's r between columns of numbers",
        "Column",
        "Column",
        Axis::number("|r|", ""),
        names.iter().map(|name| shorten(name, 20)),
    );
    for row in &names {
        map = map
            .row(shorten(row, 20), names.iter().map(|column| (r(row, column).abs() * 100.0).round() / 100.0));
    }
    Some(html! {
        (lead(format!(
            "The strongest: {} and {} with r = {} over {}.",
            strongest.columns[0], strongest.columns[1], fixed(strongest.r, 2), counted(strongest.rows, "row")
        )))
        (map)
    })
}

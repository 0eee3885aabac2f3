//! The section about groups of cases.

use fuelcell_report_kit::text::{count, counted, duration, percent};
use fuelcell_report_kit::{Column, Markup, Table, html, lead, meter, note};

use super::Report;
use super::sections::{ROWS, name};
use crate::attributes::LeftOut;
use crate::dimensions::{Dimension, GroupFigures, repeats};
use crate::effects::{FEWEST, LEVEL, Measure};
use crate::figures::SECOND;

impl Report<'_> {
    pub(super) fn by_attribute(&self) -> Markup {
        let dimensions = self.dimensions;
        let names: Vec<String> = dimensions.list.iter().map(|dimension| name(&dimension.attribute)).collect();
        let chosen = if dimensions.given {
            "The request names them."
        } else {
            "They were chosen because they tell groups of cases; the parameter attributes names others."
        };
        let repeats = repeats(self.log);
        html! {
            @if names.is_empty() {
                (lead("No attribute tells groups of cases."))
            } @else {
                (lead(format!("Cases are grouped by {}. {chosen}", names.join(", "))))
            }
            @if let Some(reasons) = reasons("No groups are made of", &dimensions.passed_over) { (note(reasons)) }
            @if let Some(reasons) = reasons("Not kept:", &self.attributes.left_out) { (note(reasons)) }
            (self.effects())
            @for dimension in &dimensions.list {
                h3 { (name(&dimension.attribute)) }
                (self.groups(dimension, &repeats))
            }
        }
    }

    fn effects(&self) -> Markup {
        let effects = self.effects;
        if effects.comparisons == 0 {
            return html! {};
        }
        let mut table = Table::new([
            Column::name("Cases with"),
            Column::text("What differs"),
            Column::number("Cases"),
            Column::number("Median or share"),
            Column::number("Others"),
            Column::number("Longer in all"),
        ]);
        for effect in effects.found.iter().take(2 * ROWS) {
            let what = match effect.measure {
                Measure::CycleTime => "cycle time of completed cases".to_string(),
                Measure::TimeBefore(activity) => {
                    format!("time before \"{}\"", name(self.log.activity_name(activity)))
                }
                Measure::Rework => "share with rework".to_string(),
            };
            let [mine, theirs] = effect.medians.map(|value| match effect.measure {
                Measure::Rework => percent(value),
                _ => duration(value / SECOND),
            });
            let moved = match effect.measure {
                Measure::Rework => String::new(),
                _ => duration(effect.moved / SECOND),
            };
            table.row(&[
                &name(&format!("{} = {}", effect.attribute, effect.value)),
                &what,
                &count(effect.cases[0]),
                &mine,
                &theirs,
                &moved,
            ]);
        }
        html! {
            h3 { "What makes a difference" }
            (note(format!(
                "Each value is compared with all other cases by rank (Mann and Whitney), where both are {FEWEST} or more. Told is \
                 what is at least 20 % longer, or 5 points more, and would be seen with a chance of less than {} if attributes \
                 meant nothing: corrected for {} (Holm). Longer in all is cases times the smaller of the differences of means and medians. That two things go together does not say that one is the cause.",
                percent(LEVEL),
                counted(effects.comparisons as u64, "comparison")
            )))
            @if table.is_empty() { p { "No value makes a difference." } } @else { (table) }
        }
    }

    fn groups(&self, dimension: &Dimension, repeats: &[bool]) -> Markup {
        let mut table = Table::new([
            Column::name("Value"),
            Column::number("Cases"),
            Column::text("Share"),
            Column::number("Median cycle time"),
            Column::number("With rework"),
            Column::number("Variants"),
            Column::words("Most time before"),
        ]);
        for group in dimension.groups.iter().take(ROWS) {
            let figures = GroupFigures::of(self.log, self.figures, self.completion, repeats, group);
            let cases = group.cases.len() as f64;
            let median = match figures.completed {
                0 => String::new(),
                _ => duration(figures.durations.quantile(0.5)),
            };
            let slowest = figures.slowest.map_or(String::new(), |(activity, _, share)| {
                format!("{} ({} of the time)", name(self.log.activity_name(activity)), percent(share))
            });
            table.row(&[
                &name(&group.value),
                &count(group.cases.len() as u64),
                &meter(cases / self.log.cases() as f64),
                &median,
                &percent(figures.rework as f64 / cases),
                &count(figures.variants as u64),
                &slowest,
            ]);
        }
        let more = dimension.groups.len().saturating_sub(ROWS) as u64;
        html! {
            (table)
            @if !dimension.exclusive { (note("A case counts for each of the values that its events have.")) }
            @if more > 0 { (note(format!("{} not shown.", counted(more, "smaller group")))) }
        }
    }
}

fn reasons(words: &str, list: &[LeftOut]) -> Option<String> {
    const SHOWN: usize = 10;
    let each = list.iter().take(SHOWN).map(|one| format!("{} ({})", name(&one.name), one.reason));
    let more = list.len().saturating_sub(SHOWN);
    let rest = if more > 0 { format!("; {} more", count(more as u64)) } else { String::new() };
    (!list.is_empty()).then(|| format!("{words} {}{rest}.", each.collect::<Vec<_>>().join("; ")))
}

//! How the cases keep to a model and to rules.

use fuelcell_report_kit::text::{count, counted, duration, percent};
use fuelcell_report_kit::{Column, Markup, Table, fold, html, lead, meter, note};

use super::Report;
use super::sections::{LISTED, ROWS, name, not_listed};
use crate::conformance::Checked;
use crate::figures::SECOND;
use crate::reference::{DEFINITION, Fitness};

impl Report<'_> {
    pub(super) fn conformance(&self) -> Markup {
        html! {
            @if !self.facts.incomplete_cases.is_empty() {
                (note("Cases with rows that were left out are not judged."))
            }
            @if let Some((discovered, replayed)) = self.discovered { (self.discovered(discovered, replayed)) }
            @if let Some(replayed) = self.replayed {
                h3 { "Against the reference model" }
                (self.replayed(replayed))
            }
            @if let Some(fitness) = self.fitness { (self.against_model(fitness)) }
            @if !self.checked.is_empty() { (self.rules()) }
        }
    }

    fn against_model(&self, fitness: &Fitness) -> Markup {
        let mut table = Table::new([
            Column::name("What"),
            Column::number("Judged"),
            Column::number("Fitting"),
            Column::text("Fitness"),
        ]);
        let rows =
            [("Cases", fitness.cases, fitness.of_cases()), ("Events", fitness.events, fitness.of_events())];
        for (what, (all, fitting), share) in rows {
            table.row(&[&what, &count(all), &count(fitting), &share_of(share)]);
        }
        let made = counted(fitness.model_cases, "case");
        html! {
            h3 { "Against the model" }
            (lead(format!("The model was made from {made}. {DEFINITION}")))
            (table)
            @if !fitness.seen.is_empty() { (self.deviations(fitness)) (self.deviating(fitness)) }
        }
    }

    fn deviations(&self, fitness: &Fitness) -> Markup {
        let mut table = Table::new([
            Column::name("Deviation"),
            Column::number("Times"),
            Column::number("Cases"),
            Column::text("Such as"),
        ])
        .caption("Deviations");
        for seen in fitness.seen.iter().take(2 * ROWS) {
            let examples: Vec<String> =
                seen.examples.iter().take(3).map(|&case| name(self.log.case_name(case))).collect();
            let what = seen.deviation.describe(self.log);
            table.row(&[&what, &count(seen.count), &count(seen.cases), &examples.join(", ")]);
        }
        let rest = fitness.seen.len().saturating_sub(2 * ROWS) as u64;
        html! {
            (table)
            @if rest > 0 { (note(format!("{} not listed.", counted(rest, "rarer deviation")))) }
        }
    }

    fn deviating(&self, fitness: &Fitness) -> Markup {
        let mut table = Table::new([
            Column::name("Case"),
            Column::number("Fitness"),
            Column::number("Deviations"),
            Column::number("Cycle time"),
        ]);
        for bad in fitness.deviating.iter().take(LISTED) {
            let (case, time) = self.case(bad.case);
            table.row(&[&case, &percent(bad.fitness), &count(bad.deviations), &time]);
        }
        let all = fitness.deviating.len();
        self.cases("Cases that do not fit", all, &table)
    }

    fn rules(&self) -> Markup {
        let mut table = Table::new([
            Column::name("Rule"),
            Column::number("Cases concerned"),
            Column::number("Broken by"),
            Column::text("Kept by"),
        ]);
        for checked in self.checked {
            let broken = count(checked.cases.len() as u64);
            let kept = share_of(checked.fitness());
            table.row(&[&checked.rule.describe(), &count(checked.concerned), &broken, &kept]);
        }
        html! {
            h3 { "Rules" }
            (lead("The rules that were stated for this analysis."))
            (table)
            @for checked in self.checked.iter().filter(|checked| !checked.cases.is_empty()) {
                (self.broken(checked))
            }
        }
    }

    fn broken(&self, checked: &Checked) -> Markup {
        let mut table = Table::new([Column::name("Case"), Column::number("Cycle time")]);
        for &case in checked.cases.iter().take(LISTED) {
            let (case, time) = self.case(case);
            table.row(&[&case, &time]);
        }
        self.cases(&checked.reason, checked.cases.len(), &table)
    }

    /// A case by its name and its cycle time.
    pub(super) fn case(&self, case: usize) -> (String, String) {
        (name(self.log.case_name(case)), duration(self.log.lead_time(case) as f64 / SECOND))
    }

    /// Cases that are listed by a click.
    pub(super) fn cases(&self, title: &str, all: usize, table: &Table) -> Markup {
        let body = html! { (table) @if let Some(more) = not_listed(all) { (more) } };
        fold(title, counted(all as u64, "case"), body, false)
    }
}

/// Nothing where nothing was judged.
fn share_of(share: Option<f64>) -> Markup {
    html! { @if let Some(share) = share { (meter(share)) } }
}

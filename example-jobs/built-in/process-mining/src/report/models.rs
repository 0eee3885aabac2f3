//! A model that was mined, and how cases are replayed on models.

use fuelcell_report_kit::text::{count, counted, percent};
use fuelcell_report_kit::{Column, Markup, Table, html, lead, meter, note};

use super::Report;
use super::sections::{LISTED, ROWS, name};
use crate::models::{DEFINITION, Discovered, Replayed};

impl Report<'_> {
    pub(super) fn discovered(&self, discovered: &Discovered, replayed: &Replayed) -> Markup {
        let net = &discovered.net;
        let visible = net.transitions.len() - net.silent();
        let made = format!(
            "Mined with the inductive miner, ways on rarer than {} of the most frequent one left out: a Petri net of {}, {} \
             and {} without a name.",
            percent(self.parameters.noise_threshold),
            counted(net.places as u64, "place"),
            counted(visible as u64, "activity"),
            counted(net.silent() as u64, "step")
        );
        html! {
            h3 { "Discovered model" }
            (lead(made))
            (self.replayed(replayed))
            (note(format!("Simplicity (inverse of the arc degree) {:.2}. Process tree: {}", net.simplicity(), discovered.text(self.log))))
        }
    }

    pub(super) fn replayed(&self, replayed: &Replayed) -> Markup {
        let mut table = Table::new([Column::name("Measure"), Column::text("Value"), Column::number("Of")]);
        let cases = format!("{} of {}", count(replayed.cases.1), counted(replayed.cases.0, "case"));
        let tokens = format!(
            "{} of {} tokens missing",
            count(replayed.tokens.missing),
            count(replayed.tokens.consumed)
        );
        let rows = [
            ("Cases that fit", replayed.of_cases(), cases),
            ("Fitness", replayed.fitness(), tokens),
            ("Mean fitness of a case", replayed.mean, counted(replayed.cases.0, "case")),
            ("Precision", replayed.precision, String::new()),
        ];
        for (what, share, of) in rows {
            table.row(&[&what, &html! { @if let Some(share) = share { (meter(share)) } }, &of]);
        }
        html! {
            (lead(DEFINITION))
            (table)
            @if !replayed.unseen.is_empty() {
                (note(format!("Activities of the model that no case has: {}.", replayed.unseen.join(", "))))
            }
            @if replayed.cut_short > 0 {
                (note(format!(
                    "{} for silent steps were given up; there, cases may fit better than these figures say.",
                    counted(replayed.cut_short, "search")
                )))
            }
            @if !replayed.seen.is_empty() { (self.left_model(replayed)) }
        }
    }

    fn left_model(&self, replayed: &Replayed) -> Markup {
        let mut table = Table::new([
            Column::name("Deviation"),
            Column::number("Times"),
            Column::number("Cases"),
            Column::text("Such as"),
        ])
        .caption("Where cases leave the model");
        for seen in replayed.seen.iter().take(2 * ROWS) {
            let examples: Vec<String> =
                seen.examples.iter().take(3).map(|&case| name(self.log.case_name(case))).collect();
            let what = seen.deviation.describe(self.log);
            table.row(&[&what, &count(seen.count), &count(seen.cases), &examples.join(", ")]);
        }
        let rest = replayed.seen.len().saturating_sub(2 * ROWS) as u64;
        let mut worst =
            Table::new([Column::name("Case"), Column::number("Fitness"), Column::number("Cycle time")]);
        for &(case, fitness) in replayed.deviating.iter().take(LISTED) {
            let (case, time) = self.case(case);
            worst.row(&[&case, &percent(fitness), &time]);
        }
        html! {
            (table)
            @if rest > 0 { (note(format!("{} not listed.", counted(rest, "rarer deviation")))) }
            (self.cases("Cases that leave the model", replayed.deviating.len(), &worst))
        }
    }
}

//! How the cases keep to a model and to rules.

use super::Report;
use super::sections::{LISTED, ROWS, meter, name, not_listed, table};
use crate::conformance::Checked;
use crate::figures::SECOND;
use crate::reference::{DEFINITION, Deviating, Fitness, Seen};
use crate::text::{count, counted, duration, escape, percent};

impl Report<'_> {
    pub(super) fn conformance(&self) -> String {
        let unjudged = if self.facts.incomplete_cases.is_empty() {
            ""
        } else {
            "<p class=\"soft small\">Cases with rows that were left out are not judged.</p>"
        };
        let model = self.fitness.map_or(String::new(), |fitness| self.against_model(fitness));
        let rules = if self.checked.is_empty() { String::new() } else { self.rules() };
        format!("{unjudged}{model}{rules}")
    }

    fn against_model(&self, fitness: &Fitness) -> String {
        let share = |share: Option<f64>| share.map_or_else(String::new, meter);
        let (cases, events) = (fitness.cases, fitness.events);
        let row = |what: &str, (all, fitting): (u64, u64), fits: Option<f64>| {
            vec![what.to_string(), count(all), count(fitting), share(fits)]
        };
        let rows =
            [row("Cases", cases, fitness.of_cases()), row("Events", events, fitness.of_events())].into_iter();
        let mut html = format!(
            "<h3>Against the model</h3><p class=\"lead\">The model was made from {}. {DEFINITION}</p>{}",
            counted(fitness.model_cases, "case"),
            table(&["What", "#Judged", "#Fitting", "Fitness"], rows)
        );
        if !fitness.seen.is_empty() {
            html.push_str(&self.deviations(fitness));
        }
        html
    }

    fn deviations(&self, fitness: &Fitness) -> String {
        let case = |case: usize| name(self.log.case_name(case));
        let seen = |seen: &Seen| {
            let examples =
                seen.examples.iter().take(3).map(|&number| case(number)).collect::<Vec<_>>().join(", ");
            vec![escape(&seen.deviation.describe(self.log)), count(seen.count), count(seen.cases), examples]
        };
        let bad = |bad: &Deviating| {
            vec![
                case(bad.case),
                percent(bad.fitness),
                count(bad.deviations),
                duration(self.log.duration(bad.case) as f64 / SECOND),
            ]
        };
        let rest = fitness.seen.len().saturating_sub(2 * ROWS) as u64;
        let more = match rest {
            0 => String::new(),
            rest => format!("<p class=\"soft small\">{} not listed.</p>", counted(rest, "rarer deviation")),
        };
        format!(
            "<h3>Deviations</h3>{}{more}<details><summary>Cases that do not fit <span class=\"soft\">{}</span></summary>{}{}</details>",
            table(
                &["Deviation", "#Times", "#Cases", "Such as"],
                fitness.seen.iter().take(2 * ROWS).map(seen)
            ),
            counted(fitness.deviating.len() as u64, "case"),
            table(
                &["Case", "#Fitness", "#Deviations", "#Cycle time"],
                fitness.deviating.iter().take(LISTED).map(bad)
            ),
            not_listed(fitness.deviating.len())
        )
    }

    fn rules(&self) -> String {
        let rows = self.checked.iter().map(|checked| {
            let fitness = checked.fitness();
            vec![
                escape(&checked.rule.describe()),
                count(checked.concerned),
                count(checked.cases.len() as u64),
                fitness.map_or_else(String::new, meter),
            ]
        });
        let rules = table(&["Rule", "#Cases concerned", "#Broken by", "Kept by"], rows);
        let group = |checked: &Checked| {
            let rows = checked.cases.iter().take(LISTED).map(|&case| {
                vec![name(self.log.case_name(case)), duration(self.log.duration(case) as f64 / SECOND)]
            });
            format!(
                "<details><summary>{} <span class=\"soft\">{}</span></summary>{}{}</details>",
                escape(&checked.reason),
                counted(checked.cases.len() as u64, "case"),
                table(&["Case", "#Cycle time"], rows),
                not_listed(checked.cases.len())
            )
        };
        let broken = self.checked.iter().filter(|checked| !checked.cases.is_empty());
        format!(
            "<h3>Rules</h3><p class=\"lead\">The rules that were stated for this analysis.</p>{rules}{}",
            broken.map(group).collect::<String>()
        )
    }
}

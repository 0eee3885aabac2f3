//! The sections of the report.

use fuelcell_report_kit::text::{count, counted, duration, percent, shorten};
use fuelcell_report_kit::{
    Column, Markup, Mood, Render, Table, Tile, beside, facts, findings, fold, html, lead, note, verdict,
};

use super::Report;
use super::charts::{self, Axis, CUT};
use crate::completion::{Known, RULE};
use crate::figures::{SECOND, Source, Spread};
use crate::log::{EventLog, Level, Micros};
use crate::map::{Drawing, Map};
use crate::quality;

/// Rows in most tables.
pub(super) const ROWS: usize = 10;
/// Variants shown, and steps shown of each.
const VARIANTS: usize = 15;
const STEPS: usize = 40;
/// Unusual cases listed of each sort.
pub(super) const LISTED: usize = 50;

fn date(time: Micros) -> String {
    fuelcell_report_kit::text::date(time as f64 / SECOND)
}

pub(super) fn name(text: &str) -> String {
    shorten(text, 120)
}

/// So many cases, with the verb.
fn are(cases: usize, noun: &str) -> String {
    let verb = if cases == 1 { "is" } else { "are" };
    format!("{} {verb}", counted(cases as u64, noun))
}

/// Says how many of so many cases a list leaves out.
pub(super) fn not_listed(cases: usize) -> Option<Markup> {
    let more = cases.saturating_sub(LISTED) as u64;
    let verb = if more == 1 { "is" } else { "are" };
    (more > 0).then(|| note(format!("{} {verb} not listed.", counted(more, "more case"))))
}

impl Report<'_> {
    /// What the cycle time is.
    fn cycle_time(&self) -> &'static str {
        match self.figures.source {
            Source::Events => "From the first to the last event of a case.",
            Source::StartTimes | Source::Lifecycle => "From the first begin to the last end of a case.",
        }
    }

    /// What is counted, where that is not the events.
    pub(super) fn level(&self) -> Option<String> {
        let found = self.figures.work.filter(|_| self.figures.source == Source::Lifecycle)?;
        Some(match self.log.level {
            Level::Instances => format!(
                "{} are the life-cycle transitions of {}, which are what is counted here; granularity \"events\" counts the \
                 events.",
                counted(self.events, "event"),
                counted(found.items, "activity instance")
            ),
            Level::Events => format!(
                "Every life-cycle transition is counted as an event of its activity, so that one execution counts several times: \
                 {} belong to {}. Granularity \"instances\" counts these.",
                counted(self.events, "event"),
                counted(found.items, "activity instance")
            ),
        })
    }

    pub(super) fn subtitle(&self) -> String {
        match (self.figures.first, self.figures.last) {
            (Some(first), Some(last)) => {
                let (first, last) = (self.log.local(first), self.log.local(last));
                format!("Process report · {} to {} ({})", date(first), date(last), self.log.clock.name())
            }
            _ => "Process report · nothing was analysed".to_string(),
        }
    }

    pub(super) fn tiles(&self) -> Vec<Tile> {
        let figures = self.figures;
        let mut tiles = vec![
            Tile::new(count(self.log.cases() as u64), "cases"),
            Tile::new(count(self.events), "events"),
            Tile::new(count(figures.flow.activity_count() as u64), "activities"),
            Tile::new(count(figures.variants.list.len() as u64), "variants"),
        ];
        if self.log.level == Level::Instances {
            tiles.insert(2, Tile::new(count(self.log.events() as u64), "activity instances"));
        }
        let completion = self.completion;
        if completion.unfinished() > 0 {
            tiles.insert(1, Tile::new(count(completion.unfinished() as u64), "unfinished cases"));
        }
        if completion.cases() > 0 {
            let durations = &completion.durations;
            tiles.extend([
                Tile::new(duration(durations.quantile(0.5)), "median cycle time"),
                Tile::new(duration(durations.mean()), "mean cycle time"),
                Tile::new(duration(durations.quantile(0.95)), "95 % done within"),
            ]);
        }
        if self.log.cases() > 0 {
            let rework = figures.rework.any as f64 / self.log.cases() as f64;
            tiles.push(Tile::new(percent(rework), "of cases with rework"));
            if let Some(working) = &figures.working {
                tiles.push(Tile::new(duration(working.quantile(0.5)), "median working time"));
            }
        }
        tiles
    }

    pub(super) fn insights(&self) -> Markup {
        let sentences = self.insights.iter().take(ROWS);
        html! {
            (lead("Ranked by the share of all case time that they move, or of the cases that they concern; broken rules first, what only \
                   describes the log last."))
            (findings(sentences.map(|insight| (insight.text.as_str(), counted(insight.cases, "case")))))
        }
    }

    pub(super) fn quality(&self) -> Markup {
        let (quality, facts, validation) = (self.quality, self.facts, self.quality.validation);
        let columns: Vec<String> =
            facts.columns.iter().map(|(role, name)| format!("{role} = {}", shorten(name, 60))).collect();
        // Cells that are no text have no encoding.
        let about = [facts.format.clone(), facts.encoding.to_string(), columns.join(", ")];
        let about = about.into_iter().filter(|text| !text.is_empty()).collect();
        fuelcell_report_kit::Quality {
            score: Some(quality.score),
            total: validation.total,
            valid: validation.valid,
            duplicates_removed: validation.duplicates_removed,
            invalid: validation.invalid,
            about,
            parts: quality.parts.to_vec(),
            findings: quality.findings.iter().map(quality::line).collect(),
        }
        .render()
    }

    pub(super) fn map(&self) -> Markup {
        html! {
            p.lead {
                "Boxes are activities with their " (self.log.row()) "s, lines are paths with the times they are taken and the median \
                 time between the ends of both"
                @if self.map.edges.iter().any(|edge| edge.parts.is_some()) { ", or the median waiting and work in it" }
                ". "
                (self.map.simplification())
                @if !fits(self.map) { " " span.screen { "Scroll inside of the frame to see all of it." } }
            }
            (framed(self.map, self.drawing))
        }
    }

    /// Says which cases are completed.
    pub(super) fn told_apart(&self) -> String {
        let completion = self.completion;
        let ends: Vec<String> =
            completion.ends.iter().map(|&end| name(self.log.activity_name(end))).collect();
        let known = match completion.known {
            Known::Given => String::new(),
            Known::Guessed => {
                format!(" These activities are guessed. {RULE} The parameter endActivities names them.")
            }
        };
        format!(
            "{} completed: the last activity is {}. {} shown apart, and in cycle times and variants only completed cases \
             count.{known}",
            are(completion.cases(), "case"),
            ends.join(", "),
            are(completion.unfinished(), "unfinished case"),
        )
    }

    pub(super) fn variants(&self) -> Markup {
        let (completion, all) = (self.completion, &self.figures.variants);
        let variants = &completion.variants;
        let shown = variants.len().min(VARIANTS);
        let mut place = vec![None; all.list.len()];
        for (index, variant) in variants[..shown].iter().enumerate() {
            place[all.of_case[variant.case] as usize] = Some(index);
        }
        let mut durations: Vec<Vec<Micros>> = vec![Vec::new(); shown];
        for case in (0..self.log.cases()).filter(|&case| completion.is_completed(case)) {
            if let Some(index) = place[all.of_case[case] as usize] {
                durations[index].push(self.log.lead_time(case));
            }
        }
        let usual = variants.first().is_some_and(|variant| variant.count > 1);
        let happy =
            if usual { "The most frequent one is the happy path." } else { "Every case has its own." };
        let covered: u64 = variants[..shown].iter().map(|variant| variant.count).sum();
        let rest = (variants.len() - shown) as u64;
        html! {
            @if variants.is_empty() {
                (lead("No case is completed, so that there is no variant of completed cases."))
            } @else {
                (lead(format!(
                    "{} of {}; {} cover 80 % of them. {happy}",
                    counted(variants.len() as u64, "variant"),
                    counted(completion.cases() as u64, completion.noun()),
                    count(completion.covering(0.8) as u64)
                )))
            }
            (self.shown_variants(&mut durations, usual))
            @if rest > 0 {
                (note(format!(
                    "{} with {} are not shown.",
                    counted(rest, "more variant"),
                    counted(completion.cases() as u64 - covered, "case")
                )))
            }
        }
    }

    /// The most frequent variants, each with the durations of its cases.
    fn shown_variants(&self, durations: &mut [Vec<Micros>], usual: bool) -> Markup {
        let (log, cases) = (self.log, self.completion.cases() as f64);
        let (colours, mut covered) = (charts::coloured(self.figures), 0);
        html! {
            @for (index, (variant, durations)) in self.completion.variants.iter().zip(durations).enumerate() {
                @let median = Spread::of(durations).map_or(String::new(), |d| duration(d.median / SECOND));
                @let cumulative = { covered += variant.count; percent(covered as f64 / cases) };
                div.variant {
                    div.head {
                        b { (index + 1) } " " (counted(variant.count, "case"))
                        @if index == 0 && usual { " " (verdict("happy path", Mood::Good)) }
                        span { (percent(variant.count as f64 / cases)) " of " (self.completion.noun()) "s" }
                        span.soft { "cumulative " (cumulative) }
                        span.soft { "median " (median) }
                    }
                    div.steps { (self.chevrons(log.trace(variant.case), &colours)) }
                }
            }
        }
    }

    pub(super) fn unfinished(&self) -> Markup {
        const SHOWN: usize = 2 * ROWS;
        let log = self.log;
        let by_last = self.completion.unfinished_by_last(log);
        let mut last = Table::new([
            Column::name("Last activity"),
            Column::number("Unfinished cases"),
            Column::number("Median age"),
        ]);
        let more: usize = by_last.iter().skip(SHOWN).map(|(_, ages)| ages.len()).sum();
        for (activity, mut ages) in by_last.into_iter().take(SHOWN) {
            let median = Spread::of(&mut ages).map_or(String::new(), |ages| duration(ages.median / SECOND));
            last.row(&[&name(log.activity_name(activity)), &count(ages.len() as u64), &median]);
        }
        let columns = [Column::name("Case"), Column::text("Last activity"), Column::number("Age")];
        let mut oldest = Table::new(columns).caption("Begun first");
        for (case, age) in self.completion.oldest_unfinished(log) {
            let activity = log.activities[log.range(case).end - 1];
            oldest.row(&[
                &name(log.case_name(case)),
                &name(log.activity_name(activity)),
                &duration(age as f64 / SECOND),
            ]);
        }
        html! {
            (lead(format!(
                "{} ({} of all cases). The age is from the first begin of a case to the last time of the log.",
                counted(self.completion.unfinished() as u64, "unfinished case"),
                percent(self.completion.unfinished() as f64 / log.cases() as f64)
            )))
            (beside(&[&last, &oldest]))
            @if more > 0 { (note(format!("{} with other last activities.", counted(more as u64, "more case")))) }
        }
    }

    fn chevrons(&self, trace: &[u32], colours: &[usize]) -> Markup {
        let class = |activity: u32| {
            let colour = colours.iter().position(|&coloured| coloured == activity as usize);
            colour.map(|colour| format!("s{colour}"))
        };
        html! {
            @for &activity in trace.iter().take(STEPS) {
                @let name = self.log.activity_name(activity);
                span class=[class(activity)] title=(shorten(name, 120)) { (shorten(name, 34)) }
            }
            @if trace.len() > STEPS { span.more { (trace.len() - STEPS) " more" } }
        }
    }

    pub(super) fn times(&self) -> Markup {
        let durations = &self.completion.durations;
        let quantiles = [
            ("minimum", 0.0),
            ("25 %", 0.25),
            ("median", 0.5),
            ("75 %", 0.75),
            ("90 %", 0.9),
            ("95 %", 0.95),
            ("99 %", 0.99),
            ("maximum", 1.0),
        ];
        let mut longest = Table::new([
            Column::name("Case"),
            Column::number("Cycle time"),
            Column::number(self.log.heading()),
        ])
        .caption("Longest cases");
        let measure = |log: &EventLog, case: usize| {
            if self.completion.is_completed(case) { log.lead_time(case) } else { Micros::MIN }
        };
        let longest_cases = crate::figures::longest(self.log, ROWS, measure);
        for case in longest_cases.into_iter().filter(|&case| self.completion.is_completed(case)) {
            longest.row(&[
                &name(self.log.case_name(case)),
                &duration(self.log.lead_time(case) as f64 / SECOND),
                &count(self.log.range(case).len() as u64),
            ]);
        }
        if self.completion.cases() == 0 {
            return lead("No case is completed, so that there is no cycle time.");
        }
        let noun = if self.completion.unfinished() == 0 { "Cases" } else { "Completed cases" };
        html! {
            (lead(self.cycle_time()))
            (facts(quantiles.map(|(name, share)| (name, duration(durations.quantile(share))))))
            (beside(&[&charts::durations(durations, noun), &longest]))
        }
    }

    pub(super) fn timeline(&self) -> Markup {
        let (Some(first), Some(last)) = (self.figures.first, self.figures.last) else { return html! {} };
        let axis = Axis::of(self.log, first, last);
        let (dots, cases) = charts::dots(self.log, self.figures, axis);
        let sample = if cases < self.log.cases() {
            format!("An even sample of {} of {} cases", count(cases as u64), count(self.log.cases() as u64))
        } else {
            "All cases".to_string()
        };
        let cut = if axis.cut {
            format!(
                " The last {} of the events, until {}, lie beyond the charts.",
                percent(CUT),
                date(self.log.local(last))
            )
        } else {
            String::new()
        };
        html! {
            (beside(&[
                &charts::events_over_time(self.log, axis),
                &charts::work_in_progress(self.log, axis)
            ]))
            (note(format!("A case is open from its first begin to its last end.{cut}")))
            (dots)
            (note(format!("{sample}, by their start; a dot is the end of an {}.", self.log.row())))
        }
    }

    pub(super) fn anomalies(&self) -> Markup {
        html! {
            @if self.anomalies.is_empty() { p { "No unusual cases were found." } }
            @for (index, group) in self.anomalies.iter().enumerate() {
                (fold(group.title, counted(group.cases.len() as u64, "case"), self.unusual(group), index == 0))
            }
        }
    }

    fn unusual(&self, group: &crate::anomalies::Group) -> Markup {
        let mut table = Table::new([Column::name("Case"), Column::text("Why")]);
        for anomaly in group.cases.iter().take(LISTED) {
            table.row(&[&name(self.log.case_name(anomaly.case)), &anomaly.reason]);
        }
        html! {
            (note(&group.definition))
            (table)
            @if let Some(more) = not_listed(group.cases.len()) { (more) }
        }
    }
}

/// Small maps shrink with the page; large ones stay legible and scroll.
fn fits(map: &Map) -> bool {
    map.activities.len() <= 12
}

/// A map in a frame, of which the start is seen first where the frame is smaller (CSS Scroll Snap 2).
pub(super) fn framed(map: &Map, drawing: &Drawing) -> Markup {
    let fits = fits(map);
    let (x, y) = drawing.start;
    let top = (y - 120.0).max(0.0).round();
    // As wide as the style sheet makes it.
    let (width, left) = (drawing.width.round(), x / drawing.width);
    // A small map does not grow, and a larger one shrinks until here.
    let least = width.min(600.0);
    let left = if fits {
        format!("calc(max({least}px,min(100cqi,{width}px))*{left:.4} - 50cqi)")
    } else {
        format!("calc({}px - 50cqi)", x.round())
    };
    html! {
        div.mapbox.fits[fits] style={ "--least:" (least) "px" } {
            span.first style={ "left:" (left) ";top:" (if fits { 0.0 } else { top }) "px" } {}
            (drawing.svg)
        }
    }
}

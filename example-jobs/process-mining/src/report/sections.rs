//! The sections of the report.

use super::charts::{self, Axis, COLOURS, CUT};
use super::{Part, Report};
use crate::conformance::Checked;
use crate::figures::{Edge, SECOND, Source, Spread};
use crate::log::Micros;
use crate::parameters::Metric;
use crate::quality;
use crate::text::{count, counted, duration, escape, percent, shorten};

/// Rows in most tables.
const ROWS: usize = 10;
/// Variants shown, and steps shown of each.
const VARIANTS: usize = 15;
const STEPS: usize = 40;
/// Unusual cases listed of each sort.
const LISTED: usize = 50;
/// Resources in the matrix of hand-overs.
const MATRIX: usize = 10;

/// A table: headings, of which those that begin with `#` are of numbers, and rows of HTML.
fn table(headings: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let numeric: Vec<bool> = headings.iter().map(|heading| heading.starts_with('#')).collect();
    let cell = |(index, text): (usize, &str), tag: &str| {
        let class = if numeric[index] {
            "n"
        } else if index == 0 {
            "name"
        } else {
            ""
        };
        format!("<{tag} class=\"{class}\">{text}</{tag}>")
    };
    let head: String =
        headings.iter().map(|h| h.trim_start_matches('#')).enumerate().map(|c| cell(c, "th")).collect();
    let body: String = rows
        .map(|row| {
            let cells: String = row.iter().map(String::as_str).enumerate().map(|c| cell(c, "td")).collect();
            format!("<tr>{cells}</tr>")
        })
        .collect();
    format!("<div class=\"scroll\"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>")
}

/// A share as a bar and a percentage that stay on one line.
fn meter(share: f64) -> String {
    let width = (share * 100.0).clamp(0.0, 100.0);
    format!(
        "<span class=\"share\"><span class=\"meter\"><i style=\"width:{width:.0}%\"></i></span>{}</span>",
        percent(share)
    )
}

fn date(time: Micros) -> String {
    let time = chrono::DateTime::from_timestamp_micros(time);
    time.map_or_else(String::new, |time| time.format("%-d %b %Y").to_string())
}

fn name(text: &str) -> String {
    escape(&shorten(text, 120))
}

/// Says how many of so many cases a list leaves out.
fn not_listed(cases: usize) -> String {
    match cases.saturating_sub(LISTED) {
        0 => String::new(),
        1 => "<p class=\"soft small\">1 more case is not listed.</p>".to_string(),
        more => format!("<p class=\"soft small\">{} are not listed.</p>", counted(more as u64, "more case")),
    }
}

impl Report<'_> {
    pub(super) fn header(&self, parts: &[Part]) -> String {
        let period = match (self.figures.first, self.figures.last) {
            (Some(first), Some(last)) => format!("Process report · {} to {} (UTC)", date(first), date(last)),
            _ => "Process report · nothing was analysed".to_string(),
        };
        let window = self.parameters.time_window.as_ref().map_or(String::new(), |window| {
            format!(
                "<p class=\"soft\">Time window {}: only cases that lie completely inside are analysed; {} left out.</p>",
                escape(&window.describe()),
                counted(self.outside, "case")
            )
        });
        let links: String =
            parts.iter().map(|part| format!("<a href=\"#{}\">{}</a>", part.id, part.title)).collect();
        let tiles: String = self
            .tiles()
            .iter()
            .map(|(value, what)| format!("<div class=\"tile\"><b>{value}</b><span>{what}</span></div>"))
            .collect();
        format!(
            "<header class=\"top\"><h1>{}</h1><p class=\"soft\">{period}</p>{window}</header>\
             <nav>{links}</nav><div class=\"tiles\">{tiles}</div>",
            escape(&shorten(self.file, 100)),
        )
    }

    fn tiles(&self) -> Vec<(String, &'static str)> {
        let figures = self.figures;
        let mut tiles = vec![
            (count(self.log.cases() as u64), "cases"),
            (count(self.log.events() as u64), "events"),
            (count(figures.flow.activity_count() as u64), "activities"),
            (count(figures.variants.list.len() as u64), "variants"),
        ];
        if self.log.cases() > 0 {
            let durations = &figures.durations;
            tiles.push((duration(durations.quantile(0.5)), "median cycle time"));
            tiles.push((duration(durations.mean()), "mean cycle time"));
            tiles.push((duration(durations.quantile(0.95)), "95 % done within"));
            tiles
                .push((percent(figures.rework.any as f64 / self.log.cases() as f64), "of cases with rework"));
        }
        tiles
    }

    pub(super) fn insights(&self) -> String {
        let item = |insight: &crate::insights::Insight| {
            format!(
                "<li>{} <span class=\"pill\">{}</span></li>",
                escape(&insight.text),
                counted(insight.cases, "case")
            )
        };
        let items: String = self.insights.iter().take(ROWS).map(item).collect();
        format!(
            "<p class=\"lead\">Ranked by the share of case time or of cases concerned; broken rules first.</p>\
             <ol class=\"insights\">{items}</ol>"
        )
    }

    pub(super) fn quality(&self) -> String {
        let (quality, facts) = (self.quality, self.facts);
        let class = match quality.score {
            score if score >= 95.0 => "good",
            score if score >= 80.0 => "warn",
            _ => "bad",
        };
        let parts = table(
            &["Part of the score", "#Weight", "#Rows without fault"],
            quality
                .parts
                .iter()
                .map(|(name, weight, share)| vec![name.to_string(), percent(*weight), percent(*share)]),
        );
        let findings: String =
            quality.findings.iter().map(|f| format!("<li>{}</li>", escape(&quality::line(f)))).collect();
        let findings = if findings.is_empty() {
            "<p>No fault was found.</p>".to_string()
        } else {
            format!("<ul class=\"plain\">{findings}</ul>")
        };
        let columns: Vec<String> = facts
            .columns
            .iter()
            .map(|(role, name)| format!("{role} = {}", escape(&shorten(name, 60))))
            .collect();
        let validation = quality.validation;
        format!(
            "<div class=\"score\"><div><div class=\"big {class}\">{:.1}</div><span class=\"soft small\">of 100</span></div>\
             <div><b>{}</b> read = <b>{}</b> valid + <b>{}</b> duplicates removed + <b>{}</b> invalid\
             <p class=\"soft small\">{} · {} · {}</p></div></div><div class=\"grid\"><div>{parts}</div><div>{findings}</div></div>",
            quality.score,
            counted(validation.total, "row"),
            count(validation.valid),
            count(validation.duplicates_removed),
            count(validation.invalid),
            escape(&facts.format),
            facts.encoding,
            columns.join(", ")
        )
    }

    pub(super) fn map(&self) -> String {
        // Small maps shrink with the page; large ones stay legible and scroll.
        let svg = if self.map.activities.len() <= 12 {
            self.map_svg.replacen("class=\"map\"", "class=\"map fits\"", 1)
        } else {
            self.map_svg.to_string()
        };
        format!(
            "<p class=\"lead\">Boxes are activities with their events, lines are paths with cases and median time between the \
             two events. {}</p><div class=\"mapbox\">{svg}</div>",
            escape(&self.map.simplification())
        )
    }

    pub(super) fn variants(&self) -> String {
        let (log, variants) = (self.log, &self.figures.variants);
        let shown = variants.list.len().min(VARIANTS);
        let mut durations: Vec<Vec<Micros>> = vec![Vec::new(); shown];
        for (case, &variant) in variants.of_case.iter().enumerate().filter(|(_, v)| (**v as usize) < shown) {
            durations[variant as usize].push(log.duration(case));
        }
        let (colours, mut covered) = (charts::coloured(self.figures), 0);
        let mut html = format!(
            "<p class=\"lead\">{}; {} cover 80 % of the cases. The most frequent one is the happy path.</p>",
            counted(variants.list.len() as u64, "variant"),
            count(variants.covering(0.8) as u64)
        );
        for (index, (variant, durations)) in variants.list.iter().zip(&mut durations).enumerate() {
            covered += variant.count;
            let cases = log.cases() as f64;
            let median = Spread::of(durations).map_or(String::new(), |d| duration(d.median / SECOND));
            let mark = if index == 0 { " <span class=\"pill good\">happy path</span>" } else { "" };
            html.push_str(&format!(
                "<div class=\"variant\"><div class=\"head\"><b>{}</b> {}{mark}<span>{} of cases</span>\
                 <span class=\"soft\">cumulative {}</span><span class=\"soft\">median {median}</span></div>\
                 <div class=\"steps\">{}</div></div>",
                index + 1,
                counted(variant.count, "case"),
                percent(variant.count as f64 / cases),
                percent(covered as f64 / cases),
                self.chevrons(log.trace(variant.case), &colours)
            ));
        }
        if variants.list.len() > shown {
            let rest = variants.list.len() - shown;
            let cases = log.cases() as u64 - covered;
            html.push_str(&format!(
                "<p class=\"soft small\">{} with {} are not shown.</p>",
                counted(rest as u64, "more variant"),
                counted(cases, "case")
            ));
        }
        html
    }

    fn chevrons(&self, trace: &[u32], colours: &[usize]) -> String {
        let step = |&activity: &u32| {
            let style = match colours.iter().position(|&coloured| coloured == activity as usize) {
                Some(colour) => {
                    format!(" style=\"--step:{};--step-dark:{}\"", STEP[colour], STEP_DARK[colour])
                }
                None => String::new(),
            };
            let name = self.log.activity_name(activity);
            format!(
                "<span{style} title=\"{}\">{}</span>",
                escape(&shorten(name, 120)),
                escape(&shorten(name, 34))
            )
        };
        let mut html: String = trace.iter().take(STEPS).map(step).collect();
        if trace.len() > STEPS {
            html.push_str(&format!("<span class=\"more\">{} more</span>", trace.len() - STEPS));
        }
        html
    }

    pub(super) fn times(&self) -> String {
        let durations = &self.figures.durations;
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
        let heads: Vec<String> = quantiles.iter().map(|(name, _)| format!("#{name}")).collect();
        let heads: Vec<&str> = heads.iter().map(String::as_str).collect();
        let row = quantiles.iter().map(|&(_, share)| duration(durations.quantile(share))).collect();
        let longest = crate::figures::longest(self.log, ROWS).into_iter().map(|case| {
            vec![
                name(self.log.case_name(case)),
                duration(self.log.duration(case) as f64 / SECOND),
                count(self.log.range(case).len() as u64),
            ]
        });
        format!(
            "<p class=\"lead\">From the first to the last event of a case.</p>{}<div class=\"grid\"><div><h3>Distribution</h3>{}</div>\
             <div><h3>Longest cases</h3>{}</div></div>",
            table(&heads, std::iter::once(row)),
            charts::durations(self.figures),
            table(&["Case", "#Cycle time", "#Events"], longest)
        )
    }

    pub(super) fn timeline(&self) -> String {
        let (Some(first), Some(last)) = (self.figures.first, self.figures.last) else { return String::new() };
        let axis = Axis::of(self.log, first, last);
        let (dots, cases) = charts::dots(self.log, self.figures, axis);
        let sample = if cases < self.log.cases() {
            format!("An even sample of {} of {} cases", count(cases as u64), count(self.log.cases() as u64))
        } else {
            "All cases".to_string()
        };
        let cut = if axis.cut {
            format!(" The last {} of the events, until {}, lie beyond the charts.", percent(CUT), date(last))
        } else {
            String::new()
        };
        let coloured = charts::coloured(self.figures);
        let dot = |colour: usize, text: &str| {
            format!(
                "<span><svg viewBox=\"0 0 10 10\"><circle class=\"c{colour}\" cx=\"5\" cy=\"5\" r=\"5\"/></svg>{text}</span>"
            )
        };
        let mut key: String = coloured
            .iter()
            .enumerate()
            .map(|(colour, &activity)| {
                dot(colour, &escape(&shorten(self.log.activity_name(activity as u32), 40)))
            })
            .collect();
        if self.figures.flow.activity_count() > coloured.len() {
            key.push_str(&dot(COLOURS, "other"));
        }
        format!(
            "<div class=\"grid\"><div><h3>Events</h3>{}</div><div><h3>Open cases</h3>{}</div></div>\
             <p class=\"soft small\">A case is open from its first to its last event.{cut}</p>\
             <h3>Dotted chart</h3><p class=\"soft small\">{sample}, by their start; a dot is an event.</p>{dots}\
             <div class=\"key\">{key}</div>",
            charts::events_over_time(self.log, axis),
            charts::work_in_progress(self.log, axis)
        )
    }

    pub(super) fn bottlenecks(&self) -> String {
        let flow = &self.figures.flow;
        let all: f64 = flow.edges.iter().map(|edge| edge.time.sum as f64).sum();
        let row = |edge: &&Edge| {
            let share = edge.time.sum as f64 / all.max(1.0);
            vec![
                format!(
                    "{} → {}",
                    name(self.log.activity_name(edge.from)),
                    name(self.log.activity_name(edge.to))
                ),
                count(edge.time.count),
                duration(edge.time.median / SECOND),
                duration(edge.time.mean() / SECOND),
                duration(edge.time.sum as f64 / SECOND),
                meter(share),
            ]
        };
        let heads = ["Step", "#Times", "#Median", "#Mean", "#Total", "Share of all case time"];
        let mut by_total: Vec<&Edge> = flow.edges.iter().filter(|edge| edge.time.sum > 0).collect();
        by_total.sort_by_key(|edge| std::cmp::Reverse(edge.time.sum));
        by_total.truncate(ROWS);
        // A single slow occurrence is an unusual case, not a bottleneck.
        let enough = (self.log.cases() as f64 * 0.01).max(2.0) as u64;
        let mut by_median: Vec<&Edge> = flow.edges.iter().filter(|edge| edge.time.count >= enough).collect();
        by_median.sort_by(|a, b| b.time.median.total_cmp(&a.time.median));
        by_median.truncate(ROWS);
        let mut html = String::new();
        if self.parameters.shows(Metric::WaitingTime) {
            html.push_str(&format!(
                "<h3>By total time</h3>{}<h3>By median time</h3><p class=\"soft small\">Steps that occur at least {}.</p>{}",
                table(&heads, by_total.iter().map(row)),
                counted(enough, "time"),
                table(&heads, by_median.iter().map(row))
            ));
        }
        html + &self.work_and_waiting()
    }

    fn work_and_waiting(&self) -> String {
        let figures = self.figures;
        let (Some(found), Some(service), Some(waiting)) = (figures.work, &figures.service, &figures.waiting)
        else {
            return "<h3>Waiting and work</h3><p class=\"soft\">The log has one timestamp per event and neither start times nor start \
                    events, so waiting and work cannot be told apart: all times above hold both.</p>"
                .to_string();
        };
        let all: i128 = waiting.iter().flatten().map(|waiting| waiting.sum).sum();
        let mut rows: Vec<(usize, Spread)> =
            service.iter().enumerate().filter_map(|(a, s)| s.map(|s| (a, s))).collect();
        rows.sort_by_key(|(activity, _)| std::cmp::Reverse(waiting[*activity].map_or(0, |w| w.sum)));
        let none = || "none".to_string();
        let rows = rows.into_iter().take(2 * ROWS).map(|(activity, service)| {
            let waiting = waiting[activity];
            let share = waiting.map_or(0.0, |waiting| waiting.sum as f64 / all.max(1) as f64);
            vec![
                name(self.log.activity_name(activity as u32)),
                count(service.count),
                waiting.map_or_else(none, |w| duration(w.median / SECOND)),
                waiting.map_or_else(none, |w| duration(w.mean() / SECOND)),
                meter(share),
                duration(service.median / SECOND),
                duration(service.mean() / SECOND),
            ]
        });
        let heads = [
            "Activity",
            "#Times",
            "#Median waiting",
            "#Mean waiting",
            "Share of all waiting",
            "#Median work",
            "#Mean work",
        ];
        let definition = match found.source {
            Source::StartTimes => {
                "Work: from start to completion. Waiting: from the completion of the event before to the start; overlapping work \
                 does not wait."
                    .to_string()
            }
            Source::Lifecycle => format!(
                "Work: from a start event to the completion of the same activity in the same case, first begun first ended. \
                 Waiting: from the last event before the start that is not a start itself. {} of work found; {} without completion and \
                 {} without start hold no such time.",
                counted(found.items, "piece"),
                counted(found.only_started, "start"),
                counted(found.only_completed, "completion")
            ),
        };
        format!(
            "<h3>Waiting and work, by total waiting</h3><p class=\"soft small\">{definition}</p>{}",
            table(&heads, rows)
        )
    }

    pub(super) fn rework(&self) -> String {
        let (log, rework, cases) = (self.log, &self.figures.rework, self.log.cases() as f64);
        let mut activities: Vec<usize> =
            (0..rework.cases.len()).filter(|&activity| rework.cases[activity] > 0).collect();
        activities.sort_by_key(|&activity| (std::cmp::Reverse(rework.cases[activity]), activity));
        let lead = format!(
            "<p class=\"lead\">{} of {} ({}) repeat at least one activity.</p>",
            count(rework.any),
            counted(log.cases() as u64, "case"),
            percent(rework.any as f64 / cases)
        );
        if activities.is_empty() {
            return lead;
        }
        let loops = |activity: usize| {
            self.figures
                .flow
                .self_loops()
                .find(|edge| edge.from as usize == activity)
                .map_or(0, |edge| edge.time.count)
        };
        let rows = activities.iter().take(2 * ROWS).map(|&activity| {
            vec![
                name(log.activity_name(activity as u32)),
                count(rework.cases[activity]),
                percent(rework.cases[activity] as f64 / cases),
                count(rework.repetitions[activity]),
                count(loops(activity)),
            ]
        });
        lead + &table(
            &["Activity", "#Cases that repeat it", "#Share of cases", "#Repetitions", "#Directly repeated"],
            rows,
        )
    }

    pub(super) fn resources(&self) -> String {
        let Some(resources) = &self.figures.resources else {
            return "<p class=\"soft\">The log names no resources.</p>".to_string();
        };
        let log = self.log;
        let known = (log.events() as u64 - resources.unknown).max(1) as f64;
        let rows = resources.workload.iter().take(2 * ROWS).map(|&(resource, events)| {
            let share = events as f64 / known;
            vec![name(log.resource_name(resource)), count(events), meter(share)]
        });
        let pairs = resources.handovers.iter().filter(|((from, to), _)| from != to).take(ROWS);
        let pairs = pairs.map(|((from, to), events)| {
            vec![name(log.resource_name(*from)), name(log.resource_name(*to)), count(*events)]
        });
        format!(
            "<p class=\"lead\">{}; {} of {} hand-overs between two events go to somebody else. {} name nobody. Shares are of the \
             events with a known resource.</p>\
             <div class=\"grid\"><div><h3>Workload</h3>{}</div><div><h3>Most frequent hand-overs</h3>{}</div></div>{}{}",
            counted(resources.workload.len() as u64, "resource"),
            count(resources.handover_between()),
            count(resources.handover_total()),
            counted(resources.unknown, "event"),
            table(&["Resource", "#Events", "Share"], rows),
            table(&["From", "To", "#Times"], pairs),
            self.utilisation(),
            self.matrix(resources)
        )
    }

    fn utilisation(&self) -> String {
        let Some(utilisation) = &self.figures.utilisation else {
            return "<h3>Utilisation</h3><p class=\"soft\">The log does not tell when work was begun, so how long resources are at \
                    work is not known.</p>"
                .to_string();
        };
        let rows = utilisation.iter().take(ROWS).map(|utilisation| {
            let share = utilisation.share();
            vec![
                name(self.log.resource_name(utilisation.resource)),
                count(utilisation.items),
                duration(utilisation.busy as f64 / SECOND),
                duration(utilisation.observed as f64 / SECOND),
                share.map_or_else(String::new, meter),
                utilisation.at_once().map_or_else(String::new, |items| format!("{items:.1}")),
            ]
        });
        let heads =
            ["Resource", "#Pieces of work", "#At work", "#Observed", "Utilisation", "#Pieces at once"];
        format!(
            "<h3>Utilisation</h3><p class=\"soft small\">Time in which at least one piece of work is under way, as a share of the time \
             from the first start to the last completion of the resource, nights and weekends included. The {} that are longest at \
             work.</p>{}",
            counted(utilisation.len().min(ROWS) as u64, "resource"),
            table(&heads, rows)
        )
    }

    fn matrix(&self, resources: &crate::figures::Resources) -> String {
        let shown: Vec<u32> = resources.workload.iter().take(MATRIX).map(|&(resource, _)| resource).collect();
        let times = |from: u32, to: u32| {
            resources.handovers.iter().find(|(pair, _)| *pair == (from, to)).map_or(0, |&(_, times)| times)
        };
        let most = shown
            .iter()
            .flat_map(|&a| shown.iter().map(move |&b| (a, b)))
            .map(|(a, b)| times(a, b))
            .max()
            .unwrap_or(0);
        let short = |resource: u32| escape(&shorten(self.log.resource_name(resource), 18));
        let heads: String = shown.iter().map(|&to| format!("<th class=\"n\">{}</th>", short(to))).collect();
        let row = |&from: &u32| {
            let cell = |&to: &u32| {
                let times = times(from, to);
                let share = if most == 0 { 0.0 } else { (times as f64 / most as f64).sqrt() };
                format!("<td style=\"background:rgba(63,127,194,{:.2})\">{}</td>", share * 0.55, count(times))
            };
            format!("<tr><th>{}</th>{}</tr>", short(from), shown.iter().map(cell).collect::<String>())
        };
        let rows: String = shown.iter().map(row).collect();
        format!(
            "<h3>Hand-over matrix</h3><p class=\"soft small\">The {} with the most events; from the row to the column, one's own next event \
             included.</p><div class=\"scroll\"><table class=\"heat\"><thead><tr><th></th>{heads}</tr></thead><tbody>{rows}</tbody></table></div>",
            counted(shown.len() as u64, "resource")
        )
    }

    pub(super) fn conformance(&self) -> String {
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
        let unjudged = if self.facts.incomplete_cases.is_empty() {
            ""
        } else {
            " Cases with rows that were left out are not judged."
        };
        format!(
            "<p class=\"lead\">The rules that were stated for this analysis.{unjudged}</p>{rules}{}",
            broken.map(group).collect::<String>()
        )
    }

    pub(super) fn anomalies(&self) -> String {
        if self.anomalies.is_empty() {
            return "<p>No unusual cases were found.</p>".to_string();
        }
        let group = |(index, group): (usize, &crate::anomalies::Group)| {
            let rows = group
                .cases
                .iter()
                .take(LISTED)
                .map(|anomaly| vec![name(self.log.case_name(anomaly.case)), escape(&anomaly.reason)]);
            let more = not_listed(group.cases.len());
            format!(
                "<details{}><summary>{} <span class=\"soft\">{}</span></summary><p class=\"soft small\">{}</p>{}{more}</details>",
                if index == 0 { " open" } else { "" },
                group.title,
                counted(group.cases.len() as u64, "case"),
                escape(&group.definition),
                table(&["Case", "Why"], rows)
            )
        };
        self.anomalies.iter().enumerate().map(group).collect()
    }

    pub(super) fn footer(&self) -> String {
        "<footer><p>Definitions: events of a case are in time order, events of the same time in the order of the file. A path is two \
         consecutive events of a case; its time is the difference of their timestamps. Quantiles are interpolated linearly. All times \
         are UTC.</p></footer>"
            .to_string()
    }
}

/// Backgrounds of chevrons, by colour of the activity, for light and dark pages.
const STEP: [&str; COLOURS] =
    ["#cfe1f6", "#f6dfc0", "#cfe9d8", "#f5cfcc", "#e0d3f2", "#e9dfc9", "#f3d2e5", "#cfe8ec"];
const STEP_DARK: [&str; COLOURS] =
    ["#1f4a7d", "#6b4310", "#1f5537", "#6f2420", "#4a2f78", "#54421f", "#6b2a51", "#1f5560"];

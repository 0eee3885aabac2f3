//! The sections of the report.

use super::charts::{self, Axis, COLOURS, CUT};
use super::{Part, Report};
use crate::figures::{SECOND, Spread};
use crate::log::Micros;
use crate::quality;
use crate::text::{count, counted, duration, escape, percent, shorten};

/// Rows in most tables.
pub(super) const ROWS: usize = 10;
/// Variants shown, and steps shown of each.
const VARIANTS: usize = 15;
const STEPS: usize = 40;
/// Unusual cases listed of each sort.
pub(super) const LISTED: usize = 50;

/// A table: headings, of which those that begin with `#` are of numbers, and rows of HTML.
pub(super) fn table(headings: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
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
pub(super) fn meter(share: f64) -> String {
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

pub(super) fn name(text: &str) -> String {
    escape(&shorten(text, 120))
}

/// Says how many of so many cases a list leaves out.
pub(super) fn not_listed(cases: usize) -> String {
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
        let (svg, hint) = if self.map.activities.len() <= 12 {
            (self.map_svg.replacen("class=\"map\"", "class=\"map fits\"", 1), "")
        } else {
            (
                self.map_svg.to_string(),
                " <span class=\"screen\">Scroll inside of the frame to see all of it.</span>",
            )
        };
        format!(
            "<p class=\"lead\">Boxes are activities with their events, lines are paths with cases and median time between the \
             two events. {}{hint}</p><div class=\"mapbox\">{svg}</div>",
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
        let usual = variants.list.first().filter(|variant| variant.count > 1);
        let happy = usual.map_or("Every case has its own.", |_| "The most frequent one is the happy path.");
        let mut html = format!(
            "<p class=\"lead\">{}; {} cover 80 % of the cases. {happy}</p>",
            counted(variants.list.len() as u64, "variant"),
            count(variants.covering(0.8) as u64)
        );
        for (index, (variant, durations)) in variants.list.iter().zip(&mut durations).enumerate() {
            covered += variant.count;
            let cases = log.cases() as f64;
            let median = Spread::of(durations).map_or(String::new(), |d| duration(d.median / SECOND));
            let mark = if index == 0 && usual.is_some() {
                " <span class=\"pill good\">happy path</span>"
            } else {
                ""
            };
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
        let quantiles: String = quantiles
            .iter()
            .map(|&(name, share)| {
                format!("<div><dt>{name}</dt><dd>{}</dd></div>", duration(durations.quantile(share)))
            })
            .collect();
        let longest = crate::figures::longest(self.log, ROWS).into_iter().map(|case| {
            vec![
                name(self.log.case_name(case)),
                duration(self.log.duration(case) as f64 / SECOND),
                count(self.log.range(case).len() as u64),
            ]
        });
        format!(
            "<p class=\"lead\">From the first to the last event of a case.</p><dl class=\"quantiles\">{quantiles}</dl>\
             <div class=\"grid\"><div><h3>Distribution</h3>{}</div>\
             <div><h3>Longest cases</h3>{}</div></div>",
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

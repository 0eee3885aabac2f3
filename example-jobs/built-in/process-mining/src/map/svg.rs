//! The map as SVG: readable without scripts, in light and dark, on its own and inside of the report.

use std::fmt::Write as _;

use fuelcell_report_kit::chart::text_width;
use fuelcell_report_kit::text::{count, counted, duration, shorten};
use fuelcell_report_kit::{Markup, html};
use maud::PreEscaped;

use super::layout::{Placed, Placement, Route, Size, place};
use super::legend::{Legend, legend};
use super::scales::{Scales, tenth};
use super::{Map, MapActivity, MapEdge, Node};

/// Colours and type of a map. Frequency is lightness of the boxes (f0 … f4), time is the colour of the lines (t0 … t4).
pub const STYLE: &str = "\
.map{--ink:#1b2430;--soft:#5b6675;--paper:#ffffff;--line:#c9d0d9;\
--f0:#eef4fb;--f1:#d3e4f6;--f2:#a6c8ec;--f3:#5b97d3;--f4:#1f5fa5;\
--t0:#8b97a5;--t1:#b59a55;--t2:#d98a2b;--t3:#d1602b;--t4:#b3261e;\
--a1:#fbe3c8;--a2:#f3bd80;--b1:#d3e4f6;--b2:#9cc4ee;--ta:#c76a12;--tb:#1f5fa5;background:var(--paper)}\
.map text{font-family:system-ui,-apple-system,\"Segoe UI\",Roboto,sans-serif;fill:var(--ink)}\
.map .name{font-size:13px;font-weight:600}.map .sub{font-size:11px}.map .tag{font-size:11px}\
.map .plate{fill:var(--paper);opacity:.86}.map .note{font-size:12px;fill:var(--soft)}\
.map .box{stroke:#7f95ad;stroke-width:1}.map .f0{fill:var(--f0)}.map .f1{fill:var(--f1)}.map .f2{fill:var(--f2)}\
.map .f3{fill:var(--f3)}.map .f4{fill:var(--f4)}.map .lit text,.map text.lit{fill:#ffffff}\
.map path.edge{fill:none;stroke-linecap:round}.map .t0{stroke:var(--t0)}.map .t1{stroke:var(--t1)}.map .t2{stroke:var(--t2)}\
.map .t3{stroke:var(--t3)}.map .t4{stroke:var(--t4)}.map .dash{stroke:var(--t0);stroke-dasharray:4 4}\
.map .head{stroke-width:1;stroke-linejoin:round}.map .head.t0,.map .head.dash{fill:var(--t0);stroke-dasharray:none}\
.map .head.t1{fill:var(--t1)}.map .head.t2{fill:var(--t2)}.map .head.t3{fill:var(--t3)}.map .head.t4{fill:var(--t4)}\
.map path.bad{stroke:var(--t4);stroke-dasharray:7 4}.map .head.bad{fill:var(--t4);stroke-dasharray:none}.map text.tag.bad{fill:var(--t4);font-weight:600}\
.map rect.bad{stroke:var(--t4);stroke-width:2.5;stroke-dasharray:7 4}\
.map rect.n0{fill:var(--f0)}.map rect.a1{fill:var(--a1)}.map rect.a2{fill:var(--a2)}.map rect.b1{fill:var(--b1)}.map rect.b2{fill:var(--b2)}\
.map .ta{stroke:var(--ta)}.map .tb{stroke:var(--tb)}.map .head.ta{fill:var(--ta)}.map .head.tb{fill:var(--tb)}\
.map .end{fill:var(--ink)}.map .end-mark{fill:var(--paper)}\
@media (prefers-color-scheme:dark){.map{--ink:#e6ebf1;--soft:#9aa7b6;--paper:#151b23;--line:#3a4654;\
--f0:#1d2a3a;--f1:#24405f;--f2:#2c5a8c;--f3:#3f7fc2;--f4:#8fc0f2;--t0:#7d8a99;--t1:#b79e5f;--t2:#e09b45;--t3:#ea7a48;\
--t4:#ff6b5e;--a1:#4b3417;--a2:#7d5216;--b1:#24405f;--b2:#2c5a8c;--ta:#f0a04b;--tb:#7fb5ea}.map .box{stroke:#4d6076}.map .f4.lit text,.map g.f4t text{fill:#0d1520}}\
@media print{.map{--ink:#000;--soft:#333;--paper:#fff;--line:#bbb;--f0:#eef4fb;--f1:#d3e4f6;--f2:#a6c8ec;--f3:#5b97d3;\
--f4:#1f5fa5}.map g.f4t text{fill:#fff}}";

const NAME_SIZE: f64 = 13.0;
const SUB_SIZE: f64 = 11.0;
const LINE_LENGTH: usize = 24;
const CIRCLE: Size = (26.0, 26.0);

/// A map as SVG.
#[derive(Debug)]
pub struct Drawing {
    /// The picture.
    pub svg: Markup,
    /// Where on it the start is.
    pub start: (f64, f64),
    /// Its width in pixels.
    pub width: f64,
}

/// What is written on a map, and the classes that colour it, in the order of its activities and edges.
pub(super) struct Ink {
    /// Below the names of activities.
    pub(super) subs: Vec<String>,
    /// Of boxes.
    pub(super) boxes: Vec<String>,
    /// Beside lines.
    pub(super) tags: Vec<String>,
    /// Of lines.
    pub(super) lines: Vec<String>,
    /// What pointing at a line tells.
    pub(super) titles: Vec<String>,
    /// What stands above.
    pub(super) legend: Legend,
}

impl Ink {
    fn of(map: &Map) -> Self {
        let scales = Scales::of(map);
        let shade = |activity: &MapActivity| {
            let shade = scales.frequency(activity.events);
            let bad = if activity.is_unknown { " bad" } else { "" };
            if shade >= 3 {
                format!("f{shade} f{shade}t lit{bad}")
            } else {
                format!("f{shade} f{shade}t{bad}")
            }
        };
        let line = |edge: &MapEdge| {
            // A path that hardly ever leaves the model keeps its colour; its label says the rest.
            let bad = if edge.deviating * 2 >= edge.count { " bad" } else { "" };
            edge.time.map_or(format!("dash{bad}"), |(median, _)| format!("t{}{bad}", scales.time(median)))
        };
        Self {
            subs: map.activities.iter().map(sub_line).collect(),
            boxes: map.activities.iter().map(shade).collect(),
            tags: map.edges.iter().map(tag).collect(),
            lines: map.edges.iter().map(line).collect(),
            titles: map.edges.iter().map(|edge| edge_title(map, edge)).collect(),
            legend: legend(map),
        }
    }
}

/// Draws the map. `title` is for readers that cannot see it.
pub fn draw(map: &Map, title: &str) -> Drawing {
    draw_with(map, title, &Ink::of(map))
}

/// Draws the map of the objects of a type. `others` are the types that share each activity.
pub fn draw_shared(map: &Map, others: &[String], title: &str) -> Drawing {
    let mut ink = Ink::of(map);
    for (sub, others) in ink.subs.iter_mut().zip(others).filter(|(_, others)| !others.is_empty()) {
        sub.push_str(&format!(" · with {}", shorten(others, LINE_LENGTH)));
    }
    draw_with(map, title, &ink)
}

/// Draws the map as it is inked.
pub(super) fn draw_with(map: &Map, title: &str, ink: &Ink) -> Drawing {
    let names: Vec<Vec<String>> = map.activities.iter().map(|activity| wrap(&activity.name)).collect();
    let boxes: Vec<Size> = names.iter().zip(&ink.subs).map(|(name, sub)| box_size(name, sub)).collect();
    let labels: Vec<Size> = ink.tags.iter().map(|tag| (text_width(tag, SUB_SIZE) + 8.0, 16.0)).collect();
    let placement = place(map, CIRCLE, &boxes, &labels);

    let width = placement.size.0.max(ink.legend.width);
    let above = ink.legend.height;
    let height = placement.size.1 + above;
    let shift = (width - placement.size.0) / 2.0;
    let scales = Scales::of(map);
    let start = (placement.start.x + shift, placement.start.y + above);
    // The legend stands above the start, where a view that is smaller than the map begins.
    let legend_at = (start.0 - ink.legend.width / 2.0).clamp(0.0, width - ink.legend.width);
    let svg = html! {
        svg.map xmlns="http://www.w3.org/2000/svg" viewBox={ "0 0 " (whole(width)) " " (whole(height)) }
            width=(whole(width)) height=(whole(height)) role="img" aria-label=(title) {
            title { (title) }
            style { (PreEscaped(STYLE)) }
            rect width=(whole(width)) height=(whole(height)) style="fill:var(--paper)" {}
            g transform={ "translate(" (tenth(legend_at)) " 0)" } { (ink.legend.markup) }
            g transform={ "translate(" (tenth(shift)) " " (tenth(above)) ")" } {
                @for (index, (edge, route)) in map.edges.iter().zip(&placement.routes).enumerate().rev() {
                    (draw_edge(&ink.lines[index], &ink.titles[index], route, scales.width(edge.count)))
                }
                (ends(&placement))
                @for (index, activity) in map.activities.iter().enumerate() {
                    (draw_activity(activity, &names[index], &ink.subs[index], &ink.boxes[index], &placement.activities[index]))
                }
                // Labels come last, so that no line crosses them.
                @for (index, (size, route)) in labels.iter().zip(&placement.routes).enumerate() {
                    (draw_label(&ink.tags[index], *size, route.label, ink.tags[index].contains('✗')))
                }
            }
        }
    };
    Drawing { svg, start, width }
}

fn draw_label(tag: &str, (width, _): Size, (x, y): (f64, f64), bad: bool) -> Markup {
    html! {
        rect.plate x=(tenth(x - width / 2.0)) y=(tenth(y - 7.5)) width=(tenth(width)) height="15" rx="4" {}
        text.tag.bad[bad] x=(tenth(x)) y=(tenth(y + 4.0)) text-anchor="middle" { (tag) }
    }
}

/// A length in whole pixels.
fn whole(length: f64) -> String {
    format!("{length:.0}")
}

/// Names in at most two lines.
fn wrap(name: &str) -> Vec<String> {
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    if name.chars().count() <= LINE_LENGTH {
        return vec![if name.is_empty() { "(blank)".to_string() } else { name }];
    }
    let fits = |at: &usize| name[..*at].chars().count() <= LINE_LENGTH;
    let breaks = name
        .match_indices([' ', '_', '-', '/'])
        .map(|(at, found)| if found == " " { at } else { at + found.len() });
    let hard = name.char_indices().nth(LINE_LENGTH).map_or(name.len(), |(at, _)| at);
    let at = breaks.filter(|at| *at > 0).rfind(fits).filter(|&at| at >= hard / 3).unwrap_or(hard);
    vec![name[..at].to_string(), shorten(name[at..].trim_start(), LINE_LENGTH)]
}

fn sub_line(activity: &MapActivity) -> String {
    let mut text = count(activity.events);
    if let Some(service) = activity.service {
        text.push_str(&format!(" · {} work", duration(service)));
    }
    if activity.repeated > 0 {
        text.push_str(&format!(" · ↻ {}", count(activity.repeated)));
    }
    text
}

fn tag(edge: &MapEdge) -> String {
    let mut tag = format!("{}×", count(edge.count));
    match (edge.parts, edge.time) {
        (Some((waiting, work)), _) => {
            tag.push_str(&format!(" · {} + {}", duration(waiting), duration(work)));
        }
        (None, Some((median, _))) => tag.push_str(&format!(" · {}", duration(median))),
        (None, None) => {}
    }
    if edge.deviating > 0 {
        tag.push_str(&format!(" · ✗ {}", count(edge.deviating)));
    }
    tag
}

fn box_size(name: &[String], sub: &str) -> Size {
    let widest =
        name.iter().map(|line| text_width(line, NAME_SIZE)).fold(text_width(sub, SUB_SIZE), f64::max);
    (widest.max(64.0) + 24.0, 28.0 + 17.0 * name.len() as f64)
}

pub(super) fn node_name(map: &Map, node: Node) -> &str {
    match node {
        Node::Start => "start",
        Node::End => "end",
        Node::Activity(index) => &map.activities[index].name,
    }
}

fn edge_title(map: &Map, edge: &MapEdge) -> String {
    let mut title =
        format!("{} → {}: {}", node_name(map, edge.from), node_name(map, edge.to), count(edge.count));
    if let Some((median, mean)) = edge.time {
        title.push_str(&format!(", median {}, mean {}", duration(median), duration(mean)));
    }
    if let Some((waiting, work)) = edge.parts {
        title.push_str(&format!("; median waiting {}, median work {}", duration(waiting), duration(work)));
    }
    if edge.deviating > 0 {
        title.push_str(&format!("; not allowed by the model in {}", counted(edge.deviating, "case")));
    }
    title
}

fn draw_edge(class: &str, title: &str, route: &Route, width: f64) -> Markup {
    let Some(&tip) = route.points.last() else { return html! {} };
    let head = 5.0 + width;
    let (line, direction) = curve(&route.points, head);
    let (base, half) = (tenth(tip.1 - direction * head), head * 0.52);
    html! {
        g {
            title { (title) }
            path class={ "edge " (class) } stroke-width=(tenth(width)) d=(line) {}
            path class={ "head " (class) } d={
                "M" (tenth(tip.0)) " " (tenth(tip.1)) "L" (tenth(tip.0 - half)) " " (base) "L" (tenth(tip.0 + half)) " " (base) "Z"
            } {}
        }
    }
}

/// A line through all bends that leaves and arrives upright and swings no further than its bends (monotone cubic
/// interpolation, Steffen 1990, as in d3's curveMonotoneY). It ends before the arrow head; the direction there, 1 for
/// down and -1 for up, comes with it.
fn curve(points: &[(f64, f64)], head: f64) -> (String, f64) {
    let direction = match points {
        [.., before, last] if before.1 > last.1 => -1.0,
        _ => 1.0,
    };
    let mut points = points.to_vec();
    if let Some(last) = points.last_mut() {
        // Half a pixel under the head, so that no gap shows.
        last.1 -= direction * (head - 0.5);
    }
    let mut line = String::new();
    let mut from = points.first().copied().unwrap_or_default();
    let mut slope = 0.0;
    // Writing to a string cannot fail.
    let _ = write!(line, "M{:.1} {:.1}", from.0, from.1);
    for (index, &to) in points.iter().enumerate().skip(1) {
        let next_slope = points.get(index + 1).map_or(0.0, |&after| slope_at(from, to, after));
        let third = (to.1 - from.1) / 3.0;
        let (first, second) = (from.0 + slope * third, to.0 - next_slope * third);
        let _ = write!(
            line,
            "C{first:.1} {:.1} {second:.1} {:.1} {:.1} {:.1}",
            from.1 + third,
            to.1 - third,
            to.0,
            to.1
        );
        (from, slope) = (to, next_slope);
    }
    (line, direction)
}

/// Change of x per y at the point in the middle.
fn slope_at(before: (f64, f64), at: (f64, f64), after: (f64, f64)) -> f64 {
    let (h0, h1) = (at.1 - before.1, after.1 - at.1);
    if h0 * h1 <= 0.0 {
        return 0.0;
    }
    let (s0, s1) = ((at.0 - before.0) / h0, (after.0 - at.0) / h1);
    if s0 * s1 <= 0.0 {
        return 0.0;
    }
    let mean = (s0 * h1 + s1 * h0) / (h0 + h1);
    s0.signum() * (2.0 * s0.abs().min(s1.abs())).min(mean.abs())
}

fn ends(placement: &Placement) -> Markup {
    let (start, end) = (&placement.start, &placement.end);
    let circle = |placed: &Placed| {
        html! { circle.end cx=(tenth(placed.x)) cy=(tenth(placed.y)) r=(tenth(placed.size.0 / 2.0)) {} }
    };
    html! {
        g {
            title { "Start of the cases" }
            (circle(start))
            path.end-mark d={ "M" (tenth(start.x - 3.5)) " " (tenth(start.y - 5.5)) "l9 5.5l-9 5.5z" } {}
        }
        g {
            title { "End of the cases" }
            (circle(end))
            rect.end-mark x=(tenth(end.x - 4.5)) y=(tenth(end.y - 4.5)) width="9" height="9" {}
        }
    }
}

fn draw_activity(activity: &MapActivity, name: &[String], sub: &str, class: &str, placed: &Placed) -> Markup {
    let Placed { x, y, size: (width, height) } = *placed;
    let line = |number: usize| tenth(y - height / 2.0 + 20.0 + 17.0 * number as f64);
    html! {
        g class=(class) {
            title { (activity.name) ": " (sub) }
            rect class={ "box " (class) } x=(tenth(x - width / 2.0)) y=(tenth(y - height / 2.0))
                width=(tenth(width)) height=(tenth(height)) rx="8" {}
            @for (number, part) in name.iter().enumerate() {
                text.name x=(tenth(x)) y=(line(number)) text-anchor="middle" { (part) }
            }
            text.sub x=(tenth(x)) y=(line(name.len())) text-anchor="middle" { (sub) }
        }
    }
}

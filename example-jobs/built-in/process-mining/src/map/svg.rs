//! The map as SVG: readable without scripts, in light and dark, on its own and inside of the report.

use std::fmt::Write as _;

use fuelcell_report_kit::chart::text_width;
use fuelcell_report_kit::text::{count, duration, shorten};
use fuelcell_report_kit::{Markup, html};
use maud::PreEscaped;

use super::layout::{Placed, Placement, Route, Size, place};
use super::{Map, MapActivity, MapEdge, Node};

/// Colours and type of a map. Frequency is lightness of the boxes (f0 … f4), time is the colour of the lines (t0 … t4).
pub const STYLE: &str = "\
.map{--ink:#1b2430;--soft:#5b6675;--paper:#ffffff;--line:#c9d0d9;\
--f0:#eef4fb;--f1:#d3e4f6;--f2:#a6c8ec;--f3:#5b97d3;--f4:#1f5fa5;\
--t0:#8b97a5;--t1:#b59a55;--t2:#d98a2b;--t3:#d1602b;--t4:#b3261e;background:var(--paper)}\
.map text{font-family:system-ui,-apple-system,\"Segoe UI\",Roboto,sans-serif;fill:var(--ink)}\
.map .name{font-size:13px;font-weight:600}.map .sub{font-size:11px}.map .tag{font-size:11px}\
.map .plate{fill:var(--paper);opacity:.86}.map .note{font-size:12px;fill:var(--soft)}\
.map .box{stroke:#7f95ad;stroke-width:1}.map .f0{fill:var(--f0)}.map .f1{fill:var(--f1)}.map .f2{fill:var(--f2)}\
.map .f3{fill:var(--f3)}.map .f4{fill:var(--f4)}.map .lit text,.map text.lit{fill:#ffffff}\
.map path.edge{fill:none;stroke-linecap:round}.map .t0{stroke:var(--t0)}.map .t1{stroke:var(--t1)}.map .t2{stroke:var(--t2)}\
.map .t3{stroke:var(--t3)}.map .t4{stroke:var(--t4)}.map .dash{stroke:var(--t0);stroke-dasharray:4 4}\
.map .head{stroke-width:1;stroke-linejoin:round}.map .head.t0,.map .head.dash{fill:var(--t0);stroke-dasharray:none}\
.map .head.t1{fill:var(--t1)}.map .head.t2{fill:var(--t2)}.map .head.t3{fill:var(--t3)}.map .head.t4{fill:var(--t4)}\
.map .end{fill:var(--ink)}.map .end-mark{fill:var(--paper)}\
@media (prefers-color-scheme:dark){.map{--ink:#e6ebf1;--soft:#9aa7b6;--paper:#151b23;--line:#3a4654;\
--f0:#1d2a3a;--f1:#24405f;--f2:#2c5a8c;--f3:#3f7fc2;--f4:#8fc0f2;--t0:#7d8a99;--t1:#b79e5f;--t2:#e09b45;--t3:#ea7a48;\
--t4:#ff6b5e}.map .box{stroke:#4d6076}.map .f4.lit text,.map g.f4t text{fill:#0d1520}}\
@media print{.map{--ink:#000;--soft:#333;--paper:#fff;--line:#bbb;--f0:#eef4fb;--f1:#d3e4f6;--f2:#a6c8ec;--f3:#5b97d3;\
--f4:#1f5fa5}.map g.f4t text{fill:#fff}}";

const NAME_SIZE: f64 = 13.0;
const SUB_SIZE: f64 = 11.0;
const LINE_LENGTH: usize = 24;
const CIRCLE: Size = (26.0, 26.0);
const LEGEND_HEIGHT: f64 = 92.0;
const LEAST_WIDTH: f64 = 620.0;

/// A map as SVG.
#[derive(Debug)]
pub struct Drawing {
    /// The picture.
    pub svg: Markup,
    /// Where on it the start is.
    pub start: (f64, f64),
}

/// Draws the map. `title` is for readers that cannot see it.
pub fn draw(map: &Map, title: &str) -> Drawing {
    let names: Vec<Vec<String>> = map.activities.iter().map(|activity| wrap(&activity.name)).collect();
    let subs: Vec<String> = map.activities.iter().map(sub_line).collect();
    let boxes: Vec<Size> = names.iter().zip(&subs).map(|(name, sub)| box_size(name, sub)).collect();
    let tags: Vec<String> = map.edges.iter().map(tag).collect();
    let labels: Vec<Size> = tags.iter().map(|tag| (text_width(tag, SUB_SIZE) + 8.0, 16.0)).collect();
    let placement = place(map, CIRCLE, &boxes, &labels);

    let width = placement.size.0.max(LEAST_WIDTH);
    let height = placement.size.1 + LEGEND_HEIGHT;
    let shift = (width - placement.size.0) / 2.0;
    let scales = Scales::of(map);
    let start = (placement.start.x + shift, placement.start.y + LEGEND_HEIGHT);
    // The legend stands above the start, where a view that is smaller than the map begins.
    let legend_at = (start.0 - LEAST_WIDTH / 2.0).clamp(0.0, width - LEAST_WIDTH);
    let svg = html! {
        svg.map xmlns="http://www.w3.org/2000/svg" viewBox={ "0 0 " (whole(width)) " " (whole(height)) }
            width=(whole(width)) height=(whole(height)) role="img" aria-label=(title) {
            title { (title) }
            style { (PreEscaped(STYLE)) }
            rect width=(whole(width)) height=(whole(height)) style="fill:var(--paper)" {}
            g transform={ "translate(" (tenth(legend_at)) " 0)" } { (legend(map)) }
            g transform={ "translate(" (tenth(shift)) " " (LEGEND_HEIGHT) ")" } {
                @for (edge, route) in map.edges.iter().zip(&placement.routes).rev() {
                    (draw_edge(map, edge, route, &scales))
                }
                (ends(&placement))
                @for (index, activity) in map.activities.iter().enumerate() {
                    (draw_activity(activity, &names[index], &subs[index], &placement.activities[index], &scales))
                }
                // Labels come last, so that no line crosses them.
                @for ((tag, size), route) in tags.iter().zip(&labels).zip(&placement.routes) {
                    (draw_label(tag, *size, route.label))
                }
            }
        }
    };
    Drawing { svg, start }
}

fn draw_label(tag: &str, (width, _): Size, (x, y): (f64, f64)) -> Markup {
    html! {
        rect.plate x=(tenth(x - width / 2.0)) y=(tenth(y - 7.5)) width=(tenth(width)) height="15" rx="4" {}
        text.tag x=(tenth(x)) y=(tenth(y + 4.0)) text-anchor="middle" { (tag) }
    }
}

/// A length in pixels, to a tenth and to a whole one.
fn tenth(length: f64) -> String {
    format!("{length:.1}")
}

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
    match edge.time {
        Some((median, _)) => format!("{}× · {}", count(edge.count), duration(median)),
        None => format!("{}×", count(edge.count)),
    }
}

fn box_size(name: &[String], sub: &str) -> Size {
    let widest =
        name.iter().map(|line| text_width(line, NAME_SIZE)).fold(text_width(sub, SUB_SIZE), f64::max);
    (widest.max(64.0) + 24.0, 28.0 + 17.0 * name.len() as f64)
}

/// What is much and what is long on this map.
struct Scales {
    most_events: f64,
    most_steps: f64,
    /// Median times that part the five colours.
    times: [f64; 4],
    times_differ: bool,
}

impl Scales {
    fn of(map: &Map) -> Self {
        let most_events = map.activities.iter().map(|activity| activity.events).max().unwrap_or(1) as f64;
        let most_steps = map.edges.iter().map(|edge| edge.count).max().unwrap_or(1) as f64;
        let medians = || map.edges.iter().filter_map(|edge| edge.time).map(|time| time.0);
        let (shortest, longest) = (medians().fold(f64::INFINITY, f64::min), medians().fold(0.0, f64::max));
        // What is shown as the same time has the same colour.
        let times_differ = longest > shortest && duration(longest) != duration(shortest);
        Self {
            most_events,
            most_steps,
            times_differ,
            times: [0.05, 0.2, 0.45, 0.75].map(|share| share * longest),
        }
    }

    fn frequency(&self, events: u64) -> usize {
        let share = (events as f64 / self.most_events).sqrt();
        [0.2, 0.4, 0.62, 0.85].iter().filter(|&&limit| share > limit).count()
    }

    /// Where all paths take equally long, none is long.
    fn time(&self, seconds: f64) -> usize {
        if !self.times_differ {
            return 0;
        }
        self.times.iter().filter(|&&limit| seconds > limit).count()
    }

    fn width(&self, steps: u64) -> f64 {
        1.2 + 6.0 * (steps as f64 / self.most_steps).sqrt()
    }
}

fn node_name(map: &Map, node: Node) -> &str {
    match node {
        Node::Start => "start",
        Node::End => "end",
        Node::Activity(index) => &map.activities[index].name,
    }
}

fn draw_edge(map: &Map, edge: &MapEdge, route: &Route, scales: &Scales) -> Markup {
    let Some(&tip) = route.points.last() else { return html! {} };
    let class = edge.time.map_or("dash".to_string(), |(median, _)| format!("t{}", scales.time(median)));
    let width = scales.width(edge.count);
    let head = 5.0 + width;
    let (line, direction) = curve(&route.points, head);
    let (base, half) = (tenth(tip.1 - direction * head), head * 0.52);
    html! {
        g {
            title {
                (node_name(map, edge.from)) " → " (node_name(map, edge.to)) ": " (count(edge.count))
                @if let Some((median, mean)) = edge.time { ", median " (duration(median)) ", mean " (duration(mean)) }
            }
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

fn draw_activity(
    activity: &MapActivity,
    name: &[String],
    sub: &str,
    placed: &Placed,
    scales: &Scales,
) -> Markup {
    let Placed { x, y, size: (width, height) } = *placed;
    let shade = scales.frequency(activity.events);
    let line = |number: usize| tenth(y - height / 2.0 + 20.0 + 17.0 * number as f64);
    html! {
        g class={ "f" (shade) "t" @if shade >= 3 { " lit" } } {
            title { (activity.name) ": " (sub) }
            rect class={ "box f" (shade) } x=(tenth(x - width / 2.0)) y=(tenth(y - height / 2.0))
                width=(tenth(width)) height=(tenth(height)) rx="8" {}
            @for (number, part) in name.iter().enumerate() {
                text.name x=(tenth(x)) y=(line(number)) text-anchor="middle" { (part) }
            }
            text.sub x=(tenth(x)) y=(line(name.len())) text-anchor="middle" { (sub) }
        }
    }
}

/// A line of the legend under construction: what stands in it, and where it goes on.
struct LegendLine {
    markup: String,
    x: f64,
    y: f64,
}

impl LegendLine {
    fn new(y: f64) -> Self {
        Self { markup: String::new(), x: 16.0, y }
    }

    fn text(mut self, words: &str) -> Self {
        self.markup.push_str(&html! { text.note x=(tenth(self.x)) y=(self.y) { (words) } }.0);
        self.x += text_width(words, 12.0) + 6.0;
        self
    }

    fn skip(mut self, width: f64) -> Self {
        self.x += width;
        self
    }

    /// Marks in a row, each with room for its width.
    fn marks<T>(
        mut self,
        width: f64,
        marks: impl IntoIterator<Item = T>,
        draw: impl Fn(String, T) -> Markup,
    ) -> Self {
        for mark in marks {
            self.markup.push_str(&draw(tenth(self.x), mark).0);
            self.x += width;
        }
        self
    }
}

fn legend(map: &Map) -> Markup {
    let shade =
        |x, shade| html! { rect class={ "box f" (shade) } x=(x) y="12" width="18" height="16" rx="3" {} };
    let path = |x: String, width: f64| html! { path.edge.t0 stroke-width=(width) d={ "M" (x) " 20h18" } {} };
    let time =
        |x: String, time| html! { path class={ "edge t" (time) } stroke-width="5" d={ "M" (x) " 46h16" } {} };
    let sizes = LegendLine::new(24.0)
        .text(&format!("{}: few", map.rows))
        .marks(22.0, 0..5, shade)
        .text("many")
        .skip(10.0)
        .text("Times a path is taken: few")
        .marks(28.0, [1.2, 3.0, 5.0, 7.2], path)
        .text("many");
    let mut times = match Scales::of(map).times_differ {
        true => {
            LegendLine::new(50.0).text("Median time of a path: short").marks(24.0, 0..5, time).text("long")
        }
        false => LegendLine::new(50.0).text("All paths take equally long"),
    };
    times = times.skip(12.0).text("12× · 3 h: taken 12 times, median 3 h");
    if map.activities.iter().any(|activity| activity.repeated > 0) {
        times = times.skip(12.0).text("↻ directly repeated");
    }
    html! {
        g.legend {
            (PreEscaped(sizes.markup)) (PreEscaped(times.markup))
            @for (number, line) in sentence_lines(&map.simplification(), 96).iter().enumerate() {
                text.note x="16" y=(74 + 15 * number) { (line) }
            }
        }
    }
}

fn sentence_lines(text: &str, length: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.len() - 1;
        if lines[line].chars().count() + word.chars().count() >= length {
            lines.push(word.to_string());
        } else {
            if !lines[line].is_empty() {
                lines[line].push(' ');
            }
            lines[line].push_str(word);
        }
    }
    lines
}

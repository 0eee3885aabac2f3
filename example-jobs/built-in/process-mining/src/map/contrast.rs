//! The map with two groups of cases on it.

use fuelcell_report_kit::html;
use fuelcell_report_kit::text::{count, duration, percent, shorten};

use super::legend::{Group, Legend};
use super::svg::{Drawing, Ink, draw_with, node_name};
use super::{Map, MapEdge};
use crate::comparison::{Compared, Contrast, PathContrast, Unit};

/// A difference of shares that makes a stronger colour.
const LARGE: f64 = 0.1;

/// Draws the paths of a map with the figures of two groups.
pub fn draw_contrast(map: &Map, compared: &Compared, title: &str) -> Drawing {
    let box_class = |contrast: &Contrast| {
        let strength = if contrast.difference().unwrap_or(0.0).abs() >= LARGE { 2 } else { 1 };
        match contrast.sign() {
            1 => format!("a{strength}"),
            -1 => format!("b{strength}"),
            _ => "n0".to_string(),
        }
    };
    let line = |(edge, path): (&MapEdge, &PathContrast)| {
        let dash = if edge.time.is_none() { "dash " } else { "" };
        let colour = match path.time.as_ref().unwrap_or(&path.share).sign() {
            1 => "ta",
            -1 => "tb",
            _ => "t0",
        };
        format!("{dash}{colour}")
    };
    let title_of = |(edge, path): (&MapEdge, &PathContrast)| {
        let step = format!("{} → {}", node_name(map, edge.from), node_name(map, edge.to));
        let time = path.time.as_ref().map_or(String::new(), |time| format!("; median {}", both(time)));
        format!("{step}: {} of the cases{time}", both(&path.share))
    };
    let tag = |path: &PathContrast| {
        let time = path.time.as_ref().map_or(String::new(), |time| format!(" · {}", both(time)));
        format!("{}{time}", both(&path.share))
    };
    let paths = || map.edges.iter().zip(&compared.paths);
    let ink = Ink {
        subs: compared.activities.iter().map(|contrast| format!("{} of cases", both(contrast))).collect(),
        boxes: compared.activities.iter().map(box_class).collect(),
        tags: compared.paths.iter().map(tag).collect(),
        lines: paths().map(line).collect(),
        titles: paths().map(title_of).collect(),
        legend: legend(map, compared),
    };
    draw_with(map, title, &ink)
}

/// The figures of both groups.
fn both(contrast: &Contrast) -> String {
    contrast.values.map(|value| written(contrast.unit, value)).join(" / ")
}

/// A figure as people read it; a dash where there is none.
pub(crate) fn written(unit: Unit, value: Option<f64>) -> String {
    match (unit, value) {
        (_, None) => "–".to_string(),
        (Unit::Share, Some(value)) => percent(value),
        (Unit::Time, Some(value)) => duration(value),
        (Unit::Count, Some(value)) => fuelcell_report_kit::text::number(value),
    }
}

/// A difference as people read it; of shares in points of a hundred.
pub(crate) fn signed(unit: Unit, value: f64) -> String {
    let size = match unit {
        Unit::Share => format!("{} points", fuelcell_report_kit::text::fixed(value.abs() * 100.0, 1)),
        _ => written(unit, Some(value.abs())),
    };
    // What is rounded to nothing has no sign.
    let sign = match value {
        _ if size.starts_with("0 ") || size.starts_with("0.0 ") || size == "0" => "",
        value if value < 0.0 => "−",
        _ => "+",
    };
    format!("{sign}{size}")
}

fn legend(map: &Map, compared: &Compared) -> Legend {
    let side = |letter: &str, side: usize| {
        let name = shorten(&compared.sides.names[side], 34);
        format!("{letter}: {name} ({})", count(compared.sides.cases[side] as u64))
    };
    let boxed =
        |x, class| html! { rect class={ "box " (class) } x=(x) y="-12" width="18" height="16" rx="3" {} };
    let line = |x: String, class| html! { path class={ "edge " (class) } stroke-width="5" d={ "M" (x) " -4h16" } {} };
    let words = |words: &str| Group::default().text(words);
    let groups = [
        words(&side("A", 0)),
        words(&side("B", 1)),
        words("More cases in A").marks(22.0, ["a1", "a2"], boxed).text("in B").marks(
            22.0,
            ["b1", "b2"],
            boxed,
        ),
        words("Longer in A").marks(24.0, ["ta"], line).text("in B").marks(24.0, ["tb"], line),
        words("no sure difference").marks(24.0, ["t0"], line),
        words("7 % / 9 % · 3 h / 5 h:"),
        words("share of the cases and median, A / B"),
    ];
    Legend::of(map, groups)
}

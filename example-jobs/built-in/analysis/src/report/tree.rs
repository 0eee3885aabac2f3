//! The tree of questions as a picture.

use fuelcell_report_kit::text::{count, shorten};
use fuelcell_report_kit::{Markup, html};
use maud::PreEscaped;

use crate::causes::Measure;
use crate::causes::tree::Node;
use crate::sentences::figure;

const WIDTH: f64 = 178.0;
const HEIGHT: f64 = 64.0;
const ACROSS: f64 = 14.0;
const DOWN: f64 = 54.0;
const LETTERS: usize = 26;

/// Colours of its own, light and dark, so that the picture is the same in the page and in a file.
const STYLE: &str = ".tree text{font:13px system-ui,sans-serif;fill:#1c2733}.tree .box{fill:#fff;stroke:#7a8896}\
.tree .heat{fill:#d9480f}.tree path{fill:none;stroke:#7a8896}.tree .soft{fill:#54606c}\
@media (prefers-color-scheme:dark){.tree text{fill:#e6e9ec}.tree .box{fill:#1b232b;stroke:#8b98a5}.tree .soft{fill:#aab4be}}\
@media print{.tree text{fill:#000}.tree .box{fill:#fff}}";

/// A node with its place: how many ends lie left of its middle, and how deep it is.
struct Placed<'a> {
    node: &'a Node,
    middle: f64,
    depth: usize,
    answer: Option<&'static str>,
    parent: Option<f64>,
}

/// The picture, as a part of a page and as a file.
pub(crate) fn draw(root: &Node, measure: Measure) -> Markup {
    let mut placed = Vec::new();
    let ends = place(root, 0.0, 0, None, &mut placed).1;
    let deepest = placed.iter().map(|placed| placed.depth).max().unwrap_or(0);
    let size =
        (ends * (WIDTH + ACROSS) + ACROSS, (deepest + 1) as f64 * (HEIGHT + DOWN) - DOWN + 2.0 * ACROSS);
    let most = placed.iter().map(|placed| placed.node.mean).fold(f64::MIN_POSITIVE, f64::max);
    html! {
        svg.tree xmlns="http://www.w3.org/2000/svg" viewBox={ "0 0 " (size.0) " " (size.1) } width=(size.0) height=(size.1)
            role="img" aria-label="Tree of questions" style="max-width:100%;height:auto" {
            style { (PreEscaped(STYLE)) }
            @for one in &placed { (edge(one)) }
            @for one in &placed { (boxed(one, measure, most)) }
        }
    }
}

/// Answers with the middle of the node, and with how many ends lie below it.
fn place<'a>(
    node: &'a Node,
    left: f64,
    depth: usize,
    answer: Option<&'static str>,
    placed: &mut Vec<Placed<'a>>,
) -> (f64, f64) {
    let Some(split) = &node.split else {
        placed.push(Placed { node, middle: left + 0.5, depth, answer, parent: None });
        return (left + 0.5, 1.0);
    };
    let first = placed.len();
    let (yes, of_yes) = place(&split.yes, left, depth + 1, Some("yes"), placed);
    let (no, of_no) = place(&split.no, left + of_yes, depth + 1, Some("no"), placed);
    let middle = f64::midpoint(yes, no);
    for child in placed[first..].iter_mut().filter(|child| child.depth == depth + 1) {
        child.parent = Some(middle);
    }
    placed.push(Placed { node, middle, depth, answer, parent: None });
    (middle, of_yes + of_no)
}

fn at(middle: f64, depth: usize) -> (f64, f64) {
    (middle * (WIDTH + ACROSS) + ACROSS / 2.0, depth as f64 * (HEIGHT + DOWN) + ACROSS)
}

fn edge(placed: &Placed<'_>) -> Markup {
    let (Some(parent), Some(answer)) = (placed.parent, placed.answer) else { return html! {} };
    let (x, y) = at(placed.middle, placed.depth);
    let (from_x, from_y) = at(parent, placed.depth - 1);
    let bottom = from_y + HEIGHT;
    html! {
        path d={ "M" (from_x) " " (bottom) " V" (bottom + DOWN / 2.0) " H" (x) " V" (y) } {}
        text.soft x=(x + 6.0) y=(y - 8.0) { (answer) }
    }
}

fn boxed(placed: &Placed<'_>, measure: Measure, most: f64) -> Markup {
    let (x, y) = at(placed.middle, placed.depth);
    let left = x - WIDTH / 2.0;
    let node = placed.node;
    let heat = (node.mean / most).clamp(0.0, 1.0) * (WIDTH - 2.0);
    let question = node.split.as_ref().map(|split| (&split.condition.attribute, &split.condition.value));
    html! {
        g {
            rect.box x=(left) y=(y) width=(WIDTH) height=(HEIGHT) rx="5" {}
            rect.heat x=(left + 1.0) y=(y + HEIGHT - 5.0) width=(heat) height="4" {}
            text x=(left + 8.0) y=(y + 18.0) { (figure(measure, node.mean)) tspan.soft { " · " (count(node.rows as u64)) } }
            @if let Some((attribute, value)) = question {
                text.soft x=(left + 8.0) y=(y + 34.0) { (shorten(attribute, LETTERS)) }
                text x=(left + 8.0) y=(y + 49.0) { "= " (shorten(value, LETTERS - 2)) " ?" }
            }
        }
    }
}

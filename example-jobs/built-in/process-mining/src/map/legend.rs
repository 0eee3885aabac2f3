//! What stands above a map.

use fuelcell_report_kit::chart::text_width;
use fuelcell_report_kit::{Markup, html};
use maud::PreEscaped;

use super::Map;
use super::scales::{Scales, tenth};

/// As wide as a phone shows it whole.
const WIDTH: f64 = 330.0;
/// Left and right of it, and between groups.
const GAP: f64 = 14.0;
/// From one line to the next, and within the sentence.
const LINE: f64 = 21.0;
const SENTENCE_LINE: f64 = 15.0;
const TEXT_SIZE: f64 = 12.0;

/// Words and marks that stay together. Marks are drawn beside the base line of the words, which is at 0.
#[derive(Default)]
pub(super) struct Group {
    markup: String,
    width: f64,
}

impl Group {
    pub(super) fn text(mut self, words: &str) -> Self {
        self.markup.push_str(&html! { text.note x=(tenth(self.width)) y="0" { (words) } }.0);
        self.width += text_width(words, TEXT_SIZE) + 6.0;
        self
    }

    /// Marks in a row, each with room for its width.
    pub(super) fn marks<T>(
        mut self,
        width: f64,
        marks: impl IntoIterator<Item = T>,
        draw: impl Fn(String, T) -> Markup,
    ) -> Self {
        for mark in marks {
            self.markup.push_str(&draw(tenth(self.width), mark).0);
            self.width += width;
        }
        self
    }
}

pub(super) fn legend(map: &Map) -> Legend {
    let shade =
        |x, shade| html! { rect class={ "box f" (shade) } x=(x) y="-12" width="18" height="16" rx="3" {} };
    let path = |x: String, width: f64| html! { path.edge.t0 stroke-width=(width) d={ "M" (x) " -4h18" } {} };
    let time =
        |x: String, time| html! { path class={ "edge t" (time) } stroke-width="5" d={ "M" (x) " -4h16" } {} };
    let words = |words: &str| Group::default().text(words);
    let sizes = words(&format!("{}: few", map.rows)).marks(22.0, 0..5, shade).text("many");
    let taken = words("Times a path is taken: few").marks(28.0, [1.2, 3.0, 5.0, 7.2], path).text("many");
    let times = match Scales::of(map).times_differ {
        true => words("Median time of a path: short").marks(24.0, 0..5, time).text("long"),
        false => words("All paths take equally long"),
    };
    let mut groups = vec![sizes, taken, times];
    if map.edges.iter().any(|edge| edge.parts.is_some()) {
        groups.extend([words("12× · 3 h + 5 min: 12 times,"), words("median 3 h waiting, 5 min work")]);
    } else {
        groups.push(words("12× · 3 h: taken 12 times, median 3 h"));
    }
    if map.has_deviations() {
        groups.push(words("✗ 5: not allowed by the model in 5 cases"));
    } else if map.activities.iter().any(|activity| activity.repeated > 0) {
        groups.push(words("↻ directly repeated"));
    }
    Legend::of(map, groups)
}

/// What stands above a map, and how large it is.
pub(super) struct Legend {
    pub(super) markup: Markup,
    pub(super) width: f64,
    pub(super) height: f64,
}

impl Legend {
    /// Of groups, as many in a line as have room, and the sentence that says what the map leaves out.
    pub(super) fn of(map: &Map, groups: impl IntoIterator<Item = Group>) -> Self {
        let (mut x, mut y, mut width) = (GAP, 24.0, WIDTH);
        let mut markup = String::new();
        for group in groups {
            if x > GAP && x + group.width > WIDTH {
                (x, y) = (GAP, y + LINE);
            }
            let at = format!("translate({} {})", tenth(x), tenth(y));
            markup.push_str(&html! { g transform=(at) { (PreEscaped(&group.markup)) } }.0);
            x += group.width + GAP;
            width = width.max(x);
        }
        let sentence = sentence_lines(&map.simplification());
        y += LINE;
        let markup = html! {
            g.legend {
                (PreEscaped(&markup))
                @for (number, line) in sentence.iter().enumerate() {
                    text.note x=(GAP) y=(tenth(y + SENTENCE_LINE * number as f64)) { (line) }
                }
            }
        };
        Self { markup, width, height: y + SENTENCE_LINE * sentence.len() as f64 + 4.0 }
    }
}

fn sentence_lines(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.len() - 1;
        if lines[line].is_empty() {
            lines[line].push_str(word);
        } else if text_width(&format!("{} {word}", lines[line]), TEXT_SIZE) > WIDTH - 2.0 * GAP {
            lines.push(word.to_string());
        } else {
            lines[line].push(' ');
            lines[line].push_str(word);
        }
    }
    lines
}

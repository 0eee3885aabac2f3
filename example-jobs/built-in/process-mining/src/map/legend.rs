//! What stands above a map.

use fuelcell_report_kit::chart::text_width;
use fuelcell_report_kit::{Markup, html};
use maud::PreEscaped;

use super::Map;
use super::scales::{Scales, tenth};

/// A line of the legend under construction: what stands in it, and where it goes on.
pub(super) struct LegendLine {
    markup: String,
    x: f64,
    y: f64,
}

impl LegendLine {
    pub(super) fn new(y: f64) -> Self {
        Self { markup: String::new(), x: 16.0, y }
    }

    pub(super) fn text(mut self, words: &str) -> Self {
        self.markup.push_str(&html! { text.note x=(tenth(self.x)) y=(self.y) { (words) } }.0);
        self.x += text_width(words, 12.0) + 6.0;
        self
    }

    pub(super) fn skip(mut self, width: f64) -> Self {
        self.x += width;
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
            self.markup.push_str(&draw(tenth(self.x), mark).0);
            self.x += width;
        }
        self
    }
}

pub(super) fn legend(map: &Map) -> Legend {
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
    times = times.skip(12.0).text(if map.edges.iter().any(|edge| edge.parts.is_some()) {
        "12× · 3 h + 5 min: 12 times, median 3 h waiting, 5 min work"
    } else {
        "12× · 3 h: taken 12 times, median 3 h"
    });
    if map.has_deviations() {
        times = times.skip(12.0).text("✗ 5: not allowed by the model in 5 cases");
    } else if map.activities.iter().any(|activity| activity.repeated > 0) {
        times = times.skip(12.0).text("↻ directly repeated");
    }
    Legend::of(map, [sizes, times])
}

/// What stands above a map, and how wide it is.
pub(super) struct Legend {
    pub(super) markup: Markup,
    pub(super) width: f64,
}

impl Legend {
    /// Of two lines of marks, and the sentence that says what the map leaves out.
    pub(super) fn of(map: &Map, lines: [LegendLine; 2]) -> Self {
        const LENGTH: usize = 96;
        let sentence = sentence_lines(&map.simplification(), LENGTH);
        let sentence_width = sentence.iter().map(|line| text_width(line, 12.0)).fold(0.0, f64::max);
        let width = lines.iter().map(|line| line.x).fold(16.0 + sentence_width, f64::max) + 16.0;
        let markup = html! {
            g.legend {
                @for line in &lines { (PreEscaped(&line.markup)) }
                @for (number, line) in sentence.iter().enumerate() {
                    text.note x="16" y=(74 + 15 * number) { (line) }
                }
            }
        };
        Self { markup, width }
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

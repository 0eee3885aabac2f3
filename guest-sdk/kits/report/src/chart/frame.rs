//! The frame of a chart: margins, axes, and where shares of the axes lie in the picture.

use std::fmt::Write as _;

use maud::{Markup, Render, html};

use super::axis::{Axis, Scale};

/// Letters of charts in pixels: as they are, and as they are on a phone, for which room is made.
const LETTERS: f64 = 11.5;
const LARGE_LETTERS: f64 = 16.0;

/// A coordinate in pixels, to a tenth.
pub(super) struct Px(pub(super) f64);

impl Render for Px {
    fn render_to(&self, buffer: &mut String) {
        // Writing to a string cannot fail.
        let _ = write!(buffer, "{:.1}", self.0);
        if buffer.ends_with(".0") {
            buffer.truncate(buffer.len() - 2);
        }
    }
}

/// A path that is put together from points.
#[derive(Default)]
pub(super) struct Path(String);

impl Path {
    /// Goes there, with a line if there was a point before.
    pub(super) fn to(&mut self, x: f64, y: f64) -> &mut Self {
        self.0.push(if self.0.is_empty() { 'M' } else { 'L' });
        self.point(x, y)
    }

    /// A dot.
    pub(super) fn dot(&mut self, x: f64, y: f64) -> &mut Self {
        self.0.push('M');
        self.point(x, y);
        self.0.push_str("h0");
        self
    }

    /// Closes it to an area.
    pub(super) fn close(&mut self) -> &mut Self {
        self.0.push('Z');
        self
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    fn point(&mut self, x: f64, y: f64) -> &mut Self {
        Px(x).render_to(&mut self.0);
        self.0.push(' ');
        Px(y).render_to(&mut self.0);
        self
    }
}

/// Width of a text in pixels, by classes of letters: without fonts no more can be known.
pub fn text_width(text: &str, size: f64) -> f64 {
    let width = |char: char| match char {
        'i' | 'j' | 'l' | 't' | 'f' | 'I' | '.' | ',' | ':' | ';' | '|' | '\'' | ' ' | '(' | ')' => 0.36,
        'm' | 'w' | 'M' | 'W' | '@' | '%' => 0.95,
        char if char as u32 >= 0x1100 => 1.05,
        char if char.is_uppercase() => 0.72,
        _ => 0.61,
    };
    text.chars().map(width).sum::<f64>() * size
}

/// Room to draw in; shares go from 0 to 1, to the right and upwards.
#[derive(Debug, Clone)]
pub(super) struct Frame {
    width: f64,
    height: f64,
    left: f64,
    top: f64,
    bottom: f64,
}

const RIGHT: f64 = 24.0;
const BOTTOM: f64 = 46.0;

impl Frame {
    /// Room for these labels on the left.
    pub(super) fn new<'a>((width, height): (f64, f64), labels: impl Iterator<Item = &'a str>) -> Self {
        let widest = labels.map(|label| text_width(label, LARGE_LETTERS)).fold(20.0, f64::max);
        Self { width, height, left: (widest + 12.0).min(width * 0.42), top: 32.0, bottom: BOTTOM }
    }

    /// Room for the labels of a scale on the left.
    pub(super) fn of(size: (f64, f64), y: &Scale) -> Self {
        Self::new(size, y.ticks.iter().map(|(_, label)| label.as_str()))
    }

    /// The same frame with this height, and this much room above and below what is drawn.
    pub(super) fn between(self, height: f64, top: f64, bottom: f64) -> Self {
        Self { height, top, bottom, ..self }
    }

    /// The same frame with this much room on the left, if it had less.
    pub(super) fn at_least_left(self, room: f64) -> Self {
        Self { left: self.left.max(room), ..self }
    }

    pub(super) fn x(&self, share: f64) -> f64 {
        self.left + share * (self.width - self.left - RIGHT)
    }

    pub(super) fn y(&self, share: f64) -> f64 {
        self.height - self.bottom - share * (self.height - self.bottom - self.top)
    }

    /// The title of the vertical axis, above it.
    pub(super) fn y_title(&self, axis: &Axis) -> Markup {
        html! { text.name x="2" y="14" { (axis.title()) } }
    }

    /// Lines from side to side with their labels on the left.
    pub(super) fn y_ticks(&self, scale: &Scale) -> Markup {
        html! {
            @for (value, label) in &scale.ticks {
                @let y = self.y(scale.share(*value));
                path.axis d={ "M" (Px(self.left)) " " (Px(y)) "H" (Px(self.width - RIGHT)) } {}
                (self.left_label(y, label))
            }
        }
    }

    pub(super) fn left_label(&self, y: f64, label: &str) -> Markup {
        html! { text x=(Px(self.left - 7.0)) y=(Px(y + 4.0)) text-anchor="end" { (label) } }
    }

    /// The horizontal axis: its labels, and its title below them.
    pub(super) fn x_axis(&self, axis: &Axis, scale: &Scale, lines: bool) -> Markup {
        html! {
            @for (number, (value, label)) in scale.ticks.iter().enumerate() {
                @let share = scale.share(*value);
                @if lines { path.axis d={ "M" (Px(self.x(share))) " " (Px(self.top)) "V" (Px(self.y(0.0))) } {} }
                // Small screens have room for every second label.
                (self.x_label(share, label, number % 2 == 1))
            }
            (self.x_title(axis))
        }
    }

    pub(super) fn x_title(&self, axis: &Axis) -> Markup {
        let middle = (self.left + self.width - RIGHT) / 2.0;
        html! { text.name x=(Px(middle)) y=(Px(self.height - 6.0)) text-anchor="middle" { (axis.title()) } }
    }

    pub(super) fn x_label(&self, share: f64, label: &str, minor: bool) -> Markup {
        let half = text_width(label, LETTERS) / 2.0;
        let x = self.x(share);
        let (x, anchor) = match x {
            x if x + half > self.width => (self.width - 1.0, "end"),
            x if x < half => (1.0, "start"),
            x => (x, "middle"),
        };
        html! {
            text class=[minor.then_some("minor")] x=(Px(x)) y=(Px(self.height - self.bottom + 18.0)) text-anchor=(anchor) { (label) }
        }
    }

    /// A line across at a value of the horizontal axis, with words beside it.
    pub(super) fn mark(&self, share: f64, text: &str) -> Markup {
        let (x, top) = (self.x(share), self.y(1.0));
        let fits = x + 6.0 + text_width(text, LETTERS) < self.width;
        let (at, anchor) = if fits { (x + 6.0, "start") } else { (x - 6.0, "end") };
        html! {
            path.mark d={ "M" (Px(x)) " " (Px(top)) "V" (Px(self.y(0.0))) } {}
            text.value.note x=(Px(at)) y=(Px(top + 10.0)) text-anchor=(anchor) { (text) }
        }
    }

    /// Says that there is nothing to draw.
    pub(super) fn nothing(&self) -> Markup {
        html! { text x=(Px(self.x(0.5))) y=(Px(self.y(0.5))) text-anchor="middle" { "There are no values to show." } }
    }
}

//! What all charts have in common: a title, a size, and two ways out, into a page and into a file.

use maud::{Markup, PreEscaped, Render, html};

use super::frame::{Px, text_width};
use super::{COLOURS, STYLE, class};
use crate::text::counted;
use crate::{Table, markup};

/// Charts that stand side by side, and charts that have the page for themselves.
const HALF: f64 = 560.0;
const FULL: f64 = 1140.0;

/// Title and size of a chart.
#[derive(Debug, Clone)]
pub struct Shape {
    pub(super) title: String,
    pub(super) width: f64,
    pub(super) height: f64,
}

impl Shape {
    pub(super) fn new(title: impl Into<String>, height: f64) -> Self {
        Self { title: title.into(), width: HALF, height }
    }

    pub(super) fn size(&self) -> (f64, f64) {
        (self.width, self.height)
    }
}

/// What every chart can.
pub trait Chart: Sized {
    /// Title and size.
    #[doc(hidden)]
    fn shape(&mut self) -> &mut Shape;

    /// The chart as a picture.
    fn draw(&self) -> Picture;

    /// As wide as the page; others are half as wide, so that two stand beside each other.
    fn wide(mut self) -> Self {
        self.shape().width = FULL;
        self
    }

    /// So many pixels high, at least 120.
    fn height(mut self, pixels: u32) -> Self {
        self.shape().height = f64::from(pixels.max(120));
        self
    }

    /// The text of an SVG file with styles of its own.
    fn svg_file(&self) -> String {
        self.draw().file()
    }
}

/// A chart that is drawn, with the table behind it.
#[derive(Debug, Clone)]
pub struct Picture {
    pub(super) shape: Shape,
    /// What is drawn.
    pub(super) body: Markup,
    /// The same figures as a table.
    pub(super) table: Table,
    /// Names of the series, each with its colour.
    pub(super) key: Vec<(String, usize)>,
    /// What the reader must know, such as what was left out.
    pub(super) note: Option<String>,
    /// What is said of the table.
    pub(super) table_note: Option<String>,
}

/// The picture in a page.
impl Render for Picture {
    fn render(&self) -> Markup {
        let Shape { title, width, height } = &self.shape;
        let class = if *width > HALF { "chart" } else { "chart half" };
        let least = (width * 0.85).min(760.0);
        html! {
            figure {
                figcaption { (title) }
                div.scroll {
                    svg class=(class) style={ "max-width:" (width) "px;min-width:" (least) "px" }
                        viewBox={ "0 0 " (width) " " (height) } role="img" aria-label=(title) { (self.body) }
                }
                @if !self.key.is_empty() {
                    div.key { @for (name, colour) in &self.key { span { (dot(*colour)) (name) } } }
                }
                @if let Some(note) = &self.note { (markup::note(note)) }
                details.data { summary { "Figures" } @if let Some(note) = &self.table_note { (markup::note(note)) } (self.table) }
            }
        }
    }
}

fn dot(colour: usize) -> Markup {
    html! { svg viewBox="0 0 10 10" aria-hidden="true" { circle class=(class(colour)) cx="5" cy="5" r="5" {} } }
}

/// Room above and below what is drawn, for the title and for a line of the key.
const TITLE: f64 = 34.0;
const LINE: f64 = 20.0;
const MARGIN: f64 = 10.0;

impl Picture {
    /// A picture that a job draws itself, such as a tree: what stands in the SVG element, whose units are `size`, and its
    /// figures as a table. Texts in it have the colours and letters of charts.
    pub fn drawn(title: impl Into<String>, size: (u32, u32), body: Markup, table: Table) -> Self {
        let (width, height) = (f64::from(size.0), f64::from(size.1));
        Self::new(Shape { title: title.into(), width, height }, body, table)
    }

    pub(super) fn new(shape: Shape, body: Markup, table: Table) -> Self {
        Self { shape, body, table, key: Vec::new(), note: None, table_note: None }
    }

    /// Says that the table holds one of so many rows.
    pub(super) fn thinned(mut self, step: usize) -> Self {
        self.table_note = (step > 1).then(|| format!("One of {} is listed.", counted(step as u64, "point")));
        self
    }

    /// The text of an SVG file with styles of its own.
    pub fn file(&self) -> String {
        let Shape { title, width, height } = &self.shape;
        let key = self.placed_key();
        let lines = key.last().map_or(0.0, |(_, _, line)| line + 1.0);
        let size = (width + 2.0 * MARGIN, TITLE + height + lines * LINE + MARGIN);
        let svg = html! {
            svg.chart xmlns="http://www.w3.org/2000/svg" width=(size.0) height=(size.1)
                viewBox={ "0 0 " (size.0) " " (size.1) } role="img" aria-label=(title)
                style="font-family:system-ui,-apple-system,'Segoe UI',Roboto,sans-serif" {
                title { (title) }
                style { (PreEscaped(COLOURS)) (PreEscaped(STYLE)) }
                rect.ground width=(size.0) height=(size.1) {}
                text.title x=(Px(MARGIN + 2.0)) y="22" { (title) }
                g transform={ "translate(" (MARGIN) " " (TITLE) ")" } { (self.body) }
                @for ((name, colour), x, line) in key {
                    @let y = TITLE + height + line * LINE + 6.0;
                    circle class=(class(*colour)) cx=(Px(x)) cy=(Px(y)) r="5" {}
                    text x=(Px(x + 9.0)) y=(Px(y + 4.0)) { (name) }
                }
            }
        };
        let mut file = Vec::new();
        // Writing to a vector cannot fail, and what is split at characters stays UTF-8.
        let _ = markup::write(&svg.0, &mut file);
        String::from_utf8(file).unwrap_or_default()
    }

    /// The key in lines that fit: entry, place, and number of the line.
    fn placed_key(&self) -> Vec<(&(String, usize), f64, f64)> {
        let (mut x, mut line) = (MARGIN + 6.0, 0.0);
        let place = |entry| {
            let (name, _): &(String, usize) = entry;
            let room = text_width(name, 11.5) + 30.0;
            if x + room > self.shape.width && x > MARGIN + 6.0 {
                (x, line) = (MARGIN + 6.0, line + 1.0);
            }
            let placed = (entry, x, line);
            x += room;
            placed
        };
        self.key.iter().map(place).collect()
    }
}

/// Lets a chart stand in markup.
macro_rules! rendered {
    ($chart:ty) => {
        impl maud::Render for $chart {
            fn render_to(&self, buffer: &mut String) {
                maud::Render::render_to(&$crate::chart::Chart::draw(self), buffer);
            }
        }
    };
}
pub(super) use rendered;

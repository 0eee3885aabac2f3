//! Clouds of dots.

use maud::{Markup, html};

use super::axis::{Axis, Scale, is_drawn};
use super::class;
use super::frame::{Frame, Path, Px};
use super::picture::{Chart, Picture, Shape, rendered};
use crate::{Column, Table};

/// A dot for each pair of values.
///
/// ```
/// use fuelcell_report_kit::chart::{Axis, Chart, Scatter};
/// let chart = Scatter::new("Amount and duration", Axis::number("Amount", "EUR"), Axis::duration("Duration"))
///     .dots("Orders", [(12.0, 3600.0), (40.0, 86_400.0)]);
/// assert!(chart.svg_file().contains("Amount (EUR)"));
/// ```
#[derive(Debug, Clone)]
pub struct Scatter {
    shape: Shape,
    x: Axis,
    y: Axis,
    series: Vec<(String, Vec<(f64, f64)>)>,
    lines: Vec<[(f64, f64); 2]>,
}

rendered!(Scatter);

/// Rows of the table behind the chart, and dots that have titles of their own.
const ROWS: usize = 100;
const TITLED: usize = 300;

impl Scatter {
    /// A chart without dots.
    pub fn new(title: impl Into<String>, x: Axis, y: Axis) -> Self {
        Self { shape: Shape::new(title, 300.0), x, y, series: Vec::new(), lines: Vec::new() }
    }

    /// Adds dots of a colour of their own. The ninth series and all after it share one.
    pub fn dots(mut self, name: impl Into<String>, dots: impl IntoIterator<Item = (f64, f64)>) -> Self {
        let drawn = dots.into_iter().filter(|(x, y)| is_drawn(*x) && is_drawn(*y));
        self.series.push((name.into(), drawn.collect()));
        self
    }

    /// A straight line from one place to another, such as a fitted one.
    pub fn line(mut self, from: (f64, f64), to: (f64, f64)) -> Self {
        self.lines.push([from, to]);
        self
    }

    fn all(&self) -> impl Iterator<Item = &(f64, f64)> {
        self.series.iter().flat_map(|(_, dots)| dots)
    }

    fn body(&self) -> Markup {
        let ends = || self.all().chain(self.lines.iter().flatten());
        let wanted = if self.shape.width > 800.0 { 10 } else { 6 };
        let x = Scale::exact(&self.x, ends().map(|dot| dot.0), wanted);
        let y = Scale::round(&self.y, ends().map(|dot| dot.1), 6);
        let frame = Frame::of(self.shape.size(), &y);
        let upwards = |share: f64| if self.y.is_downwards() { 1.0 - share } else { share };
        let at = |&(across, up): &(f64, f64)| (frame.x(x.share(across)), frame.y(upwards(y.share(up))));
        let number = self.all().count();
        html! {
            (frame.y_title(&self.y))
            (frame.y_ticks(&y))
            (frame.x_axis(&self.x, &x, false))
            @if number == 0 { (frame.nothing()) }
            // The first series lies on top.
            @for (colour, (name, dots)) in self.series.iter().enumerate().rev() {
                @let colour = if self.series.len() > 1 { class(colour) } else { "" };
                @if number <= TITLED { (self.titled(name, dots, colour, at)) }
                @else { path class={ "dots " (colour) } stroke-width=(dot_size(number)) d=(cloud(dots, at).as_str()) {} }
            }
            @for [from, to] in &self.lines {
                @let mut path = Path::default();
                path.fit d=(path.to(at(from).0, at(from).1).to(at(to).0, at(to).1).as_str()) {}
            }
        }
    }

    fn titled(
        &self,
        name: &str,
        dots: &[(f64, f64)],
        colour: &str,
        at: impl Fn(&(f64, f64)) -> (f64, f64),
    ) -> Markup {
        html! {
            @for dot in dots {
                @let (left, top) = at(dot);
                circle class={ "dot " (colour) } cx=(Px(left)) cy=(Px(top)) r="2.5" {
                    title { (name) ": " (self.x.value(dot.0)) ", " (self.y.value(dot.1)) }
                }
            }
        }
    }

    fn table(&self) -> (Table, usize) {
        let columns = [Column::text("Of"), Column::number(self.x.title()), Column::number(self.y.title())];
        let mut table = Table::new(columns);
        let step = self.all().count().div_ceil(ROWS).max(1);
        for (name, dots) in &self.series {
            for &(x, y) in dots.iter().step_by(step) {
                table.row(&[name, &self.x.value(x), &self.y.value(y)]);
            }
        }
        (table, step)
    }
}

/// A dot's width in pixels: the more there are, the smaller they are.
fn dot_size(number: usize) -> &'static str {
    if number > 2000 { "3.4" } else { "4.4" }
}

/// All dots of a series in one path: a few bytes each.
fn cloud(dots: &[(f64, f64)], at: impl Fn(&(f64, f64)) -> (f64, f64)) -> Path {
    let mut path = Path::default();
    for (x, y) in dots.iter().map(at) {
        path.dot(x, y);
    }
    path
}

impl Chart for Scatter {
    fn shape(&mut self) -> &mut Shape {
        &mut self.shape
    }

    fn draw(&self) -> Picture {
        let (table, step) = self.table();
        let key = match self.series[..] {
            [_] => Vec::new(),
            _ => self.series.iter().enumerate().map(|(colour, (name, _))| (name.clone(), colour)).collect(),
        };
        Picture { key, ..Picture::new(self.shape.clone(), self.body(), table).thinned(step) }
    }
}

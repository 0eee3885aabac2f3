//! Bars of named things.

use maud::{Markup, html};

use super::axis::{Axis, Scale, is_drawn};
use super::class;
use super::frame::{Frame, Px};
use super::picture::{Chart, Picture, Shape, rendered};
use crate::text::shorten;
use crate::{Column, Table};

/// Bars of named things below each other, in the order in which they are added.
///
/// ```
/// use fuelcell_report_kit::chart::{Axis, Bars, Chart};
/// let chart = Bars::new("Orders by region", "Region", Axis::count("Orders")).bar("North", 812.0).bar("South", 640.0);
/// assert!(chart.svg_file().contains("North"));
/// ```
#[derive(Debug, Clone)]
pub struct Bars {
    shape: Shape,
    names: String,
    axis: Axis,
    series: Vec<String>,
    bars: Vec<(String, Vec<f64>)>,
}

rendered!(Bars);

/// Names on the left have at most so many letters.
const LETTERS: usize = 26;

impl Bars {
    /// A chart without bars: what the bars are called, and what they are long by.
    pub fn new(title: impl Into<String>, names: impl Into<String>, axis: Axis) -> Self {
        Self {
            shape: Shape::new(title, 0.0),
            names: names.into(),
            axis,
            series: Vec::new(),
            bars: Vec::new(),
        }
    }

    /// Names of the values of [`group`](Self::group).
    pub fn series<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.series = names.into_iter().map(Into::into).collect();
        self
    }

    /// Adds a bar.
    pub fn bar(self, name: impl Into<String>, value: f64) -> Self {
        self.group(name, [value])
    }

    /// Adds a bar for each series, to be compared with each other.
    pub fn group(mut self, name: impl Into<String>, values: impl IntoIterator<Item = f64>) -> Self {
        self.bars.push((name.into(), values.into_iter().collect()));
        self
    }

    fn values(&self) -> impl Iterator<Item = f64> {
        self.bars.iter().flat_map(|(_, values)| values.iter().copied()).filter(|&value| is_drawn(value))
    }

    /// The height that the bars need, unless one was asked for.
    fn fitting(&self) -> Shape {
        let each = self.series.len().max(1);
        let row = if each == 1 { 24.0 } else { 10.0 + 12.0 * each as f64 };
        let height = if self.shape.height > 0.0 {
            self.shape.height
        } else {
            74.0 + row * self.bars.len().max(1) as f64
        };
        Shape { height, ..self.shape.clone() }
    }

    fn body(&self, shape: &Shape) -> Markup {
        let scale = Scale::round(&self.axis, self.values().chain(self.axis.has_zero().then_some(0.0)), 6);
        let names: Vec<String> = self.bars.iter().map(|(name, _)| shorten(name, LETTERS)).collect();
        let frame = Frame::new(shape.size(), names.iter().map(String::as_str));
        let row = 1.0 / self.bars.len().max(1) as f64;
        let zero = frame.x(scale.share(0.0));
        let bar = |at: usize, number: usize, of: usize, value: f64| {
            let thick = row * 0.76 / of as f64;
            let share = 1.0 - row * (at as f64 + 0.12) - thick * number as f64;
            let (top, bottom, end) = (frame.y(share), frame.y(share - thick), frame.x(scale.share(value)));
            let series = self.series.get(number).map_or(String::new(), |series| format!(", {series}"));
            html! {
                rect class={ "bar" @if !self.series.is_empty() { " " (class(number)) } }
                    x=(Px(zero.min(end))) y=(Px(top)) width=(Px((end - zero).abs().max(0.6))) height=(Px((bottom - top - 1.0).max(1.0))) {
                    title { (self.bars[at].0) (series) ": " (self.axis.value(value)) }
                }
            }
        };
        html! {
            text.name x="2" y="14" { (self.names) }
            (frame.x_axis(&self.axis, &scale, true))
            @if self.bars.is_empty() { (frame.nothing()) }
            @for (at, name) in names.iter().enumerate() { (frame.left_label(frame.y(1.0 - row * (at as f64 + 0.5)), name)) }
            @for (at, (_, values)) in self.bars.iter().enumerate() {
                @for (number, &value) in values.iter().enumerate().filter(|(_, value)| is_drawn(**value)) {
                    (bar(at, number, values.len(), value))
                }
            }
        }
    }
}

impl Chart for Bars {
    fn shape(&mut self) -> &mut Shape {
        &mut self.shape
    }

    fn draw(&self) -> Picture {
        let shape = self.fitting();
        let values = match self.series[..] {
            [] => vec![Column::number(self.axis.title())],
            _ => self.series.iter().map(Column::number).collect(),
        };
        let mut table = Table::new([Column::name(&self.names)].into_iter().chain(values)).fold_after(100);
        for (name, values) in &self.bars {
            table
                .row_of([name.clone()].into_iter().chain(values.iter().map(|&value| self.axis.value(value))));
        }
        let key = self.series.iter().cloned().enumerate().map(|(number, name)| (name, number)).collect();
        Picture { key, ..Picture::new(shape.clone(), self.body(&shape), table) }
    }
}

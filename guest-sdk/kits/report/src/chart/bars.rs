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
/// let chart = Bars::new("On time by region", "Region", Axis::share("On time"))
///     .bar("North", 0.94)
///     .bar("South", 0.55)
///     .interval(0.41, 0.68);
/// assert!(chart.svg_file().contains("South: 55 %, 41 % to 68 %"));
/// ```
#[derive(Debug, Clone)]
pub struct Bars {
    shape: Shape,
    names: String,
    axis: Axis,
    series: Vec<String>,
    bars: Vec<Bar>,
}

#[derive(Debug, Clone)]
struct Bar {
    name: String,
    values: Vec<f64>,
    interval: Option<(f64, f64)>,
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
        self.bars.push(Bar { name: name.into(), values: values.into_iter().collect(), interval: None });
        self
    }

    /// How far the bar that was added last may be off: a whisker from `low` to `high`.
    pub fn interval(mut self, low: f64, high: f64) -> Self {
        if let Some(bar) = self.bars.last_mut() {
            bar.interval = (is_drawn(low) && is_drawn(high)).then_some((low, high));
        }
        self
    }

    fn values(&self) -> impl Iterator<Item = f64> {
        let ends = |bar: &Bar| bar.interval.map(|(low, high)| [low, high]).into_iter().flatten();
        let values = self.bars.iter().flat_map(move |bar| bar.values.iter().copied().chain(ends(bar)));
        values.filter(|&value| is_drawn(value))
    }

    /// A value as it is read, with its interval.
    fn words(&self, bar: &Bar, value: f64) -> String {
        let value = self.axis.value(value);
        match self.said(bar) {
            Some(interval) => format!("{value}, {interval}"),
            None => value,
        }
    }

    fn said(&self, bar: &Bar) -> Option<String> {
        bar.interval.map(|(low, high)| format!("{} to {}", self.axis.value(low), self.axis.value(high)))
    }

    /// The height that the bars need, unless one was asked for.
    fn fitting(&self) -> Shape {
        let each = self.series.len().max(1);
        let row = if each == 1 { 24.0 } else { 10.0 + 12.0 * each as f64 };
        let height = if self.shape.height > 0.0 {
            self.shape.height
        } else {
            78.0 + row * self.bars.len().max(1) as f64
        };
        Shape { height, ..self.shape.clone() }
    }

    fn body(&self, shape: &Shape) -> Markup {
        let scale = Scale::round(&self.axis, self.values().chain(self.axis.has_zero().then_some(0.0)), 6);
        let names: Vec<String> = self.bars.iter().map(|bar| shorten(&bar.name, LETTERS)).collect();
        let frame = Frame::new(shape.size(), names.iter().map(String::as_str));
        let row = 1.0 / self.bars.len().max(1) as f64;
        html! {
            text.name x="2" y="14" { (self.names) }
            (frame.x_axis(&self.axis, &scale, true))
            @if self.bars.is_empty() { (frame.nothing()) }
            @for (at, (bar, name)) in self.bars.iter().zip(&names).enumerate() {
                @let top = 1.0 - row * at as f64;
                (frame.left_label(frame.y(top - row * 0.5), name))
                (self.group_at(bar, &frame, &scale, (top - row * 0.12, row * 0.76)))
            }
        }
    }

    /// The bars of a group from the share `top` downwards, and the whisker across them.
    fn group_at(&self, bar: &Bar, frame: &Frame, scale: &Scale, (top, thick): (f64, f64)) -> Markup {
        let x = |value: f64| frame.x(scale.share(value));
        let each = thick / bar.values.len().max(1) as f64;
        let middle = frame.y(top - thick / 2.0);
        let one = |number: usize, value: f64| {
            let (from, to) = (frame.y(top - each * number as f64), frame.y(top - each * (number + 1) as f64));
            let series = self.series.get(number).map_or(String::new(), |series| format!(", {series}"));
            let width = (x(value) - x(0.0)).abs().max(0.6);
            html! {
                rect class={ "bar" @if !self.series.is_empty() { " " (class(number)) } }
                    x=(Px(x(0.0).min(x(value)))) y=(Px(from)) width=(Px(width)) height=(Px((to - from - 1.0).max(1.0))) {
                    title { (bar.name) (series) ": " (self.words(bar, value)) }
                }
            }
        };
        html! {
            @for (number, &value) in bar.values.iter().enumerate().filter(|(_, value)| is_drawn(**value)) {
                (one(number, value))
            }
            @if let Some((low, high)) = bar.interval {
                path.interval d={
                    "M" (Px(x(low))) " " (Px(middle)) "H" (Px(x(high)))
                    @for end in [low, high] { "M" (Px(x(end))) " " (Px(middle - 4.0)) "v8" }
                } {}
            }
        }
    }

    fn table(&self) -> Table {
        let values = match self.series[..] {
            [] => vec![Column::number(self.axis.title())],
            _ => self.series.iter().map(Column::number).collect(),
        };
        let intervals = self.bars.iter().any(|bar| bar.interval.is_some());
        let columns = [Column::name(&self.names)].into_iter().chain(values);
        let columns = columns.chain(intervals.then(|| Column::number("Interval")));
        let mut table = Table::new(columns).fold_after(100);
        for bar in &self.bars {
            let values = bar.values.iter().map(|&value| self.axis.value(value));
            table.row_of([bar.name.clone()].into_iter().chain(values).chain(self.said(bar)));
        }
        table
    }
}

impl Chart for Bars {
    fn shape(&mut self) -> &mut Shape {
        &mut self.shape
    }

    fn draw(&self) -> Picture {
        let shape = self.fitting();
        let key = self.series.iter().cloned().enumerate().map(|(number, name)| (name, number)).collect();
        Picture { key, ..Picture::new(shape.clone(), self.body(&shape), self.table()) }
    }
}

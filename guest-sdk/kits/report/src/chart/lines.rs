//! Lines over a common axis, with bands around them.

use maud::{Markup, html};

use super::axis::{Axis, Scale, is_drawn};
use super::class;
use super::frame::{Frame, Path};
use super::picture::{Chart, Picture, Shape, rendered};
use crate::{Column, Table};

/// Lines, each with a band around it if it is uncertain, and an area below it if it is the only one.
///
/// ```
/// use fuelcell_report_kit::chart::{Axis, Chart, Lines};
/// let week = 7.0 * 86_400.0;
/// let chart = Lines::new("Orders by week", Axis::time("Week"), Axis::count("Orders"))
///     .line("Orders", [(0.0, 12.0), (week, 15.0)])
///     .dashed("Forecast", [(week, 15.0), (2.0 * week, 17.0)])
///     .band([(week, 15.0, 15.0), (2.0 * week, 11.0, 23.0)]);
/// assert!(chart.svg_file().contains("Forecast"));
/// ```
#[derive(Debug, Clone)]
pub struct Lines {
    shape: Shape,
    x: Axis,
    y: Axis,
    zero: bool,
    area: bool,
    lines: Vec<Line>,
    marks: Vec<(f64, String)>,
}

#[derive(Debug, Clone)]
struct Line {
    name: String,
    dashed: bool,
    points: Vec<(f64, f64)>,
    band: Vec<(f64, f64, f64)>,
}

rendered!(Lines);

/// Rows of the table behind the chart: what has more points is shown evenly thinned out.
const ROWS: usize = 100;

impl Lines {
    /// A chart without lines.
    pub fn new(title: impl Into<String>, x: Axis, y: Axis) -> Self {
        let (zero, lines, marks) = (y.has_zero(), Vec::new(), Vec::new());
        Self { shape: Shape::new(title, 240.0), x, y, zero, area: false, lines, marks }
    }

    /// Adds a line through points in the order of their first value. A value that is not finite leaves a gap.
    pub fn line(mut self, name: impl Into<String>, points: impl IntoIterator<Item = (f64, f64)>) -> Self {
        let points = points.into_iter().collect();
        self.lines.push(Line { name: name.into(), dashed: false, points, band: Vec::new() });
        self
    }

    /// Adds a dashed line, such as a forecast.
    pub fn dashed(self, name: impl Into<String>, points: impl IntoIterator<Item = (f64, f64)>) -> Self {
        let mut chart = self.line(name, points);
        if let Some(line) = chart.lines.last_mut() {
            line.dashed = true;
        }
        chart
    }

    /// A band around the line that was added last: place, lower and upper end.
    pub fn band(mut self, band: impl IntoIterator<Item = (f64, f64, f64)>) -> Self {
        if let Some(line) = self.lines.last_mut() {
            line.band = band.into_iter().collect();
        }
        self
    }

    /// Fills what is below the lines.
    pub fn area(mut self) -> Self {
        self.area = true;
        self
    }

    /// Lets the vertical axis begin near the least value, and not at 0.
    pub fn from_least(mut self) -> Self {
        self.zero = false;
        self
    }

    /// A line upwards at a value of the horizontal axis, with words: `change of prices`.
    pub fn mark(mut self, value: f64, text: impl Into<String>) -> Self {
        self.marks.push((value, text.into()));
        self
    }

    fn scales(&self) -> (Scale, Scale) {
        let lines = || self.lines.iter();
        let points =
            || lines().flat_map(|line| line.points.iter().filter(|(x, y)| is_drawn(*x) && is_drawn(*y)));
        let band = || lines().flat_map(|line| line.band.iter());
        let wanted = if self.shape.width > 800.0 { 10 } else { 6 };
        let x = Scale::exact(&self.x, points().map(|point| point.0).chain(band().map(|band| band.0)), wanted);
        let ends = band().flat_map(|&(_, low, high)| [low, high]);
        let y = Scale::round(
            &self.y,
            points().map(|point| point.1).chain(ends).chain(self.zero.then_some(0.0)),
            6,
        );
        (x, y)
    }

    fn body(&self) -> Markup {
        let (x, y) = self.scales();
        let frame = Frame::of(self.shape.size(), &y);
        let at = |(left, up): (f64, f64)| (frame.x(x.share(left)), frame.y(y.share(up)));
        html! {
            (frame.y_title(&self.y))
            (frame.y_ticks(&y))
            (frame.x_axis(&self.x, &x, false))
            @if self.lines.iter().all(|line| line.points.is_empty()) { (frame.nothing()) }
            @for (number, line) in self.lines.iter().enumerate() {
                @let colour = if self.lines.len() > 1 { class(number) } else { "" };
                @let band = line.band_path(at);
                @if !band.as_str().is_empty() { path class={ "area " (colour) } d=(band.as_str()) {} }
                @for run in line.runs() {
                    @if self.area { path class={ "area " (colour) } d=(filled(run, at, frame.y(0.0)).as_str()) {} }
                    path class={ "line " (colour) @if line.dashed { " dashed" } } d=(through(run, at).as_str()) {
                        title { (line.name) }
                    }
                }
            }
            @for (value, text) in self.marks.iter().filter(|(value, _)| x.holds(*value)) {
                (frame.mark(x.share(*value), text))
            }
        }
    }

    fn table(&self) -> (Table, usize) {
        let columns = [
            Column::text("Line"),
            Column::text(self.x.title()),
            Column::number(self.y.title()),
            Column::number("Band"),
        ];
        let banded = self.lines.iter().any(|line| !line.band.is_empty());
        let mut table = Table::new(columns.into_iter().take(if banded { 4 } else { 3 }));
        let all: usize = self.lines.iter().map(|line| line.points.len()).sum();
        let step = all.div_ceil(ROWS).max(1);
        for line in &self.lines {
            for &(x, y) in line.points.iter().step_by(step) {
                let band = line.band.iter().find(|band| band.0 == x);
                let band =
                    band.map(|&(_, low, high)| format!("{} to {}", self.y.value(low), self.y.value(high)));
                let cells = [line.name.clone(), self.x.value(x), self.y.value(y)];
                table.row_of(cells.into_iter().chain(banded.then(|| band.unwrap_or_default())));
            }
        }
        (table, step)
    }
}

impl Line {
    /// Stretches without a gap.
    fn runs(&self) -> impl Iterator<Item = &[(f64, f64)]> {
        let parts = self.points.split(|(x, y)| !is_drawn(*x) || !is_drawn(*y));
        parts.filter(|run| !run.is_empty())
    }

    fn band_path(&self, at: impl Fn((f64, f64)) -> (f64, f64)) -> Path {
        let drawn = |band: &&(f64, f64, f64)| is_drawn(band.0) && is_drawn(band.1) && is_drawn(band.2);
        let upper = self.band.iter().filter(drawn).map(|&(x, _, high)| (x, high));
        let lower = self.band.iter().filter(drawn).rev().map(|&(x, low, _)| (x, low));
        let mut path = Path::default();
        for (x, y) in upper.chain(lower).map(at) {
            path.to(x, y);
        }
        if !path.as_str().is_empty() {
            path.close();
        }
        path
    }
}

fn through(run: &[(f64, f64)], at: impl Fn((f64, f64)) -> (f64, f64)) -> Path {
    let mut path = Path::default();
    for &point in run {
        let (x, y) = at(point);
        path.to(x, y);
    }
    // A single point would not be seen.
    if let [point] = *run {
        let (x, y) = at(point);
        path.to(x + 2.0, y);
    }
    path
}

fn filled(run: &[(f64, f64)], at: impl Fn((f64, f64)) -> (f64, f64), ground: f64) -> Path {
    let mut path = Path::default();
    let (Some(&first), Some(&last)) = (run.first(), run.last()) else { return path };
    path.to(at(first).0, ground);
    for &point in run {
        let (x, y) = at(point);
        path.to(x, y);
    }
    path.to(at(last).0, ground).close();
    path
}

impl Chart for Lines {
    fn shape(&mut self) -> &mut Shape {
        &mut self.shape
    }

    fn draw(&self) -> Picture {
        let (table, step) = self.table();
        let key = match self.lines[..] {
            [_] => Vec::new(),
            _ => self.lines.iter().enumerate().map(|(number, line)| (line.name.clone(), number)).collect(),
        };
        Picture { key, ..Picture::new(self.shape.clone(), self.body(), table).thinned(step) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_part_a_line() {
        let points = [(0.0, 1.0), (1.0, f64::NAN), (2.0, 3.0), (3.0, 4.0)];
        let svg =
            Lines::new("Values", Axis::number("x", ""), Axis::number("y", "")).line("a", points).svg_file();
        assert_eq!(svg.matches("class=\"line ").count(), 2);
        assert!(!svg.contains("NaN"), "{svg}");
    }
}

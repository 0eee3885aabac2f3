//! Histograms.

use maud::{Markup, html};

use super::axis::{Axis, Scale, is_drawn};
use super::frame::{Frame, Px};
use super::picture::{Chart, Picture, Shape, rendered};
use crate::text::count;
use crate::{Column, Table};

/// How many values lie in each of many stretches of the same width.
///
/// ```
/// use fuelcell_report_kit::chart::{Axis, Chart, Histogram};
/// let amounts = [12.0, 15.5, 19.0, 40.0, 41.0];
/// let chart = Histogram::of("Amounts", Axis::number("Amount", "EUR"), "Orders", &amounts).mark(19.0, "median 19");
/// assert!(chart.svg_file().starts_with("<svg"));
/// ```
#[derive(Debug, Clone)]
pub struct Histogram {
    shape: Shape,
    x: Axis,
    y: Axis,
    low: f64,
    high: f64,
    counts: Vec<u64>,
    below: u64,
    beyond: u64,
    unknown: u64,
    marks: Vec<(f64, String)>,
}

rendered!(Histogram);

impl Histogram {
    /// Counts of stretches of the same width from `low` to `high`. `what` was counted: `Cases`.
    pub fn counted(
        title: impl Into<String>,
        x: Axis,
        what: impl Into<String>,
        (low, high): (f64, f64),
        counts: Vec<u64>,
    ) -> Self {
        let (shape, y) = (Shape::new(title, 250.0), Axis::count(what));
        Self { shape, x, y, low, high, counts, below: 0, beyond: 0, unknown: 0, marks: Vec::new() }
    }

    /// Counts values in stretches with round ends. When a few values lie far from the others, they share a bar at their
    /// end: at most two per cent on either side, and only when that makes the rest half as wide or less.
    pub fn of(title: impl Into<String>, x: Axis, what: impl Into<String>, values: &[f64]) -> Self {
        let mut drawn: Vec<f64> = values.iter().copied().filter(|&value| is_drawn(value)).collect();
        drawn.sort_unstable_by(f64::total_cmp);
        let unknown = (values.len() - drawn.len()) as u64;
        let (low, high) = most_of(&drawn);
        let edges = edges(&x, low, high, wanted(&drawn));
        let [first, .., last] = edges[..] else {
            return Self { unknown, ..Self::counted(title, x, what, (low, high), Vec::new()) };
        };
        // Sorted values: how many lie below an edge is found without counting.
        let before = |edge: f64| drawn.partition_point(|&value| value < edge);
        let mut ends: Vec<usize> = edges.iter().map(|&edge| before(edge)).collect();
        // The last stretch holds its end.
        if let Some(end) = ends.last_mut() {
            *end = drawn.partition_point(|&value| value <= last);
        }
        let counts = ends.windows(2).map(|pair| (pair[1] - pair[0]) as u64).collect();
        let (below, beyond) = (ends[0] as u64, (drawn.len() - ends[ends.len() - 1]) as u64);
        Self { below, beyond, unknown, ..Self::counted(title, x, what, (first, last), counts) }
    }

    /// So many values lie beyond the last stretch; they get a bar behind it.
    pub fn beyond(mut self, count: u64) -> Self {
        self.beyond = count;
        self
    }

    /// So many values lie below the first stretch; they get a bar before it.
    pub fn below(mut self, count: u64) -> Self {
        self.below = count;
        self
    }

    /// A line at a value, with words: `median 5 d`.
    pub fn mark(mut self, value: f64, text: impl Into<String>) -> Self {
        self.marks.push((value, text.into()));
        self
    }

    fn edge(&self, index: usize) -> f64 {
        self.low + (self.high - self.low) * index as f64 / self.counts.len().max(1) as f64
    }

    /// All bars: where they lie among the bars, how they are called, and how much is in them.
    fn bars(&self) -> Vec<(usize, String, u64)> {
        let first = usize::from(self.below > 0);
        let mut bars = Vec::new();
        if self.below > 0 {
            bars.push((0, format!("less than {}", self.x.value(self.low)), self.below));
        }
        let edges: Vec<String> =
            (0..=self.counts.len()).map(|index| self.x.value(self.edge(index))).collect();
        for (index, (ends, &number)) in edges.windows(2).zip(&self.counts).enumerate() {
            bars.push((first + index, format!("{} to {}", ends[0], ends[1]), number));
        }
        if self.beyond > 0 {
            bars.push((
                first + self.counts.len(),
                format!("more than {}", self.x.value(self.high)),
                self.beyond,
            ));
        }
        bars
    }

    fn body(&self, bars: &[(usize, String, u64)]) -> Markup {
        let most = bars.iter().map(|bar| bar.2).max().unwrap_or(0);
        let y = Scale::round(&self.y, [0.0, most as f64].into_iter(), 6);
        let x = Scale::exact(&self.x, [self.low, self.high].into_iter(), 6);
        let frame = Frame::of(self.shape.size(), &y);
        let slots = bars.len().max(1) as f64;
        let first = usize::from(self.below > 0) as f64;
        let place = |value: f64| (first + x.share(value) * self.counts.len() as f64) / slots;
        let bar = |(slot, name, number): &(usize, String, u64)| {
            let (left, right) = (frame.x(*slot as f64 / slots), frame.x((slot + 1) as f64 / slots));
            let (top, bottom) = (frame.y(y.share(*number as f64)), frame.y(0.0));
            let gap = if right - left > 4.0 { 1.0 } else { 0.2 };
            html! {
                rect.bar x=(Px(left)) y=(Px(top)) width=(Px((right - left - gap).max(0.6))) height=(Px((bottom - top).max(0.6))) {
                    title { (name) ": " (count(*number)) }
                }
            }
        };
        html! {
            (frame.y_title(&self.y))
            (frame.y_ticks(&y))
            @for (number, (value, label)) in x.ticks.iter().filter(|(value, _)| self.leaves_room(place(*value))).enumerate() {
                (frame.x_label(place(*value), label, number % 2 == 1))
            }
            @if self.below > 0 { (frame.x_label(0.5 / slots, &format!("< {}", self.x.value(self.low)), false)) }
            @if self.beyond > 0 { (frame.x_label(1.0 - 0.5 / slots, &format!("> {}", self.x.value(self.high)), false)) }
            (frame.x_title(&self.x))
            @if most == 0 { (frame.nothing()) }
            @for one in bars.iter().filter(|bar| bar.2 > 0) { (bar(one)) }
            @for (value, text) in self.marks.iter().filter(|(value, _)| x.holds(*value)) {
                (frame.mark(place(*value), text))
            }
        }
    }

    /// Whether the labels of the outermost bars leave room for a label there.
    fn leaves_room(&self, share: f64) -> bool {
        (self.below == 0 || share > 0.12) && (self.beyond == 0 || share < 0.86)
    }

    fn note(&self) -> Option<String> {
        (self.unknown > 0).then(|| format!("{} without a value that can be drawn.", count(self.unknown)))
    }
}

impl Chart for Histogram {
    fn shape(&mut self) -> &mut Shape {
        &mut self.shape
    }

    fn draw(&self) -> Picture {
        let bars = self.bars();
        let mut table = Table::new([Column::name(self.x.title()), Column::number(self.y.title())]);
        for (_, name, number) in &bars {
            table.row(&[name, &count(*number)]);
        }
        Picture { note: self.note(), ..Picture::new(self.shape.clone(), self.body(&bars), table) }
    }
}

/// The ends of what is shown: those of all values, or of all but a few that lie far off.
fn most_of(sorted: &[f64]) -> (f64, f64) {
    let (Some(&low), Some(&high)) = (sorted.first(), sorted.last()) else { return (0.0, 0.0) };
    let few = sorted.len() / 50;
    let (inner_low, inner_high) = (sorted[few], sorted[sorted.len() - 1 - few]);
    let inner = inner_high - inner_low;
    let far = |distance: f64| few > 0 && distance > inner;
    let high = if far(high - inner_high) { inner_high } else { high };
    (if far(inner_low - low) { inner_low } else { low }, high)
}

/// How many stretches show a distribution: the rule of Freedman and Diaconis, within what can be seen.
fn wanted(sorted: &[f64]) -> usize {
    let (low, high) = most_of(sorted);
    let quartile = |part: usize| sorted.get(sorted.len() * part / 4).copied().unwrap_or(0.0);
    let width = 2.0 * (quartile(3) - quartile(1)) / (sorted.len() as f64).cbrt();
    if width > 0.0 { ((high - low) / width).clamp(8.0, 48.0) as usize } else { 24 }
}

/// Round ends of about so many stretches that hold everything from `low` to `high`.
fn edges(axis: &Axis, low: f64, high: f64, wanted: usize) -> Vec<f64> {
    if low == high {
        let half = if low == 0.0 { 0.5 } else { low.abs() * 0.05 };
        return vec![low - half, low + half];
    }
    let ticks = axis.ticks(low, high, wanted + 1);
    let [first, second, ..] = ticks[..] else { return vec![low, high] };
    let step = second - first;
    let (from, to) = ((low / step + 1e-9).floor(), (high / step - 1e-9).ceil());
    (0..=(to - from) as usize).map(|number| (from + number as f64) * step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_in_one_bar() {
        let mut values: Vec<f64> = (0..1000).map(|number| f64::from(number % 97) / 7.0).collect();
        values.extend([f64::NAN, 1e9, -1e9]);
        let chart = Histogram::of("Values", Axis::number("Value", ""), "Rows", &values);
        assert_eq!((chart.below, chart.beyond, chart.unknown), (1, 1, 1));
        assert_eq!(chart.counts.iter().sum::<u64>(), 1000);
    }

    #[test]
    fn charts_of_nothing_and_of_one_value() {
        for values in [&[][..], &[3.0], &[0.0, 0.0], &[f64::NAN], &[1e-300, 2e-300]] {
            let svg = Histogram::of("Values", Axis::number("Value", ""), "Rows", values).svg_file();
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
        }
    }
}

//! Boxes and whiskers: how values of several groups are spread.

use maud::{Markup, html};

use super::axis::{Axis, Scale, is_drawn};
use super::frame::{Frame, Px};
use super::picture::{Chart, Picture, Shape, rendered};
use crate::text::{count, counted, shorten};
use crate::{Column, Table};

/// A box from the first to the third quartile for each group, with a line at the median, whiskers to the outermost values
/// within one and a half box widths, and dots for those beyond (Tukey). Quantiles are interpolated linearly.
///
/// ```
/// use fuelcell_report_kit::chart::{Axis, Boxes, Chart};
/// let chart = Boxes::new("Amounts by region", "Region", Axis::number("Amount", "EUR"))
///     .group("North", &[12.0, 15.0, 19.0, 90.0])
///     .group("South", &[8.0, 9.0, 11.0]);
/// assert!(chart.svg_file().contains("median 17"));
/// ```
#[derive(Debug, Clone)]
pub struct Boxes {
    shape: Shape,
    names: String,
    axis: Axis,
    groups: Vec<(String, Option<Spread>)>,
}

rendered!(Boxes);

/// Names on the left have at most so many letters.
const LETTERS: usize = 26;
/// Dots beyond the whiskers that are drawn of each group.
const DOTS: usize = 60;

/// How the values of a group are spread.
#[derive(Debug, Clone, PartialEq)]
struct Spread {
    number: usize,
    least: f64,
    quartiles: [f64; 3],
    most: f64,
    whiskers: [f64; 2],
    /// Those beyond the whiskers that are drawn, and how many there are.
    beyond: Vec<f64>,
    all_beyond: usize,
}

impl Spread {
    fn of(values: &[f64]) -> Option<Self> {
        let mut sorted: Vec<f64> = values.iter().copied().filter(|&value| is_drawn(value)).collect();
        sorted.sort_unstable_by(f64::total_cmp);
        let (&least, &most) = (sorted.first()?, sorted.last()?);
        let quartiles = [0.25, 0.5, 0.75].map(|share| quantile(&sorted, share));
        let reach = 1.5 * (quartiles[2] - quartiles[0]);
        let from = sorted.partition_point(|&value| value < quartiles[0] - reach);
        let to = sorted.partition_point(|&value| value <= quartiles[2] + reach);
        let within = sorted.get(from..to).filter(|within| !within.is_empty()).unwrap_or(&sorted);
        let whiskers = [within[0], within[within.len() - 1]];
        let beyond: Vec<f64> = sorted[..from].iter().chain(&sorted[to..]).copied().collect();
        let all_beyond = beyond.len();
        let beyond = beyond.into_iter().step_by(all_beyond.div_ceil(DOTS).max(1)).collect();
        Some(Self { number: sorted.len(), least, quartiles, most, whiskers, beyond, all_beyond })
    }
}

fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    let (below, above) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
    below + (above - below) * place.fract()
}

impl Boxes {
    /// A chart without boxes: what the groups are called, and what their values are.
    pub fn new(title: impl Into<String>, names: impl Into<String>, axis: Axis) -> Self {
        Self { shape: Shape::new(title, 0.0), names: names.into(), axis, groups: Vec::new() }
    }

    /// Adds a group with its values, in any order.
    pub fn group(mut self, name: impl Into<String>, values: &[f64]) -> Self {
        self.groups.push((name.into(), Spread::of(values)));
        self
    }

    fn fitting(&self) -> Shape {
        let height = if self.shape.height > 0.0 {
            self.shape.height
        } else {
            78.0 + 34.0 * self.groups.len().max(1) as f64
        };
        Shape { height, ..self.shape.clone() }
    }

    fn body(&self, shape: &Shape) -> Markup {
        let spreads = || self.groups.iter().filter_map(|(_, spread)| spread.as_ref());
        let scale = Scale::round(&self.axis, spreads().flat_map(|spread| [spread.least, spread.most]), 6);
        let names: Vec<String> = self.groups.iter().map(|(name, _)| shorten(name, LETTERS)).collect();
        let frame = Frame::new(shape.size(), names.iter().map(String::as_str));
        let row = 1.0 / self.groups.len().max(1) as f64;
        let middle = |at: usize| frame.y(1.0 - row * (at as f64 + 0.5));
        let half = ((frame.y(0.0) - frame.y(row)) * 0.3).min(16.0);
        html! {
            text.name x="2" y="14" { (self.names) }
            (frame.x_axis(&self.axis, &scale, true))
            @if spreads().next().is_none() { (frame.nothing()) }
            @for (at, (name, (full, spread))) in names.iter().zip(&self.groups).enumerate() {
                (frame.left_label(middle(at), name))
                @if let Some(spread) = spread { (self.one(full, spread, (middle(at), half), |value| frame.x(scale.share(value)))) }
            }
        }
    }

    fn one(&self, name: &str, spread: &Spread, (y, half): (f64, f64), x: impl Fn(f64) -> f64) -> Markup {
        let [first, median, third] = spread.quartiles;
        let [low, high] = spread.whiskers;
        let value = |value| self.axis.value(value);
        let words = format!(
            "{name}: median {}, half of the values from {} to {}, all from {} to {}",
            value(median),
            value(first),
            value(third),
            value(spread.least),
            value(spread.most)
        );
        html! {
            g {
                title { (words) }
                path.whisker d={
                    "M" (Px(x(low))) " " (Px(y)) "H" (Px(x(first))) "M" (Px(x(third))) " " (Px(y)) "H" (Px(x(high)))
                    @for end in [low, high] { "M" (Px(x(end))) " " (Px(y - half * 0.5)) "V" (Px(y + half * 0.5)) }
                } {}
                rect.box x=(Px(x(first))) y=(Px(y - half)) width=(Px((x(third) - x(first)).max(0.6))) height=(Px(2.0 * half)) {}
                path.middle d={ "M" (Px(x(median))) " " (Px(y - half)) "V" (Px(y + half)) } {}
                @for &dot in &spread.beyond { circle.dot cx=(Px(x(dot))) cy=(Px(y)) r="2" { title { (name) ": " (value(dot)) } } }
            }
        }
    }

    fn table(&self) -> Table {
        let numbers =
            ["Values", "Least", "First quartile", "Median", "Third quartile", "Most", "Beyond the whiskers"];
        let columns = [Column::name(&self.names)].into_iter().chain(numbers.map(Column::number));
        let mut table = Table::new(columns).fold_after(100);
        for (name, spread) in &self.groups {
            let Some(spread) = spread else {
                table.row(&[name, &"0"]);
                continue;
            };
            let [first, median, third] = spread.quartiles;
            let figures =
                [spread.least, first, median, third, spread.most].map(|value| self.axis.value(value));
            let ends = [count(spread.number as u64), count(spread.all_beyond as u64)];
            let [number, beyond] = ends;
            table.row_of([name.clone(), number].into_iter().chain(figures).chain([beyond]));
        }
        table
    }

    fn note(&self) -> Option<String> {
        let hidden = |spread: &Spread| spread.all_beyond - spread.beyond.len();
        let hidden: usize = self.groups.iter().filter_map(|(_, spread)| spread.as_ref()).map(hidden).sum();
        (hidden > 0)
            .then(|| format!("{} beyond the whiskers are not drawn.", counted(hidden as u64, "value")))
    }
}

impl Chart for Boxes {
    fn shape(&mut self) -> &mut Shape {
        &mut self.shape
    }

    fn draw(&self) -> Picture {
        let shape = self.fitting();
        Picture { note: self.note(), ..Picture::new(shape.clone(), self.body(&shape), self.table()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quartiles_whiskers_and_what_is_beyond() {
        let mut values: Vec<f64> = (1..=9).map(f64::from).collect();
        values.push(100.0);
        let spread = Spread::of(&values).unwrap();
        // As numpy.quantile gives them.
        assert_eq!(spread.quartiles, [3.25, 5.5, 7.75]);
        assert_eq!((spread.whiskers, &spread.beyond[..]), ([1.0, 9.0], &[100.0][..]));
        assert_eq!(Spread::of(&[f64::NAN]), None);
    }

    #[test]
    fn many_far_values_are_thinned_out_and_said() {
        let mut values = vec![0.0; 1000];
        values.extend((0..200).map(f64::from));
        let chart = Boxes::new("Values", "Group", Axis::number("Value", "")).group("a", &values);
        let note = chart.note().unwrap();
        assert!(note.ends_with("values beyond the whiskers are not drawn."), "{note}");
    }
}

//! What an axis shows, and how its values are placed and named.

use super::ticks;
use crate::text::{count, fixed, moment};

/// What an axis shows: its name, and what its numbers are.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    name: String,
    unit: Unit,
    range: Option<(f64, f64)>,
}

#[derive(Debug, Clone, PartialEq)]
enum Unit {
    Count,
    Number(String),
    Share,
    Duration,
    Time(String),
    Order,
}

impl Axis {
    /// Whole numbers of what is named: `Cases`.
    pub fn count(name: impl Into<String>) -> Self {
        Self::of(name, Unit::Count)
    }

    /// Numbers of a unit; an empty one for mere numbers.
    pub fn number(name: impl Into<String>, unit: impl Into<String>) -> Self {
        Self::of(name, Unit::Number(unit.into()))
    }

    /// Shares from 0 to 1, shown as percentages.
    pub fn share(name: impl Into<String>) -> Self {
        Self::of(name, Unit::Share)
    }

    /// Durations in seconds, shown in the unit that fits.
    pub fn duration(name: impl Into<String>) -> Self {
        Self::of(name, Unit::Duration)
    }

    /// Moments in seconds since 1970, shown as dates in UTC.
    pub fn time(name: impl Into<String>) -> Self {
        Self::time_of(name, "UTC")
    }

    /// What the clocks of a time zone show, as if it were seconds since 1970.
    pub fn time_of(name: impl Into<String>, zone: impl Into<String>) -> Self {
        Self::of(name, Unit::Time(zone.into()))
    }

    /// Places in an order that have no figure worth a tick; the first one is on top of a vertical axis.
    pub fn order(name: impl Into<String>) -> Self {
        Self::of(name, Unit::Order)
    }

    /// Shows exactly this stretch, whatever the values are.
    pub fn range(mut self, from: f64, to: f64) -> Self {
        self.range = Some((from, to));
        self
    }

    fn of(name: impl Into<String>, unit: Unit) -> Self {
        Self { name: name.into(), unit, range: None }
    }

    fn is_time(&self) -> bool {
        matches!(self.unit, Unit::Time(_))
    }

    /// Whether the least value is on top of a vertical axis.
    pub(super) fn is_downwards(&self) -> bool {
        self.unit == Unit::Order
    }

    /// Name and unit.
    pub(super) fn title(&self) -> String {
        match &self.unit {
            Unit::Number(unit) if !unit.is_empty() => format!("{} ({unit})", self.name),
            Unit::Time(zone) => format!("{} ({zone})", self.name),
            _ => self.name.clone(),
        }
    }

    /// A value as it stands in sentences and tables.
    pub(super) fn value(&self, value: f64) -> String {
        match &self.unit {
            Unit::Count | Unit::Order => fixed(value, 0),
            Unit::Number(_) => crate::text::number(value),
            Unit::Share => crate::text::percent(value),
            Unit::Duration => crate::text::duration(value),
            Unit::Time(_) => crate::text::date_time(value),
        }
    }

    /// Round values from `low` to `high`.
    pub(super) fn ticks(&self, low: f64, high: f64, wanted: usize) -> Vec<f64> {
        match self.unit {
            Unit::Count => {
                ticks::numbers(low, high, wanted).into_iter().filter(|tick| tick.fract() == 0.0).collect()
            }
            Unit::Number(_) | Unit::Share => ticks::numbers(low, high, wanted),
            Unit::Duration => {
                let (size, _) = self.scaled(low, high);
                ticks::numbers(low / size, high / size, wanted).into_iter().map(|tick| tick * size).collect()
            }
            Unit::Time(_) => ticks::times(low, high, wanted),
            Unit::Order => Vec::new(),
        }
    }

    /// The unit in which values from `low` to `high` read well, in seconds, with its name.
    fn scaled(&self, low: f64, high: f64) -> (f64, &'static str) {
        let largest = low.abs().max(high.abs());
        DURATIONS.into_iter().find(|(size, _)| largest >= 2.0 * size).unwrap_or((0.001, "ms"))
    }

    /// Whether nothing is a value that bars begin at.
    pub(super) fn has_zero(&self) -> bool {
        !self.is_time()
    }
}

/// A stretch of an axis with its ticks.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Scale {
    low: f64,
    high: f64,
    pub(super) ticks: Vec<(f64, String)>,
}

impl Scale {
    /// From the least to the largest value.
    pub(super) fn exact(axis: &Axis, values: impl Iterator<Item = f64>, wanted: usize) -> Self {
        let (low, high) =
            axis.range.map_or_else(|| extent(values), |(from, to)| extent([from, to].into_iter()));
        let unit = axis.scaled(low, high);
        let ticks = axis.ticks(low, high, wanted);
        Self { low, high, ticks: labelled(axis, unit, ticks) }
    }

    /// From the tick below the least value to the tick above the largest.
    pub(super) fn round(axis: &Axis, values: impl Iterator<Item = f64>, wanted: usize) -> Self {
        if axis.range.is_some() || axis.is_time() {
            return Self::exact(axis, values, wanted);
        }
        let (low, high) = extent(values);
        let [first, second, ..] = axis.ticks(low, high, wanted)[..] else {
            return Self::exact(axis, [low, high].into_iter(), wanted);
        };
        let step = second - first;
        let (from, to) = ((low / step + 1e-9).floor(), (high / step - 1e-9).ceil());
        let ticks: Vec<f64> =
            (0..=(to - from) as usize).map(|number| (from + number as f64) * step).collect();
        Self { low: from * step, high: to * step, ticks: labelled(axis, axis.scaled(low, high), ticks) }
    }

    /// Where a value lies, from 0 to 1. What is beyond lies at the end.
    pub(super) fn share(&self, value: f64) -> f64 {
        ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0)
    }

    /// Whether a value lies within.
    pub(super) fn holds(&self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }
}

/// Larger numbers are not drawn: distances between them could be infinite.
pub(super) fn is_drawn(value: f64) -> bool {
    value.abs() < 1e250
}

/// Where all numbers are smaller, they are drawn as nothing.
const LEAST: f64 = 1e-250;

/// The least and the largest value, apart from each other.
fn extent(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let values = values.filter(|&value| is_drawn(value));
    let (low, high) = values
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
    let room = 1e-9 * low.abs().max(high.abs());
    match high - low {
        width if width.is_nan() || width < 0.0 => (0.0, 1.0),
        _ if low.abs().max(high.abs()) < LEAST => (0.0, 1.0),
        width if width <= room => (low - 0.5 * low.abs(), high + 0.5 * high.abs()),
        _ => (low, high),
    }
}

/// Units of durations, in seconds.
const DURATIONS: [(f64, &str); 5] =
    [(365.25 * 86_400.0, "y"), (86_400.0, "d"), (3600.0, "h"), (60.0, "min"), (1.0, "s")];

fn labelled(axis: &Axis, (size, unit): (f64, &str), ticks: Vec<f64>) -> Vec<(f64, String)> {
    let step = match ticks[..] {
        [first, second, ..] => second - first,
        _ => f64::INFINITY,
    };
    let label = |tick: f64| match axis.unit {
        Unit::Count if (0.0..1e15).contains(&tick) => count(tick as u64),
        Unit::Count | Unit::Number(_) | Unit::Order => rounded(tick, step),
        Unit::Share => format!("{} %", rounded(tick * 100.0, step * 100.0)),
        Unit::Duration => format!("{} {unit}", rounded(tick / size, step / size)),
        Unit::Time(_) => moment(tick, form(step)),
    };
    ticks.iter().map(|&tick| (tick, label(tick))).collect()
}

/// A tick with as many decimals as its distance to the next one has.
fn rounded(tick: f64, step: f64) -> String {
    if tick.abs() >= 1e12 || step < 1e-6 {
        return format!("{tick:e}");
    }
    let decimals = if step.is_finite() { (-(step.log10() + 1e-9).floor()).max(0.0) as usize } else { 2 };
    fixed(tick, decimals)
}

/// What tells moments apart that lie so many seconds from each other.
fn form(step: f64) -> &'static str {
    match step {
        s if s < 1.0 => "%H:%M:%S%.3f",
        s if s < 60.0 => "%H:%M:%S",
        s if s < 86_400.0 => "%-d %b %H:%M",
        s if s < 28.0 * 86_400.0 => "%-d %b %Y",
        s if s < 360.0 * 86_400.0 => "%b %Y",
        s if s.is_finite() => "%Y",
        _ => "%-d %b %Y",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(scale: &Scale) -> Vec<&str> {
        scale.ticks.iter().map(|(_, label)| label.as_str()).collect()
    }

    #[test]
    fn round_scales_end_with_ticks() {
        let scale = |axis: Axis, low: f64, high: f64| Scale::round(&axis, [low, high].into_iter(), 6);
        assert_eq!(labels(&scale(Axis::count("Cases"), 0.0, 7.0)), ["0", "2", "4", "6", "8"]);
        assert_eq!(labels(&scale(Axis::count("Cases"), 0.0, 1.0)), ["0", "1"]);
        assert_eq!(
            labels(&scale(Axis::share("Share"), 0.0, 0.043)),
            ["0 %", "1 %", "2 %", "3 %", "4 %", "5 %"]
        );
        assert_eq!(
            labels(&scale(Axis::duration("Time"), 0.0, 9.0 * 3600.0)),
            ["0 h", "2 h", "4 h", "6 h", "8 h", "10 h"]
        );
        assert_eq!(
            labels(&scale(Axis::number("Amount", "EUR"), -0.3, 0.2)),
            ["−0.3", "−0.2", "−0.1", "0.0", "0.1", "0.2"]
        );
    }

    #[test]
    fn dates_are_named_by_their_distance() {
        let scale = |days: f64| {
            Scale::exact(
                &Axis::time("When"),
                [1_704_067_200.0, 1_704_067_200.0 + days * 86_400.0].into_iter(),
                6,
            )
        };
        assert_eq!(labels(&scale(0.2)).first(), Some(&"1 Jan 00:00"));
        assert_eq!(labels(&scale(20.0)).first(), Some(&"1 Jan 2024"));
        assert_eq!(labels(&scale(400.0)).first(), Some(&"Jan 2024"));
        assert_eq!(labels(&scale(4000.0)).first(), Some(&"2024"));
    }

    #[test]
    fn scales_of_nothing_and_of_one_value_have_a_width() {
        for values in
            [vec![], vec![f64::NAN], vec![3.0, 3.0], vec![0.0], vec![-1e249, 1e249], vec![f64::MIN_POSITIVE]]
        {
            for axis in [
                Axis::count("n"),
                Axis::number("n", ""),
                Axis::duration("n"),
                Axis::time("n"),
                Axis::share("n"),
            ] {
                let scale = Scale::round(&axis, values.iter().copied(), 6);
                assert!(scale.high > scale.low, "{values:?} {axis:?} {scale:?}");
                assert!(scale.ticks.len() < 20, "{scale:?}");
            }
        }
    }
}

//! Charts as SVG.

use std::fmt::Write as _;

use crate::figures::{Figures, SECOND};
use crate::log::{EventLog, Micros};
use crate::text::{count, duration, escape};

/// Charts that stand side by side, and charts that have the page for themselves.
const HALF: f64 = 560.0;
const FULL: f64 = 1140.0;
const LEFT: f64 = 60.0;
const RIGHT: f64 = 14.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 26.0;

/// A frame to draw in: data from 0 to 1 in both directions.
struct Frame {
    width: f64,
    height: f64,
    svg: String,
}

impl Frame {
    fn new(width: f64, height: f64, label: &str) -> Self {
        let class = if width > HALF { "chart" } else { "chart half" };
        let svg = format!(
            "<div class=\"scroll\"><svg class=\"{class}\" style=\"max-width:{width}px;min-width:{:.0}px\" viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{1}\">\
             <title>{1}</title>",
            (width * 0.85).min(760.0),
            escape(label)
        );
        Self { width, height, svg }
    }

    fn x(&self, share: f64) -> f64 {
        LEFT + share * (self.width - LEFT - RIGHT)
    }

    fn y(&self, share: f64) -> f64 {
        self.height - BOTTOM - share * (self.height - BOTTOM - TOP)
    }

    fn add(&mut self, part: std::fmt::Arguments<'_>) {
        // Writing to a string cannot fail.
        let _ = self.svg.write_fmt(part);
    }

    /// Lines and numbers up to `most`, which is a round number.
    fn counts(&mut self, most: f64) {
        for part in 0..=4 {
            let share = f64::from(part) / 4.0;
            let y = self.y(share);
            let value = count((most * share).round() as u64);
            self.add(format_args!("<path class=\"axis\" d=\"M{LEFT} {y:.1}H{}\"/>", self.width - RIGHT));
            self.add(format_args!(
                "<text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{value}</text>",
                LEFT - 7.0,
                y + 4.0
            ));
        }
    }

    /// A label of the horizontal axis; `class` says when it is shown.
    fn label(&mut self, share: f64, text: &str, class: &str) {
        let (x, y) = (self.x(share), self.height - 8.0);
        let anchor = if share > 0.97 {
            "end"
        } else if share < 0.03 {
            "start"
        } else {
            "middle"
        };
        self.add(format_args!(
            "<text{class} x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{}</text>",
            escape(text)
        ));
    }

    fn dates(&mut self, axis: Axis) {
        let Axis { first, last, .. } = axis;
        let form = if last - first < 3 * 86_400 * 1_000_000 { "%d %b %H:%M" } else { "%d %b %Y" };
        for part in 0..=4 {
            let share = f64::from(part) / 4.0;
            let time = first + ((last - first) as f64 * share) as Micros;
            let text =
                chrono::DateTime::from_timestamp_micros(time).map(|time| time.format(form).to_string());
            // Small screens have room for every second date.
            let class = if part % 2 == 0 { "" } else { " class=\"minor\"" };
            self.label(share, &text.unwrap_or_default(), class);
        }
    }

    fn bars(&mut self, values: &[u64], most: f64, names: impl Fn(usize) -> String) {
        for (index, &value) in values.iter().enumerate().filter(|(_, value)| **value > 0) {
            let (left, right) = (
                self.x(index as f64 / values.len() as f64),
                self.x((index + 1) as f64 / values.len() as f64),
            );
            let (top, bottom) = (self.y(value as f64 / most), self.y(0.0));
            let gap = if right - left > 4.0 { 1.0 } else { 0.2 };
            let title = escape(&names(index));
            self.add(format_args!(
                "<rect class=\"bar\" x=\"{left:.1}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"{:.1}\"><title>{title}</title></rect>",
                (right - left - gap).max(0.6),
                (bottom - top).max(0.6)
            ));
        }
    }

    fn finish(mut self) -> String {
        self.svg.push_str("</svg></div>");
        self.svg
    }
}

/// The next number of the form 1, 2, 2.5 or 5 × 10ⁿ × 4, so that four lines have round numbers.
fn round_up(most: u64) -> f64 {
    let quarter = (most.max(4) as f64 / 4.0).max(1.0);
    let power = 10_f64.powf(quarter.log10().floor());
    let step =
        [1.0, 2.0, 2.5, 5.0, 10.0].iter().map(|m| m * power).find(|s| *s >= quarter && s.fract() == 0.0);
    step.unwrap_or(10.0 * power) * 4.0
}

/// How many cases took how long. The longest two per cent share the last bar.
pub(super) fn durations(figures: &Figures) -> String {
    const BINS: usize = 48;
    let durations = &figures.durations;
    let limit = durations.quantile(0.98).max(1e-6);
    let mut bins = vec![0_u64; BINS + 1];
    for &value in &durations.ascending {
        bins[((value as f64 / SECOND / limit * BINS as f64) as usize).min(BINS)] += 1;
    }
    let most = round_up(bins.iter().copied().max().unwrap_or(0));
    let mut frame = Frame::new(HALF, 250.0, "Histogram of case durations");
    frame.counts(most);
    let bound = |index: usize| duration(limit * index as f64 / BINS as f64);
    frame.bars(&bins, most, |index| {
        let cases = count(bins[index]);
        if index == BINS {
            format!("more than {}: {cases} cases", bound(BINS))
        } else {
            format!("{} to {}: {cases} cases", bound(index), bound(index + 1))
        }
    });
    let place = |seconds: f64| (seconds / limit * BINS as f64 / (BINS + 1) as f64).min(1.0);
    for part in 0..4 {
        let share = f64::from(part) / 4.0;
        frame.label(place(limit * share), &duration(limit * share), "");
    }
    frame.label(1.0, &format!("> {}", duration(limit)), "");
    let median = frame.x(place(durations.quantile(0.5)));
    let (top, bottom) = (frame.y(1.0), frame.y(0.0));
    let text = duration(durations.quantile(0.5));
    frame.add(format_args!("<path class=\"mark\" d=\"M{median:.1} {top:.1}V{bottom:.1}\"/>"));
    frame.add(format_args!("<text x=\"{:.1}\" y=\"{:.1}\">median {text}</text>", median + 6.0, top + 10.0));
    frame.finish()
}

const SLOTS: usize = 80;

/// A stretch of time that charts show.
#[derive(Debug, Clone, Copy)]
pub(super) struct Axis {
    first: Micros,
    last: Micros,
    /// Whether some events lie after the last moment shown.
    pub(super) cut: bool,
}

/// Share of the events that may lie beyond the axis, when cutting them off shortens it by a third or more.
pub(super) const CUT: f64 = 0.002;

impl Axis {
    /// From the first event to the last, or to where all but a few have happened, when those few would press the others
    /// into a corner.
    pub(super) fn of(log: &EventLog, first: Micros, last: Micros) -> Self {
        const SAMPLE: usize = 100_000;
        let mut times: Vec<Micros> =
            log.times.iter().copied().step_by(log.events().div_ceil(SAMPLE).max(1)).collect();
        let late = ((times.len() as f64 * (1.0 - CUT)) as usize).min(times.len().saturating_sub(1));
        let nearly_all = *times.select_nth_unstable(late).1;
        let cut = nearly_all > first && (nearly_all - first) as f64 <= (last - first) as f64 * 0.67;
        Self { first, last: if cut { nearly_all } else { last }, cut }
    }

    /// 0 to 1, and more for what lies beyond.
    fn share(&self, time: Micros) -> f64 {
        (time - self.first) as f64 / ((self.last - self.first) as f64).max(1.0)
    }

    /// The slot of a time; what lies beyond is in none.
    fn slot(&self, time: Micros) -> Option<usize> {
        let share = self.share(time);
        (share <= 1.0).then(|| ((share * SLOTS as f64) as usize).min(SLOTS - 1))
    }
}

/// Events per slot of time.
pub(super) fn events_over_time(log: &EventLog, axis: Axis) -> String {
    let mut bins = vec![0_u64; SLOTS];
    log.times.iter().filter_map(|&time| axis.slot(time)).for_each(|slot| bins[slot] += 1);
    let most = round_up(bins.iter().copied().max().unwrap_or(0));
    let mut frame = Frame::new(HALF, 200.0, "Events over time");
    frame.counts(most);
    frame.bars(&bins, most, |index| format!("{} events", count(bins[index])));
    frame.dates(axis);
    frame.finish()
}

/// Cases that have begun and not ended, at the end of every slot of time.
pub(super) fn work_in_progress(log: &EventLog, axis: Axis) -> String {
    let mut change = vec![0_i64; SLOTS + 1];
    for range in log.ranges() {
        change[axis.slot(log.times[range.start]).unwrap_or(SLOTS)] += 1;
        change[axis.slot(log.times[range.end - 1]).unwrap_or(SLOTS)] -= 1;
    }
    let mut open = 0;
    let open: Vec<u64> = change[..SLOTS]
        .iter()
        .map(|change| {
            open += change;
            u64::try_from(open).unwrap_or(0)
        })
        .collect();
    let most = round_up(open.iter().copied().max().unwrap_or(0));
    let mut frame = Frame::new(HALF, 200.0, "Open cases over time");
    frame.counts(most);
    let points: Vec<String> = open
        .iter()
        .enumerate()
        .map(|(index, &value)| {
            format!("{:.1} {:.1}", frame.x((index + 1) as f64 / SLOTS as f64), frame.y(value as f64 / most))
        })
        .collect();
    let (left, right, bottom) = (frame.x(0.0), frame.x(1.0), frame.y(0.0));
    let line = points.join("L");
    frame.add(format_args!(
        "<path class=\"area\" d=\"M{left:.1} {bottom:.1}L{line}L{right:.1} {bottom:.1}Z\"/>"
    ));
    frame.add(format_args!("<path class=\"line\" d=\"M{left:.1} {bottom:.1}L{line}\"/>"));
    frame.dates(axis);
    frame.finish()
}

/// Cases in the dotted chart, and dots of all of them.
const DOTTED_CASES: usize = 400;
const DOTS: usize = 6000;

/// A dot per event: time to the right, cases by their start downwards. Returns the chart and the number of cases in it.
pub(super) fn dots(log: &EventLog, figures: &Figures, axis: Axis) -> (String, usize) {
    let mut cases: Vec<usize> = (0..log.cases()).collect();
    cases.sort_by_key(|&case| (log.times[log.range(case).start], case));
    let average = (log.events() / log.cases().max(1)).max(1);
    let wanted = DOTTED_CASES.min(DOTS / average).max(1);
    let step = cases.len().div_ceil(wanted).max(1);
    let cases: Vec<usize> = cases.into_iter().step_by(step).collect();
    let colours = colours(figures);
    let mut frame = Frame::new(FULL, 400.0, "Dotted chart of cases over time");
    let mut drawn = 0;
    for (row, &case) in cases.iter().enumerate() {
        let y = frame.y(1.0 - (row as f64 + 0.5) / cases.len() as f64);
        for event in log.range(case).take(DOTS.saturating_sub(drawn)) {
            let share = axis.share(log.times[event]);
            if share > 1.0 {
                break;
            }
            drawn += 1;
            let x = frame.x(share);
            let colour = colours[log.activities[event] as usize];
            frame.add(format_args!("<circle class=\"c{colour}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"1.7\"/>"));
        }
    }
    frame.dates(axis);
    (frame.finish(), cases.len())
}

/// The eight most frequent activities have colours of their own.
pub(super) const COLOURS: usize = 8;

/// The activities with colours, most frequent first.
pub(super) fn coloured(figures: &Figures) -> Vec<usize> {
    let counts = &figures.flow.activities;
    let mut activities: Vec<usize> = (0..counts.len()).filter(|&activity| counts[activity] > 0).collect();
    activities.sort_by_key(|&activity| (std::cmp::Reverse(counts[activity]), activity));
    activities.truncate(COLOURS);
    activities
}

fn colours(figures: &Figures) -> Vec<usize> {
    let mut colours = vec![COLOURS; figures.flow.activities.len()];
    for (colour, activity) in coloured(figures).into_iter().enumerate() {
        colours[activity] = colour;
    }
    colours
}

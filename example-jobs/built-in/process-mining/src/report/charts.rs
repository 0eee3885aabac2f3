//! The charts of the report: what they count.

use fuelcell_report_kit::chart::{self, Chart, Histogram, Lines, SERIES, Scatter};
use fuelcell_report_kit::text::{duration, shorten};

use crate::figures::{Durations, Figures, SECOND};
use crate::log::{EventLog, Micros};

/// How many cases took how long. The longest two per cent share the last bar.
pub(super) fn durations(durations: &Durations, cases: &str) -> Histogram {
    const BINS: usize = 48;
    let limit = durations.quantile(0.98).max(1e-6);
    let mut bins = vec![0_u64; BINS + 1];
    for &value in &durations.ascending {
        bins[((value as f64 / SECOND / limit * BINS as f64) as usize).min(BINS)] += 1;
    }
    let beyond = bins.pop().unwrap_or(0);
    let median = durations.quantile(0.5);
    Histogram::counted("Distribution", chart::Axis::duration("Cycle time"), cases, (0.0, limit), bins)
        .beyond(beyond)
        .mark(median, format!("median {}", duration(median)))
}

const SLOTS: usize = 80;

/// A stretch of time that charts show, on the clocks of the log.
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
        let (first, last) = (log.local(first), log.local(last));
        const SAMPLE: usize = 100_000;
        let mut times: Vec<Micros> = log
            .times
            .iter()
            .map(|&time| log.local(time))
            .step_by(log.events().div_ceil(SAMPLE).max(1))
            .collect();
        let late = ((times.len() as f64 * (1.0 - CUT)) as usize).min(times.len().saturating_sub(1));
        let nearly_all = *times.select_nth_unstable(late).1;
        let cut = nearly_all > first && (nearly_all - first) as f64 <= (last - first) as f64 * 0.67;
        Self { first, last: if cut { nearly_all } else { last }, cut }
    }

    /// 0 to 1, and more for what lies beyond.
    fn share(&self, time: Micros) -> f64 {
        (time - self.first) as f64 / ((self.last - self.first) as f64).max(1.0)
    }

    /// The moment at this share, in seconds since 1970.
    fn seconds(&self, share: f64) -> f64 {
        (self.first as f64 + share * (self.last - self.first) as f64) / SECOND
    }

    /// The slot of a time; what lies beyond is in none. A begin may lie before the first event: it is in the first.
    fn slot(&self, time: Micros) -> Option<usize> {
        let share = self.share(time).max(0.0);
        (share <= 1.0).then(|| ((share * SLOTS as f64) as usize).min(SLOTS - 1))
    }
}

/// Events per slot of time.
pub(super) fn events_over_time(log: &EventLog, axis: Axis) -> Histogram {
    let mut bins = vec![0_u64; SLOTS];
    log.times.iter().filter_map(|&time| axis.slot(log.local(time))).for_each(|slot| bins[slot] += 1);
    let ends = (axis.seconds(0.0), axis.seconds(1.0));
    let rows = log.heading();
    Histogram::counted(rows, chart::Axis::time_of("Time", log.clock.name()), rows, ends, bins).height(220)
}

/// Cases that have begun and not ended, at the end of every slot of time.
pub(super) fn work_in_progress(log: &EventLog, axis: Axis) -> Lines {
    let mut change = vec![0_i64; SLOTS + 1];
    for (begin, end) in (0..log.cases()).map(|case| log.span(case)) {
        change[axis.slot(log.local(begin)).unwrap_or(SLOTS)] += 1;
        change[axis.slot(log.local(end)).unwrap_or(SLOTS)] -= 1;
    }
    let ends = (1..=SLOTS).map(|slot| axis.seconds(slot as f64 / SLOTS as f64));
    let open = change[..SLOTS].iter().scan(0, |open, change| {
        *open += change;
        Some(*open as f64)
    });
    let points = std::iter::once((axis.seconds(0.0), 0.0)).chain(ends.zip(open));
    Lines::new("Open cases", chart::Axis::time_of("Time", log.clock.name()), chart::Axis::count("Cases"))
        .line("Open cases", points)
        .area()
        .height(220)
}

/// Cases in the dotted chart, and dots of all of them.
const DOTTED_CASES: usize = 400;
const DOTS: usize = 6000;

/// A dot per event: time to the right, cases by their start downwards. Returns the chart and the number of cases in it.
pub(super) fn dots(log: &EventLog, figures: &Figures, axis: Axis) -> (Scatter, usize) {
    let mut cases: Vec<usize> = (0..log.cases()).collect();
    cases.sort_by_key(|&case| (log.times[log.range(case).start], case));
    let average = (log.events() / log.cases().max(1)).max(1);
    let wanted = DOTTED_CASES.min(DOTS / average).max(1);
    let step = cases.len().div_ceil(wanted).max(1);
    let cases: Vec<usize> = cases.into_iter().step_by(step).collect();
    let coloured = coloured(figures);
    let series_of = |activity: u32| {
        let place = coloured.iter().position(|&coloured| coloured == activity as usize);
        place.unwrap_or(coloured.len())
    };
    let mut series = vec![Vec::new(); coloured.len() + 1];
    let mut drawn = 0;
    for (row, &case) in cases.iter().enumerate() {
        for event in log.range(case).take(DOTS.saturating_sub(drawn)) {
            let time = log.local(log.times[event]);
            if axis.share(time) > 1.0 {
                break;
            }
            drawn += 1;
            series[series_of(log.activities[event])].push((time as f64 / SECOND, row as f64));
        }
    }
    let names = coloured.iter().map(|&activity| shorten(log.activity_name(activity as u32), 40));
    if series.last().is_some_and(Vec::is_empty) {
        series.pop();
    }
    let named = names.chain(["other".to_string()]).zip(series);
    let chart = Scatter::new(
        "Dotted chart",
        chart::Axis::time_of("Time", log.clock.name()),
        chart::Axis::order("Cases, by their start"),
    );
    let chart = named.fold(chart, |chart, (name, dots)| chart.dots(name, dots));
    (chart.wide().height(420), cases.len())
}

/// The activities with colours, most frequent first.
pub(super) fn coloured(figures: &Figures) -> Vec<usize> {
    let counts = &figures.flow.activities;
    let mut activities: Vec<usize> = (0..counts.len()).filter(|&activity| counts[activity] > 0).collect();
    activities.sort_by_key(|&activity| (std::cmp::Reverse(counts[activity]), activity));
    activities.truncate(SERIES);
    activities
}

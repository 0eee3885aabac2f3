//! What is much and what is long on a map.

use fuelcell_report_kit::text::duration;

use super::Map;

/// A length in pixels, to a tenth.
pub(super) fn tenth(length: f64) -> String {
    format!("{length:.1}")
}

/// What is much and what is long on this map.
pub(super) struct Scales {
    most_events: f64,
    most_steps: f64,
    /// Median times that part the five colours.
    times: [f64; 4],
    pub(super) times_differ: bool,
}

impl Scales {
    pub(super) fn of(map: &Map) -> Self {
        let most_events = map.activities.iter().map(|activity| activity.events).max().unwrap_or(1) as f64;
        let most_steps = map.edges.iter().map(|edge| edge.count).max().unwrap_or(1) as f64;
        let medians = || map.edges.iter().filter_map(|edge| edge.time).map(|time| time.0);
        let (shortest, longest) = (medians().fold(f64::INFINITY, f64::min), medians().fold(0.0, f64::max));
        // What is shown as the same time has the same colour.
        let times_differ = longest > shortest && duration(longest) != duration(shortest);
        Self {
            most_events,
            most_steps,
            times_differ,
            times: [0.05, 0.2, 0.45, 0.75].map(|share| share * longest),
        }
    }

    pub(super) fn frequency(&self, events: u64) -> usize {
        let share = (events as f64 / self.most_events).sqrt();
        [0.2, 0.4, 0.62, 0.85].iter().filter(|&&limit| share > limit).count()
    }

    /// Where all paths take equally long, none is long.
    pub(super) fn time(&self, seconds: f64) -> usize {
        if !self.times_differ {
            return 0;
        }
        self.times.iter().filter(|&&limit| seconds > limit).count()
    }

    pub(super) fn width(&self, steps: u64) -> f64 {
        1.2 + 6.0 * (steps as f64 / self.most_steps).sqrt()
    }
}

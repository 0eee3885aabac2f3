//! Steps that took far longer than their kind does.

use super::group::{Anomaly, Group};
use crate::calendar::Calendar;
use crate::figures::{Figures, Groups, SECOND, quantile};
use crate::log::{EventLog, Micros};
use crate::read::Facts;
use fuelcell_report_kit::text::duration;

/// A step must have happened this often before its times have a tail to judge by.
const ENOUGH_STEPS: usize = 50;
/// A step is delayed when it takes this many times as long as all but 1 % of its kind …
const DELAY: f64 = 2.5;
/// … and when fewer steps than this, of all steps of the log together, would be expected to take as long by chance.
const EXPECTED: f64 = 0.1;

/// What is usual for a step, in microseconds of the hours at which its activity happens.
struct Usual {
    /// From here on it counts as delayed.
    limit: f64,
    /// All but 1 % take at most this.
    most: f64,
    median: f64,
}

/// Finds the cases with such a step; of several, the worst gives the reason.
pub(super) fn find(log: &EventLog, figures: &Figures, facts: &Facts) -> Group {
    let calendars = Calendar::of_activities(log);
    let steps = Steps { log, figures, calendars: &calendars };
    let usual = steps.usual();
    let mut cases = Vec::new();
    for (case, range) in log.ranges().enumerate() {
        let mut worst: Option<Anomaly> = None;
        for event in range.start + 1..range.end {
            let Some(usual) = &usual[steps.edge(event)] else { continue };
            if (steps.at_most(event) as f64) <= usual.limit {
                continue;
            }
            let took = steps.took(event);
            let size = took as f64 / usual.limit;
            if size > 1.0 && worst.as_ref().is_none_or(|worst| size > worst.size) {
                worst = Some(Anomaly { case, reason: steps.reason(event, took, usual), size });
            }
        }
        // What was between two events may be in a row that was left out.
        cases.extend(worst.filter(|_| !facts.is_incomplete(log.case_name(case))));
    }
    let definition = format!(
        "One step took more than {DELAY} times as long as 99 % of the same step (steps that occur {ENOUGH_STEPS} times or \
         more), and so long that the tail of its kind makes it unlikely. Only hours of the week count at which its \
         activity happens."
    );
    Group { kind: "DelayedStep", title: "Extreme delays", definition, cases }
}

/// The steps of a log: from one event of a case to the next, named by the latter.
struct Steps<'a> {
    log: &'a EventLog,
    figures: &'a Figures,
    calendars: &'a [Calendar],
}

impl Steps<'_> {
    fn edge(&self, event: usize) -> usize {
        self.figures.flow.number(self.log.activities[event - 1], self.log.activities[event])
    }

    /// What a step took, closed hours and all: never less than [`Steps::took`], and known at once.
    fn at_most(&self, event: usize) -> Micros {
        let (from, to) = (self.log.times[event - 1], self.log.times[event]);
        // Clocks that are set forward in between show more.
        (to - from).max(self.log.local(to) - self.log.local(from))
    }

    fn took(&self, event: usize) -> Micros {
        let (from, to) = (self.log.times[event - 1], self.log.times[event]);
        if let Some(working) = &self.log.working {
            return working.between(from, to).unwrap_or(to - from);
        }
        let calendar = &self.calendars[self.log.activities[event] as usize];
        calendar.between(self.log.local(from), self.log.local(to))
    }

    /// Per edge, if it is frequent enough.
    fn usual(&self) -> Vec<Option<Usual>> {
        let edges = &self.figures.flow.edges;
        let frequent: Vec<bool> = edges.iter().map(|edge| edge.time.count >= ENOUGH_STEPS as u64).collect();
        let judged = frequent.iter().filter(|&&frequent| frequent).count();
        let times = Groups::collect(edges.len(), |all| {
            for range in self.log.ranges() {
                for event in range.start + 1..range.end {
                    let edge = self.edge(event);
                    if frequent[edge] {
                        all.take_with(edge, || self.took(event));
                    }
                }
            }
        });
        times.map(|times| Usual::of(times, judged))
    }

    fn reason(&self, event: usize, took: Micros, usual: &Usual) -> String {
        let log = self.log;
        let whole = log.times[event] - log.times[event - 1];
        let activity = log.activity_name(log.activities[event]);
        let closed = match whole == took {
            true => String::new(),
            false => format!(
                " ({} with the hours of the week at which \"{activity}\" does not happen)",
                duration(whole as f64 / SECOND)
            ),
        };
        format!(
            "\"{}\" to \"{activity}\" took {}{closed}; 99 % take at most {}, the median is {}",
            log.activity_name(log.activities[event - 1]),
            duration(took as f64 / SECOND),
            duration(usual.most / SECOND),
            duration(usual.median / SECOND)
        )
    }
}

impl Usual {
    /// Beyond the longest 1 % the tail is taken to fall off exponentially, as that of most waiting times does (peaks over
    /// threshold with shape 0; Coles 2001, chapter 4), as steeply as it does from the longest 5 % to the longest 1 %.
    fn of(times: &mut [Micros], judged: usize) -> Option<Self> {
        times.sort_unstable();
        // The longest 1 % and 5 %, but at least one more than that, do not judge themselves.
        let (few, more) = (1 + times.len().div_ceil(100), 1 + times.len().div_ceil(20));
        let most = *times.get(times.len().checked_sub(few)?)? as f64;
        let often = *times.get(times.len().checked_sub(more)?)? as f64;
        let scale = (most - often) / (more as f64 / few as f64).ln();
        let unlikely = most + scale * (few as f64 * judged as f64 / EXPECTED).ln();
        let limit = unlikely.max(most * DELAY);
        (limit > 0.0).then(|| Self { limit, most, median: quantile(times, 0.5) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_tail_needs_more_than_a_short_one() {
        let mut short: Vec<Micros> = (1..=1000).map(|rank| 100 + rank % 7).collect();
        let usual = Usual::of(&mut short, 10).unwrap();
        assert_eq!((usual.most, usual.limit, usual.median), (106.0, 265.0, 103.0));
        // Exponential: 1 of 1000 takes about 7 times the mean.
        let exponential = |rank: i64| (-1e6 * (rank as f64 / 1001.0).ln()) as Micros;
        let mut long: Vec<Micros> = (1..=1000).map(exponential).collect();
        let usual = Usual::of(&mut long, 10).unwrap();
        assert!(usual.limit > 11e6 && usual.limit < 13e6, "{}", usual.limit);
    }

    #[test]
    fn steps_without_duration_have_no_delay() {
        assert!(Usual::of(&mut [0; 100], 1).is_none());
    }
}

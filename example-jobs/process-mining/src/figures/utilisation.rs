//! How much of their time resources are at work.

use super::stats::Groups;
use super::work::Work;
use crate::log::{EventLog, Micros};
use crate::names::{Id, NONE};

/// The work of a resource. Everything in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Utilisation {
    /// Who.
    pub resource: Id,
    /// Pieces of work.
    pub items: u64,
    /// Time in which at least one piece of work was under way.
    pub busy: Micros,
    /// Time of all pieces of work together.
    pub work: i128,
    /// From the first start to the last completion, nights and weekends included.
    pub observed: Micros,
}

impl Utilisation {
    /// Measures all resources that did work, the busiest first; equal ones in order of the log.
    pub fn of(log: &EventLog, work: &Work<'_>) -> Vec<Self> {
        let times = |at: fn(&EventLog, Micros, usize) -> Micros| {
            Groups::collect(log.names.resources.len(), |take| {
                work.each(|item| {
                    let resource = log.resources[item.event];
                    // Work that ends before it starts is a fault of the log, and no work.
                    if resource != NONE && item.start <= log.times[item.event] {
                        take(resource as usize, at(log, item.start, item.event));
                    }
                });
            })
            .sorted()
        };
        let (starts, ends) = (times(|_, start, _| start), times(|log, _, event| log.times[event]));
        let each = starts.iter().zip(ends.iter()).enumerate();
        let mut all: Vec<Self> =
            each.filter_map(|(id, (starts, ends))| Self::measure(id as Id, starts, ends)).collect();
        all.sort_by_key(|utilisation| std::cmp::Reverse(utilisation.busy));
        all
    }

    /// `starts` and `ends` are ascending, each by itself: how many pieces of work are under way does not depend on which
    /// start belongs to which end.
    fn measure(resource: Id, starts: &[Micros], ends: &[Micros]) -> Option<Self> {
        let (first, last) = (*starts.first()?, *ends.last()?);
        let (mut busy, mut since) = (0, first);
        for index in 1..starts.len() {
            // All that was begun before is over: a pause.
            if starts[index] > ends[index - 1] {
                busy += ends[index - 1] - since;
                since = starts[index];
            }
        }
        busy += last - since;
        let work = starts.iter().zip(ends).map(|(&start, &end)| i128::from(end) - i128::from(start)).sum();
        Some(Self { resource, items: starts.len() as u64, busy, work, observed: last - first })
    }

    /// Busy time as a share of the observed time; None when that is empty.
    pub fn share(&self) -> Option<f64> {
        (self.observed > 0).then(|| self.busy as f64 / self.observed as f64)
    }

    /// Pieces of work at the same time, on average over the busy time; None without any.
    pub fn at_once(&self) -> Option<f64> {
        (self.busy > 0).then(|| self.work as f64 / self.busy as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlapping_work_is_one_busy_time() {
        // 0–10 and 5–20 overlap, 30–40 comes after a pause.
        let found = Utilisation::measure(3, &[0, 5, 30], &[10, 20, 40]).unwrap();
        assert_eq!((found.items, found.busy, found.work, found.observed), (3, 30, 35, 40));
        assert_eq!((found.share(), found.at_once()), (Some(0.75), Some(35.0 / 30.0)));
    }

    #[test]
    fn a_moment_is_no_busy_time() {
        let found = Utilisation::measure(0, &[7], &[7]).unwrap();
        assert_eq!((found.busy, found.share(), found.at_once()), (0, None, None));
        assert_eq!(Utilisation::measure(0, &[], &[]), None);
    }
}

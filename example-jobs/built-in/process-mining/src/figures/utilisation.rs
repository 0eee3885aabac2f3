//! How much of their time resources are at work.

use std::ops::Range;

use super::stats::Groups;
use super::work::{Items, Known};
use crate::log::Micros;
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
    pub fn of(work: &impl Items) -> Vec<Self> {
        let mut all = Vec::new();
        for resources in batches(work, PIECES) {
            let times = Groups::collect(resources.len(), |all| {
                each_piece(work, |resource, start, end| {
                    if resources.contains(&resource) {
                        all.take(resource - resources.start, (start, end));
                    }
                });
            });
            let measured = times.map(Self::measure).into_iter().zip(resources);
            all.extend(measured.filter_map(|(measured, id)| Some(Self { resource: id as Id, ..measured? })));
        }
        all.sort_by_key(|utilisation| std::cmp::Reverse(utilisation.busy));
        all
    }

    /// Measures pieces of work, each from start to end.
    fn measure(pieces: &mut [(Micros, Micros)]) -> Option<Self> {
        pieces.sort_unstable();
        let &(first, mut until) = pieces.first()?;
        let (mut busy, mut since) = (0, first);
        for &(start, end) in pieces.iter() {
            // All that was begun before is over: a pause.
            if start > until {
                busy += until - since;
                since = start;
            }
            until = until.max(end);
        }
        busy += until - since;
        let work = pieces.iter().map(|&(start, end)| i128::from(end) - i128::from(start)).sum();
        Some(Self { resource: NONE, items: pieces.len() as u64, busy, work, observed: until - first })
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

/// Visits the pieces of work whose resource is known. Work that ends before it starts is a fault of the log, and no work.
fn each_piece(work: &impl Items, mut take: impl FnMut(usize, Micros, Micros)) {
    work.each(|item| {
        if item.resource != NONE && item.known == Known::Whole && item.begin <= item.end {
            take(item.resource as usize, item.begin, item.end);
        }
    });
}

/// Pieces of work that are in memory at the same time, unless one resource alone has more.
const PIECES: usize = 1 << 20;

/// Neighbouring resources that together have at most `most` pieces of work, or one that has more.
fn batches(work: &impl Items, most: usize) -> Vec<Range<usize>> {
    let log = work.log();
    let resources = log.names.resources.len();
    if log.events() <= most {
        return std::iter::once(0..resources).collect();
    }
    let mut pieces = vec![0; resources];
    each_piece(work, |resource, _, _| pieces[resource] += 1);
    let (mut batches, mut start, mut held) = (Vec::new(), 0, 0);
    for (resource, &own) in pieces.iter().enumerate() {
        if held + own > most && resource > start {
            batches.push(start..resource);
            (start, held) = (resource, 0);
        }
        held += own;
    }
    batches.push(start..resources);
    batches
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figures::Work;
    use crate::log::{Builder, Event};

    #[test]
    fn few_pieces_are_measured_at_once() {
        let mut builder = Builder::default();
        let case = builder.names.cases.intern(b"1").0;
        let activity = builder.names.activities.intern(b"a").0;
        for (number, resource) in (0..).zip(["ann", "ann", "bob", "cy", "cy", "cy", "cy", "dee"]) {
            let resource = builder.names.resources.intern(resource.as_bytes()).0;
            let (start, time) = (number * 10, number * 10 + 5);
            builder.push(Event {
                case,
                activity,
                time,
                start,
                resource,
                lifecycle: NONE,
                instance: 0,
                order: 0,
                fingerprint: 0,
            });
        }
        let log = builder.finish();
        let work = Work::of(&log);
        assert_eq!(batches(&work, 3), [0..2, 2..3, 3..4]);
        assert_eq!(batches(&work, 8), std::slice::from_ref(&(0..4)));
        let busiest = Utilisation::of(&work)[0];
        assert_eq!((log.resource_name(busiest.resource), busiest.items, busiest.busy), ("cy", 4, 20));
    }

    #[test]
    fn overlapping_work_is_one_busy_time() {
        // 0–10 and 5–20 overlap, 30–40 comes after a pause.
        let found = Utilisation::measure(&mut [(5, 20), (0, 10), (30, 40)]).unwrap();
        assert_eq!((found.items, found.busy, found.work, found.observed), (3, 30, 35, 40));
        assert_eq!((found.share(), found.at_once()), (Some(0.75), Some(35.0 / 30.0)));
    }

    #[test]
    fn a_moment_is_no_busy_time() {
        let found = Utilisation::measure(&mut [(7, 7)]).unwrap();
        assert_eq!((found.busy, found.share(), found.at_once()), (0, None, None));
        assert_eq!(Utilisation::measure(&mut []), None);
    }
}

//! Work: what somebody did, from when to when.
//!
//! A log says so in one of two ways: an event has a start time beside its timestamp, or a piece of work is two events of
//! an activity, `start` and `complete`. Without either, waiting and work cannot be told apart.

use std::collections::VecDeque;
use std::ops::Range;

use super::stats::{Spread, spread_by_group};
use crate::log::{EventLog, Micros, NO_TIME};
use crate::names::Id;

/// A piece of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Item {
    /// The event that completes it.
    pub event: usize,
    /// When it was begun.
    pub start: Micros,
    /// When it could have been begun: the time of the event before it. None for the first of a case.
    pub ready: Option<Micros>,
}

impl Item {
    /// From when it could have been begun to its start; 0 when it was begun before. None for the first of a case.
    pub fn waited(self) -> Option<Micros> {
        self.ready.map(|ready| (self.start - ready).max(0))
    }
}

/// How a log tells when work was begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Events have start times.
    StartTimes,
    /// Events of the life-cycle transitions `start` and `complete` are paired: a completion ends the earliest work on the
    /// activity in the case that was begun and not ended.
    Lifecycle,
}

/// What a life-cycle transition does to a piece of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Transition {
    Start,
    Complete,
    Other,
}

/// How work was found, and how much of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// What the log has.
    pub source: Source,
    /// Pieces of work.
    pub items: u64,
    /// Starts that nothing completes.
    pub only_started: u64,
    /// Completions that nothing started.
    pub only_completed: u64,
}

/// The pieces of work of a log.
#[derive(Debug)]
pub struct Work<'a> {
    log: &'a EventLog,
    source: Source,
    transitions: Vec<Transition>,
}

impl<'a> Work<'a> {
    /// None when the log does not tell when work was begun.
    pub fn of(log: &'a EventLog) -> Option<Self> {
        let names = &log.names.lifecycles;
        let transitions: Vec<Transition> =
            (0..names.len() as Id).map(|transition| Transition::of(names.get(transition))).collect();
        let both =
            [Transition::Start, Transition::Complete].iter().all(|wanted| transitions.contains(wanted));
        let source = match (&log.starts, both) {
            (Some(_), _) => Source::StartTimes,
            (None, true) => Source::Lifecycle,
            (None, false) => return None,
        };
        Some(Self { log, source, transitions })
    }

    /// Visits every piece of work, in order of completion inside of a case.
    pub fn each(&self, mut take: impl FnMut(Item)) -> Found {
        let mut walk = self.walk();
        for range in self.log.ranges() {
            walk.case(range, &mut take);
        }
        walk.found
    }

    /// Visits the work of one case after the other.
    pub fn walk(&self) -> Walk<'_> {
        let found = Found { source: self.source, items: 0, only_started: 0, only_completed: 0 };
        let queues = if self.source == Source::Lifecycle { self.log.names.activities.len() } else { 0 };
        Walk { work: self, begun: vec![VecDeque::new(); queues], found }
    }

    fn transition(&self, event: usize) -> Transition {
        self.transitions.get(self.log.lifecycle(event) as usize).copied().unwrap_or(Transition::Other)
    }

    /// From start to completion, per activity.
    pub fn service_times(&self) -> Vec<Option<Spread>> {
        self.spreads(|item| Some(self.log.times[item.event] - item.start))
    }

    /// From when it could have been begun to the start, per activity; overlapping work does not wait (0).
    pub fn waiting_times(&self) -> Vec<Option<Spread>> {
        self.spreads(Item::waited)
    }

    fn spreads(&self, measure: impl Fn(Item) -> Option<Micros>) -> Vec<Option<Spread>> {
        spread_by_group(self.log.names.activities.len(), |all| {
            self.each(|item| {
                if let Some(value) = measure(item) {
                    all.take(self.log.activities[item.event] as usize, value);
                }
            });
        })
    }
}

/// A visit of the work of cases.
#[derive(Debug)]
pub struct Walk<'a> {
    work: &'a Work<'a>,
    /// Of each activity, the starts without a completion so far, and when each could have been.
    begun: Vec<VecDeque<(Micros, Option<Micros>)>>,
    found: Found,
}

impl Walk<'_> {
    /// Visits the pieces of work of the case with these events, in order of their completion.
    pub fn case(&mut self, range: Range<usize>, take: impl FnMut(Item)) {
        match &self.work.log.starts {
            Some(starts) => self.with_start_times(starts, range, take),
            None => self.pairs(range, take),
        }
    }

    fn with_start_times(&mut self, starts: &[Micros], range: Range<usize>, mut take: impl FnMut(Item)) {
        for event in range.clone() {
            if starts[event] == NO_TIME {
                self.found.only_completed += 1;
                continue;
            }
            self.found.items += 1;
            let ready = (event > range.start).then(|| self.work.log.times[event - 1]);
            take(Item { event, start: starts[event], ready });
        }
    }

    fn pairs(&mut self, range: Range<usize>, mut take: impl FnMut(Item)) {
        let log = self.work.log;
        let mut ready = None;
        for event in range.clone() {
            let (activity, time) = (log.activities[event] as usize, log.times[event]);
            match self.work.transition(event) {
                // Work that goes on at the same time keeps nobody waiting.
                Transition::Start => self.begun[activity].push_back((time, ready)),
                Transition::Complete => {
                    match self.begun[activity].pop_front() {
                        Some((start, ready)) => {
                            self.found.items += 1;
                            take(Item { event, start, ready });
                        }
                        None => self.found.only_completed += 1,
                    }
                    ready = Some(time);
                }
                Transition::Other => ready = Some(time),
            }
        }
        for &activity in log.activities[range].iter() {
            self.found.only_started += self.begun[activity as usize].len() as u64;
            self.begun[activity as usize].clear();
        }
    }
}

impl Transition {
    fn of(name: &str) -> Self {
        match name {
            _ if name.eq_ignore_ascii_case("start") => Self::Start,
            _ if name.eq_ignore_ascii_case("complete") => Self::Complete,
            _ => Self::Other,
        }
    }
}

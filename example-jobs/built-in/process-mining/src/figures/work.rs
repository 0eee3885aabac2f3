//! Work: what somebody did, from when to when. A piece of work is what process mining calls an activity instance.
//!
//! A log says so in one of two ways: an event has a start time beside its timestamp, or a piece of work is several
//! events of an activity, with the transitions of a life cycle. Without either, every event is a piece of work of which
//! only the end is known.

use std::collections::VecDeque;
use std::ops::Range;

use super::stats::{Spread, spread_by_group};
use super::transition::{Transition, tell_pieces};
use crate::log::{EventLog, Level, Micros, NO_TIME, Row};
use crate::names::{Id, NONE};

/// A piece of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Item {
    /// The event that ends it; while it has not ended, the one that begins it.
    pub event: usize,
    /// When it was begun; when it ended, where that is all the log tells.
    pub begin: Micros,
    /// When it ended; when it was begun, while it has not ended.
    pub end: Micros,
    /// When it could have been begun: when what was done before it in its case had ended, or when it was offered, if that
    /// was later. None for the first of a case.
    pub ready: Option<Micros>,
    /// How long it rested between begin and end.
    pub suspended: Micros,
    /// How much of it the log tells.
    pub known: Known,
    /// Who ended it, else who began it; [`NONE`] where the log does not say.
    pub resource: Id,
}

/// How much of a piece of work a log tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// Begin and end.
    Whole,
    /// It was begun and has not ended.
    Open,
    /// It ended; nobody knows when it was begun.
    End,
}

impl Item {
    /// From when it could have been begun to its begin; 0 when it was begun before. None for the first of a case, and
    /// where nobody knows when it was begun.
    pub fn waited(&self) -> Option<Micros> {
        let ready = self.ready.filter(|_| self.known != Known::End)?;
        Some(self.begin.saturating_sub(ready).max(0))
    }

    /// From begin to end, without the time in which it rested. None where the log does not tell both.
    pub fn worked(&self) -> Option<Micros> {
        (self.known == Known::Whole)
            .then(|| self.end.saturating_sub(self.begin).saturating_sub(self.suspended))
    }
}

/// How a log tells what a piece of work is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Events have start times.
    StartTimes,
    /// Events are transitions of a life cycle. Those of one `concept:instance` belong together; without it, an end ends
    /// the earliest work on the activity in the case that was begun and not ended.
    Lifecycle,
    /// Every event is a piece of work.
    Events,
}

/// How work was found, and how much of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Found {
    /// Pieces of work.
    pub items: u64,
    /// Of these, with begin and end.
    pub whole: u64,
    /// Of these, begun and not ended.
    pub only_started: u64,
    /// Of these, of which only the end is known.
    pub only_completed: u64,
    /// Of these, aborted.
    pub aborted: u64,
    /// Of these, rested in between.
    pub suspended: u64,
    /// Offered and never begun: no pieces of work.
    pub not_begun: u64,
    /// Cases in which nothing was begun; their first event stands for a piece of work.
    pub cases_not_begun: u64,
}

/// The pieces of work of a log.
#[derive(Debug)]
pub struct Work<'a> {
    log: &'a EventLog,
    /// What tells them.
    pub source: Source,
    transitions: Vec<Transition>,
    /// Of the same words, which offer one more piece even while another one waits.
    schedules: Vec<bool>,
    /// Whether events say which piece they belong to.
    named: bool,
}

/// Pieces of work that can be visited.
pub trait Items {
    /// The log that [`Item::event`] is of.
    fn log(&self) -> &EventLog;

    /// Visits every piece of work, in order of the events that end them inside of a case.
    fn each(&self, take: impl FnMut(&Item)) -> Found;

    /// From begin to end without rests, per activity.
    fn service_times(&self) -> Vec<Option<Spread>> {
        self.spreads(Item::worked)
    }

    /// From when it could have been begun to the begin, per activity; overlapping work does not wait (0).
    fn waiting_times(&self) -> Vec<Option<Spread>> {
        self.spreads(Item::waited)
    }

    /// Rests of the pieces that rested, per activity.
    fn suspended_times(&self) -> Vec<Option<Spread>> {
        self.spreads(|item| Some(item.suspended).filter(|&rest| rest > 0))
    }

    /// How something that is measured of pieces is spread, per activity.
    fn spreads(&self, measure: impl Fn(&Item) -> Option<Micros>) -> Vec<Option<Spread>> {
        let log = self.log();
        spread_by_group(log.names.activities.len(), |all| {
            self.each(|item| {
                if let Some(value) = measure(item) {
                    all.take(log.activities[item.event] as usize, value);
                }
            });
        })
    }
}

/// The pieces of work of a log in which they are several events each. To find them takes longer than anything that is
/// measured of them, so they are found once.
#[derive(Debug)]
pub struct Pieces {
    /// The log whose rows they are, in order of their ends (what has not ended, of its begin).
    pub log: EventLog,
    found: Found,
    /// Of every row, [`Item::ready`] or [`NO_TIME`].
    ready: Vec<Micros>,
    known: Vec<Known>,
    /// [`Item::suspended`] of every row, if any piece rested.
    suspended: Option<Vec<Micros>>,
}

impl Items for Pieces {
    fn log(&self) -> &EventLog {
        &self.log
    }

    fn each(&self, mut take: impl FnMut(&Item)) -> Found {
        let log = &self.log;
        let rows = log.times.iter().zip(log.starts.iter().flatten()).zip(&log.resources);
        for (event, ((&end, &begin), &resource)) in rows.enumerate() {
            take(&Item {
                event,
                begin,
                end,
                ready: Some(self.ready[event]).filter(|&ready| ready != NO_TIME),
                suspended: self.suspended.as_ref().map_or(0, |rests| rests[event]),
                known: self.known[event],
                resource,
            });
        }
        self.found
    }
}

impl Items for Work<'_> {
    fn log(&self) -> &EventLog {
        self.log
    }

    fn each(&self, mut take: impl FnMut(&Item)) -> Found {
        let mut walk = self.walk();
        for range in self.log.ranges() {
            walk.case(range).iter().for_each(&mut take);
        }
        walk.found
    }
}

impl<'a> Work<'a> {
    /// Finds out how the log tells them.
    pub fn of(log: &'a EventLog) -> Self {
        let names = &log.names.lifecycles;
        let transitions: Vec<Transition> =
            (0..names.len() as Id).map(|transition| Transition::of(names.get(transition))).collect();
        let lifecycle = || log.lifecycle_counts().is_some_and(|counts| tell_pieces(counts.into_iter()));
        let source = match &log.starts {
            Some(_) => Source::StartTimes,
            None if lifecycle() => Source::Lifecycle,
            None => Source::Events,
        };
        let schedules = |word: Id| names.get(word).to_lowercase().starts_with("sched");
        let schedules = (0..names.len() as Id).map(schedules).collect();
        let mut work = Self { log, source, transitions, schedules, named: log.names_instances() };
        if work.named && source == Source::Lifecycle {
            // Names that no begin shares with an end are names of events.
            work.named = work.each(|_| {}).whole > 0;
        }
        work
    }

    fn instance(&self, event: usize) -> u32 {
        if self.named { self.log.instance(event) } else { 0 }
    }

    /// Visits the work of one case after the other.
    pub fn walk(&self) -> Walk<'_> {
        let queues = if self.source == Source::Lifecycle { self.log.names.activities.len() } else { 0 };
        Walk {
            work: self,
            pending: vec![VecDeque::new(); queues],
            seen: vec![0; queues],
            found: Found::default(),
            items: Vec::new(),
            piece_of: Vec::new(),
            begun_late: Vec::new(),
        }
    }

    /// Finds the pieces of work. None where each is an event.
    pub fn pieces(&self) -> Option<Pieces> {
        if self.source != Source::Lifecycle {
            return None;
        }
        let mut walk = self.walk();
        let (mut ready, mut known, mut suspended) = (Vec::new(), Vec::new(), None);
        let log = self.log.with_rows(Level::Instances, |case, rows| {
            let items = walk.case(self.log.range(case));
            if suspended.is_none() && items.iter().any(|item| item.suspended > 0) {
                suspended = Some(vec![0; ready.len()]);
            }
            if let Some(suspended) = &mut suspended {
                suspended.extend(items.iter().map(|item| item.suspended));
            }
            ready.extend(items.iter().map(|item| item.ready.unwrap_or(NO_TIME)));
            known.extend(items.iter().map(|item| item.known));
            rows.extend(items.iter().map(|item| Row {
                activity: self.log.activities[item.event],
                resource: item.resource,
                start: item.begin,
                time: item.end,
            }));
        });
        Some(Pieces { log, found: walk.found, ready, known, suspended })
    }

    /// The same pieces of work in order of their begin; those of the same begin as in `log`.
    pub fn by_begin(log: &EventLog) -> EventLog {
        log.with_rows(log.level, |case, rows| {
            rows.extend(log.range(case).map(|event| {
                let begin = log.begin(event).unwrap_or(log.times[event]);
                let (activity, resource) = (log.activities[event], log.resources[event]);
                Row { activity, resource, start: begin, time: begin }
            }));
            rows.sort_by_key(|row| row.time);
        })
    }
}

/// A piece of work that has not ended.
#[derive(Debug, Clone, Copy)]
struct Pending {
    instance: u32,
    /// Which of its activity in its case, from 1.
    number: u32,
    /// The event that offered or began it.
    event: usize,
    offered: Option<Micros>,
    begun: Option<Micros>,
    ready: Option<Micros>,
    resting: Option<Micros>,
    rested: Micros,
    resource: Id,
}

/// A visit of the work of cases.
#[derive(Debug)]
pub struct Walk<'a> {
    work: &'a Work<'a>,
    /// Of each activity, what has not ended so far.
    pending: Vec<VecDeque<Pending>>,
    /// Of each activity, how many pieces the case has so far.
    seen: Vec<u32>,
    found: Found,
    items: Vec<Item>,
    /// For each event of the case, which piece of its activity it belongs to, from 1.
    piece_of: Vec<u32>,
    /// Begins that stand behind the end at the same time, with which they were visited.
    begun_late: Vec<(usize, u32)>,
}

impl Walk<'_> {
    /// The pieces of work of the case with these events, in order of [`Item::event`].
    pub fn case(&mut self, range: Range<usize>) -> &[Item] {
        self.items.clear();
        self.piece_of.clear();
        match self.work.source {
            Source::StartTimes | Source::Events => self.one_each(range),
            Source::Lifecycle => self.life_cycle(range),
        }
        for item in &self.items {
            self.found.items += 1;
            self.found.suspended += u64::from(item.suspended > 0);
            *match item.known {
                Known::Whole => &mut self.found.whole,
                Known::Open => &mut self.found.only_started,
                Known::End => &mut self.found.only_completed,
            } += 1;
        }
        &self.items
    }

    /// Which piece of its activity an event of the case belongs to that was visited last, from 1; None where that is to be
    /// told from the events.
    pub fn piece_of(&self, index: usize) -> Option<u32> {
        self.piece_of.get(index).copied()
    }

    fn one_each(&mut self, range: Range<usize>) {
        let log = self.work.log;
        let first = range.start;
        for event in range {
            let end = log.times[event];
            let begin = log.begin(event);
            let known = match begin {
                Some(_) if log.is_open(event) => Known::Open,
                Some(_) => Known::Whole,
                None => Known::End,
            };
            self.items.push(Item {
                event,
                begin: begin.unwrap_or(end),
                end,
                ready: (event > first).then(|| log.times[event - 1]),
                suspended: 0,
                known,
                resource: log.resources[event],
            });
        }
    }

    fn life_cycle(&mut self, range: Range<usize>) {
        let log = self.work.log;
        self.begun_late.clear();
        // When the last piece of work ended.
        let mut ended = None;
        for event in range.clone() {
            let (activity, time) = (log.activities[event] as usize, log.times[event]);
            let word = log.lifecycle(event) as usize;
            // An event without a word is one that is complete.
            let transition = self.work.transitions.get(word).copied().unwrap_or(Transition::Ended);
            if let Some(late) = self.begun_late.iter().find(|(begin, _)| *begin == event) {
                self.piece_of.push(late.1);
                continue;
            }
            let number = match transition {
                Transition::Offered => self.offer(activity, event),
                Transition::Begun => self.begin(activity, event, ended),
                Transition::Suspended => self.rest(activity, event),
                Transition::Resumed => self.go_on(activity, event, ended),
                Transition::Ended | Transition::Aborted => {
                    self.found.aborted += u64::from(transition == Transition::Aborted);
                    let number = self.end(activity, event, range.end, ended);
                    ended = Some(time);
                    number
                }
                Transition::Dropped => {
                    let dropped =
                        take(&mut self.pending[activity], self.work.instance(event), |p| p.begun.is_none());
                    self.found.not_begun += 1;
                    dropped.map_or_else(|| self.next(activity), |dropped| dropped.number)
                }
                Transition::Other => {
                    self.point(event);
                    ended = Some(time);
                    self.next(activity)
                }
            };
            self.piece_of.push(number);
        }
        self.leave(range);
    }

    fn next(&mut self, activity: usize) -> u32 {
        self.seen[activity] += 1;
        self.seen[activity]
    }

    fn add(&mut self, activity: usize, event: usize) -> usize {
        let number = self.next(activity);
        let log = self.work.log;
        self.pending[activity].push_back(Pending {
            instance: self.work.instance(event),
            number,
            event,
            offered: None,
            begun: None,
            ready: None,
            resting: None,
            rested: 0,
            resource: log.resources[event],
        });
        self.pending[activity].len() - 1
    }

    /// What was offered is offered anew by `assign` and the like: only `schedule` begins a piece while another one waits.
    fn offer(&mut self, activity: usize, event: usize) -> u32 {
        let log = self.work.log;
        let schedules = self.work.schedules.get(log.lifecycle(event) as usize) == Some(&true);
        let again = self.work.instance(event) != 0 || !schedules;
        let waits = find(&self.pending[activity], self.work.instance(event), |p| p.begun.is_none());
        let place = waits.filter(|_| again).unwrap_or_else(|| self.add(activity, event));
        let pending = &mut self.pending[activity][place];
        pending.offered = Some(log.times[event]);
        pending.number
    }

    fn begin(&mut self, activity: usize, event: usize, ended: Option<Micros>) -> u32 {
        let log = self.work.log;
        let waits = find(&self.pending[activity], self.work.instance(event), |p| p.begun.is_none());
        let place = waits.unwrap_or_else(|| self.add(activity, event));
        let pending = &mut self.pending[activity][place];
        pending.begun = Some(log.times[event]);
        pending.ready = ended.max(pending.offered);
        pending.event = event;
        if log.resources[event] != NONE {
            pending.resource = log.resources[event];
        }
        pending.number
    }

    fn rest(&mut self, activity: usize, event: usize) -> u32 {
        let log = self.work.log;
        let goes = find(&self.pending[activity], self.work.instance(event), |p| {
            p.begun.is_some() && p.resting.is_none()
        });
        let Some(place) = goes else { return self.seen[activity].max(1) };
        let pending = &mut self.pending[activity][place];
        pending.resting = Some(log.times[event]);
        pending.number
    }

    /// What goes on without having been begun is begun then.
    fn go_on(&mut self, activity: usize, event: usize, ended: Option<Micros>) -> u32 {
        let log = self.work.log;
        let begun = |p: &Pending| p.begun.is_some();
        let rests = find(&self.pending[activity], self.work.instance(event), |p| p.resting.is_some())
            .or_else(|| find(&self.pending[activity], self.work.instance(event), begun));
        let Some(place) = rests else { return self.begin(activity, event, ended) };
        let pending = &mut self.pending[activity][place];
        if let Some(since) = pending.resting.take() {
            pending.rested += log.times[event] - since;
        }
        pending.number
    }

    /// Ends what was begun first and does not rest, else what rests, else what was only offered.
    fn end(&mut self, activity: usize, event: usize, last: usize, before: Option<Micros>) -> u32 {
        let log = self.work.log;
        let instance = self.work.instance(event);
        let begun = find(&self.pending[activity], instance, |p| p.begun.is_some());
        let late = if begun.is_none() { self.late_begin(event, last) } else { None };
        if let Some(late) = late {
            let number = self.begin(activity, late, before);
            self.begun_late.push((late, number));
        }
        let queue = &mut self.pending[activity];
        let ended = take(queue, instance, |p| p.begun.is_some() && p.resting.is_none())
            .or_else(|| take(queue, instance, |p| p.begun.is_some()))
            .or_else(|| take(queue, instance, |_| true));
        let Some(ended) = ended else {
            self.point(event);
            return self.next(activity);
        };
        let end = log.times[event];
        let resting = ended.resting.map_or(0, |since| end - since);
        let resource = if log.resources[event] == NONE { ended.resource } else { log.resources[event] };
        self.items.push(Item {
            event,
            begin: ended.begun.unwrap_or(end),
            end,
            ready: ended.ready,
            suspended: ended.rested + resting,
            known: if ended.begun.is_some() { Known::Whole } else { Known::End },
            resource,
        });
        ended.number
    }

    /// A begin of the same piece of work at the same time that stands behind its end.
    fn late_begin(&self, end: usize, last: usize) -> Option<usize> {
        let log = self.work.log;
        let same_time = (end + 1..last).take_while(|&event| log.times[event] == log.times[end]);
        let begins = |event: usize| {
            let transition = self.work.transitions.get(log.lifecycle(event) as usize);
            transition == Some(&Transition::Begun) && !self.begun_late.iter().any(|late| late.0 == event)
        };
        let (activity, instance) = (log.activities[end], self.work.instance(end));
        let mut late = same_time.filter(|&event| log.activities[event] == activity && begins(event));
        late.find(|&event| self.work.instance(event) == instance)
    }

    /// An event that is a piece of work by itself.
    fn point(&mut self, event: usize) {
        let log = self.work.log;
        let end = log.times[event];
        let resource = log.resources[event];
        self.items.push(Item {
            event,
            begin: end,
            end,
            ready: None,
            suspended: 0,
            known: Known::End,
            resource,
        });
    }

    /// What has not ended in a case stays open.
    fn leave(&mut self, range: Range<usize>) {
        let log = self.work.log;
        for &activity in log.activities[range.clone()].iter() {
            self.seen[activity as usize] = 0;
            while let Some(left) = self.pending[activity as usize].pop_front() {
                let Some(begin) = left.begun else {
                    self.found.not_begun += 1;
                    continue;
                };
                self.items.push(Item {
                    event: left.event,
                    begin,
                    end: begin,
                    ready: left.ready,
                    suspended: left.rested,
                    known: Known::Open,
                    resource: left.resource,
                });
            }
        }
        if self.items.is_empty() {
            self.found.cases_not_begun += 1;
            self.point(range.start);
        }
        // What has not ended comes last, though it was begun before.
        if !self.items.is_sorted_by_key(|item| item.event) {
            self.items.sort_by_key(|item| item.event);
        }
    }
}

/// The earliest piece of work of this name that is as wanted; else the earliest, where one of both has no name.
fn find(queue: &VecDeque<Pending>, instance: u32, wanted: impl Fn(&Pending) -> bool) -> Option<usize> {
    if queue.is_empty() {
        return None;
    }
    let same = |pending: &Pending| pending.instance == instance;
    let unnamed = |pending: &Pending| pending.instance == 0 || instance == 0;
    let found = queue.iter().position(|pending| same(pending) && wanted(pending));
    found.or_else(|| queue.iter().position(|pending| unnamed(pending) && wanted(pending)))
}

fn take(queue: &mut VecDeque<Pending>, instance: u32, wanted: impl Fn(&Pending) -> bool) -> Option<Pending> {
    match find(queue, instance, wanted)? {
        // Nearly always: and nothing has to move.
        0 => queue.pop_front(),
        place => queue.remove(place),
    }
}

//! The figures behind every output: computed once, from the columns of the log.

mod cases;
mod document;
mod flow;
mod resources;
mod rework;
mod stats;
mod transition;
mod utilisation;
mod variants;
mod work;

pub use cases::{Durations, longest, mean_interarrival};
pub(crate) use document::{counts, duration_figures, edge_document};
pub use document::{document, instances};
pub use flow::{Edge, Flow, time_since_previous};
pub use resources::Resources;
pub use rework::Rework;
pub use stats::{Groups, SECOND, Spread, Taker, quantile, spread_by_group};
pub use transition::Transition;
pub use utilisation::Utilisation;
pub use variants::{Variant, Variants, covering};
pub use work::{Found, Item, Items, Known, Pieces, Source, Walk, Work};

use crate::log::{EventLog, Level, Micros};

/// All figures of a log. Activities, resources and cases are named by their numbers in the log.
#[derive(Debug)]
pub struct Figures {
    /// The earliest timestamp; None for a log without events, as an empty time window leaves it.
    pub first: Option<Micros>,
    /// The latest timestamp.
    pub last: Option<Micros>,
    /// The directly-follows graph.
    pub flow: Flow,
    /// Ways through the process.
    pub variants: Variants,
    /// How long cases take: from their first begin to their last end.
    pub durations: Durations,
    /// From the first to the last timestamp of the cases.
    pub between_timestamps: Durations,
    /// The working time in these, if a calendar was given.
    pub working: Option<Durations>,
    /// Repetitions.
    pub rework: Rework,
    /// Work by resource, when the log names any.
    pub resources: Option<Resources>,
    /// Time since the event before, per activity.
    pub since_previous: Vec<Option<Spread>>,
    /// What tells pieces of work.
    pub source: Source,
    /// The log whose rows are the pieces of work, unless each of these is an event.
    pub instances: Option<EventLog>,
    /// How work was found, when the log tells more of it than its end.
    pub work: Option<Found>,
    /// From begin to end without rests, per activity, when the log tells when work was begun.
    pub service: Option<Vec<Option<Spread>>>,
    /// From the event before to the start, per activity, when the log tells when work was begun.
    pub waiting: Option<Vec<Option<Spread>>>,
    /// Rests of the pieces of work that rested, per activity, when the log tells when work was begun.
    pub suspended: Option<Vec<Option<Spread>>>,
    /// How much of their time resources are at work, busiest first, when the log tells when work was begun; empty when
    /// it names no resources.
    pub utilisation: Option<Vec<Utilisation>>,
    /// SHA-256 of the variants, see [`Variants::digest`].
    pub variants_digest: String,
}

impl Figures {
    /// Computes everything. `step` is called before each part with its number and how many there are.
    pub fn of(log: &EventLog, step: impl FnMut(u64, u64)) -> Self {
        let mut figures = Self::without_work(log, step);
        let work = Work::of(log);
        figures.source = work.source;
        match work.source {
            Source::Events => {}
            Source::StartTimes => figures.measure(&work),
            Source::Lifecycle => {
                let pieces = work.pieces();
                pieces.iter().for_each(|pieces| figures.measure(pieces));
                figures.instances = pieces.map(|pieces| pieces.log);
            }
        }
        figures
    }

    fn measure(&mut self, work: &impl Items) {
        self.service = Some(work.service_times());
        self.waiting = Some(work.waiting_times());
        let found = work.each(|_| {});
        // Most logs tell of no rests, and each look at the work costs.
        self.suspended = Some(match found.suspended {
            0 => vec![None; work.log().names.activities.len()],
            _ => work.suspended_times(),
        });
        self.utilisation = Some(Utilisation::of(work));
        self.work = Some(found);
    }

    /// The figures of the log of pieces of work ([`Figures::instances`]) of a log that has these. From now on, both have the same
    /// durations of cases: from the first begin to the last end.
    pub fn of_instances(&mut self, log: &EventLog) -> Self {
        let mut figures = Self::without_work(log, |_, _| {});
        self.durations.ascending.clone_from(&figures.durations.ascending);
        self.working =
            figures.working.as_ref().map(|working| Durations { ascending: working.ascending.clone() });
        figures.source = self.source;
        figures.service.clone_from(&self.service);
        figures.waiting.clone_from(&self.waiting);
        figures.suspended.clone_from(&self.suspended);
        figures.utilisation.clone_from(&self.utilisation);
        figures.work = self.work;
        figures
    }

    fn without_work(log: &EventLog, mut step: impl FnMut(u64, u64)) -> Self {
        const PARTS: u64 = 6;
        step(0, PARTS);
        let flow = Flow::of(log);
        step(1, PARTS);
        let variants = Variants::of(log);
        let variants_digest = variants.digest(log);
        step(2, PARTS);
        let durations = Durations::lead_times(log);
        let between_timestamps = Durations::between_timestamps(log);
        let rework = Rework::of(log);
        step(3, PARTS);
        let resources = Resources::of(log);
        step(4, PARTS);
        let since_previous = time_since_previous(log);
        step(5, PARTS);
        let begins = (0..log.cases()).map(|case| log.span(case).0);
        let first = if log.level == Level::Events { log.times.iter().min().copied() } else { begins.min() };
        Self {
            first,
            last: log.times.iter().max().copied(),
            flow,
            variants,
            durations,
            between_timestamps,
            working: log
                .working
                .as_ref()
                .map(|_| Durations::measured((0..log.cases()).filter_map(|case| log.working_time(case)))),
            rework,
            resources,
            since_previous,
            source: Source::Events,
            instances: None,
            work: None,
            service: None,
            waiting: None,
            suspended: None,
            utilisation: None,
            variants_digest,
        }
    }
}

//! The figures behind every output: computed once, from the columns of the log.

mod cases;
mod document;
mod flow;
mod resources;
mod rework;
mod stats;
mod utilisation;
mod variants;
mod work;

pub use cases::{Durations, longest, mean_interarrival};
pub use document::document;
pub use flow::{Edge, Flow, time_since_previous};
pub use resources::Resources;
pub use rework::Rework;
pub use stats::{Groups, SECOND, Spread, Taker, quantile, spread_by_group};
pub use utilisation::Utilisation;
pub use variants::{Variant, Variants};
pub use work::{Found, Item, Source, Work};

use crate::log::EventLog;
use crate::log::Micros;

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
    /// Case durations.
    pub durations: Durations,
    /// Repetitions.
    pub rework: Rework,
    /// Work by resource, when the log names any.
    pub resources: Option<Resources>,
    /// Time since the event before, per activity.
    pub since_previous: Vec<Option<Spread>>,
    /// How work was found, when the log tells when it was begun.
    pub work: Option<Found>,
    /// From start to completion, per activity, when the log tells when work was begun.
    pub service: Option<Vec<Option<Spread>>>,
    /// From the event before to the start, per activity, when the log tells when work was begun.
    pub waiting: Option<Vec<Option<Spread>>>,
    /// How much of their time resources are at work, busiest first, when the log tells when work was begun; empty when
    /// it names no resources.
    pub utilisation: Option<Vec<Utilisation>>,
    /// SHA-256 of the variants, see [`Variants::digest`].
    pub variants_digest: String,
}

impl Figures {
    /// Computes everything. `step` is called before each part with its number and how many there are.
    pub fn of(log: &EventLog, mut step: impl FnMut(u64, u64)) -> Self {
        const PARTS: u64 = 7;
        step(0, PARTS);
        let flow = Flow::of(log);
        step(1, PARTS);
        let variants = Variants::of(log);
        let variants_digest = variants.digest(log);
        step(2, PARTS);
        let durations = Durations::of(log);
        let rework = Rework::of(log);
        step(3, PARTS);
        let resources = Resources::of(log);
        step(4, PARTS);
        let since_previous = time_since_previous(log);
        step(5, PARTS);
        let work = Work::of(log);
        let service = work.as_ref().map(Work::service_times);
        let waiting = work.as_ref().map(Work::waiting_times);
        step(6, PARTS);
        Self {
            first: log.times.iter().min().copied(),
            last: log.times.iter().max().copied(),
            flow,
            variants,
            durations,
            rework,
            resources,
            since_previous,
            service,
            waiting,
            utilisation: work.as_ref().map(|work| Utilisation::of(log, work)),
            work: work.map(|work| work.each(|_| {})),
            variants_digest,
        }
    }
}

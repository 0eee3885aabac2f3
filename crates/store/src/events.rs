//! What goes into and comes out of [`JobEvents`](crate::JobEvents).

use fuelcell_domain::{JobEvent, JobId, ProjectRef};
use std::fmt;
use std::str::FromStr;

/// So many of a project's latest events are kept at least.
pub const KEPT_EVENTS: u64 = 65_536;

/// Where an event stands among those of its project. Later ones have greater places, and none comes at or before a place
/// that was shown. What else is in the number is the store's own: one of many nodes has its transactions in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventPlace(pub u128);

impl EventPlace {
    /// Before all events.
    pub const START: Self = Self(0);
}

impl fmt::Display for EventPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for EventPlace {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// Whose events are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Watched {
    /// All of a project.
    Project(ProjectRef),
    /// Those of one job of it.
    Job(ProjectRef, JobId),
}

impl Watched {
    /// The project.
    pub fn project(self) -> ProjectRef {
        match self {
            Self::Project(project) | Self::Job(project, _) => project,
        }
    }
}

/// Events behind a place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventPage {
    /// The first of them, oldest first.
    pub events: Vec<(EventPlace, JobEvent)>,
    /// Behind which the next page begins.
    pub next: EventPlace,
    /// Whether some behind the place are not kept any more, or the place is none that this store gave out.
    pub forgotten: bool,
}

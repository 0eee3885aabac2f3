//! What befell jobs, for those who watch them.

use super::{EventsOfProject, MemoryStore, Records};
use crate::StoreError;
use crate::events::{EventPage, EventPlace, KEPT_EVENTS, Watched};
use crate::verbs::JobEvents;
use async_trait::async_trait;
use fuelcell_domain::{Happening, Job, JobEvent, JobId, ProjectRef, Timestamp};

#[async_trait]
impl JobEvents for MemoryStore {
    async fn events(&self, of: Watched, after: EventPlace, limit: usize) -> Result<EventPage, StoreError> {
        Ok(self.records().events(of, after, limit))
    }

    async fn latest_event(&self, project: ProjectRef) -> Result<EventPlace, StoreError> {
        Ok(EventPlace(self.records().events.get(&project).map_or(0, |own| own.last)))
    }
}

impl Records {
    /// Tells of a move, if anybody need know.
    pub(super) fn tell_move(&mut self, before: Option<&Job>, after: &Job, at: Timestamp) {
        self.note_end(before, after);
        if let Some(event) = JobEvent::of_move(before, after, at) {
            self.tell(after.project, event);
        }
    }

    pub(super) fn tell(&mut self, project: ProjectRef, event: JobEvent) {
        let own = self.events.entry(project).or_default();
        own.last += 1;
        own.kept.push((EventPlace(own.last), event));
        let oldest = own.last.saturating_sub(u128::from(KEPT_EVENTS));
        own.kept.retain(|(place, _)| place.0 > oldest);
    }

    pub(super) fn forget_events(&mut self, project: ProjectRef, job: JobId) {
        if let Some(own) = self.events.get_mut(&project) {
            own.kept.retain(|(_, event)| event.job != job);
        }
    }

    pub(super) fn events(&self, of: Watched, after: EventPlace, limit: usize) -> EventPage {
        let none = EventsOfProject::default();
        let own = self.events.get(&of.project()).unwrap_or(&none);
        let forgotten = match of {
            Watched::Project(_) => after.0 < own.last.saturating_sub(u128::from(KEPT_EVENTS)),
            // Of a job whose beginning is kept, all is.
            Watched::Job(_, job) => !own.kept.iter().any(|(place, event)| {
                event.job == job && (event.what == Happening::Queued || *place <= after)
            }),
        };
        let mut events: Vec<_> = own
            .kept
            .iter()
            .filter(|(place, _)| *place > after)
            .filter(|(_, event)| !matches!(of, Watched::Job(_, job) if job != event.job))
            .cloned()
            .collect();
        let is_whole = events.len() <= limit;
        events.truncate(limit);
        let next = match is_whole {
            true => after.max(EventPlace(own.last)),
            false => events.last().map_or(after, |(place, _)| *place),
        };
        EventPage { events, next, forgotten: forgotten || after.0 > own.last }
    }
}

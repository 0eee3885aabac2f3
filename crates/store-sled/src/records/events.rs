//! Events of a project, in a ring: the next one takes the place of the oldest, so that nobody need sweep them. Each names the
//! one before it of the same job, so that a job's are found without looking at those of others.

use crate::tables::database::Read;
use crate::tables::keys::{self, Table, counters};
use crate::write::overlay::Overlay;
use fuelcell_domain::{Happening, Job, JobEvent, JobId, ProjectRef, Timestamp};
use fuelcell_store::{EventPage, EventPlace, KEPT_EVENTS, StoreError, Watched};
use serde::{Deserialize, Serialize};

/// So many events of a job are gone back over for a page of them. Who goes back over all of a job with very many, for each
/// page, reads them again and again.
const MOST_STEPS: usize = 4096;

/// An event on disk.
#[derive(Serialize, Deserialize)]
pub(crate) struct StoredEvent {
    /// Its number in the project, from 1.
    pub(crate) number: u64,
    /// The number of the one before it of its job; 0 = it is the first.
    pub(crate) before: u64,
    pub(crate) event: JobEvent,
}

/// Tells of a move, if anybody need know.
pub(crate) fn tell_move(
    overlay: &mut Overlay<'_>,
    before: Option<&Job>,
    after: &Job,
    at: Timestamp,
) -> Result<(), StoreError> {
    match JobEvent::of_move(before, after, at) {
        Some(event) => tell(overlay, after.project, event),
        None => Ok(()),
    }
}

/// Tells of an event.
pub(crate) fn tell(
    overlay: &mut Overlay<'_>,
    project: ProjectRef,
    event: JobEvent,
) -> Result<(), StoreError> {
    let latest = counters::events_of_job(event.job);
    let number = overlay.next_long_number(&counters::events(project))?;
    let before = match event.what {
        Happening::Queued => 0,
        _ => overlay.get(Table::Counters, &latest)?.unwrap_or(0),
    };
    let stored = StoredEvent { number, before, event };
    overlay.put_small(Table::Events, &keys::event(project, number), &stored)?;
    overlay.put_small(Table::Counters, &latest, &number)
}

/// Removes the events of a job that is deleted.
pub(crate) fn forget(overlay: &mut Overlay<'_>, project: ProjectRef, job: JobId) -> Result<(), StoreError> {
    let latest = counters::events_of_job(job);
    let mut number = overlay.get(Table::Counters, &latest)?.unwrap_or(0);
    while let Some(stored) = stored(overlay, project, number)? {
        overlay.remove(Table::Events, &keys::event(project, number))?;
        number = stored.before;
    }
    overlay.remove(Table::Counters, &latest)
}

/// The number of a project's latest event.
pub(crate) fn latest(records: &impl Read, project: ProjectRef) -> Result<u64, StoreError> {
    Ok(records.get(Table::Counters, &counters::events(project))?.unwrap_or(0))
}

/// Events behind a place.
pub(crate) fn page(
    records: &impl Read,
    of: Watched,
    after: EventPlace,
    limit: usize,
) -> Result<EventPage, StoreError> {
    let last = latest(records, of.project())?;
    // What comes while this is read comes with the next page.
    let known = u64::try_from(after.0).ok().filter(|after| *after <= last);
    let Some(after) = known else {
        return Ok(EventPage { forgotten: true, next: number_place(last), ..EventPage::default() });
    };
    match of {
        Watched::Project(project) => of_project(records, project, after, last, limit),
        Watched::Job(project, job) => of_job(records, project, job, after, last, limit),
    }
}

fn of_project(
    records: &impl Read,
    project: ProjectRef,
    after: u64,
    last: u64,
    limit: usize,
) -> Result<EventPage, StoreError> {
    let mut page = scan(records, project, None, after, last, limit)?;
    page.forgotten |= after < oldest(last);
    Ok(page)
}

/// Goes back from the latest event of the job: most jobs have few among many of others.
fn of_job(
    records: &impl Read,
    project: ProjectRef,
    job: JobId,
    after: u64,
    last: u64,
    limit: usize,
) -> Result<EventPage, StoreError> {
    let mut number: u64 = records.get(Table::Counters, &counters::events_of_job(job))?.unwrap_or(0);
    let mut page = EventPage { next: number_place(last.max(number)), ..EventPage::default() };
    page.forgotten = number == 0;
    while number > after {
        if page.events.len() >= MOST_STEPS {
            return of_long_job(records, project, job, after, last, limit);
        }
        let Some(stored) = stored(records, project, number)? else {
            page.forgotten = true;
            break;
        };
        page.events.push((number_place(number), stored.event));
        page.forgotten = false;
        number = stored.before;
    }
    page.events.reverse();
    if page.events.len() > limit {
        page.events.truncate(limit);
        page.next = page.events.last().map_or(page.next, |(place, _)| *place);
    }
    Ok(page)
}

/// Goes on from the place, over the events of others too: all pages together go over the ring once.
fn of_long_job(
    records: &impl Read,
    project: ProjectRef,
    job: JobId,
    after: u64,
    last: u64,
    limit: usize,
) -> Result<EventPage, StoreError> {
    let mut page = scan(records, project, Some(job), after, last, limit)?;
    // Of a job whose beginning is kept, all is.
    let is_whole = page.events.first().is_some_and(|(_, event)| event.what == Happening::Queued);
    page.forgotten |= after < oldest(last) && !is_whole;
    Ok(page)
}

/// The events of a project behind a number, or those of one job of it.
fn scan(
    records: &impl Read,
    project: ProjectRef,
    only: Option<JobId>,
    after: u64,
    last: u64,
    limit: usize,
) -> Result<EventPage, StoreError> {
    let mut page = EventPage { next: number_place(last), ..EventPage::default() };
    for number in after.max(oldest(last)) + 1..=last {
        // What a deleted job left is empty.
        let stored: Option<StoredEvent> = records.get(Table::Events, &keys::event(project, number))?;
        let Some(stored) = stored else { continue };
        if stored.number != number {
            // The ring came round while it was read.
            page.forgotten = true;
            continue;
        }
        if only.is_some_and(|job| job != stored.event.job) {
            continue;
        }
        page.events.push((number_place(number), stored.event));
        if page.events.len() >= limit {
            page.next = number_place(number);
            break;
        }
    }
    Ok(page)
}

/// What is not kept any more: this number, and those before it.
fn oldest(last: u64) -> u64 {
    last.saturating_sub(KEPT_EVENTS)
}

/// The event of this number, if it is still there.
fn stored(records: &impl Read, project: ProjectRef, number: u64) -> Result<Option<StoredEvent>, StoreError> {
    if number == 0 {
        return Ok(None);
    }
    let stored: Option<StoredEvent> = records.get(Table::Events, &keys::event(project, number))?;
    Ok(stored.filter(|stored| stored.number == number))
}

fn number_place(number: u64) -> EventPlace {
    EventPlace(number.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::database::Database;
    use fuelcell_store::conformance::fixtures::{at, job, project};
    use parking_lot::RwLock;
    use tempfile::TempDir;

    #[test]
    fn the_ring_keeps_the_latest_and_says_when_some_are_gone() {
        let directory = TempDir::new().unwrap();
        let database = Database::open(directory.path(), 1 << 20).unwrap();
        let image = RwLock::default();
        let mut overlay = Overlay::new(&database, &image);
        let own = project();
        let (early, late) = (job(own), job(own));
        let mut say = |job: &Job, what: Happening| {
            tell(&mut overlay, own, JobEvent::new(job, at(1), what)).unwrap();
        };
        say(&early, Happening::Queued);
        say(&late, Happening::Queued);
        for number in 0..u32::try_from(KEPT_EVENTS).unwrap() - 1 {
            say(&late, Happening::Logged(number));
        }
        let of = |of, after| page(&overlay, of, EventPlace(after), 10).unwrap();
        let last = u128::from(KEPT_EVENTS + 1);
        assert!(of(Watched::Project(own), 0).forgotten, "the first one is gone");
        let kept = of(Watched::Project(own), 1);
        assert_eq!((kept.forgotten, kept.events.len(), kept.next), (false, 10, EventPlace(11)));
        assert_eq!(kept.events[0].1.what, Happening::Queued);
        assert!(of(Watched::Job(own, early.id), 0).forgotten);
        let watched = of(Watched::Job(own, late.id), 0);
        assert_eq!((watched.forgotten, watched.events.len()), (false, 10));
        let (mut heard, mut after) = (Vec::new(), EventPlace::START);
        while after.0 < last {
            let next = page(&overlay, Watched::Job(own, late.id), after, 5_000).unwrap();
            assert!(!next.forgotten, "from {after} on");
            heard.extend(next.events.into_iter().map(|(place, _)| place.0));
            after = next.next;
        }
        assert!(heard.into_iter().eq(2..=last), "each once and in order");
        assert!(of(Watched::Project(own), last + 1).forgotten, "nobody has seen that place");
        let end = of(Watched::Project(own), last);
        assert_eq!(end, EventPage { next: EventPlace(last), ..EventPage::default() });
    }
}

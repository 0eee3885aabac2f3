//! Looking at jobs: the image says which, the database says what they are. A job is shown as it stands when its record is
//! read, which may be a moment after it was found.

use crate::catalog::Catalog;
use crate::committer::Shared;
use crate::figures;
use crate::image::Image;
use crate::keys::Place;
use crate::queue::{Placed, ProjectLine, Queue};
use crate::{records, stored};
use fuelcell_domain::{Job, JobState, Ordinal, ProjectRef, ProjectUsage, TenantId, Timestamp};
use fuelcell_store::pages::{Page, Pager, QueueSpot, QueuedJob, Seek};
use fuelcell_store::{
    JobFilter, JobOrder, JobPage, PageRequest, QueueEntry, QueueOrder, QueuePage, StateCounts, StoreError,
    TenantFigures,
};
use std::cmp::Reverse;
use std::sync::{PoisonError, RwLockReadGuard};

fn image(shared: &Shared) -> RwLockReadGuard<'_, Image> {
    shared.image.read().unwrap_or_else(PoisonError::into_inner)
}

/// The image, with all jobs in their lanes whose time has come.
fn arrived(shared: &Shared, now: Timestamp) -> RwLockReadGuard<'_, Image> {
    if image(shared).queue().awaits(now) {
        shared.image.write().unwrap_or_else(PoisonError::into_inner).arrive(now);
    }
    image(shared)
}

/// Places of the queue, with what is known of who waits there.
pub(crate) type Line = Vec<(Placed, Option<QueueEntry>)>;

pub(crate) fn ready(shared: &Shared, now: Timestamp, limit: usize) -> Line {
    let image = arrived(shared, now);
    line(image.queue(), image.queue().ready(now, limit))
}

pub(crate) fn heads(shared: &Shared, now: Timestamp, limit: usize) -> Line {
    let image = arrived(shared, now);
    line(image.queue(), image.queue().heads(now, limit))
}

fn line(queue: &Queue, places: Vec<Placed>) -> Line {
    places.into_iter().map(|placed| (placed, queue.entry(placed).cloned())).collect()
}

/// How many of a line are to be read from the database.
pub(crate) fn unknown(line: &Line) -> usize {
    line.iter().filter(|(_, known)| known.is_none()).count()
}

/// The entries of a line. Whoever has left the queue meanwhile may or may not be among them.
pub(crate) fn entries(shared: &Shared, line: Line) -> Result<Vec<QueueEntry>, StoreError> {
    let (mut entries, mut learnt) = (Vec::with_capacity(line.len()), Vec::new());
    for ((order, _), known) in line {
        let entry = match known {
            Some(entry) => Some(entry),
            None => {
                let place = Place { project: order.project, ordinal: order.ordinal };
                let job = records::load(&shared.database, place)?;
                let entry = job.as_ref().and_then(records::queue_entry);
                learnt.extend(entry.clone());
                entry
            }
        };
        entries.extend(entry);
    }
    if !learnt.is_empty() {
        shared.image.write().unwrap_or_else(PoisonError::into_inner).learn(learnt);
    }
    Ok(entries)
}

pub(crate) fn next_not_before(shared: &Shared, now: Timestamp) -> Option<Timestamp> {
    image(shared).queue().next_time(now)
}

pub(crate) fn queued_before(shared: &Shared, job: &Job, now: Timestamp) -> Option<u64> {
    arrived(shared, now).queue().before((QueueOrder::of(job), job.not_before), now)
}

pub(crate) fn queued(
    shared: &Shared,
    project: ProjectRef,
    now: Timestamp,
    page: PageRequest,
) -> Result<QueuePage, StoreError> {
    let skip = usize::try_from(page.offset).unwrap_or(usize::MAX);
    let ProjectLine { jobs: places, due, scheduled } =
        arrived(shared, now).queue().of_project(project, now, skip, page.limit);
    let mut jobs = Vec::with_capacity(places.len());
    for (before, order) in places {
        let job = records::load(&shared.database, Place { project, ordinal: order.ordinal })?;
        jobs.extend(job.filter(|job| job.state == JobState::Queued).map(|job| (before, job)));
    }
    Ok(QueuePage { jobs, due, scheduled })
}

pub(crate) fn list(
    shared: &Shared,
    project: ProjectRef,
    filter: &JobFilter,
    page: PageRequest,
) -> Result<JobPage, StoreError> {
    let found = image(shared).catalog(project).map(|catalog| catalog.page(filter, page));
    read_page(shared, project, found.unwrap_or_default())
}

pub(crate) fn list_ordered(
    shared: &Shared,
    project: ProjectRef,
    filter: &JobFilter,
    order: &JobOrder,
    page: PageRequest,
) -> Result<JobPage, StoreError> {
    let found = image(shared).catalog(project).map(|catalog| catalog.ordered_page(filter, order, page));
    read_page(shared, project, found.unwrap_or_default())
}

pub(crate) fn jobs_page(
    shared: &Shared,
    project: ProjectRef,
    filter: &JobFilter,
    seek: Seek<Reverse<Ordinal>>,
) -> Result<Page<Job>, StoreError> {
    let mut pager = Pager::new(seek.limit);
    let mut before = seek.after.map(|Reverse(ordinal)| ordinal);
    // Of those that were found some may have been deleted since: then further ones are looked for.
    loop {
        let found = image(shared).catalog(project).map(|own| own.below(filter, before, pager.wanted()));
        let found = found.unwrap_or_default();
        if found.is_empty() {
            return Ok(pager.finish());
        }
        for ordinal in found {
            before = Some(ordinal);
            let Some(job) = records::load(&shared.database, Place { project, ordinal })? else { continue };
            if pager.push(job).is_break() {
                return Ok(pager.finish());
            }
        }
    }
}

pub(crate) fn queue_page(
    shared: &Shared,
    project: ProjectRef,
    now: Timestamp,
    seek: Seek<QueueSpot>,
) -> Result<Page<QueuedJob>, StoreError> {
    let mut pager = Pager::new(seek.limit);
    let mut after = seek.after;
    // As in a page of jobs.
    loop {
        let found = arrived(shared, now).queue().behind(project, now, after, pager.wanted());
        if found.is_empty() {
            return Ok(pager.finish());
        }
        for spot in found {
            after = Some(spot);
            let job = records::load(&shared.database, Place { project, ordinal: spot.order.ordinal })?;
            let Some(job) = job.filter(|job| job.state == JobState::Queued) else { continue };
            if pager.push((spot, job)).is_break() {
                return Ok(pager.finish());
            }
        }
    }
}

fn read_page(
    shared: &Shared,
    project: ProjectRef,
    (ordinals, total): (Vec<Ordinal>, u64),
) -> Result<JobPage, StoreError> {
    let mut jobs = Vec::with_capacity(ordinals.len());
    for ordinal in ordinals {
        jobs.extend(records::load(&shared.database, Place { project, ordinal })?);
    }
    Ok(JobPage { jobs, total })
}

pub(crate) fn counts(shared: &Shared, project: ProjectRef, filter: &JobFilter) -> StateCounts {
    image(shared).catalog(project).map(|catalog| catalog.counts(filter)).unwrap_or_default()
}

pub(crate) fn tenant_figures(
    shared: &Shared,
    tenant: TenantId,
    now: Timestamp,
) -> Result<TenantFigures, StoreError> {
    let day = figures::day(&shared.database, tenant, now)?;
    let mut figures = TenantFigures {
        completed: day.completed,
        failed: day.failed,
        duration_micros: day.duration_micros,
        started: day.started,
        wait_micros: day.wait_micros,
        ..TenantFigures::default()
    };
    let image = arrived(shared, now);
    figures.running = image.of_tenant(tenant).map(Catalog::running).sum();
    (figures.queued, figures.scheduled) = image.queue().of_tenant(tenant, now);
    Ok(figures)
}

pub(crate) fn project_usage(shared: &Shared, project: ProjectRef) -> Result<ProjectUsage, StoreError> {
    let queued_jobs = image(shared).queue().count(project);
    Ok(ProjectUsage { queued_jobs, stored: stored::of_project(&shared.database, project)? })
}

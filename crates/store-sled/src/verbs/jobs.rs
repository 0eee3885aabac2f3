//! Looking at jobs, and forgetting those that have ended.

use crate::index::queue::ProjectLine;
use crate::records::job as records;
use crate::store::SledStore;
use crate::tables::database::Read;
use crate::tables::keys::{JobKey, Number, Table, number};
use crate::verbs::queue;
use crate::write::overlay::Overlay;
use crate::write::shared::Shared;
use async_trait::async_trait;
use fuelcell_domain::state::TransitionError;
use fuelcell_domain::{Artifact, Job, JobId, JobState, Ordinal, ProjectRef, Receipt, Timestamp};
use fuelcell_store::pages::{Pager, QueueSpot, QueuedJob};
use fuelcell_store::verbs::Jobs;
use fuelcell_store::{
    BlobRef, JobFilter, JobOrder, JobPage, Page, PageRequest, QueueOrder, QueuePage, Seek, StateCounts,
    StoreError, Total,
};
use std::cmp::Reverse;

#[async_trait]
impl Jobs for SledStore {
    async fn job(&self, project: ProjectRef, id: JobId) -> Result<Option<Job>, StoreError> {
        job(self.database()?, project, id)
    }

    async fn checkpoint(&self, job: JobId) -> Result<Option<BlobRef>, StoreError> {
        queue::checkpoint(self.database()?, job)
    }

    async fn artifacts(&self, job: JobId) -> Result<Vec<Artifact>, StoreError> {
        artifacts(self.database()?, job)
    }

    async fn receipts(&self, job: JobId) -> Result<Vec<Receipt>, StoreError> {
        self.database()?.scan(Table::Receipts, job.0.as_bytes())
    }

    async fn list(
        &self,
        project: ProjectRef,
        filter: &JobFilter,
        page: PageRequest,
    ) -> Result<JobPage, StoreError> {
        let filter = filter.clone();
        self.read_many(move |shared| list(shared, project, &filter, page)).await
    }

    async fn list_ordered(
        &self,
        project: ProjectRef,
        filter: &JobFilter,
        order: JobOrder,
        page: PageRequest,
    ) -> Result<JobPage, StoreError> {
        let filter = filter.clone();
        self.read_many(move |shared| list_ordered(shared, project, &filter, &order, page)).await
    }

    async fn jobs_page(
        &self,
        project: ProjectRef,
        filter: &JobFilter,
        seek: Seek<Reverse<Ordinal>>,
    ) -> Result<Page<Job>, StoreError> {
        let filter = filter.clone();
        self.read_many(move |shared| jobs_page(shared, project, &filter, seek)).await
    }

    async fn oldest_jobs(
        &self,
        project: ProjectRef,
        filter: &JobFilter,
        after: Option<Ordinal>,
        limit: usize,
    ) -> Result<Vec<Job>, StoreError> {
        let filter = filter.clone();
        self.read_many(move |shared| oldest_jobs(shared, project, &filter, after, limit)).await
    }

    async fn job_by_ordinal(&self, project: ProjectRef, ordinal: Ordinal) -> Result<Option<Job>, StoreError> {
        records::load(self.database()?, JobKey::of(project, ordinal))
    }

    async fn counts(&self, project: ProjectRef, filter: &JobFilter) -> Result<StateCounts, StoreError> {
        self.shared.check()?;
        Ok(counts(&self.shared, project, filter))
    }

    async fn queued_before(&self, job: &Job, now: Timestamp) -> Result<Option<u64>, StoreError> {
        self.shared.check()?;
        Ok(queued_before(&self.shared, job, now))
    }

    async fn queued(
        &self,
        project: ProjectRef,
        now: Timestamp,
        page: PageRequest,
    ) -> Result<QueuePage, StoreError> {
        self.read_many(move |shared| queued(shared, project, now, page)).await
    }

    async fn queue_page(
        &self,
        project: ProjectRef,
        now: Timestamp,
        seek: Seek<QueueSpot>,
    ) -> Result<Page<QueuedJob>, StoreError> {
        self.read_many(move |shared| queue_page(shared, project, now, seek)).await
    }

    async fn delete_ended(&self, project: ProjectRef, job: JobId) -> Result<(), StoreError> {
        self.end(move |overlay| delete_ended(overlay, project, job)).await
    }

    async fn delete_all_ended(&self, project: ProjectRef, jobs: &[JobId]) -> Result<u64, StoreError> {
        let jobs = jobs.to_vec();
        self.end(move |overlay| delete_all_ended(overlay, project, &jobs)).await
    }
}

/// The project's job with this id.
pub(crate) fn job(records: &impl Read, project: ProjectRef, id: JobId) -> Result<Option<Job>, StoreError> {
    match records::place(records, id)? {
        Some(place) if place.project == project => records::load(records, place),
        Some(JobKey { .. }) | None => Ok(None),
    }
}

pub(crate) fn artifacts(records: &impl Read, job: JobId) -> Result<Vec<Artifact>, StoreError> {
    Ok(records.get(Table::Artifacts, job.0.as_bytes())?.unwrap_or_default())
}

pub(crate) fn list(
    shared: &Shared,
    project: ProjectRef,
    filter: &JobFilter,
    page: PageRequest,
) -> Result<JobPage, StoreError> {
    let found = shared.image().project_index(project).map(|index| index.page(filter, page));
    read_page(shared, project, found.unwrap_or_default())
}

pub(crate) fn list_ordered(
    shared: &Shared,
    project: ProjectRef,
    filter: &JobFilter,
    order: &JobOrder,
    page: PageRequest,
) -> Result<JobPage, StoreError> {
    let found = shared.image().project_index(project).map(|index| index.ordered_page(filter, order, page));
    read_page(shared, project, found.unwrap_or_default())
}

fn read_page(
    shared: &Shared,
    project: ProjectRef,
    (numbers, total): (Vec<Number>, u64),
) -> Result<JobPage, StoreError> {
    let mut jobs = Vec::with_capacity(numbers.len());
    for ordinal in numbers {
        jobs.extend(records::load(&shared.database, JobKey { project, ordinal })?);
    }
    Ok(JobPage { jobs, total: Total::exact(total) })
}

pub(crate) fn jobs_page(
    shared: &Shared,
    project: ProjectRef,
    filter: &JobFilter,
    seek: Seek<Reverse<Ordinal>>,
) -> Result<Page<Job>, StoreError> {
    let mut pager = Pager::new(seek.limit);
    let mut before = seek.after.map(|Reverse(ordinal)| number(ordinal));
    // Of those that were found some may have been deleted since: then further ones are looked for.
    loop {
        let found =
            shared.image().project_index(project).map(|own| own.below(filter, before, pager.wanted()));
        let found = found.unwrap_or_default();
        if found.is_empty() {
            return Ok(pager.finish());
        }
        for ordinal in found {
            before = Some(ordinal);
            let Some(job) = records::load(&shared.database, JobKey { project, ordinal })? else { continue };
            if pager.push(job).is_break() {
                return Ok(pager.finish());
            }
        }
    }
}

pub(crate) fn oldest_jobs(
    shared: &Shared,
    project: ProjectRef,
    filter: &JobFilter,
    after: Option<Ordinal>,
    limit: usize,
) -> Result<Vec<Job>, StoreError> {
    let (mut jobs, mut after) = (Vec::new(), after.map(number));
    // As in a page of jobs.
    while jobs.len() < limit {
        let wanted = limit - jobs.len();
        let found = shared.image().project_index(project).map(|own| own.above(filter, after, wanted));
        let found = found.unwrap_or_default();
        let Some(last) = found.last() else { break };
        after = Some(*last);
        for ordinal in found {
            jobs.extend(records::load(&shared.database, JobKey { project, ordinal })?);
        }
    }
    Ok(jobs)
}

pub(crate) fn counts(shared: &Shared, project: ProjectRef, filter: &JobFilter) -> StateCounts {
    shared.image().project_index(project).map(|index| index.counts(filter)).unwrap_or_default()
}

pub(crate) fn queued_before(shared: &Shared, job: &Job, now: Timestamp) -> Option<u64> {
    shared.arrived(now).queue().before((QueueOrder::of(job), job.not_before), now)
}

pub(crate) fn queued(
    shared: &Shared,
    project: ProjectRef,
    now: Timestamp,
    page: PageRequest,
) -> Result<QueuePage, StoreError> {
    let skip = usize::try_from(page.offset).unwrap_or(usize::MAX);
    let ProjectLine { jobs: places, due, scheduled } =
        shared.arrived(now).queue().of_project(project, now, skip, page.limit);
    let mut jobs = Vec::with_capacity(places.len());
    for (before, order) in places {
        let job = records::load(&shared.database, JobKey::of(project, order.ordinal))?;
        jobs.extend(job.filter(|job| job.state == JobState::Queued).map(|job| (before, job)));
    }
    Ok(QueuePage { jobs, due, scheduled })
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
        let found = shared.arrived(now).queue().behind(project, now, after, pager.wanted());
        if found.is_empty() {
            return Ok(pager.finish());
        }
        for spot in found {
            after = Some(spot);
            let job = records::load(&shared.database, JobKey::of(project, spot.order.ordinal))?;
            let Some(job) = job.filter(|job| job.state == JobState::Queued) else { continue };
            if pager.push((spot, job)).is_break() {
                return Ok(pager.finish());
            }
        }
    }
}

fn delete_all_ended(
    overlay: &mut Overlay<'_>,
    project: ProjectRef,
    jobs: &[JobId],
) -> Result<u64, StoreError> {
    let mut deleted = 0;
    for id in jobs {
        match delete_ended(overlay, project, *id) {
            Ok(()) => deleted += 1,
            Err(StoreError::NotFound(_) | StoreError::Transition(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(deleted)
}

fn delete_ended(overlay: &mut Overlay<'_>, project: ProjectRef, id: JobId) -> Result<(), StoreError> {
    let job = job(overlay, project, id)?.ok_or(StoreError::NotFound("job"))?;
    match job.state.is_ended() {
        true => records::delete(overlay, &job),
        false => Err(TransitionError::NotEnded(job.state).into()),
    }
}
